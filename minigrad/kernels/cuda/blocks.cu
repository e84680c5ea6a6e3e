// Blocks of pixels: the sum of each, and one pixel for all of a block. The rows of all images are one axis.
// A thread owns every element_step()-th element of y.

#include "runtime/common.cuh"

// y[i, j] = scale sum over a, b of x[i rows + a, j columns + b]; x has `width` columns, y width / columns
template <typename T>
__global__ void __launch_bounds__(THREADS)
    sum_blocks(const T* x, int64 width, int64 rows, int64 columns, T scale, T* y, int64 size) {
  const int64 across = width / columns;
  for (int64 e = first_element(); e < size; e += element_step()) {
    const int64 i = e / across;
    const T* block = x + i * rows * width + (e - i * across) * columns;
    T total = 0;
    for (int64 a = 0; a < rows; ++a) {
      T line = 0;
      for (int64 b = 0; b < columns; ++b) line += block[a * width + b];
      total += line;
    }
    y[e] = scale * total;
  }
}

// y[i, j] = scale x[i / rows, j / columns]; y has `width` columns, x width / columns
template <typename T>
__global__ void __launch_bounds__(THREADS)
    fill_blocks(const T* x, int64 width, int64 rows, int64 columns, T scale, T* y, int64 size) {
  for (int64 e = first_element(); e < size; e += element_step()) {
    const int64 i = e / width;
    y[e] = scale * x[i / rows * (width / columns) + (e - i * width) / columns];
  }
}
