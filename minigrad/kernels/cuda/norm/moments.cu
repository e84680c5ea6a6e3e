// The moments of channels, float64 (3, pieces, channels): the count of each piece's elements, their mean,
// and the sum of their squared distances from it; all zero for a piece without elements. Images are (n,
// channels, pixels), and a channel has `count` elements.

#include "../runtime/common.cuh"

// Slices are pieces: block c * slices + s owns slice s of channel c.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    slice_moments(const T* x, double* moments, int channels, int pixels, int64 count, int slices) {
  const Slice own(channels, pixels, count, slices);
  double sum = 0, square = 0;
  for (unsigned e = threadIdx.x; e < own.size; e += THREADS) sum += x[own.place(e)];
  const double mean = block_sum(sum) / own.size;
  for (unsigned e = threadIdx.x; e < own.size; e += THREADS) {
    const double away = x[own.place(e)] - mean;
    square += away * away;
  }
  square = block_sum(square);
  if (threadIdx.x == 0)
    Moments{moments, slices, channels}.put(blockIdx.x % slices, own.channel, own.size, mean, square);
}

// y[i] = sum over the shares of parts[share, i], in order, and y's moments by slices: block c * slices + s owns
// slice s of channel c, of at most EACH * THREADS elements, which its threads keep until their mean is known.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    add_shares_moments(const T* parts, T* y, double* moments, int shares, int channels, int pixels,
                       int64 count, int slices) {
  const Slice own(channels, pixels, count, slices);
  const int64 size = count * channels;
  T values[EACH];
  double sum = 0, square = 0;
#pragma unroll
  for (int j = 0; j < EACH; ++j) {
    const unsigned e = j * THREADS + threadIdx.x;
    if (e >= own.size) continue;
    const int64 i = own.place(e);
    double value = 0;
    for (int part = 0; part < shares; ++part) value += parts[part * size + i];
    y[i] = values[j] = (T)value;
    sum += values[j];
  }
  const double mean = block_sum(sum) / own.size;
#pragma unroll
  for (int j = 0; j < EACH; ++j) {
    if (j * THREADS + threadIdx.x >= own.size) continue;
    const double away = values[j] - mean;
    square += away * away;
  }
  square = block_sum(square);
  if (threadIdx.x == 0)
    Moments{moments, slices, channels}.put(blockIdx.x % slices, own.channel, own.size, mean, square);
}

// mean, var and inv_std = 1 / sqrt(var + eps) of a channel: its squares are those within its pieces and those
// between them (Chan, Golub and LeVeque 1983). A block owns a channel; its sums have one order.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    merge_moments(const double* moments, double eps, T* mean, T* var, T* inv_std, int channels, int pieces) {
  const int64 plane = (int64)pieces * channels;
  double count = 0, sum = 0, square = 0;
  for (int64 i = threadIdx.x; i < pieces; i += THREADS) {
    const double* piece = moments + i * channels + blockIdx.x;
    count += piece[0];
    sum += piece[0] * piece[plane];
  }
  count = block_sum(count);
  const double middle = block_sum(sum) / count;
  for (int64 i = threadIdx.x; i < pieces; i += THREADS) {
    const double* piece = moments + i * channels + blockIdx.x;
    const double away = piece[plane] - middle;
    square += piece[2 * plane] + piece[0] * away * away;
  }
  const double variance = block_sum(square) / count;
  if (threadIdx.x == 0) {
    mean[blockIdx.x] = (T)middle;
    var[blockIdx.x] = (T)variance;
    inv_std[blockIdx.x] = (T)(1 / sqrt(variance + eps));
  }
}
