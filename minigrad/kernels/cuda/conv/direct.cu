// Convolutions with one channel on one side and at most TAPS taps. Each reads or writes the side of many
// channels once, and keeps in registers the elements of the other side that a place meets.

#include "../runtime/common.cuh"

// One axis of a walk: place p meets, at tap t, element (p * stride + start + t * step) / divisor, if that
// is a whole number and inside the image. A convolution's walk over its input has a divisor of 1, its
// walk over its output a stride of 1.
struct MeetingAxis {
  int places, size, taps, stride, start, step, divisor;

  __device__ int element(int place, int tap) const {
    int at = place * stride + start + tap * step;
    if (divisor > 1) at = at % divisor == 0 ? at / divisor : -1;
    return at < size ? at : -1;
  }
};

// The elements of an image that place (p, q) meets, tap by tap; -1 for none.
struct Meeting {
  int at[TAPS];

  __device__ Meeting(const MeetingAxis& down, const MeetingAxis& across, int place) {
    const int p = place / across.places, q = place - p * across.places;
    int i = 0, j = 0;
#pragma unroll
    for (int t = 0; t < TAPS; ++t) {
      const int row = i < down.taps ? down.element(p, i) : -1, column = across.element(q, j);
      at[t] = row < 0 || column < 0 ? -1 : row * across.size + column;
      if (++j == across.taps) j = 0, ++i;
    }
  }
  template <typename T>
  __device__ T value(const T* image, int t) const {
    return at[t] < 0 ? T(0) : image[at[t]];
  }
};

#define AXES                                                                                                \
  int places_h, int size_h, int taps_h, int stride_h, int start_h, int step_h, int divisor_h, int places_w, \
      int size_w, int taps_w, int stride_w, int start_w, int step_w, int divisor_w
#define DOWN \
  MeetingAxis { places_h, size_h, taps_h, stride_h, start_h, step_h, divisor_h }
#define ACROSS \
  MeetingAxis { places_w, size_w, taps_w, stride_w, start_w, step_w, divisor_w }

// y[n, m, p] = leaky(b[m] + sum over t of w[m, t] x[n, what p meets at t]), without b unless `biased`.
// Block (CHANNELS of m, THREADS of (n, p)); a thread owns a place. x has one channel.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    from_one_channel(const T* x, const T* w, const T* b, T slope, int biased, T* y, int n, int m, AXES) {
  const MeetingAxis down = DOWN, across = ACROSS;
  const int taps = down.taps * across.taps, places = down.places * across.places;
  const int parts = (m + CHANNELS - 1) / CHANNELS, first = blockIdx.x % parts * CHANNELS;
  __shared__ __align__(16) T weights[CHANNELS][TAPS];
  for (int i = threadIdx.x; i < CHANNELS * TAPS; i += THREADS) {
    const int c = i / TAPS, t = i % TAPS;
    weights[c][t] = first + c < m && t < taps ? w[(first + c) * taps + t] : T(0);
  }
  __syncthreads();
  const int64 place = (int64)(blockIdx.x / parts) * THREADS + threadIdx.x, image = place / places;
  if (image >= n) return;
  const int own = place - image * places;
  const Meeting meeting(down, across, own);
  T values[TAPS];
#pragma unroll
  for (int t = 0; t < TAPS; ++t) values[t] = meeting.value(x + image * down.size * across.size, t);
  for (int c = 0; c < CHANNELS && first + c < m; ++c) {
    T sum = 0;
#pragma unroll
    for (int t = 0; t < TAPS; ++t) sum += weights[c][t] * values[t];
    y[(image * m + first + c) * places + own] = biased ? leaky(sum + b[first + c], slope) : sum;
  }
}

// y[n, p] = leaky(b[0] + sum over m, t of w[m, t] x[n, m, what p meets at t]), without b unless `biased`.
// Of a block's PLACES each has THREADS / PLACES threads, which share the channels and add up in order.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    to_one_channel(const T* x, const T* w, const T* b, T slope, int biased, T* y, int n, int m, AXES) {
  const MeetingAxis down = DOWN, across = ACROSS;
  const int taps = down.taps * across.taps, places = down.places * across.places;
  const int pixels = down.size * across.size, part = threadIdx.x / PLACES;
  const int64 place = (int64)blockIdx.x * PLACES + threadIdx.x % PLACES, image = place / places;
  const Meeting meeting(down, across, place - image * places);
  __shared__ __align__(16) T weights[CHANNELS][TAPS];
  T sum = 0;
  for (int first = 0; first < m; first += CHANNELS) {
    __syncthreads();  // the weights before are used up
    for (int i = threadIdx.x; i < CHANNELS * TAPS; i += THREADS) {
      const int c = i / TAPS, t = i % TAPS;
      weights[c][t] = first + c < m && t < taps ? w[(first + c) * taps + t] : T(0);
    }
    __syncthreads();
    for (int c = part; c < CHANNELS && first + c < m && image < n; c += THREADS / PLACES) {
      const T* channel = x + (image * m + first + c) * pixels;
#pragma unroll
      for (int t = 0; t < TAPS; ++t) sum += weights[c][t] * meeting.value(channel, t);
    }
  }
  __shared__ T sums[THREADS];
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (part > 0 || image >= n) return;
  for (int other = 1; other < THREADS / PLACES; ++other) sum += sums[other * PLACES + threadIdx.x];
  y[place] = biased ? leaky(sum + b[0], slope) : sum;
}

// parts[s, m, t] = sum over the places (n, p) of share s of g[n, m, p] x[n, what p meets at t]; x has one
// channel. Block (share, FOUR of m): every thread sums for all of them and all taps; lanes, then warps, add up
// in order.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    one_channel_weight(const T* x, const T* g, T* parts, int shares, int n, int m, AXES) {
  const MeetingAxis down = DOWN, across = ACROSS;
  const int taps = down.taps * across.taps, places = down.places * across.places;
  const int groups = (m + FOUR - 1) / FOUR, first = blockIdx.x % groups * FOUR, part = blockIdx.x / groups;
  const int64 end = share((int64)n * places, part + 1, shares);
  T sums[FOUR][TAPS] = {};
  for (int64 i = share((int64)n * places, part, shares) + threadIdx.x; i < end; i += THREADS) {
    const int64 image = i / places;
    const int place = i - image * places;
    const Meeting meeting(down, across, place);
    T own[FOUR];
#pragma unroll
    for (int c = 0; c < FOUR; ++c)
      own[c] = first + c < m ? g[(image * m + first + c) * places + place] : T(0);
#pragma unroll
    for (int t = 0; t < TAPS; ++t) {
      const T value = meeting.value(x + image * down.size * across.size, t);
#pragma unroll
      for (int c = 0; c < FOUR; ++c) sums[c][t] += own[c] * value;
    }
  }
  __shared__ T of_warp[THREADS / 32][FOUR][TAPS];
#pragma unroll
  for (int c = 0; c < FOUR; ++c) {
#pragma unroll
    for (int t = 0; t < TAPS; ++t) {
      T sum = sums[c][t];
#pragma unroll
      for (int by = 16; by > 0; by /= 2) sum += __shfl_down_sync(0xffffffffu, sum, by);
      if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32][c][t] = sum;
    }
  }
  __syncthreads();
  if (threadIdx.x >= FOUR * TAPS) return;
  const int c = threadIdx.x / TAPS, t = threadIdx.x % TAPS;
  if (first + c >= m || t >= taps) return;
  T sum = 0;
  for (int warp = 0; warp < THREADS / 32; ++warp) sum += of_warp[warp][c][t];
  parts[((int64)part * m + first + c) * taps + t] = sum;
}
