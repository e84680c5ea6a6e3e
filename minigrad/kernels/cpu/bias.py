"""A bias per channel with leaky ReLU, and its gradient: each reads and writes memory once."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.checks import output
from minigrad.kernels.cpu.runtime.compiling import DTYPES, SMALL, checked, contiguous, jit, launch, threads
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.registers import ROWS as PANEL  # samples that are summed in the arrays' dtype
from minigrad.types import Array, Both

__all__ = ["bias_leaky_relu", "bias_leaky_relu_grad", "scale_bias_leaky_relu"]

ELEMENTS = 1024  # of a sample, that one iteration of the gradient takes if channels are small
LEAST = 64  # and at least: short loops are slow
CHUNK = 1 << 15  # elements that one iteration of bias_leaky_relu takes
ROWS = 64  # samples that are summed in the arrays' dtype, if they have pixels
SERIAL = 1 << 17  # elements below which starting the threads costs more than they save
GATED_SERIAL = 1 << 14  # the same for the gradient, which sums
ALONE = 1 << 13  # the same, where a channel is one element


class Epilogue(NamedTuple):
    """The scale, bias and leaky ReLU that another kernel applies to its results while the cache has them."""

    bias: Array  # (channels,), or (0,) for none of the three
    slope: float
    scale: Array  # (channels,), or (0,) for none


NOTHING = {dtype: np.zeros(0, dtype) for dtype in DTYPES}
NO_EPILOGUE = {dtype: Epilogue(none, 1.0, none) for dtype, none in NOTHING.items()}


def epilogue_of(bias: Array, slope: float, scale: Array | None = None) -> Epilogue:
    """An epilogue with a scale, or without one."""
    none = NOTHING[bias.dtype]
    return Epilogue(contiguous(bias), float(slope), none if scale is None else contiguous(scale))


@inner_jit
def finish(results: Array, channel: int, epilogue: Epilogue) -> None:
    """results = leaky_relu(scale[channel] results + bias[channel]), in place; the product is rounded."""
    if epilogue.scale.size > 0:
        scale = epilogue.scale[channel]
        for j in range(results.size):
            results[j] *= scale
    if epilogue.bias.size > 0:
        offset, factor = epilogue.bias[channel], results.dtype.type(epilogue.slope)
        for j in range(results.size):
            value = results[j] + offset
            low = factor * value if factor != 0 else factor
            results[j] = low if value <= 0 else value


@inner_jit
def _biased(block: int, x: Array, s: Array, b: Array, pixels: int, slope: float, rows: int, y: Array) -> None:
    """y[n, c * pixels + p] = leaky_relu(s[c] x[n, c * pixels + p] + b[c]), for the block's ``rows`` samples.

    Without a scale s is (0,). The product is rounded: it is stored in y first.
    """
    factor, own = x.dtype.type(slope), slice(block * rows, (block + 1) * rows)
    x, y = x[own], y[own]
    for n in range(x.shape[0]):
        if pixels == 1:
            row, result = x[n], y[n]
            if s.size:
                for c in range(row.size):
                    result[c] = row[c] * s[c]
                row = result
            for c in range(row.size):
                value = row[c] + b[c]
                low = factor * value if factor != 0 else factor
                result[c] = low if value <= 0 else value
        else:
            for c in range(b.size):
                row, result = x[n, c * pixels : (c + 1) * pixels], y[n, c * pixels : (c + 1) * pixels]
                offset = b[c]
                if s.size:
                    for p in range(row.size):
                        result[p] = row[p] * s[c]
                    row = result
                for p in range(row.size):
                    value = row[p] + offset
                    low = factor * value if factor != 0 else factor
                    result[p] = low if value <= 0 else value


@jit
def _biased_rows(x: Array, s: Array, b: Array, pixels: int, slope: float, rows: int, y: Array) -> None:
    parallel_for((x.shape[0] + rows - 1) // rows, _biased, x, s, b, pixels, slope, rows, y)


@inner_jit
def _gated(
    block: int, g: Array, y: Array, step: int, pixels: int, slope: float, gx: Array, gb: Array
) -> None:
    """gx = g where y > 0, slope * g elsewhere; gb[c] = its sum over channel c; for a block of channels."""
    gb, begin = gb[block * step : (block + 1) * step], block * step * pixels
    end, factor = begin + gb.size * pixels, y.dtype.type(slope)
    total, sums = np.empty(end - begin, y.dtype), np.zeros(gb.size)
    for start in range(0, y.shape[0], ROWS):
        total[:] = 0
        for n in range(start, min(start + ROWS, y.shape[0])):
            row, gradient, result = y[n, begin:end], g[n, begin:end], gx[n, begin:end]
            for j in range(row.size):
                low = factor * gradient[j] if factor != 0 else factor
                h = gradient[j] if row[j] > 0 else low
                result[j] = h
                total[j] += h
        for c in range(gb.size):
            some = 0.0
            for j in range(c * pixels, (c + 1) * pixels):
                some += np.float64(total[j])
            sums[c] += some
    for c in range(gb.size):
        gb[c] = sums[c]


@jit
def _gated_channels(g: Array, y: Array, step: int, pixels: int, slope: float, gx: Array, gb: Array) -> None:
    parallel_for((gb.size + step - 1) // step, _gated, g, y, step, pixels, slope, gx, gb)


@inner_jit
def gate_panel(
    g: Array, own: Array, step: int, rows: int, columns: int, factor: float, gx: Array, sums: Array
) -> None:
    """gx[r, j] = g[r, j] where own[r, j] is above 0, else factor * g[r, j]; sums[j] = sum over r of gx[r, j].

    For r < rows and j < columns; element (r, j) lies at r step + j.
    """
    result = sums[:columns]
    for j in range(columns):
        result[j] = 0
    for r in range(rows):
        first, last = r * step, r * step + columns
        gradient, row, gated = g[first:last], own[first:last], gx[first:last]
        for j in range(columns):
            low = factor * gradient[j] if factor != 0 else factor
            h = gradient[j] if row[j] > 0 else low
            gated[j] = h
            result[j] += h


@inner_jit
def add_panels(totals: Array, sums: Array) -> None:
    """sums[j] = sum over p of totals[p n + j], for the n elements of sums."""
    n = sums.size
    if totals.size == 0:
        return
    wide = np.zeros(n)
    for p in range(totals.size // n):
        own = totals[p * n : (p + 1) * n]
        for j in range(n):
            wide[j] += np.float64(own[j])
    for j in range(n):
        sums[j] = wide[j]


@inner_jit
def _gated_some(
    share: int, shares: int, g: Array, y: Array, n: int, slope: float, gx: Array, totals: Array
) -> None:
    """A share of the panels of samples."""
    m, factor = y.size // n, y.dtype.type(slope)
    panels = totals.size // n
    for p in range(share * panels // shares, (share + 1) * panels // shares):
        first, rows = p * PANEL * n, min(PANEL, m - p * PANEL)
        gate_panel(g[first:], y[first:], n, rows, n, factor, gx[first:], totals[p * n :])


@jit
def _gated_rows(g: Array, y: Array, slope: float, shares: int, gx: Array, gb: Array) -> None:
    """As ``_gated_channels`` where a channel is one element."""
    n = gb.size
    panels = (y.size // n + PANEL - 1) // PANEL
    totals = np.empty(panels * n, y.dtype)
    parallel_for(min(shares, panels), _gated_some, min(shares, panels), g, y, n, slope, gx, totals)
    add_panels(totals, gb)


def bias_leaky_relu(x: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = leaky_relu(x + b[c]): x (n, c, ...), b (c,) -> y of x's shape; ``out`` may be x itself.

    TypeError unless both are float32 or both float64, ValueError if b does not fit.
    """
    checked("bias_leaky_relu", x, b)
    if b.shape != x.shape[1:2]:
        raise ValueError(f"bias_leaky_relu: x {x.shape} needs a bias {x.shape[1:2]}; got {b.shape}")
    y = output("bias_leaky_relu", out, x.shape, x.dtype)
    _fill_biased(x, epilogue_of(b, slope), y)
    return y


