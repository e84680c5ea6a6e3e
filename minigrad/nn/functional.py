"""Functions with PyTorch's names and arguments, and a module as a function of its parameters.

    from minigrad.nn import functional as F

They are what the layers compute; ``minigrad.ops`` has the same with NumPy's names (``axis`` for ``dim``), and
more. ``inplace`` is PyTorch's and changes nothing: an op makes a new array.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.apply import constant
from minigrad.arrays import Array, as_array
from minigrad.creation import tensor
from minigrad.devices import xp_of
from minigrad.hints import of_module
from minigrad.nn.activation import dropped
from minigrad.nn.functional_losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)
from minigrad.nn.module import Module
from minigrad.nn.norm import standardized
from minigrad.ops import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    embedding,
    gelu,
    interpolate,
    max_pool2d,
    pixel_shuffle,
    pixel_unshuffle,
    prelu,
    sigmoid,
    tanh,
)
from minigrad.ops.classification import check_range
from minigrad.tensor import Tensor
from minigrad.tracing import check

__all__ = [
    "adaptive_avg_pool2d", "adaptive_max_pool2d", "avg_pool2d", "binary_cross_entropy_with_logits", "conv2d",
    "conv_transpose2d", "cosine_similarity", "cross_entropy", "dropout", "elu", "embedding",
    "functional_call", "gelu", "group_norm", "hardtanh", "huber_loss", "instance_norm", "interpolate",
    "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear", "log_softmax", "logsigmoid", "max_pool2d",
    "mse_loss", "nll_loss", "normalize", "one_hot", "pad", "pixel_shuffle", "pixel_unshuffle", "prelu",
    "relu", "selu", "sigmoid", "silu", "smooth_l1_loss", "softmax", "softplus", "tanh",
]  # fmt: skip

__getattr__ = of_module(__name__, minigrad_ops=ops)

Size = int | tuple[int, int]


# -- activations ---------------------------------------------------------------------------------------------


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
    """log(1 + e^(beta x)) / beta, exact for any x: there is no need of the threshold.

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


def dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element 0 with probability ``p``, else divided by 1 - p; x itself unless ``training``.

    Drawn as ``nn.Dropout`` draws. Raises ValueError for a ``p`` outside [0, 1].

    >>> import minigrad as mg
    >>> sorted(set(mg.nn.functional.dropout(mg.ones(1000), p=0.75).tolist()))
    [0.0, 4.0]
    >>> mg.nn.functional.dropout(mg.ones(3), training=False).tolist()
    [1.0, 1.0, 1.0]
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p must lie in [0, 1], got {p}")
    return dropped(x, p, x.shape) if training and p else x


