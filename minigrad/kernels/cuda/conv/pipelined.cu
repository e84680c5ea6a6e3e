// The convolution and its adjoints in float32, as products by the pipelined tile. With more than one
// share a result is `shares` arrays one after the other, which add_biased_shares adds.

#include "../product/pipeline.cuh"
#include "geometry.cuh"
#include "operands.cuh"

// The epilogue for rows that begin at `channel` and columns whose pieces begin at `piece`.
__device__ inline Biased from(const Biased& epilogue, int channel, int) {
  return {epilogue.b + channel, epilogue.slope, epilogue.biased};
}
__device__ inline WithMoments from(const WithMoments& epilogue, int channel, int piece) {
  return {epilogue.moments, channel, piece};
}

// y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding]
// c and o count within a group. (o, c*kh*kw) @ (c*kh*kw, n*oh*ow) -> (o, n*oh*ow)
template <typename Epilogue>
__device__ inline void convolve(const float* x, const float* w, const Epilogue& epilogue, float* y,
                                int shares, SIZES, GEOMETRY) {
  const int places = oh * ow, columns = n * places, depth = c * kh * kw;
  const Block block(o, columns, groups);
  const RowPieces<ROWS> left = {w + block.group * o * depth, o, depth, 0};
  const PatchPieces<COLUMNS> right = {{x + block.group * c * h * width,
                                   groups * c * h * width,
                                   columns,
                                   {h, oh, stride_h, -padding_h, kh, dilation_h},
                                   {width, ow, stride_w, -padding_w, kw, dilation_w}}};
  const int image = groups * o * places;
  float* first = y + ((int64)block.share * n * image + block.group * o * places);
  const Result<Epilogue> result = {
      first, from(epilogue, block.group * o, 0), o, places, columns, places, ow, image, ow, 1};
  multiply(left, right, result, block, depth, shares);
}

__global__ void __launch_bounds__(THREADS, RESIDENT)
    conv2d(const float* x, const float* w, const float* b, float slope, int biased, float* y, int shares,
           SIZES, GEOMETRY) {
  convolve(x, w, Biased{b, slope, biased}, y, shares, OF_SIZES, OF_GEOMETRY);
}

// In one share, with y's moments (3, pieces, groups * o); a piece is WARP_COLUMNS of a tile's columns.
__global__ void __launch_bounds__(THREADS, RESIDENT)
    conv2d_moments(const float* x, const float* w, float* y, double* moments, int pieces, SIZES, GEOMETRY) {
  convolve(x, w, WithMoments{{moments, pieces, groups * o}}, y, 1, OF_SIZES, OF_GEOMETRY);
}

// y[n, o, a] = sum over c, i with a = p * stride + i * dilation - padding of w[c, o, i] x[n, c, p]
// c and o count within a group; x (n, c, h, width), y (n, o, oh, ow); hop = stride / gcd(stride, dilation).
// Phase by phase, (o, c*taps) @ (c*taps, n*places) -> (o, n*places). arrange_taps has written the weights to
// `rows`, with room for `most` taps of each (o, c). Phases differ in their number of places: some blocks own
// no column, and only an epilogue with moments must write something for these.
template <typename Epilogue>
__device__ inline void convolve_transposed(const float* x, const float* rows, const Epilogue& epilogue,
                                           float* y, int shares, SIZES, GEOMETRY, int hop_h, int hop_w,
                                           int most) {
  const int phases = stride_h * stride_w;
  const int most_columns = n * ((oh + stride_h - 1) / stride_h) * ((ow + stride_w - 1) / stride_w);
  const Block block(o, most_columns, groups * phases);
  const int group = block.group / phases, phase = block.group % phases;
  const Phase down(phase / stride_w, oh, kh, stride_h, padding_h, dilation_h, hop_h);
  const Phase across(phase % stride_w, ow, kw, stride_w, padding_w, dilation_w, hop_w);
  const int places = down.places * across.places, columns = n * places;
  const bool outside = block.column >= columns;
  if (outside && !Epilogue::OUTSIDE_TOO) return;  // all of the block
  const int depth = outside ? 0 : c * down.taps * across.taps;
  const RowPieces<ROWS> left = {rows + block.group * o * c * most, o, depth, 0};
  const PatchPieces<COLUMNS> right = {
      {x + group * c * h * width,
       groups * c * h * width,
       columns,
       {h, down.places, 1, down.start, down.taps, -(hop_h * dilation_h / stride_h)},
       {width, across.places, 1, across.start, across.taps, -(hop_w * dilation_w / stride_w)}}};
  const int image = groups * o * oh * ow;
  float* first = y + ((int64)block.share * n * image + group * o * oh * ow + down.first * ow + across.first);
  const int pieces = (most_columns + COLUMNS - 1) / COLUMNS * (COLUMNS / WARP_COLUMNS);
  const Result<Epilogue> result = {first,         from(epilogue, group * o, phase * pieces),
                                   o,             oh * ow,
                                   columns,       places,
                                   across.places, image,
                                   stride_h * ow, stride_w};
  multiply(left, right, result, block, depth, shares);
}

__global__ void __launch_bounds__(THREADS, RESIDENT)
    conv_transpose2d(const float* x, const float* rows, const float* b, float slope, int biased, float* y,
                     int shares, SIZES, GEOMETRY, int hop_h, int hop_w, int most) {
  convolve_transposed(x, rows, Biased{b, slope, biased}, y, shares, OF_SIZES, OF_GEOMETRY, hop_h, hop_w,
                      most);
}

// As conv2d_moments; pieces phase by phase.
__global__ void __launch_bounds__(THREADS, RESIDENT)
    conv_transpose2d_moments(const float* x, const float* rows, float* y, double* moments, int pieces, SIZES,
                             GEOMETRY, int hop_h, int hop_w, int most) {
  convolve_transposed(x, rows, WithMoments{{moments, pieces, groups * o}}, y, 1, OF_SIZES, OF_GEOMETRY, hop_h,
                      hop_w, most);
}

// gw[o, c, i] = sum over n, p of g[n, o, p] x[n, c, p * stride + i * dilation - padding]
// c and o count within a group. (o, n*oh*ow) @ (n*oh*ow, c*kh*kw) -> (o, c*kh*kw)
__global__ void __launch_bounds__(THREADS, RESIDENT)
    conv2d_weight(const float* x, const float* g, float* gw, int shares, SIZES, GEOMETRY) {
  const int places = oh * ow, depth = n * places, columns = c * kh * kw;
  const Block block(o, columns, groups);
  const RowPieces<ROWS> left = {g + block.group * o * places, o, places, groups * o * places};
  const WindowPieces<COLUMNS> right = {{x + block.group * c * h * width,
                                   groups * c * h * width,
                                   depth,
                                   {h, oh, stride_h, -padding_h, kh, dilation_h},
                                   {width, ow, stride_w, -padding_w, kw, dilation_w}},
                                  columns};
  float* first = gw + ((int64)block.share * groups + block.group) * o * columns;
  const Result<Biased> result = {
      first, {first, 0, 0}, o, columns, columns, columns, columns, 0, 0, 1};
  multiply(left, right, result, block, depth, shares);
}
