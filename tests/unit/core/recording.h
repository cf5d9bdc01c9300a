// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A drive with the faults that recorded ones have: numbers in quotes with a decimal comma, a column too many at the end, half of the
 * stamps equal to the one before, accelerations said twice, a gap, one step back, no fix in the beginning.
 */

enum { RECORDING_ROWS = 6000, RECORDING_LINE_MAX = 256 };

static inline void recording_number(char *text, size_t size, double number)
{
    snprintf(text, size, "\"%.4f\"", number);
    *strchr(text, '.') = ',';
}

// One line with its end: time, three accelerations in g, latitude, longitude, speed. Batches of 1, 2, 3, 2, 1, ... have one stamp.
static inline void recording_line(size_t row, char ret_line[RECORDING_LINE_MAX])
{
    static const size_t batch_begins[] = {0, 1, 1, 3, 3, 3, 6, 6, 8, 9, 9, 11, 11, 11, 14, 14};
    size_t stamp = row / 16 * 16 + batch_begins[row % 16];
    double time_s = (double)stamp * 0.0153 + (row >= 2000 ? 0.376 : 0) - (row >= 4000 ? 1.25 : 0);
    double value = (double)(row % 5 == 4 ? row - 1 : row); // every fifth is said twice
    char time[32], x[32], y[32], z[32], place[64];
    recording_number(time, sizeof time, time_s);
    recording_number(x, sizeof x, value / 1e4);
    recording_number(y, sizeof y, -0.1);
    recording_number(z, sizeof z, 1);
    if (row < 300)
        strcpy(place, "\"0,00000000\",\"0,00000000\",\"0,0000\"");
    else
        snprintf(place, sizeof place, "\"-23,%08zu\",\"-46,60000000\",\"4,7300\"", 40000000 + row / 65 * 1000);
    snprintf(ret_line, RECORDING_LINE_MAX, "%s,%s,%s,%s,%s,\n", time, x, y, z, place);
}
