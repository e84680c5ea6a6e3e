// A bias per channel with leaky ReLU, and its gradient. Images are (n, channels, pixels).

#include "runtime/common.cuh"

// y[n, c, p] = leaky(x[n, c, p] + b[c]). A thread owns every element_step()-th element; y may be x.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    bias_leaky_relu(const T* x, const T* b, T slope, T* y, int channels, int pixels, int64 size) {
  for (int64 i = first_element(); i < size; i += element_step())
    y[i] = leaky(x[i] + b[i / pixels % channels], slope);
}

// gx[n, c, p] = gate(g[n, c, p], y[n, c, p]), and sums[c, slice] its sum over the slice of the channel's
// `count` elements that the block owns.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    bias_leaky_relu_grad(const T* g, const T* y, T slope, T* gx, double* sums, int channels, int pixels,
                         int64 count, int slices) {
  const Slice own(channels, pixels, count, slices);
  double sum = 0;
  for (unsigned e = threadIdx.x; e < own.size; e += THREADS) {
    const int64 i = own.place(e);
    const T h = gate(g[i], y[i], slope);
    gx[i] = h;
    sum += h;
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// gb[c] = sum over the slices of sums[c, slice], in order. A thread owns a channel.
template <typename T>
__global__ void __launch_bounds__(THREADS) add_slices(const double* sums, T* gb, int channels, int slices) {
  for (int64 c = first_element(); c < channels; c += element_step()) {
    double sum = 0;
    for (int slice = 0; slice < slices; ++slice) sum += sums[c * slices + slice];
    gb[c] = (T)sum;
  }
}
