// c = a @ b.T in TF32, (16, k) @ (8, k).T -> (16, 8); k a multiple of 8. One warp; two stages of (24, 8) numbers in dynamic
// shared memory, the next filled by cp.async while mma.sync uses this one. Rows lie 12 numbers apart.
__device__ void fetch(float *stage, const float *a, const float *b, int k, int k0) {
    for (int i = threadIdx.x; i < 48; i += 32) {
        int row = i / 2, column = i % 2 * 4;
        const float *from = row < 16 ? a + row * k : b + (row - 16) * k;
        cp_async16(stage + row * 12 + column, from + k0 + column);
    }
    cp_async_commit();
}

extern "C" __global__ void __launch_bounds__(32) matmul_tf32(const float *__restrict__ a, const float *__restrict__ b,
                                                             float *__restrict__ c, int k) {
    extern __shared__ __align__(16) float stages[];
    const int stage_size = 24 * 12;
    int lane = laneid(), g = lane >> 2, q = lane & 3;
    float d[4] = {};
    fetch(stages, a, b, k, 0);
    for (int k0 = 0, s = 0; k0 < k; k0 += 8, s ^= 1) {
        if (k0 + 8 < k) {
            fetch(stages + (s ^ 1) * stage_size, a, b, k, k0 + 8);
            cp_async_wait<1>();
        } else {
            cp_async_wait<0>();
        }
        __syncwarp();  // every lane's copies have landed
        const float *rows = stages + s * stage_size, *columns = rows + 16 * 12;
        unsigned x[4] = {f32_to_tf32(rows[g * 12 + q]), f32_to_tf32(rows[(g + 8) * 12 + q]), f32_to_tf32(rows[g * 12 + q + 4]),
                         f32_to_tf32(rows[(g + 8) * 12 + q + 4])};
        unsigned y[2] = {f32_to_tf32(columns[g * 12 + q]), f32_to_tf32(columns[g * 12 + q + 4])};
        mma_m16n8k8_tf32(d, x, y);
        __syncwarp();  // every lane has read the stage
    }
    c[g * 8 + 2 * q] = d[0];
    c[g * 8 + 2 * q + 1] = d[1];
    c[(g + 8) * 8 + 2 * q] = d[2];
    c[(g + 8) * 8 + 2 * q + 1] = d[3];
}

// The fragments themselves: every lane hands its registers to one mma.sync, and gives back what it gets.
extern "C" __global__ void __launch_bounds__(32) mma_fragments(const float *__restrict__ a, const float *__restrict__ b,
                                                               float *__restrict__ d) {
    float sum[4] = {};
    unsigned x[4], y[2];
    for (int i = 0; i < 4; i++) x[i] = __float_as_uint(a[threadIdx.x * 4 + i]);
    for (int i = 0; i < 2; i++) y[i] = __float_as_uint(b[threadIdx.x * 2 + i]);
    mma_m16n8k8_tf32(sum, x, y);
    *(float4 *)(d + threadIdx.x * 4) = make_float4(sum[0], sum[1], sum[2], sum[3]);
}
