// Atomic operations. No other thread runs between the load and the store.
#pragma once

template <class T, class F> EMULATED T emulator_update(T *p, F f) {
    T before;
    emulator_atomic_load(p, &before, sizeof before);
    T after = f(before);
    emulator_atomic_store(p, &after, sizeof after);
    return before;
}

#define ATOMIC_OPERATIONS(T) \
    EMULATED T atomicAdd(T *p, T v) { return emulator_update(p, [=](T old) { return (T)(old + v); }); } \
    EMULATED T atomicExch(T *p, T v) { return emulator_update(p, [=](T) { return v; }); }
#define ATOMIC_INTEGER_OPERATIONS(T) \
    ATOMIC_OPERATIONS(T) \
    EMULATED T atomicSub(T *p, T v) { return emulator_update(p, [=](T old) { return (T)(old - v); }); } \
    EMULATED T atomicMax(T *p, T v) { return emulator_update(p, [=](T old) { return old > v ? old : v; }); } \
    EMULATED T atomicMin(T *p, T v) { return emulator_update(p, [=](T old) { return old < v ? old : v; }); } \
    EMULATED T atomicAnd(T *p, T v) { return emulator_update(p, [=](T old) { return old & v; }); } \
    EMULATED T atomicOr(T *p, T v) { return emulator_update(p, [=](T old) { return old | v; }); } \
    EMULATED T atomicXor(T *p, T v) { return emulator_update(p, [=](T old) { return old ^ v; }); } \
    EMULATED T atomicCAS(T *p, T expected, T v) { \
        return emulator_update(p, [=](T old) { return old == expected ? v : old; }); \
    }
ATOMIC_OPERATIONS(float)
ATOMIC_OPERATIONS(double)
ATOMIC_INTEGER_OPERATIONS(int)
ATOMIC_INTEGER_OPERATIONS(unsigned)
ATOMIC_INTEGER_OPERATIONS(unsigned long long)
EMULATED unsigned atomicInc(unsigned *p, unsigned v) {
    return emulator_update(p, [=](unsigned old) { return old >= v ? 0 : old + 1; });
}
EMULATED unsigned atomicDec(unsigned *p, unsigned v) {
    return emulator_update(p, [=](unsigned old) { return old == 0 || old > v ? v : old - 1; });
}
#undef ATOMIC_OPERATIONS
#undef ATOMIC_INTEGER_OPERATIONS
