// What the parts of the emulator share: the block that runs, its threads, and how an error ends a launch.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "api.h"

constexpr int MAX_THREADS = 1024, LANES = 32, MAX_WARPS = MAX_THREADS / LANES;

struct Copy { // one cp.async
    char *to;
    const char *from;
    int bytes, source_bytes; // what lies behind the source's bytes is filled with zeros
    uint32_t site;
};

struct Meeting { // one warp operation: lanes arrive, and each reads what the others brought
    int kind, line;
    unsigned mask, arrived, unread; // lanes
    alignas(16) char values[LANES][32];
};

enum class State : uint8_t { ready, at_barrier, in_warp, done };

struct Thread {
    uint3 index;
    State state;
    int line; // of the barrier or warp operation that it waits in
    Meeting *meeting;
    std::vector<Copy> copies;
    std::vector<size_t> groups; // how many of the copies were there at each commit
};

struct Machine {
    Thread threads[MAX_THREADS];
    int thread_count, current, alive;
    uint32_t block;            // linear index of the block that runs
    uint32_t epoch;            // barriers that this block has passed
    bool running, check;
    unsigned switch_every;     // checking mode: memory accesses between two switches, on average; 0 is never
    unsigned exited[MAX_WARPS]; // lanes
    uint32_t serial[MAX_WARPS]; // __syncwarp()s completed by the warp in this block
    uint32_t known[MAX_WARPS][LANES][LANES]; // [w][a][b]: the last of them by which lane a knows what lane b did
    const char *code;          // where the kernel's shared object lies: a site is an offset from there
};
extern Machine machine;

inline int warp_of(int thread) { return thread / LANES; }
inline int lane_of(int thread) { return thread % LANES; }
inline uint32_t site_of(const void *pc) { return pc ? (uint32_t)((const char *)pc - machine.code) : 0; }
#define SITE site_of(__builtin_return_address(0))

// Ends the launch with an error. `kind` is one of errors.py's; "@{%x}" in the message is a site, which Python turns
// into a line.
[[noreturn]] void fail(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The block goes on, and the error is reported at its end, unless it turns out that the write came too late: a race.
void note_uninitialised(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct Place { char text[160]; };
Place place_of(uint32_t block, int thread); // "block (0,0,0) thread (1,0,0)"; names of memory, too

// scheduler.cpp
uint32_t random_below(uint32_t n);
void make_ready(int thread);
void wait_as(State state, int line); // returns when somebody made this thread ready
void yield();

// memory.cpp
enum class Access { read, write, atomic };
void access(const void *address, size_t bytes, Access kind, uint32_t site);
Place name_of(const void *address); // "argument 1 at byte 12"
bool is_shared(const void *address, size_t bytes);
void mark_copy_pending(const void *address, size_t bytes, bool pending);
void set_up_arguments(const Launch &launch);
void set_up_shared_memory(const Launch &launch);
void take_down_arguments(const Launch &launch, bool copy_back);

// warps.cpp
void reset_warps();
void leave_warps(int thread); // a thread exits

// sync.cpp
void reset_barrier();
void leave_barrier();
