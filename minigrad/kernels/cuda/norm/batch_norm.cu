// Batch norm with leaky ReLU and its gradient. Images are (n, channels, pixels); a channel has `count`
// elements; mean and inv_std come from moments.cu. In sums, block c * slices + s owns slice s of channel c;
// slices are added in order, in float64.

#include "../runtime/common.cuh"

template <typename T>
__device__ inline T affine(T x, T mean, T inv_std, T weight, T bias) {
  return (x - mean) * inv_std * weight + bias;
}

// y = leaky((x - mean) inv_std weight + bias). A thread owns every element_step()-th element.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    batch_norm(const T* x, const T* weight, const T* bias, const T* mean, const T* inv_std, T slope, T* y,
               int channels, int pixels, int64 size) {
  for (int64 i = first_element(); i < size; i += element_step()) {
    const int c = i / pixels % channels;
    y[i] = leaky(affine(x[i], mean[c], inv_std[c], weight[c], bias[c]), slope);
  }
}

// sums[c, s] = sum of h, sums_xhat[c, s] = sum of h xhat over the slice; h = g gated by the sign of the
// normalised x, xhat = (x - mean) inv_std
template <typename T>
__global__ void __launch_bounds__(THREADS)
    slice_gradients(const T* g, const T* x, const T* weight, const T* bias, const T* mean, const T* inv_std,
                    T slope, double* sums, double* sums_xhat, int channels, int pixels, int64 count,
                    int slices) {
  const Slice own(channels, pixels, count, slices);
  const int c = own.channel;
  double sum = 0, sum_xhat = 0;
  for (unsigned e = threadIdx.x; e < own.size; e += THREADS) {
    const int64 i = own.place(e);
    const T h = gate(g[i], affine(x[i], mean[c], inv_std[c], weight[c], bias[c]), slope);
    sum += h;
    sum_xhat += h * ((x[i] - mean[c]) * inv_std[c]);
  }
  sum = block_sum(sum);
  sum_xhat = block_sum(sum_xhat);
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = sum;
    sums_xhat[blockIdx.x] = sum_xhat;
  }
}

// gb[c] = sum of h, gw[c] = sum of h xhat. A thread owns a channel.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    merge_gradients(const double* sums, const double* sums_xhat, T* gw, T* gb, int channels, int slices) {
  for (int64 c = first_element(); c < channels; c += element_step()) {
    double sum = 0, sum_xhat = 0;
    for (int slice = 0; slice < slices; ++slice) {
      sum += sums[c * slices + slice];
      sum_xhat += sums_xhat[c * slices + slice];
    }
    gw[c] = (T)sum_xhat;
    gb[c] = (T)sum;
  }
}

// gx = weight inv_std (h - gb / count - xhat gw / count). A thread owns every element_step()-th element.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    batch_norm_grad(const T* g, const T* x, const T* weight, const T* bias, const T* mean, const T* inv_std,
                    const T* gw, const T* gb, T slope, T* gx, int channels, int pixels, int64 count,
                    int64 size) {
  for (int64 i = first_element(); i < size; i += element_step()) {
    const int c = i / pixels % channels;
    const T h = gate(g[i], affine(x[i], mean[c], inv_std[c], weight[c], bias[c]), slope);
    const T xhat = (x[i] - mean[c]) * inv_std[c];
    gx[i] = weight[c] * inv_std[c] * (h - gb[c] / (T)count - xhat * (gw[c] / (T)count));
  }
}

// The running statistics r += rate (batch - r), the batch's variance made unbiased; the rate is `momentum`, or if
// `equally` one over the batches so far. One block, in which a thread owns every THREADS-th channel.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    update_running_stats(T* running_mean, T* running_var, int64* tracked, const T* mean, const T* var,
                         T momentum, int equally, T unbiased, int channels) {
  const int64 batches = tracked[0] + 1;
  __syncthreads();  // every thread has read it
  if (threadIdx.x == 0) tracked[0] = batches;
  const T rate = equally ? (T)(1.0 / batches) : momentum;
  for (int c = threadIdx.x; c < channels; c += THREADS) {
    running_mean[c] += rate * (mean[c] - running_mean[c]);
    running_var[c] += rate * (var[c] * unbiased - running_var[c]);
  }
}
