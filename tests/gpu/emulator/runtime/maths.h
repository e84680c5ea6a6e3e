// Functions that CUDA adds to C's. The fast approximations are the exact functions here.
#pragma once

#define MINIMUM_AND_MAXIMUM(T) \
    EMULATED T min(T a, T b) { return b < a ? b : a; } \
    EMULATED T max(T a, T b) { return a < b ? b : a; }
MINIMUM_AND_MAXIMUM(int)
MINIMUM_AND_MAXIMUM(unsigned)
MINIMUM_AND_MAXIMUM(long)
MINIMUM_AND_MAXIMUM(unsigned long)
MINIMUM_AND_MAXIMUM(long long)
MINIMUM_AND_MAXIMUM(unsigned long long)
#undef MINIMUM_AND_MAXIMUM
EMULATED float min(float a, float b) { return fminf(a, b); }
EMULATED float max(float a, float b) { return fmaxf(a, b); }
EMULATED double min(double a, double b) { return fmin(a, b); }
EMULATED double max(double a, double b) { return fmax(a, b); }

EMULATED float rsqrtf(float x) { return 1.0f / sqrtf(x); }
EMULATED double rsqrt(double x) { return 1.0 / sqrt(x); }
EMULATED float rsqrt(float x) { return rsqrtf(x); }
// glibc declares functions of its own by these names
#define __expf expf
#define __exp10f exp10f
#define __logf logf
#define __log2f log2f
#define __log10f log10f
#define __powf powf
#define __sinf sinf
#define __cosf cosf
#define __tanf tanf
#define __sincosf sincosf
EMULATED float sinpif(float x) { return (float)sin(M_PI * fmod((double)x, 2.0)); }
EMULATED float cospif(float x) { return (float)cos(M_PI * fmod((double)x, 2.0)); }
EMULATED void sincospif(float x, float *s, float *c) { *s = sinpif(x), *c = cospif(x); }
EMULATED void sincospi(double x, double *s, double *c) { *s = sin(M_PI * fmod(x, 2.0)), *c = cos(M_PI * fmod(x, 2.0)); }
EMULATED float __fdividef(float a, float b) { return a / b; }
EMULATED float __saturatef(float x) { return x > 0.0f ? fminf(x, 1.0f) : 0.0f; }
EMULATED float __frsqrt_rn(float x) { return (float)(1.0 / sqrt((double)x)); }
EMULATED float __frcp_rn(float x) { return 1.0f / x; }
EMULATED float __fsqrt_rn(float x) { return sqrtf(x); }
EMULATED float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
EMULATED double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
template <class T> EMULATED T emulator_uncontracted(T value) { // keeps the compiler from fusing it with what follows
    asm volatile("" : "+x"(value));
    return value;
}
EMULATED float __fadd_rn(float a, float b) { return emulator_uncontracted(emulator_uncontracted(a) + emulator_uncontracted(b)); }
EMULATED float __fsub_rn(float a, float b) { return emulator_uncontracted(emulator_uncontracted(a) - emulator_uncontracted(b)); }
EMULATED float __fmul_rn(float a, float b) { return emulator_uncontracted(a * b); }
EMULATED float __fdiv_rn(float a, float b) { return a / b; }
EMULATED double __dadd_rn(double a, double b) { return emulator_uncontracted(emulator_uncontracted(a) + emulator_uncontracted(b)); }
EMULATED double __dmul_rn(double a, double b) { return emulator_uncontracted(a * b); }

template <class To, class From> EMULATED To emulator_bits(From value) {
    To bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}
EMULATED unsigned __float_as_uint(float x) { return emulator_bits<unsigned>(x); }
EMULATED int __float_as_int(float x) { return emulator_bits<int>(x); }
EMULATED float __uint_as_float(unsigned x) { return emulator_bits<float>(x); }
EMULATED float __int_as_float(int x) { return emulator_bits<float>(x); }
EMULATED long long __double_as_longlong(double x) { return emulator_bits<long long>(x); }
EMULATED double __longlong_as_double(long long x) { return emulator_bits<double>(x); }
EMULATED int __float2int_rn(float x) { return (int)lrintf(x); }
EMULATED int __float2int_rz(float x) { return (int)x; }
EMULATED int __float2int_rd(float x) { return (int)floorf(x); }
EMULATED float __int2float_rn(int x) { return (float)x; }
EMULATED float __uint2float_rn(unsigned x) { return (float)x; }

EMULATED int __popc(unsigned x) { return __builtin_popcount(x); }
EMULATED int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
EMULATED int __ffs(int x) { return __builtin_ffs(x); }
EMULATED int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
EMULATED unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
EMULATED int __mulhi(int a, int b) { return (int)((long long)a * b >> 32); }
EMULATED unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)((unsigned __int128)a * b >> 64);
}
