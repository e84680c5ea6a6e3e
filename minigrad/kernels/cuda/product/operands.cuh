// The operands of a float32 product. cp.async copies pieces of them into shared memory: DEPTH elements of each
// of LINES lines, which are rows of the left or columns of the right operand. An operand has
//
//   ALONG                   whether neighbours in a piece follow each other along the depth, or line by line
//   begin(first, table)     called first: the first line of all pieces, and shared memory for TABLE Taps
//   prepare(k, end)         called before copy(k, end), with a barrier in between
//   copy(piece, k, end)     starts the thread's copies: elements k to k + DEPTH, zeros for lines outside and
//                           from `end` on, which is a multiple of DEPTH or the whole depth
//
// Offsets into an array are 32-bit: larger arrays take the simple tile.

#include "../runtime/common.cuh"
#include "ptx.cuh"

const int PITCH = DEPTH + 4;

template <int LINES, bool ALONG>
__device__ inline int spot(int line, int k) {
  return ALONG ? line * PITCH + k : k * (LINES + 8) + line;  // the lanes of a warp read from 32 banks
}

// Whether rows of `elements` elements from p on can be copied by fours.
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
struct RowPieces {
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
struct ColumnPieces {
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
