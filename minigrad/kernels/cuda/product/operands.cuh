// The operands of a float32 product, copied by cp.async from where they lie into pieces in shared memory. A
// piece has DEPTH elements of each of LINES lines: rows of the left, columns of the right operand. An operand
// has
//
//   ALONG                   whether neighbours in a piece follow each other along the depth, or line by line
//   begin(first, table)     before the first piece: the piece's first line, and shared memory of TABLE Taps
//   prepare(k, end)         before a barrier before copy(k, end)
//   copy(piece, k, end)     starts the thread's copies: elements k to k + DEPTH, zeros for lines outside and
//                           from `end` on, which is a multiple of DEPTH or the whole depth
//
// Offsets into an array are 32-bit: launchers send larger arrays another way.

#include "../runtime/common.cuh"
#include "ptx.cuh"

const int PITCH = DEPTH + 4;
const int OUTSIDE = -(1 << 30);

template <int LINES, bool ALONG>
__device__ inline int spot(int line, int k) {
  return ALONG ? line * PITCH + k : k * (LINES + 8) + line;  // the lanes of a warp read from 32 banks
}

// Whether rows of so many elements from p on can be copied by fours.
__device__ inline bool by_fours(const float* p, int elements) {
  return (unsigned long long)p % 16 == 0 && elements % 4 == 0;
}

// What one tap of a kernel, of one channel, adds to a place in an image.
struct __align__(16) Tap {
  int offset, down, across, unused;
};

const int TABLE = COLUMNS > 2 * DEPTH ? COLUMNS : 2 * DEPTH;

// Lines that lie end to end: element (line, k) at line * places + n * image + p, k being place p of `places`
// in image n, of a size that `places` divides; with an image of 0, as a matrix has, at line * places + k.
template <int LINES>
struct Rows {
  static const bool ALONG = true;
  const float* memory;
  int lines, places, image;
  int first;

  __device__ void begin(int line, Tap*) { first = line; }
  __device__ void prepare(int, int) const {}
  __device__ void copy(float* piece, int k, int end) const {
    const bool fours = by_fours(memory, places);
    const int each = fours ? DEPTH / 4 : DEPTH, own = threadIdx.x % each * (DEPTH / each);
    const int n = image ? (k + own) / places : 0;
    const float* from = memory + n * image + (k + own - n * places);
#pragma unroll 4
    for (int line = threadIdx.x / each; line < LINES; line += THREADS / each) {
      const bool valid = first + line < lines && k + own < end;
      float* to = piece + spot<LINES, true>(line, own);
      if (fours)
        cp_async16(to, from + (int64)(first + line) * places, valid);
      else
        cp_async4(to, from + (int64)(first + line) * places, valid);
    }
  }
};

// Lines that lie side by side: element (line, k) at line + k * lines.
template <int LINES>
struct Columns {
  static const bool ALONG = false;
  const float* memory;
  int lines;
  int first;

  __device__ void begin(int line, Tap*) { first = line; }
  __device__ void prepare(int, int) const {}
  __device__ void copy(float* piece, int k, int end) const {
    const bool fours = by_fours(memory, lines);
    const int each = fours ? LINES / 4 : LINES, own = threadIdx.x % each * (LINES / each);
#pragma unroll 4
    for (int d = threadIdx.x / each; d < DEPTH; d += THREADS / each) {
      const bool valid = first + own < lines && k + d < end;
      float* to = piece + spot<LINES, false>(own, d);
      const float* from = memory + first + own + (int64)(k + d) * lines;
      if (fours)
        cp_async16(to, from, valid);
      else
        cp_async4(to, from, valid);
    }
  }
};

// One axis of a walk over an image: place p and tap i meet at start + p * stride + i * step.
struct Axis {
  int size, places, stride, start, taps, step;
};

// Images, from a group's first channel in the first image on, that places (n, p, q) and taps (c, i, j) walk.
struct Walk {
  const float* x;
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

// Lines are places, depth are taps. A thread has one place; all threads need the same taps.
template <int LINES>
struct Patches {
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

// Lines are taps, depth are places. A thread has one place of a piece; all threads need the same taps.
template <int LINES>
struct Windows {
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
