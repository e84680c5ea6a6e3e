#include "shadow.h"

#include <bitset>
#include <unordered_map>

// Between blocks. A fence releases what its thread did, and what the block did before its last barrier.
struct Released {
    uint32_t epoch = 0;                // everything before this epoch,
    std::bitset<MAX_THREADS> threads;  // and in it what these threads did
    void add(const Released &other) {
        if (other.epoch > epoch)
            *this = other;
        else if (other.epoch == epoch)
            threads |= other.threads;
    }
};
using ByBlock = std::unordered_map<uint32_t, Released>;
static std::unordered_map<const void *, ByBlock> released_at;
static ByBlock acquired;        // by the block that runs
static Released before_barrier; // its fences that a barrier followed: any thread may release them
static Released fences;         // its fences of this epoch: each thread its own
static bool any_fence;

void begin_releases() { released_at.clear(); }

void begin_block_of_releases() {
    acquired.clear();
    before_barrier = fences = Released();
    any_fence = false;
}

static void age_fences() {
    if (fences.epoch == machine.epoch) return;
    if (fences.threads.any()) before_barrier.add(fences);
    fences = Released();
    fences.epoch = machine.epoch;
}

extern "C" void emulator_fence() {
    age_fences();
    fences.threads.set(machine.current);
    any_fence = true;
}

void note_atomic(const void *address) {
    ByBlock &there = released_at[address];
    for (auto &[block, released] : there) acquired[block].add(released);
    if (!any_fence) return;
    age_fences();
    Released mine = before_barrier;
    if (fences.threads[machine.current]) {
        Released own;
        own.epoch = machine.epoch;
        own.threads.set(machine.current);
        mine.add(own);
    }
    there[machine.block].add(mine);
}

static bool ordered(const Party &earlier) {
    if (!earlier.block_plus_1) return true;
    if (earlier.block_plus_1 != machine.block + 1) {
        auto found = acquired.find(earlier.block_plus_1 - 1);
        if (found == acquired.end()) return false;
        const Released &released = found->second;
        return earlier.epoch < released.epoch || (earlier.epoch == released.epoch && released.threads[earlier.thread]);
    }
    if (earlier.thread == machine.current || earlier.epoch < machine.epoch) return true;
    int warp = warp_of(earlier.thread);
    if (warp != warp_of(machine.current)) return false;
    return machine.known[warp][lane_of(machine.current)][lane_of(earlier.thread)] > earlier.serial;
}

static Party this_access(uint32_t site) {
    Party party;
    party.block_plus_1 = machine.block + 1, party.epoch = machine.epoch;
    party.serial = machine.serial[warp_of(machine.current)];
    party.thread = (uint16_t)machine.current, party.site = site;
    return party;
}

static Party near_reader(const Cell &cell, int lane) {
    Party party = cell.near;
    party.thread = (uint16_t)(warp_of(cell.near.thread) * LANES + lane);
    return party;
}

static void fail_race(const Region &region, size_t index, Access kind, uint32_t site, const Party &other, bool other_wrote) {
    const char *verbs[] = {"reads", "writes", "atomically updates"};
    fail("race", "%s %s at byte %zu at @{%x}, %s by %s at @{%x}, and nothing orders the two", verbs[(int)kind], region.name,
         index * region.cell_bytes, site, other_wrote ? "written" : "read",
         place_of(other.block_plus_1 - 1, other.thread).text, other.site);
}

static void add_reader(Cell &cell, const Party &reader) {
    bool same_warp = cell.near.block_plus_1 == reader.block_plus_1 && warp_of(cell.near.thread) == warp_of(reader.thread);
    if (same_warp && cell.near.epoch == reader.epoch) {
        // No lane knows of a later __syncwarp than the warp's last one: without one since, all others stay.
        if (cell.near.serial != reader.serial)
            for (uint32_t lanes = cell.near_lanes; lanes; lanes &= lanes - 1)
                if (ordered(near_reader(cell, __builtin_ctz(lanes)))) cell.near_lanes &= ~(lanes & -lanes);
    } else {
        if (cell.near_lanes && !ordered(near_reader(cell, lane_of(cell.near.thread))))
            (cell.near.block_plus_1 == reader.block_plus_1 ? cell.other_warp : cell.other_block) = cell.near;
        cell.near_lanes = 0;
    }
    if (cell.other_warp.block_plus_1 && cell.other_warp.block_plus_1 != reader.block_plus_1) {
        cell.other_block = cell.other_warp;
        cell.other_warp = Party();
    }
    cell.near = reader;
    cell.near_lanes |= 1u << lane_of(reader.thread);
}

static void check_readers(const Region &region, size_t index, const Cell &cell, Access kind, uint32_t site) {
    for (uint32_t lanes = cell.near_lanes; lanes; lanes &= lanes - 1) {
        Party reader = near_reader(cell, __builtin_ctz(lanes));
        if (!ordered(reader)) fail_race(region, index, kind, site, reader, false);
    }
    for (const Party *reader : {&cell.other_warp, &cell.other_block})
        if (!ordered(*reader)) fail_race(region, index, kind, site, *reader, false);
}

static void set_write(Cell &cell, const Party &writer, bool atomic) {
    cell.write = writer;
    cell.atomic = atomic;
    cell.initialised = true;
    cell.near_lanes = 0;
    cell.other_warp = cell.other_block = Party();
}

void check_cell(const Region &region, size_t index, Access kind, uint32_t site) {
    Cell &cell = const_cast<Cell &>(region.cells[index]);
    if (cell.pending)
        fail("cp.async", "%s at byte %zu is used at @{%x} while a cp.async to it, issued at @{%x}, has not been waited for",
             region.name, index * region.cell_bytes, site, cell.write.site);
    if (kind != Access::write && !cell.initialised)
        note_uninitialised("%s at byte %zu is read at @{%x} before anybody wrote it", region.name,
                           index * region.cell_bytes, site);
    if (!(kind == Access::atomic && cell.atomic) && !ordered(cell.write))
        fail_race(region, index, kind, site, cell.write, true);
    if (kind == Access::read) return add_reader(cell, this_access(site));
    check_readers(region, index, cell, kind, site);
    set_write(cell, this_access(site), kind == Access::atomic);
}

void Region::use_single_bytes() {
    std::vector<Cell> single;
    single.reserve(cells.size() * cell_bytes);
    for (const Cell &cell : cells) single.insert(single.end(), cell_bytes, cell);
    cells.swap(single);
    cell_bytes = 1;
}
