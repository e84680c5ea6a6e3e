"""How images and weights lie in flat memory, and how pixels get into the lanes of vectors and back."""

from __future__ import annotations

from typing import NamedTuple

from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.tiles.packing import Rows, pack_rows, transpose
from minigrad.kernels.cpu.tiles.registers import ROWS
from minigrad.types import Array


class Images(NamedTuple):
    """Channels [channel, channel + share) of images (n, channels, pixels) in flat memory."""

    memory: Array
    n: int
    channels: int
    channel: int
    share: int
    pixels: int

    @property
    def size(self) -> int:
        """Elements of an image that are used."""
        return self.share * self.pixels


def images_of(a: Array, groups: int) -> list[Images]:
    """The parts of C-contiguous images (n, c, h, w) that belong to each group."""
    n, channels, share, pixels = len(a), a.shape[1], a.shape[1] // groups, a.shape[2] * a.shape[3]
    memory = a.reshape(-1)
    return [Images(memory, n, channels, first, share, pixels) for first in range(0, channels, share)]


class Weights(NamedTuple):
    """Weights (groups, o, c, taps) in flat memory, each of whose first three axes has a step of its own."""

    memory: Array
    groups: int
    o: int
    c: int
    taps: int
    group_step: int
    o_step: int
    c_step: int


def weights_of(w: Array) -> Weights:
    """Weights (groups, o, c, taps) that are contiguous, or with o and c exchanged."""
    flat = (w if w.flags.c_contiguous else w.swapaxes(1, 2)).reshape(-1)
    (groups, o, c, taps), steps = w.shape, [step // w.itemsize for step in w.strides]
    return Weights(flat, groups, o, c, taps, steps[0], steps[1], steps[2])


@inner_jit
def pack_panel(w: Weights, group: int, panel: int, out: Array, at: int) -> None:
    """out[at + (c, tap, r)] = w[group, panel * ROWS + r, c, tap], 0 past the last output."""
    runs, length = w.c, w.taps
    if w.c_step == w.taps:  # an output's weights follow each other
        runs, length = 1, w.c * w.taps
    start = group * w.group_step + panel * ROWS * w.o_step
    for run in range(runs):
        rows = Rows(w.memory, start + run * w.c_step, w.o_step)
        pack_rows(rows, w.o - panel * ROWS, length, out, at + run * length * ROWS)


@inner_jit
def load_pixels(
    images: Images, first: int, count: int, channel: int, begin: int, end: int, lanes: Rows
) -> None:
    """lanes[q - begin, i] = images[first + i, channel, q] for i < count, begin <= q < end."""
    step = images.channels * images.pixels
    source = Rows(images.memory, first * step + channel * images.pixels + begin, step)
    transpose(source, lanes, count, end - begin)


@inner_jit
def store_pixels(
    lanes: Rows, images: Images, first: int, count: int, channel: int, begin: int, end: int
) -> None:
    """images[first + i, channel, q] = lanes[q - begin, i] for i < count, begin <= q < end."""
    step = images.channels * images.pixels
    target = Rows(images.memory, first * step + channel * images.pixels + begin, step)
    transpose(lanes, target, end - begin, count)
