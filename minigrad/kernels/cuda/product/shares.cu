// What stands before and after a product of pipeline.cuh: its shares added, and weights laid out by phases.

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

// rows[group, phase, o, c, t, u] = w[group, c, o, tap_h + t * hop_h, tap_w + u * hop_w], the taps that a
// phase of a transposed convolution meets: without gaps, a phase's rows in o * c * most places.
// c and o count within a group. A thread owns every element_step()-th of those places.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    arrange_taps(const T* w, T* rows, int groups, int c, int o, int kh, int kw, int stride_h, int stride_w,
                 int padding_h, int padding_w, int dilation_h, int dilation_w, int hop_h, int hop_w, int most,
                 int size) {
  for (int64 i = first_element(); i < size; i += element_step()) {
    const int each = o * c * most, block = i / each, place = i - (int64)block * each;
    const int phases = stride_h * stride_w, phase = block % phases, group = block / phases;
    int first_h = 0, first_w = 0;
    while (first_h < kh && (phase / stride_w + padding_h - first_h * dilation_h) % stride_h != 0) ++first_h;
    while (first_w < kw && (phase % stride_w + padding_w - first_w * dilation_w) % stride_w != 0) ++first_w;
    const int taps_h = (kh - first_h + hop_h - 1) / hop_h, taps_w = (kw - first_w + hop_w - 1) / hop_w;
    const int taps = taps_h * taps_w;
    if (place >= o * c * taps) continue;
    const int channel = place / taps, tap = place - channel * taps;
    const int line = channel / c, from = channel - line * c;
    const int row = first_h + tap / taps_w * hop_h, column = first_w + tap % taps_w * hop_w;
    rows[i] = w[(((int64)(group * c + from) * o + line) * kh + row) * kw + column];
  }
}
