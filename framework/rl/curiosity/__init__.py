"""Curiosity: rewards for what was seldom seen, counted or foretold badly."""
