"""Batch and layer normalisation."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.apply import constant
from minigrad.distributed.communicator import Communicator, resolved
from minigrad.nn.module import Module, Parameter
from minigrad.ops.activation import IDENTITY
from minigrad.ops.norm import saved_statistics, update_running_stats
from minigrad.tensor import Tensor
from minigrad.tracing import call
from minigrad.types import Array

__all__ = ["BatchNorm1d", "BatchNorm2d", "LayerNorm"]


class ChannelNorm(Module):
    """The base of batch and instance normalisation: settings, weights, running statistics and shapes.

    ``shapes`` describes the inputs that a layer accepts, by their number of axes.
    """

    shapes: ClassVar[Mapping[int, str]]
    running_mean: Array | None
    running_var: Array | None
    num_batches_tracked: Array | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        c = operator.index(num_features)
        self.num_features = c
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight = Parameter(np.ones(c, dtype)) if affine else None
        self.bias = Parameter(np.zeros(c, dtype)) if affine else None
        self.register_buffer("running_mean", np.zeros(c, dtype) if track_running_stats else None)
        self.register_buffer("running_var", np.ones(c, dtype) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", np.array(0, np.int64) if track_running_stats else None)

    def check_shape(self, x: Tensor) -> None:
        """Raise ValueError unless x is of one of ``shapes``, with as many channels as the layer."""
        if x.ndim not in self.shapes or x.shape[1] != self.num_features:
            expected = " or ".join(self.shapes.values()).replace("c", str(self.num_features))
            raise ValueError(f"{self!r}: expected an input {expected}, got {x.shape}")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(ChannelNorm):
    """BatchNorm1d and BatchNorm2d without their ``shapes``."""

    communicator: Communicator | None = None
    """Of the ranks whose batches are one, in training: ``nn.synchronised`` sets it."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.uses_running:
            return self.of_batch(x)
        self.check_shape(x)
        shape = (1, -1) + (1,) * (x.ndim - 2)
        scale, shift = (ops.reshape(a, shape) for a in self.scale_and_shift())
        return x * scale + shift

    def of_batch(self, x: Tensor, *, slope: float = IDENTITY, moments: Array | None = None) -> Tensor:
        """The training mode; ``slope``, if there are weights, and ``moments`` are as in ops.batch_norm."""
        self._check_batch(x)
        ranks = self._ranks()
        if self.weight is None or self.bias is None:
            y = ops.standardize(x, eps=self.eps, moments=moments, communicator=ranks)
        else:
            y = ops.batch_norm(
                x, self.weight, self.bias, eps=self.eps, slope=slope, moments=moments, communicator=ranks
            )
        if self.track_running_stats:
            count = x.size // self.num_features * (ranks.size if ranks else 1)
            call(self._move_statistics, *saved_statistics(y), count)
        return y

    def _ranks(self) -> Communicator | None:
        """Of the ranks that share this batch; in evaluation each rank is on its own."""
        return resolved(self.communicator) if self.training and self.communicator is not None else None

    @property
    def uses_running(self) -> bool:
        """Whether the running values stand for the batch's, as in evaluation: ``y = x scale + shift``."""
        return not self.training and self.running_mean is not None and self.running_var is not None

    def scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """Those of each channel where ``uses_running``: (c,) and (c,)."""
        assert self.running_mean is not None
        assert self.running_var is not None
        scale = constant(_inverse_std, self.running_var, self.eps)
        scale = scale if self.weight is None else self.weight * scale
        shift = -Tensor(self.running_mean) * scale  # of a copy: training changes the mean in place
        return scale, shift if self.bias is None else self.bias + shift

    def _check_batch(self, x: Tensor) -> None:
        """Raise ValueError unless x has the layer's shape and, in training, a variance in each channel."""
        self.check_shape(x)
        if self.training and x.size == x.shape[1] and self.communicator is None:
            raise ValueError(
                f"{self!r}: training needs more than one value per channel, got an input {x.shape}"
            )

    def _move_statistics(self, mean: Array, var: Array, count: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        running = self.running_mean, self.running_var, self.num_batches_tracked
        update_running_stats(*running, mean, var, momentum=self.momentum, count=count)


def _inverse_std(var: Array, eps: float) -> Array:
    return 1.0 / (var + eps) ** 0.5


def standardized(x: Tensor, parts: int, eps: float) -> Tensor:
    """x cut into ``parts`` of one size, each scaled to mean 0 and variance 1: (1, parts, values).

    Each part is a channel of one batch. An x without elements is returned as it is.
    """
    if x.size == 0:
        return x
    return ops.standardize(ops.reshape(x, (1, parts, -1)), eps=eps)


class BatchNorm1d(_BatchNorm):
    """``y = (x - mean) / sqrt(var + eps) weight + bias`` for each channel of x (n, c) or (n, c, l), with mean
    and variance over the other axes.

    Running statistics, settings and what raises are as BatchNorm2d's.

    >>> import minigrad as mg
    >>> layer = mg.nn.BatchNorm1d(2, momentum=0.5)
    >>> layer(mg.tensor([[1.0, 100.0], [3.0, 500.0]])).numpy().round(3).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    >>> layer.running_mean.tolist()  # half way from 0 to the means 2 and 300
    [1.0, 150.0]
    """

    shapes = MappingProxyType({2: "(n, c)", 3: "(n, c, l)"})


class BatchNorm2d(_BatchNorm):
    """``y = (x - mean) / sqrt(var + eps) weight + bias`` for each channel of x (n, c, h, w), with mean and
    variance over the other axes.

    In training, mean and (biased) variance are the batch's, and the buffers follow: ``running <- (1 -
    momentum) running + momentum batch``, with the unbiased variance; ``momentum=None`` averages all batches
    so far equally. In evaluation they are the running values, or without ``track_running_stats`` the batch's
    again. Ioffe and Szegedy (2015), algorithms 1 and 2.

    Raises ValueError for an input of another shape, and for one value per channel in training.

    >>> import minigrad as mg
    >>> layer = mg.nn.BatchNorm2d(3)
    >>> layer(mg.ones((8, 3, 4, 4))).shape, layer.weight.shape
    ((8, 3, 4, 4), (3,))
    >>> {name: buffer.shape for name, buffer in layer.named_buffers()}
    {'running_mean': (3,), 'running_var': (3,), 'num_batches_tracked': ()}
    """

    shapes = MappingProxyType({4: "(n, c, h, w)"})


class LayerNorm(Module):
    """``y = (x - mean) / sqrt(var + eps) weight + bias``, with mean and biased variance of each sample over
    the last axes.

    ``normalized_shape`` (an integer or the sizes of the last axes) is the shape of weight and bias. Raises
    ValueError for an input whose last axes have other sizes. Ba et al. (2016), eq. 3-4.

    >>> import minigrad as mg
    >>> y = mg.nn.LayerNorm(2)(mg.tensor([[1.0, 3.0], [100.0, 500.0]]))
    >>> y.numpy().round(3).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        sizes = (normalized_shape,) if isinstance(normalized_shape, int | np.integer) else normalized_shape
        self.normalized_shape = shape = tuple(operator.index(size) for size in sizes)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(np.ones(shape, dtype)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape, dtype)) if elementwise_affine and bias else None

    def forward(self, x: Tensor) -> Tensor:
        axes = len(self.normalized_shape)
        if x.ndim < axes or x.shape[x.ndim - axes :] != self.normalized_shape:
            expected = ", ".join(map(str, self.normalized_shape))
            raise ValueError(f"{self!r}: expected an input (..., {expected}), got {x.shape}")
        y = ops.reshape(standardized(x, math.prod(x.shape[: x.ndim - axes]), self.eps), x.shape)
        y = y if self.weight is None else y * self.weight
        return y if self.bias is None else y + self.bias

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
