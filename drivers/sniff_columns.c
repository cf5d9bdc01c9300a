// SPDX-License-Identifier: Apache-2.0
#include "sniff_columns.h"

#include "base/number.h"
#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 200, NUMBER_MAX = 40, LEAST = 2, PERCENT = 80 };

// How the lines look when one sign separates their columns.
struct shape {
    char sign;
    enum separator separator;
    size_t lines, with_columns[SNIFF_COLUMNS_MAX + 1]; // lines that have so many columns
    size_t numbers[SNIFF_COLUMNS_MAX];                 // lines with a number in that column
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool separates(const struct shape *shape, uint8_t c)
{
    return shape->separator == SEPARATOR_BLANK ? is_blank(c) : c == (uint8_t)shape->sign;
}

static bool is_number(const uint8_t *column, size_t size)
{
    char text[NUMBER_MAX];
    double ignored;
    while (size && is_blank(column[size - 1]))
        size--;
    while (size && is_blank(*column)) {
        column++;
        size--;
    }
    if (size == 0 || size >= sizeof text)
        return false;
    memcpy(text, column, size);
    char *comma = memchr(text, ',', size);
    if (comma)
        *comma = '.';
    return number_parse(text, size, &ignored);
}

static void look_at_line(struct shape *shape, const uint8_t *line, size_t size)
{
    size_t columns = 0, at = 0;
    while (at < size) {
        size_t begin = at;
        while (at < size && !separates(shape, line[at]))
            at++;
        if (at > begin || shape->separator != SEPARATOR_BLANK) {
            if (columns == SNIFF_COLUMNS_MAX)
                return;
            shape->numbers[columns++] += is_number(line + begin, at - begin);
        }
        at++;
    }
    shape->with_columns[columns]++;
}

static bool is_text(const uint8_t *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((line[i] < ' ' && !is_blank(line[i])) || line[i] == 0x7f)
            return false;
    return true;
}

// Remarks say nothing.
static bool is_passed_over(const uint8_t *line, size_t size)
{
    while (size && is_blank(line[size - 1]))
        size--;
    return size == 0 || *line == '#';
}

static size_t look_at_lines(struct shape *shape, const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size, *feed = memchr(data, '\n', size); // the first line may be half a one
    while (feed && shape->lines < LINES_MAX) {
        const uint8_t *line = feed + 1;
        feed = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
        size_t length = feed ? (size_t)(feed - line) : 0;
        while (length && line[length - 1] == '\r')
            length--;
        if (!feed || is_passed_over(line, length))
            continue;
        shape->lines++;
        // Packs of JSON are no columns, whatever stands in them.
        if (is_text(line, length) && *line != '[' && *line != '{')
            look_at_line(shape, line, length);
    }
    return shape->lines;
}

static bool is_most(size_t count, size_t of)
{
    return of > 0 && count * 100 >= of * PERCENT;
}

// How many columns nearly all lines have; 0: they differ.
static size_t columns_of(const struct shape *shape)
{
    for (size_t i = LEAST; i <= SNIFF_COLUMNS_MAX; i++)
        if (is_most(shape->with_columns[i], shape->lines))
            return i;
    return 0;
}

static size_t numbers_of(const struct shape *shape)
{
    size_t count = 0, columns = columns_of(shape);
    for (size_t i = 0; i < columns; i++)
        count += is_most(shape->numbers[i], shape->lines);
    return count;
}

static void write_columns(const struct shape *shape, char ret_columns[SNIFF_TEXT_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < columns_of(shape); i++)
        used += (size_t)(is_most(shape->numbers[i], shape->lines)
                             ? snprintf(ret_columns + used, SNIFF_TEXT_SIZE - used, "%svalue_%zu", i ? " " : "", i + 1)
                             : snprintf(ret_columns + used, SNIFF_TEXT_SIZE - used, "%s-", i ? " " : ""));
}

bool sniff_columns(const uint8_t *data, size_t size, char ret_columns[SNIFF_TEXT_SIZE], enum separator *ret_separator)
{
    struct shape shapes[] = {{.sign = ';', .separator = SEPARATOR_SEMICOLON},
                             {.sign = '\t', .separator = SEPARATOR_TAB},
                             {.sign = ',', .separator = SEPARATOR_COMMA},
                             {.sign = ' ', .separator = SEPARATOR_BLANK}};
    const struct shape *best = NULL;
    size_t numbers = 0;
    for (size_t i = 0; size > 0 && i < sizeof shapes / sizeof *shapes; i++) {
        if (look_at_lines(&shapes[i], data, size) < LEAST || numbers_of(&shapes[i]) <= numbers)
            continue;
        numbers = numbers_of(&shapes[i]);
        best = &shapes[i];
    }
    if (!best)
        return false;
    write_columns(best, ret_columns);
    *ret_separator = best->separator;
    return true;
}
