"""Activations and dropout."""

from __future__ import annotations

from minigrad import ops
from minigrad.nn.module import Module
from minigrad.random import uniform
from minigrad.tensor import Tensor

__all__ = [
    "Dropout",
    "LeakyReLU",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "dropped",
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

    ``threshold`` is PyTorch's, which returns x where beta x is larger; there is no need of it here.

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


class Dropout(Module):
    """In training, each element is 0 with probability ``p`` and else divided by ``1 - p``; in evaluation, the
    identity.

    ``inplace`` is PyTorch's and changes nothing.

    The mask is drawn from ``minigrad.random.generator(device)``, on the input's device. Raises ValueError for
    a ``p`` outside [0, 1]. Srivastava et al. (2014), section 10 (inverted dropout).

    >>> import minigrad as mg
    >>> layer = mg.nn.Dropout(p=0.75)
    >>> sorted(set(layer(mg.ones(1000)).tolist()))  # an element that is kept is divided by 0.25
    [0.0, 4.0]
    >>> layer.eval()(mg.ones(3)).tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p must lie in [0, 1], got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        return dropped(x, self.p, x.shape) if self.training and self.p else x

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


def dropped(x: Tensor, p: float, shape: tuple[int, ...]) -> Tensor:
    """x / (1 - p), and 0 with probability p, decided for each element of ``shape`` on x's device."""
    kept = uniform(shape, device=x.device) >= p
    return ops.where(kept, x, 0.0) * (1.0 if p == 1 else 1 / (1 - p))
