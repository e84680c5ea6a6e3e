// y = max(x, 0) + slope * min(x, 0). A thread owns four neighbours; the last thread the tail.
extern "C" __global__ void __launch_bounds__(64) leaky_relu(const float *__restrict__ x, float *__restrict__ y, float slope, int n) {
    int i = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
    if (i + 3 < n) {
        float4 v = *(const float4 *)(x + i);
        v.x = v.x > 0 ? v.x : v.x * slope;
        v.y = v.y > 0 ? v.y : v.y * slope;
        v.z = v.z > 0 ? v.z : v.z * slope;
        v.w = v.w > 0 ? v.w : v.w * slope;
        *(float4 *)(y + i) = v;
    } else {
        for (; i < n; i++) y[i] = x[i] > 0 ? x[i] : x[i] * slope;
    }
}
