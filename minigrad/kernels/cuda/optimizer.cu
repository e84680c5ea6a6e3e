// The optimizers' updates: one launch for all of an optimizer's parameters, which lie end to end in p, with
// their state, while their gradients are arrays of their own. A thread owns every element_step()-th element.

// Up to eight arrays end to end: array j ends where element e<j> begins, the last one with the whole.
#define ARRAYS                                                                                           \
  const T *g0, const T *g1, const T *g2, const T *g3, const T *g4, const T *g5, const T *g6, const T *g7, \
      int64 e0, int64 e1, int64 e2, int64 e3, int64 e4, int64 e5, int64 e6
#define ARRAYS_AT(i) element<T>(i, g0, g1, g2, g3, g4, g5, g6, g7, e0, e1, e2, e3, e4, e5, e6)

template <typename T>
__device__ inline T element(int64 i, ARRAYS) {
  const T* g = g0;
  int64 start = 0;
  if (i >= e0) g = g1, start = e0;
  if (i >= e1) g = g2, start = e1;
  if (i >= e2) g = g3, start = e2;
  if (i >= e3) g = g4, start = e3;
  if (i >= e4) g = g5, start = e4;
  if (i >= e5) g = g6, start = e5;
  if (i >= e6) g = g7, start = e6;
  return g[i - start];
}

// v = momentum v + damped d; p -= lr v, or with Nesterov p -= lr (d + momentum v); without `moving`
// p -= lr d, and v is not touched.
template <typename T>
__global__ void __launch_bounds__(THREADS)
    sgd_update(ARRAYS, T* p, T* velocity, int moving, int nesterov, T lr, T momentum, T damped, T weight_decay,
               int64 size) {
  for (int64 i = first_element(); i < size; i += element_step()) {
    T d = ARRAYS_AT(i) + weight_decay * p[i];
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
    rmsprop_update(ARRAYS, T* p, T* square_average, T* gradient_average, T* velocity, int centered, int moving,
                   T lr, T alpha, T rest, T eps, T weight_decay, T momentum, int64 size) {
  for (int64 i = first_element(); i < size; i += element_step()) {
    T d = ARRAYS_AT(i) + weight_decay * p[i];
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
    adam_update(ARRAYS, T* p, T* m, T* v, T rate, T root, T rest1, T beta2, T rest2, T eps, T weight_decay,
                int64 size) {
  for (int64 i = first_element(); i < size; i += element_step()) {
    const T d = ARRAYS_AT(i) + weight_decay * p[i];
    const T mean = m[i] + rest1 * (d - m[i]);
    const T square = beta2 * v[i] + rest2 * d * d;
    m[i] = mean;
    v[i] = square;
    p[i] -= rate * mean / (sqrt(square) / root + eps);
  }
}

// sums[block] = sum of the squares of the elements that the block owns, a share of the `size` in all.
template <typename T>
__global__ void __launch_bounds__(THREADS) sum_squares(ARRAYS, int64 size, double* sums) {
  const int64 end = share(size, blockIdx.x + 1, gridDim.x);
  double sum = 0;
  for (int64 i = share(size, blockIdx.x, gridDim.x) + threadIdx.x; i < end; i += THREADS) {
    const double value = ARRAYS_AT(i);
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
