"""A case for every function of minigrad.ops: inputs to try it on, and what it means in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from minigrad import Tensor, ops

Array = NDArray[Any]


@dataclass(frozen=True)
class Sample:
    """Arrays for a function's positional arguments, exact in float32, and its static parameters."""

    arrays: list[Array]
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """`function` of minigrad.ops equals `definition` on all samples; `sequence`: it takes a list.

    Where it is called with what another op made, `through` calls both.
    """

    function: str
    definition: Callable[..., Any]
    samples: st.SearchStrategy[Sample]
    sequence: bool = False
    variant: str = ""
    through: Callable[..., Tensor] | None = None

    def __str__(self) -> str:
        return f"{self.function} {self.variant}".strip()

    def call(self, tensors: Sequence[Tensor], **params: Any) -> Tensor:
        function = self.through or getattr(ops, self.function)
        y: Tensor = function(tensors, **params) if self.sequence else function(*tensors, **params)
        return y

    def expected(self, arrays: Sequence[Array], **params: Any) -> Array:
        return np.asarray(
            self.definition(arrays, **params) if self.sequence else self.definition(*arrays, **params)
        )


HOST_KERNELS = ("cpu", "reference")  # that take NumPy arrays anywhere; tests/device has "cuda", emulated

SIGN = st.sampled_from([1, -1])
SLOPE = st.sampled_from([0.0, 0.01, 0.2, 1.0])

# -- values, off the kinks of the functions they are for -------------------------------------------

Values = Callable[[np.random.Generator, tuple[int, ...]], Array]


def _any(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(-2, 2, shape)


def _positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(0.5, 2, shape)


def _off_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.uniform(0.3, 2, shape) * rng.choice([-1, 1], shape))


def _distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    size = int(np.prod(shape))
    return np.asarray((rng.permutation(size).reshape(shape) - size / 2) * 0.125)


