// Vector types with CUDA's alignment.
#pragma once

#define VECTOR_TYPES(name, item, align2, align4) \
    struct alignas(sizeof(item)) name##1 { item x; }; \
    struct alignas(align2) name##2 { item x, y; }; \
    struct name##3 { item x, y, z; }; \
    struct alignas(align4) name##4 { item x, y, z, w; }; \
    EMULATED name##2 make_##name##2(item x, item y) { return {x, y}; } \
    EMULATED name##3 make_##name##3(item x, item y, item z) { return {x, y, z}; } \
    EMULATED name##4 make_##name##4(item x, item y, item z, item w) { return {x, y, z, w}; }
VECTOR_TYPES(float, float, 8, 16)
VECTOR_TYPES(double, double, 16, 16)
VECTOR_TYPES(int, int, 8, 16)
VECTOR_TYPES(longlong, long long, 16, 16)
VECTOR_TYPES(uchar, unsigned char, 2, 4)
#undef VECTOR_TYPES

struct alignas(8) uint2 { unsigned x, y; }; // uint3 is the runtime's
struct alignas(16) uint4 { unsigned x, y, z, w; };
EMULATED uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
EMULATED uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }
EMULATED uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
