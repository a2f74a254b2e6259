"""From depth views to grasps: planners, the evaluator of single grasps, and both together.

| module           | what it holds                                                          |
|------------------|------------------------------------------------------------------------|
| `sight`          | what a scene looks like to a model: views, camera, the box of grasps    |
| `planner`        | `GraspPlanner`: a distribution over grasps                             |
| `buckets`        | grasps as whole numbers                                                |
| `search`         | sampling, greedy and beam search in a factorised distribution          |
| `autoregressive` | the paper's planner, one dimension after another                       |
| `mixture`        | mixture density and regression, which it is compared with              |
| `evaluator`      | the probability that a grasp succeeds, from an aligned crop (`crop`)   |
| `grasper`        | a planner and an evaluator as one model                                |
"""
