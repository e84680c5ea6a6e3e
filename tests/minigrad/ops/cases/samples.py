"""Arrays and parameters to try a function on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad import Tensor
from tests.minigrad.ops.cases import plain
from tests.minigrad.ops.cases.values import (
    Array,
    Values,
    anything,
    between_halves,
    fill,
    generator,
    halves,
    off_zero,
    wholes,
)

SIGN = st.sampled_from([1, -1])
SLOPE = st.sampled_from([0.0, 0.01, 0.2, 1.0])


@dataclass(frozen=True)
class Sample:
    """Arrays for a function's positional arguments, exact in float32, and its static parameters."""

    arrays: list[Array]
    params: dict[str, Any] = field(default_factory=dict)


def _shapes(least: int = 0, *, dims: int = 0, most: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return hnp.array_shapes(min_dims=dims, max_dims=most, min_side=least, max_side=4)


@st.composite
def elementwise(
    draw: st.DrawFn, /, *values: Values, least: int = 0, **params: st.SearchStrategy[Any]
) -> Sample:
    """Arrays that broadcast with each other, one for each of ``values``."""
    shapes = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=len(values), min_side=least, max_side=3, max_dims=3)
    ).input_shapes
    rng = generator(draw)
    arrays = [fill(rng, shape, v) for shape, v in zip(shapes, values, strict=True)]
    return Sample(arrays, {name: draw(s) for name, s in params.items()})


@st.composite
def to_an_integer(draw: st.DrawFn) -> Sample:
    sample: Sample = draw(elementwise(off_zero))
    return Sample([*sample.arrays, np.array(draw(st.integers(-2, 3)))])


@st.composite
def with_target(draw: st.DrawFn, *values: Values) -> Sample:
    """x, and a target that broadcasts to it."""
    shape, rng = draw(_shapes(1)), generator(draw)
    target = tuple(draw(st.sampled_from([1, size])) for size in shape)[draw(st.integers(0, len(shape))) :]
    return Sample([fill(rng, s, v) for s, v in zip((shape, target), values, strict=True)])


@st.composite
def alike(
    draw: st.DrawFn, /, *values: Values, least: int = 0, dims: int = 0, **params: st.SearchStrategy[Any]
) -> Sample:
    """Arrays of one shape, one for each of ``values``."""
    shape, rng = draw(_shapes(least, dims=dims)), generator(draw)
    return Sample([fill(rng, shape, v) for v in values], {name: draw(s) for name, s in params.items()})


@st.composite
def from_one(draw: st.DrawFn, /, values: Values, **settings: Any) -> Sample:
    """A single number and an array."""
    sample = draw(alike(values, **settings))
    return Sample([fill(generator(draw), (), values), *sample.arrays], sample.params)


@st.composite
def reduced(draw: st.DrawFn, values: Values, *, least: int = 0) -> Sample:
    x = fill(generator(draw), draw(_shapes(least)), values)
    axes: list[Any] = [None, (), tuple(range(x.ndim)), *range(-x.ndim, x.ndim), *((0, -1),) * (x.ndim > 1)]
    return Sample([x], {"axis": draw(st.sampled_from(axes)), "keepdims": draw(st.booleans())})


@st.composite
def along_axis(draw: st.DrawFn, values: Values, *, dims: int = 1) -> Sample:
    x = fill(generator(draw), draw(_shapes(1, dims=dims)), values)
    return Sample([x], {"axis": draw(st.integers(-x.ndim, x.ndim - 1))})


@st.composite
def reshaped(draw: st.DrawFn) -> Sample:
    x = fill(generator(draw), draw(_shapes()), anything)
    shapes: list[Any] = [x.shape[::-1], (1, *x.shape), (*x.shape, 1), x.size, (x.size, 1), list(x.shape)]
    shapes += [-1, (-1, 1), (1, -1)] if x.size else []
    return Sample([x], {"shape": draw(st.sampled_from(shapes))})


