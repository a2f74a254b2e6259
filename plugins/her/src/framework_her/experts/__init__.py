"""Scripted policies that solve tasks of the suite, as teachers: see `framework_her.experts.arm`."""
