// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A table on a terminal: columns as wide as their widest cell, counted in columns of the screen, where a Japanese
 * character takes two.
 */

enum { TABLE_COLUMNS_MAX = 16, TABLE_CELL_MAX = 4096 };

struct table {
    size_t columns;
    uint32_t right; // bit c: column c is aligned to the right
    char **cells;   // row by row
    size_t count, size;
};

void table_init(struct table *table, size_t columns, uint32_t right);
void table_finish(struct table *table);

// Adds the next cell, left to right, row by row. Control characters are escaped; NULL is an empty cell.
void table_cell(struct table *table, const char *text);
void table_cellf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Two blanks between columns, none at the end of a line. Columns that are empty in every row are left out.
void table_print(const struct table *table, FILE *to, int indent);

// How many columns of the screen the text takes. Wants a UTF-8 locale (messages_use sets it).
size_t screen_width(const char *text);
