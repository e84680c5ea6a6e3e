"""conv2d_weight with few channels on one side: dot products along the pixels of the other side's images.

Those are read where they lie; only the few channels are packed, each once for every tap.
"""

from __future__ import annotations

import numba

from minigrad.kernels.cpu.compiling import Array, jit, parallel_jit, workspace
from minigrad.kernels.cpu.conv_tables import Table
from minigrad.kernels.cpu.conv_weight import Images
from minigrad.kernels.cpu.dots import COLUMNS, ROWS, multiply_dots

DEPTH = 512  # pixels to sum in registers at a time, or an image: what the first cache takes
SLOWER = 1.75  # times that a multiplication here takes, two loads that are not aligned behind it
GATHERING = 40  # multiplications that take as long as to pack an element


def work(many: Images, few: Images, taps: int, width: int) -> int:
    """About an image's multiplications and packing, counted in multiplications."""
    rows, columns = -(-many.share // ROWS) * ROWS, -(-few.share * taps // COLUMNS) * COLUMNS
    return int(SLOWER * -(-many.pixels // width) * width * (rows * columns + GATHERING * few.share * taps))


def sum_products(many: Images, few: Images, n: int, partners: Table, workers: int) -> Array:
    """sums[channel of many, channel of few, tap] over n images and the pixels q of many, with those of few
    that partners (taps, q) names; `many` has at least a vector of pixels.
    """
    taps, length = partners.shape
    columns = few.share * taps
    rows, padded = -(-many.share // ROWS) * ROWS, -(-columns // COLUMNS) * COLUMNS
    together = max(1, DEPTH // many.pixels)
    chunks = -(-n // together)
    own = -(-(together * padded * length + few.pixels + 1) // 16) * 16
    scratch, sums = workspace.take(many.memory.dtype, workers * own, chunks * rows * padded)
    sums = sums.reshape(chunks, rows, padded)
    _sum_chunks(many, few, n, together, partners, scratch.reshape(workers, own), sums)
    return sums.sum(axis=0)[: many.share, :columns].reshape(many.share, few.share, taps)


@jit
def _gather(
    images: Images, first: int, count: int, partners: Table, step: int, pixels: Array, out: Array
) -> None:
    """out[image, (channel, tap), q] = images[first + image, channel, partners[tap, q]], or 0 for the pixel past
    the last.
    """
    pixels[images.pixels] = 0
    for image in range(count):
        for channel in range(images.share):
            source = ((first + image) * images.channels + images.channel + channel) * images.pixels
            pixels[: images.pixels] = images.memory[source : source + images.pixels]
            target = out[image * step + channel * partners.size :]
            for k, partner in enumerate(partners.flat):
                target[k] = pixels[partner]


@parallel_jit
def _sum_chunks(
    many: Images, few: Images, n: int, together: int, partners: Table, scratch: Array, sums: Array
) -> None:
    """sums[chunk, channel of many, (channel of few, tap)], a chunk being `together` images.

    One iteration owns a row of scratch and a share of the chunks.
    """
    workers, chunks = scratch.shape[0], sums.shape[0]
    length, columns = partners.shape[1], sums.shape[2]
    step = columns * length
    for worker in numba.prange(workers):
        packed, pixels = scratch[worker, : together * step], scratch[worker, together * step :]
        packed[:] = 0
        for chunk in range(worker * chunks // workers, (worker + 1) * chunks // workers):
            first = chunk * together
            count = min(together, n - first)
            _gather(few, first, count, partners, step, pixels, packed)
            result = sums[chunk].reshape(-1)
            for row in range(0, many.share, ROWS):
                start = (first * many.channels + many.channel + row) * many.pixels
                for column in range(0, columns, COLUMNS):
                    # (ROWS, count * pixels) @ (count * pixels, COLUMNS) -> (ROWS, COLUMNS)
                    multiply_dots(
                        many.memory, start, many.pixels, many.channels * many.pixels, many.share - row,
                        packed, column * length, length, step,
                        count, many.pixels, result, row * columns + column, columns,
                    )  # fmt: skip
