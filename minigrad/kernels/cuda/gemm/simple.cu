// The matrix product, alone or in stacks, and the linear layer. A block owns a tile of the result.

#include "../product/columns.cuh"
#include "../product/simple_tile.cuh"

template <typename T>
struct MatrixResult {
  T* memory;
  int64 rows, columns;

  __device__ int64 column(int64 i) const { return i < columns ? i : -1; }
  __device__ void put(int64 row, int64 column, T value) const {
    if (row < rows) memory[row * columns + column] = value;
  }
};

// z[i, j] = sum over k of x[i, k] y[k, j]; element (i, k) of x lies at i x_row + k x_column, y's likewise.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    matmul(const T* x, int64 x_row, int64 x_column, const T* y, int64 y_row, int64 y_column, T* z, int64 m,
           int64 n, int64 depth) {
  const int64 across = (n + TILE - 1) / TILE;
  const Matrix<T> left = {x, x_row, x_column, m}, right = {y, y_column, y_row, n};
  const MatrixResult<T> result = {z, m, n};
  multiply_tile<T>(left, right, result, blockIdx.x / across * TILE, blockIdx.x % across * TILE, 0, depth);
}

// z[i, j] = gate(sum over k of x[i, k] y[k, j], own[i, j]), and the sums over i
template <typename T>
__global__ void __launch_bounds__(THREADS)
    matmul_gate(const T* x, int64 x_row, int64 x_column, const T* y, int64 y_row, int64 y_column,
                const T* own, T slope, T* z, double* partial, T* totals, int chunk, int chunks, int64 m,
                int64 n, int64 depth) {
  const int64 across = (n + TILE - 1) / TILE;
  const int64 row = blockIdx.x / across * TILE, column = blockIdx.x % across * TILE;
  const Matrix<T> left = {x, x_row, x_column, m}, right = {y, y_column, y_row, n};
  multiply_tile<T>(left, right, MatrixResult<T>{z, m, n}, row, column, 0, depth);
  const ColumnSums<T> sums = {partial, totals, chunk, chunks};
  gate_tile<TILE, TILE>(z, own, slope, sums, row, column, m, n);
}

// z[s, i, j] = sum over k of x[s, i, k] y[s, k, j]; product s begins at s x_item of x, and so on.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    stacked_matmul(const T* x, int64 x_item, int64 x_row, int64 x_column, const T* y, int64 y_item,
                   int64 y_row, int64 y_column, T* z, int64 m, int64 n, int64 depth) {
  const int64 across = (n + TILE - 1) / TILE, each = (m + TILE - 1) / TILE * across;
  const int64 item = blockIdx.x / each, tile = blockIdx.x % each;
  const Matrix<T> left = {x + item * x_item, x_row, x_column, m};
  const Matrix<T> right = {y + item * y_item, y_column, y_row, n};
  const MatrixResult<T> result = {z + item * m * n, m, n};
  multiply_tile<T>(left, right, result, tile / across * TILE, tile % across * TILE, 0, depth);
}

template <typename T>
struct LinearResult {
  T* memory;
  const T* b;
  T slope;
  int64 rows, columns;

  __device__ int64 column(int64 i) const { return i < columns ? i : -1; }
  __device__ void put(int64 row, int64 column, T value) const {
    if (row < rows) memory[row * columns + column] = leaky(value + b[column], slope);
  }
};

// y[i, j] = leaky(b[j] + sum over k of x[i, k] w[j, k])
template <typename T>
__global__ void __launch_bounds__(THREADS)
    linear(const T* x, int64 x_row, int64 x_column, const T* w, int64 w_row, int64 w_column, const T* b,
           T slope, T* y, int64 m, int64 n, int64 depth) {
  const int64 across = (n + TILE - 1) / TILE;
  const Matrix<T> left = {x, x_row, x_column, m}, right = {w, w_row, w_column, n};
  const LinearResult<T> result = {y, b, slope, m, n};
  multiply_tile<T>(left, right, result, blockIdx.x / across * TILE, blockIdx.x % across * TILE, 0, depth);
}
