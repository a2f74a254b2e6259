"""Execution of programs nobody has read: see `judge.Judge`."""
