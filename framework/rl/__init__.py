"""RL kit: what algorithms that learn from batched environments share.

| module             | what it holds                                                          |
|--------------------|------------------------------------------------------------------------|
| `budget`           | how long to train: environment steps or updates                        |
| `cycle`            | `CycleAlgorithm`: one training step = collect, absorb, learn           |
| `overlap`          | collect in a thread while the learner learns                           |
| `collect.local`    | steps an environment, hands out whole episodes                         |
| `buffers.episodes` | buffer of whole episodes, weighted sampling                            |
| `normalizer`       | running mean and standard deviation of inputs                          |
| `mlp`              | a multilayer perceptron                                                |
| `targets`          | target networks: frozen copies, Polyak updates                         |
| `evaluate`         | exactly so many episodes of a policy, without favouring short ones     |
| `film`             | videos of a policy at work                                             |
| `vector`           | reading gymnasium's vector conventions: final observations, success    |

Plugins import the modules; the core imports none of them. `budget` needs no torch, so
that configurations can use it.
"""
