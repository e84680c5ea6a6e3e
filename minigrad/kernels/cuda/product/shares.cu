// The sum of a result's shares.

#include "../runtime/common.cuh"

// y[i] = sum over the shares of parts[share, i], in order; with a bias and the rectifier if `biased`:
// leaky(sum + b[channel of i]), y being (n, channels, pixels). A thread owns every element_step()-th element.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    add_biased_shares(const T* parts, const T* b, T slope, int biased, T* y, int shares, int channels,
                      int pixels, int64 size) {
  for (int64 i = first_element(); i < size; i += element_step()) {
    double sum = 0;
    for (int part = 0; part < shares; ++part) sum += parts[part * size + i];
    const T value = (T)sum;
    y[i] = biased ? leaky(value + b[i / pixels % channels], slope) : value;
  }
}