def _halves(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.integers(-3, 4, shape) * 0.5


def _wholes(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.integers(-2, 3, shape) * 1.0


def _between_halves(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return _halves(rng, shape) + 0.25


def _probability(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(0, 1, shape)


def _bools(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.integers(0, 2, shape), bool)


def _rng(draw: st.DrawFn) -> np.random.Generator:
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


def _fill(rng: np.random.Generator, shape: tuple[int, ...], values: Values) -> Array:
    array = np.asarray(values(rng, shape))
    return array if array.dtype == bool else array.astype(np.float32).astype(np.float64)


# -- shapes and parameters -------------------------------------------------------------------------


def _shapes(least: int = 0, *, dims: int = 0, most: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return hnp.array_shapes(min_dims=dims, max_dims=most, min_side=least, max_side=4)


@st.composite
def elementwise(
    draw: st.DrawFn, /, *values: Values, least: int = 0, **params: st.SearchStrategy[Any]
) -> Sample:
    """Arrays that broadcast with each other, one for each of `values`."""
    shapes = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=len(values), min_side=least, max_side=3, max_dims=3)
    ).input_shapes
    rng = _rng(draw)
    arrays = [_fill(rng, shape, v) for shape, v in zip(shapes, values, strict=True)]
    return Sample(arrays, {name: draw(s) for name, s in params.items()})


@st.composite
def to_an_integer(draw: st.DrawFn) -> Sample:
    sample: Sample = draw(elementwise(_off_zero))
    return Sample([*sample.arrays, np.array(draw(st.integers(-2, 3)))])


@st.composite
def with_target(draw: st.DrawFn, *values: Values) -> Sample:
    """x, and a target that broadcasts to it."""
    shape, rng = draw(_shapes(1)), _rng(draw)
    target = tuple(draw(st.sampled_from([1, size])) for size in shape)[draw(st.integers(0, len(shape))) :]
    return Sample([_fill(rng, s, v) for s, v in zip((shape, target), values, strict=True)])


@st.composite
def alike(
    draw: st.DrawFn, /, *values: Values, least: int = 0, dims: int = 0, **params: st.SearchStrategy[Any]
) -> Sample:
    """Arrays of one shape, one for each of `values`."""
    shape, rng = draw(_shapes(least, dims=dims)), _rng(draw)
    return Sample([_fill(rng, shape, v) for v in values], {name: draw(s) for name, s in params.items()})


@st.composite
def from_one(draw: st.DrawFn, /, values: Values, **settings: Any) -> Sample:
    """A single number and an array."""
    sample = draw(alike(values, **settings))
    return Sample([_fill(_rng(draw), (), values), *sample.arrays], sample.params)


@st.composite
def reduced(draw: st.DrawFn, values: Values, *, least: int = 0) -> Sample:
    x = _fill(_rng(draw), draw(_shapes(least)), values)
    axes: list[Any] = [None, (), tuple(range(x.ndim)), *range(-x.ndim, x.ndim), *((0, -1),) * (x.ndim > 1)]
    return Sample([x], {"axis": draw(st.sampled_from(axes)), "keepdims": draw(st.booleans())})


@st.composite
def along_axis(draw: st.DrawFn, values: Values, *, dims: int = 1) -> Sample:
    x = _fill(_rng(draw), draw(_shapes(1, dims=dims)), values)
    return Sample([x], {"axis": draw(st.integers(-x.ndim, x.ndim - 1))})


@st.composite
def reshaped(draw: st.DrawFn) -> Sample:
    x = _fill(_rng(draw), draw(_shapes()), _any)
    shapes: list[Any] = [x.shape[::-1], (1, *x.shape), (*x.shape, 1), x.size, (x.size, 1), list(x.shape)]
    shapes += [-1, (-1, 1), (1, -1)] if x.size else []
    return Sample([x], {"shape": draw(st.sampled_from(shapes))})


@st.composite
def permuted(draw: st.DrawFn) -> Sample:
    x = _fill(_rng(draw), draw(_shapes()), _any)
    axes = draw(st.permutations(range(x.ndim)))
    signed = [a - x.ndim if draw(st.booleans()) else a for a in axes]
    return Sample([x], {"axes": draw(st.sampled_from([None, signed, tuple(axes)]))})


@st.composite
def broadcast(draw: st.DrawFn, *, up: bool) -> Sample:
    """A shape and one that broadcasts to it: x has the smaller one if `up`, the larger one if not."""
    large = draw(_shapes())
    small = tuple(draw(st.sampled_from([1, size])) for size in large)[draw(st.integers(0, len(large))) :]
    source, target = (small, large) if up else (large, small)
    return Sample([_fill(_rng(draw), source, _any)], {"shape": target})


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
    rng = _rng(draw)
    x = _fill(rng, draw(_shapes(1, dims=1)), _any)
    return Sample([x], {"index": draw(st.sampled_from(_indices(x.shape, rng)))})


@st.composite
def scattered(draw: st.DrawFn) -> Sample:
    rng, shape = _rng(draw), draw(_shapes(1, dims=1))
    index = draw(st.sampled_from(_indices(shape, rng)))
    x = _fill(rng, np.zeros(shape)[_plain(index)].shape, _any)
    return Sample([x], {"index": index, "shape": shape})


@st.composite
def padded(draw: st.DrawFn) -> Sample:
    x = _fill(_rng(draw), draw(_shapes(dims=1)), _any)
    width = st.integers(0, 2)
    pairs = st.tuples(*[st.tuples(width, width)] * x.ndim)
    return Sample([x], {"pad_width": draw(st.one_of(width, st.tuples(width, width), pairs))})


@st.composite
def joined(draw: st.DrawFn) -> Sample:
    """One to three arrays that differ in length along the axis at most."""
    rng, shape = _rng(draw), draw(_shapes(dims=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    at = axis % len(shape)
    arrays = [_fill(rng, (*shape[:at], length, *shape[at + 1 :]), _any) for length in lengths]
    return Sample(arrays, {"axis": axis})


@st.composite
def stacked(draw: st.DrawFn) -> Sample:
    rng, shape = _rng(draw), draw(_shapes(most=2))
    arrays = [_fill(rng, shape, _any) for _ in range(draw(st.integers(1, 3)))]
    return Sample(arrays, {"axis": draw(st.integers(-len(shape) - 1, len(shape)))})


@st.composite
def new_axis(draw: st.DrawFn) -> Sample:
    x = _fill(_rng(draw), draw(_shapes()), _any)
    return Sample([x], {"axis": draw(st.integers(-x.ndim - 1, x.ndim))})


@st.composite
def spare_axis(draw: st.DrawFn) -> Sample:
    shape = draw(_shapes(most=2))
    at = draw(st.integers(0, len(shape)))
    x = _fill(_rng(draw), (*shape[:at], 1, *shape[at:]), _any)
    return Sample([x], {"axis": draw(st.sampled_from([at, at - x.ndim]))})


@st.composite
def two_axes(draw: st.DrawFn) -> Sample:
    x = _fill(_rng(draw), draw(_shapes(dims=1)), _any)
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
    rng = _rng(draw)
    return Sample([_fill(rng, x_shape, _any), _fill(rng, y_shape, _any)])


@st.composite
def biased(draw: st.DrawFn) -> Sample:
    """(n, c, ...) and a bias, whose sum stays away from 0."""
    shape, rng = draw(_shapes(1, dims=2)), _rng(draw)
    arrays = [_fill(rng, shape, _halves), _fill(rng, shape[1:2], _between_halves)]
    return Sample(arrays, {"slope": draw(SLOPE)})


@st.composite
def affine(draw: st.DrawFn) -> Sample:
    """x (n, i), w (o, i) and b (o,), whose layer stays away from 0."""
    n, i, o = draw(st.integers(0, 4)), draw(st.integers(0, 4)), draw(st.integers(1, 4))
    rng = _rng(draw)
    arrays = [_fill(rng, (n, i), _halves), _fill(rng, (o, i), _wholes), _fill(rng, (o,), _between_halves)]
    return Sample(arrays, {"slope": draw(SLOPE)})


@st.composite
def channels(draw: st.DrawFn, /, *values: Values) -> Sample:
    """(n, c, ...) arrays of one shape with several elements per channel."""
    spatial = draw(st.sampled_from([(), (2,), (2, 3)]))
    shape = (draw(st.integers(2, 4)), draw(st.integers(1, 3)), *spatial)
    rng = _rng(draw)
    eps = draw(st.sampled_from([0.1, 1e-2]))
    return Sample([_fill(rng, shape, v) for v in values], {"eps": eps})


@st.composite
def normalised(draw: st.DrawFn, /, *values: Values) -> Sample:
    """`values`, and x, weight and bias of a batch norm whose results stay away from the kink at 0."""
    sample = draw(channels(*values, _any))
    rng, (*others, x) = _rng(draw), sample.arrays
    weight = _fill(rng, x.shape[1:2], _off_zero)
    bias = _bias_off_zero(_standardize(x, **sample.params) * _along_channels(weight, x))
    return Sample([*others, x, weight, bias], {**sample.params, "slope": draw(SLOPE)})


def _bias_off_zero(x: Array) -> Array:
    """A number for each channel which keeps its elements away from 0."""
    offsets = np.linspace(-1, 1, 41)
    away = np.abs(x[..., None] + offsets).min(axis=tuple(i for i in range(x.ndim) if i != 1))
    return offsets[away.argmax(axis=1)].astype(np.float32).astype(np.float64)


@st.composite
def labelled(draw: st.DrawFn) -> Sample:
    n, k, rng = draw(st.integers(1, 4)), draw(st.integers(1, 4)), _rng(draw)
    labels = rng.integers(0, k, n).astype(draw(st.sampled_from(["int64", "int32", "uint8"])))
    return Sample([_fill(rng, (n, k), _any), labels])


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
    """Settings as ints or pairs; `spare` is how much of the input lies beyond the kernel's last place."""
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
    geometry, rng = draw(geometries()), _rng(draw)
    return Sample([_fill(rng, geometry.x, _any), _fill(rng, geometry.w, _any)], geometry.settings)


@st.composite
def convolved_with_bias(draw: st.DrawFn) -> Sample:
    """x, w and b (o,), whose layer stays away from 0."""
    geometry, rng = draw(geometries()), _rng(draw)
    x, w = _fill(rng, geometry.x, _halves), _fill(rng, geometry.w, _wholes)
    b = _fill(rng, geometry.w[:1], _between_halves)
    return Sample([x, w, b], {**geometry.settings, "slope": draw(SLOPE)})


@st.composite
def transposed(draw: st.DrawFn) -> Sample:
    geometry, rng = draw(geometries()), _rng(draw)
    settings = {**geometry.settings, "output_padding": geometry.spare}
    return Sample([_fill(rng, geometry.y, _any), _fill(rng, geometry.w, _any)], settings)


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
        _rng(draw),
        {"eps": draw(st.sampled_from([0.1, 1]))},
    )
    weight = _fill(rng, y.shape[1:2], _off_zero)
    bias = _bias_off_zero(_standardize(y, **norm) * _along_channels(weight, y))
    return Sample(
        [*sample.arrays, weight, bias], {"settings": sample.params, "norm": {**norm, "slope": draw(SLOPE)}}
    )


@st.composite
def weighed(draw: st.DrawFn) -> Sample:
    """g may leave out the last places that the kernel could take."""
    geometry, rng = draw(geometries()), _rng(draw)
    size = tuple(draw(st.integers(1, most)) for most in geometry.y[2:])
    arrays = [_fill(rng, geometry.x, _any), _fill(rng, (*geometry.y[:2], *size), _any)]
    return Sample(arrays, {**geometry.settings, "kernel": geometry.w[2:]})


# -- definitions -----------------------------------------------------------------------------------


def _plain(index: Any) -> Any:
    return index.numpy() if isinstance(index, Tensor) else index


def _scatter(x: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
    y = np.zeros(shape)
    np.add.at(y, _plain(index), x)
    return y


def _sum_to(x: Array, *, shape: tuple[int, ...]) -> Array:
    y = np.zeros(shape)
    origin = np.broadcast_to(np.arange(y.size).reshape(shape), x.shape)
    np.add.at(y.reshape(-1), origin.reshape(-1), x.reshape(-1))
    return y


def _softmax(x: Array, *, axis: int) -> Array:
    e = np.exp(x)
    return np.asarray(e / e.sum(axis, keepdims=True))


def _leaky_gate(g: Array, x: Array, *, slope: float) -> Array:
    return np.where(x > 0, g, slope * g)


def _bias_leaky_relu(x: Array, b: Array, *, slope: float) -> Array:
    y = x + _along_channels(b, x)
    return np.where(y > 0, y, slope * y)


def _linear(x: Array, w: Array, b: Array, *, slope: float) -> Array:
    return _bias_leaky_relu(x @ w.T, b, slope=slope)


def _standardize(x: Array, *, eps: float) -> Array:
    axes = (0, *range(2, x.ndim))
    return np.asarray((x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps))


def _standardize_grad(g: Array, x: Array, *, eps: float) -> Array:
    axes = (0, *range(2, x.ndim))
    xhat = _standardize(x, eps=eps)
    inner = g - g.mean(axes, keepdims=True) - xhat * (g * xhat).mean(axes, keepdims=True)
    return np.asarray(inner / np.sqrt(x.var(axes, keepdims=True) + eps))


def _along_channels(a: Array, x: Array) -> Array:
    return a.reshape(-1, *[1] * (x.ndim - 2))


def _batch_norm(x: Array, weight: Array, bias: Array, *, eps: float, slope: float) -> Array:
    y = _standardize(x, eps=eps) * _along_channels(weight, x) + _along_channels(bias, x)
    return np.where(y > 0, y, slope * y)


def _batch_norm_h(g: Array, x: Array, weight: Array, bias: Array, *, eps: float, slope: float) -> Array:
    return np.where(_batch_norm(x, weight, bias, eps=eps, slope=1.0) > 0, g, slope * g)


def _batch_norm_grad(g: Array, x: Array, weight: Array, bias: Array, *, eps: float, slope: float) -> Array:
    h = _batch_norm_h(g, x, weight, bias, eps=eps, slope=slope)
    return _standardize_grad(h * _along_channels(weight, x), x, eps=eps)


def _batch_norm_grad_weight(g: Array, x: Array, *channels: Array, eps: float, slope: float) -> Array:
    h = _batch_norm_h(g, x, *channels, eps=eps, slope=slope)
    return np.asarray((h * _standardize(x, eps=eps)).sum((0, *range(2, x.ndim))))


def _batch_norm_grad_bias(g: Array, x: Array, *channels: Array, eps: float, slope: float) -> Array:
    return np.asarray(_batch_norm_h(g, x, *channels, eps=eps, slope=slope).sum((0, *range(2, x.ndim))))


def _places(
    w: tuple[int, ...], y: tuple[int, ...], stride: Any, padding: Any, dilation: Any, groups: int
) -> tuple[Any, list[tuple[int, int, int, Any, Any, slice]]]:
    """The padding of numpy.pad, and for each place (i, j) and group what the kernel meets there."""
    (s0, s1), (p0, p1), (d0, d1) = (
        v if isinstance(v, tuple) else (v, v) for v in (stride, padding, dilation)
    )
    o, c, kh, kw = w
    found = []
    for i, j, group in np.ndindex(y[2], y[3], groups):
        inputs, outputs = (
            slice(group * c, (group + 1) * c),
            slice(group * (o // groups), (group + 1) * (o // groups)),
        )
        rows = slice(i * s0, i * s0 + d0 * (kh - 1) + 1, d0)
        columns = slice(j * s1, j * s1 + d1 * (kw - 1) + 1, d1)
        window = (slice(None), inputs, rows, columns)
        found.append((i, j, group, window, outputs, inputs))
    return ((0, 0), (0, 0), (p0, p0), (p1, p1)), found


def _conv2d(x: Array, w: Array, *, stride: Any, padding: Any, dilation: Any, groups: int) -> Array:
    sizes = []
    for axis in range(2):
        s, p, d = (v[axis] if isinstance(v, tuple) else v for v in (stride, padding, dilation))
        sizes.append((x.shape[2 + axis] + 2 * p - d * (w.shape[2 + axis] - 1) - 1) // s + 1)
    y = np.zeros((x.shape[0], w.shape[0], *sizes))
    width, places = _places(w.shape, y.shape, stride, padding, dilation, groups)
    image = np.pad(x, width)
    for i, j, _, window, outputs, _ in places:
        y[:, outputs, i, j] = np.tensordot(image[window], w[outputs], ((1, 2, 3), (1, 2, 3)))
    return y


def _conv2d_bias_leaky_relu(x: Array, w: Array, b: Array, *, slope: float, **settings: Any) -> Array:
    return _bias_leaky_relu(_conv2d(x, w, **settings), b, slope=slope)


def _conv_transpose2d(
    x: Array, w: Array, *, stride: Any, padding: Any, output_padding: Any, dilation: Any, groups: int
) -> Array:
    sizes = []
    for axis in range(2):
        settings = (stride, padding, output_padding, dilation)
        s, p, extra, d = (v[axis] if isinstance(v, tuple) else v for v in settings)
        sizes.append((x.shape[2 + axis] - 1) * s - 2 * p + d * (w.shape[2 + axis] - 1) + extra + 1)
    width, places = _places(w.shape, x.shape, stride, padding, dilation, groups)
    (top, _), (left, _) = width[2:]
    y = np.zeros((x.shape[0], w.shape[1] * groups, sizes[0] + 2 * top, sizes[1] + 2 * left))
    for i, j, _, window, outputs, _ in places:
        y[window] += np.tensordot(x[:, outputs, i, j], w[outputs], (1, 0))
    return y[:, :, top : top + sizes[0], left : left + sizes[1]]


def _batch_norm_behind(convolution: Any) -> Callable[..., Any]:
    """The batch norm of a convolution; with an op that hands on its moments, these are used."""

    def batch_norm(x: Any, w: Any, weight: Any, bias: Any, *, settings: Any, norm: Any) -> Any:
        y = convolution(x, w, **settings)
        if isinstance(y, Tensor):
            assert y.residual is not None
            return ops.batch_norm(y, weight, bias, **norm, moments=y.residual[0])
        return _batch_norm(y, weight, bias, **norm)

    return batch_norm


def _standardize_behind(convolution: Any) -> Callable[..., Any]:
    """As _batch_norm_behind, without weight and bias."""

    def standardize(x: Any, w: Any, *, eps: float, **settings: Any) -> Any:
        y = convolution(x, w, **settings)
        if isinstance(y, Tensor):
            assert y.residual is not None
            return ops.standardize(y, eps=eps, moments=y.residual[0])
        return _standardize(y, eps=eps)

    return standardize


def _conv2d_weight(
    x: Array, g: Array, *, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    gw = np.zeros((g.shape[1], x.shape[1] // groups, *kernel))
    width, places = _places(gw.shape, g.shape, stride, padding, dilation, groups)
    image = np.pad(x, width)
    for i, j, _, window, outputs, _ in places:
        gw[outputs] += np.tensordot(g[:, outputs, i, j], image[window], (0, 0))
    return gw


def _bce(logits: Array, target: Array) -> Any:
    p = 1 / (1 + np.exp(-logits))
    return -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))


def _mean_softplus(x: Array, *, sign: int) -> Any:
    return np.mean(np.log(1 + np.exp(sign * x)))


def _mean_softplus_grad(g: Array, x: Array, *, sign: int) -> Array:
    return g * sign / (1 + np.exp(-sign * x)) / x.size


def _cross_entropy(logits: Array, labels: Array) -> Any:
    return -np.mean(np.log(_softmax(logits, axis=1))[np.arange(len(labels)), labels])


def _logsumexp(x: Array, *, axis: Any, keepdims: bool) -> Any:
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def _norm_per_sample(x: Array) -> Any:
    return np.sqrt((x**2).reshape(len(x), -1).sum(1) + 1e-12)


def _join(*tensors: Array, axis: int) -> Array:
    return np.concatenate(tensors, axis)


CASES = [
    Case("abs", np.abs, elementwise(_off_zero)),
    Case("add", np.add, elementwise(_any, _any)),
    Case("astype", lambda x, dtype: x.astype(dtype), alike(_any, dtype=st.sampled_from([np.float64, "f8"]))),
    Case("batch_norm", _batch_norm, normalised()),
    Case("batch_norm", _batch_norm_behind(_conv2d), normalised_behind(convolved(), _conv2d),
         variant="behind conv2d", through=_batch_norm_behind(ops.conv2d_moments)),
    Case("batch_norm", _batch_norm_behind(_conv_transpose2d),
         normalised_behind(transposed(), _conv_transpose2d), variant="behind conv_transpose2d",
         through=_batch_norm_behind(ops.conv_transpose2d_moments)),
    Case("batch_norm_composed", _batch_norm, normalised()),
    Case("batch_norm_grad", _batch_norm_grad, normalised(_any)),
    Case("batch_norm_grad_bias", _batch_norm_grad_bias, normalised(_any)),
    Case("batch_norm_grad_weight", _batch_norm_grad_weight, normalised(_any)),
    Case("bias_leaky_relu", _bias_leaky_relu, biased()),
    Case("bias_leaky_relu_composed", _bias_leaky_relu, biased()),
    Case("bias_leaky_relu_grad", _leaky_gate, alike(_any, _off_zero, least=1, dims=2, slope=SLOPE)),
    Case("binary_cross_entropy_with_logits", _bce, with_target(_any, _probability)),
    Case("broadcast_to", np.broadcast_to, broadcast(up=True)),
    Case("channel_sum", lambda x: x.sum((0, *range(2, x.ndim))), alike(_any, dims=2)),
    Case("clip", np.clip, alike(_between_halves, min=st.just(-0.5), max=st.just(1.0))),
    Case("concatenate", np.concatenate, joined(), sequence=True),
    Case("conv2d", _conv2d, convolved()),
    Case("conv2d_bias_leaky_relu", _conv2d_bias_leaky_relu, convolved_with_bias()),
    Case("conv2d_bias_leaky_relu_composed", _conv2d_bias_leaky_relu, convolved_with_bias()),
    Case("conv2d_moments", _conv2d, convolved()),
    Case("conv2d_weight", _conv2d_weight, weighed()),
    Case("conv_transpose2d", _conv_transpose2d, transposed()),
    Case("conv_transpose2d_moments", _conv_transpose2d, transposed()),
    Case("cos", np.cos, elementwise(_any)),
    Case("cross_entropy", _cross_entropy, labelled()),
    Case("div", np.divide, elementwise(_any, _off_zero)),
    Case("exp", np.exp, elementwise(_any)),
    Case("expand_dims", np.expand_dims, new_axis()),
    Case("flatten", lambda x, start_axis: x.reshape(*x.shape[:start_axis], -1),
         alike(_any, least=1, dims=2, start_axis=st.integers(0, 1))),
    Case("getitem", lambda x, index: x[_plain(index)], indexed()),
    Case("join", _join, joined()),
    Case("l1_loss", lambda x, y: np.mean(np.abs(x - y)), with_target(_halves, _between_halves)),
    Case("leaky_gate", _leaky_gate, alike(_any, _off_zero, slope=SLOPE)),
    Case("leaky_relu", lambda x, slope: np.where(x > 0, x, slope * x), alike(_off_zero, slope=SLOPE)),
    Case("linear", _linear, affine()),
    Case("linear_composed", _linear, affine()),
    Case("log", np.log, elementwise(_positive)),
    Case("log1p", np.log1p, elementwise(_positive)),
    Case("log_softmax", lambda x, axis: np.log(_softmax(x, axis=axis)), along_axis(_any)),
    Case("logsumexp", _logsumexp, reduced(_any, least=1)),
    Case("matmul", np.matmul, matrices()),
    Case("max", np.max, reduced(_distinct, least=1)),
    Case("maximum", np.maximum, elementwise(_halves, _between_halves)),
    Case("mean", np.mean, reduced(_any, least=1)),
    Case("mean_softplus", _mean_softplus, alike(_any, least=1, sign=SIGN)),
    Case("mean_softplus_composed", _mean_softplus, alike(_any, least=1, sign=SIGN)),
    Case("mean_softplus_grad", _mean_softplus_grad, from_one(_any, least=1, sign=SIGN)),
    Case("min", np.min, reduced(_distinct, least=1)),
    Case("minimum", np.minimum, elementwise(_halves, _between_halves)),
    Case("mse_loss", lambda x, target: np.mean((x - target) ** 2), with_target(_any, _any)),
    Case("mul", np.multiply, elementwise(_any, _any)),
    Case("neg", np.negative, elementwise(_any)),
    Case("norm_per_sample", _norm_per_sample, alike(_off_zero, least=1, dims=1)),
    Case("pad", np.pad, padded()),
    Case("power", np.power, elementwise(_positive, _any)),
    Case("power", lambda x, k: x ** float(k), to_an_integer(), variant="to an integer"),
    Case("relu", lambda x: np.maximum(x, 0), alike(_off_zero)),
    Case("reshape", lambda x, shape: x.reshape(shape), reshaped()),
    Case("scatter", _scatter, scattered()),
    Case("sigmoid", lambda x: 1 / (1 + np.exp(-x)), elementwise(_any)),
    Case("sin", np.sin, elementwise(_any)),
    Case("softmax", _softmax, along_axis(_any)),
    Case("softplus", lambda x: np.log(1 + np.exp(x)), elementwise(_any)),
    Case("sqrt", np.sqrt, elementwise(_positive)),
    Case("square", np.square, elementwise(_any)),
    Case("squeeze", np.squeeze, spare_axis()),
    Case("stack", np.stack, stacked(), sequence=True),
    Case("standardize", _standardize, channels(_any)),
    Case("standardize", _standardize_behind(_conv2d), convolved_somewhere(), variant="behind conv2d",
         through=_standardize_behind(ops.conv2d_moments)),
    Case("standardize_composed", _standardize, channels(_any)),
    Case("standardize_grad", _standardize_grad, channels(_any, _any)),
    Case("sub", np.subtract, elementwise(_any, _any)),
    Case("sum", np.sum, reduced(_any)),
    Case("sum_to", _sum_to, broadcast(up=False)),
    Case("swapaxes", np.swapaxes, two_axes()),
    Case("tanh", np.tanh, elementwise(_any)),
    Case("to_device", lambda x, device: x, alike(_any, device=st.just("cpu"))),
    Case("transpose", np.transpose, permuted()),
    Case("var", np.var, reduced(_any, least=1)),
    Case("where", np.where, elementwise(_bools, _any, _any)),
]  # fmt: skip
