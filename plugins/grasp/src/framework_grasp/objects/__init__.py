"""Rigid objects: made of convex parts, invented, or read from files."""
