"""The three faces of the convolution on the CPU: check, choose the loops, give them memory."""

from __future__ import annotations

import numpy as np

from minigrad.kernels import Pair, check_convolution, conv2d_shape, output
from minigrad.kernels.cpu.bias import NO_EPILOGUE, Epilogue, bias_leaky_relu
from minigrad.kernels.cpu.conv import bands, columns, dots, few, weight
from minigrad.kernels.cpu.conv.images import Sizes, convolve, pack_weights
from minigrad.kernels.cpu.conv.tables import (
    Geometry,
    Meetings,
    by_place,
    by_source,
    by_tap,
    counts,
    lines_by_place,
    lines_by_source,
    runs_to_places,
    runs_to_sources,
)
from minigrad.kernels.cpu.conv.weight import Images
from minigrad.kernels.cpu.conv.winograd import algorithm, forward
from minigrad.kernels.cpu.conv.winograd import weight as winograd_weight
from minigrad.kernels.cpu.runtime.compiling import Array, checked, contiguous, jit, launch, workspace
from minigrad.kernels.cpu.tiles.tile import DEPTH, ROWS, TILE, packed_size, rounded_up
from minigrad.kernels.moments import moments_of

MOVING = 40  # multiplications that take as long as to pack an element
CALLING = 1 << 20  # and as long as to call a product for one image
PACKED_BYTES = 1 << 22  # images that conv2d_weight packs at a time: about what stays in the caches

Both = tuple[Array, Array]


def conv2d(
    x: Array, w: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int, *, out: Array | None = None
) -> Array:
    """y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), w (o, c / groups, kh, kw) -> y (n, o, oh, ow), in ``out`` if given. ValueError if the
    shapes do not fit, TypeError unless both are float32 or both float64.
    """
    checked("conv2d", x, w)
    return _conv2d("conv2d", x, w, (stride, padding, dilation), groups, NO_EPILOGUE[x.dtype], out)


def conv2d_bias_leaky_relu(
    x: Array,
    w: Array,
    b: Array,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    slope: float,
    *,
    out: Array | None = None,
) -> Array:
    """y = leaky_relu(conv2d(x, w) + b[o]), a slope of 1 leaves the sum as it is; b (o,). Raises as conv2d."""
    checked("conv2d_bias_leaky_relu", x, w, b)
    if b.shape != w.shape[:1]:
        raise ValueError(f"conv2d_bias_leaky_relu: w {w.shape} needs a bias {w.shape[:1]}; got {b.shape}")
    epilogue = Epilogue(contiguous(b), float(slope))
    return _conv2d("conv2d_bias_leaky_relu", x, w, (stride, padding, dilation), groups, epilogue, out)


def conv2d_moments(
    x: Array, w: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int, *, out: Both | None = None
) -> Both:
    """y = conv2d(x, w), and its moments for the batch norm behind it: float64 (3, pieces, o).

    The elements of each of y's channels are in pieces, of which there are the count, the mean, and the sum of
    the squared distances from it, all zero for a piece without elements: here one piece, computed in NumPy,
    since batch norm's own first pass leaves its second one a warm cache. ``out`` is (y, moments); raises as
    conv2d.
    """
    checked("conv2d_moments", x, w)
    return _with_moments("conv2d_moments", conv2d(x, w, stride, padding, dilation, groups), out)


def _with_moments(name: str, y: Array, out: Both | None) -> Both:
    moments = moments_of(y)
    if out is None:
        return y, moments
    for given, made in zip(out, (y, moments), strict=True):
        output(name, given, made.shape, made.dtype)[...] = made
    return out


def _conv2d(
    name: str,
    x: Array,
    w: Array,
    settings: tuple[Pair, Pair, Pair],
    groups: int,
    epilogue: Epilogue,
    out: Array | None,
) -> Array:
    y = output(name, out, conv2d_shape(x.shape, w.shape, *settings, groups), x.dtype)
    geometry = Geometry(_size(x), _size(y), _size(w), *settings)
    if x.shape[1] == 0 or y.size == 0:
        y.fill(0)
        _finish(y, epilogue)
    else:
        _convolve(x, w, y, geometry, groups, epilogue, transposed=False)
    return y


def _finish(y: Array, epilogue: Epilogue) -> None:
    if epilogue.bias.size:
        bias_leaky_relu(y, *epilogue, out=y)


