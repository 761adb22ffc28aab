"""Measurements of the function against an AWS of our own: `python -m benchmarks`."""
