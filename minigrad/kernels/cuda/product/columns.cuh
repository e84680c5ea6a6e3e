// The rectifier's gate on a matrix (rows, columns), and the sums of its columns. A thread sums a chunk of
// rows of one column, in the same order in every kernel; add_chunks adds the chunks in order.

#include "../runtime/common.cuh"

template <typename T>
struct ColumnSums {
  double* partial;    // (columns, chunks)
  T* totals;          // (columns), instead if there is one chunk
  int chunk, chunks;  // rows of a chunk, and how many there are

  __device__ void put(int64 column, int64 number, double sum) const {
    if (chunks == 1)
      totals[column] = (T)sum;
    else
      partial[column * chunks + number] = sum;
  }
};

// Elements that lie `step` apart.
template <typename T>
struct Strided {
  const T* first;
  int64 step;

  __device__ T operator()(int i) const { return first[i * step]; }
};

// z[i] = gate(value(i), own[i]) for i < rows, elements `step` apart. Returns their sum: four partial sums
// that are added last, so that no element waits for the one before it. They begin at 0, so that the sum
// of negative zeros is 0.
template <typename T, typename Value>
__device__ inline double gate_chunk(const Value& value, const T* own, T slope, T* z, int64 step, int rows) {
  double sums[4] = {0, 0, 0, 0};
  for (int i = 0; i < rows; i += 4) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      if (i + j >= rows) continue;
      const T gated = gate(value(i + j), own[(i + j) * step], slope);
      z[(i + j) * step] = gated;
      sums[j] += gated;
    }
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Applies the gate to the tile of z that the block has just written: DOWN rows and ACROSS columns from
// (row, column) on.
template <int DOWN, int ACROSS, typename T>
__device__ inline void gate_tile(T* z, const T* own, T slope, const ColumnSums<T>& sums, int64 row,
                                 int64 column, int64 rows, int64 columns) {
  __syncthreads();
  for (int task = threadIdx.x; task < DOWN / sums.chunk * ACROSS; task += THREADS) {
    const int64 i = row + task / ACROSS * sums.chunk, j = column + task % ACROSS;
    if (i >= rows || j >= columns) continue;
    T* first = z + i * columns + j;
    const int count = rows - i < sums.chunk ? rows - i : sums.chunk;
    const Strided<T> value = {first, columns};
    sums.put(j, i / sums.chunk, gate_chunk(value, own + i * columns + j, slope, first, columns, count));
  }
}
