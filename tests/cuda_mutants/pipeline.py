"""Mutants of the float32 products, of convolutions with one channel, and of random numbers."""

from __future__ import annotations

from tests.cuda_mutants.mutant import Mutant

PIPELINE = [
    Mutant(
        "pipeline.cuh",
        "tiles in each other's places",
        "row = tile % down * ROWS;",
        "row = tile / down * ROWS;",
    ),
    Mutant("pipeline.cuh", "every share the first", "share = rest / groups;", "share = 0;"),
    Mutant(
        "pipeline.cuh",
        "a column beyond the last",
        "if (column >= columns) return -1;",
        "if (column > columns) return -1;",
    ),
    Mutant(
        "pipeline.cuh",
        "a row beyond the last",
        "if (row >= rows || place < 0) return;",
        "if (row > rows || place < 0) return;",
    ),
    Mutant(
        "pipeline.cuh", "the first row's bias", "leaky(value + b[row], slope)", "leaky(value + b[0], slope)"
    ),
    Mutant("pipeline.cuh", "no bias", "biased ? leaky(value + b[row], slope) : value", "value"),
    Mutant(
        "pipeline.cuh",
        "shares that overlap",
        "share(pieces, block.share + 1, shares) * DEPTH",
        "share(pieces, block.share + 2, shares) * DEPTH",
    ),
    Mutant(
        "pipeline.cuh",
        "stages over each other",
        "memory + stage * STAGE + ROWS * PITCH);\n    stage",
        "memory + stage * STAGE + ROWS * PITCH - 4);\n    stage",
    ),
    Mutant(
        "pipeline.cuh", "no wait for the copies", "cp_async_wait<STAGES - 2>();", "cp_async_wait<STAGES>();"
    ),
    Mutant(
        "pipeline.cuh",
        "no barrier before the sums",
        "__syncthreads();  // every thread's",
        "// every thread's",
    ),
    Mutant(
        "pipeline.cuh",
        "no barrier behind the table",
        "__syncthreads();  // the table is there",
        "",
        by="conv_product",
    ),
    Mutant("pipeline.cuh", "the stage in use filled again", "fetch(last);", "fetch(stage);"),
    Mutant(
        "operands.cuh",
        "no test for lines outside",
        "const bool valid = first + line < lines && k + own < end;",
        "const bool valid = k + own < end;",
    ),
    Mutant(
        "operands.cuh",
        "no zeros beyond the end",
        "const bool valid = first + line < lines && k + own < end;",
        "const bool valid = first + line < lines;",
    ),
    Mutant(
        "operands.cuh",
        "columns without zeros beyond the end",
        "first + own < lines && k + d < end",
        "first + own < lines",
    ),
    Mutant(
        "operands.cuh",
        "wide copies from half their alignment",
        "(unsigned long long)p % 16 == 0 && elements % 4 == 0",
        "elements % 4 == 0",
    ),
    Mutant(
        "operands.cuh",
        "a piece's lines and depth swapped",
        "ALONG ? line * PITCH + k : k * (LINES + 8) + line",
        "ALONG ? line * PITCH + k : k * (LINES - 8) + line",
    ),
    Mutant(
        "operands.cuh",
        "the next image's elements in this one",
        "(k + own - n * places)",
        "(k + own)",
        by="conv_product",
    ),
    Mutant(
        "operands.cuh",
        "no test for rows outside the image",
        "(unsigned)(place.down + tap.down) < (unsigned)down.size &&",
        "",
        by="conv_product",
    ),
    Mutant(
        "operands.cuh",
        "a column beyond the image",
        "< (unsigned)across.size;",
        "<= (unsigned)across.size;",
        by="conv_product",
    ),
    Mutant(
        "operands.cuh",
        "the stride left out",
        "down.start + p * down.stride",
        "down.start + p",
        by="conv_product",
    ),
    Mutant(
        "operands.cuh", "the dilation left out", "column = j * across.step", "column = j", by="conv_product"
    ),
    Mutant(
        "operands.cuh",
        "channels as far apart as rows",
        "(c * down.size + row) * across.size + column, row",
        "(c + row) * across.size + column, row",
        by="conv_product",
    ),
    Mutant(
        "operands.cuh",
        "taps beyond the last",
        "if (number >= end) return",
        "if (number > end) return",
        by="conv_product",
    ),
    Mutant(
        "operands.cuh",
        "places beyond the last",
        "if (number >= count) return",
        "if (number > count) return",
        by="conv_product",
    ),
    Mutant(
        "operands.cuh",
        "both pieces' taps in one place",
        "taps[k / DEPTH % 2 * DEPTH + threadIdx.x]",
        "taps[threadIdx.x]",
        by="conv_product",
    ),
    Mutant("fp32.cuh", "a row taken for another", "a[i / 4][d][i % 4] * b[d][j]", "a[i / 4][d][j] * b[d][j]"),
    Mutant(
        "fp32.cuh",
        "halves of the columns swapped",
        "sums[i][4 * half + j] +=",
        "sums[i][4 * (1 - half) + j] +=",
    ),
    Mutant("fp32.cuh", "only the last product kept", "sums[i][4 * half + j] +=", "sums[i][4 * half + j] ="),
    Mutant(
        "fp32.cuh",
        "warps over each other",
        "columns.base = warp % across * WARP_COLUMNS",
        "columns.base = warp / across * WARP_COLUMNS",
    ),
    Mutant(
        "fp32.cuh",
        "elements in each other's places",
        "v[0][j] = f.x, v[1][j] = f.y",
        "v[0][j] = f.y, v[1][j] = f.x",
    ),
    Mutant(
        "tf32.cuh",
        "a fragment's rows swapped",
        "left_at(left, line + 8, k + q),",
        "left_at(left, line, k + q),",
    ),
    Mutant(
        "tf32.cuh",
        "a fragment's depths swapped",
        "b[j][0] = right_at(right, line, k + q), b[j][1] = right_at(right, line, k + q + 4);",
        "b[j][1] = right_at(right, line, k + q), b[j][0] = right_at(right, line, k + q + 4);",
    ),
    Mutant("tf32.cuh", "half of the depth left out", "k < DEPTH; k += 8", "k < DEPTH; k += 16"),
    Mutant(
        "tf32.cuh",
        "results in each other's columns",
        "first + 8 * j + 2 * q + side",
        "first + 8 * j + q + side",
    ),
    Mutant("tf32.cuh", "results in each other's rows", "sums[i][j][side + 2]", "sums[i][j][side]"),
    Mutant(
        "tf32.cuh",
        "warps over each other",
        "first = warp % 2 * WARP_COLUMNS",
        "first = warp / 2 * WARP_COLUMNS",
    ),
    Mutant(
        "conv_product.cu",
        "the padding added",
        "{h, oh, stride_h, -padding_h, kh, dilation_h}",
        "{h, oh, stride_h, padding_h, kh, dilation_h}",
        after="convolve(const float* x",
    ),
    Mutant("conv_product.cu", "a group's weights for another", "w + block.group * o * depth", "w"),
    Mutant(
        "conv_product.cu",
        "images of one group",
        "groups * c * h * width,\n                                   columns",
        "c * h * width,\n                                   columns",
    ),
    Mutant(
        "conv_product.cu",
        "a group's bias for another",
        "{epilogue.b + channel, epilogue.slope",
        "{epilogue.b, epilogue.slope",
    ),
    Mutant(
        "conv_product.cu",
        "the last tap of a phase left out",
        "(kernel - tap + hop - 1) / hop",
        "(kernel - tap) / hop",
    ),
    Mutant(
        "conv_product.cu",
        "taps walked in the other direction",
        "-(hop_w * dilation_w / stride_w)",
        "hop_w * dilation_w / stride_w",
    ),
    Mutant(
        "conv_product.cu", "a phase's first output lost", "down.first * ow + across.first", "across.first"
    ),
    Mutant(
        "conv_product.cu",
        "a phase's weights for another",
        "rows + block.group * o * c * most",
        "rows + group * o * c * most",
    ),
    Mutant(
        "conv_product.cu",
        "groups that write over each other",
        "((int64)block.share * groups + block.group) * o * columns",
        "((int64)block.share * groups) * o * columns",
    ),
    Mutant("gemm_product.cu", "shares that write over each other", "y + first * m * n", "y"),
    Mutant("gemm_product.cu", "gated by itself", "(y, b, slope, sums", "(y, y, slope, sums"),
    Mutant(
        "gemm_product.cu", "shares as far apart as items", "(int64)block.share * items +", "block.share +"
    ),
    Mutant("gemm_product.cu", "one left operand for a stack", "(int64)block.group * left_item", "0"),
    Mutant("gemm_product.cu", "one right operand for a stack", "(int64)block.group * right_item", "0"),
    Mutant(
        "gemm_product.cu",
        "the other operand's lines",
        "Rows<COLUMNS>{w, n, depth, 0}, REST",
        "Rows<COLUMNS>{w, m, depth, 0}, REST",
        after="rows_by_rows(",
    ),
    Mutant(
        "gemm_product.cu",
        "rows and columns of the result swapped",
        "biased}, m, row_step, n, n, n, 0, 0, column_step",
        "biased}, m, column_step, n, n, n, 0, 0, row_step",
    ),
    Mutant("shares.cu", "the last share left out", "part < shares; ++part", "part < shares - 1; ++part"),
    Mutant("shares.cu", "shares as far apart as elements", "parts[part * size + i]", "parts[part + i]"),
    Mutant("shares.cu", "the channel taken from the element", "b[i / pixels % channels]", "b[i % channels]"),
    Mutant("shares.cu", "taps of another phase", "first_h + tap / taps_w * hop_h", "first_h + tap / taps_w"),
    Mutant(
        "shares.cu",
        "weights of the other layout",
        "((int64)(group * c + from) * o + line) * kh",
        "((int64)(group * o + line) * c + from) * kh",
    ),
    Mutant(
        "shares.cu",
        "the rest of a phase's places written",
        "if (place >= o * c * taps) continue;",
        "if (taps == 0) continue;",
    ),
    Mutant(
        "direct.cu", "a place beyond the image", "return at < size ? at : -1;", "return at <= size ? at : -1;"
    ),
    Mutant(
        "direct.cu",
        "places between the divisor's multiples",
        "at % divisor == 0 ? at / divisor : -1",
        "at / divisor",
    ),
    Mutant("direct.cu", "rows taken for columns", "row * across.size + column;", "row * down.size + column;"),
    Mutant(
        "direct.cu",
        "no barrier behind the weights",
        "__syncthreads();\n  const int64 place",
        "const int64 place",
    ),
    Mutant(
        "direct.cu",
        "the first channels' bias for all",
        "leaky(sum + b[first + c], slope)",
        "leaky(sum + b[c], slope)",
    ),
    Mutant(
        "direct.cu",
        "no barrier before the next weights",
        "__syncthreads();  // the weights before are used up",
        "",
    ),
    Mutant(
        "direct.cu",
        "one part of the channels alone",
        "other = 1; other < THREADS / PLACES",
        "other = 2; other < THREADS / PLACES",
    ),
    Mutant(
        "direct.cu",
        "an image beyond the last",
        "if (part > 0 || image >= n) return;",
        "if (part > 0 || image > n) return;",
    ),
    Mutant(
        "direct.cu", "shares that overlap", "part + 1, shares);\n  T sums", "part + 1, shares) + 1;\n  T sums"
    ),
    Mutant("direct.cu", "half of a warp's lanes left out", "by = 16; by > 0", "by = 8; by > 0"),
    Mutant(
        "direct.cu",
        "no barrier before the warps' sums",
        "__syncthreads();\n  if (threadIdx.x >= FOUR * TAPS) return;",
        "if (threadIdx.x >= FOUR * TAPS) return;",
    ),
    Mutant(
        "direct.cu",
        "the last warp left out",
        "warp < THREADS / 32; ++warp",
        "warp < THREADS / 32 - 1; ++warp",
    ),
    Mutant("philox.cu", "the counter's carry lost", "high = state[2] + (low < state[1])", "high = state[2]"),
    Mutant("philox.cu", "nine rounds", "round < 10", "round < 9"),
    Mutant(
        "philox.cu",
        "the key's words swapped",
        "k0 = state[0], k1 = state[0] >> 32",
        "k1 = state[0], k0 = state[0] >> 32",
    ),
    Mutant("philox.cu", "one bit too many", "(words[j] >> 8) * 0x1p-24f", "(words[j] >> 7) * 0x1p-24f"),
    Mutant("philox.cu", "sine and cosine swapped", "&v[j + 1], &v[j]);", "&v[j], &v[j + 1]);"),
    Mutant(
        "philox.cu",
        "an element beyond the last",
        "if (value * each + j < size)",
        "if (value * each + j <= size)",
    ),
    Mutant("philox.cu", "wide stores across the end", "size - value * each >= each && ", ""),
    Mutant("philox.cu", "the state's carry lost", "state[2] += low < state[1];", ""),
]
