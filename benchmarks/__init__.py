"""Speed, as ratios measured in one run: `python -m benchmarks.<name>`, or `nox -s bench`."""
