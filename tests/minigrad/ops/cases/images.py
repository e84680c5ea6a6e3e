"""Samples for pooling, padding, resizing, activations and tables, with what they mean in plain NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.minigrad.ops.cases.samples import Sample, alike
from tests.minigrad.ops.cases.values import Array, Values, anything, fill, generator, off_zero

PAD_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(x: Array, *, pad_width: Any, mode: str, value: float) -> Array:
    return np.pad(x, pad_width, PAD_MODES[mode], **({"constant_values": value} if mode == "constant" else {}))


def pad_constant(x: Array, *, pad_width: Any, value: float) -> Array:
    return np.pad(x, pad_width, constant_values=value)


@st.composite
def padded_by(draw: st.DrawFn) -> Sample:
    sample = draw(alike(anything, least=3, dims=1))
    mode = draw(st.sampled_from(sorted(PAD_MODES)))
    width = st.integers(0, 2)
    pairs = st.tuples(*[st.tuples(width, width)] * sample.arrays[0].ndim)
    value = draw(st.sampled_from([0.0, 1.5])) if mode == "constant" else 0.0
    return Sample(sample.arrays, {"pad_width": draw(st.one_of(width, pairs)), "mode": mode, "value": value})


@st.composite
def pooled(draw: st.DrawFn, values: Values, *, dilated: bool = False) -> Sample:
    """An image and windows that fit it."""
    sizes, kernels, strides, paddings, dilations = [], [], [], [], []
    for _ in range(2):
        k, d = draw(st.integers(1, 3)), draw(st.integers(1, 2)) if dilated else 1
        p = draw(st.integers(0, k // 2))
        sizes.append(max(1, d * (k - 1) + 1 - (0 if dilated else 2 * p)) + draw(st.integers(0, 3)))
        kernels.append(k)
        strides.append(draw(st.integers(1, 3)))
        paddings.append(p)
        dilations.append(d)
    params: dict[str, Any] = {
        "kernel_size": tuple(kernels),
        "stride": draw(st.sampled_from([None, tuple(strides)])),
        "padding": tuple(paddings),
        "ceil_mode": draw(st.booleans()),
    }
    if dilated:
        params["dilation"] = tuple(dilations)
    else:
        params["count_include_pad"] = draw(st.booleans())
    batch = draw(st.sampled_from([(2, 1), (0, 2), (2,)]))
    return Sample([fill(generator(draw), (*batch, *sizes), values)], params)


def _windows(x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    """For each axis the places of every window, some of them outside the image."""
    found = []
    for axis in range(2):
        n, k, p, d = x.shape[axis - 2], kernel_size[axis], padding[axis], dilation[axis]
        s = k if stride is None else stride[axis]
        steps = (n + 2 * p - d * (k - 1) - 1) / s
        count = (math.ceil(steps) if ceil_mode else math.floor(steps)) + 1
        starts = [i * s - p for i in range(count) if not ceil_mode or i * s < n + p]
        found.append([[start + i * d for i in range(k)] for start in starts])
    return found


def max_pool2d(x: Array, *, dilation: Any, **settings: Any) -> Array:
    rows, columns = _windows(x, dilation=dilation, **settings)
    y = np.zeros((*x.shape[:-2], len(rows), len(columns)))
    for i, j in np.ndindex(len(rows), len(columns)):
        inside = [
            x[..., a, b] for a in rows[i] for b in columns[j] if 0 <= a < x.shape[-2] and 0 <= b < x.shape[-1]
        ]
        y[..., i, j] = np.max(inside, axis=0)
    return y


def avg_pool2d(x: Array, *, count_include_pad: bool, padding: Any, **settings: Any) -> Array:
    rows, columns = _windows(x, padding=padding, dilation=(1, 1), **settings)
    (h, w), (p, q) = x.shape[-2:], padding
    y = np.zeros((*x.shape[:-2], len(rows), len(columns)))
    for i, j in np.ndindex(len(rows), len(columns)):
        places = [(a, b) for a in rows[i] for b in columns[j] if a < h + p and b < w + q]
        inside = [(a, b) for a, b in places if 0 <= a < h and 0 <= b < w]
        total = sum((x[..., a, b] for a, b in inside), np.zeros(x.shape[:-2]))
        y[..., i, j] = total / len(places if count_include_pad else inside)
    return y


@st.composite
def in_blocks(draw: st.DrawFn, *, whole: bool) -> Sample:
    """An image, whose sides divide if it is ``whole``, and the sides of a block."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    h, w = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    shape = (*draw(st.sampled_from([(), (2,), (2, 3)])), *((h * rows, w * columns) if whole else (h, w)))
    params = {"rows": rows, "columns": columns, "scale": draw(st.sampled_from([1.0, 0.25, -1.5]))}
    return Sample([fill(generator(draw), shape, anything)], params)


