// A launch: blocks one after another in a random order, and of a block's threads always a random one that can run.
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <numeric>

#include "fiber.h"
#include "machine.h"
#include "shadow.h"

Machine machine;
// Kernels see these as constants, and each thread sees them constant: they are set before its fiber is entered.
extern "C" uint3 emulator_thread_index asm("threadIdx"), emulator_block_index asm("blockIdx");
extern "C" uint3 emulator_block_size asm("blockDim"), emulator_grid_size asm("gridDim");
uint3 emulator_thread_index, emulator_block_index, emulator_block_size, emulator_grid_size;

static const Launch *launch;
static std::vector<int> ready;
static uint64_t random_state;
static sigjmp_buf launch_end;
static char error_kind[32], error_text[2048];
static bool error_is_open; // an error is noted, and the block goes on: a race may explain it

uint32_t random_below(uint32_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

template <class T> static void shuffle(std::vector<T> &items) {
    for (size_t i = items.size(); i > 1; i--) std::swap(items[i - 1], items[random_below((uint32_t)i)]);
}

static uint3 index_of(uint32_t linear, const uint32_t (&size)[3]) {
    return {linear % size[0], linear / size[0] % size[1], linear / size[0] / size[1]};
}

Place place_of(uint32_t block, int thread) {
    Place place;
    uint3 b = index_of(block, launch->grid), t = index_of((uint32_t)thread, launch->block);
    snprintf(place.text, sizeof place.text, "block (%u,%u,%u) thread (%u,%u,%u)", b.x, b.y, b.z, t.x, t.y, t.z);
    return place;
}

static void set_error(const char *kind, const char *format, va_list values) {
    if (error_is_open && strcmp(kind, "race")) return;
    snprintf(error_kind, sizeof error_kind, "%s", kind);
    int length = snprintf(error_text, sizeof error_text, "%s: ", place_of(machine.block, machine.current).text);
    vsnprintf(error_text + length, sizeof error_text - length, format, values);
}

void fail(const char *kind, const char *format, ...) {
    va_list values;
    va_start(values, format);
    set_error(kind, format, values);
    va_end(values);
    siglongjmp(launch_end, 1);
}

void note_uninitialised(const char *format, ...) {
    if (error_is_open) return;
    va_list values;
    va_start(values, format);
    set_error("uninitialised", format, values);
    va_end(values);
    error_is_open = true;
}

extern "C" void emulator_fail(const char *kind, int line, const char *message) {
    fail(kind, "%s at line %d", message, line);
}
extern "C" const char *emulator_error_kind() { return error_kind; }
extern "C" const char *emulator_error() { return error_text; }

void make_ready(int thread) {
    machine.threads[thread].state = State::ready;
    ready.push_back(thread);
}

void wait_as(State state, int line) {
    machine.threads[machine.current].state = state;
    machine.threads[machine.current].line = line;
    leave_fiber(machine.current);
}

void yield() {
    ready.push_back(machine.current);
    leave_fiber(machine.current);
}

static void run_thread() {
    launch->kernel(launch->parameters);
    machine.threads[machine.current].state = State::done;
    machine.alive--;
    leave_warps(machine.current);
    leave_barrier();
    leave_fiber(machine.current);
}

static void fail_as_deadlock() {
    int barrier = 0, warp = 0, barrier_line = 0, warp_line = 0;
    for (int t = 0; t < machine.thread_count; t++) {
        const Thread &thread = machine.threads[t];
        if (thread.state == State::at_barrier) barrier++, barrier_line = thread.line;
        if (thread.state == State::in_warp) warp++, warp_line = thread.line, machine.current = t;
    }
    fail(warp ? "divergent warp" : "divergent barrier",
         "nobody can go on: %d threads wait at a barrier (line %d), %d in a warp operation (line %d), %d have exited",
         barrier, barrier_line, warp, warp_line, machine.thread_count - machine.alive);
}

static void run_block(uint32_t block) {
    machine.block = block;
    machine.epoch = 0;
    machine.alive = machine.thread_count;
    emulator_block_index = index_of(block, launch->grid);
    set_up_shared_memory(*launch);
    reset_warps();
    reset_barrier();
    begin_block_of_releases();
    ready.clear();
    for (int t = 0; t < machine.thread_count; t++) {
        Thread &thread = machine.threads[t];
        thread.index = index_of((uint32_t)t, launch->block);
        thread.copies.clear();
        thread.groups.clear();
        prepare_fiber(t, run_thread);
        make_ready(t);
    }
    while (machine.alive) {
        if (ready.empty()) fail_as_deadlock();
        std::swap(ready[random_below((uint32_t)ready.size())], ready.back());
        machine.current = ready.back();
        ready.pop_back();
        emulator_thread_index = machine.threads[machine.current].index;
        enter_fiber(machine.current);
    }
    if (error_is_open) siglongjmp(launch_end, 1);
}

static void run_grid() {
    std::vector<uint32_t> order((size_t)launch->grid[0] * launch->grid[1] * launch->grid[2]);
    std::iota(order.begin(), order.end(), 0u);
    shuffle(order);
    begin_releases();
    for (uint32_t block : order) run_block(block);
}

static void on_signal(int signal_number, siginfo_t *info, void *) {
    if (!machine.running) {
        signal(signal_number, SIG_DFL);
        return;
    }
    if (signal_number == SIGFPE) fail("arithmetic", "integer division by zero");
    int owner = fiber_of_stack(info->si_addr);
    if (owner == machine.current) fail("out of bounds", "the thread's stack overflows: too many local variables");
    fail("out of bounds", "invalid access to %s", name_of(info->si_addr).text);
}

class Signals { // turns invalid accesses of a kernel into errors for the time of a launch
    static constexpr int COUNT = 3, NUMBERS[COUNT] = {SIGSEGV, SIGBUS, SIGFPE};
    struct sigaction before[COUNT];
    stack_t stack_before;

  public:
    Signals() {
        static char stack[64 * 1024];
        stack_t alternative = {};
        alternative.ss_sp = stack;
        alternative.ss_size = sizeof stack;
        sigaltstack(&alternative, &stack_before);
        struct sigaction action = {};
        action.sa_sigaction = on_signal;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        for (int i = 0; i < COUNT; i++) sigaction(NUMBERS[i], &action, &before[i]);
    }
    ~Signals() {
        for (int i = 0; i < COUNT; i++) sigaction(NUMBERS[i], &before[i], nullptr);
        sigaltstack(&stack_before, nullptr);
    }
};

extern "C" int emulator_launch(const Launch *given) {
    launch = given;
    error_kind[0] = error_text[0] = 0;
    error_is_open = false;
    random_state = launch->seed * 0x9E3779B97F4A7C15u + 1;
    for (int warm_up = 0; warm_up < 4; warm_up++) random_below(1);
    machine.thread_count = (int)(launch->block[0] * launch->block[1] * launch->block[2]);
    machine.check = launch->check;
    machine.switch_every = launch->switch_every;
    emulator_block_size = {launch->block[0], launch->block[1], launch->block[2]};
    emulator_grid_size = {launch->grid[0], launch->grid[1], launch->grid[2]};
    Dl_info info;
    if (!dladdr((void *)launch->kernel, &info) || !start_fibers()) {
        snprintf(error_kind, sizeof error_kind, "launch");
        snprintf(error_text, sizeof error_text, "no memory for the threads' stacks");
        return 1;
    }
    machine.code = (const char *)info.dli_fbase;
    set_up_arguments(*launch);
    Signals signals;
    machine.running = true;
    volatile bool failed = false;
    if (sigsetjmp(launch_end, 1))
        failed = true;
    else
        run_grid();
    machine.running = false;
    take_down_arguments(*launch, !failed);
    return failed;
}
