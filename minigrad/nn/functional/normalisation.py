"""Layer, group and instance normalisation of nn.functional."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minigrad import ops
from minigrad.nn.norm import standardized
from minigrad.tensor import Tensor

__all__ = ["layer_norm", "group_norm", "instance_norm"]


def layer_norm(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each sample scaled to mean 0 and variance 1 over the last axes, which have ``normalized_shape``; then
    times weight, plus bias. Raises ValueError for an input whose last axes have other sizes.

    >>> import minigrad as mg
    >>> y = mg.nn.functional.layer_norm(mg.tensor([[1.0, 3.0], [100.0, 500.0]]), (2,))
    >>> y.numpy().round(3).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """
    shape = tuple(normalized_shape)
    if x.ndim < len(shape) or x.shape[x.ndim - len(shape) :] != shape:
        raise ValueError(f"layer_norm: expected an input whose last axes are {shape}, got {x.shape}")
    y = ops.reshape(standardized(x, math.prod(x.shape[: x.ndim - len(shape)]), eps), x.shape)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def group_norm(
    x: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """x (n, c, ...) with each of ``num_groups`` groups of channels of each sample scaled to mean 0 and
    variance 1; then each channel times weight (c,), plus bias (c,). Raises ValueError if the groups do not
    divide the channels.

    >>> import minigrad as mg
    >>> y = mg.nn.functional.group_norm(mg.tensor([[1.0, 3.0, 100.0, 500.0]]), num_groups=2)
    >>> y.numpy().round(3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """
    if x.ndim < 2 or x.shape[1] % num_groups:
        raise ValueError(f"group_norm: {num_groups} groups do not divide the channels of {x.shape}")
    y = ops.reshape(standardized(x, x.shape[0] * num_groups, eps), x.shape)
    channels = (-1, *(1,) * (x.ndim - 2))
    y = y if weight is None else y * ops.reshape(weight, channels)
    return y if bias is None else y + ops.reshape(bias, channels)


def instance_norm(
    x: Tensor, *, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """group_norm with a group for each channel; running statistics belong to ``nn.InstanceNorm2d``.

    Raises ValueError unless x is (n, c, ...).

    >>> import minigrad as mg
    >>> y = mg.nn.functional.instance_norm(mg.tensor([[[1.0, 3.0], [100.0, 500.0]]]))
    >>> y.numpy().round(3).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    return group_norm(x, x.shape[1] if x.ndim > 1 else 1, weight, bias, eps)
