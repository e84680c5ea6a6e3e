"""The compiled loops of the convolutions: `conv_plan` explains the tables, `conv` puts the pieces together.

All of it rests on `multiply_tile`, a small matrix product held in vector registers. They share a file because
Numba notices a change only in a function's own file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic

from minigrad.kernels.cpu.compiling import Array, jit, parallel_jit
from minigrad.kernels.cpu.conv_plan import Items, Planes, Taps

DEPTH = 512  # products summed in registers before conv2d_weight goes on to the next unit


class Tile(NamedTuple):
    """A tile of `rows` x `vectors` registers of `width` bytes each."""

    rows: int
    vectors: int
    width: int

    def lanes(self, itemsize: int) -> int:
        """Columns of the tile, for elements of `itemsize` bytes."""
        return self.vectors * self.width // itemsize


def _features() -> set[str]:
    if config.CPU_FEATURES is not None:
        return {name[1:] for name in config.CPU_FEATURES.split(",") if name.startswith("+")}
    return {name for name, present in binding.get_host_cpu_features().items() if present}


def _choose(features: set[str]) -> Tile:
    """The tile that fills the registers and leaves some for operands: 26 + 3 of 32 or 12 + 3 of 16."""
    if "avx512f" in features:
        return Tile(rows=13, vectors=2, width=64)
    if "avx2" in features:
        return Tile(rows=6, vectors=2, width=32)
    if "neon" in features:
        return Tile(rows=8, vectors=3, width=16)
    return Tile(rows=4, vectors=2, width=16)


TILE = _choose(_features())
ROWS = TILE.rows
FEW = ROWS // 3  # up to so many output channels, conv2d and conv_transpose2d do without the tile


@intrinsic
def multiply_tile(
    typingctx: Any, a: Any, a0: Any, b: Any, b0: Any, shift: Any, s0: Any, k: Any, c: Any, c0: Any
) -> Any:
    """c[c0 + r * lanes + l] += sum over i < k of a[a0 + i * rows + r] * b[b0 + shift[s0 + i] + l].

    a, b, c: contiguous arrays of one axis and one float type; shift: int64. Nothing checks bounds.
    """
    signature = types.void(a, types.int64, b, types.int64, shift, types.int64, types.int64, c, types.int64)
    return signature, _generate


def _generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    i64, i32 = ir.IntType(64), ir.IntType(32)
    element = context.get_data_type(signature.args[0].dtype)
    width = TILE.width * 8 // signature.args[0].dtype.bitwidth
    vector = ir.VectorType(element, width)

    def pointer(array: int, offset: int) -> Any:
        data = context.make_array(signature.args[array])(context, builder, values[array]).data
        return builder.gep(data, [values[offset]])

    def vector_at(base: Any, index: int) -> Any:
        return builder.bitcast(builder.gep(base, [i64(index * width)]), vector.as_pointer())

    def load(address: Any) -> Any:
        value = builder.load(address)
        value.align = element.get_abi_size(context.target_data)
        return value

    def broadcast(scalar: Any) -> Any:
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, i32(0))
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(i32, width), [0] * width))

    a, b, shift, c = pointer(0, 1), pointer(2, 3), pointer(4, 5), pointer(7, 8)
    count = values[6]
    suffix = f"v{width}f{signature.args[0].dtype.bitwidth}"
    fma_type = ir.FunctionType(vector, [vector] * 3)
    fma = cgutils.get_or_insert_function(builder.module, fma_type, f"llvm.fmuladd.{suffix}")
    places = [(r, v) for r in range(TILE.rows) for v in range(TILE.vectors)]
    start = [load(vector_at(c, r * TILE.vectors + v)) for r, v in places]

    entry = builder.block
    loop, done = builder.append_basic_block("tile.loop"), builder.append_basic_block("tile.done")
    builder.cbranch(builder.icmp_signed(">", count, i64(0)), loop, done)

    builder.position_at_end(loop)
    i = builder.phi(i64)
    sums = [builder.phi(vector) for _ in places]
    row = builder.gep(b, [builder.load(builder.gep(shift, [i]))])
    columns = [load(vector_at(row, v)) for v in range(TILE.vectors)]
    weights = builder.gep(a, [builder.mul(i, i64(TILE.rows))])
    new = []
    for r in range(TILE.rows):  # each factor is loaded next to its use, or the compiler runs out of registers
        factor = broadcast(builder.load(builder.gep(weights, [i64(r)])))
        new += [
            builder.call(fma, [factor, columns[v], sums[r * TILE.vectors + v]]) for v in range(TILE.vectors)
        ]
    after = builder.add(i, i64(1))
    i.add_incoming(i64(0), entry)
    i.add_incoming(after, loop)
    for phi, first, later in zip(sums, start, new, strict=True):
        phi.add_incoming(first, entry)
        phi.add_incoming(later, loop)
    builder.cbranch(builder.icmp_signed("<", after, count), loop, done)

    builder.position_at_end(done)
    for (r, v), first, later in zip(places, start, new, strict=True):
        result = builder.phi(vector)
        result.add_incoming(first, entry)
        result.add_incoming(later, loop)
        start[r * TILE.vectors + v] = result
    for index, result in enumerate(start):
        store = builder.store(result, vector_at(c, index))
        store.align = element.get_abi_size(context.target_data)
    return context.get_dummy_value()


@jit
def _columns(planes: Planes, v: int, width: int) -> tuple[int, int]:
    """The range of columns s of the grid with 0 <= s * step_w + left < width."""
    left = planes.left[v]
    first = min(max(-(left // planes.step_w), 0), planes.grid_w)
    return first, max(min((width - 1 - left) // planes.step_w + 1, planes.grid_w), first)


@jit
def _sample(x: Array, image: int, first_channel: int, planes: Planes, v: int, out: Array) -> None:
    """out[q] = plane v of one image, for q over the flattened grid."""
    first, last = _columns(planes, v, x.shape[3])
    step = planes.step_w
    for r in range(planes.grid_h):
        row = out[r * planes.grid_w : (r + 1) * planes.grid_w]
        source = r * planes.step_h + planes.top[v]
        if source < 0 or source >= x.shape[2]:
            row[:] = 0
            continue
        row[:first] = 0
        row[last:] = 0
        inside, line = row[first:last], x[image, first_channel + planes.channel[v], source]
        line = line[first * step + planes.left[v] :]
        if step == 1:  # the common steps apart, for the vector unit
            for s in range(inside.size):
                inside[s] = line[s]
        elif step == 2:
            for s in range(inside.size):
                inside[s] = line[2 * s]
        else:
            for s in range(inside.size):
                inside[s] = line[s * step]


@jit
def _sample_lane(
    x: Array, image: int, first_channel: int, planes: Planes, v: int, out: Array, start: int, lanes: int
) -> None:
    """out[start + q * lanes] = plane v of one image, q over the flattened grid; zeros without a channel."""
    first, last = _columns(planes, v, x.shape[3])
    channel, step, left = planes.channel[v], planes.step_w, planes.left[v]
    for r in range(planes.grid_h):
        row = start + r * planes.grid_w * lanes
        source = r * planes.step_h + planes.top[v]
        if channel < 0 or source < 0 or source >= x.shape[2]:
            for s in range(planes.grid_w):
                out[row + s * lanes] = 0
            continue
        line = x[image, first_channel + channel, source]
        for s in range(first):
            out[row + s * lanes] = 0
        for s in range(first, last):
            out[row + s * lanes] = line[s * step + left]
        for s in range(last, planes.grid_w):
            out[row + s * lanes] = 0


@jit
def _pack_weight_panel(
    w: Array,
    panel: int,
    panels: int,
    groups: int,
    row_step: int,
    group_step: int,
    outputs: int,
    taps: Taps,
    out: Array,
) -> None:
    """out[phase, panel, k, r] = w[group, output p * ROWS + r, tap k]; 0 past the last output."""
    group, p = panel // panels, panel % panels
    for phase in range(taps.phase_taps.size - 1):
        first_tap = taps.phase_taps[phase]
        count = taps.phase_taps[phase + 1] - first_tap
        start = (first_tap * groups * panels + panel * count) * ROWS
        for r in range(ROWS):
            output = p * ROWS + r
            source = group * group_step + output * row_step
            for k in range(count):
                value = w.dtype.type(0)
                if output < outputs:
                    value = w[source + taps.weight[first_tap + k]]
                out[start + k * ROWS + r] = value


@parallel_jit
def pack_weights(
    w: Array, panels: int, groups: int, row_step: int, group_step: int, outputs: int, taps: Taps, out: Array
) -> None:
    """The weights as panels of ROWS output channels, tap by tap. One iteration owns a panel."""
    for panel in numba.prange(groups * panels):
        _pack_weight_panel(w, panel, panels, groups, row_step, group_step, outputs, taps, out)


@jit
def _convolve_panel(
    w: Array,
    start: int,
    grids: Array,
    tile: Array,
    taps: Taps,
    phase: int,
    count: int,
    y: Array,
    target: int,
    rows: int,
    pixels: int,
) -> None:
    """One phase's outputs of `rows` channels, `pixels` apart, for the `count` images of a block."""
    lanes = tile.size // ROWS
    first_tap, last_tap = taps.phase_taps[phase], taps.phase_taps[phase + 1]
    for panel in range(taps.phase_panel[phase], taps.phase_panel[phase + 1]):
        first, last = taps.panel_first[panel], taps.panel_first[panel + 1]
        if taps.image[first] >= count:
            break
        while taps.image[last - 1] >= count:
            last -= 1
        tile[:] = 0
        # (rows, taps) @ (taps, lanes) -> (rows, lanes)
        multiply_tile(
            w, start, grids, taps.panel_start[panel], taps.shift, first_tap, last_tap - first_tap, tile, 0
        )
        for r in range(rows):
            for e in range(first, last):
                y[target + r * pixels + taps.pixel[e]] = tile[r * lanes + taps.lane[e]]