def sum_blocks(x: Array, *, rows: int, columns: int, scale: float) -> Array:
    *batch, h, w = x.shape
    y = np.zeros((*batch, h // rows, w // columns))
    for i, j in np.ndindex(h, w):
        y[..., i // rows, j // columns] += scale * x[..., i, j]
    return y


def fill_blocks(x: Array, *, rows: int, columns: int, scale: float) -> Array:
    ones = np.ones((rows, columns))
    return scale * np.kron(x, ones.reshape((1,) * (x.ndim - 2) + ones.shape))


@st.composite
def adaptive(draw: st.DrawFn, values: Values) -> Sample:
    side = st.integers(1, 4)
    shape = (*draw(st.sampled_from([(1, 2), (2,)])), draw(side), draw(side))
    size = draw(st.one_of(side, st.tuples(side, st.one_of(st.none(), side))))
    return Sample([fill(generator(draw), shape, values)], {"output_size": size})


def adaptive_pool2d(x: Array, output_size: Any, over: Any) -> Array:
    both = output_size if isinstance(output_size, tuple) else (output_size,) * 2
    h, w = x.shape[-2:]
    oh, ow = h if both[0] is None else both[0], w if both[1] is None else both[1]
    y = np.zeros((*x.shape[:-2], oh, ow))
    for i, j in np.ndindex(oh, ow):
        rows = slice(i * h // oh, math.ceil((i + 1) * h / oh))
        columns = slice(j * w // ow, math.ceil((j + 1) * w / ow))
        y[..., i, j] = over(x[..., rows, columns], axis=(-2, -1))
    return y


def adaptive_avg_pool2d(x: Array, *, output_size: Any) -> Array:
    return adaptive_pool2d(x, output_size, np.mean)


def adaptive_max_pool2d(x: Array, *, output_size: Any) -> Array:
    return adaptive_pool2d(x, output_size, np.max)


@st.composite
def resized(draw: st.DrawFn) -> Sample:
    side = st.integers(1, 5)
    mode = draw(st.sampled_from(["nearest", "bilinear", "linear"]))
    axes = 1 if mode == "linear" else 2
    shape = (draw(st.integers(0, 2)), 1, *[draw(side) for _ in range(axes)])
    params: dict[str, Any] = {"mode": mode}
    if draw(st.booleans()):
        params["size"] = draw(st.one_of(side, st.tuples(*[side] * axes)))
    else:
        params["scale_factor"] = draw(st.sampled_from([1, 2, 3, 1.5, 2.5]))
    if mode != "nearest":
        params["align_corners"] = draw(st.booleans())
    return Sample([fill(generator(draw), shape, anything)], params)


def interpolate(
    x: Array, *, mode: str, size: Any = None, scale_factor: Any = None, align_corners: bool = False
) -> Array:
    for axis in range(2, x.ndim):
        n = x.shape[axis]
        length = math.floor(n * scale_factor) if size is None else np.broadcast_to(size, x.ndim - 2)[axis - 2]
        step = n / length if scale_factor is None else 1 / scale_factor
        if mode == "nearest":
            places = [min(math.floor(np.float32(i) * np.float32(step)), n - 1) for i in range(length)]
            x = x.take(places, axis)
            continue
        if align_corners:
            places = [i * (n - 1) / max(length - 1, 1) for i in range(length)]
        else:
            places = [(i + 0.5) * step - 0.5 for i in range(length)]
        along = np.moveaxis(x, axis, -1)
        lines = [np.interp(places, np.arange(n), line) for line in along.reshape(-1, n)]
        y = np.reshape(lines, (*along.shape[:-1], length))
        x = np.moveaxis(y, -1, axis)
    return x


# -- activations and tables ------------------------------------------------------------------------

erf = np.vectorize(math.erf, otypes=[float])


def elu(x: Array, *, alpha: float) -> Array:
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))


def selu(x: Array) -> Array:
    return 1.0507009873554805 * elu(x, alpha=1.6732632423543772)


def gelu(x: Array, *, approximate: str) -> Array:
    if approximate == "tanh":
        return np.asarray(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
    return np.asarray(0.5 * x * (1 + erf(x / math.sqrt(2))))


def prelu(x: Array, weight: Array) -> Array:
    w = weight.reshape(()) if weight.size == 1 else weight.reshape(len(weight), *[1] * (x.ndim - 2))
    return np.where(x > 0, x, w * x)


@st.composite
def rectified(draw: st.DrawFn) -> Sample:
    sample = draw(alike(off_zero, dims=2))
    channels = sample.arrays[0].shape[1]
    return Sample([*sample.arrays, fill(generator(draw), (draw(st.sampled_from([1, channels])),), off_zero)])


def picked(index: Any, weight: Any, *, padding_idx: int | None) -> Any:
    return weight[index]


@st.composite
def looked_up(draw: st.DrawFn) -> Sample:
    rng, k = generator(draw), draw(st.integers(1, 4))
    index = rng.integers(0, k, draw(st.sampled_from([(), (0,), (3,), (2, 2)])))
    return Sample([np.asarray(index), fill(rng, (k, 2), anything)], {"padding_idx": None})
