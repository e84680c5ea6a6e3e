"""Measurements of minigrad, for people to run: ``python -m benchmarks --help``.

kernels   each kernel against plain NumPy and peers, on the CPU or a GPU, beside the machine's ceilings
steps     whole training steps and sampling against the same
compare   which rows of two records became slower or faster; since: of this tree and an earlier revision
sweep     cost against batch, size, channels and threads, and its cliffs
memory    the peak that large work needs
bill      what one training step is spent on, op by op
startup   from a process's start to its first finished step, and peak memory
quality   does it train? experiments with a figure to reach

``make gpu-check`` runs all checks and benchmarks that need a GPU (gpu_check.py).
"""
