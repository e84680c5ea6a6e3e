// __syncthreads and its reductions, and cp.async.
#include <string.h>

#include "machine.h"
#include "shadow.h"

static struct {
    int waiting, line, first; // the line of those that wait, and one of them
    int all, any, count;      // of the predicates of those that wait
    int results[4];           // of the last barrier that was passed, by operation
} barrier;

void reset_barrier() { barrier.waiting = 0; }

extern "C" int emulator_barrier(int line, int operation, int predicate) {
    if (machine.alive < machine.thread_count)
        fail("divergent barrier", "__syncthreads at line %d, but %d threads of the block have exited", line,
             machine.thread_count - machine.alive);
    if (!barrier.waiting) {
        barrier.line = line, barrier.first = machine.current;
        barrier.all = 1, barrier.any = barrier.count = 0;
    }
    if (barrier.line != line)
        fail("divergent barrier", "__syncthreads at line %d, but %s waits in another one at line %d", line,
             place_of(machine.block, barrier.first).text, barrier.line);
    barrier.all &= predicate, barrier.any |= predicate, barrier.count += predicate;
    if (++barrier.waiting == machine.thread_count) {
        barrier.results[BARRIER_OR] = barrier.any;
        barrier.results[BARRIER_AND] = barrier.all;
        barrier.results[BARRIER_COUNT] = barrier.count;
        barrier.waiting = 0;
        machine.epoch++;
        for (int t = 0; t < machine.thread_count; t++)
            if (t != machine.current) make_ready(t);
        yield();
    } else
        wait_as(State::at_barrier, line);
    return barrier.results[operation];
}

void leave_barrier() {
    if (barrier.waiting)
        fail("divergent barrier", "the thread exits while %s waits in __syncthreads at line %d",
             place_of(machine.block, barrier.first).text, barrier.line);
}

// A copy is carried out when its thread waits for it; until then its destination holds nothing that may be read.
extern "C" void emulator_copy_async(void *to, const void *from, int bytes, int source_bytes) {
    uint32_t site = SITE;
    if ((uintptr_t)to % bytes || (source_bytes && (uintptr_t)from % bytes))
        fail("misaligned", "cp.async of %d bytes from %s to %s at @{%x}", bytes, name_of(from).text, name_of(to).text, site);
    if (!is_shared(to, bytes))
        fail("out of bounds", "cp.async to %s, which is not shared memory, at @{%x}", name_of(to).text, site);
    if (machine.check) {
        access(to, bytes, Access::write, site);
        if (source_bytes) access(from, source_bytes, Access::read, site);
        mark_copy_pending(to, bytes, true);
    }
    memset(to, 0xff, bytes);
    machine.threads[machine.current].copies.push_back({(char *)to, (const char *)from, bytes, source_bytes, site});
}

extern "C" void emulator_copy_commit() {
    Thread &thread = machine.threads[machine.current];
    thread.groups.push_back(thread.copies.size());
}

extern "C" void emulator_copy_wait(int groups_left) {
    Thread &thread = machine.threads[machine.current];
    if (thread.groups.size() <= (size_t)groups_left) return;
    size_t groups = thread.groups.size() - groups_left, copies = thread.groups[groups - 1];
    for (size_t i = 0; i < copies; i++) {
        const Copy &copy = thread.copies[i];
        memcpy(copy.to, copy.from, copy.source_bytes);
        memset(copy.to + copy.source_bytes, 0, copy.bytes - copy.source_bytes);
        if (!machine.check) continue;
        mark_copy_pending(copy.to, copy.bytes, false);
        record_write(copy.to, copy.bytes, copy.site);
    }
    thread.copies.erase(thread.copies.begin(), thread.copies.begin() + copies);
    thread.groups.erase(thread.groups.begin(), thread.groups.begin() + groups);
    for (size_t &end : thread.groups) end -= copies;
}
