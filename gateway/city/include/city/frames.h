// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Frames of one sensor that never came, by the numbers that it gives them (LoRaWAN's FCnt, LoRaWAN 1.0.4 section 4.3.1.5; vendors'
 * counters of messages): each frame has the next number.
 *
 * A number that was passed over may come late: only when numbers FRAMES_WINDOW ahead of it come is its frame lost. What comes again
 * is nothing new. Of a number that fits nowhere (far ahead, or far back) the next one tells what it was: when that goes on from there, the
 * frames between were lost, or, if it is lower, the sensor began again and lost nothing; when that goes on from where the sensor was, the
 * number was a stray. A leap of more than FRAMES_LEAP is another device, and nothing of it is counted.
 */

enum { FRAMES_WINDOW = 32, FRAMES_LEAP = 10000 };

struct frame_track {
    uint32_t newest;
    uint32_t seen; // bit i: newest - i came, or nobody waits for it
    uint32_t gap;  // numbers between the track before and what this one waits for: lost, if it goes on
    uint8_t steps; // how often it went on, as far as that matters
};

// All zero at the start.
struct frames {
    struct frame_track now, before;
    bool begun, has_before;
    uint64_t modulus; // the number after the last, as far as it showed itself; 0: not known
    uint64_t lost;
};

// Takes the number of a frame. `modulus`: how many numbers there are before it goes on from 0 (256 for a byte; at most 2^32; with fewer
// than 256 nothing can be told, and nothing is counted); 0: nobody said, then 2^8, 2^16 and 2^32 are thought of when a number falls to
// about 0 from just below one of them.
void frames_take(struct frames *frames, uint32_t number, uint64_t modulus);

// How many are missing and not yet given up.
unsigned frames_missing(const struct frames *frames);
