// The weights of a transposed convolution, sorted by the phases that meet them, for the pipelined tile.

#include "../runtime/common.cuh"
#include "geometry.cuh"

// rows[group, phase, o, c, t, u] = w[group, c, o, tap_h + t * hop_h, tap_w + u * hop_w]: the taps that a
// phase of a transposed convolution meets, without gaps. A phase's rows have room for o * c * most
// numbers. c and o count within a group. A thread owns every element_step()-th of these places.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    arrange_taps(const T* w, T* rows, int groups, int c, int o, int kh, int kw, GEOMETRY, int hop_h,
                 int hop_w, int most, int size) {
  for (int64 i = first_element(); i < size; i += element_step()) {
    const int each = o * c * most, block = i / each, place = i - (int64)block * each;
    const int phases = stride_h * stride_w, phase = block % phases, group = block / phases;
    const int first_h = first_tap(phase / stride_w, kh, stride_h, padding_h, dilation_h);
    const int first_w = first_tap(phase % stride_w, kw, stride_w, padding_w, dilation_w);
    const int taps_h = (kh - first_h + hop_h - 1) / hop_h, taps_w = (kw - first_w + hop_w - 1) / hop_w;
    const int taps = taps_h * taps_w;
    if (place >= o * c * taps) continue;
    const int channel = place / taps, tap = place - channel * taps;
    const int line = channel / c, from = channel - line * c;
    const int row = first_h + tap / taps_w * hop_h, column = first_w + tap % taps_w * hop_w;
    rows[i] = w[(((int64)(group * c + from) * o + line) * kh + row) * kw + column];
  }
}
