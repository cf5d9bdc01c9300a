// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "codecs.h"
#include "frames.h"
#include "settings/settings.h"
#include <string.h>

/*
 * Lines of numbers, one reading a line; the port's `columns` name them. What stands between columns is found by trying, line by
 * line: what gives as many columns as there are names, and numbers in them. A comma may be the decimal point where it is not the
 * separator. Columns may be empty, or nan: then the value is left out. Lines that begin with # are remarks.
 */

enum { LINE_MAX_BYTES = 1024, NUMBER_MAX = 40 };

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
    while (size < line->size && !separates(line->text[size], separator))
        size++;
    *ret_column = trim((struct part){line->text, size});
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

static enum refusal read_line(struct part line, enum separator separator, const char *names, struct raw_pack *pack,
                              struct fault *why)
{
    struct part name, column;
    size_t count = 0;
    for (; take_name(&names, &name); count++) {
        double number;
        if (!take_column(&line, separator, &column)) {
            fault_set(why, 0, _("the line ends after %zu columns; expected those of the key columns"), count);
            return REFUSAL_SYNTAX;
        }
        if ((name.size == 1 && *name.text == '-') || is_missing(column))
            continue;
        if (!read_number(column, &number)) {
            char shown[64];
            fault_set(why, 0, _("column %zu: \"%s\" is not a number"), count + 1,
                      text_escape(column.text, column.size, shown, sizeof shown));
            return REFUSAL_SYNTAX;
        }
        enum refusal refusal = add(name, number, pack, why);
        if (refusal)
            return refusal;
    }
    // Some devices end a line with a separator.
    if (take_column(&line, separator, &column) && (column.size || line.text)) {
        fault_set(why, 0, _("the line has more than %zu columns; expected those of the key columns"), count);
        return REFUSAL_SYNTAX;
    }
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

const struct codec codec_csv = {
    .name = "csv",
    .description = N_("lines of numbers, which the port's key columns names"),
    .content_format = -1,
    .frame_max = LINE_MAX_BYTES,
    .delimit = frame_line,
    .parse = parse,
};
