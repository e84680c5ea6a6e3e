// The functions that on a device are inline PTX (samples/intrinsics.cuh), by the PTX manual's definitions.
#pragma once

EMULATED int laneid() { return emulator_lane(); }

EMULATED unsigned f32_to_tf32(float x) { // cvt.rna: to nearest of 10 bits after the point, ties away from zero
    return (__float_as_uint(x) + 0x1000u) & 0xffffe000u;
}

EMULATED float emulator_tf32(unsigned bits) { return __uint_as_float(bits & 0xffffe000u); } // mma ignores the other bits

struct emulator_fragments {
    unsigned a[4], b[2];
};

// d += a @ b, (16, 8) @ (8, 8). With g = lane / 4 and q = lane % 4 a lane holds
// a: rows g, g + 8, g, g + 8 of columns q, q, q + 4, q + 4; b: rows q, q + 4 of column g;
// d: columns 2q, 2q + 1 of row g, then of row g + 8.
EMULATED void mma_m16n8k8_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    emulator_fragments mine = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}}, row, column[2];
    emulator_meet(MMA, 0xffffffffu, 0, &mine, sizeof mine);
    int g = emulator_lane() / 4, q = emulator_lane() % 4;
    double sum[4] = {d[0], d[1], d[2], d[3]};
    for (int k = 0; k < 8; k++) {
        emulator_take(4 * g + k % 4, &row, sizeof row);
        emulator_take(4 * (2 * q) + k % 4, &column[0], sizeof row);
        emulator_take(4 * (2 * q + 1) + k % 4, &column[1], sizeof row);
        for (int i = 0; i < 4; i++)
            sum[i] += (double)emulator_tf32(row.a[2 * (k / 4) + i / 2]) * emulator_tf32(column[i % 2].b[k / 4]);
    }
    emulator_part();
    for (int i = 0; i < 4; i++) d[i] = (float)sum[i];
}

// Where `valid` is false the destination is filled with zeros and the source is not read.
EMULATED void cp_async16(void *to, const void *from, bool valid = true) { emulator_copy_async(to, from, 16, valid ? 16 : 0); }
EMULATED void cp_async8(void *to, const void *from, bool valid = true) { emulator_copy_async(to, from, 8, valid ? 8 : 0); }
EMULATED void cp_async4(void *to, const void *from, bool valid = true) { emulator_copy_async(to, from, 4, valid ? 4 : 0); }
EMULATED void cp_async_commit() { emulator_copy_commit(); }
template <int GROUPS_LEFT> EMULATED void cp_async_wait() { emulator_copy_wait(GROUPS_LEFT); }
