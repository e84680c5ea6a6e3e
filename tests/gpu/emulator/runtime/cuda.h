// CUDA C++ as far as the project's kernels use it, for g++. It stands before every kernel's source.
#pragma once
#include <math.h>

#include "api.h"

#define CUDA_EMU 1
#define __global__ __attribute__((noinline))
#define __device__
#define __host__
#define __constant__ static const
#define __shared__ static // the compiled object's only variables in .bss: Python finds them there by name
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__
#define __restrict__ __restrict
#define EMULATED static inline __attribute__((always_inline))

constexpr int warpSize = 32;

#include "vectors.h"

#define __syncthreads() ((void)emulator_barrier(__LINE__, BARRIER, 0))
#define __syncthreads_or(predicate) emulator_barrier(__LINE__, BARRIER_OR, !!(predicate))
#define __syncthreads_and(predicate) emulator_barrier(__LINE__, BARRIER_AND, !!(predicate))
#define __syncthreads_count(predicate) emulator_barrier(__LINE__, BARRIER_COUNT, !!(predicate))
#define assert(condition) ((condition) ? (void)0 : emulator_fail("assertion", __LINE__, "assert(" #condition ") fails"))
#define __trap() emulator_fail("assertion", __LINE__, "__trap()")

EMULATED void __threadfence() { emulator_fence(); }
EMULATED void __threadfence_system() { emulator_fence(); }
EMULATED void __threadfence_block() {}

template <class T> EMULATED T __ldg(const T *p) { return *p; }
template <class T> EMULATED T __ldca(const T *p) { return *p; }
template <class T> EMULATED T __ldcg(const T *p) { return *p; }
template <class T> EMULATED T __ldcs(const T *p) { return *p; }
template <class T> EMULATED void __stcg(T *p, T value) { *p = value; }
template <class T> EMULATED void __stcs(T *p, T value) { *p = value; }
template <class T> EMULATED void __stwb(T *p, T value) { *p = value; }

#include "atomics.h"
#include "maths.h"
#include "warp.h"
#include "intrinsics.h"
#include "entry.h"
