"""Judging grasps: in simulation, by likelihood, by calibration, by time."""
