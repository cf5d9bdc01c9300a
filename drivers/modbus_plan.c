// SPDX-License-Identifier: Apache-2.0
#include "modbus_plan.h"

#include <stdlib.h>

static unsigned end_of(const struct modbus_field *field)
{
    return field->address + modbus_field_width(field);
}

static int compare(const void *a, const void *b)
{
    const struct modbus_field *one = *(const struct modbus_field *const *)a;
    const struct modbus_field *other = *(const struct modbus_field *const *)b;
    if (one->table != other->table)
        return one->table < other->table ? -1 : 1;
    return one->address < other->address ? -1 : one->address > other->address;
}

// Extends the read up to the end of the field. False when it does not reach so far.
static bool join(struct modbus_read *read, const struct modbus_field *field, unsigned registers_max, unsigned gap)
{
    unsigned most = modbus_table_has_bits(field->table) ? 16 * registers_max : registers_max;
    unsigned end = read->address + read->count;
    if (field->table != read->table || field->address > end + gap || end_of(field) - read->address > most)
        return false;
    read->bridged |= field->address > end;
    if (end_of(field) > end)
        read->count = end_of(field) - read->address;
    return true;
}

size_t modbus_plan(const struct modbus_field *fields, size_t count, unsigned registers_max, unsigned gap,
                   struct modbus_read *ret_reads, struct modbus_place *ret_places)
{
    size_t reads = 0;
    const struct modbus_field **sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted)
        return 0;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &fields[i];
    qsort(sorted, count, sizeof *sorted, compare);
    for (size_t i = 0; i < count; i++) {
        const struct modbus_field *field = sorted[i];
        if (reads == 0 || !join(&ret_reads[reads - 1], field, registers_max, gap))
            ret_reads[reads++] = (struct modbus_read){field->table, field->address, modbus_field_width(field), false};
        ret_places[field - fields] = (struct modbus_place){reads - 1, field->address - ret_reads[reads - 1].address};
    }
    free(sorted);
    return reads;
}
