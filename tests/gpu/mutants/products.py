"""Mutants of the matrix products: tiles, the linear layer, the convolution."""

from __future__ import annotations

from tests.gpu.mutants.mutant import Mutant

PRODUCTS = [
    Mutant(
        "product/simple_tile.cuh",
        "rows of a tile that overlap",
        "const int PITCH = TILE + 4;",
        "const int PITCH = TILE - 4;",
    ),
    Mutant("product/simple_tile.cuh", "wide loads from half their alignment", "% 16 == 0", "% 8 == 0"),
    Mutant(
        "product/simple_tile.cuh",
        "an element taken twice from a wide load",
        "v[2] = b.x, v[3] = b.y",
        "v[2] = b.x, v[3] = b.x",
    ),
    Mutant(
        "product/simple_tile.cuh",
        "a line beyond the last",
        "return i < lines ? i * line_step : -1;",
        "return i <= lines ? i * line_step : -1;",
    ),
    Mutant(
        "product/simple_tile.cuh",
        "threads that load the same lines",
        "along ? thread / 4 :",
        "along ? thread / 8 :",
    ),
    Mutant("product/simple_tile.cuh", "a wide load across the end", "k + 4 > end", "k + 3 > end"),
    Mutant(
        "product/simple_tile.cuh",
        "no zeros beyond the end, along depth",
        "k + j < end ? operand.at(lines[0], k + j) : T(0)",
        "operand.at(lines[0], k + j)",
    ),
    Mutant(
        "product/simple_tile.cuh",
        "no zeros beyond the end, along lines",
        "k < end ? operand.at(lines[j], k) : T(0)",
        "operand.at(lines[j], k)",
    ),
    Mutant(
        "product/simple_tile.cuh",
        "depth and line swapped in a tile",
        "tile[depth + (along ? j : 0)][spot + (along ? 0 : j)]",
        "tile[depth + (along ? 0 : j)][spot + (along ? j : 0)]",
    ),
    Mutant(
        "product/simple_tile.cuh",
        "no barrier before the products",
        "__syncthreads();",
        "",
        after="columns.store(w, b);",
    ),
    Mutant(
        "product/simple_tile.cuh",
        "no barrier behind the products",
        "__syncthreads();",
        "",
        after="sums[i][j] += ",
    ),
    Mutant(
        "product/simple_tile.cuh",
        "a row taken for a column",
        "a[d][down + i] * b[d][across + j]",
        "a[d][down + j] * b[d][across + j]",
    ),
    Mutant(
        "product/simple_tile.cuh", "only the last product kept", "sums[i][j] += a[d]", "sums[i][j] = a[d]"
    ),
    Mutant(
        "product/simple_tile.cuh",
        "results in each other's rows",
        "result.put(row + down + i, place",
        "result.put(row + down + j, place",
    ),
    Mutant(
        "product/simple_tile.cuh", "no test for columns outside", "if (place >= 0) result.put", "result.put"
    ),
    Mutant(
        "gemm/simple.cu",
        "a row beyond the last",
        "if (row < rows) memory[row * columns + column] = value;",
        "if (row <= rows) memory[row * columns + column] = value;",
    ),
    Mutant(
        "gemm/simple.cu",
        "a column beyond the last",
        "return i < columns ? i : -1;",
        "return i <= columns ? i : -1;",
        after="struct MatrixResult",
    ),
    Mutant(
        "gemm/simple.cu",
        "the right operand read as its transpose",
        "{y, y_column, y_row, n}",
        "{y, y_row, y_column, n}",
        after="matmul(const T* x",
    ),
    Mutant(
        "gemm/simple.cu",
        "tiles in each other's places",
        "blockIdx.x / across * TILE, blockIdx.x % across * TILE",
        "blockIdx.x % across * TILE, blockIdx.x / across * TILE",
        after="matmul(const T* x",
    ),
    Mutant(
        "gemm/simple.cu",
        "one tile too few",
        "(n + TILE - 1) / TILE",
        "(n + TILE) / TILE",
        after="linear(const T* x",
    ),
    Mutant("gemm/simple.cu", "one left operand for a stack", "{x + item * x_item, ", "{x, "),
    Mutant("gemm/simple.cu", "the right operand of another product", "item * y_item", "item * x_item"),
    Mutant("gemm/simple.cu", "a stack's results over each other", "z + item * m * n", "z"),
    Mutant(
        "gemm/simple.cu",
        "gated by itself",
        "gate_tile<TILE, TILE>(z, own, slope",
        "gate_tile<TILE, TILE>(z, z, slope",
    ),
    Mutant("product/columns.cuh", "a row beyond the last", "i + j >= rows", "i + j > rows"),
    Mutant(
        "product/columns.cuh", "a column beyond the last", "j >= columns) continue;", "j > columns) continue;"
    ),
    Mutant("product/columns.cuh", "gated by itself", "own[(i + j) * step], slope);", "value(i + j), slope);"),
    Mutant("product/columns.cuh", "a quarter of a sum lost", "(sums[2] + sums[3])", "sums[2]"),
    Mutant(
        "product/columns.cuh", "chunks in each other's places", "sums.put(j, i / sums.chunk", "sums.put(j, 0"
    ),
    Mutant(
        "product/columns.cuh", "columns as far apart as chunks", "column * chunks + number", "column + number"
    ),
    Mutant("product/columns.cuh", "no barrier before the tile is read", "__syncthreads();", ""),
    Mutant(
        "product/columns.cu",
        "chunks that overlap",
        "number * sums.chunk, first",
        "number * (sums.chunk - 1), first",
    ),
    Mutant("product/columns.cu", "the last chunk left out", "number < chunks; ++", "number < chunks - 1; ++"),
    Mutant(
        "product/columns.cu",
        "the last share left out",
        "part < shares; ++",
        "part < shares - 1; ++",
        by="gemm/pipelined.cu",
    ),
    Mutant(
        "product/columns.cu",
        "shares as far apart as elements",
        "first[part * size + i * step]",
        "first[part + i * step]",
        by="gemm/pipelined.cu",
    ),
    Mutant("gemm/simple.cu", "a row's bias", "value + b[column]", "value + b[row]"),
    Mutant("gemm/simple.cu", "no rectifier", "leaky(value + b[column], slope)", "value + b[column]"),
    Mutant(
        "conv/simple.cu",
        "no test for the rows above the image",
        "row < 0 || row >= down.size",
        "row >= down.size",
        after="struct Patches",
    ),
    Mutant(
        "conv/simple.cu",
        "a column beyond the image",
        "column >= across.size) return T(0);",
        "column > across.size) return T(0);",
        after="struct Patches",
    ),
    Mutant(
        "conv/simple.cu",
        "an image beyond the last",
        "i < lines ? x + n * image : 0",
        "i <= lines ? x + n * image : 0",
    ),
    Mutant("conv/simple.cu", "the stride left out", "down.start + p * down.stride", "down.start + p"),
    Mutant("conv/simple.cu", "the dilation left out", "line.left + j * across.step", "line.left + j"),
    Mutant(
        "conv/simple.cu",
        "channels as far apart as rows",
        "((int64)c * down.size + row) * across.size + column",
        "((int64)c + row) * across.size + column",
    ),
    Mutant(
        "conv/simple.cu",
        "the padding added",
        "{h, oh, stride_h, -padding_h, kh, dilation_h}",
        "{h, oh, stride_h, padding_h, kh, dilation_h}",
        after="conv2d(const T* x",
    ),
    Mutant(
        "conv/simple.cu",
        "images of one group",
        "groups * c * pixels, columns",
        "c * pixels, columns",
        after="conv2d(const T* x",
    ),
    Mutant("conv/simple.cu", "the bias of another group", "b[channel + row]", "b[row]"),
    Mutant(
        "conv/simple.cu", "no rectifier", "leaky(value + b[channel + row], slope)", "value + b[channel + row]"
    ),
    Mutant("conv/simple.cu", "a group's weights for another", "w + group * o * depth", "w"),
    Mutant(
        "conv/simple.cu",
        "a column beyond the result's last",
        "if (i >= columns) return -1;",
        "if (i > columns) return -1;",
    ),
    Mutant(
        "conv/geometry.cuh",
        "the last tap of a phase left out",
        "(kernel - tap + hop - 1) / hop",
        "(kernel - tap) / hop",
        by="conv/simple.cu",
    ),
    Mutant(
        "conv/geometry.cuh",
        "a phase with one place too few",
        "(size - phase + stride - 1) / stride",
        "(size - phase) / stride",
        by="conv/simple.cu",
    ),
    Mutant(
        "conv/geometry.cuh",
        "a phase that starts elsewhere",
        "start = (phase + padding - tap * dilation) / stride;",
        "start = (phase + padding) / stride;",
        by="conv/simple.cu",
    ),
    Mutant(
        "conv/simple.cu",
        "taps walked in the other direction",
        "-(hop_h * dilation_h / stride_h)",
        "hop_h * dilation_h / stride_h",
    ),
    Mutant("conv/simple.cu", "taps that are neighbours", "across.tap + u * hop_w", "across.tap + u"),
    Mutant(
        "conv/simple.cu",
        "weights of the other layout",
        "((int64)c * lines + line) * kh",
        "((int64)line * lines + c) * kh",
    ),
    Mutant("conv/simple.cu", "a wide load across two images", "place + 4 > places || ", ""),
    Mutant("conv/simple.cu", "the window's channel lost", "x + (int64)c * down.size * across.size", "x + c"),
    Mutant(
        "conv/simple.cu",
        "shares that overlap",
        "share(depth, part + 1, shares)",
        "share(depth, part + 1, shares) + 1",
    ),
    Mutant(
        "conv/simple.cu",
        "groups that write over each other",
        "(part * groups + group) * o * columns",
        "(part * groups) * o * columns",
    ),
]
