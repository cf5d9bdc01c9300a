// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "codecs.h"
#include "frames.h"
#include "settings/settings.h"
#include <math.h>
#include <string.h>

/*
 * Lines of numbers, one reading a line; the port's `columns` name them. What stands between columns is found by trying, line by
 * line: what gives as many columns as there are names, and numbers in them. A comma may be the decimal point where it is not the
 * separator, or in quotes. Columns may be empty, or nan: then the value is left out. Lines that begin with # are remarks.
 *
 * The column `time` is a clock of the device's: seconds since some beginning, or HH:MM:SS with a fraction behind a point, a comma
 * or one more colon.
 */

enum { LINE_MAX_BYTES = 1024, NUMBER_MAX = 40 };

static const double clock_end_s =
    1e11; // more seconds than any device counts, and no more than its microseconds have room for

struct part {
    const char *text;
    size_t size;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct part trim(struct part part)
{
    while (part.size && (is_blank(part.text[0]) || part.text[0] == '\r')) {
        part.text++;
        part.size--;
    }
    while (part.size && strchr(" \t\r\n", part.text[part.size - 1]))
        part.size--;
    return part;
}

static struct part unquote(struct part part)
{
    if (part.size < 2 || part.text[0] != '"' || part.text[part.size - 1] != '"')
        return part;
    return trim((struct part){part.text + 1, part.size - 2});
}

static bool separates(char c, enum separator separator)
{
    static const char signs[] = {[SEPARATOR_COMMA] = ',', [SEPARATOR_SEMICOLON] = ';', [SEPARATOR_TAB] = '\t'};
    return separator == SEPARATOR_BLANK ? is_blank(c) : c == signs[separator];
}

// Takes the first column off the line; false when none is left. Several blanks in a row are one.
static bool take_column(struct part *line, enum separator separator, struct part *ret_column)
{
    size_t size = 0;
    if (!line->text)
        return false;
    bool is_quoted = false;
    for (; size < line->size && (is_quoted || !separates(line->text[size], separator)); size++)
        is_quoted ^= line->text[size] == '"';
    *ret_column = unquote(trim((struct part){line->text, size}));
    size_t next = size + (size < line->size);
    while (separator == SEPARATOR_BLANK && next < line->size && is_blank(line->text[next]))
        next++;
    *line = (struct part){size < line->size ? line->text + next : NULL, line->size - next};
    return true;
}

static bool take_name(const char **names, struct part *ret_name)
{
    *names += strspn(*names, " \t");
    *ret_name = (struct part){*names, strcspn(*names, " \t")};
    *names += ret_name->size;
    return ret_name->size > 0;
}

static bool read_number(struct part column, double *ret_number)
{
    char text[NUMBER_MAX];
    if (column.size >= sizeof text)
        return false;
    memcpy(text, column.text, column.size);
    char *comma = memchr(text, ',', column.size);
    bool is_inside = comma && comma > text && comma + 1 < text + column.size;
    if (is_inside && !memchr(text, '.', column.size))
        *comma = '.';
    return number_parse(text, column.size, ret_number);
}

// "20:34:45:119", "20:34:45,119", "20:34:45"
static bool read_time_of_day(struct part column, double *ret_s)
{
    double hours, minutes, seconds;
    char text[NUMBER_MAX];
    if (column.size < 8 || column.size == 9 || column.size >= sizeof text || column.text[2] != ':' ||
        column.text[5] != ':')
        return false;
    memcpy(text, column.text, column.size);
    if (column.size > 8 && strchr(":,", text[8]))
        text[8] = '.';
    for (size_t i = 0; i < column.size; i++)
        if (i != 2 && i != 5 && i != 8 && !(text[i] >= '0' && text[i] <= '9'))
            return false;
    if (!number_parse(text, 2, &hours) || !number_parse(text + 3, 2, &minutes) ||
        !number_parse(text + 6, column.size - 6, &seconds))
        return false;
    *ret_s = hours * 3600 + minutes * 60 + seconds;
    return hours < 24 && minutes < 60 && seconds < 61;
}

static bool read_clock(struct part column, int64_t *ret_us)
{
    double seconds;
    if (!read_time_of_day(column, &seconds) && !read_number(column, &seconds))
        return false;
    if (!(fabs(seconds) < clock_end_s))
        return false;
    *ret_us = (int64_t)llround(seconds * 1e6);
    return true;
}

static bool is_missing(struct part column)
{
    return !column.size || (column.size == 3 && strncasecmp(column.text, "nan", 3) == 0);
}

static enum refusal add(struct part name, double number, struct raw_pack *pack, struct fault *why)
{
    const char *copy = raw_pack_copy(pack, name.text, name.size);
    if (copy && raw_pack_number(pack, copy, "", number))
        return REFUSAL_NONE;
    fault_set(why, 0, _("the frame holds more than fits; expected fewer values"));
    return REFUSAL_LENGTH;
}

static bool is_named(struct part name, const char *text)
{
    return name.size == strlen(text) && memcmp(name.text, text, name.size) == 0;
}

static enum refusal refuse_column(size_t number, struct part column, bool is_time, struct fault *why)
{
    char shown[64];
    fault_set(why, 0,
              is_time ? _("column %zu: \"%s\" is not a time; expected seconds, or HH:MM:SS")
                      : _("column %zu: \"%s\" is not a number"),
              number, text_escape(column.text, column.size, shown, sizeof shown));
    return REFUSAL_SYNTAX;
}

static void set_clock(struct raw_pack *pack, int64_t clock_us)
{
    for (size_t i = 0; i < pack->count; i++) {
        pack->values[i].time = RAW_TIME_DEVICE;
        pack->values[i].time_us = clock_us;
    }
}

static enum refusal read_line(struct part line, enum separator separator, const char *names, struct raw_pack *pack,
                              struct fault *why)
{
    struct part name, column;
    size_t count = 0;
    int64_t clock_us = 0;
    bool has_clock = false;
    for (; take_name(&names, &name); count++) {
        double number;
        if (!take_column(&line, separator, &column)) {
            fault_set(why, 0, _("the line ends after %zu columns; expected those of the key columns"), count);
            return REFUSAL_SYNTAX;
        }
        bool is_time = is_named(name, "time");
        if (is_named(name, "-") || is_missing(column))
            continue;
        if (is_time ? !read_clock(column, &clock_us) : !read_number(column, &number))
            return refuse_column(count + 1, column, is_time, why);
        has_clock |= is_time;
        if (is_time)
            continue;
        enum refusal refusal = add(name, number, pack, why);
        if (refusal)
            return refusal;
    }
    // Some devices end a line with a separator.
    if (take_column(&line, separator, &column) && (column.size || line.text)) {
        fault_set(why, 0, _("the line has more than %zu columns; expected those of the key columns"), count);
        return REFUSAL_SYNTAX;
    }
    if (has_clock)
        set_clock(pack, clock_us);
    return REFUSAL_NONE;
}

static bool occurs(struct part line, enum separator separator)
{
    for (size_t i = 0; i < line.size; i++)
        if (separates(line.text[i], separator))
            return true;
    return false;
}

static bool fits(struct part line, enum separator separator, const char *names, struct raw_pack *pack)
{
    bool fits = read_line(line, separator, names, pack, NULL) == REFUSAL_NONE;
    raw_pack_clear(pack);
    return fits;
}

// A semicolon or a tab is no part of a number; of commas and blanks nobody knows.
static enum refusal try_line(struct part line, const char *names, struct raw_pack *pack, struct fault *why)
{
    bool has_comma = occurs(line, SEPARATOR_COMMA), has_semicolon = occurs(line, SEPARATOR_SEMICOLON);
    if (has_semicolon || fits(line, SEPARATOR_SEMICOLON, names, pack)) // or it is one column
        return read_line(line, SEPARATOR_SEMICOLON, names, pack, why);
    if (occurs(line, SEPARATOR_TAB) && fits(line, SEPARATOR_TAB, names, pack))
        return read_line(line, SEPARATOR_TAB, names, pack, why);
    bool blank = fits(line, SEPARATOR_BLANK, names, pack);
    if (blank && has_comma && !occurs(line, SEPARATOR_TAB) && fits(line, SEPARATOR_COMMA, names, pack)) {
        fault_set(why, 0, _("the line can be read in two ways; expected the key separator"));
        return REFUSAL_SYNTAX;
    }
    bool by_blanks = blank || !has_comma || occurs(line, SEPARATOR_TAB);
    return read_line(line, by_blanks ? SEPARATOR_BLANK : SEPARATOR_COMMA, names, pack, why);
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    const struct codec_options *options = frame->options;
    struct part line = trim((struct part){(const char *)frame->data, frame->size});
    if (!options || !options->columns || !*options->columns || !line.size) {
        fault_set(why, 0, _("nothing to read; expected a line of numbers, and the key columns"));
        return REFUSAL_SYNTAX;
    }
    if (*line.text == '#')
        return REFUSAL_NONE;
    if (options->separator == SEPARATOR_AUTO)
        return try_line(line, options->columns, pack, why);
    return read_line(line, (enum separator)options->separator, options->columns, pack, why);
}

// Nothing is known of what is not wanted, nor of the time, unless the values have one.
static size_t print_column(const struct raw_pack *values, struct part name, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < values->count; i++) {
        const struct raw_value *value = &values->values[i];
        if (is_named(name, "time") && value->time == RAW_TIME_DEVICE)
            return frame_print(out, size, "%.6f", (double)value->time_us / 1e6);
        if (is_named(name, value->name) && value->type == RAW_NUMBER)
            return frame_print(out, size, "%.10g", value->number);
        if (is_named(name, value->name) && value->type == RAW_BOOL)
            return frame_print(out, size, "%d", value->boolean);
    }
    return frame_print(out, size, "nan");
}

static size_t compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    static const char signs[] = {[SEPARATOR_AUTO] = ';',
                                 [SEPARATOR_COMMA] = ',',
                                 [SEPARATOR_SEMICOLON] = ';',
                                 [SEPARATOR_TAB] = '\t',
                                 [SEPARATOR_BLANK] = ' '};
    const char *names = options && options->columns ? options->columns : "";
    struct part name;
    size_t used = 0;
    while (take_name(&names, &name)) {
        size_t column = print_column(values, name, out + used, size - used);
        if (column == 0 || used + column == size)
            return 0;
        used += column;
        out[used++] = (uint8_t)signs[options->separator];
    }
    if (used == 0)
        return 0;
    out[used - 1] = '\n'; // in the place of the last separator
    return used;
}

const struct codec codec_csv = {
    .name = "csv",
    .description = N_("lines of numbers, which the port's key columns names"),
    .content_format = -1,
    .frame_max = LINE_MAX_BYTES,
    .addressed = true,
    .headless = true,
    .delimit = frame_line,
    .parse = parse,
    .compose = compose,
};
