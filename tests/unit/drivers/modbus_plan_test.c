// SPDX-License-Identifier: Apache-2.0
#include "modbus_plan.h"

#include "check.h"
#include <stdio.h>
#include <string.h>

enum { MAX = 8 };

// Reads as "input:10+4", those over a gap with a '~'; then where each field is, as "read.offset".
static const struct {
    const char *fields[MAX];
    unsigned registers_max, gap;
    const char *reads, *places;
} cases[] = {
    {{"input:10 u32"}, 125, 4, "input:10+2", "0.0"},
    {{"input:10 u32", "input:12 u32"}, 125, 0, "input:10+4", "0.0 0.2"},
    // In any order, and one field may lie within another.
    {{"input:12 u32", "input:10 u32", "input:13 u16"}, 125, 4, "input:10+4", "0.2 0.0 0.3"},
    {{"input:10 u32", "input:11 u16", "input:14 u16"}, 125, 0, "input:10+2 input:14+1", "0.0 0.1 1.0"},
    // Gaps: up to the limit, and no more.
    {{"input:0 u16", "input:5 u16"}, 125, 4, "input:0+6~", "0.0 0.5"},
    {{"input:0 u16", "input:6 u16"}, 125, 4, "input:0+1 input:6+1", "0.0 1.0"},
    {{"input:0 u16", "input:2 u16"}, 125, 0, "input:0+1 input:2+1", "0.0 1.0"},
    // As many registers as the device gives, and no field in two halves.
    {{"input:0 u32", "input:2 u32", "input:4 u32", "input:6 u32", "input:8 u32"},
     8,
     4,
     "input:0+8 input:8+2",
     "0.0 0.2 0.4 0.6 1.0"},
    {{"input:0 u16", "input:1 u32", "input:3 u32"}, 4, 4, "input:0+3 input:3+2", "0.0 0.1 1.0"},
    {{"input:0 u16", "input:4 u16"}, 4, 4, "input:0+1 input:4+1", "0.0 1.0"},
    {{"input:0 u64", "input:4 u16"}, 4, 4, "input:0+4 input:4+1", "0.0 1.0"},
    // Tables are never joined; bits are counted by 16.
    {{"holding:1 u16", "input:0 u16", "coil:0", "discrete:0"},
     125,
     4,
     "coil:0+1 discrete:0+1 input:0+1 holding:1+1",
     "3.0 2.0 0.0 1.0"},
    {{"discrete:0", "discrete:4", "discrete:8", "discrete:12", "discrete:15"},
     1,
     4,
     "discrete:0+16~",
     "0.0 0.4 0.8 0.12 0.15"},
    {{"discrete:12", "discrete:16", "discrete:20", "discrete:24", "discrete:28"},
     1,
     4,
     "discrete:12+13~ discrete:28+1",
     "0.0 0.4 0.8 0.12 1.0"},
    // The same place twice, and the end of the addresses.
    {{"input:3 u16", "input:3 bit 1"}, 125, 4, "input:3+1", "0.0 0.0"},
    {{"input:65535 u16", "input:65533 u32"}, 125, 4, "input:65533+3", "0.2 0.0"},
    {{NULL}, 125, 4, "", ""},
};

static void write_reads(const struct modbus_read *reads, size_t count, char *ret_text, size_t size)
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s:%u+%u%s", i ? " " : "",
                                 modbus_table_name(reads[i].table), reads[i].address, reads[i].count,
                                 reads[i].bridged ? "~" : "");
}

static void write_places(const struct modbus_place *places, size_t count, char *ret_text, size_t size)
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(ret_text + used, size - used, "%s%zu.%zu", i ? " " : "", places[i].read, places[i].offset);
}

static void fields_are_joined_into_few_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct modbus_field fields[MAX];
        struct modbus_read reads[MAX];
        struct modbus_place places[MAX];
        char said[300], placed[300];
        size_t count = 0;
        for (; count < MAX && cases[i].fields[count]; count++)
            assert_int_equal(modbus_field_parse(cases[i].fields[count], &fields[count], NULL), 0);
        size_t planned = modbus_plan(fields, count, cases[i].registers_max, cases[i].gap, reads, places);
        write_reads(reads, planned, said, sizeof said);
        write_places(places, count, placed, sizeof placed);
        if (strcmp(said, cases[i].reads) != 0 || strcmp(placed, cases[i].places) != 0)
            fail_msg("case %zu: %s at %s; expected %s at %s", i, said, placed, cases[i].reads, cases[i].places);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fields_are_joined_into_few_reads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
