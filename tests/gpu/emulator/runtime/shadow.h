// The checking mode's memory of who wrote and read what. Two accesses of different threads, one of them a write and not
// both atomic, race unless one is ordered before the other: by a barrier of the block, by __syncwarp, or between blocks
// by a fence and an atomic operation (the pattern of the last block that finishes).
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "machine.h"

struct Party { // an access, and when it was made
    uint32_t block_plus_1 = 0, epoch = 0, serial = 0, site = 0;
    uint16_t thread = 0;
};

// Of the readers since the last write those are kept that some later writer could race with although it is ordered
// after the others: the lanes of one warp, a thread of another warp of the block, and a thread of another block.
struct Cell {
    Party write, near, other_warp, other_block;
    uint32_t near_lanes = 0;
    bool atomic = false, initialised = false, pending = false;
};

struct Region { // of memory that a kernel may use
    char *start;
    size_t bytes;
    const char *name;
    bool shared, read_only;
    uint32_t item_size;
    size_t cell_bytes = 4; // 1 as soon as somebody uses a part of a word
    std::vector<Cell> cells;

    bool holds(const void *address) const { return (size_t)((const char *)address - start) < bytes; }
    void use_single_bytes();
};

void check_cell(const Region &region, size_t index, Access kind, uint32_t site);
void record_write(const void *address, size_t bytes, uint32_t site); // of a finished cp.async

void begin_releases();
void begin_block_of_releases();
void note_atomic(const void *address); // takes what other blocks released there, and releases
