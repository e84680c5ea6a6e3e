// Operations of a warp: every lane of the mask arrives with a value, then each takes what it needs of the others.
#include <string.h>

#include <algorithm>

#include "machine.h"

static Meeting meetings[MAX_WARPS][LANES]; // a lane is in one at a time: more cannot be open
static const char *const NAMES[MEETING_KINDS] = {
    "__syncwarp", "__shfl_sync", "__shfl_up_sync", "__shfl_down_sync", "__shfl_xor_sync", "a vote", "mma.sync"};

void reset_warps() {
    for (auto &warp : meetings)
        for (Meeting &meeting : warp) meeting.mask = meeting.unread = 0;
    memset(machine.exited, 0, sizeof machine.exited);
    memset(machine.serial, 0, sizeof machine.serial);
    memset(machine.known, 0, sizeof machine.known);
}

static bool is_open(const Meeting &meeting) { return meeting.unread && meeting.arrived != meeting.mask; }

static Meeting &find_meeting(int warp, int kind, unsigned mask, int line) {
    Meeting *unused = nullptr;
    for (Meeting &meeting : meetings[warp]) {
        if (!meeting.unread) unused = &meeting;
        if (!is_open(meeting) || !(meeting.mask & mask)) continue;
        if (meeting.mask != mask || meeting.kind != kind || (kind != SYNCWARP && meeting.line != line))
            fail("divergent warp", "%s at line %d with mask 0x%08x, but other lanes wait in %s at line %d with mask 0x%08x",
                 NAMES[kind], line, mask, NAMES[meeting.kind], meeting.line, meeting.mask);
        return meeting;
    }
    unused->kind = kind, unused->line = line, unused->mask = unused->unread = mask, unused->arrived = 0;
    return *unused;
}

// Every lane of the mask now knows what each of them did, and what each of them knew.
static void synchronise(int warp, unsigned mask) {
    auto &known = machine.known[warp];
    uint32_t serial = ++machine.serial[warp], joined[LANES] = {};
    for (int a = 0; a < LANES; a++)
        if (mask >> a & 1)
            for (int b = 0; b < LANES; b++) joined[b] = (mask >> b & 1) ? serial : std::max(joined[b], known[a][b]);
    for (int a = 0; a < LANES; a++)
        if (mask >> a & 1) memcpy(known[a], joined, sizeof joined);
}

extern "C" int emulator_lane() { return lane_of(machine.current); }

extern "C" void emulator_meet(int kind, unsigned mask, int line, const void *value, int bytes) {
    int warp = warp_of(machine.current), lane = lane_of(machine.current), in_warp = machine.thread_count - warp * LANES;
    if (mask == ~0u && in_warp < LANES) mask = (1u << in_warp) - 1; // the device has those lanes too, switched off
    if (!(mask >> lane & 1))
        fail("divergent warp", "%s at line %d: the calling lane %d is not in its mask 0x%08x", NAMES[kind], line, lane, mask);
    if (mask & machine.exited[warp])
        fail("divergent warp", "%s at line %d: of mask 0x%08x the lanes 0x%08x have exited", NAMES[kind], line, mask,
             mask & machine.exited[warp]);
    Meeting &meeting = find_meeting(warp, kind, mask, line);
    memcpy(meeting.values[lane], value, bytes);
    meeting.arrived |= 1u << lane;
    machine.threads[machine.current].meeting = &meeting;
    if (meeting.arrived != mask) return wait_as(State::in_warp, line);
    if (kind == SYNCWARP) synchronise(warp, mask);
    for (int other = 0; other < LANES; other++)
        if (other != lane && (mask >> other & 1)) make_ready(warp * LANES + other);
}

extern "C" unsigned emulator_meeting_mask() { return machine.threads[machine.current].meeting->mask; }

extern "C" void emulator_take(int lane, void *value, int bytes) {
    const Meeting &meeting = *machine.threads[machine.current].meeting;
    if (!(meeting.mask >> lane & 1))
        fail("divergent warp", "%s at line %d reads lane %d, which is not in mask 0x%08x", NAMES[meeting.kind], meeting.line,
             lane, meeting.mask);
    memcpy(value, meeting.values[lane], bytes);
}

extern "C" void emulator_part() {
    machine.threads[machine.current].meeting->unread &= ~(1u << lane_of(machine.current));
}

void leave_warps(int thread) {
    machine.exited[warp_of(thread)] |= 1u << lane_of(thread);
    for (const Meeting &meeting : meetings[warp_of(thread)])
        if (is_open(meeting) && (meeting.mask >> lane_of(thread) & 1))
            fail("divergent warp", "lane %d exits, but other lanes wait for it in %s at line %d with mask 0x%08x",
                 lane_of(thread), NAMES[meeting.kind], meeting.line, meeting.mask);
}
