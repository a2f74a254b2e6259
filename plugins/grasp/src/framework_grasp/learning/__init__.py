"""Learning from trials: a planner from the grasps that succeeded, an evaluator from all."""
