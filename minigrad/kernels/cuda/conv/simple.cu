// The convolution and its adjoints as matrix products, group by group, which read their operands in
// place: (o, c*kh*kw) @ (c*kh*kw, n*oh*ow) and its adjoints. Row p * stride + i * dilation - padding of
// an image is start + place * stride + tap * step of an Axis.

#include "../product/simple_tile.cuh"
#include "../runtime/common.cuh"
#include "geometry.cuh"

// The pixels that a kernel meets: line (n, p, q) is a place, element (c, i, j) a channel and a tap.
template <typename T>
struct Patches {
  struct Line {
    const T* channels;
    int top, left;
  };
  const T* x;  // the group's first channel in the first image
  int64 image, lines;
  Axis down, across;

  __device__ bool along_depth() const { return false; }
  __device__ Line line(int64 i) const {
    const int64 each = (int64)down.places * across.places, n = i / each;
    const int place = i - n * each, p = place / across.places, q = place - p * across.places;
    return {i < lines ? x + n * image : 0, down.start + p * down.stride, across.start + q * across.stride};
  }
  __device__ T at(const Line& line, int64 k) const {
    const int tap = k, rest = tap / across.taps, j = tap - rest * across.taps;
    const int c = rest / down.taps, i = rest - c * down.taps;
    const int row = line.top + i * down.step, column = line.left + j * across.step;
    if (!line.channels || row < 0 || row >= down.size || column < 0 || column >= across.size) return T(0);
    return line.channels[((int64)c * down.size + row) * across.size + column];
  }
  __device__ bool four(const Line&, int64, T (&)[4]) const { return false; }
};

// The places of a result's images: column (n, p, q); row o is a channel.
template <typename T>
struct Images {
  T* y;  // the group's first channel at the first place of the first image
  int64 image, channel, columns;
  int rows, height, width, down, across;  // places, and the elements from one to the next

  __device__ int64 column(int64 i) const {
    if (i >= columns) return -1;
    const int64 each = (int64)height * width, n = i / each;
    const int place = i - n * each, p = place / width, q = place - p * width;
    return n * image + (int64)p * down + (int64)q * across;
  }
  __device__ void put(int64 row, int64 column, T value) const {
    if (row < rows) y[row * channel + column] = value;
  }
};

// Epilogues: the result as it is, or with a bias for each channel and the rectifier.
template <typename T>
struct NoEpilogue {
  __device__ Images<T> of(const Images<T>& images, int) const { return images; }
};

template <typename T>
struct ActivatedImages {
  Images<T> images;
  const T* b;
  T slope;
  int channel;  // the group's first

  __device__ int64 column(int64 i) const { return images.column(i); }
  __device__ void put(int64 row, int64 column, T value) const {
    if (row < images.rows) images.y[row * images.channel + column] = leaky(value + b[channel + row], slope);
  }
};

template <typename T>
struct BiasAndRectifier {
  const T* b;
  T slope;

  __device__ ActivatedImages<T> of(const Images<T>& images, int channel) const {
    return {images, b, slope, channel};
  }
};

// y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding]
// c and o count within a group. Block (group, tile of o, tile of (n, p)).
template <typename T, typename Epilogue>
__device__ inline void convolve(const T* x, const T* w, const Epilogue& epilogue, T* y, SIZES, GEOMETRY) {
  const int64 places = (int64)oh * ow, pixels = (int64)h * width, columns = n * places;
  const int64 across = (columns + TILE - 1) / TILE, each = (o + TILE - 1) / TILE * across;
  const int64 group = blockIdx.x / each, tile = blockIdx.x % each;
  const int depth = c * kh * kw;
  const Matrix<T> left = {w + group * o * depth, depth, 1, o};
  const Patches<T> right = {x + group * c * pixels, groups * c * pixels, columns,
                            {h, oh, stride_h, -padding_h, kh, dilation_h},
                            {width, ow, stride_w, -padding_w, kw, dilation_w}};
  const Images<T> result = {y + group * o * places, groups * o * places, places, columns, o, oh, ow, ow, 1};
  multiply_tile<T>(left, right, epilogue.of(result, group * o), tile / across * TILE, tile % across * TILE, 0,
                   depth);
}

template <typename T>
__global__ void __launch_bounds__(THREADS) conv2d(const T* x, const T* w, T* y, SIZES, GEOMETRY) {
  convolve(x, w, NoEpilogue<T>{}, y, OF_SIZES, OF_GEOMETRY);
}

// y = leaky(conv2d(x, w) + b[o])
template <typename T>
__global__ void __launch_bounds__(THREADS)
    conv2d_bias_leaky_relu(const T* x, const T* w, const T* b, T slope, T* y, SIZES, GEOMETRY) {
  convolve(x, w, BiasAndRectifier<T>{b, slope}, y, OF_SIZES, OF_GEOMETRY);
}

// A phase's weights: line o, element (c, t, u) = w[c, o, tap + t * hop, tap + u * hop].
template <typename T>
struct Taps {
  typedef int64 Line;
  const T* w;  // the group's first input channel
  int lines, kh, kw, hop_h, hop_w;
  Phase down, across;

  __device__ bool along_depth() const { return true; }
  __device__ Line line(int64 i) const { return i < lines ? i : -1; }
  __device__ T at(Line line, int64 k) const {
    if (line < 0) return T(0);
    const int tap = k, rest = tap / across.taps, u = tap - rest * across.taps;
    const int c = rest / down.taps, t = rest - c * down.taps;
    return w[(((int64)c * lines + line) * kh + down.tap + t * hop_h) * kw + across.tap + u * hop_w];
  }
  __device__ bool four(Line, int64, T (&)[4]) const { return false; }
};

