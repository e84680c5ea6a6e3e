// The optimizers' updates: one launch for all of an optimizer's parameters, which lie end to end in p, with
// their state, while their gradients are arrays of their own. A block owns a chunk of one array.

#include "runtime/common.cuh"

// Up to sixteen arrays end to end: array j ends where element e<j> begins, its chunks where block b<j> begins.
#define ARRAYS                                                                                              \
  const T *g0, const T *g1, const T *g2, const T *g3, const T *g4, const T *g5, const T *g6, const T *g7,   \
      const T *g8, const T *g9, const T *g10, const T *g11, const T *g12, const T *g13, const T *g14,       \
      const T *g15, int64 e0, int64 e1, int64 e2, int64 e3, int64 e4, int64 e5, int64 e6, int64 e7,         \
      int64 e8, int64 e9, int64 e10, int64 e11, int64 e12, int64 e13, int64 e14, int64 e15, int b0, int b1, \
      int b2, int b3, int b4, int b5, int b6, int b7, int b8, int b9, int b10, int b11, int b12, int b13,   \
      int b14, int b15
#define CHUNK_OF_ARRAYS                                                         \
  {g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15},       \
      {e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13, e14, e15}, { \
    b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15        \
  }

// The block's elements, first <= i < end of all; element i is g[i].
template <typename T>
struct Chunk {
  const T* g;
  int64 first, end;

  __device__ Chunk(const T* const (&arrays)[16], const int64 (&ends)[16], const int (&blocks)[16]) {
    const T* array = arrays[0];
    int64 begin = 0, last = ends[0];
    int block = 0;
#pragma unroll
    for (int j = 1; j < 16; ++j)
      if (blockIdx.x >= blocks[j - 1])
        array = arrays[j], begin = ends[j - 1], last = ends[j], block = blocks[j - 1];
    first = begin + (int64)(blockIdx.x - block) * CHUNK;
    end = min(first + CHUNK, last);
    g = array - begin;
  }
};

// v = momentum v + damped d; p -= lr v, or with Nesterov p -= lr (d + momentum v); without `moving`
// p -= lr d, and v is not touched. All updates read their coefficients from an array, in the order of
// coefficients.py; a rate that is NaN changes nothing.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    sgd_update(ARRAYS, T* p, T* velocity, int moving, int nesterov, const T* coefficients) {
  const T lr = coefficients[0], momentum = coefficients[1], damped = coefficients[2],
          weight_decay = coefficients[3];
  const Chunk<T> own(CHUNK_OF_ARRAYS);
  if (lr != lr) return;
  for (int64 i = own.first + threadIdx.x; i < own.end; i += THREADS) {
    T d = own.g[i] + weight_decay * p[i];
    if (moving) {
      const T v = momentum * velocity[i] + damped * d;
      velocity[i] = v;
      d = nesterov ? d + momentum * v : v;
    }
    p[i] -= lr * d;
  }
}

// s = alpha s + rest d^2; if `centered` a += rest (d - a), and s - a^2 stands in the root; d / (sqrt(s) + eps)
// goes into p, if `moving` through the velocity.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    rmsprop_update(ARRAYS, T* p, T* square_average, T* gradient_average, T* velocity, int centered,
                   int moving, const T* coefficients) {
  const T lr = coefficients[0], alpha = coefficients[1], rest = coefficients[2], eps = coefficients[3],
          weight_decay = coefficients[4], momentum = coefficients[5];
  const Chunk<T> own(CHUNK_OF_ARRAYS);
  if (lr != lr) return;
  for (int64 i = own.first + threadIdx.x; i < own.end; i += THREADS) {
    T d = own.g[i] + weight_decay * p[i];
    T s = alpha * square_average[i] + rest * d * d;
    square_average[i] = s;
    if (centered) {
      const T a = gradient_average[i] + rest * (d - gradient_average[i]);
      gradient_average[i] = a;
      s -= a * a;
    }
    d /= sqrt(s) + eps;
    if (moving) {
      d += momentum * velocity[i];
      velocity[i] = d;
    }
    p[i] -= lr * d;
  }
}

// m += rest1 (d - m); v = beta2 v + rest2 d^2; p -= rate m / (sqrt(v) / root + eps)
template <typename T>
__global__ void __launch_bounds__(THREADS)
    adam_update(ARRAYS, T* p, T* m, T* v, const T* coefficients) {
  const T rate = coefficients[0], root = coefficients[1], rest1 = coefficients[2], beta2 = coefficients[3],
          rest2 = coefficients[4], eps = coefficients[5], weight_decay = coefficients[6];
  const Chunk<T> own(CHUNK_OF_ARRAYS);
  if (rate != rate) return;
#pragma unroll 2  // by 4, as ptxas would, it spills on sm_80; 2 keep memory busy: 8 loads of each thread
  for (int64 i = own.first + threadIdx.x; i < own.end; i += THREADS) {
    const T d = own.g[i] + weight_decay * p[i];
    const T mean = m[i] + rest1 * (d - m[i]);
    const T square = beta2 * v[i] + rest2 * d * d;
    m[i] = mean;
    v[i] = square;
    p[i] -= rate * mean / (sqrt(square) / root + eps);
  }
}

// m and v as above; p -= shrink p + rate m / (sqrt(v) / root + eps), with v_max = max(v_max, v) in v's place if
// `amsgrad`.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    adamw_update(ARRAYS, T* p, T* m, T* v, T* v_max, int amsgrad, const T* coefficients) {
  const T rate = coefficients[0], root = coefficients[1], rest1 = coefficients[2], beta2 = coefficients[3],
          rest2 = coefficients[4], eps = coefficients[5], weight_decay = coefficients[6],
          shrink = coefficients[7];
  const Chunk<T> own(CHUNK_OF_ARRAYS);
  if (rate != rate) return;
#pragma unroll 2
  for (int64 i = own.first + threadIdx.x; i < own.end; i += THREADS) {
    const T before = p[i];
    const T d = own.g[i] + weight_decay * before;
    const T mean = m[i] + rest1 * (d - m[i]);
    T square = beta2 * v[i] + rest2 * d * d;
    m[i] = mean;
    v[i] = square;
    if (amsgrad) {
      const T largest = v_max[i];
      if (!(square >= largest) && square == square) square = largest;  // a NaN in either stays
      v_max[i] = square;
    }
    p[i] = before - (shrink * before + rate * mean / (sqrt(square) / root + eps));
  }
}

// sums[block] = sum of the squares of the elements that the block owns.
template <typename T>
__global__ void __launch_bounds__(THREADS) sum_squares(ARRAYS, double* sums) {
  const Chunk<T> own(CHUNK_OF_ARRAYS);
  double sum = 0;
  for (int64 i = own.first + threadIdx.x; i < own.end; i += THREADS) {
    const double value = own.g[i];
    sum += value * value;
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// total[0] = sum over i of sums[i]. One block owns it all.
template <typename T>
__global__ void __launch_bounds__(THREADS) add_sums(const T* sums, int64 size, T* total) {
  double sum = 0;
  for (int64 i = threadIdx.x; i < size; i += THREADS) sum += sums[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) total[0] = (T)sum;
}
