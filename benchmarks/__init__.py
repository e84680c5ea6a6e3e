"""Measurements of minigrad, for people to run: `python -m benchmarks --help`.

kernels   each CPU kernel against plain NumPy and PyTorch, beside the machine's ceilings
steps     whole training steps against the same
bill      what one training step is spent on, op by op
startup   from a process's start to its first finished step, and peak memory
quality   does it train? experiments with a figure to reach
"""
