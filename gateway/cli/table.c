// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include "base/text.h"
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

size_t screen_width(const char *text)
{
    mbstate_t state = {0};
    size_t width = 0, left = strlen(text);
    while (left) {
        wchar_t character;
        size_t taken = mbrtowc(&character, text, left, &state);
        if (taken == 0 || taken > left) { // not of this locale: a byte at a time
            state = (mbstate_t){0};
            width++;
            text++;
            left--;
            continue;
        }
        int columns = wcwidth(character);
        width += columns > 0 ? (size_t)columns : 0;
        text += taken;
        left -= taken;
    }
    return width;
}

void table_init(struct table *table, size_t columns, uint32_t right)
{
    assert(columns > 0 && columns <= TABLE_COLUMNS_MAX);
    *table = (struct table){.columns = columns, .right = right};
}

void table_finish(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){0};
}

void table_cell(struct table *table, const char *text)
{
    if (table->count == table->size) {
        size_t size = table->size ? 2 * table->size : 64;
        char **cells = realloc(table->cells, size * sizeof *cells);
        if (!cells)
            return;
        table->cells = cells;
        table->size = size;
    }
    char escaped[TABLE_CELL_MAX];
    text_escape(text ? text : "", text ? strlen(text) : 0, escaped, sizeof escaped);
    table->cells[table->count++] = strdup(escaped);
}

void table_cellf(struct table *table, const char *format, ...)
{
    char text[TABLE_CELL_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    table_cell(table, text);
}

static const char *cell_at(const struct table *table, size_t index)
{
    return index < table->count && table->cells[index] ? table->cells[index] : "";
}

static void print_row(const struct table *table, size_t row, const size_t *widths, FILE *to, int indent)
{
    size_t owed = (size_t)indent; // blanks to write before the next text
    for (size_t c = 0; c < table->columns; c++) {
        if (!widths[c])
            continue;
        const char *text = cell_at(table, row * table->columns + c);
        size_t padding = widths[c] - screen_width(text);
        bool right = table->right >> c & 1;
        owed += right ? padding : 0;
        if (*text) {
            fprintf(to, "%*s%s", (int)owed, "", text);
            owed = 0;
        }
        owed += (right ? 0 : padding) + 2;
    }
    fputc('\n', to);
}

void table_print(const struct table *table, FILE *to, int indent)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < table->count; i++) {
        size_t width = screen_width(cell_at(table, i));
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (size_t row = 0; row * table->columns < table->count; row++)
        print_row(table, row, widths, to, indent);
}
