"""The three faces of the convolution in float32, as products by tiles of a pipeline."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minigrad.kernels import Pair
from minigrad.kernels.cuda.norm.moments import add_shares_moments, empty_moments
from minigrad.kernels.cuda.product.planning import (
    LARGEST,
    SHARES,
    Plan,
    add_shares,
    parts_of,
    plan,
    serves,
    sources,
)
from minigrad.kernels.cuda.runtime.arrays import Array, blocks_for, contiguous, xp_of

NAME = "conv/pipelined.cu"
SOURCES = sources(NAME)

Geometry = tuple[Pair, Pair, Pair]
"""stride, padding, dilation"""


def fits(large: Array, small: Array, w: Array, geometry: Geometry) -> bool:
    """Whether conv2d(large, w) = small, or one of its adjoints, may be computed here."""
    walked = zip(large.shape[2:], w.shape[2:], *geometry, strict=True)
    reach = math.prod(size + 2 * p + d * k + s for size, k, s, p, d in walked)
    return serves(large, small, w) and max(reach, w.size * math.prod(geometry[0])) <= LARGEST


def conv2d(
    x: Array, w: Array, b: Array | None, slope: float, y: Array, geometry: Geometry, groups: int
) -> None:
    """y = conv2d(x, w), or leaky_relu(conv2d(x, w) + b)."""
    product = _product(x, w, y, geometry, groups)
    parts = parts_of(y, product.plan.shares)
    _into_parts("conv2d", product, parts, b, slope)
    add_shares(parts, y, b, slope)


def conv2d_moments(
    x: Array, w: Array, y: Array, geometry: Geometry, groups: int, moments: Array | None
) -> Array:
    """y = conv2d(x, w), and its moments, in ``moments`` if given."""
    return _with_moments("conv2d", _product(x, w, y, geometry, groups), y, moments)


def conv_transpose2d(x: Array, w: Array, y: Array, geometry: Geometry, groups: int) -> None:
    """y = conv_transpose2d(x, w) of y's size."""
    product = _transposed_product(x, w, y, geometry, groups)
    parts = parts_of(y, product.plan.shares)
    _into_parts("conv_transpose2d", product, parts, None, 1)
    add_shares(parts, y, None, 1)


def conv_transpose2d_moments(
    x: Array, w: Array, y: Array, geometry: Geometry, groups: int, moments: Array | None
) -> Array:
    """y = conv_transpose2d(x, w) of y's size, and its moments, in ``moments`` if given."""
    product = _transposed_product(x, w, y, geometry, groups)
    return _with_moments("conv_transpose2d", product, y, moments)


def conv2d_weight(x: Array, g: Array, gw: Array, geometry: Geometry, groups: int) -> None:
    """gw = conv2d_weight(x, g) of gw's size."""
    (n, o, oh, ow), (c, kh, kw) = g.shape, gw.shape[1:]
    chosen = plan(NAME, o // groups, c * kh * kw, n * oh * ow, groups)
    parts = parts_of(gw, chosen.shares)
    sizes = _int32(n, groups, c, o // groups, *x.shape[2:], kh, kw, oh, ow)
    arrays = contiguous(x), contiguous(g), parts, np.int32(chosen.shares)
    chosen.source.launch("conv2d_weight", gw.dtype, chosen.blocks, *arrays, *sizes, *_flat(geometry))
    add_shares(parts, gw, None, 1)


class _Product(NamedTuple):
    """A launch that is to come: its plan, operands and sizes, and the pieces of a row of its results."""

    plan: Plan
    operands: tuple[Array, Array]
    sizes: tuple[np.int32, ...]
    pieces: int


def _product(x: Array, w: Array, y: Array, geometry: Geometry, groups: int) -> _Product:
    (n, o, oh, ow), (c, kh, kw) = y.shape, w.shape[1:]
    columns = n * oh * ow
    chosen = plan(NAME, o // groups, columns, c * kh * kw, groups)
    sizes = _int32(n, groups, c, o // groups, *x.shape[2:], kh, kw, oh, ow) + _flat(geometry)
    return _Product(chosen, (contiguous(x), contiguous(w)), sizes, chosen.pieces(columns))


def _transposed_product(x: Array, w: Array, y: Array, geometry: Geometry, groups: int) -> _Product:
    (n, _, oh, ow), (o, kh, kw), stride = y.shape, w.shape[1:], geometry[0]
    c = x.shape[1] // groups
    hops = [s // math.gcd(s, d) for s, d in zip(stride, geometry[2], strict=True)]
    most = math.prod(-(-k // hop) for k, hop in zip((kh, kw), hops, strict=True))
    phases = math.prod(stride)
    rows = xp_of(x).empty(groups * phases * o * c * most, x.dtype)
    numbers = _flat(geometry) + _int32(*hops, most)
    taps = contiguous(w), rows, *_int32(groups, c, o, kh, kw), *numbers, np.int32(rows.size)
    SHARES.launch("arrange_taps", x.dtype, blocks_for(rows.size), *taps)
    columns = n * math.prod(-(-a // s) for a, s in zip((oh, ow), stride, strict=True))
    chosen = plan(NAME, o, columns, c * most, groups * phases)
    sizes = _int32(n, groups, c, o, *x.shape[2:], kh, kw, oh, ow) + numbers
    return _Product(chosen, (contiguous(x), rows), sizes, phases * chosen.pieces(columns))


def _into_parts(name: str, product: _Product, parts: Array, b: Array | None, slope: float) -> None:
    """Launch what computes the shares of a result."""
    chosen = product.plan
    epilogue = _epilogue(b, slope, product.operands[1], chosen.shares)
    arrays = *product.operands, *epilogue, parts, np.int32(chosen.shares)
    chosen.source.launch(name, parts.dtype, chosen.blocks, *arrays, *product.sizes)


def _with_moments(name: str, product: _Product, y: Array, moments: Array | None) -> Array:
    """Fill y, and return its moments: the product's own, or those of the pass that adds its shares."""
    chosen = product.plan
    if chosen.shares > 1:
        parts = parts_of(y, chosen.shares)
        _into_parts(name, product, parts, None, 1)
        return add_shares_moments(f"{name}_moments", parts, y, moments)
    moments = empty_moments(f"{name}_moments", moments, product.pieces, y)
    arrays = *product.operands, y, moments, np.int32(product.pieces)
    chosen.source.launch(f"{name}_moments", y.dtype, chosen.blocks, *arrays, *product.sizes)
    return moments


def _epilogue(
    b: Array | None, slope: float, unused: Array, shares: int
) -> tuple[Array, np.float32, np.int32]:
    """The kernels' arguments b, slope, biased: several shares get their bias when they are added."""
    if b is None or shares > 1:
        return contiguous(unused), np.float32(1), np.int32(0)
    return contiguous(b), np.float32(slope), np.int32(1)


def _flat(geometry: Geometry) -> tuple[np.int32, ...]:
    return _int32(*(number for pair in geometry for number in pair))


def _int32(*numbers: int) -> tuple[np.int32, ...]:
    return tuple(np.int32(number) for number in numbers)
