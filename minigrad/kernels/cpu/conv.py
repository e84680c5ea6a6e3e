"""The three faces of the convolution on the CPU: plan, pack, multiply."""

from __future__ import annotations

import numpy as np

from minigrad.kernels import Pair, check_convolution, conv2d_shape
from minigrad.kernels.cpu import conv_loops as loops
from minigrad.kernels.cpu.compiling import Array, checked, contiguous, launch, workspace
from minigrad.kernels.cpu.conv_plan import (
    Planes,
    Taps,
    plan_conv2d,
    plan_conv2d_weight,
    plan_conv_transpose2d,
)

PACKED_BYTES = 1 << 23  # images that conv2d_weight packs at a time


def conv2d(x: Array, w: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Array:
    """y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), w (o, c / groups, kh, kw) -> y (n, o, oh, ow). ValueError if the shapes do not fit,
    TypeError unless both are float32 or both float64.
    """
    checked("conv2d", x, w)
    y = np.empty(conv2d_shape(x.shape, w.shape, stride, padding, dilation, groups), x.dtype)
    (n, c), o, size = x.shape[:2], w.shape[0], (y.shape[2], y.shape[3])
    if c == 0 or y.size == 0:
        y.fill(0)
        return y
    planes, taps = plan_conv2d(
        n,
        (c // groups, *x.shape[2:]),
        size,
        w.shape[2:],
        stride,
        dilation,
        padding,
        o,
        loops.TILE.lanes(x.itemsize),
    )
    row_step = w[0].size
    _convolve(planes, taps, x, w, y, groups, row_step, row_step * (o // groups))
    return y


def conv_transpose2d(
    x: Array, w: Array, size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    """The adjoint of conv2d by x: y[n, o, p * stride + i * dilation - padding] += w[c, o, i] x[n, c, p].

    x (n, c, h, w), w (c, o / groups, kh, kw) -> y (n, o, *size). `size` is any size on which conv2d takes at
    least (h, w) places; ValueError otherwise. TypeError unless both are float32 or both float64.
    """
    checked("conv_transpose2d", x, w)
    n, c = x.shape[:2]
    o = w.shape[1] * groups
    check_convolution("conv_transpose2d", (n, o, *size), x.shape, w.shape, stride, padding, dilation, groups)
    y = np.empty((n, o, *size), x.dtype)
    if x.size == 0 or y.size == 0:
        y.fill(0)
        return y
    area = w.shape[2] * w.shape[3]
    row_step, channel_step = area, w.shape[1] * area
    planes, taps = plan_conv_transpose2d(
        n,
        c // groups,
        size,
        w.shape[2:],
        stride,
        dilation,
        padding,
        channel_step,
        o,
        loops.TILE.lanes(x.itemsize),
    )
    _convolve(planes, taps, x, w, y, groups, row_step, channel_step * (c // groups))
    return y


def conv2d_weight(
    x: Array, g: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    """The adjoint of conv2d by w: gw[o, c, i] += g[n, o, p] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), g (n, o, oh, ow) -> gw (o, c / groups, *kernel), summed over n and the places p of `g`,
    which may leave out the last ones that the kernel could take on x, never have more (ValueError). TypeError
    unless both are float32 or both float64.
    """
    checked("conv2d_weight", x, g)
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    check_convolution("conv2d_weight", x.shape, g.shape, shape, stride, padding, dilation, groups)
    gw = np.zeros(shape, x.dtype)
    if gw.size == 0 or g.size == 0:
        return gw
    n, outputs, size = x.shape[0], shape[0] // groups, (g.shape[2], g.shape[3])
    lanes = loops.TILE.lanes(x.itemsize)
    planes, items = plan_conv2d_weight(n, shape[1], size, kernel, stride, dilation, padding, lanes)
    panels, places = -(-outputs // loops.ROWS), size[0] * size[1]
    channel = np.arange(panels * loops.ROWS)
    channel[outputs:] = -1
    g_planes = Planes(channel, np.zeros_like(channel), np.zeros_like(channel), 1, 1, 1, places)
    x_image = groups * planes.channel.size * planes.grid_h * planes.grid_w
    g_image = groups * channel.size * places
    images = max(items.block, PACKED_BYTES // ((x_image + g_image) * x.itemsize) // items.block * items.block)
    images = min(images, n)
    units = groups * items.item_block.size * panels
    x, g = contiguous(x), contiguous(g).reshape(n, -1, 1, places)  # places in one long row
    with launch(g.size * gw[0].size) as allowed:
        workers = min(allowed, units)
        x_packed, g_packed, sums = workspace.take(
            x.dtype, images * x_image, images * g_image, units * loops.ROWS * lanes
        )
        sums.fill(0)
        for first in range(0, n, images):
            count = min(images, n - first)
            loops.pack_images(x, g, first, count, groups, lanes, planes, x_packed, g_planes, g_packed)
            loops.sum_units(
                workers, x_packed, g_packed, sums, count, groups, panels, lanes, places, planes, items
            )
        loops.unpack_weights(sums, groups, panels, outputs, lanes, items, gw[0].size, gw.reshape(-1))
    return gw


def _convolve(
    planes: Planes, taps: Taps, x: Array, w: Array, y: Array, groups: int, row_step: int, group_step: int
) -> None:
    """Fill y as the tables say; the weights of an output channel start every `row_step`, of a group every
    `group_step`."""
    lanes = loops.TILE.lanes(x.itemsize)
    outputs = y.shape[1] // groups
    panels = -(-outputs // loops.ROWS)
    blocks = -(-x.shape[0] // taps.block) * groups
    area = planes.grid_h * planes.grid_w
    # a tile at the last column may read one grid and one vector past the planes, and ignores what it finds
    # there
    per_worker = loops.ROWS * lanes + (planes.channel.size + 1) * taps.block * area + area + lanes
    per_worker = -(-per_worker // 64) * 64
    x, w = contiguous(x), contiguous(w).reshape(-1)
    taps_each = taps.weight.size // (taps.phase_taps.size - 1)
    with launch(blocks * outputs * taps.pixel.size * taps_each) as allowed:
        splits = max(1, min(panels, -(-2 * allowed // blocks)))
        workers = min(allowed, blocks * splits)
        packed, work = workspace.take(
            x.dtype, panels * groups * loops.ROWS * taps.weight.size, workers * per_worker
        )
        loops.pack_weights(w, panels, groups, row_step, group_step, outputs, taps, packed)
        loops.convolve(
            x,
            packed,
            y.reshape(-1),
            work.reshape(workers, per_worker),
            groups,
            splits,
            outputs,
            lanes,
            planes,
            taps,
        )