@st.composite
def permuted(draw: st.DrawFn) -> Sample:
    x = fill(generator(draw), draw(_shapes()), anything)
    axes = draw(st.permutations(range(x.ndim)))
    signed = [a - x.ndim if draw(st.booleans()) else a for a in axes]
    return Sample([x], {"axes": draw(st.sampled_from([None, signed, tuple(axes)]))})


@st.composite
def broadcast(draw: st.DrawFn, *, up: bool) -> Sample:
    """A shape and one that broadcasts to it: x has the smaller one if ``up``, the larger one if not."""
    large = draw(_shapes())
    small = tuple(draw(st.sampled_from([1, size])) for size in large)[draw(st.integers(0, len(large))) :]
    source, target = (small, large) if up else (large, small)
    return Sample([fill(generator(draw), source, anything)], {"shape": target})


def _indices(shape: tuple[int, ...], rng: np.random.Generator) -> list[Any]:
    n = shape[0]
    positions = rng.integers(-n, n, 3)
    return [
        *(
            0,
            -1,
            np.int64(0),
            slice(None),
            slice(None, None, -1),
            slice(1, None, 2),
            slice(0),
            ...,
            None,
            True,
        ),
        *(
            (..., 0),
            (None, slice(0, 2)),
            (slice(None, None, 2), None),
            positions,
            list(positions),
            [],
            [0, 0, 0],
        ),
        *((positions,), (..., positions % shape[-1]), rng.integers(0, n, (2, 2)), np.array(n - 1)),
        *(rng.integers(0, 2, n).astype(bool), rng.integers(0, 2, shape).astype(bool)),
        Tensor(positions),
    ]


@st.composite
def indexed(draw: st.DrawFn) -> Sample:
    rng = generator(draw)
    x = fill(rng, draw(_shapes(1, dims=1)), anything)
    return Sample([x], {"index": draw(st.sampled_from(_indices(x.shape, rng)))})


@st.composite
def scattered(draw: st.DrawFn) -> Sample:
    rng, shape = generator(draw), draw(_shapes(1, dims=1))
    index = draw(st.sampled_from(_indices(shape, rng)))
    x = fill(rng, np.zeros(shape)[plain.as_index(index)].shape, anything)
    return Sample([x], {"index": index, "shape": shape})


@st.composite
def padded(draw: st.DrawFn, **params: st.SearchStrategy[Any]) -> Sample:
    x = fill(generator(draw), draw(_shapes(dims=1)), anything)
    width = st.integers(0, 2)
    pairs = st.tuples(*[st.tuples(width, width)] * x.ndim)
    pad_width = draw(st.one_of(width, st.tuples(width, width), pairs))
    return Sample([x], {"pad_width": pad_width, **{name: draw(s) for name, s in params.items()}})


@st.composite
def joined(draw: st.DrawFn) -> Sample:
    """One to three arrays that differ in length along the axis at most."""
    rng, shape = generator(draw), draw(_shapes(dims=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    at = axis % len(shape)
    arrays = [fill(rng, (*shape[:at], length, *shape[at + 1 :]), anything) for length in lengths]
    return Sample(arrays, {"axis": axis})


@st.composite
def stacked(draw: st.DrawFn) -> Sample:
    rng, shape = generator(draw), draw(_shapes(most=2))
    arrays = [fill(rng, shape, anything) for _ in range(draw(st.integers(1, 3)))]
    return Sample(arrays, {"axis": draw(st.integers(-len(shape) - 1, len(shape)))})


@st.composite
def new_axis(draw: st.DrawFn) -> Sample:
    x = fill(generator(draw), draw(_shapes()), anything)
    return Sample([x], {"axis": draw(st.integers(-x.ndim - 1, x.ndim))})


@st.composite
def spare_axis(draw: st.DrawFn) -> Sample:
    shape = draw(_shapes(most=2))
    at = draw(st.integers(0, len(shape)))
    x = fill(generator(draw), (*shape[:at], 1, *shape[at:]), anything)
    return Sample([x], {"axis": draw(st.sampled_from([at, at - x.ndim]))})


@st.composite
def two_axes(draw: st.DrawFn) -> Sample:
    x = fill(generator(draw), draw(_shapes(dims=1)), anything)
    axis = st.integers(-x.ndim, x.ndim - 1)
    return Sample([x], {"axis1": draw(axis), "axis2": draw(axis)})


@st.composite
def matrices(draw: st.DrawFn) -> Sample:
    side = st.integers(0, 3)
    n, k, m = draw(side), draw(side), draw(side)
    batch = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=2, max_dims=2))
    left, right = batch.input_shapes
    x_shape = draw(st.sampled_from([(k,), (*left, n, k)]))
    y_shape = draw(st.sampled_from([(k,), (*right, k, m)]))
    rng = generator(draw)
    return Sample([fill(rng, x_shape, anything), fill(rng, y_shape, anything)])


