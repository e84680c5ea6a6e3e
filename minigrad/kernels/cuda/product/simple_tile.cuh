// A block's tile of a matrix product: sum over k of left[row, k] right[k, column]. The launcher defines TILE,
// its rows and columns; THREADS is 256, and each thread owns 4 by 4 sums.
//
// A line is a row of the left or a column of the right operand. A thread looks its lines up once, before the
// loop over k. An operand has
//
//   Line                  a line that was looked up
//   along_depth()         whether neighbours in memory are neighbours along k, or neighbouring lines
//   line(i)               line i, which may lie outside
//   at(line, k)           its element k; 0 for a line outside
//   four(line, k, v)      v[j] = at(line, k + j), by one wide load if it can; otherwise false

#include "../runtime/common.cuh"

const int DEPTH = 16;  // of a tile in shared memory
const int PITCH = TILE + 4;

template <typename T>
__device__ inline bool wide(const T* p) {
  return (unsigned long long)p % 16 == 0;
}

__device__ inline void load_four(const float* p, float (&v)[4]) {
  const float4 a = *(const float4*)p;
  v[0] = a.x, v[1] = a.y, v[2] = a.z, v[3] = a.w;
}

__device__ inline void load_four(const double* p, double (&v)[4]) {
  const double2 a = *(const double2*)p, b = *(const double2*)(p + 2);
  v[0] = a.x, v[1] = a.y, v[2] = b.x, v[3] = b.y;
}

// An operand in memory: element (i, k) lies at i line_step + k depth_step.
template <typename T>
struct Matrix {
  typedef int64 Line;
  const T* memory;
  int64 line_step, depth_step, lines;

  __device__ bool along_depth() const { return depth_step == 1; }
  __device__ Line line(int64 i) const { return i < lines ? i * line_step : -1; }
  __device__ T at(Line line, int64 k) const { return line < 0 ? T(0) : memory[line + k * depth_step]; }
  __device__ bool four(Line line, int64 k, T (&v)[4]) const {
    if (line < 0 || !wide(memory + line + k)) return false;
    load_four(memory + line + k, v);
    return true;
  }
};

// The lines from which a thread loads: one, or four neighbours if these lie side by side in memory.
template <typename Operand>
struct Loader {
  const Operand& operand;
  typename Operand::Line lines[4];
  int spot, depth;  // of its first element in the tile

  __device__ Loader(const Operand& operand, int64 first) : operand(operand) {
    const int thread = threadIdx.x;
    const bool along = operand.along_depth();
    spot = along ? thread / 4 : thread % 16 * 4;
    depth = along ? thread % 4 * 4 : thread / 16;
    for (int j = 0; j < 4; ++j) lines[j] = operand.line(first + spot + (along ? 0 : j));
  }

  // v = the thread's four elements at depth k of the tile; 0 from `end` on.
  template <typename T>
  __device__ void fetch(int64 k, int64 end, T (&v)[4]) const {
    k += depth;
    if (!operand.along_depth()) {
#pragma unroll
      for (int j = 0; j < 4; ++j) v[j] = k < end ? operand.at(lines[j], k) : T(0);
    } else if (k + 4 > end || !operand.four(lines[0], k, v)) {
#pragma unroll
      for (int j = 0; j < 4; ++j) v[j] = k + j < end ? operand.at(lines[0], k + j) : T(0);
    }
  }

  template <typename T>
  __device__ void store(const T (&v)[4], T (&tile)[DEPTH][PITCH]) const {
    const bool along = operand.along_depth();
#pragma unroll
    for (int j = 0; j < 4; ++j) tile[depth + (along ? j : 0)][spot + (along ? 0 : j)] = v[j];
  }
};

// result.put(row, place, sum over begin <= k < end of left[row, k] right[k, column]) for the block's
// tile. A result has column(i), the place of a column, which is negative outside, and put(row, place,
// value).
template <typename T, typename Left, typename Right, typename Result>
__device__ inline void multiply_tile(const Left& left, const Right& right, const Result& result, int64 row,
                                     int64 column, int64 begin, int64 end) {
  __shared__ T a[DEPTH][PITCH], b[DEPTH][PITCH];
  const Loader<Left> rows(left, row);
  const Loader<Right> columns(right, column);
  const int down = threadIdx.x / 16 * 4, across = threadIdx.x % 16 * 4;
  T sums[4][4] = {};
  for (int64 k = begin; k < end; k += DEPTH) {
    T v[4], w[4];
    rows.fetch(k, end, v);
    columns.fetch(k, end, w);
    rows.store(v, a);
    columns.store(w, b);
    __syncthreads();
    // (TILE, DEPTH) @ (DEPTH, TILE) -> (TILE, TILE)
#pragma unroll
    for (int d = 0; d < DEPTH; ++d) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[i][j] += a[d][down + i] * b[d][across + j];
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    const int64 place = result.column(column + across + j);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (place >= 0) result.put(row + down + i, place, sums[i][j]);
    }
  }
}