@jit
def _convolve_few(
    w: Array,
    start: int,
    grids: Array,
    sums: Array,
    taps: Taps,
    phase: int,
    count: int,
    y: Array,
    target: int,
    rows: int,
    pixels: int,
) -> None:
    """As `_convolve_panel`, a channel at a time: so few would leave most of the tile's rows empty."""
    first_tap, last_tap = taps.phase_taps[phase], taps.phase_taps[phase + 1]
    for r in range(rows):
        sums[:] = 0
        for k in range(first_tap, last_tap - 3, 4):  # four at a time, to load and store the sums less often
            a, b = grids[taps.shift[k] :], grids[taps.shift[k + 1] :]
            c, d = grids[taps.shift[k + 2] :], grids[taps.shift[k + 3] :]
            factor = w[start + (k - first_tap) * ROWS + r : start + (k - first_tap + 4) * ROWS : ROWS]
            wa, wb, wc, wd = factor[0], factor[1], factor[2], factor[3]
            for q in range(sums.size):
                sums[q] += wa * a[q] + wb * b[q] + wc * c[q] + wd * d[q]
        for k in range(last_tap - (last_tap - first_tap) % 4, last_tap):
            a, wa = grids[taps.shift[k] :], w[start + (k - first_tap) * ROWS + r]
            for q in range(sums.size):
                sums[q] += wa * a[q]
        for panel in range(taps.phase_panel[phase], taps.phase_panel[phase + 1]):
            for e in range(taps.panel_first[panel], taps.panel_first[panel + 1]):
                if taps.image[e] < count:
                    y[target + r * pixels + taps.pixel[e]] = sums[taps.panel_start[panel] + taps.lane[e]]