def conv_transpose2d(
    x: Array,
    w: Array,
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    *,
    out: Array | None = None,
) -> Array:
    """The adjoint of conv2d by x: y[n, o, p * stride + i * dilation - padding] += w[c, o, i] x[n, c, p].

    x (n, c, h, w), w (c, o / groups, kh, kw) -> y (n, o, *size), in ``out`` if given. ``size`` is any size on
    which conv2d takes at least (h, w) places; ValueError otherwise. TypeError unless both are float32 or both
    float64.
    """
    checked("conv_transpose2d", x, w)
    shape = (x.shape[0], w.shape[1] * groups, *size)
    check_convolution("conv_transpose2d", shape, x.shape, w.shape, stride, padding, dilation, groups)
    y = output("conv_transpose2d", out, shape, x.dtype)
    geometry = Geometry(_size(y), _size(x), _size(w), stride, padding, dilation)
    if x.size == 0 or y.size == 0:
        y.fill(0)
    else:
        _convolve(x, w, y, geometry, groups, NO_EPILOGUE[x.dtype], transposed=True)
    return y


def conv_transpose2d_moments(
    x: Array,
    w: Array,
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    *,
    out: Both | None = None,
) -> Both:
    """y = conv_transpose2d(x, w), and its moments as conv2d_moments gives them."""
    checked("conv_transpose2d_moments", x, w)
    y = conv_transpose2d(x, w, size, stride, padding, dilation, groups)
    return _with_moments("conv_transpose2d_moments", y, out)


def conv2d_weight(
    x: Array,
    g: Array,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    *,
    out: Array | None = None,
) -> Array:
    """The adjoint of conv2d by w: gw[o, c, i] += g[n, o, p] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), g (n, o, oh, ow) -> gw (o, c / groups, *kernel), in ``out`` if given, summed over n and
    the places p of ``g``, which may leave out the last ones that the kernel could take on x, never have more
    (ValueError). TypeError unless both are float32 or both float64.
    """
    checked("conv2d_weight", x, g)
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    check_convolution("conv2d_weight", x.shape, g.shape, shape, stride, padding, dilation, groups)
    gw = output("conv2d_weight", out, shape, x.dtype)
    if gw.size == 0 or g.size == 0:
        gw.fill(0)
        return gw
    geometry = Geometry(_size(x), _size(g), kernel, stride, padding, dilation)
    if len(x) * geometry.outputs < DEPTH and _finite(g):
        parts = _split(x, groups, 1), _split(g, groups, 1), _split(gw, groups, 0)
        for x_part, g_part, gw_part in zip(*parts, strict=True):
            columns.conv2d_weight(x_part, g_part, gw_part, geometry)
        return gw
    _sum_weights(x, g, gw, geometry, groups)
    return gw


def _convolve(
    x: Array, w: Array, y: Array, geometry: Geometry, groups: int, epilogue: Epilogue, *, transposed: bool
) -> None:
    """Fill y, band by band of rows; ``geometry`` is that of conv2d, whose adjoint is ``transposed``."""
    if bands.fits(geometry.size if transposed else geometry.places):
        _convolve_band(x, w, y, geometry, groups, epilogue, transposed=transposed)
        return
    for band in bands.by_sources(geometry) if transposed else bands.by_places(geometry):
        rows, results = (band.places, band.sources) if transposed else (band.sources, band.places)
        part, result = x[:, :, rows], np.empty_like(y[:, :, results], order="C")
        if part.size:
            _convolve_band(part, w, result, band.geometry, groups, epilogue, transposed=transposed)
        else:
            result.fill(0)
            _finish(result, epilogue)
        y[:, :, results] = result


def _convolve_band(
    x: Array, w: Array, y: Array, geometry: Geometry, groups: int, epilogue: Epilogue, *, transposed: bool
) -> None:
    """As ``_convolve``: where Winograd's algorithm pays by that, but for the images that it would spoil."""
    steps, least, plan = (w[0].size, geometry.taps), algorithm.FORWARD, forward.plan_conv2d
    if transposed:
        steps, least, plan = steps[::-1], algorithm.TRANSPOSED, forward.plan_conv_transpose2d
    left = None  # all images
    if algorithm.pays(x, x.shape[1], y.shape[1], groups, geometry, least):
        left = forward.convolve(x, w, y, plan(geometry), *steps, epilogue)
        if left.size == 0:
            return
    by_output = contiguous(w).reshape(groups, -1, *w.shape[1:])
    if transposed:
        by_output = by_output.swapaxes(1, 2)
    if left is None:
        _multiply(x, by_output, y, geometry, epilogue, transposed=transposed)
    else:
        some = np.empty((left.size, *y.shape[1:]), y.dtype)
        _multiply(x[left], by_output, some, geometry, epilogue, transposed=transposed)
        y[left] = some


