// SPDX-License-Identifier: Apache-2.0
#include "city/frames.h"

static const uint32_t nobody_waits = UINT32_MAX;

// The way from one number to another through the end: positive ahead, negative back, the shorter one.
static int64_t way_around(uint32_t from, uint32_t to, uint64_t modulus)
{
    int64_t way = (int64_t)to - (int64_t)from, half = (int64_t)(modulus / 2);
    if (way > half)
        return way - (int64_t)modulus;
    return way < -half ? way + (int64_t)modulus : way;
}

static bool is_near(int64_t way)
{
    return way > -FRAMES_WINDOW && way <= FRAMES_WINDOW;
}

// Where a number is that falls from just below one of the usual ends to just above 0; 0: nowhere.
static uint64_t end_between(uint32_t from, uint32_t to)
{
    static const uint64_t usual[] = {UINT64_C(1) << 8, UINT64_C(1) << 16, UINT64_C(1) << 32};
    for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++) {
        bool falls = to < from && from < usual[i];
        if (falls && is_near(way_around(from, to, usual[i])) && !is_near((int64_t)to - (int64_t)from))
            return usual[i];
    }
    return 0;
}

static int64_t way_from(struct frames *frames, const struct frame_track *track, uint32_t number)
{
    uint64_t modulus = frames->modulus;
    if (!modulus)
        modulus = end_between(track->newest, number);
    if (!modulus)
        return (int64_t)number - (int64_t)track->newest;
    return way_around(track->newest, number, modulus);
}

static unsigned missing_of(uint32_t seen)
{
    return (unsigned)__builtin_popcount(~seen);
}

static void leave_before(struct frames *frames)
{
    if (frames->has_before)
        frames->lost += missing_of(frames->before.seen);
    frames->has_before = false;
}

static void go_on(struct frames *frames, struct frame_track *track, uint32_t number, unsigned steps)
{
    uint32_t leaving = (uint32_t)((uint64_t)~track->seen << steps >> FRAMES_WINDOW);
    frames->lost += (unsigned)__builtin_popcount(leaving);
    track->seen = (uint32_t)((uint64_t)track->seen << steps) | 1;
    track->newest = number;
    if (track->steps == 0)
        frames->lost += track->gap;
    if (track->steps < FRAMES_WINDOW)
        track->steps++;
    else if (track == &frames->now)
        leave_before(frames);
}

// Whether it belongs to the track, and is taken.
static bool take_near(struct frames *frames, struct frame_track *track, uint32_t number)
{
    int64_t way = way_from(frames, track, number);
    if (!is_near(way))
        return false;
    if (!frames->modulus)
        frames->modulus = end_between(track->newest, number);
    if (way > 0)
        go_on(frames, track, number, (unsigned)way);
    else
        track->seen |= UINT32_C(1) << -way;
    return true;
}

// How far ahead it is, when that is what it is; else 0.
static int64_t leap_to(const struct frames *frames, const struct frame_track *track, uint32_t number)
{
    enum { PART = 4 }; // of all numbers: so far a number that fell may have gone through the end
    int64_t way = (int64_t)number - (int64_t)track->newest, modulus = (int64_t)frames->modulus;
    if (way < 0 && modulus && way + modulus <= modulus / PART)
        way += modulus;
    return way > 0 && way <= FRAMES_LEAP ? way : 0;
}

static void begin_track(struct frames *frames, uint32_t number)
{
    if (frames->begun && (frames->now.steps > 0 || !frames->has_before)) {
        leave_before(frames);
        frames->before = frames->now;
        frames->has_before = true;
    }
    int64_t leap = frames->has_before ? leap_to(frames, &frames->before, number) : 0;
    frames->now = (struct frame_track){
        .newest = number, .seen = leap ? 1 : nobody_waits, .gap = leap ? (uint32_t)leap - FRAMES_WINDOW : 0};
    frames->begun = true;
}

void frames_take(struct frames *frames, uint32_t number, uint64_t modulus)
{
    enum { FEWEST = 256 };
    if (modulus && modulus < FEWEST)
        return;
    if (modulus)
        frames->modulus = modulus;
    else if (number >= frames->modulus)
        frames->modulus = 0; // it counts further than was thought
    if (frames->begun && take_near(frames, &frames->now, number))
        return;
    uint32_t newest = frames->before.newest;
    if (!frames->has_before || !take_near(frames, &frames->before, number)) {
        begin_track(frames, number);
    } else if (frames->before.newest != newest) { // what came in between was a stray
        frames->now = frames->before;
        frames->has_before = false;
    }
}

unsigned frames_missing(const struct frames *frames)
{
    unsigned before = frames->has_before ? missing_of(frames->before.seen) : 0;
    return frames->now.steps > 0 ? before + missing_of(frames->now.seen) : before;
}
