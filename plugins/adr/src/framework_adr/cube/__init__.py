"""Rubik's cube: as a group, as two models, and as a task for the hand."""
