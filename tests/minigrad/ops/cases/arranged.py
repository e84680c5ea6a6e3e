"""Samples for ops that rearrange, reduce and round."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad import Tensor, ops
from tests.minigrad.ops.cases.samples import Sample, alike, reduced
from tests.minigrad.ops.cases.values import Array, Values, anything, fill, generator, off_zero

SUBSCRIPTS = {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij,jk": [(0, 3), (3, 2)],
    "nij,nkj->nik": [(2, 2, 3), (2, 4, 3)],
    "i,j,ij->": [(2,), (3,), (2, 3)],
    "iji->j": [(3, 2, 3)],
    "...ii->...i": [(2, 3, 3)],
    "...ij,...jk->...ik": [(2, 1, 2, 3), (3, 3, 2)],
    "nchw,oc->nohw": [(2, 3, 1, 2), (2, 3)],
    "ab,cd->dacb": [(2, 1), (1, 3)],
    "ij->ji": [(2, 3)],
    "ij,kj->i": [(2, 3), (2, 3)],
}


@st.composite
def summed_products(draw: st.DrawFn) -> Sample:
    subscripts = draw(st.sampled_from(sorted(SUBSCRIPTS)))
    rng = generator(draw)
    return Sample([fill(rng, s, anything) for s in SUBSCRIPTS[subscripts]], {"subscripts": subscripts})


def einsum(*operands: Any, subscripts: str) -> Any:
    if isinstance(operands[0], Tensor):
        return ops.einsum(subscripts, *operands)
    return np.einsum(subscripts, *operands)


def backwards(pieces: Any, axis: int) -> Any:
    """The pieces in the opposite order, as one."""
    if isinstance(pieces[0], Tensor):
        return ops.concatenate(pieces[::-1], axis)
    return np.concatenate(pieces[::-1], axis)


def split(x: Any, *, size: Any, axis: int) -> Any:
    if isinstance(x, Tensor):
        return backwards(ops.split(x, size, axis), axis)
    ends = np.cumsum(size)[:-1] if isinstance(size, list) else range(size, x.shape[axis], size)
    return backwards(np.split(x, list(ends), axis), axis)


def chunk(x: Any, *, chunks: int, axis: int) -> Any:
    if isinstance(x, Tensor):
        return backwards(ops.chunk(x, chunks, axis), axis)
    return split(x, size=max(1, -(-x.shape[axis] // chunks)), axis=axis)


@st.composite
def cut(draw: st.DrawFn, *, chunks: bool = False) -> Sample:
    sample = draw(alike(anything, dims=1))
    shape = sample.arrays[0].shape
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    if chunks:
        return Sample(sample.arrays, {"chunks": draw(st.integers(1, 4)), "axis": axis})
    first = draw(st.integers(0, shape[axis]))
    sizes: list[Any] = [draw(st.integers(1, 4)), [first, 0, shape[axis] - first]]
    return Sample(sample.arrays, {"size": draw(st.sampled_from(sizes)), "axis": axis})


@st.composite
def on_axes(draw: st.DrawFn, values: Values = anything, *, none: bool = True, dims: int = 0) -> Sample:
    """An array, and one of its axes, several, or None."""
    sample = draw(alike(values, dims=dims))
    ndim = sample.arrays[0].ndim
    axes: list[Any] = [None, *range(-ndim, ndim), *(((0, -1),) if ndim > 1 and none else ())]
    return Sample(sample.arrays, {"axis": draw(st.sampled_from(axes))})


@st.composite
def rolled(draw: st.DrawFn) -> Sample:
    sample = draw(on_axes())
    shift: Any = st.integers(-5, 5)
    axis = sample.params["axis"]
    return Sample(
        sample.arrays,
        {"shift": draw(st.tuples(shift, shift) if isinstance(axis, tuple) else shift), "axis": axis},
    )


@st.composite
def repeated(draw: st.DrawFn) -> Sample:
    sample = draw(on_axes(dims=1).filter(lambda sample: not isinstance(sample.params["axis"], tuple)))
    return Sample(sample.arrays, {"repeats": draw(st.integers(0, 3)), **sample.params})


@st.composite
def positions(draw: st.DrawFn, values: Values) -> Sample:
    sample = draw(
        reduced(values, least=1).filter(lambda sample: not isinstance(sample.params["axis"], tuple))
    )
    return Sample(sample.arrays, sample.params)


@st.composite
def deviations(draw: st.DrawFn) -> Sample:
    """Arrays with a spread along every axis."""
    shape = draw(st.sampled_from([(3,), (2, 3), (4, 1, 2)]))
    x = np.arange(np.prod(shape)).reshape(shape) * 0.5 + fill(generator(draw), shape, anything) * 0.125
    axes: list[Any] = [None, *(i for i, n in enumerate(shape) if n > 1), (0, -1) if len(shape) > 1 else 0]
    correction = draw(st.sampled_from([0, 1]))
    return Sample(
        [x.astype(np.float32).astype(np.float64)],
        {"axis": draw(st.sampled_from(axes)), "keepdims": draw(st.booleans()), "correction": correction},
    )


def std(x: Array, *, correction: int, **where: Any) -> Any:
    return np.std(x, ddof=correction, **where)


@st.composite
def normed(draw: st.DrawFn) -> Sample:
    sample = draw(reduced(off_zero, least=1))
    return Sample(sample.arrays, {**sample.params, "ord": draw(st.sampled_from([1, 2, 3, 2.5, -1]))})


def vector_norm(x: Array, *, ord: float, axis: Any, keepdims: bool) -> Any:
    return (np.abs(x) ** ord).sum(axis=axis, keepdims=keepdims) ** (1 / ord)


@st.composite
def triangles(draw: st.DrawFn) -> Sample:
    sample = draw(alike(anything, dims=2))
    return Sample(sample.arrays, {"k": draw(st.integers(-2, 2))})


@st.composite
def tiled(draw: st.DrawFn) -> Sample:
    few = st.integers(0, 2)
    reps = draw(st.one_of(few, st.lists(few, max_size=3).map(tuple)))
    return Sample(draw(alike(anything)).arrays, {"reps": reps})


@st.composite
def pixels(draw: st.DrawFn, *, shuffled: bool) -> Sample:
    r, c, h, w = (draw(st.integers(1, 3)) for _ in range(4))
    batch = draw(st.sampled_from([(), (0,), (2,)]))
    shape = (*batch, c, h * r, w * r) if shuffled else (*batch, c * r * r, h, w)
    x = fill(generator(draw), shape, anything)
    return Sample([x], {"downscale_factor" if shuffled else "upscale_factor": r})


def pixel_shuffle(x: Array, *, upscale_factor: int) -> Array:
    r = upscale_factor
    *batch, c, h, w = x.shape
    y = np.zeros((*batch, c // r**2, h * r, w * r))
    for i, j in np.ndindex(r, r):
        y[..., i::r, j::r] = x[..., i * r + j :: r * r, :, :]
    return y


def pixel_unshuffle(x: Array, *, downscale_factor: int) -> Array:
    r = downscale_factor
    *batch, c, h, w = x.shape
    y = np.zeros((*batch, c * r * r, h // r, w // r))
    for i, j in np.ndindex(r, r):
        y[..., i * r + j :: r * r, :, :] = x[..., i::r, j::r]
    return y
