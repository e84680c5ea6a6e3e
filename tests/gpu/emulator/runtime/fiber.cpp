#include "fiber.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "machine.h"

static constexpr size_t STACK = 128 * 1024, PAGE = 4096;
static char *stacks;

// Stacks that begin at equal offsets of a page would all fall into the same sets of the cache.
static size_t colour(int thread) { return (size_t)thread * 320 % 16384; }

bool start_fibers() {
    if (stacks) return true;
    void *memory = mmap(nullptr, MAX_THREADS * STACK, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    stacks = (char *)memory;
    for (int t = 0; t < MAX_THREADS; t++) mprotect(stacks + t * STACK, PAGE, PROT_NONE);
    return true;
}

bool on_stack_of(int thread, const void *address) {
    const char *stack = stacks + thread * STACK;
    return (const char *)address >= stack && (const char *)address < stack + STACK;
}

int fiber_of_stack(const void *address) {
    size_t offset = (size_t)((const char *)address - stacks);
    return offset < MAX_THREADS * STACK ? (int)(offset / STACK) : -1;
}

#if defined(__x86_64__) && !defined(EMULATOR_UCONTEXT)
static void *scheduler_stack, *fiber_stacks[MAX_THREADS];
extern "C" void emulator_switch(void **save, void *load) __attribute__((visibility("hidden")));
asm(R"(
.text
.type emulator_switch,@function
emulator_switch:
    pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
    ret
)");

void prepare_fiber(int thread, void (*body)()) {
    void **top = (void **)(stacks + (thread + 1) * STACK - 64 - colour(thread));
    *--top = nullptr; // the return address of body, which never returns; it also aligns the stack as a call does
    *--top = (void *)body;
    for (int saved = 0; saved < 6; saved++) *--top = nullptr;
    fiber_stacks[thread] = top;
}
void enter_fiber(int thread) { emulator_switch(&scheduler_stack, fiber_stacks[thread]); }
void leave_fiber(int thread) { emulator_switch(&fiber_stacks[thread], scheduler_stack); }
#else
#include <ucontext.h>
static ucontext_t scheduler_context, fiber_contexts[MAX_THREADS];

void prepare_fiber(int thread, void (*body)()) {
    ucontext_t &context = fiber_contexts[thread];
    getcontext(&context);
    context.uc_stack.ss_sp = stacks + thread * STACK + PAGE;
    context.uc_stack.ss_size = STACK - PAGE - colour(thread);
    context.uc_link = nullptr;
    makecontext(&context, body, 0);
}
void enter_fiber(int thread) { swapcontext(&scheduler_context, &fiber_contexts[thread]); }
void leave_fiber(int thread) { swapcontext(&fiber_contexts[thread], &scheduler_context); }
#endif
