// A block's sums in float32: a thread owns 8 by 8, a warp 32 by WARP_COLUMNS = 64.

#include "operands.cuh"

#if !TF32

// The eight lines that a thread owns, of those of LANES neighbours. four(): v[d][i] = element k + d of
// line i of one half of them.
template <int LINES, bool ALONG, int LANES>
struct Own {
  int base, lane;

  // Where line i of eight is: threads that read together read side by side.
  __device__ int line(int i) const {
    return base + (ALONG ? lane + LANES * i : i / 4 * 4 * LANES + lane * 4 + i % 4);
  }
  __device__ void four(const float* piece, int k, int half, float (&v)[4][4]) const {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int place =
          ALONG ? spot<LINES, true>(line(4 * half + j), k) : spot<LINES, false>(line(4 * half), k + j);
      const float4 f = *(const float4*)(piece + place);
      if (ALONG)
        v[0][j] = f.x, v[1][j] = f.y, v[2][j] = f.z, v[3][j] = f.w;
      else
        v[j][0] = f.x, v[j][1] = f.y, v[j][2] = f.z, v[j][3] = f.w;
    }
  }
};

template <bool LEFT_ALONG, bool RIGHT_ALONG>
struct Sums {
  static const int DOWN = 8, ACROSS = 8, LANES = WARP_COLUMNS / ACROSS;
  Own<ROWS, LEFT_ALONG, 4> rows;
  Own<COLUMNS, RIGHT_ALONG, LANES> columns;
  float sums[DOWN][ACROSS];

  __device__ Sums() : sums{} {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int across = COLUMNS / WARP_COLUMNS;
    rows.base = warp / across * 32, rows.lane = lane / LANES;
    columns.base = warp % across * WARP_COLUMNS, columns.lane = lane % LANES;
  }

  // sums += left @ right, (ROWS, DEPTH) @ (DEPTH, COLUMNS) -> (ROWS, COLUMNS)
  __device__ void add(const float* left, const float* right) {
#pragma unroll 1  // registers for one step of four: two blocks then fit on a multiprocessor
    for (int k = 0; k < DEPTH; k += 4) {
      float a[2][4][4];
      rows.four(left, k, 0, a[0]);
      rows.four(left, k, 1, a[1]);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float b[4][4];
        columns.four(right, k, half, b);
#pragma unroll
        for (int d = 0; d < 4; ++d) {
#pragma unroll
          for (int i = 0; i < 8; ++i) {
#pragma unroll
            for (int j = 0; j < 4; ++j) sums[i][4 * half + j] += a[i / 4][d][i % 4] * b[d][j];
          }
        }
      }
    }
  }

  template <typename Result>
  __device__ void put(const Result& result, int above, int before) const {
#pragma unroll
    for (int j = 0; j < ACROSS; ++j) {
      const int place = result.place(before + columns.line(j));
#pragma unroll
      for (int i = 0; i < DOWN; ++i) result.put(above + rows.line(i), place, sums[i][j]);
    }
  }

  __device__ int row(int i) const { return rows.line(i); }
  __device__ int column(int j) const { return columns.line(j); }
  __device__ int first_column() const { return columns.base; }
  __device__ float at(int i, int j) const { return sums[i][j]; }
};

#endif
