// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Raw values: what a codec found in the bytes of one pack (a SenML pack, a frame), before anyone asked which sensor is
 * meant. Names and units are as the source gives them.
 */

enum raw_type { RAW_NONE, RAW_NUMBER, RAW_BOOL, RAW_TEXT, RAW_DATA };
// RAW_TIME_DEVICE: of a clock of the device's own, whose differences alone count; the reading's time is that of its reception.
enum raw_time { RAW_TIME_NONE, RAW_TIME_RELATIVE, RAW_TIME_ABSOLUTE, RAW_TIME_DEVICE };

struct raw_value {
    const char *name; // terminated; in the pack's arena or static. May be "" when the format has no names
    size_t base_size; // how much of it was given once for several records (SenML's base name); 0: nothing, or not known
    const char *unit; // "" for none
    const char *text; // RAW_TEXT (terminated UTF-8) and RAW_DATA (`text_size` bytes)
    size_t text_size;
    double number;   // RAW_NUMBER
    double sum;      // SenML sum, when has_sum
    int64_t time_us; // relative to reception (negative: past), absolute, or the device's
    enum raw_type type;
    enum raw_time time;
    bool boolean; // RAW_BOOL
    bool has_sum;
    // Of a number that is a running counter, as far as its source knows:
    uint8_t counter_bits; // how wide it is in the device, from whose end it goes on at 0; 0: not known
    bool counter_resets;  // it begins again at 0 with each reading
};

enum { RAW_VALUES_MAX = 512, RAW_ARENA_SIZE = 32 * 1024 };

// A whole pack; reused from pack to pack, about 70 kB, so keep it in a long-lived struct, not on the stack.
struct raw_pack {
    struct raw_value values[RAW_VALUES_MAX];
    size_t count;
    char arena[RAW_ARENA_SIZE];
    size_t arena_used;
};

void raw_pack_clear(struct raw_pack *pack);

// Copies text (and a NUL) into the pack's arena; NULL when it is full.
const char *raw_pack_copy(struct raw_pack *pack, const char *text, size_t size);

// The same for two texts that make one.
const char *raw_pack_join(struct raw_pack *pack, const char *first, size_t first_size, const char *then,
                          size_t then_size);

// The next value to fill, zeroed, with empty name and unit; NULL when the pack is full.
struct raw_value *raw_pack_add(struct raw_pack *pack);

// Adds one value; name and unit are static or in the pack's arena. False when the pack is full.
bool raw_pack_number(struct raw_pack *pack, const char *name, const char *unit, double number);
bool raw_pack_counter(struct raw_pack *pack, const char *name, double number,
                      unsigned bits); // "count", as wide as that
// The number that a sensor gives its frames, of a counter as wide as that: the quantity `frame`.
bool raw_pack_frame(struct raw_pack *pack, uint32_t number, unsigned bits);
bool raw_pack_bool(struct raw_pack *pack, const char *name, bool boolean);
bool raw_pack_text(struct raw_pack *pack, const char *name, const char *text); // the text, too

// The first value of that name, or NULL.
const struct raw_value *raw_pack_find(const struct raw_pack *pack, const char *name);
