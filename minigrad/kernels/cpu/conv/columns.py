"""The convolutions of few images: the sources of an image become columns of a matrix, then one product.

Chellapilla et al. 2006, "High performance convolutional neural networks for document processing".
"""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.conv.tables import Meetings, SizedGeometry, by_tap
from minigrad.kernels.cpu.gemm.kernels import matmul
from minigrad.kernels.cpu.runtime.compiling import contiguous, jit, launch
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.types import Array


@jit
def _gather(x: Array, meetings: Meetings, columns: Array) -> None:
    """columns[c, tap, p] = x[c, s] where p meets s in tap, else 0."""
    parallel_for(x.shape[0], _gather_channel, x, meetings, columns)


@inner_jit
def _gather_channel(c: int, x: Array, meetings: Meetings, columns: Array) -> None:
    for tap in range(columns.shape[1]):
        columns[c, tap] = 0
        for j in range(meetings.first[tap], meetings.first[tap + 1]):
            columns[c, tap, meetings.left[j]] = x[c, meetings.right[j]]


@jit
def _scatter(columns: Array, meetings: Meetings, x: Array) -> None:
    """x[c, s] = sum of columns[c, tap, p] over the meetings of s."""
    parallel_for(x.shape[0], _scatter_channel, columns, meetings, x)


@inner_jit
def _scatter_channel(c: int, columns: Array, meetings: Meetings, x: Array) -> None:
    x[c] = 0
    for tap in range(columns.shape[1]):
        for j in range(meetings.first[tap], meetings.first[tap + 1]):
            x[c, meetings.right[j]] += columns[c, tap, meetings.left[j]]


def conv2d(x: Array, w: Array, y: Array, geometry: SizedGeometry) -> None:
    """y (n, o, places) of x (n, c, pixels) and w (o, c, taps), for one group."""
    columns = _columns(x, geometry)
    for image, result in zip(x, y, strict=True):
        _fill(image, geometry, columns)
        result[...] = matmul(w.reshape(len(w), -1), columns.reshape(-1, geometry.outputs))


def conv_transpose2d(x: Array, w: Array, y: Array, geometry: SizedGeometry) -> None:
    """y (n, o, pixels) of x (n, c, places) and w (c, o, taps), for one group."""
    meetings = by_tap(geometry, 1, 1)
    for image, result in zip(x, y, strict=True):
        columns = matmul(w.reshape(len(w), -1).T, image).reshape(len(result), geometry.taps, -1)
        with launch(columns.size):
            _scatter(columns, meetings, result)


def conv2d_weight(x: Array, g: Array, gw: Array, geometry: SizedGeometry) -> None:
    """gw (o, c, taps) of x (n, c, pixels) and g (n, o, places), for one group."""
    columns = _columns(x, geometry)
    gw[...] = 0
    for image, gradient in zip(x, g, strict=True):
        _fill(image, geometry, columns)
        gw += matmul(gradient, columns.reshape(-1, geometry.outputs).T).reshape(gw.shape)


def _columns(x: Array, geometry: SizedGeometry) -> Array:
    return np.empty((x.shape[1], geometry.taps, geometry.outputs), x.dtype)


def _fill(image: Array, geometry: SizedGeometry, columns: Array) -> None:
    with launch(columns.size):
        _gather(image, by_tap(geometry, 1, 1), columns)


def split(a: Array, groups: int, axis: int) -> list[Array]:
    """Each group's part of images or weights, the last two axes flattened."""
    return np.split(contiguous(a).reshape(*a.shape[:2], -1), groups, axis)
