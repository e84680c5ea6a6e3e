"""How many floating-point operations an op makes: a product and a sum count as two, any function as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Array = Any


def flops(name: str, arrays: tuple[Array, ...], params: Mapping[str, Any], result: Array) -> int:
    """The operations of one call of ``name``; an op that is not listed counts one per result element."""
    if name in MOVES:
        return 0
    return int(COUNTS.get(name, _times(1))(arrays, params, result))


def _times(count: int) -> Callable[..., int]:
    """A number for each element of the result."""
    return lambda arrays, params, result: count * result.size


def _read(count: int) -> Callable[..., int]:
    """A number for each element of the first operand."""
    return lambda arrays, params, result: count * arrays[0].size


def _spared(params: Mapping[str, Any]) -> int:
    """The operations per element that batch norm saves if the convolution before it has the moments."""
    return 0 if params.get("moments") is None else 4


MOVES = {
    "astype", "broadcast_to", "concatenate", "expand_dims", "flatten", "getitem", "join", "pad", "reshape",
    "scatter", "squeeze", "stack", "swapaxes", "transpose",
}  # fmt: skip

COUNTS: dict[str, Callable[..., int]] = {
    # every place of the output meets a kernel's worth of weights, or every place of the input does
    "conv2d": lambda arrays, params, y: 2 * y.size * arrays[1][0].size,
    "conv2d_bias_leaky_relu": lambda arrays, params, y: 2 * y.size * (arrays[1][0].size + 1),
    "conv_transpose2d": lambda arrays, params, y: 2 * arrays[0].size * arrays[1][0].size,
    # and each of its elements is read for the count, mean and squares of its piece
    "conv2d_moments": lambda arrays, params, y: y.size * (2 * arrays[1][0].size + 4),
    "conv_transpose2d_moments": lambda arrays, params, y: 2 * arrays[0].size * arrays[1][0].size + 4 * y.size,
    "conv2d_weight": lambda arrays, params, gw: 2 * arrays[1].size * gw[0].size,
    "matmul": lambda arrays, params, z: 2 * z.size * arrays[0].shape[-1],
    "linear": lambda arrays, params, y: 2 * y.size * (arrays[0].shape[-1] + 1),
    "standardize": lambda arrays, params, y: y.size * (6 - _spared(params)),
    "standardize_grad": _times(9),
    "batch_norm": lambda arrays, params, y: y.size * (8 - _spared(params)),
    "batch_norm_grad": _times(12),
    # sums that batch_norm_grad has taken, and bias_leaky_relu_grad
    "batch_norm_grad_weight": _times(0),
    "batch_norm_grad_bias": _times(0),
    "channel_sum": _times(0),
    "bias_leaky_relu": _times(2),
    "bias_leaky_relu_grad": _times(2),
    "mean_softplus": _read(5),
    "mean_softplus_grad": _times(4),
    "sum": _read(1),
    "sum_to": _read(1),
    "mean": _read(1),
    "max": _read(1),
    "min": _read(1),
    "var": _read(4),
    "logsumexp": _read(3),
    "sigmoid": _times(3),
    "softplus": _times(4),
}
