// A block's sums on tensor cores: operands rounded to TF32, sums in float32. Each of the block's four warps,
// two by two, owns a quarter of the tile.

const int WARP_ROWS = ROWS / 2, WARP_COLUMNS = COLUMNS / 2;

template <bool LEFT_ALONG, bool RIGHT_ALONG>
struct Sums {
  int row, column;  // the warp's first
  int g, q;         // of a fragment: see mma_m16n8k8_tf32
  float sums[WARP_ROWS / 16][WARP_COLUMNS / 8][4];

  __device__ Sums() : sums{} {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    row = warp / 2 * WARP_ROWS, column = warp % 2 * WARP_COLUMNS;
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
        const int line = column + 8 * j + g;
        b[j][0] = right_at(right, line, k + q), b[j][1] = right_at(right, line, k + q + 4);
      }
#pragma unroll
      for (int i = 0; i < WARP_ROWS / 16; ++i) {
        const int line = row + 16 * i + g;
        const unsigned a[4] = {left_at(left, line, k + q), left_at(left, line + 8, k + q),
                               left_at(left, line, k + q + 4), left_at(left, line + 8, k + q + 4)};
#pragma unroll
        for (int j = 0; j < WARP_COLUMNS / 8; ++j) mma_m16n8k8_tf32(sums[i][j], a, b[j]);
      }
    }
  }

  template <typename Result>
  __device__ void put(const Result& result, int first_row, int first_column) const {
#pragma unroll
    for (int j = 0; j < WARP_COLUMNS / 8; ++j) {
#pragma unroll
      for (int side = 0; side < 2; ++side) {
        const int place = result.place(first_column + column + 8 * j + 2 * q + side);
#pragma unroll
        for (int i = 0; i < WARP_ROWS / 16; ++i) {
          const int line = first_row + row + 16 * i + g;
          result.put(line, place, sums[i][j][side]);
          result.put(line + 8, place, sums[i][j][side + 2]);
        }
      }
    }
  }
};
