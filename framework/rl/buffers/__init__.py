"""Buffers: what was experienced, kept to learn from."""
