// The geometry of a convolution, which all its kernels share.

#include "../runtime/common.cuh"

// A kernel's parameters, and the arguments that pass them on.
#define SIZES int n, int groups, int c, int o, int h, int width, int kh, int kw, int oh, int ow
#define GEOMETRY \
  int stride_h, int stride_w, int padding_h, int padding_w, int dilation_h, int dilation_w
#define OF_SIZES n, groups, c, o, h, width, kh, kw, oh, ow
#define OF_GEOMETRY stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w

// One axis of a walk over an image: place p and tap i meet at start + p * stride + i * step.
struct Axis {
  int size, places, stride, start, taps, step;
};

// The first tap that a transposed convolution's outputs of one phase meet along one axis; `kernel` for none.
__device__ inline int first_tap(int phase, int kernel, int stride, int padding, int dilation) {
  int tap = 0;
  while (tap < kernel && (phase + padding - tap * dilation) % stride != 0) ++tap;
  return tap;
}

// A phase of a transposed convolution along one axis: the outputs a = first + place * stride. They meet
// the taps tap + t * hop and no others; at tap t they meet the input start + place - t * step. Outputs
// that meet no tap are zero.
struct Phase {
  int first, places, tap, taps, start;

  __device__ Phase(int phase, int size, int kernel, int stride, int padding, int dilation, int hop)
      : first(phase),
        places((size - phase + stride - 1) / stride),
        tap(first_tap(phase, kernel, stride, padding, dilation)),
        taps(0),
        start(0) {
    if (tap < kernel) {
      taps = (kernel - tap + hop - 1) / hop;
      start = (phase + padding - tap * dilation) / stride;
    }
  }
};
