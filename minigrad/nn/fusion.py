"""Fusion: the table of neighbouring layers that run as one function.

A row has the exact types of the layers and the function that runs them: ``(Linear, ReLU)`` is one op, whose
kernel applies the ReLU to each number that the product makes. ``Sequential`` calls ``run``, which looks up
the types at each place, the longest row first. No layer depends on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple, TypeVar

from minigrad import ops
from minigrad.nn.activation import LeakyReLU, ReLU
from minigrad.nn.conv import Conv2d, ConvTranspose2d
from minigrad.nn.conv1d import Conv1d, ConvTranspose1d
from minigrad.nn.linear import Linear
from minigrad.nn.module import Module
from minigrad.nn.norm import BatchNorm1d, BatchNorm2d
from minigrad.ops.activation import IDENTITY
from minigrad.ops.conv import conv2d_moments, conv_transpose2d_moments, saved_moments
from minigrad.tensor import Tensor
from minigrad.tracing import Tracer, mode
from minigrad.types import Array

__all__ = ["register", "run"]

Types = tuple[type[Module], ...]
F = TypeVar("F", bound=Callable[..., Tensor])


class Row(NamedTuple):
    """Layers of exactly these ``types`` run as ``function(x, *layers)`` if ``when(*layers)``."""

    types: Types
    function: Callable[..., Tensor]
    when: Callable[..., bool] | None

    def applies_to(self, layers: Sequence[Module]) -> bool:
        """Whether the layers, which have the row's types, compute what their types do."""
        for layer in layers:
            if "forward" in layer.__dict__:  # as spectral_norm and summary put one there
                return False
        return self.when is None or self.when(*layers)


TABLE: dict[Types, Row] = {}


def register(*types: type[Module] | Types, when: Callable[..., bool] | None = None) -> Callable[[F], F]:
    """Decorator: ``Sequential`` calls ``function(x, *layers)`` for neighbours of exactly these types.

    The function must return what the layers return in turn. Each of ``types`` is a class or a tuple of
    alternatives. ``when(*layers)`` decides in every call whether the function applies; without it the
    function always does. Subclasses and layers whose ``forward`` was replaced run in turn. A second function
    for the same types replaces the first.

    Raises TypeError for fewer than two types, or for what is no Module's class.

    >>> import minigrad as mg
    >>> class Scale(mg.nn.Module):
    ...     def __init__(self, factor):
    ...         self.factor = factor
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> @mg.nn.fusion.register(Scale, Scale)
    ... def scale_twice(x, first, second):
    ...     return x * (first.factor * second.factor)
    >>> x = mg.tensor(1.0)
    >>> mg.nn.Sequential(Scale(2.0), Scale(5.0))(x).inputs[0] is x  # one multiplication
    True
    """
    choices = [kind if isinstance(kind, tuple) else (kind,) for kind in types]
    if len(choices) < 2 or not all(_is_module(kind) for choice in choices for kind in choice):
        raise TypeError(f"register: expected two or more classes of Modules, or tuples of them, got {types}")

    def add(function: F) -> F:
        TABLE.update((row, Row(row, function, when)) for row in product(*choices))
        _rows_at_each_place.cache_clear()
        return function

    return add


def _is_module(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Module)


def run(x: Tensor, layers: Sequence[Module]) -> Tensor:
    """``layers[-1](... layers[1](layers[0](x)))``, with the table's function for neighbours that have one."""
    rows_at = _rows_at_each_place(tuple(map(type, layers)))
    tracer = mode().tracer
    place = 0
    while place < len(layers):
        for row in rows_at[place]:
            group = layers[place : place + len(row.types)]
            if row.applies_to(group):
                x = row.function(x, *group) if tracer is None else _traced(tracer, row, x, group)
                place += len(group)
                break
        else:
            x = layers[place](x)
            place += 1
    return x


def _traced(tracer: Tracer, row: Row, x: Tensor, group: Sequence[Module]) -> Tensor:
    with tracer.inside(group):
        return row.function(x, *group)


@lru_cache(maxsize=256)
def _rows_at_each_place(types: Types) -> tuple[tuple[Row, ...], ...]:
    """For each place the rows whose types stand there, the longest first."""
    n = len(types)
    return tuple(
        tuple(TABLE[types[start:end]] for end in range(n, start + 1, -1) if types[start:end] in TABLE)
        for start in range(n)
    )


# -- the rows ------------------------------------------------------------------------------------------------

CONVOLUTIONS = (Conv2d, ConvTranspose2d)
RECTIFIERS = (ReLU, LeakyReLU)
Rectifier = ReLU | LeakyReLU


def _slope(rectifier: Rectifier) -> float:
    return rectifier.negative_slope if isinstance(rectifier, LeakyReLU) else 0.0


def _keeps_signs(*layers: Any) -> bool:
    """Whether the last layer's output has the sign of its input: a fused op takes its gradient from that."""
    return _slope(layers[-1]) >= 0


