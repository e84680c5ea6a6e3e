"""Activations."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.nn.module import Module, Parameter
from minigrad.nn.naming import named
from minigrad.tensor import Tensor

__all__ = [
    "ELU",
    "GELU",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "PReLU",
    "ReLU",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]


class ReLU(Module):
    """``max(x, 0)``, elementwise. ``inplace`` is PyTorch's and changes nothing: an op makes a new array.

    >>> import minigrad as mg
    >>> mg.nn.ReLU()(mg.tensor([-2.0, 3.0])).tolist()
    [0.0, 3.0]
    """

    def __init__(self, inplace: bool = False) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        return ops.relu(x)


class LeakyReLU(Module):
    """``max(x, 0) + negative_slope min(x, 0)``, elementwise. Maas et al. (2013).

    ``inplace`` is PyTorch's and changes nothing: an op makes a new array.

    >>> import minigrad as mg
    >>> mg.nn.LeakyReLU(0.25)(mg.tensor([-2.0, 3.0])).tolist()
    [-0.5, 3.0]
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        return ops.leaky_relu(x, slope=self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class Tanh(Module):
    """``tanh(x)``, elementwise.

    >>> import minigrad as mg
    >>> y = mg.nn.Tanh()(mg.tensor([-100.0, 0.0, 0.5]))
    >>> [round(value, 3) for value in y.tolist()]
    [-1.0, 0.0, 0.462]
    """

    def forward(self, x: Tensor) -> Tensor:
        return ops.tanh(x)


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``, elementwise.

    >>> import minigrad as mg
    >>> y = mg.nn.Sigmoid()(mg.tensor([-1.0, 0.0, 1.0]))
    >>> [round(value, 3) for value in y.tolist()]
    [0.269, 0.5, 0.731]
    """

    def forward(self, x: Tensor) -> Tensor:
        return ops.sigmoid(x)


class Softplus(Module):
    """``log(1 + exp(beta x)) / beta``, elementwise, finite for every finite x.

    ``threshold`` is PyTorch's and changes nothing: the formula is exact for every x.

    >>> import minigrad as mg
    >>> y = mg.nn.Softplus()(mg.tensor([-1.0, 0.0, 1000.0]))
    >>> [round(value, 3) for value in y.tolist()]
    [0.313, 0.693, 1000.0]
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        return ops.softplus(x) if self.beta == 1 else ops.softplus(x * self.beta) / self.beta

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    """``exp(x) / sum(exp(x))`` along the axis ``dim``.

    >>> import minigrad as mg
    >>> p = mg.nn.Softmax(dim=1)(mg.tensor([[0.0, 0.0], [0.0, 1000.0]]))
    >>> p.tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return ops.softmax(x, axis=self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class _Elementwise(Module):
    """``inplace`` is PyTorch's and changes nothing: no op writes into its input."""

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class ELU(_Elementwise):
    """``x`` where x > 0, else ``alpha (exp(x) - 1)``. Clevert et al. (2016), eq. 16.

    >>> import minigrad as mg
    >>> y = mg.nn.ELU(alpha=2.0)(mg.tensor([-1000.0, -1.0, 3.0]))
    >>> [round(value, 3) for value in y.tolist()]
    [-2.0, -1.264, 3.0]
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        return ops.elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class SELU(_Elementwise):
    """``s ELU(x, a)`` with s and a that keep mean 0 and variance 1. Klambauer et al. (2017), eq. 2.

    >>> import minigrad as mg
    >>> y = mg.nn.SELU()(mg.tensor([-1.0, 0.0, 1.0]))
    >>> [round(value, 3) for value in y.tolist()]
    [-1.111, 0.0, 1.051]
    """

    def forward(self, x: Tensor) -> Tensor:
        return ops.selu(x)


class SiLU(_Elementwise):
    """``x sigmoid(x)``, also called swish. Elfwing et al. (2018), eq. 12.

    >>> import minigrad as mg
    >>> y = mg.nn.SiLU()(mg.tensor([-1.0, 0.0, 1.0]))
    >>> [round(value, 3) for value in y.tolist()]
    [-0.269, 0.0, 0.731]
    """

    def forward(self, x: Tensor) -> Tensor:
        return ops.silu(x)


class GELU(Module):
    """``x P(Z <= x)`` for a standard normal Z, exactly or by ``approximate="tanh"``.

    Raises ValueError for another approximation. Hendrycks and Gimpel (2016), section 2.

    >>> import minigrad as mg
    >>> x = mg.tensor([-1.0, 0.0, 2.0])
    >>> [round(value, 3) for value in mg.nn.GELU()(x).tolist()]
    [-0.159, 0.0, 1.954]
    >>> [round(value, 3) for value in mg.nn.GELU(approximate="tanh")(x).tolist()]
    [-0.159, 0.0, 1.955]
    """

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GELU: approximate must be 'none' or 'tanh', got {approximate!r}")
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        return ops.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class PReLU(Module):
    """``x`` where x > 0, else ``weight x``, with one learnt weight or one for each channel of x (n, c, ...).

    Raises ValueError for an input of other channels. He et al. (2015), eq. 1.

    >>> import minigrad as mg
    >>> layer = mg.nn.PReLU(num_parameters=2)  # one weight for each channel, 0.25 at first
    >>> layer(mg.tensor([[-4.0, 4.0]])).tolist()
    [[-1.0, 4.0]]
    >>> layer.weight.shape
    (2,)
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: DTypeLike = np.float32) -> None:
        self.num_parameters = operator.index(num_parameters)
        self.init = init
        self.weight = Parameter(np.full(self.num_parameters, init, dtype))

    def forward(self, x: Tensor) -> Tensor:
        with named(self):
            return ops.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class LogSigmoid(Module):
    """``log(1 / (1 + exp(-x)))``, elementwise, finite for every finite x.

    >>> import minigrad as mg
    >>> y = mg.nn.LogSigmoid()(mg.tensor([-1000.0, 0.0]))
    >>> [round(value, 3) for value in y.tolist()]
    [-1000.0, -0.693]
    """

    def forward(self, x: Tensor) -> Tensor:
        return ops.log_sigmoid(x)


class LogSoftmax(Module):
    """``x - log(sum(exp(x)))`` along the axis ``dim``.

    >>> import minigrad as mg
    >>> y = mg.nn.LogSoftmax(dim=0)(mg.tensor([0.0, 0.0, -1000.0]))
    >>> [round(value, 3) for value in y.tolist()]
    [-0.693, -0.693, -1000.693]
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return ops.log_softmax(x, axis=self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Hardtanh(_Elementwise):
    """``x`` between ``min_val`` and ``max_val``, else the bound.

    Raises ValueError unless min_val < max_val.

    >>> import minigrad as mg
    >>> mg.nn.Hardtanh()(mg.tensor([-3.0, 0.5, 3.0])).tolist()
    [-1.0, 0.5, 1.0]
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        if not min_val < max_val:
            raise ValueError(f"Hardtanh: min_val must be less than max_val, got {min_val} and {max_val}")
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, x: Tensor) -> Tensor:
        return ops.hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        text = f"min_val={self.min_val}, max_val={self.max_val}"
        return text + (", inplace=True" if self.inplace else "")
