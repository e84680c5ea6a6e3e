"""Random Tensors, and the generators that they are drawn from.

A generator is NumPy's, which draws on the CPU, or a ``Philox``, which draws on its own device. Where none is
given, numbers come from the process-wide generator of their device: NumPy's on the CPU, a Philox on a GPU.
"""

from minigrad.hints import of_module
from minigrad.random.discrete import categorical, integers, permutation
from minigrad.random.draws import normal, uniform
from minigrad.random.philox import Generator, Philox
from minigrad.random.process import generator, get_state, manual_seed, set_state, snapshot

__all__ = [
    "Generator",
    "Philox",
    "categorical",
    "generator",
    "get_state",
    "integers",
    "manual_seed",
    "normal",
    "permutation",
    "set_state",
    "snapshot",
    "uniform",
]

__getattr__ = of_module(__name__)
