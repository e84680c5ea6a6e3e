// y[row] = sum of x[row, :]. A block owns a row: a tree in shared memory.
template <typename T> __global__ void __launch_bounds__(128) sum_rows(const T *__restrict__ x, T *__restrict__ y, int n) {
    __shared__ T partial[128];
    int t = threadIdx.x;
    T sum = 0;
    for (int i = t; i < n; i += 128) sum += x[(size_t)blockIdx.x * n + i];
    partial[t] = sum;
    __syncthreads();
    for (int half = 64; half; half >>= 1) {
        if (t < half) partial[t] += partial[t + half];
        __syncthreads();
    }
    if (t == 0) y[blockIdx.x] = partial[0];
}

// The same by warp shuffles; four warps leave their sums to the first.
template <typename T> __global__ void __launch_bounds__(128) sum_rows_by_warps(const T *__restrict__ x, T *__restrict__ y, int n) {
    __shared__ T of_warp[4];
    int t = threadIdx.x, lane = t & 31;
    T sum = 0;
    for (int i = t; i < n; i += 128) sum += __ldg(&x[(size_t)blockIdx.x * n + i]);
    for (int by = 16; by; by >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, by);
    if (lane == 0) of_warp[t >> 5] = sum;
    __syncthreads();
    if (t < 32) {
        sum = lane < 4 ? of_warp[lane] : T(0);
        for (int by = 2; by; by >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, by);
        if (lane == 0) y[blockIdx.x] = sum;
    }
}

// y[0] = sum of x. A warp's tree in shared memory with __syncwarp; the last block to finish adds the blocks' sums in order.
extern "C" __global__ void __launch_bounds__(32) sum_all(const float *__restrict__ x, float *partial, unsigned *finished,
                                                         float *__restrict__ y, int n) {
    __shared__ float tree[32];
    __shared__ bool is_last;
    int t = threadIdx.x, i = blockIdx.x * 32 + t;
    tree[t] = i < n ? x[i] : 0.0f;
    __syncwarp();
    for (int half = 16; half; half >>= 1) {
        float other = t < half ? tree[t + half] : 0.0f;
        if (t < half) tree[t] += other;
        __syncwarp();
    }
    if (t == 0) {
        partial[blockIdx.x] = tree[0];
        __threadfence();
        is_last = atomicAdd(finished, 1u) == gridDim.x - 1;
    }
    __syncthreads();
    if (is_last && t == 0) {
        float sum = 0.0f;
        for (int b = 0; b < gridDim.x; b++) sum += partial[b];
        y[0] = sum;
    }
}

// counts[bin] = how many of x fall into it: votes of a warp, and integer atomics.
extern "C" __global__ void count_signs(const float *__restrict__ x, int *counts, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    bool there = i < n;
    unsigned positive = __ballot_sync(0xffffffffu, there && x[i] > 0), valid = __ballot_sync(0xffffffffu, there);
    if ((threadIdx.x & 31) == 0) {
        atomicAdd(&counts[1], __popc(positive));
        atomicAdd(&counts[0], __popc(valid & ~positive));
    }
}
