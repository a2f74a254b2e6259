"""Evaluators of models of code: samples, verdicts, and what follows from them."""
