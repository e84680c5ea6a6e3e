"""Where the tiles of conv2d and conv_transpose2d read and write: tables, computed once per geometry."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.conv.tables import SizedGeometry, Table
from minigrad.kernels.cpu.conv.winograd.algorithm import (
    POINTS,
    TAPS,
    WIDE,
    Axis,
    cut,
    inside,
    joined,
)
from minigrad.kernels.cpu.runtime.keeping import shelf

NEIGHBOURS = 4  # tiles that share the weights while they are near, unless a row has more


class Plan(NamedTuple):
    """Tiles of a convolution: groups of whole rows of tiles, one after the other.

    The remainders modulo 2 are counted over both axes: 4 on the side with stride, 1 on the other.
    """

    tiles: int  # in a group
    reads: Table  # (2, groups) the pixels of the input that a group reads: the first, and one past the last
    writes: Table  # (2, groups) those of the output that it writes
    pixels: tuple[int, int]  # of the input and of the output
    points: int  # of all tiles: the products of an image, for each remainder of inputs and of outputs
    kinds: Table  # (groups, tiles) 1 if narrow columns, 2 if narrow rows, their sum if both
    # pixel counted from the first, or one past the last for zero: (groups, tiles, remainders, 25)
    inputs: Table
    outputs: Table  # (groups, tiles, remainders, 16) pixel of the output, or one past the last for none
    taps: Table  # (remainders, 4)


def conv2d_tables(geometry: SizedGeometry) -> tuple[list[Axis], list[Table], list[Table]]:
    """By axes: tiles of conv2d's places q, their inputs 2 q + b - padding for b in 0, 1, their outputs."""
    axes, inputs, outputs = [], [], []
    for size, places, p in zip(geometry.size, geometry.places, geometry.padding, strict=True):
        axis = cut(places)
        axes.append(axis)
        inputs.append(inside(2 * axis.inputs()[:, None, :] + np.arange(2)[:, None] - p, size))
        outputs.append(inside(axis.outputs()[:, None, :], places))
    return axes, inputs, outputs


@shelf.keeps
def plan_conv2d(geometry: SizedGeometry) -> Plan:
    """y[q] = sum over remainder b and a of w[2 a + b] x[2 (q + a) + b - padding], a in 0, 1."""
    return _plan(*conv2d_tables(geometry), geometry.size, geometry.places, TAPS)


@shelf.keeps
def plan_conv_transpose2d(geometry: SizedGeometry) -> Plan:
    """y[2 u + b - padding] = sum over a of w[2 (1 - a) + b] x[u - 1 + a], a in 0, 1: the adjoint.

    All remainders b use the same tiles, although their outputs begin and end at other places. Outputs that
    read nothing stay zero.
    """
    axes, inputs, outputs = [], [], []
    for size, places, p in zip(geometry.size, geometry.places, geometry.padding, strict=True):
        first, last = p // 2, (size - 1 + p) // 2
        axis = cut(last + 1 - first)
        axis = axis._replace(starts=axis.starts + first)
        axes.append(axis)
        inputs.append(inside(axis.inputs()[:, None, :] - 1, places))
        outputs.append(inside(2 * axis.outputs()[:, None, :] + np.arange(2)[:, None] - p, size))
    plan = _plan(axes, inputs, outputs, geometry.places, geometry.size, TAPS[:, ::-1].copy())
    for axis, places, own in zip(axes, geometry.places, outputs, strict=True):
        own[np.broadcast_to(axis.outputs()[:, None, :] > places, own.shape)] = -1
    return plan._replace(outputs=_places(outputs, geometry.size).reshape(plan.outputs.shape))


def _plan(
    axes: list[Axis],
    inputs: list[Table],
    outputs: list[Table],
    size: tuple[int, int],
    result: tuple[int, int],
    taps: Table,
) -> Plan:
    """The tables of both axes joined; positions outside the input or the result are marked."""
    tall, wide = axes
    rows = 1 if tall.tiles * wide.tiles > NEIGHBOURS else tall.tiles  # of tiles in a group
    groups, tiles = tall.tiles // rows, rows * wide.tiles
    reads, writes = _range(inputs[0].reshape(groups, -1)), _range(outputs[0].reshape(groups, -1))
    reads, writes = reads * size[1], writes * result[1]
    pixels = joined(inputs, size[1]).reshape(groups, -1)
    held = np.where(pixels < 0, (reads[1] - reads[0])[:, None], pixels - reads[0][:, None])
    narrow = [np.arange(axis.tiles) >= axis.wide for axis in axes]
    kinds = 2 * narrow[0][:, None] + narrow[1]
    return Plan(
        tiles, reads, writes, (size[0] * size[1], result[0] * result[1]), tall.points * wide.points,
        kinds.reshape(groups, tiles), held.reshape(groups, tiles, -1, POINTS**2),
        _places(outputs, result).reshape(groups, tiles, -1, WIDE**2), taps,
    )  # fmt: skip


def _places(outputs: list[Table], size: tuple[int, int]) -> Table:
    """By axes -> pixels of the output, or one past the last."""
    places = joined(outputs, size[1])
    return np.where(places < 0, size[0] * size[1], places)


def _range(positions: Table) -> Table:
    """(2, groups) the least position of each row, and one past the greatest; -1 does not count."""
    last = positions.max(axis=1) + 1
    first = np.where(positions < 0, last[:, None], positions).min(axis=1)
    return np.stack([first, last])
