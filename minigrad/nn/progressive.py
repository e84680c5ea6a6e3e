"""Layers of the progressive GAN: pixelwise normalisation, and the minibatch's standard deviation."""

from __future__ import annotations

import math
import operator

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.apply import constant
from minigrad.devices import xp_of
from minigrad.distributed.communicator import Communicator, resolved
from minigrad.distributed.shares import parts
from minigrad.nn.module import Module
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["MinibatchStdDev", "PixelNorm"]


class PixelNorm(Module):
    """``y = x / sqrt(mean(x^2) + eps)``, with the mean over the channels at each pixel of x (n, c, ...).

    Raises ValueError for an input without channels. Karras et al. (2018), section 4.2.

    >>> import minigrad as mg
    >>> y = mg.nn.PixelNorm()(mg.tensor([[3.0, 4.0], [0.0, 0.0]]))
    >>> y.numpy().round(3)  # of mean square 1, and 0 where x is 0
    array([[0.849, 1.131],
           [0.   , 0.   ]], dtype=float32)
    """

    def __init__(self, eps: float = 1e-8) -> None:
        if not eps > 0:
            raise ValueError(f"PixelNorm: eps must be positive, got {eps}")
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim < 2 or not x.shape[1]:
            raise ValueError(f"{self!r}: expected an input (n, c, ...), got {x.shape}")
        return x / ops.sqrt(ops.mean(ops.square(x), axis=1, keepdims=True) + self.eps)

    def extra_repr(self) -> str:
        return f"eps={self.eps}"


class MinibatchStdDev(Module):
    """x (n, c, ...) with one more channel, constant in each sample: how much the samples of its group differ.

    It is the mean of ``sqrt(var + eps)`` over all features, with the biased variance of each in the group. A
    batch of n has ceil(n / ``group_size``) groups, and sample i is in group i modulo their number: all groups
    have ``group_size`` samples if that divides n, and else sizes that differ by at most one. In a group of
    one sample the channel is sqrt(eps), and its gradient 0. A sample's output depends on its batch, in
    evaluation too.

    Raises ValueError for an input without features and a group_size below 1. Karras et al. (2018), section 3;
    the groups are those of the authors' program.

    >>> import minigrad as mg
    >>> x = mg.tensor([[[[1.0]]], [[[1.0]]], [[[3.0]]], [[[1.0]]]])  # (4, 1, 1, 1)
    >>> y = mg.nn.MinibatchStdDev(group_size=2)(x)  # samples 0 and 2, and samples 1 and 3
    >>> y.shape, y[:, 1, 0, 0].numpy().round(3).tolist()
    ((4, 2, 1, 1), [1.0, 0.0, 1.0, 0.0])
    """

    communicator: Communicator | None = None
    """Of the ranks whose batches are one, in training: ``nn.synchronised`` sets it."""

    def __init__(self, group_size: int = 4, eps: float = 1e-8) -> None:
        self.group_size = operator.index(group_size)
        if self.group_size < 1:
            raise ValueError(f"MinibatchStdDev: group_size must be at least 1, got {group_size}")
        if not eps > 0:
            raise ValueError(f"MinibatchStdDev: eps must be positive, got {eps}")
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        n, features = x.shape[:1], math.prod(x.shape[1:])
        if x.ndim < 2 or not features:
            raise ValueError(f"{self!r}: expected an input (n, c, ...), got {x.shape}")
        shape = (*n, 1, *x.shape[2:])
        deviations = ops.reshape(self._of_own(ops.reshape(x, (*n, features))), (*n, *(1,) * (x.ndim - 1)))
        return ops.concatenate([x, ops.broadcast_to(deviations, shape)], axis=1)

    def _of_own(self, x: Tensor) -> Tensor:
        """The deviations (n,) of the rank's samples x (n, features), in the groups of the whole batch.

        That is all ranks' rows of its first part, then those of the next (``distributed.in_parts``).
        """
        if self.communicator is None or not self.training:
            return self._deviations(x)
        ranks, cut = resolved(self.communicator), parts()
        every = ops.reshape(ops.all_gather(x, communicator=ranks), (ranks.size, cut, -1, x.shape[1]))
        whole = ops.reshape(ops.swapaxes(every, 0, 1), (ranks.size * len(x), x.shape[1]))
        deviations = ops.reshape(self._deviations(whole), (cut, ranks.size, -1))
        return ops.reshape(deviations[:, ranks.rank], (-1,))

    def _deviations(self, x: Tensor) -> Tensor:
        """The mean deviation in the group of each sample: x (n, features) -> (n,)."""
        n, features = x.shape
        groups = max(1, -(-n // self.group_size))
        size = -(-n // groups)  # of the largest group
        if n == 0:
            return ops.sum(x, axis=1)
        if size * groups == n:
            parts = ops.reshape(x, (size, groups, features))
            variance = ops.mean(ops.square(parts - ops.mean(parts, axis=0, keepdims=True)), axis=0)
        else:
            rows = ops.pad(x, ((0, size * groups - n), (0, 0)))
            parts = ops.reshape(rows, (size, groups, features))
            present = constant(_present, x, (size, groups, 1), x.dtype)
            count = ops.sum(present, axis=0)
            apart = present * (parts - ops.sum(parts, axis=0) / count)
            variance = ops.sum(ops.square(apart), axis=0) / count
        each = ops.mean(ops.sqrt(variance + self.eps), axis=1)
        return ops.tile(each, size)[:n]

    def extra_repr(self) -> str:
        return f"group_size={self.group_size}, eps={self.eps}"


def _present(x: Array, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """1 at the places of ``shape``, in their order, that the samples x fill, and else 0."""
    present: Array = (xp_of(x).arange(np.prod(shape)).reshape(shape) < len(x)).astype(dtype)
    return present