# -- layers --------------------------------------------------------------------------------------------------


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x weight^T + bias: x (..., i), weight (o, i), bias (o,), giving (..., o).

    >>> import minigrad as mg
    >>> weight, bias = mg.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), mg.tensor([0.0, 0.0, 10.0])
    >>> mg.nn.functional.linear(mg.tensor([[2.0, 3.0]]), weight, bias).tolist()
    [[2.0, 3.0, 15.0]]
    """
    if bias is not None and x.ndim == 2:
        return ops.linear(x, weight, bias)
    y = ops.matmul(x, ops.transpose(weight))
    return y if bias is None else y + bias


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of x (n, c, h, w) with weight (o, c / groups, kh, kw), plus bias (o,).

    >>> import minigrad as mg
    >>> x, weight = mg.tensor([[[[1.0, 2.0, 4.0, 8.0]]]]), mg.tensor([[[[-1.0, 1.0]]]])  # differences
    >>> mg.nn.functional.conv2d(x, weight).tolist()
    [[[[1.0, 2.0, 4.0]]]]
    """
    y = ops.conv2d(x, weight, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return y if bias is None else ops.bias_leaky_relu(y, bias, slope=1.0)


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """The adjoint of conv2d: x (n, c, h, w) with weight (c, o / groups, kh, kw), plus bias (o,).

    >>> import minigrad as mg
    >>> x, weight = mg.tensor([[[[1.0, 2.0]]]]), mg.tensor([[[[1.0, 10.0]]]])
    >>> mg.nn.functional.conv_transpose2d(x, weight, stride=2).tolist()
    [[[[1.0, 10.0, 2.0, 20.0]]]]
    """
    y = ops.conv_transpose2d(
        x,
        weight,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    return y if bias is None else ops.bias_leaky_relu(y, bias, slope=1.0)


def pad(x: Tensor, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Tensor:
    """x with more around it: ``pad`` is (left, right, top, bottom, ...), a pair for each axis from the last.

    ``mode`` as in ``ops.pad``, whose widths go from the first axis.

    >>> import minigrad as mg
    >>> mg.nn.functional.pad(mg.tensor([[1.0, 2.0]]), (1, 0)).tolist()
    [[0.0, 1.0, 2.0]]
    """
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ValueError(f"pad: expected a pair (before, after) for each axis from the last, got {pad!r}")
    pairs = [(before, after) for before, after in zip(pad[::2], pad[1::2], strict=True)]
    widths = [(0, 0)] * (x.ndim - len(pairs)) + pairs[::-1]
    return ops.pad(x, tuple(widths), mode, value)


def normalize(x: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x / max(norm, eps) of the ``p``-norm along the axis ``dim``.

    >>> import minigrad as mg
    >>> mg.nn.functional.normalize(mg.tensor([[3.0, 4.0]]))
    tensor([[0.6, 0.8]], float32, op=div)
    """
    return x / ops.clip(ops.vector_norm(x, p, axis=dim, keepdims=True), eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between x1 and x2 along the axis ``dim``; norms below ``eps`` count as it.

    >>> import minigrad as mg
    >>> x, y = mg.tensor([[1.0, 0.0], [2.0, 0.0]]), mg.tensor([[0.0, 5.0], [3.0, 0.0]])
    >>> mg.nn.functional.cosine_similarity(x, y).tolist()
    [0.0, 1.0]
    """
    return ops.sum(normalize(x1, dim=dim, eps=eps) * normalize(x2, dim=dim, eps=eps), axis=dim)


def layer_norm(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each sample with mean 0 and variance 1 over the last axes, of ``normalized_shape``; then times weight,
    plus bias.

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
    """Each of the ``num_groups`` groups of channels of each sample of x (n, c, ...) with mean 0 and variance
    1; then each channel times weight (c,), plus bias (c,).

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

    >>> import minigrad as mg
    >>> y = mg.nn.functional.instance_norm(mg.tensor([[[1.0, 3.0], [100.0, 500.0]]]))
    >>> y.numpy().round(3).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    return group_norm(x, x.shape[1] if x.ndim > 1 else 1, weight, bias, eps)


def one_hot(labels: Any, num_classes: int = -1) -> Tensor:
    """int64 (..., k), 1 at each label and else 0; ``num_classes`` k is the largest label and one if -1.

    Raises TypeError for labels that are no integers, ValueError for one outside 0..k-1.

    >>> import minigrad as mg
    >>> mg.nn.functional.one_hot([0, 2], 3).tolist()
    [[1, 0, 0], [0, 0, 1]]
    """
    labels = labels if isinstance(labels, Tensor) else tensor(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"one_hot: labels are integers, got {labels.dtype}; convert with .astype('int64')")
    k = int(labels.numpy().max(initial=-1)) + 1 if num_classes == -1 else num_classes
    check(check_range, labels._data, k, "one_hot")
    return constant(_one_hot, labels, k)


def _one_hot(labels: Array, k: int) -> Array:
    return as_array(labels[..., None] == xp_of(labels).arange(k)).astype(np.int64)


# -- modules -------------------------------------------------------------------------------------------------


def functional_call(module: Module, parameters: Mapping[str, Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """``module(*args, **kwargs)``, computed with ``parameters``: a Tensor for each dotted name to replace.

    The Tensors may be results of ops, so that gradients flow through them: unrolled steps, or gradcheck with
    respect to weights. The module has its own parameters back afterwards. Raises ValueError for an unknown
    name or another shape.

    >>> import minigrad as mg
    >>> layer = mg.nn.Linear(2, 1, bias=False)
    >>> mg.nn.functional_call(layer, {"weight": mg.tensor([[1.0, 10.0]])}, mg.tensor([[2.0, 3.0]])).item()
    32.0
    """
    own = dict(module.named_parameters())
    for name, t in parameters.items():
        if name not in own:
            raise ValueError(f"functional_call: {type(module).__name__} has no parameter {name!r}")
        if t.shape != own[name].shape:
            raise ValueError(f"functional_call: {name!r} has shape {t.shape}, expected {own[name].shape}")
    given = {id(own[name]): t for name, t in parameters.items()}
    swapped: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for part in module.modules():
            attributes = vars(part)
            for name, value in list(attributes.items()):
                if id(value) in given:
                    swapped.append((attributes, name, value))
                    attributes[name] = given[id(value)]
        return module(*args, **kwargs)
    finally:
        for attributes, name, value in swapped:
            attributes[name] = value
