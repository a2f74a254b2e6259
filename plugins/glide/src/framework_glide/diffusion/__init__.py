"""Gaussian diffusion: schedules, the process and its respacings, losses, noise, guidance and samplers."""
