// A tile of a float32 product: STAGES pieces of both operands in shared memory, the later ones on their way
// while Sums (fp32.cuh or tf32.cuh) takes the first. ROWS, COLUMNS, DEPTH and STAGES come from the launcher.

const int STAGE = (ROWS + COLUMNS) * PITCH;

// Which tile of which product a block owns: shares of groups of tiles, of which the rows change first, so
// that neighbours read the same part of the right operand.
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

// Where a product's element goes: column (n, p, q) of `places` in rows of `width` lies at n image + p down +
// q across, row r r row_step further; with b[r] and the rectifier if `biased`.
struct Result {
  float* y;
  const float* b;
  float slope;
  int biased;
  int rows, row_step, columns, places, width, image, down, across;

  __device__ int place(int column) const {
    if (column >= columns) return -1;
    const int n = column / places, rest = column - n * places, p = rest / width;
    return n * image + p * down + (rest - p * width) * across;
  }
  __device__ void put(int row, int place, float value) const {
    if (row >= rows || place < 0) return;
    y[place + row * row_step] = biased ? leaky(value + b[row], slope) : value;
  }
};

// The sum over a share of 0 <= k < depth of left[row, k] right[k, column], for the block's tile.
template <typename Left, typename Right>
__device__ inline void multiply(Left left, Right right, const Result& result, const Block& block, int depth,
                                int shares) {
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
  sums.put(result, block.row, block.column);
}
