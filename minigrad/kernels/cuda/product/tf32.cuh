// A block's sums on tensor cores: operands rounded to TF32, sums in float32. Each of the block's four warps,
// two by two, owns a quarter of the tile.

#include "operands.cuh"
#include "ptx.cuh"

#if TF32

const int WARP_ROWS = ROWS / 2;

template <bool LEFT_ALONG, bool RIGHT_ALONG>
struct Sums {
  static const int DOWN = WARP_ROWS / 8, ACROSS = WARP_COLUMNS / 4, LANES = 4;
  int first_row, first;  // and first column, of the warp
  int g, q;              // of a fragment: see mma_m16n8k8_tf32
  float sums[WARP_ROWS / 16][WARP_COLUMNS / 8][4];

  __device__ Sums() : sums{} {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    first_row = warp / 2 * WARP_ROWS, first = warp % 2 * WARP_COLUMNS;
    g = lane / 4, q = lane % 4;
  }

  __device__ static unsigned left_at(const float* left, int line, int k) {
    return f32_to_tf32(left[spot<ROWS, LEFT_ALONG>(line, k)]);
  }
  __device__ static unsigned right_at(const float* right, int line, int k) {
    return f32_to_tf32(right[spot<COLUMNS, RIGHT_ALONG>(line, k)]);
  }

  // sums += left @ right, (ROWS, DEPTH) @ (DEPTH, COLUMNS) -> (ROWS, COLUMNS)
  __device__ void add(const float* left, const float* right) {
#pragma unroll
    for (int k = 0; k < DEPTH; k += 8) {
      unsigned b[WARP_COLUMNS / 8][2];
#pragma unroll
      for (int j = 0; j < WARP_COLUMNS / 8; ++j) {
        const int line = first + 8 * j + g;
        b[j][0] = right_at(right, line, k + q), b[j][1] = right_at(right, line, k + q + 4);
      }
#pragma unroll
      for (int i = 0; i < WARP_ROWS / 16; ++i) {
        const int line = first_row + 16 * i + g;
        const unsigned a[4] = {left_at(left, line, k + q), left_at(left, line + 8, k + q),
                               left_at(left, line, k + q + 4), left_at(left, line + 8, k + q + 4)};
#pragma unroll
        for (int j = 0; j < WARP_COLUMNS / 8; ++j) mma_m16n8k8_tf32(sums[i][j], a, b[j]);
      }
    }
  }

  template <typename Result>
  __device__ void put(const Result& result, int above, int before) const {
#pragma unroll
    for (int j = 0; j < WARP_COLUMNS / 8; ++j) {
#pragma unroll
      for (int side = 0; side < 2; ++side) {
        const int place = result.place(before + first + 8 * j + 2 * q + side);
#pragma unroll
        for (int i = 0; i < WARP_ROWS / 16; ++i) {
          const int line = above + first_row + 16 * i + g;
          result.put(line, place, sums[i][j][side]);
          result.put(line + 8, place, sums[i][j][side + 2]);
        }
      }
    }
  }

  __device__ int row(int i) const { return first_row + 16 * (i / 2) + g + 8 * (i % 2); }
  __device__ int column(int j) const { return first + 8 * (j / 2) + 2 * q + j % 2; }
  __device__ int first_column() const { return first; }
  __device__ float at(int i, int j) const { return sums[i / 2][j / 2][i % 2 * 2 + j % 2]; }
};

#endif