// y[n, o, a] = sum over c, i with a = p * stride + i * dilation - padding of w[c, o, i] x[n, c, p]
// c and o count within a group. Block (group, phase, tile of o, tile of (n, places)); x (n, c, h, width),
// y (n, o, oh, ow); hop = stride / gcd(stride, dilation).
template <typename T>
__global__ void __launch_bounds__(THREADS)
    conv_transpose2d(const T* x, const T* w, T* y, SIZES, GEOMETRY, int hop_h, int hop_w) {
  const int64 most = (int64)n * ((oh + stride_h - 1) / stride_h) * ((ow + stride_w - 1) / stride_w);
  const int64 across_tiles = (most + TILE - 1) / TILE, each = (o + TILE - 1) / TILE * across_tiles;
  const int64 tile = blockIdx.x % each, rest = blockIdx.x / each;
  const int phases = stride_h * stride_w, phase = rest % phases;
  const int64 group = rest / phases, column = tile % across_tiles * TILE;
  const Phase down(phase / stride_w, oh, kh, stride_h, padding_h, dilation_h, hop_h);
  const Phase across(phase % stride_w, ow, kw, stride_w, padding_w, dilation_w, hop_w);
  const int64 columns = (int64)n * down.places * across.places;
  if (column >= columns) return;  // all of the block: phases differ in their number of places, or have none
  const int64 pixels = (int64)h * width, places = (int64)oh * ow;
  const Taps<T> left = {w + group * c * o * kh * kw, o, kh, kw, hop_h, hop_w, down, across};
  const Patches<T> right = {
      x + group * c * pixels, groups * c * pixels, columns,
      {h, down.places, 1, down.start, down.taps, -(hop_h * dilation_h / stride_h)},
      {width, across.places, 1, across.start, across.taps, -(hop_w * dilation_w / stride_w)}};
  const Images<T> result = {y + group * o * places + (int64)down.first * ow + across.first,
                            groups * o * places, places, columns, o, down.places, across.places,
                            stride_h * ow, stride_w};
  multiply_tile<T>(left, right, result, tile / across_tiles * TILE, column, 0,
                   (int64)c * down.taps * across.taps);
}

// Images by channel: line o, element (n, p).
template <typename T>
struct Channels {
  typedef int64 Line;
  const T* g;  // the group's first channel in the first image
  int64 image, places;
  int lines;

  __device__ bool along_depth() const { return true; }
  __device__ Line line(int64 i) const { return i < lines ? i * places : -1; }
  __device__ T at(Line line, int64 k) const {
    const int64 n = k / places;
    return line < 0 ? T(0) : g[n * image + line + (k - n * places)];
  }
  __device__ bool four(Line line, int64 k, T (&v)[4]) const {
    const int64 n = k / places, place = k - n * places;
    const T* p = g + n * image + line + place;
    if (line < 0 || place + 4 > places || !wide(p)) return false;
    load_four(p, v);
    return true;
  }
};

// The pixels that a tap meets: line (c, i, j), element (n, p, q).
template <typename T>
struct Windows {
  struct Line {
    const T* channel;
    int top, left;
  };
  const T* x;  // the group's first channel in the first image
  int64 image;
  int lines;
  Axis down, across;

  __device__ bool along_depth() const { return true; }
  __device__ Line line(int64 number) const {
    const int tap = number, rest = tap / across.taps, j = tap - rest * across.taps;
    const int c = rest / down.taps, i = rest - c * down.taps;
    const T* channel = number < lines ? x + (int64)c * down.size * across.size : 0;
    return {channel, down.start + i * down.step, across.start + j * across.step};
  }
  __device__ T at(const Line& line, int64 k) const {
    const int64 each = (int64)down.places * across.places, n = k / each;
    const int place = k - n * each, p = place / across.places, q = place - p * across.places;
    const int row = line.top + p * down.stride, column = line.left + q * across.stride;
    if (!line.channel || row < 0 || row >= down.size || column < 0 || column >= across.size) return T(0);
    return line.channel[n * image + (int64)row * across.size + column];
  }
  __device__ bool four(const Line&, int64, T (&)[4]) const { return false; }
};

template <typename T>
struct Weights {
  T* gw;
  int rows, columns;

  __device__ int64 column(int64 i) const { return i < columns ? i : -1; }
  __device__ void put(int64 row, int64 column, T value) const {
    if (row < rows) gw[row * columns + column] = value;
  }
};

// parts[s, o, c, i] = sum over the (n, p) of share s of g[n, o, p] x[n, c, p * stride + i * dilation - padding]
// c and o count within a group. Block (share, group, tile of o, tile of (c, i)).
template <typename T>
__global__ void __launch_bounds__(THREADS)
    conv2d_weight(const T* x, const T* g, T* parts, int shares, SIZES, GEOMETRY) {
  const int columns = c * kh * kw;
  const int64 across = (columns + TILE - 1) / TILE, each = (o + TILE - 1) / TILE * across;
  const int64 tile = blockIdx.x % each, rest = blockIdx.x / each, group = rest % groups, part = rest / groups;
  const int64 places = (int64)oh * ow, pixels = (int64)h * width, depth = n * places;
  const Channels<T> left = {g + group * o * places, groups * o * places, places, o};
  const Windows<T> right = {x + group * c * pixels, groups * c * pixels, columns,
                            {h, oh, stride_h, -padding_h, kh, dilation_h},
                            {width, ow, stride_w, -padding_w, kw, dilation_w}};
  const Weights<T> result = {parts + (part * groups + group) * o * columns, o, columns};
  multiply_tile<T>(left, right, result, tile / across * TILE, tile % across * TILE, share(depth, part, shares),
                   share(depth, part + 1, shares));
}
