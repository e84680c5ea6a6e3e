"""Mutants of the moments that a convolution hands on to batch norm."""

from __future__ import annotations

from tests.gpu.mutants.mutant import Mutant

MOMENTS = [
    Mutant(
        "norm/moments.cu",
        "a slice's mean over the channel's count",
        "block_sum(sum) / own.size",
        "block_sum(sum) / count",
        after="slice_moments(const T* x",
        by="norm/batch_norm.cu",
    ),
    Mutant(
        "norm/moments.cu",
        "squares about zero",
        "const double away = x[own.place(e)] - mean;",
        "const double away = x[own.place(e)];",
    ),
    Mutant(
        "norm/moments.cu",
        "a barrier in a branch",
        "square = block_sum(square);",
        "if (threadIdx.x < own.size) square = block_sum(square);",
        after="slice_moments(const T* x",
    ),
    Mutant(
        "norm/moments.cu", "the last share left out", "part < shares; ++part", "part < shares - 1; ++part"
    ),
    Mutant("norm/moments.cu", "shares as far apart as elements", "parts[part * size + i]", "parts[part + i]"),
    Mutant(
        "norm/moments.cu",
        "an element beyond the slice",
        "if (e >= own.size) continue;",
        "if (e > own.size) continue;",
    ),
    Mutant(
        "norm/moments.cu",
        "squares of elements beyond the slice",
        "if (j * THREADS + threadIdx.x >= own.size) continue;",
        "",
    ),
    Mutant(
        "norm/moments.cu",
        "every thread the same elements",
        "const unsigned e = j * THREADS +",
        "const unsigned e = j +",
    ),
    Mutant(
        "norm/moments.cu",
        "slices over each other",
        ".put(blockIdx.x % slices,",
        ".put(0,",
        after="add_shares_moments(const T* parts",
    ),
    Mutant(
        "norm/moments.cu", "pieces of one size", "sum += piece[0] * piece[plane];", "sum += piece[plane];"
    ),
    Mutant("norm/moments.cu", "the pieces' distances left out", " + piece[0] * away * away;", ";"),
    Mutant("norm/moments.cu", "the squares within left out", "square += piece[2 * plane] + ", "square += "),
    Mutant(
        "norm/moments.cu",
        "pieces beyond a block's threads left out",
        "i < pieces; i += THREADS",
        "i < pieces; i += pieces",
        after="double count = 0",
    ),
    Mutant(
        "norm/moments.cu",
        "the first channel's pieces for all",
        "moments + i * channels + blockIdx.x;",
        "moments + i * channels;",
        after="const double middle",
    ),
    Mutant(
        "norm/moments.cu",
        "the variance with one degree of freedom less",
        "block_sum(square) / count",
        "block_sum(square) / (count - 1)",
    ),
    Mutant("norm/moments.cu", "no eps", "sqrt(variance + eps)", "sqrt(variance)"),
    Mutant(
        "runtime/common.cuh",
        "means in the place of squares",
        "memory[place + plane] = mean;",
        "memory[place + 2 * plane] = mean;",
        by="norm/moments.cu",
    ),
    Mutant(
        "runtime/common.cuh",
        "pieces and channels swapped",
        "piece * channels + channel",
        "channel * pieces + piece",
        by="norm/moments.cu",
    ),
    Mutant(
        "product/pipeline.cuh",
        "half of the lanes left out",
        "by < LANES; by *= 2",
        "by < LANES / 2; by *= 2",
        by="norm/moments.cu",
    ),
    Mutant(
        "product/pipeline.cuh",
        "distances of columns beyond the last",
        "block.column + sums.column(j) < columns ? sums.at(i, j) - middle : 0",
        "sums.at(i, j) - middle",
        by="norm/moments.cu",
    ),
    Mutant(
        "product/pipeline.cuh",
        "a mean that float32 has rounded",
        "middle + (double)away * inverse",
        "middle",
        by="norm/moments.cu",
    ),
    Mutant(
        "product/pipeline.cuh",
        "squares about a mean that float32 has rounded",
        "square < beside ? 0 : square - beside",
        "square",
        by="norm/moments.cu",
    ),
    Mutant(
        "product/pipeline.cuh",
        "a full tile's count in the last one",
        "min(max(columns - first, 0), WARP_COLUMNS)",
        "WARP_COLUMNS",
        by="norm/moments.cu",
    ),
    Mutant(
        "product/pipeline.cuh",
        "moments of a row beyond the last",
        "> 0 || row >= rows) continue;",
        "> 0 || row > rows) continue;",
        by="norm/moments.cu",
    ),
    Mutant(
        "product/pipeline.cuh",
        "two warps' pieces in one place",
        "piece + first / WARP_COLUMNS",
        "piece + block.column / WARP_COLUMNS",
        by="norm/moments.cu",
    ),
    Mutant(
        "product/pipeline.cuh",
        "pieces of tiles outside left as they were",
        "OUTSIDE_TOO = true",
        "OUTSIDE_TOO = false",
        by="norm/moments.cu",
    ),
    Mutant(
        "product/tf32.cuh",
        "a fragment's rows in each other's moments",
        "8 * (i % 2)",
        "8 * (1 - i % 2)",
        by="norm/moments.cu",
    ),
    Mutant("product/tf32.cuh", "a column's moments twice", "2 * q + j % 2", "2 * q", by="norm/moments.cu"),
    Mutant(
        "conv/pipelined.cu",
        "a phase's pieces in the first one's place",
        "from(epilogue, group * o, phase * pieces)",
        "from(epilogue, group * o, 0)",
        by="norm/moments.cu",
    ),
    Mutant(
        "conv/pipelined.cu",
        "a group's moments for another",
        "{epilogue.moments, channel, piece}",
        "{epilogue.moments, 0, piece}",
        by="norm/moments.cu",
    ),
]
