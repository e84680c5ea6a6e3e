// Matrix products in float32 by the pipelined tile: y[i, j] = sum over k of left[i, k] right[k, j], with b[i]
// and the rectifier if `biased`. Element (i, j) of y lies at i * row_step + j * column_step. The lines of an
// operand, rows i or columns j, lie end to end ("rows") or side by side ("columns"). With more than one share,
// y is `shares` results one after the other, which add_biased_shares adds.
//
//   STACKED   `items` products: the operands of item s begin at s * left_item and s * right_item, its result
//             at s * m * n
//   GATED     y (m, n) passes the rectifier's gate, for which b (m, n) is the rectifier's result; the columns
//             of y are summed

#include "../product/columns.cuh"
#include "../product/pipeline.cuh"

#ifndef STACKED
#define STACKED 0
#endif
#ifndef GATED
#define GATED 0
#endif

#if GATED
#define SUMS , double *partial, float *totals, int chunk, int chunks
#define OF_SUMS , partial, totals, chunk, chunks
#else
#define SUMS
#define OF_SUMS
#endif

template <typename Left, typename Right>
__device__ inline void product(Left left, Right right, const float* b, float slope, int biased, float* y,
                               int row_step, int column_step, int shares, int m, int n, int depth, int items,
                               int left_item, int right_item SUMS) {
  const Block block(m, n, STACKED ? items : 1);
  if (STACKED) {
    left.memory += (int64)block.group * left_item;
    right.memory += (int64)block.group * right_item;
  }
  const int64 first = STACKED ? (int64)block.share * items + block.group : block.share;
  const Result<Biased> result = {
      y + first * m * n, {b, slope, GATED ? 0 : biased}, m, row_step, n, n, n, 0, 0, column_step};
  multiply(left, right, result, block, depth, shares);
#if GATED
  const ColumnSums<float> sums = {partial, totals, chunk, chunks};
  gate_tile<ROWS, COLUMNS>(y, b, slope, sums, block.row, block.column, m, n);
#endif
}

#define ARGUMENTS                                                                                    \
  const float *x, const float *w, const float *b, float slope, int biased, float *y, int row_step,   \
      int column_step, int shares, int m, int n, int depth, int items, int left_item, int right_item \
      SUMS
#define REST \
  b, slope, biased, y, row_step, column_step, shares, m, n, depth, items, left_item, right_item OF_SUMS

__global__ void __launch_bounds__(THREADS, RESIDENT) rows_by_rows(ARGUMENTS) {
  product(RowPieces<ROWS>{x, m, depth, 0}, RowPieces<COLUMNS>{w, n, depth, 0}, REST);
}

__global__ void __launch_bounds__(THREADS, RESIDENT) rows_by_columns(ARGUMENTS) {
  product(RowPieces<ROWS>{x, m, depth, 0}, ColumnPieces<COLUMNS>{w, n}, REST);
}

__global__ void __launch_bounds__(THREADS, RESIDENT) columns_by_rows(ARGUMENTS) {
  product(ColumnPieces<ROWS>{x, m}, RowPieces<COLUMNS>{w, n, depth, 0}, REST);
}

__global__ void __launch_bounds__(THREADS, RESIDENT) columns_by_columns(ARGUMENTS) {
  product(ColumnPieces<ROWS>{x, m}, ColumnPieces<COLUMNS>{w, n}, REST);
}