def _multiply(
    x: Array, w: Array, y: Array, geometry: Geometry, epilogue: Epilogue, *, transposed: bool
) -> None:
    """Fill y by w (groups, o, c, kh, kw), directly.

    Some ways multiply weights by zeros for what lies outside: they do not serve where that gives NaN.
    """
    n, (groups, o, c) = len(x), w.shape[:3]
    x, w = contiguous(x), w.reshape(groups, o, c, geometry.taps)
    x_images = [Images(x.reshape(-1), groups * c, group * c, c, x[0, 0].size) for group in range(groups)]
    y_images = [Images(y.reshape(-1), groups * o, group * o, o, y[0, 0].size) for group in range(groups)]
    count, *lengths = counts(geometry)
    work = {
        "few to read": few.reading_work(x_images[0], y_images[0], geometry.taps, lengths[transposed]),
        "few to write": few.writing_work(x_images[0], y_images[0], geometry.taps),
    }
    moved = x_images[0].size + y_images[0].size
    if _fills_lanes(x):
        rows = 1 if o == 1 else rounded_up(o, ROWS)
        work["lanes"] = rows * c * count + MOVING * moved
    else:
        work["columns"] = o * c * count + MOVING * geometry.taps * moved + CALLING
    way = min(work, key=lambda name: work[name])
    if way == "columns":
        multiply = columns.conv_transpose2d if transposed else columns.conv2d
        for group, (x_part, y_part) in enumerate(
            zip(_split(x, groups, 1), _split(y, groups, 1), strict=True)
        ):
            multiply(x_part, w[group].swapaxes(0, 1) if transposed else w[group], y_part, geometry)
    multiplies_zeros = way == "few to read" or (way == "columns" and not transposed)
    if multiplies_zeros and not _finite(w if way == "few to read" else y):
        way = "lanes"
    if way == "lanes":
        _convolve_lanes(x, w, y, (by_source if transposed else by_place)(geometry, ROWS, _lanes(x)))
    if way in ("lanes", "columns"):
        _finish(y, epilogue)
        return
    with launch(work[way] * n) as workers:
        for group in range(groups):
            images = x_images[group], y_images[group], n
            if way == "few to read":
                lines = lines_by_source(geometry) if transposed else lines_by_place(geometry)
                few.read_few(*images, w[group], lines, epilogue, workers)
            else:
                runs = runs_to_sources(geometry) if transposed else runs_to_places(geometry)
                few.write_few(*images, w[group].swapaxes(1, 2), runs, epilogue, workers)