@register(Linear, RECTIFIERS, when=lambda linear, r: linear.bias is not None and _keeps_signs(r))
def _linear(x: Tensor, linear: Linear, rectifier: Rectifier) -> Tensor:
    if x.ndim != 2 or linear.bias is None:
        return rectifier.forward(linear.forward(x))
    linear.check_shape(x)
    return ops.linear(x, linear.weight, linear.bias, slope=_slope(rectifier))


@register((Conv1d, Conv2d), RECTIFIERS, when=_keeps_signs)
def _convolution(x: Tensor, conv: Conv1d | Conv2d, rectifier: Rectifier) -> Tensor:
    x, w = conv._operands(x)
    slope, settings = _slope(rectifier), conv._settings()
    if conv.bias is None:
        y = ops.leaky_relu(ops.conv2d(x, w, **settings), slope=slope)
    else:
        y = ops.conv2d_bias_leaky_relu(x, w, conv.bias, slope=slope, **settings)
    return conv._output(y)


@register((ConvTranspose1d, ConvTranspose2d), RECTIFIERS, when=_keeps_signs)
def _transposed(x: Tensor, conv: ConvTranspose1d | ConvTranspose2d, rectifier: Rectifier) -> Tensor:
    x, w = conv._operands(x)
    y, slope = ops.conv_transpose2d(x, w, **conv._settings()), _slope(rectifier)
    if conv.bias is None:
        y = ops.leaky_relu(y, slope=slope)
    else:
        y = ops.bias_leaky_relu(y, conv.bias, slope=slope)
    return conv._output(y)


@register((BatchNorm1d, BatchNorm2d), RECTIFIERS, when=_keeps_signs)
def _batch_norm(
    x: Tensor,
    norm: BatchNorm1d | BatchNorm2d,
    rectifier: Rectifier | None,
    moments: Array | None = None,
) -> Tensor:
    if rectifier is None:
        return norm.of_batch(x, moments=moments)
    if norm.uses_running:
        norm.check_shape(x)
        return _scaled(x, *norm.scale_and_shift(), _slope(rectifier))
    if norm.weight is None or norm.bias is None:
        return rectifier.forward(norm.of_batch(x, moments=moments))
    return norm.of_batch(x, slope=_slope(rectifier), moments=moments)


def _scaled(x: Tensor, scale: Tensor, shift: Tensor, slope: float) -> Tensor:
    """leaky_relu(x scale + shift) by channels."""
    scaled = x * ops.reshape(scale, (1, -1) + (1,) * (x.ndim - 2))
    return ops.bias_leaky_relu(scaled, shift, slope=slope)


def _takes_batch_norm(
    conv: Conv2d | ConvTranspose2d, norm: BatchNorm2d, rectifier: Rectifier | None = None
) -> bool:
    """Whether the two are quicker together: in evaluation, and on a GPU, whose kernel computes the moments.

    On a CPU batch norm's first pass reads its input from memory, and the second one finds it in the cache.
    """
    if rectifier is not None and not _keeps_signs(rectifier):
        return False
    if norm.uses_running:
        return norm.num_features == conv.out_channels
    return conv.bias is None and conv.weight.device == "cuda"


@register(CONVOLUTIONS, BatchNorm2d, when=_takes_batch_norm)
@register(CONVOLUTIONS, BatchNorm2d, RECTIFIERS, when=_takes_batch_norm)
def _convolution_and_batch_norm(
    x: Tensor, conv: Conv2d | ConvTranspose2d, norm: BatchNorm2d, rectifier: Rectifier | None = None
) -> Tensor:
    if norm.uses_running:
        return _folded(x, conv, norm, IDENTITY if rectifier is None else _slope(rectifier))
    convolve = conv2d_moments if isinstance(conv, Conv2d) else conv_transpose2d_moments
    y = convolve(*conv._operands(x), **conv._settings())
    return _batch_norm(y, norm, rectifier, moments=saved_moments(y))


def _folded(x: Tensor, conv: Conv2d | ConvTranspose2d, norm: BatchNorm2d, slope: float) -> Tensor:
    """The scale times what is smaller, the weights or the outputs; the shift is the convolution's bias.

    On a CPU a replay scales the outputs of a transposed convolution while they are made.
    """
    scale, shift = norm.scale_and_shift()
    shift = shift if conv.bias is None else conv.bias * scale + shift
    x, w = conv._operands(x)
    settings, parts = conv._settings(), conv.groups
    if x.size < w.size or (isinstance(conv, ConvTranspose2d) and x.device == "cpu"):
        convolve = ops.conv2d if isinstance(conv, Conv2d) else ops.conv_transpose2d
        return _scaled(convolve(x, w, **settings), scale, shift, slope)
    if isinstance(conv, Conv2d):
        w = w * ops.reshape(scale, (-1, 1, 1, 1))
        return ops.conv2d_bias_leaky_relu(x, w, shift, slope=slope, **settings)
    c, o, kh, kw = w.shape
    by_group = ops.reshape(w, (parts, c // parts, o, kh, kw)) * ops.reshape(scale, (parts, 1, o, 1, 1))
    y = ops.conv_transpose2d(x, ops.reshape(by_group, w.shape), **settings)
    return ops.bias_leaky_relu(y, shift, slope=slope)
