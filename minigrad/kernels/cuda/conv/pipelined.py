"""Convolutions in float32, as products by the pipelined tile."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minigrad.kernels.cuda.conv.arrays import Convolution, Numbers, hops_of, int32s, numbers_of
from minigrad.kernels.cuda.norm.moments import add_shares_moments, empty_moments
from minigrad.kernels.cuda.product.planning import LARGEST, Plan, plan, serves, sources
from minigrad.kernels.cuda.product.shares import add_shares, parts_of
from minigrad.kernels.cuda.runtime.arrays import blocks_for, contiguous, xp_of
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array

NAME = "conv/pipelined.cu"
SOURCES = sources(NAME)
TAPS = Source("conv/taps.cu")


def fits(case: Convolution) -> bool:
    """Whether the pipelined tile serves the arrays, and all offsets of a walk over them have 32 bits."""
    large, w, small, (stride, padding, dilation, _) = case
    walked = zip(large.shape[2:], w.shape[2:], stride, padding, dilation, strict=True)
    reach = math.prod(size + 2 * p + d * k + s for size, k, s, p, d in walked)
    return serves(large, small, w) and max(reach, w.size * math.prod(stride)) <= LARGEST


def conv2d(case: Convolution, b: Array | None, slope: float) -> None:
    """small = conv2d(large, w), or leaky_relu(conv2d(large, w) + b)."""
    product = _product(case)
    parts = parts_of(case.small, product.plan.shares)
    _into_parts("conv2d", product, parts, b, slope)
    add_shares(parts, case.small, b, slope)


def conv2d_moments(case: Convolution, moments: Array | None) -> Array:
    """small = conv2d(large, w), and its moments, in ``moments`` if given."""
    return _with_moments("conv2d", _product(case), case.small, moments)


def conv_transpose2d(case: Convolution) -> None:
    """large = conv_transpose2d(small, w)."""
    product = _transposed_product(case)
    parts = parts_of(case.large, product.plan.shares)
    _into_parts("conv_transpose2d", product, parts, None, 1)
    add_shares(parts, case.large, None, 1)


def conv_transpose2d_moments(case: Convolution, moments: Array | None) -> Array:
    """large = conv_transpose2d(small, w), and its moments, in ``moments`` if given."""
    return _with_moments("conv_transpose2d", _transposed_product(case), case.large, moments)


def conv2d_weight(case: Convolution) -> None:
    """w = conv2d_weight(large, small)."""
    x, gw, g, geometry = case
    places = len(g) * math.prod(g.shape[2:])
    rows, columns = len(gw) // geometry.groups, math.prod(gw.shape[1:])
    chosen = plan(NAME, rows, columns, places, geometry.groups)
    parts = parts_of(gw, chosen.shares)
    arrays = contiguous(x), contiguous(g), parts, np.int32(chosen.shares)
    numbers = *case.sizes, *numbers_of(geometry)
    chosen.source.launch("conv2d_weight", gw.dtype, chosen.blocks, *arrays, *numbers)
    add_shares(parts, gw, None, 1)


class _Product(NamedTuple):
    """A launch to come: its plan, operands and numbers, and the pieces of a row of its results."""

    plan: Plan
    operands: tuple[Array, Array]
    numbers: Numbers
    pieces: int


def _product(case: Convolution) -> _Product:
    x, w, y, geometry = case
    columns, depth = len(y) * math.prod(y.shape[2:]), math.prod(w.shape[1:])
    chosen = plan(NAME, len(w) // geometry.groups, columns, depth, geometry.groups)
    numbers = *case.sizes, *numbers_of(geometry)
    return _Product(chosen, (contiguous(x), contiguous(w)), numbers, chosen.pieces(columns))


def _transposed_product(case: Convolution) -> _Product:
    """Of the phases, each with the weights of its taps side by side."""
    y, w, x, geometry = case
    (channels, o, kh, kw), groups, phases = w.shape, geometry.groups, math.prod(geometry.stride)
    c = channels // groups
    most = math.prod(-(-k // hop) for k, hop in zip((kh, kw), hops_of(geometry), strict=True))
    rows = xp_of(x).empty(groups * phases * o * c * most, x.dtype)
    numbers = *numbers_of(geometry), *int32s(*hops_of(geometry), most)
    taps = contiguous(w), rows, *int32s(groups, c, o, kh, kw), *numbers, np.int32(rows.size)
    TAPS.launch("arrange_taps", x.dtype, blocks_for(rows.size), *taps)
    columns = len(y) * math.prod(-(-a // s) for a, s in zip(y.shape[2:], geometry.stride, strict=True))
    chosen = plan(NAME, o, columns, c * most, groups * phases)
    numbers = *case.adjoint_sizes, *numbers
    return _Product(chosen, (contiguous(x), rows), numbers, phases * chosen.pieces(columns))


def _into_parts(name: str, product: _Product, parts: Array, b: Array | None, slope: float) -> None:
    """Launch the kernel that computes the shares of a result."""
    chosen = product.plan
    epilogue = _epilogue(b, slope, product.operands[1], chosen.shares)
    arrays = *product.operands, *epilogue, parts, np.int32(chosen.shares)
    chosen.source.launch(name, parts.dtype, chosen.blocks, *arrays, *product.numbers)


def _with_moments(name: str, product: _Product, y: Array, moments: Array | None) -> Array:
    """Fill y, and return its moments: from the product's launch, or from the one that adds its shares."""
    chosen, name_of_both = product.plan, f"{name}_moments"
    if chosen.shares > 1:
        parts = parts_of(y, chosen.shares)
        _into_parts(name, product, parts, None, 1)
        return add_shares_moments(name_of_both, parts, y, moments)
    moments = empty_moments(name_of_both, moments, product.pieces, y)
    arrays = *product.operands, y, moments, np.int32(product.pieces)
    chosen.source.launch(name_of_both, y.dtype, chosen.blocks, *arrays, *product.numbers)
    return moments


def _epilogue(
    b: Array | None, slope: float, unused: Array, shares: int
) -> tuple[Array, np.float32, np.int32]:
    """The kernels' arguments b, slope, biased. If there are shares, the bias follows their sum."""
    if b is None or shares > 1:
        return contiguous(unused), np.float32(1), np.int32(0)
    return contiguous(b), np.float32(slope), np.int32(1)
