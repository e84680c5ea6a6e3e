"""minigrad: an autograd engine from scratch, with hand-written kernels.

>>> import minigrad as mg
>>> x = mg.tensor([1.0, 2.0, 3.0])
>>> y = mg.ops.sum(x * x)
>>> [g.numpy().tolist() for g in mg.grad(y, [x])]
[[2.0, 4.0, 6.0]]
"""

from numpy import float32, float64, int8, int16, int32, int64, uint8

from minigrad import distributed, nn, ops, optim, random
from minigrad import hints as _hints
from minigrad import numpy_protocol as _numpy_protocol  # noqa: F401  NumPy's functions reach Tensors by it
from minigrad.apply import modify
from minigrad.autograd import StaleGraphError, grad
from minigrad.captures import CaptureError, capture
from minigrad.checkpoint import CheckpointError, load, save
from minigrad.creation import (
    arange,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from minigrad.finite import NonFiniteError, all_finite, require_finite
from minigrad.gradcheck import GradcheckError, gradcheck
from minigrad.inspect import draw, trace
from minigrad.modes import check_finite, no_grad
from minigrad.op import Op, op
from minigrad.random import manual_seed
from minigrad.readings import Readings
from minigrad.tensor import Tensor

__version__ = "0.1.0"

__all__ = [
    "CaptureError",
    "CheckpointError",
    "GradcheckError",
    "NonFiniteError",
    "Op",
    "Readings",
    "StaleGraphError",
    "Tensor",
    "all_finite",
    "arange",
    "capture",
    "check_finite",
    "distributed",
    "draw",
    "eye",
    "float32",
    "float64",
    "full",
    "full_like",
    "grad",
    "gradcheck",
    "int16",
    "int32",
    "int64",
    "int8",
    "linspace",
    "load",
    "manual_seed",
    "modify",
    "nn",
    "no_grad",
    "ones",
    "ones_like",
    "op",
    "ops",
    "optim",
    "random",
    "require_finite",
    "save",
    "tensor",
    "trace",
    "uint8",
    "zeros",
    "zeros_like",
]

__getattr__ = _hints.of_module(
    __name__, minigrad_ops=ops, minigrad_nn=nn, minigrad_optim=optim, minigrad_random=random
)


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
