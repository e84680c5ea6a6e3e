"""Normalisation of each sample by itself: instance and group normalisation."""

from __future__ import annotations

import operator
from types import MappingProxyType

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.nn.module import Module, Parameter
from minigrad.nn.norm import ChannelNorm, standardized
from minigrad.ops.norm import saved_statistics, update_running_stats
from minigrad.tensor import Tensor
from minigrad.tracing import call
from minigrad.types import Array

__all__ = ["GroupNorm", "InstanceNorm1d", "InstanceNorm2d"]


class _InstanceNorm(ChannelNorm):
    """InstanceNorm1d and InstanceNorm2d without their ``shapes``."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        self.check_shape(x)
        if self.running_mean is not None and self.running_var is not None and not self.training:
            mean, var = (
                _along_channels(Tensor(self.running_mean), x),
                _along_channels(Tensor(self.running_var), x),
            )
            return _affine((x - mean) / ops.sqrt(var + self.eps), self.weight, self.bias)
        n, count = x.shape[0], int(np.prod(x.shape[2:]))
        if count < 2:
            raise ValueError(f"{self!r}: expected more than one value per channel, got an input {x.shape}")
        xhat = standardized(x, n * self.num_features, self.eps)
        if self.track_running_stats and xhat.saved is not None:
            call(self._move_statistics, *saved_statistics(xhat), n, count)
        return _affine(ops.reshape(xhat, x.shape), self.weight, self.bias)

    def _move_statistics(self, mean: Array, var: Array, n: int, count: int) -> None:
        """Move the statistics towards the means over the samples; as in PyTorch, batches are not counted."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        mean, var = (a.reshape(n, -1).sum(0) / n for a in (mean, var))
        momentum = 0.0 if self.momentum is None else self.momentum
        running = self.running_mean, self.running_var, self.num_batches_tracked.copy()
        update_running_stats(*running, mean, var, momentum=momentum, count=count)


class InstanceNorm1d(_InstanceNorm):
    """``y = (x - mean) / sqrt(var + eps) weight + bias``, with mean and biased variance of each channel of
    each sample of x (n, c, l).

    Running statistics, settings and what raises are as InstanceNorm2d's.

    >>> import minigrad as mg
    >>> y = mg.nn.InstanceNorm1d(1)(mg.tensor([[[1.0, 3.0]], [[100.0, 500.0]]]))  # two signals
    >>> y.numpy().round(3).tolist()
    [[[-1.0, 1.0]], [[-1.0, 1.0]]]
    """

    shapes = MappingProxyType({3: "(n, c, l)"})


class InstanceNorm2d(_InstanceNorm):
    """``y = (x - mean) / sqrt(var + eps) weight + bias``, with mean and biased variance of each channel of
    each sample of x (n, c, h, w).

    With ``track_running_stats`` evaluation uses running values, which follow the mean over the samples in
    training: ``running <- (1 - momentum) running + momentum batch``, with the unbiased variance. Ulyanov et
    al. (2016), eq. 3. Raises ValueError for an input of another shape and, where the running values are
    not used, for one value per channel.

    >>> import minigrad as mg
    >>> y = mg.nn.InstanceNorm2d(2)(mg.tensor([[[[1.0, 3.0]], [[100.0, 500.0]]]]))  # two channels
    >>> y.numpy().round(3).tolist()
    [[[[-1.0, 1.0]], [[-1.0, 1.0]]]]
    """

    shapes = MappingProxyType({4: "(n, c, h, w)"})


class GroupNorm(Module):
    """``y = (x - mean) / sqrt(var + eps) weight + bias``, with mean and biased variance of each of the
    ``num_groups`` groups of neighbouring channels of each sample of x (n, c, ...).

    Weight and bias are (num_channels,). Raises ValueError for groups that do not divide the channels and an
    input of another shape. Wu and He (2018), eq. 1-2 and 7.

    >>> import minigrad as mg
    >>> layer = mg.nn.GroupNorm(num_groups=2, num_channels=4)
    >>> layer(mg.tensor([[1.0, 3.0, 100.0, 500.0]])).numpy().round(3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        groups, channels = operator.index(num_groups), operator.index(num_channels)
        if groups < 1 or channels < 1 or channels % groups:
            raise ValueError(f"GroupNorm: num_groups={groups} must divide num_channels={channels}")
        self.num_groups = groups
        self.num_channels = channels
        self.eps = eps
        self.affine = affine
        self.weight = Parameter(np.ones(channels, dtype)) if affine else None
        self.bias = Parameter(np.zeros(channels, dtype)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"{self!r}: expected an input (n, {self.num_channels}, ...), got {x.shape}")
        xhat = standardized(x, x.shape[0] * self.num_groups, self.eps)
        return _affine(ops.reshape(xhat, x.shape), self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * _along_channels(weight, x)
    return x if bias is None else x + _along_channels(bias, x)


def _along_channels(t: Tensor, x: Tensor) -> Tensor:
    return ops.reshape(t, (t.size, *(1,) * (x.ndim - 2)))
