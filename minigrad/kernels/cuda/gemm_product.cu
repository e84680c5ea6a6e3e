// Matrix products in float32 by tiles of a pipeline (pipeline.cuh): y[i, j] = sum over k of left[i, k]
// right[k, j], with b[i] and the rectifier if `biased`. Element (i, j) of y lies at i * row_step + j *
// column_step. An operand's lines, rows i or columns j, lie end to end ("rows") or side by side ("columns").
// With more than one share y is `shares` results one after the other, which add_biased_shares adds.

template <typename Left, typename Right>
__device__ inline void product(const Left& left, const Right& right, const float* b, float slope, int biased,
                               float* y, int row_step, int column_step, int shares, int m, int n, int depth) {
  const Block block(m, n, 1);
  const Result<Biased> result = {
      y + (int64)block.share * m * n, {b, slope, biased}, m, row_step, n, n, n, 0, 0, column_step};
  multiply(left, right, result, block, depth, shares);
}

#define ARGUMENTS                                                                                  \
  const float *x, const float *w, const float *b, float slope, int biased, float *y, int row_step, \
      int column_step, int shares, int m, int n, int depth
#define REST b, slope, biased, y, row_step, column_step, shares, m, n, depth

__global__ void __launch_bounds__(THREADS, RESIDENT) rows_by_rows(ARGUMENTS) {
  product(Rows<ROWS>{x, m, depth, 0}, Rows<COLUMNS>{w, n, depth, 0}, REST);
}

__global__ void __launch_bounds__(THREADS, RESIDENT) rows_by_columns(ARGUMENTS) {
  product(Rows<ROWS>{x, m, depth, 0}, Columns<COLUMNS>{w, n}, REST);
}

__global__ void __launch_bounds__(THREADS, RESIDENT) columns_by_rows(ARGUMENTS) {
  product(Columns<ROWS>{x, m}, Rows<COLUMNS>{w, n, depth, 0}, REST);
}

__global__ void __launch_bounds__(THREADS, RESIDENT) columns_by_columns(ARGUMENTS) {
  product(Columns<ROWS>{x, m}, Columns<COLUMNS>{w, n}, REST);
}
