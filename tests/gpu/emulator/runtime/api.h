// The runtime's interface: what Python passes to a launch, and what a kernel's shared object calls.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct uint3 {
    unsigned x, y, z;
};

struct Memory { // arrays that overlap, as one piece; or one __shared__ variable
    char *host; // a __shared__ variable: where it lies
    uint64_t bytes;
    const char *name;
    uint32_t item_size;
    uint32_t offset; // of the first byte from an allocation's start, modulo 256
    uint32_t read_only;
};

struct Pointer { // parameter `index` of the kernel points `offset` bytes into piece `memory`
    uint32_t index, memory;
    int64_t offset;
};

struct Launch {
    void (*kernel)(void **);
    void **parameters;
    const Memory *arguments, *shared;
    const Pointer *pointers;
    uint32_t argument_count, shared_count, pointer_count;
    uint32_t grid[3], block[3];
    uint32_t dynamic_bytes, check, switch_every;
    uint64_t seed;
};

extern "C" {
int emulator_launch(const Launch *launch); // 0, or 1 and an error
const char *emulator_error_kind();
const char *emulator_error();

extern const uint3 threadIdx, blockIdx, blockDim, gridDim; // constant within a thread
void *emulator_dynamic_shared_memory();
int emulator_barrier(int line, int operation, int predicate);
int emulator_lane();
void emulator_meet(int kind, unsigned mask, int line, const void *value, int bytes); // waits for every lane of mask
unsigned emulator_meeting_mask();
void emulator_take(int lane, void *value, int bytes); // what that lane brought
void emulator_part();
void emulator_atomic_load(const void *address, void *value, int bytes);
void emulator_atomic_store(void *address, const void *value, int bytes);
void emulator_fence();
void emulator_copy_async(void *to, const void *from, int bytes, int source_bytes);
void emulator_copy_commit();
void emulator_copy_wait(int groups_left);
[[noreturn]] void emulator_fail(const char *kind, int line, const char *message);
}

enum MeetingKind { SYNCWARP, SHUFFLE, SHUFFLE_UP, SHUFFLE_DOWN, SHUFFLE_XOR, VOTE, MMA, MEETING_KINDS };
enum BarrierOperation { BARRIER, BARRIER_OR, BARRIER_AND, BARRIER_COUNT };
