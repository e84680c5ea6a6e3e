// c = a @ b, (m, k) @ (k, n) -> (m, n). A block owns a tile of 32 x 32, a thread of its 64 owns 4 x 4; k is a multiple of 4,
// and so is n: rows are read as float4.
extern "C" __global__ void __launch_bounds__(64) matmul(const float *__restrict__ a, const float *__restrict__ b,
                                                        float *__restrict__ c, int m, int n, int k) {
    __shared__ __align__(16) float a_tile[16][36], b_tile[16][32];
    int t = threadIdx.x, tx = t % 8, ty = t / 8, row0 = blockIdx.y * 32, column0 = blockIdx.x * 32;
    float sum[4][4] = {};
    for (int k0 = 0; k0 < k; k0 += 16) {
        for (int i = t; i < 128; i += 64) {
            int row = i / 4, kk = i % 4 * 4;
            float4 v = make_float4(0, 0, 0, 0);
            if (row0 + row < m && k0 + kk < k) v = *(const float4 *)&a[(size_t)(row0 + row) * k + k0 + kk];
            a_tile[kk][row] = v.x;
            a_tile[kk + 1][row] = v.y;
            a_tile[kk + 2][row] = v.z;
            a_tile[kk + 3][row] = v.w;
        }
        for (int i = t; i < 128; i += 64) {
            int kk = i / 8, column = i % 8 * 4;
            float4 v = make_float4(0, 0, 0, 0);
            if (k0 + kk < k && column0 + column < n) v = *(const float4 *)&b[(size_t)(k0 + kk) * n + column0 + column];
            *(float4 *)&b_tile[kk][column] = v;
        }
        __syncthreads();  // the tile is there
        for (int kk = 0; kk < 16; kk++) {
            float4 x = *(const float4 *)&a_tile[kk][4 * ty], y = *(const float4 *)&b_tile[kk][4 * tx];
            float xs[4] = {x.x, x.y, x.z, x.w}, ys[4] = {y.x, y.y, y.z, y.w};
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++) sum[i][j] += xs[i] * ys[j];
        }
        __syncthreads();  // the tile is used up
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            int row = row0 + 4 * ty + i, column = column0 + 4 * tx + j;
            if (row < m && column < n) c[(size_t)row * n + column] = sum[i][j];
        }
}

// Split-K: partial[s] = a[:, part s] @ b[part s, :], one thread per element; then c = sum of partial[s] in a fixed order.
extern "C" __global__ void matmul_part(const float *__restrict__ a, const float *__restrict__ b, float *__restrict__ partial,
                                       int m, int n, int k, int part) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, first = blockIdx.y * part, last = min(first + part, k);
    if (i >= m * n) return;
    float sum = 0.0f;
    for (int kk = first; kk < last; kk++) sum += a[i / n * k + kk] * b[kk * n + i % n];
    partial[(size_t)blockIdx.y * m * n + i] = sum;
}

extern "C" __global__ void add_parts(const float *__restrict__ partial, float *__restrict__ c, int size, int parts) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= size) return;
    float sum = 0.0f;
    for (int s = 0; s < parts; s++) sum += partial[(size_t)s * size + i];
    c[i] = sum;
}
