"""RL kit: what algorithms that learn from batched environments share.

| module                        | what it holds                                                       |
|-------------------------------|---------------------------------------------------------------------|
| `budget`                      | how long to train: environment steps or updates                     |
| `cycle`                       | `CycleAlgorithm`: one training step = collect, absorb, learn        |
| `overlap`                     | collect in a thread while the learner learns                        |
| `policy`                      | `Policy`: one contract, recurrent or not, for any space             |
| `encoders`, `memory`, `heads` | what policies are made of                                           |
| `batch`, `trees`              | experience in the one form that all share; nested tensors           |
| `advantages`                  | GAE and n-step sums                                                 |
| `on_policy.ppo`               | proximal policy optimisation: `rl/ppo`, with `rl/actor_critic`      |
| `off_policy`                  | DDPG, TD3, SAC and TQC on one base: `rl/sac` ..., with `rl/actor_q` |
| `gradients`                   | gradients of perceptrons, and of ensembles of them, by hand         |
| `collect.rollout`             | steps an environment with a policy, hands out fragments             |
| `collect.local`               | steps an environment, hands out whole episodes                      |
| `collect.remote`              | the same in workers: processes of this machine, actors of Ray       |
| `buffers.rollout`             | fragments, in minibatches of sequences or steps                     |
| `buffers.transitions`         | replay buffer of transitions, n-step sampling                       |
| `buffers.episodes`            | replay buffer of whole episodes, weighted sampling                  |
| `normalizer`                  | running mean and standard deviation: inputs, observations, rewards  |
| `mlp`                         | multilayer perceptrons, alone and as ensembles                      |
| `targets`                     | target networks: frozen copies, Polyak updates                      |
| `evaluate`                    | exactly so many episodes of a policy, without favouring short ones  |
| `selfplay`                    | teams of agents, opponents from the past: `rl/self_play`            |
| `mean_return`, `curve`        | the evaluator `rl/mean_return`; learning curves of evaluators       |
| `film`                        | videos of a policy at work                                          |
| `vector`                      | reading gymnasium's vector conventions: final observations, success |

Plugins import the modules. The core imports none of them; it registers what `components` names.
`budget` needs no torch, so that configurations can use it.
"""
