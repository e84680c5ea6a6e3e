// A block's tile of a float32 product. Shared memory has STAGES pieces of both operands: while Sums (fp32.cuh
// or tf32.cuh) adds the products of one, the copies of the next are under way. The launcher defines ROWS,
// COLUMNS, DEPTH, STAGES and WARP_COLUMNS. A thread's sums have
//
//   put(result, row, column)   result.put() of each, for the tile's first row and column
//   DOWN, ACROSS               how many rows and columns it owns
//   row(i), column(j)          which of the tile's these are
//   at(i, j)                   the sum
//   LANES, first_column()      how many neighbours share its rows, and the first of the warp's columns

#include "../runtime/common.cuh"
#include "fp32.cuh"
#include "operands.cuh"
#include "ptx.cuh"
#include "tf32.cuh"

const int STAGE = (ROWS + COLUMNS) * PITCH;

// The tile that a block owns. Blocks are numbered by shares, groups, and a product's tiles, of which the
// rows change first: neighbours then read the same part of the right operand.
struct Block {
  int row, column, group, share;

  __device__ Block(int rows, int columns, int groups) {
    const int down = (rows + ROWS - 1) / ROWS, each = down * ((columns + COLUMNS - 1) / COLUMNS);
    const int tile = blockIdx.x % each, rest = blockIdx.x / each;
    row = tile % down * ROWS;
    column = tile / down * COLUMNS;
    group = rest % groups;
    share = rest / groups;
  }
};

// An epilogue follows a tile's sums: gather() gets all of them, then () returns each number to write.
// With OUTSIDE_TOO it is also called for a tile that has no column of the result.

// Adds b[row] and applies the rectifier, if `biased`.
struct Biased {
  static const bool OUTSIDE_TOO = false;
  const float* b;
  float slope;
  int biased;

  __device__ float operator()(int row, float value) const {
    return biased ? leaky(value + b[row], slope) : value;
  }
  template <typename Sums>
  __device__ void gather(const Sums&, const Block&, int, int) const {}
};

// The sum of LANES neighbours' values, in each of them, in one order.
template <int LANES>
__device__ inline float add_lanes(float value) {
#pragma unroll
  for (int by = 1; by < LANES; by *= 2) value += __shfl_xor_sync(0xffffffffu, value, by);
  return value;
}

// Keeps the sums as they are, and writes the moments of each row: a piece is the part of a row that a
// warp owns. The mean of the float32 sums is corrected by the mean distance from it, so that numbers far
// from zero cost no digits.
struct WithMoments {
  static const bool OUTSIDE_TOO = true;
  Moments moments;
  int channel, piece;  // of the product's first row and first column

  __device__ float operator()(int, float value) const { return value; }
  template <typename Sums>
  __device__ void gather(const Sums& sums, const Block& block, int rows, int columns) const {
    const int first = block.column + sums.first_column();
    const int count = min(max(columns - first, 0), WARP_COLUMNS);
    const float inverse = 1.0f / max(count, 1);
#pragma unroll
    for (int i = 0; i < Sums::DOWN; ++i) {
      float sum = 0, away = 0, square = 0;
#pragma unroll
      for (int j = 0; j < Sums::ACROSS; ++j) sum += sums.at(i, j);  // 0 beyond the last column
      const float middle = add_lanes<Sums::LANES>(sum) * inverse;
#pragma unroll
      for (int j = 0; j < Sums::ACROSS; ++j) {
        const float step = block.column + sums.column(j) < columns ? sums.at(i, j) - middle : 0;
        away += step;
        square += step * step;
      }
      away = add_lanes<Sums::LANES>(away);
      square = add_lanes<Sums::LANES>(square);
      const int row = block.row + sums.row(i);
      if (threadIdx.x % Sums::LANES > 0 || row >= rows) continue;
      const float beside = away * away * inverse;
      moments.put(piece + first / WARP_COLUMNS, channel + row, count, middle + (double)away * inverse,
                  square < beside ? 0 : square - beside);
    }
  }
};

// Where the elements of a product go. A column is a place (n, p, q) of `places` in an image, in rows of
// `width`, and lies at n image + p down + q across; row r lies r row_step further.
template <typename Epilogue>
struct Result {
  float* y;
  Epilogue epilogue;
  int rows, row_step, columns, places, width, image, down, across;

  __device__ int place(int column) const {
    if (column >= columns) return -1;
    const int n = column / places, rest = column - n * places, p = rest / width;
    return n * image + p * down + (rest - p * width) * across;
  }
  __device__ void put(int row, int place, float value) const {
    if (row >= rows || place < 0) return;
    y[place + row * row_step] = epilogue(row, value);
  }
};

// The sum over a share of 0 <= k < depth of left[row, k] right[k, column], for the block's tile.
template <typename Left, typename Right, typename Epilogue>
__device__ inline void multiply(Left left, Right right, const Result<Epilogue>& result, const Block& block,
                                int depth, int shares) {
  extern __shared__ __align__(16) float memory[];
  __shared__ Tap table[TABLE];
  const int pieces = (depth + DEPTH - 1) / DEPTH;
  const int begin = share(pieces, block.share, shares) * DEPTH;
  const int end = min(depth, (int)share(pieces, block.share + 1, shares) * DEPTH);
  left.begin(block.row, table);
  right.begin(block.column, table);
  right.prepare(begin, end);
  Sums<Left::ALONG, Right::ALONG> sums;
  int next = begin;  // where the next piece to fetch begins
  const auto fetch = [&](int stage) {
    if (next < end) {
      left.copy(memory + stage * STAGE, next, end);
      right.copy(memory + stage * STAGE + ROWS * PITCH, next, end);
      right.prepare(next + DEPTH, end);
    }
    cp_async_commit();
    next += DEPTH;
  };
#pragma unroll
  for (int stage = 0; stage < STAGES - 1; ++stage) {
    __syncthreads();  // the table is there
    fetch(stage);
  }
  int stage = 0, last = STAGES - 1;
  for (int k = begin; k < end; k += DEPTH) {
    cp_async_wait<STAGES - 2>();
    __syncthreads();  // every thread's copies are there, and the stage before is used up
    fetch(last);
    sums.add(memory + stage * STAGE, memory + stage * STAGE + ROWS * PITCH);
    stage = stage + 1 == STAGES ? 0 : stage + 1;
    last = last + 1 == STAGES ? 0 : last + 1;
  }
  result.epilogue.gather(sums, block, result.rows, result.columns);
  sums.put(result, block.row, block.column);
}
