// Shuffles, votes and __syncwarp.
#pragma once

template <class T> EMULATED T emulator_shuffle(int kind, unsigned mask, T value, int from, int line) {
    emulator_meet(kind, mask, line, &value, sizeof value);
    T taken;
    emulator_take(from, &taken, sizeof taken);
    emulator_part();
    return taken;
}

template <class T> EMULATED T emulator_shuffle_from(int line, unsigned mask, T value, int from, int width = 32) {
    int lane = emulator_lane();
    return emulator_shuffle(SHUFFLE, mask, value, (lane & -width) | (from & (width - 1)), line);
}
template <class T> EMULATED T emulator_shuffle_up(int line, unsigned mask, T value, unsigned by, int width = 32) {
    int lane = emulator_lane(), from = (lane & (width - 1)) - (int)by < 0 ? lane : lane - (int)by;
    return emulator_shuffle(SHUFFLE_UP, mask, value, from, line);
}
template <class T> EMULATED T emulator_shuffle_down(int line, unsigned mask, T value, unsigned by, int width = 32) {
    int lane = emulator_lane(), from = (lane & (width - 1)) + (int)by >= width ? lane : lane + (int)by;
    return emulator_shuffle(SHUFFLE_DOWN, mask, value, from, line);
}
template <class T> EMULATED T emulator_shuffle_xor(int line, unsigned mask, T value, int with, int width = 32) {
    int lane = emulator_lane(), from = lane ^ with;
    return emulator_shuffle(SHUFFLE_XOR, mask, value, from >= (lane & -width) + width ? lane : from, line);
}
#define __shfl_sync(...) emulator_shuffle_from(__LINE__, __VA_ARGS__)
#define __shfl_up_sync(...) emulator_shuffle_up(__LINE__, __VA_ARGS__)
#define __shfl_down_sync(...) emulator_shuffle_down(__LINE__, __VA_ARGS__)
#define __shfl_xor_sync(...) emulator_shuffle_xor(__LINE__, __VA_ARGS__)

EMULATED unsigned emulator_ballot(int line, unsigned mask, int predicate) {
    emulator_meet(VOTE, mask, line, &predicate, sizeof predicate);
    unsigned votes = 0, there = emulator_meeting_mask();
    for (int lane = 0; lane < 32; lane++) {
        int other = 0;
        if (there >> lane & 1) emulator_take(lane, &other, sizeof other);
        if (other) votes |= 1u << lane;
    }
    emulator_part();
    return votes;
}
EMULATED int emulator_all(int line, unsigned mask, int predicate) { return !emulator_ballot(line, mask, !predicate); }
#define __ballot_sync(mask, predicate) emulator_ballot(__LINE__, mask, !!(predicate))
#define __any_sync(mask, predicate) (emulator_ballot(__LINE__, mask, !!(predicate)) != 0)
#define __all_sync(mask, predicate) emulator_all(__LINE__, mask, !!(predicate))

EMULATED void emulator_syncwarp(int line, unsigned mask = 0xffffffffu) {
    emulator_meet(SYNCWARP, mask, line, &mask, sizeof mask);
    emulator_part();
}
#define __syncwarp(...) emulator_syncwarp(__LINE__ __VA_OPT__(, ) __VA_ARGS__)