def _convolve_lanes(x: Array, w: Array, y: Array, meetings: Meetings) -> None:
    """Fill y by w (groups, o, c, taps), as the meetings say."""
    lanes, pixels, outputs = _lanes(x), x[0, 0].size, y[0, 0].size
    groups, o, c, taps = w.shape
    panels, blocks = -(-o // ROWS), -(-len(x) // lanes) * groups
    chunk = min(c, max(1, DEPTH * outputs // max(meetings.left.size, 1)))
    panel_size = packed_size(c * taps, lanes)
    group_step, o_step, c_step = (step // w.itemsize for step in w.strides[:3])
    flat = (w if w.flags.c_contiguous else w.swapaxes(1, 2)).reshape(-1)
    with launch(len(x) * groups * c * o * meetings.left.size) as allowed:
        splits = 1 if blocks % allowed == 0 else min(panels, -(-2 * allowed // blocks))
        workers = min(allowed, blocks * splits)
        grid = chunk * pixels * lanes
        tiles = -(-panels // splits) * outputs * (1 if o == 1 else ROWS) * lanes
        packed, scratch = workspace.take(x.dtype, groups * panels * panel_size, workers * (grid + tiles))
        pack_weights(flat, groups, o, c, taps, o_step, c_step, group_step, packed)
        dims = Sizes(groups, c, o, taps, chunk, lanes)
        scratch = scratch.reshape(workers, -1)
        arrays = x.reshape(len(x), -1), packed, y.reshape(len(y), -1)
        convolve(*arrays, scratch, grid, splits, meetings, dims)


def _sum_weights(x: Array, g: Array, gw: Array, geometry: Geometry, groups: int) -> None:
    """Fill gw (o, c / groups, kh, kw), the sum over bands of rows."""
    if bands.fits(geometry.places):
        _sum_band(x, g, gw, geometry, groups)
        return
    gw.fill(0)
    part = np.empty_like(gw)
    for band in bands.by_places(geometry):
        rows = x[:, :, band.sources]
        if rows.size:
            _sum_band(rows, g[:, :, band.places], part, band.geometry, groups)
            gw += part


def _sum_band(x: Array, g: Array, gw: Array, geometry: Geometry, groups: int) -> None:
    """As ``_sum_weights``, by Winograd's algorithm or directly."""
    x, g = contiguous(x), contiguous(g)
    quick = algorithm.pays(x, x.shape[1], g.shape[1], groups, geometry, algorithm.WEIGHT)
    if quick and winograd_weight.sum_weights(x, g, gw, geometry):
        return
    c, o, lanes, count = x.shape[1] // groups, g.shape[1] // groups, _lanes(x), counts(geometry)
    for group, result in enumerate(gw.reshape(groups, o, c, geometry.taps)):
        x_images = Images(x.reshape(-1), x.shape[1], group * c, c, geometry.pixels)
        g_images = Images(g.reshape(-1), g.shape[1], group * o, o, geometry.outputs)
        packing = MOVING * (x_images.size + g_images.size)
        work = {
            "taps": rounded_up(c, lanes) * rounded_up(o, ROWS) * count.meetings + packing,
            "few in x": dots.work(g_images, x_images, geometry.taps, count.lines_by_place),
            "few in g": dots.work(x_images, g_images, geometry.taps, count.lines_by_source),
        }
        way = min(work, key=lambda name: work[name])
        with launch(work[way] * len(x)) as workers:
            if way == "few in x":
                lines = lines_by_place(geometry)
                result[...] = dots.sum_products(g_images, x_images, len(x), lines, workers)
            elif way == "few in g":
                lines = lines_by_source(geometry)
                products = dots.sum_products(x_images, g_images, len(x), lines, workers)
                result[...] = products.swapaxes(0, 1)
            if way == "taps" or not _finite(result):  # the others multiply zeros for what lies outside
                taps = by_tap(geometry, ROWS, lanes)
                _sum_by_taps(x_images, g_images, len(x), taps, workers, result)


def _sum_by_taps(x: Images, g: Images, n: int, meetings: Meetings, threads: int, gw: Array) -> None:
    """gw (o, c, taps) of n images, some of them packed at a time."""
    dtype = gw.dtype
    lanes, (o, c, taps) = TILE.lanes(dtype.itemsize), gw.shape
    blocks, panels = -(-c // lanes), -(-o // ROWS)
    row_step, lane_step = packed_size(g.pixels, lanes), x.pixels * lanes
    units = blocks * taps * panels
    image_bytes = (blocks * lane_step + panels * row_step) * dtype.itemsize
    together = max(1, min(n, PACKED_BYTES // image_bytes))
    lane_packed, row_packed, sums = workspace.take(
        dtype, together * blocks * lane_step, together * panels * row_step, units * ROWS * lanes
    )
    sums.fill(0)
    for first in range(0, n, together):
        count = min(together, n - first)
        weight.pack(x, g, first, count, lanes, row_step, lane_packed, row_packed)
        packed = (row_packed, lane_packed, sums)
        weight.sum_units(
            min(threads, units), *packed, count, row_step, lane_step, blocks, panels, lanes, meetings
        )
    weight.unpack(sums, lanes, gw)


@jit
def _count_finite(a: Array) -> int:
    count = 0
    for i in range(a.size):
        count += np.isfinite(a[i])
    return count


def _finite(a: Array) -> bool:
    """Whether no element is infinite or NaN."""
    return bool(_count_finite(contiguous(a).reshape(-1)) == a.size)


def _split(a: Array, groups: int, axis: int) -> list[Array]:
    """Each group's part of images or weights, the last two axes flattened."""
    return np.split(contiguous(a).reshape(*a.shape[:2], -1), groups, axis)


def _size(a: Array) -> Pair:
    return a.shape[2], a.shape[3]


def _lanes(a: Array) -> int:
    return TILE.lanes(a.itemsize)


def _fills_lanes(x: Array) -> bool:
    """Whether so many images leave at most a quarter of the lanes empty."""
    return 3 * rounded_up(len(x), _lanes(x)) <= 4 * len(x)