@st.composite
def biased(draw: st.DrawFn) -> Sample:
    """(n, c, ...) and a bias, whose sum stays away from 0."""
    shape, rng = draw(_shapes(1, dims=2)), generator(draw)
    arrays = [fill(rng, shape, halves), fill(rng, shape[1:2], between_halves)]
    return Sample(arrays, {"slope": draw(SLOPE)})


@st.composite
def affine(draw: st.DrawFn) -> Sample:
    """x (n, i), w (o, i) and b (o,), whose layer stays away from 0."""
    n, i, o = draw(st.integers(0, 4)), draw(st.integers(0, 4)), draw(st.integers(1, 4))
    rng = generator(draw)
    arrays = [fill(rng, (n, i), halves), fill(rng, (o, i), wholes), fill(rng, (o,), between_halves)]
    return Sample(arrays, {"slope": draw(SLOPE)})


@st.composite
def channels(draw: st.DrawFn, /, *values: Values) -> Sample:
    """(n, c, ...) arrays of one shape with several elements per channel."""
    spatial = draw(st.sampled_from([(), (2,), (2, 3)]))
    shape = (draw(st.integers(2, 4)), draw(st.integers(1, 3)), *spatial)
    rng = generator(draw)
    eps = draw(st.sampled_from([0.1, 1e-2]))
    return Sample([fill(rng, shape, v) for v in values], {"eps": eps})


@st.composite
def normalised(draw: st.DrawFn, /, *values: Values) -> Sample:
    """``values``, and x, weight and bias of a batch norm whose results stay away from the kink at 0."""
    sample = draw(channels(*values, anything))
    rng, (*others, x) = generator(draw), sample.arrays
    weight = fill(rng, x.shape[1:2], off_zero)
    bias = _bias_off_zero(plain.standardize(x, **sample.params) * plain.along_channels(weight, x))
    return Sample([*others, x, weight, bias], {**sample.params, "slope": draw(SLOPE)})


def _bias_off_zero(x: Array) -> Array:
    """A number for each channel which keeps its elements away from 0."""
    offsets = np.linspace(-1, 1, 41)
    away = np.abs(x[..., None] + offsets).min(axis=tuple(i for i in range(x.ndim) if i != 1))
    return offsets[away.argmax(axis=1)].astype(np.float32).astype(np.float64)


@st.composite
def labelled(draw: st.DrawFn) -> Sample:
    n, k, rng = draw(st.integers(1, 4)), draw(st.integers(1, 4)), generator(draw)
    labels = rng.integers(0, k, n).astype(draw(st.sampled_from(["int64", "int32", "uint8"])))
    return Sample([fill(rng, (n, k), anything), labels])


