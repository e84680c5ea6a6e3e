"""minigrad: an autograd engine from scratch, with hand-written kernels.

>>> import minigrad as mg
>>> x = mg.tensor([1.0, 2.0, 3.0])
>>> y = mg.ops.sum(x * x)
>>> [g.numpy().tolist() for g in mg.grad(y, [x])]
[[2.0, 4.0, 6.0]]
"""

from minigrad import nn, ops, optim
from minigrad import numpy_protocol as _numpy_protocol  # noqa: F401  NumPy's functions reach Tensors by it
from minigrad.autograd import StaleGraphError, grad
from minigrad.capturing import CaptureError, capture
from minigrad.checkpoint import CheckpointError, load, save
from minigrad.gradcheck import GradcheckError, gradcheck
from minigrad.op import NonFiniteError, Op, all_finite, check_finite, no_grad, op, require_finite
from minigrad.random import manual_seed
from minigrad.readings import Readings
from minigrad.tensor import Tensor, modify, tensor

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
    "capture",
    "check_finite",
    "grad",
    "gradcheck",
    "load",
    "manual_seed",
    "modify",
    "nn",
    "no_grad",
    "op",
    "ops",
    "optim",
    "require_finite",
    "save",
    "tensor",
]
