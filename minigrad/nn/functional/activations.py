"""The activations of nn.functional, and dropout."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.apply import constant
from minigrad.devices import xp_of
from minigrad.nn.dropout import dropped
from minigrad.random import Generator, uniform
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = [
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "silu",
    "hardtanh",
    "softplus",
    "logsigmoid",
    "softmax",
    "log_softmax",
    "gumbel_softmax",
    "dropout",
]


def relu(x: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), elementwise.

    >>> import minigrad as mg
    >>> mg.nn.functional.relu(mg.tensor([-2.0, 3.0])).tolist()
    [0.0, 3.0]
    """
    return ops.relu(x)


def leaky_relu(x: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """max(x, 0) + negative_slope min(x, 0), elementwise.

    >>> import minigrad as mg
    >>> mg.nn.functional.leaky_relu(mg.tensor([-2.0, 3.0]), 0.25).tolist()
    [-0.5, 3.0]
    """
    return ops.leaky_relu(x, slope=negative_slope)


def elu(x: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (e^x - 1).

    >>> import minigrad as mg
    >>> mg.nn.functional.elu(mg.tensor([-1000.0, 3.0]), alpha=2.0).tolist()
    [-2.0, 3.0]
    """
    return ops.elu(x, alpha)


def selu(x: Tensor, inplace: bool = False) -> Tensor:
    """elu with the scales that keep mean 0 and variance 1.

    >>> import minigrad as mg
    >>> [round(value, 3) for value in mg.nn.functional.selu(mg.tensor([-1.0, 1.0])).tolist()]
    [-1.111, 1.051]
    """
    return ops.selu(x)


def silu(x: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x).

    >>> import minigrad as mg
    >>> [round(value, 3) for value in mg.nn.functional.silu(mg.tensor([-1.0, 1.0])).tolist()]
    [-0.269, 0.731]
    """
    return ops.silu(x)


def hardtanh(x: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x limited to [min_val, max_val].

    >>> import minigrad as mg
    >>> mg.nn.functional.hardtanh(mg.tensor([-3.0, 0.5, 3.0]), min_val=0.0).tolist()
    [0.0, 0.5, 1.0]
    """
    return ops.hardtanh(x, min_val, max_val)


def softplus(x: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + e^(beta x)) / beta, exact for any x; ``threshold`` changes nothing.

    >>> import minigrad as mg
    >>> [round(value, 3) for value in mg.nn.functional.softplus(mg.tensor([0.0, 1000.0])).tolist()]
    [0.693, 1000.0]
    """
    return ops.softplus(x) if beta == 1 else ops.softplus(x * beta) / beta


def logsigmoid(x: Tensor) -> Tensor:
    """log(sigmoid(x)), finite for every finite x.

    >>> import minigrad as mg
    >>> [round(value, 3) for value in mg.nn.functional.logsigmoid(mg.tensor([-1000.0, 0.0])).tolist()]
    [-1000.0, -0.693]
    """
    return ops.log_sigmoid(x)


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """e^x / sum(e^x) along the axis ``dim``.

    >>> import minigrad as mg
    >>> mg.nn.functional.softmax(mg.tensor([[0.0, 0.0]]), dim=1).tolist()
    [[0.5, 0.5]]
    """
    return ops.softmax(x, axis=dim)


def log_softmax(x: Tensor, dim: int = -1) -> Tensor:
    """x - log(sum(e^x)) along the axis ``dim``.

    >>> import minigrad as mg
    >>> y = mg.nn.functional.log_softmax(mg.tensor([0.0, 0.0, -1000.0]), dim=0)
    >>> [round(value, 3) for value in y.tolist()]
    [-0.693, -0.693, -1000.693]
    """
    return ops.log_softmax(x, axis=dim)


def gumbel_softmax(
    logits: Tensor,
    tau: float = 1.0,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """softmax((logits + g) / tau) along ``dim``, with g = -log(-log u) of uniform u: a relaxed random class.

    Class k is the largest with probability softmax(logits)[k]. With ``hard`` the result is, to rounding, 1 at
    the largest and else 0, and the gradient is that of the softmax. ``generator`` is as with
    ``minigrad.random.uniform``; ``eps`` is PyTorch's and changes nothing. Raises ValueError unless tau > 0.
    Jang et al. (2017), eq. 2, and Maddison et al. (2017).

    >>> import minigrad as mg
    >>> rng = mg.random.Philox(7)
    >>> mg.nn.functional.gumbel_softmax(mg.zeros((2, 3)), hard=True, generator=rng).numpy().round()
    array([[0., 0., 1.],
           [0., 0., 1.]], dtype=float32)
    """
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: tau must be positive, got {tau}")
    u = uniform(logits.shape, dtype=np.float64, generator=generator, device=logits.device)
    y = ops.softmax((logits + constant(_gumbel, u, logits.dtype)) / tau, axis=dim)
    return constant(_largest, y, dim) - y.detach() + y if hard else y


def _gumbel(u: Array, dtype: DTypeLike) -> Array:
    """-log(-log u); in place of 0 half of the least positive u."""
    xp = xp_of(u)
    noise: Array = (-xp.log(-xp.log(xp.maximum(u, 2.0**-54)))).astype(dtype)
    return noise


def _largest(y: Array, axis: int) -> Array:
    """1 at the largest element along the axis, the first of equal ones, and else 0."""
    xp = xp_of(y)
    shape = [-1 if at == axis % y.ndim else 1 for at in range(y.ndim)]
    places = xp.arange(y.shape[axis]).reshape(shape)
    largest: Array = (xp.argmax(y, axis=axis, keepdims=True) == places).astype(y.dtype)
    return largest


def dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element of x is 0 with probability ``p``, else divided by 1 - p; x itself unless ``training``.

    The mask is drawn as that of ``nn.Dropout``. Raises ValueError for a ``p`` outside [0, 1].

    >>> import minigrad as mg
    >>> sorted(set(mg.nn.functional.dropout(mg.ones(1000), p=0.75).tolist()))
    [0.0, 4.0]
    >>> mg.nn.functional.dropout(mg.ones(3), training=False).tolist()
    [1.0, 1.0, 1.0]
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p must lie in [0, 1], got {p}")
    return dropped(x, p, x.shape) if training and p else x
