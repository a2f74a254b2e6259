"""RL kit: what algorithms that learn from batched environments share.

| module       | what it holds                                                                |
|--------------|------------------------------------------------------------------------------|
| `budget`     | how long to train: environment steps or updates                              |
| `cycle`      | `CycleAlgorithm`: one training step = collect, absorb, learn                 |
| `overlap`    | collect in a thread while the learner learns                                 |
| `collect`    | steps an environment, hands out whole episodes                               |
| `replay`     | buffer of whole episodes, weighted sampling                                  |
| `normalizer` | running mean and standard deviation of inputs                                |
| `mlp`        | a multilayer perceptron, and its gradients by hand                           |
| `networks`   | frozen copies, targets that follow                                           |
| `rollout`    | evaluation: exactly so many episodes, without favouring short ones           |
| `vector`     | reading gymnasium's vector conventions: final observations, success          |
| `point_goal` | the smallest environment with goals, for tests                                |

Plugins import the modules; the core imports none of them. `budget` needs no torch, so
that configurations can use it.
"""
