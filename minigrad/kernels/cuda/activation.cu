// Leaky ReLU and its gate. A thread owns every element_step()-th element.

#include "runtime/common.cuh"

// y[i] = leaky(x[i])
template <typename T>
__global__ void __launch_bounds__(THREADS) leaky_relu(const T* x, T slope, T* y, int64 size) {
  for (int64 i = first_element(); i < size; i += element_step()) y[i] = leaky(x[i], slope);
}

// y[i] = gate(g[i], x[i])
template <typename T>
__global__ void __launch_bounds__(THREADS) leaky_gate(const T* g, const T* x, T slope, T* y, int64 size) {
  for (int64 i = first_element(); i < size; i += element_step()) y[i] = gate(g[i], x[i], slope);
}
