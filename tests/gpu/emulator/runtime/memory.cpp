// What a kernel may use: copies of its arguments, each far from the next and between pages without access, and shared
// memory. In the checking mode every access comes here: bounds, alignment, then the shadow's cells.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>

#include "fiber.h"
#include "machine.h"
#include "shadow.h"

static constexpr size_t PAGE = 4096, GAP = 1 << 20, NEAR = 1 << 19, MAX_DYNAMIC = 227 * 1024;
static constexpr uint32_t POISON = 0xFFFADBAD; // arguments.py's; a NaN in either precision
alignas(1024) static char dynamic_memory[MAX_DYNAMIC];

static std::vector<Region> regions; // arguments, then shared memory
static size_t argument_count;
static char *arena;
static size_t arena_bytes;

extern "C" void *emulator_dynamic_shared_memory() { return dynamic_memory; }

static size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

static size_t body_of(const Memory &memory) { return round_up(memory.bytes + 256, PAGE); }

static void fill_with_poison(char *start, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) start[i] = (char)(POISON >> 8 * (((uintptr_t)start + i) % 4));
}

static bool is_poison(const Region &region, size_t index) {
    uint32_t words[2];
    size_t width = region.item_size == 8 ? 8 : 4, at = index * 4 / width * width;
    if (at + width > region.bytes) return false;
    memcpy(words, region.start + at, width);
    return words[0] == POISON && (width == 4 || words[1] == POISON);
}

static Region make_region(const Memory &memory, char *start, bool shared) {
    Region region;
    region.start = start, region.bytes = memory.bytes, region.name = memory.name;
    region.shared = shared, region.read_only = memory.read_only, region.item_size = memory.item_size;
    return region;
}

