// The images of a convolution as operands of the pipelined tile (product/operands.cuh).

#include "../product/operands.cuh"
#include "../product/ptx.cuh"
#include "geometry.cuh"

const int OUTSIDE = -(1 << 30);

// A walk over images by places (n, p, q) and taps (c, i, j).
struct Walk {
  const float* x;  // a group's first channel in the first image
  int image;  // elements of one, all groups together
  int count;  // of places
  Axis down, across;

  __device__ Tap place(int number) const {
    if (number >= count) return {0, OUTSIDE, OUTSIDE, 0};
    const int line = number / across.places, q = number - line * across.places;
    const int n = line / down.places, p = line - n * down.places;
    const int row = down.start + p * down.stride, column = across.start + q * across.stride;
    return {n * image + row * across.size + column, row, column, 0};
  }
  __device__ Tap tap(int number, int end) const {
    if (number >= end) return {0, OUTSIDE, OUTSIDE, 0};
    const int line = number / across.taps, j = number - line * across.taps;
    const int c = line / down.taps, i = line - c * down.taps;
    const int row = i * down.step, column = j * across.step;
    return {(c * down.size + row) * across.size + column, row, column, 0};
  }
  __device__ void copy(float* to, const Tap& place, const Tap& tap) const {
    const bool valid = (unsigned)(place.down + tap.down) < (unsigned)down.size &&
                       (unsigned)(place.across + tap.across) < (unsigned)across.size;
    cp_async4(to, x + (place.offset + tap.offset), valid);
  }
};

// Lines are places, the depth is taps. A thread has one place; all threads use the same taps.
template <int LINES>
struct PatchPieces {
  static const bool ALONG = false;
  Walk walk;
  Tap own;
  Tap* taps;  // of two pieces, one after the other

  __device__ void begin(int line, Tap* table) {
    own = walk.place(line + threadIdx.x % LINES);
    taps = table;
  }
  __device__ void prepare(int k, int end) const {
    if (threadIdx.x < DEPTH) taps[k / DEPTH % 2 * DEPTH + threadIdx.x] = walk.tap(k + threadIdx.x, end);
  }
  __device__ void copy(float* piece, int k, int) const {
    const Tap* now = taps + k / DEPTH % 2 * DEPTH;
#pragma unroll 4
    for (int d = 0; d < DEPTH; d += THREADS / LINES) {
      const int own_depth = d + threadIdx.x / LINES;
      walk.copy(piece + spot<LINES, false>(threadIdx.x % LINES, own_depth), own, now[own_depth]);
    }
  }
};

// Lines are taps, the depth is places. A thread has one place of a piece; all threads use the same taps.
template <int LINES>
struct WindowPieces {
  static const bool ALONG = true;
  Walk walk;
  int lines;
  const Tap* taps;

  __device__ void begin(int line, Tap* table) {
    for (int i = threadIdx.x; i < LINES; i += THREADS) table[i] = walk.tap(line + i, lines);
    taps = table;
  }
  __device__ void prepare(int, int) const {}
  __device__ void copy(float* piece, int k, int) const {
    const int own_depth = threadIdx.x % DEPTH;
    const Tap own = walk.place(k + own_depth);
#pragma unroll
    for (int i = 0; i < LINES; i += THREADS / DEPTH) {
      const int line = i + threadIdx.x / DEPTH;
      walk.copy(piece + spot<LINES, true>(line, own_depth), own, taps[line]);
    }
  }
};