@jit
def _convolve_item(
    item: int,
    x: Array,
    w: Array,
    y: Array,
    scratch: Array,
    groups: int,
    splits: int,
    outputs: int,
    lanes: int,
    planes: Planes,
    taps: Taps,
) -> None:
    """y of a block of images, a group, and a range of its panels of output channels."""
    panels = (outputs + ROWS - 1) // ROWS
    group = item // splits % groups
    first_image = item // (splits * groups) * taps.block
    count = min(taps.block, x.shape[0] - first_image)
    in_channels, pixels = x.shape[1] // groups, y.size // (x.shape[0] * groups * outputs)
    area = planes.grid_h * planes.grid_w
    tile, scratch = scratch[: ROWS * lanes], scratch[ROWS * lanes :]
    sums, grids = scratch[: taps.block * area], scratch[taps.block * area :]
    for v in range(planes.channel.size):
        for i in range(count):
            place = (v * taps.block + i) * area
            _sample(x, first_image + i, group * in_channels, planes, v, grids[place : place + area])
    for p in range(item % splits * panels // splits, (item % splits + 1) * panels // splits):
        channel = p * ROWS
        rows = min(ROWS, outputs - channel)
        target = ((first_image * groups + group) * outputs + channel) * pixels
        for phase in range(taps.phase_taps.size - 1):
            depth = taps.phase_taps[phase + 1] - taps.phase_taps[phase]
            start = (taps.phase_taps[phase] * groups * panels + (group * panels + p) * depth) * ROWS
            if rows <= FEW:
                _convolve_few(w, start, grids, sums, taps, phase, count, y, target, rows, pixels)
            else:
                _convolve_panel(w, start, grids, tile, taps, phase, count, y, target, rows, pixels)


@parallel_jit
def convolve(
    x: Array,
    w: Array,
    y: Array,
    scratch: Array,
    groups: int,
    splits: int,
    outputs: int,
    lanes: int,
    planes: Planes,
    taps: Taps,
) -> None:
    """y[n, o, pixel] = sum over k of w[o, k] * planes[n, column + shift[k]].

    One iteration owns a row of scratch and a share of the items.
    """
    workers = scratch.shape[0]
    items = (x.shape[0] + taps.block - 1) // taps.block * groups * splits
    for worker in numba.prange(workers):
        for item in range(worker * items // workers, (worker + 1) * items // workers):
            _convolve_item(item, x, w, y, scratch[worker], groups, splits, outputs, lanes, planes, taps)


@jit
def _pack_image(
    x: Array, image: int, place: int, images: int, groups: int, planes: Planes, lanes: int, out: Array
) -> None:
    """One image's planes into out (groups, blocks of planes, images, grid, lanes), as image `place`."""
    area = planes.grid_h * planes.grid_w
    blocks = planes.channel.size // lanes
    for group in range(groups):
        for v in range(planes.channel.size):
            start = ((group * blocks + v // lanes) * images + place) * area * lanes + v % lanes
            _sample_lane(x, image, group * (x.shape[1] // groups), planes, v, out, start, lanes)


@parallel_jit
def pack_images(
    x: Array,
    g: Array,
    first: int,
    images: int,
    groups: int,
    lanes: int,
    x_planes: Planes,
    x_out: Array,
    g_planes: Planes,
    g_out: Array,
) -> None:
    """Images [first, first + images) of x and g, the lane the fastest axis. One iteration owns an image."""
    for place in numba.prange(images):
        _pack_image(x, first + place, place, images, groups, x_planes, lanes, x_out)
        _pack_image(g, first + place, place, images, groups, g_planes, ROWS, g_out)


@jit
def _sum_units(
    first_unit: int,
    last_unit: int,
    x: Array,
    g: Array,
    sums: Array,
    images: int,
    groups: int,
    panels: int,
    lanes: int,
    places: int,
    planes: Planes,
    items: Items,
) -> None:
    """Add some images to the sums of a range of units; a unit is a group, an item and a panel of outputs."""
    each = items.item_block.size
    blocks = planes.channel.size // lanes
    area = planes.grid_h * planes.grid_w
    for first in range(0, images, items.block):
        count = min(items.block, images - first) * places
        for depth in range(0, count, DEPTH):
            for unit in range(first_unit, last_unit):
                p = unit % panels
                item = unit // panels % each
                group = unit // (panels * each)
                gradient = (((group * panels + p) * images + first) * places + depth) * ROWS
                plane = (
                    (group * blocks + items.item_block[item]) * images + first
                ) * area + items.item_shift[item]
                # (rows, places) @ (places, lanes) -> (rows, lanes)
                multiply_tile(
                    g,
                    gradient,
                    x,
                    plane * lanes,
                    items.row,
                    depth,
                    min(DEPTH, count - depth),
                    sums,
                    unit * ROWS * lanes,
                )


@parallel_jit
def sum_units(
    workers: int,
    x: Array,
    g: Array,
    sums: Array,
    images: int,
    groups: int,
    panels: int,
    lanes: int,
    places: int,
    planes: Planes,
    items: Items,
) -> None:
    """sums[unit, r, l] += sum over images and places of g[p * ROWS + r] * x[item's block and shift, l].

    One iteration owns a share of the units, so that the order of every sum is fixed.
    """
    units = groups * items.item_block.size * panels
    for worker in numba.prange(workers):
        first, last = worker * units // workers, (worker + 1) * units // workers
        _sum_units(first, last, x, g, sums, images, groups, panels, lanes, places, planes, items)


@jit
def unpack_weights(
    sums: Array, groups: int, panels: int, outputs: int, lanes: int, items: Items, row_step: int, gw: Array
) -> None:
    """gw[group, output, weight[item, lane]] from the tiles of sums (groups, items, panels, ROWS, lanes)."""
    each = items.item_block.size
    for group in range(groups):
        for item in range(each):
            for output in range(outputs):
                unit = (group * each + item) * panels + output // ROWS
                start = (unit * ROWS + output % ROWS) * lanes
                target = (group * outputs + output) * row_step
                for lane in range(lanes):
                    weight = items.item_weight[item * lanes + lane]
                    if weight >= 0:
                        gw[target + weight] = sums[start + lane]