void set_up_arguments(const Launch &launch) {
    regions.clear();
    argument_count = launch.argument_count;
    arena_bytes = GAP;
    for (uint32_t i = 0; i < argument_count; i++) arena_bytes += body_of(launch.arguments[i]) + GAP;
    arena = (char *)mmap(nullptr, arena_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *body = arena + GAP;
    for (uint32_t i = 0; i < argument_count; i++) {
        const Memory &memory = launch.arguments[i];
        mprotect(body, body_of(memory), PROT_READ | PROT_WRITE);
        char *last = body + body_of(memory) - memory.bytes; // the end lies against the page without access,
        char *start = last - ((uintptr_t)last - memory.offset) % 256; // aligned as on a device
        memcpy(start, memory.host, memory.bytes);
        regions.push_back(make_region(memory, start, false));
        if (memory.read_only) mprotect(body, body_of(memory), PROT_READ);
        body += body_of(memory) + GAP;
        if (!machine.check) continue;
        Region &region = regions.back();
        region.cells.assign(round_up(region.bytes, 4) / 4, Cell());
        for (size_t c = 0; c < region.cells.size(); c++) region.cells[c].initialised = !is_poison(region, c);
    }
    for (uint32_t i = 0; i < launch.pointer_count; i++) {
        const Pointer &pointer = launch.pointers[i];
        *(char **)launch.parameters[pointer.index] = regions[pointer.memory].start + pointer.offset;
    }
    Memory dynamic = {dynamic_memory, launch.dynamic_bytes, "dynamic shared memory", 4, 0, 0};
    for (uint32_t i = 0; i < launch.shared_count; i++)
        regions.push_back(make_region(launch.shared[i], launch.shared[i].host, true));
    regions.push_back(make_region(dynamic, dynamic_memory, true));
}

void set_up_shared_memory(const Launch &launch) { // for each block
    for (size_t i = argument_count; i < regions.size(); i++) {
        Region &region = regions[i];
        fill_with_poison(region.start, region.bytes);
        region.cell_bytes = 4;
        if (launch.check) region.cells.assign(round_up(region.bytes, 4) / 4, Cell());
    }
}

void take_down_arguments(const Launch &launch, bool copy_back) {
    for (uint32_t i = 0; i < launch.argument_count; i++)
        if (copy_back && !launch.arguments[i].read_only)
            memcpy(launch.arguments[i].host, regions[i].start, regions[i].bytes);
    munmap(arena, arena_bytes);
}

static Region *find_region(const void *address) {
    static size_t last = 0;
    if (last < regions.size() && regions[last].holds(address)) return &regions[last];
    for (size_t i = 0; i < regions.size(); i++)
        if (regions[i].holds(address)) return &regions[last = i];
    return nullptr;
}

static ptrdiff_t distance(const Region &region, const char *address) {
    return address < region.start ? region.start - address : std::max<ptrdiff_t>(0, address - region.start - region.bytes + 1);
}

Place name_of(const void *address) {
    Place place;
    const Region *nearest = nullptr;
    for (const Region &region : regions)
        if (!nearest || distance(region, (const char *)address) < distance(*nearest, (const char *)address)) nearest = &region;
    if (address && nearest && distance(*nearest, (const char *)address) < (ptrdiff_t)NEAR)
        snprintf(place.text, sizeof place.text, "%.110s at byte %td of %zu", nearest->name,
                 (const char *)address - nearest->start, nearest->bytes);
    else
        snprintf(place.text, sizeof place.text, "%p, far from every argument", address);
    return place;
}

bool is_shared(const void *address, size_t bytes) {
    const Region *region = find_region(address);
    return region && region->shared && region->holds((const char *)address + bytes - 1);
}

static bool is_constant_of_module(const void *address) {
    Dl_info info;
    return dladdr(address, &info) && info.dli_fbase == machine.code;
}

// Calls use(region, cell) for every cell of the access.
template <class F> static void for_cells(Region &region, const void *address, size_t bytes, F use) {
    size_t first = (size_t)((const char *)address - region.start);
    if (region.cell_bytes == 4 && (first % 4 || bytes % 4)) region.use_single_bytes();
    for (size_t i = first / region.cell_bytes; i < (first + bytes) / region.cell_bytes; i++) use(region, i);
}

void access(const void *address, size_t bytes, Access kind, uint32_t site) {
    if (!machine.running || on_stack_of(machine.current, address)) return;
    const char *verb = kind == Access::read ? "reads" : "writes";
    Region *region = find_region(address);
    if (!region && fiber_of_stack(address) >= 0)
        fail("out of bounds", "%s a local variable of %s at @{%x}", verb,
             place_of(machine.block, fiber_of_stack(address)).text, site);
    if (!region && kind == Access::read && is_constant_of_module(address)) return;
    if (!region || !region->holds((const char *)address + bytes - 1))
        fail("out of bounds", "%s %zu bytes of %s at @{%x}", verb, bytes, name_of(address).text, site);
    if (kind != Access::read && region->read_only)
        fail("read-only", "writes %s, which the kernel declares const, at @{%x}", name_of(address).text, site);
    if ((bytes & (bytes - 1)) == 0 && bytes <= 16 && (uintptr_t)address % bytes)
        fail("misaligned", "%s %zu bytes of %s at @{%x}", verb, bytes, name_of(address).text, site);
    if (machine.switch_every && !random_below(machine.switch_every)) yield();
    if (kind == Access::atomic) note_atomic(address);
    for_cells(*region, address, bytes, [=](Region &r, size_t i) { check_cell(r, i, kind, site); });
}

void mark_copy_pending(const void *address, size_t bytes, bool pending) {
    for_cells(*find_region(address), address, bytes, [=](Region &r, size_t i) { r.cells[i].pending = pending; });
}

void record_write(const void *address, size_t bytes, uint32_t site) {
    for_cells(*find_region(address), address, bytes, [=](Region &r, size_t i) { check_cell(r, i, Access::write, site); });
}

extern "C" void emulator_atomic_load(const void *address, void *value, int bytes) {
    if (machine.check)
        access(address, bytes, Access::atomic, SITE);
    else if ((uintptr_t)address % bytes)
        fail("misaligned", "atomic update of %s", name_of(address).text);
    memcpy(value, address, bytes);
}
extern "C" void emulator_atomic_store(void *address, const void *value, int bytes) { memcpy(address, value, bytes); }
