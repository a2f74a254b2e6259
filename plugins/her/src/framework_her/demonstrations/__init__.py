"""Demonstrations: made by experts, read from files, learned from (Nair et al. 2018).

| module    | what it holds                                                       |
|-----------|---------------------------------------------------------------------|
| `config`  | parameters                                                          |
| `teacher` | who acts: a scripted expert or a trained policy                     |
| `produce` | `her/demonstrations`: episodes of a teacher, shard by shard         |
| `files`   | the file format                                                     |
| `load`    | files, and Minari's data sets, as checked episodes of a task        |
| `learn`   | hindsight beside them: cloning with the Q-filter                    |
| `cloning` | `her/behaviour_cloning`: a policy from them alone                   |
"""
