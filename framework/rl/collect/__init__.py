"""Collectors: step environments with a policy."""