def scale_bias_leaky_relu(x: Array, s: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = leaky_relu(s[c] x + b[c]): x (n, c, ...), s and b (c,) -> y of x's shape; ``out`` may be x itself.

    The product is rounded, as if it were stored. TypeError unless all are float32 or all float64, ValueError
    if s or b does not fit.
    """
    checked("scale_bias_leaky_relu", x, s, b)
    if not s.shape == b.shape == x.shape[1:2]:
        raise ValueError(
            f"scale_bias_leaky_relu: x {x.shape} needs a scale and a bias {x.shape[1:2]}; got {s.shape} and "
            f"{b.shape}"
        )
    y = output("scale_bias_leaky_relu", out, x.shape, x.dtype)
    _fill_biased(x, epilogue_of(b, slope, s), y)
    return y


def _fill_biased(x: Array, epilogue: Epilogue, y: Array) -> None:
    """y = leaky_relu(scale x + bias); y may be x."""
    if x.size == 0:
        return
    b, slope, s = epilogue
    flat, result = contiguous(x).reshape(x.shape[0], -1), y.reshape(x.shape[0], -1)
    pixels = math.prod(x.shape[2:])
    if x.size < SERIAL:
        launching.launch(_biased_rows, flat, s, b, pixels, slope, len(flat), result)
    else:
        with launch(SMALL):
            rows = max(1, CHUNK // flat.shape[1])
            launching.launch(_biased_rows, flat, s, b, pixels, slope, rows, result)


def bias_leaky_relu_grad(g: Array, y: Array, slope: float, *, out: Both | None = None) -> Both:
    """The gradients of bias_leaky_relu, for the gradient g of its output y, by x and by b.

    gx = g where y > 0, slope * g elsewhere (the slope is at least 0); gb = sum of gx over all axes but 1.
    g and y (n, c, ...). Raises as bias_leaky_relu.
    """
    checked("bias_leaky_relu_grad", g, y)
    if g.shape != y.shape:
        raise ValueError(f"bias_leaky_relu_grad: expected g and y of one shape; got {g.shape} and {y.shape}")
    shapes, given = (y.shape, y.shape[1:2]), out or (None, None)
    gx, gb = (
        output("bias_leaky_relu_grad", a, shape, y.dtype) for a, shape in zip(given, shapes, strict=True)
    )
    if y.size == 0:
        gb.fill(0)
        return gx, gb
    flat, gradient = (contiguous(a).reshape(y.shape[0], -1) for a in (y, g))
    pixels, result = math.prod(y.shape[2:]), gx.reshape(y.shape[0], -1)
    if pixels == 1:
        shares = 1 if y.size < ALONE else threads()
        ends = gradient.reshape(-1), flat.reshape(-1), float(slope), shares, result.reshape(-1), gb
        launching.launch(_gated_rows, *ends)
    elif y.size < GATED_SERIAL:
        launching.launch(_gated_channels, gradient, flat, gb.size, pixels, float(slope), result, gb)
    else:
        with launch(SMALL):
            step = max(1, min(ELEMENTS, max(LEAST, y.shape[1] * pixels // 8)) // pixels)
            launching.launch(_gated_channels, gradient, flat, step, pixels, float(slope), result, gb)
    return gx, gb
