// The mean of softplus over logits and its gradient, in float64: a loss has one number per image.

#include "runtime/common.cuh"

// y[0] = mean over i of log(1 + e^(sign x[i])). One block owns it all; a thread every THREADS-th element.
template <typename T>
__global__ void __launch_bounds__(THREADS) mean_softplus(const T* x, double sign, T* y, int64 size) {
  double sum = 0;
  for (int64 i = threadIdx.x; i < size; i += THREADS) {
    const double z = sign * x[i];
    sum += fmax(z, 0.0) + log1p(exp(-fabs(z)));
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) y[0] = (T)(sum / size);
}

// gx[i] = g[0] sign sigmoid(sign x[i]) / size. A thread owns every element_step()-th element.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    mean_softplus_grad(const T* g, const T* x, double sign, T* gx, int64 size) {
  const double factor = g[0] * sign / size;
  for (int64 i = first_element(); i < size; i += element_step()) {
    const double z = sign * x[i], small = exp(-fabs(z));
    gx[i] = (T)(factor * (z >= 0 ? 1.0 : small) / (1.0 + small));
  }
}
