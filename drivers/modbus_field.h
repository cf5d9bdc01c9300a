// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stdbool.h>
#include <stdint.h>

/*
 * The field of a Modbus sensor's map: what is read, and how it becomes a number.
 *
 *     coil:3   discrete:1          one bit
 *     input:10 u16                 a register; also s16
 *     input:1 bit 4                one bit of a register, 0 the lowest
 *     input:10 u32   holding:8 f32 swapped
 *                                  two registers (u32 s32 f32) or four (u64), the high word first, unless swapped
 *     input:10 u16 resets          a counter that the device begins again at 0 with each reading
 *
 * Addresses are those on the wire, from 0: "register 30011" of a manual is input:10.
 */

enum modbus_table { MODBUS_COIL, MODBUS_DISCRETE, MODBUS_INPUT, MODBUS_HOLDING, MODBUS_TABLE_COUNT };
enum modbus_type { MODBUS_BIT, MODBUS_U16, MODBUS_S16, MODBUS_U32, MODBUS_S32, MODBUS_F32, MODBUS_U64 };

struct modbus_field {
    enum modbus_table table;
    enum modbus_type type;
    unsigned address;
    unsigned bit; // of a register, for MODBUS_BIT
    bool swapped, resets;
};

// "input", as in a field.
const char *modbus_table_name(enum modbus_table table);
// Coils and discrete inputs hold bits, the others registers.
bool modbus_table_has_bits(enum modbus_table table);

// -EINVAL and what was expected when `text` is no such field.
int modbus_field_parse(const char *text, struct modbus_field *ret_field, struct fault *why);

// How many registers (or bits of a table of bits) it takes.
unsigned modbus_field_width(const struct modbus_field *field);

// How wide a running counter in them is, in bits; 0 for a type that none has.
unsigned modbus_field_counter_bits(const struct modbus_field *field);

// The number in its registers (a bit is 0 or 1), of which `values` is the first. f32 may give NAN and infinities; u64 is
// exact up to 2^53.
double modbus_field_decode(const struct modbus_field *field, const uint16_t *values);

// The reverse, for those who play a device: the nearest that the type can hold. A bit leaves its register's others alone.
void modbus_field_encode(const struct modbus_field *field, double number, uint16_t *values);

// The unit id of a sensor's address, "17", or "17/NAME" where several sensors are one device. -EINVAL when it is neither.
int modbus_unit_parse(const char *address, unsigned *ret_unit, struct fault *why);
