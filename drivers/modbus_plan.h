// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "modbus_field.h"
#include <stddef.h>

/*
 * Which requests read all fields of a sensor: as few as may be. Fields that lie side by side, or nearly so, share one. No
 * field is ever read in two halves, or a counter could change between them.
 */

enum { MODBUS_REGISTERS_MAX = 125, MODBUS_BITS_MAX = 2000, MODBUS_GAP = 4 };

struct modbus_read {
    enum modbus_table table;
    unsigned address, count;
    bool bridged; // also reads what no field asked for, which some devices refuse
};

// Where a field is found.
struct modbus_place {
    size_t read;   // the index of its read
    size_t offset; // of its first register or bit, in that read's values
};

// Fills at most `count` reads, in the order of tables and addresses, and one place for each field. Reads have at most
// `registers_max` registers, or 16 times as many bits; up to `gap` registers (bits) that nobody asked for are read along.
// Fields are no wider than `registers_max`. Returns how many reads there are, 0 also without memory.
size_t modbus_plan(const struct modbus_field *fields, size_t count, unsigned registers_max, unsigned gap,
                   struct modbus_read *ret_reads, struct modbus_place *ret_places);
