"""How well teams hide and seek, and how they go about it."""