@dataclass(frozen=True)
class Geometry:
    """One convolution: the shapes of its input, output and weight, and its settings."""

    x: tuple[int, ...]
    y: tuple[int, ...]
    w: tuple[int, ...]
    settings: dict[str, Any]
    spare: tuple[int, int]


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    """Settings as ints or pairs; ``spare`` is how much of the input lies beyond the kernel's last place."""
    few = st.integers(1, 2)
    n, groups = draw(st.integers(0, 2)), draw(few)
    c, o = groups * draw(few), groups * draw(few)
    x, y, w, spare, settings = [], [], [], [], []
    for _ in range(2):
        k, s, d, out = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(few), draw(st.integers(1, 3))
        extra = draw(st.integers(0, s - 1))
        reach = (out - 1) * s + d * (k - 1) + 1 + extra
        p = draw(st.integers(0, min(2, (reach - 1) // 2)))
        x.append(reach - 2 * p)
        y.append(out)
        w.append(k)
        spare.append(extra)
        settings.append((s, p, d))
    named: dict[str, Any] = dict(
        zip(("stride", "padding", "dilation"), zip(*settings, strict=True), strict=True)
    )
    named = {
        name: pair[0] if pair[0] == pair[1] and draw(st.booleans()) else pair for name, pair in named.items()
    }
    shapes = (n, c, *x), (n, o, *y), (o, c // groups, *w)
    return Geometry(*shapes, {**named, "groups": groups}, (spare[0], spare[1]))


@st.composite
def convolved(draw: st.DrawFn) -> Sample:
    geometry, rng = draw(geometries()), generator(draw)
    return Sample([fill(rng, geometry.x, anything), fill(rng, geometry.w, anything)], geometry.settings)


@st.composite
def convolved_with_bias(draw: st.DrawFn) -> Sample:
    """x, w and b (o,), whose layer stays away from 0."""
    geometry, rng = draw(geometries()), generator(draw)
    x, w = fill(rng, geometry.x, halves), fill(rng, geometry.w, wholes)
    b = fill(rng, geometry.w[:1], between_halves)
    return Sample([x, w, b], {**geometry.settings, "slope": draw(SLOPE)})


@st.composite
def transposed(draw: st.DrawFn) -> Sample:
    geometry, rng = draw(geometries()), generator(draw)
    settings = {**geometry.settings, "output_padding": geometry.spare}
    return Sample([fill(rng, geometry.y, anything), fill(rng, geometry.w, anything)], settings)


@st.composite
def convolved_somewhere(draw: st.DrawFn) -> Sample:
    """At least one image's, and an eps."""
    sample = draw(convolved().filter(lambda sample: len(sample.arrays[0]) > 0))
    return Sample(sample.arrays, {**sample.params, "eps": draw(st.sampled_from([0.1, 1]))})


@st.composite
def normalised_behind(draw: st.DrawFn, convolution: st.SearchStrategy[Sample], define: Any) -> Sample:
    """A convolution's operands, weight and bias of the batch norm behind it, away from the kink at 0."""
    sample = draw(convolution.filter(lambda sample: len(sample.arrays[0]) > 0))
    y, rng, norm = (
        define(*sample.arrays, **sample.params),
        generator(draw),
        {"eps": draw(st.sampled_from([0.1, 1]))},
    )
    weight = fill(rng, y.shape[1:2], off_zero)
    bias = _bias_off_zero(plain.standardize(y, **norm) * plain.along_channels(weight, y))
    return Sample(
        [*sample.arrays, weight, bias], {"settings": sample.params, "norm": {**norm, "slope": draw(SLOPE)}}
    )


@st.composite
def weighed(draw: st.DrawFn) -> Sample:
    """g may leave out the last places that the kernel could take."""
    geometry, rng = draw(geometries()), generator(draw)
    size = tuple(draw(st.integers(1, most)) for most in geometry.y[2:])
    arrays = [fill(rng, geometry.x, anything), fill(rng, (*geometry.y[:2], *size), anything)]
    return Sample(arrays, {**geometry.settings, "kernel": geometry.w[2:]})
