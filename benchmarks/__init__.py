"""Measurements of minigrad's kernels: `python -m benchmarks --help`."""
