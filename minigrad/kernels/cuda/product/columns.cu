// The rectifier's gate on matrices and the sums of their columns (columns.cuh), as kernels of their own.

#include "columns.cuh"

// The elements of a column of a sum of `shares` parts, of `size` elements each, added in order.
template <typename T>
struct SummedShares {
  const T* first;
  int64 step, size;
  int shares;

  __device__ T operator()(int i) const {
    double sum = 0;
    for (int part = 0; part < shares; ++part) sum += first[part * size + i * step];
    return (T)sum;
  }
};

// A thread owns every element_step()-th pair of a chunk and a column.
template <typename T, typename Values>
__device__ inline void gate_all(const Values& values, const T* own, T slope, T* z, const ColumnSums<T>& sums,
                                int rows, int columns) {
  for (int64 task = first_element(); task < (int64)sums.chunks * columns; task += element_step()) {
    const int64 number = task / columns, column = task - number * columns;
    const int64 row = number * sums.chunk, first = row * columns + column;
    const int count = rows - row < sums.chunk ? rows - row : sums.chunk;
    sums.put(column, number,
             gate_chunk(values.from(first, columns), own + first, slope, z + first, columns, count));
  }
}

template <typename T>
struct Matrices {
  const T* memory;
  __device__ Strided<T> from(int64 first, int columns) const { return {memory + first, columns}; }
};

template <typename T>
struct Parts {
  const T* memory;
  int64 size;
  int shares;
  __device__ SummedShares<T> from(int64 first, int columns) const {
    return {memory + first, columns, size, shares};
  }
};

// gx[i, j] = gate(g[i, j], y[i, j]), and the sums over i
template <typename T>
__global__ void __launch_bounds__(THREADS)
    gate_columns(const T* g, const T* y, T slope, T* gx, double* partial, T* totals, int chunk, int chunks,
                 int rows, int columns) {
  gate_all(Matrices<T>{g}, y, slope, gx, ColumnSums<T>{partial, totals, chunk, chunks}, rows, columns);
}

// The same of g[i, j] = sum over the shares of parts[share, i, j], in order.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    gate_shares(const T* parts, int shares, const T* y, T slope, T* gx, double* partial, T* totals, int chunk,
                int chunks, int rows, int columns) {
  gate_all(Parts<T>{parts, (int64)rows * columns, shares}, y, slope, gx,
           ColumnSums<T>{partial, totals, chunk, chunks}, rows, columns);
}

// totals[j] = sum over the chunks of partial[j, chunk], in order. A thread owns every element_step()-th column.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    add_chunks(const double* partial, T* totals, int columns, int chunks) {
  for (int64 j = first_element(); j < columns; j += element_step()) {
    double sum = 0;
    for (int number = 0; number < chunks; ++number) sum += partial[j * chunks + number];
    totals[j] = (T)sum;
  }
}
