// Random numbers by counting: Philox4x32-10 (Salmon et al. 2011). The state in memory is the key and the
// two halves of a 128-bit counter; philox_advance moves the counter on for the next call. A thread owns
// every element_step()-th value of the counter, and the 16 bytes of numbers that are made from it.

#include "runtime/common.cuh"

typedef unsigned long long uint64;

__device__ inline void philox(const uint64* state, int64 value, unsigned (&words)[4]) {
  const uint64 low = state[1] + (uint64)value, high = state[2] + (low < state[1]);
  unsigned k0 = state[0], k1 = state[0] >> 32, c0 = low, c1 = low >> 32, c2 = high, c3 = high >> 32;
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    const uint64 p0 = 0xD2511F53ull * c0, p1 = 0xCD9E8D57ull * c2;
    c0 = (unsigned)(p1 >> 32) ^ c1 ^ k0, c1 = p1;
    c2 = (unsigned)(p0 >> 32) ^ c3 ^ k1, c3 = p0;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
}

__device__ inline uint64 pair(unsigned low, unsigned high) { return (low | (uint64)high << 32) >> 11; }

__device__ inline void uniforms(const unsigned (&words)[4], float (&v)[4]) {
#pragma unroll
  for (int j = 0; j < 4; ++j) v[j] = (words[j] >> 8) * 0x1p-24f;
}

__device__ inline void uniforms(const unsigned (&words)[4], double (&v)[2]) {
  v[0] = pair(words[0], words[1]) * 0x1p-53;
  v[1] = pair(words[2], words[3]) * 0x1p-53;
}

__device__ inline void normals(const unsigned (&words)[4], float (&v)[4]) {
#pragma unroll
  for (int j = 0; j < 4; j += 2) {
    const float radius = sqrtf(-2 * logf(words[j] * 0x1p-32f + 0x1p-33f));
    sincospif((words[j + 1] >> 8) * 0x1p-23f, &v[j + 1], &v[j]);
    v[j] *= radius, v[j + 1] *= radius;
  }
}

__device__ inline void normals(const unsigned (&words)[4], double (&v)[2]) {
  const double radius = sqrt(-2 * log((pair(words[0], words[1]) + 1) * 0x1p-53));
  sincospi(pair(words[2], words[3]) * 0x1p-52, &v[1], &v[0]);
  v[0] *= radius, v[1] *= radius;
}

template <typename T>
struct __align__(16) Numbers {
  T v[16 / sizeof(T)];
};

template <typename T>
__device__ inline void put(const Numbers<T>& numbers, T* y, int64 value, int64 size) {
  const int each = 16 / sizeof(T);
  T* own = y + value * each;
  if (size - value * each >= each && (uint64)own % 16 == 0) {
    *(Numbers<T>*)own = numbers;
  } else {
#pragma unroll
    for (int j = 0; j < each; ++j)
      if (value * each + j < size) own[j] = numbers.v[j];
  }
}

// y[i] in [0, 1)
template <typename T>
__global__ void __launch_bounds__(THREADS)
    philox_uniform(const uint64* state, T* y, int64 size, int64 values) {
  for (int64 value = first_element(); value < values; value += element_step()) {
    unsigned words[4];
    Numbers<T> numbers;
    philox(state, value, words);
    uniforms(words, numbers.v);
    put(numbers, y, value, size);
  }
}

// y[i] from N(0, 1)
template <typename T>
__global__ void __launch_bounds__(THREADS)
    philox_normal(const uint64* state, T* y, int64 size, int64 values) {
  for (int64 value = first_element(); value < values; value += element_step()) {
    unsigned words[4];
    Numbers<T> numbers;
    philox(state, value, words);
    normals(words, numbers.v);
    put(numbers, y, value, size);
  }
}

// Moves the counter on. One thread owns the state.
template <typename T>
__global__ void __launch_bounds__(THREADS) philox_advance(uint64* state, int64 values) {
  if (first_element() > 0) return;
  const uint64 low = state[1] + (uint64)values;
  state[2] += low < state[1];
  state[1] = low;
}
