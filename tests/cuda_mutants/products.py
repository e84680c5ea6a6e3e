"""Mutants of the matrix products: tiles, the linear layer, the convolution."""

from __future__ import annotations

from tests.cuda_mutants.mutant import Mutant

PRODUCTS = [
    Mutant(
        "tile.cuh",
        "rows of a tile that overlap",
        "const int PITCH = TILE + 4;",
        "const int PITCH = TILE - 4;",
    ),
    Mutant("tile.cuh", "wide loads from half their alignment", "% 16 == 0", "% 8 == 0"),
    Mutant(
        "tile.cuh",
        "an element taken twice from a wide load",
        "v[2] = b.x, v[3] = b.y",
        "v[2] = b.x, v[3] = b.x",
    ),
    Mutant(
        "tile.cuh",
        "a line beyond the last",
        "return i < lines ? i * line_step : -1;",
        "return i <= lines ? i * line_step : -1;",
    ),
    Mutant("tile.cuh", "threads that load the same lines", "along ? thread / 4 :", "along ? thread / 8 :"),
    Mutant("tile.cuh", "a wide load across the end", "k + 4 > end", "k + 3 > end"),
    Mutant(
        "tile.cuh",
        "no zeros beyond the end, along depth",
        "k + j < end ? operand.at(lines[0], k + j) : T(0)",
        "operand.at(lines[0], k + j)",
    ),
    Mutant(
        "tile.cuh",
        "no zeros beyond the end, along lines",
        "k < end ? operand.at(lines[j], k) : T(0)",
        "operand.at(lines[j], k)",
    ),
    Mutant(
        "tile.cuh",
        "depth and line swapped in a tile",
        "tile[depth + (along ? j : 0)][spot + (along ? 0 : j)]",
        "tile[depth + (along ? 0 : j)][spot + (along ? j : 0)]",
    ),
    Mutant(
        "tile.cuh", "no barrier before the products", "__syncthreads();", "", after="columns.store(w, b);"
    ),
    Mutant("tile.cuh", "no barrier behind the products", "__syncthreads();", "", after="sums[i][j] += "),
    Mutant(
        "tile.cuh",
        "a row taken for a column",
        "a[d][down + i] * b[d][across + j]",
        "a[d][down + j] * b[d][across + j]",
    ),
    Mutant("tile.cuh", "only the last product kept", "sums[i][j] += a[d]", "sums[i][j] = a[d]"),
    Mutant(
        "tile.cuh",
        "results in each other's rows",
        "result.put(row + down + i, place",
        "result.put(row + down + j, place",
    ),
    Mutant("tile.cuh", "no test for columns outside", "if (place >= 0) result.put", "result.put"),
    Mutant(
        "gemm.cu",
        "a row beyond the last",
        "if (row < rows) memory[row * columns + column] = value;",
        "if (row <= rows) memory[row * columns + column] = value;",
    ),
    Mutant(
        "gemm.cu",
        "a column beyond the last",
        "return i < columns ? i : -1;",
        "return i <= columns ? i : -1;",
        after="struct Rows",
    ),
    Mutant(
        "gemm.cu",
        "the right operand read as its transpose",
        "{y, y_column, y_row, n}",
        "{y, y_row, y_column, n}",
    ),
    Mutant(
        "gemm.cu",
        "tiles in each other's places",
        "blockIdx.x / across * TILE, blockIdx.x % across * TILE",
        "blockIdx.x % across * TILE, blockIdx.x / across * TILE",
        after="matmul(const T* x",
    ),
    Mutant(
        "gemm.cu", "one tile too few", "(n + TILE - 1) / TILE", "(n + TILE) / TILE", after="linear(const T* x"
    ),
    Mutant("gemm.cu", "a row's bias", "value + b[column]", "value + b[row]"),
    Mutant("gemm.cu", "no rectifier", "leaky(value + b[column], slope)", "value + b[column]"),
    Mutant(
        "conv.cu",
        "no test for the rows above the image",
        "row < 0 || row >= down.size",
        "row >= down.size",
        after="struct Patches",
    ),
    Mutant(
        "conv.cu",
        "a column beyond the image",
        "column >= across.size) return T(0);",
        "column > across.size) return T(0);",
        after="struct Patches",
    ),
    Mutant(
        "conv.cu",
        "an image beyond the last",
        "i < lines ? x + n * image : 0",
        "i <= lines ? x + n * image : 0",
    ),
    Mutant("conv.cu", "the stride left out", "down.start + p * down.stride", "down.start + p"),
    Mutant("conv.cu", "the dilation left out", "line.left + j * across.step", "line.left + j"),
    Mutant(
        "conv.cu",
        "channels as far apart as rows",
        "((int64)c * down.size + row) * across.size + column",
        "((int64)c + row) * across.size + column",
    ),
    Mutant(
        "conv.cu",
        "the padding added",
        "{h, oh, stride_h, -padding_h, kh, dilation_h}",
        "{h, oh, stride_h, padding_h, kh, dilation_h}",
        after="conv2d(const T* x",
    ),
    Mutant(
        "conv.cu",
        "images of one group",
        "groups * c * pixels, columns",
        "c * pixels, columns",
        after="conv2d(const T* x",
    ),
    Mutant("conv.cu", "a group's weights for another", "w + group * o * depth", "w"),
    Mutant(
        "conv.cu",
        "a column beyond the result's last",
        "if (i >= columns) return -1;",
        "if (i > columns) return -1;",
    ),
    Mutant(
        "conv.cu",
        "the last tap of a phase left out",
        "(kernel - tap + hop - 1) / hop",
        "(kernel - tap) / hop",
    ),
    Mutant(
        "conv.cu",
        "a phase with one place too few",
        "(size - phase + stride - 1) / stride",
        "(size - phase) / stride",
    ),
    Mutant(
        "conv.cu",
        "a phase that starts elsewhere",
        "start = (phase + padding - tap * dilation) / stride;",
        "start = (phase + padding) / stride;",
    ),
    Mutant(
        "conv.cu",
        "taps walked in the other direction",
        "-(hop_h * dilation_h / stride_h)",
        "hop_h * dilation_h / stride_h",
    ),
    Mutant("conv.cu", "taps that are neighbours", "across.tap + u * hop_w", "across.tap + u"),
    Mutant(
        "conv.cu",
        "weights of the other layout",
        "((int64)c * lines + line) * kh",
        "((int64)line * lines + c) * kh",
    ),
    Mutant("conv.cu", "a wide load across two images", "place + 4 > places || ", ""),
    Mutant("conv.cu", "the window's channel lost", "x + (int64)c * down.size * across.size", "x + c"),
    Mutant(
        "conv.cu",
        "shares that overlap",
        "share(depth, part + 1, shares)",
        "share(depth, part + 1, shares) + 1",
    ),
    Mutant(
        "conv.cu",
        "groups that write over each other",
        "(part * groups + group) * o * columns",
        "(part * groups) * o * columns",
    ),
    Mutant("conv.cu", "the last share left out", "part < shares; ++part", "part < shares - 1; ++part"),
    Mutant("conv.cu", "shares as far apart as elements", "parts[part * size + i]", "parts[part + i]"),
]
