"""Trying grasps in simulation."""
