// SPDX-License-Identifier: Apache-2.0
#include "ini.h"

#include "base/messages.h"
#include "base/text.h"
#include "width.h"
#include <errno.h>
#include <string.h>

enum { SHOWN_MAX = 80 };

static const char byte_order_mark[] = "\xef\xbb\xbf";
static const char full_width_blank[] = "\xe3\x80\x80";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_comment(char c)
{
    return c == ';' || c == '#';
}

static char *skip_blanks(char *text)
{
    while (is_blank(*text))
        text++;
    return text;
}

// Cuts ASCII blanks at both ends.
static char *trim(char *text)
{
    text = skip_blanks(text);
    size_t size = strlen(text);
    while (size && is_blank(text[size - 1]))
        text[--size] = '\0';
    return text;
}

// The same, with full-width blanks, which nobody sees at the ends of a value.
static char *trim_value(char *text)
{
    for (;;) {
        text = trim(text);
        size_t size = strlen(text);
        if (strncmp(text, full_width_blank, WIDTH_BYTES) == 0)
            text += WIDTH_BYTES;
        else if (size >= WIDTH_BYTES && strcmp(text + size - WIDTH_BYTES, full_width_blank) == 0)
            text[size - WIDTH_BYTES] = '\0';
        else
            return text;
    }
}

// Where a comment begins: `;` or `#` after a blank, or at the start of a line (pass a blank as what stands before).
static char *find_comment(char *text, char before)
{
    for (; *text; before = *text++)
        if (is_comment(*text) && is_blank(before))
            return text;
    return NULL;
}

static void cut_comment(char *text, char before)
{
    char *comment = find_comment(text, before);
    if (comment)
        *comment = '\0';
}

static enum ini_what wrong_character(struct ini_item *item, const char *wide, char half)
{
    if (half == ' ')
        fault_set(&item->why, -EINVAL, _("a full-width blank stands here; expected an ordinary blank (half width)"));
    else
        fault_set(&item->why, -EINVAL, _("\"%.3s\" is a full-width character; expected \"%c\" in half width"), wide,
                  half);
    return INI_WRONG;
}

static enum ini_what read_section(char *text, struct ini_item *item)
{
    char half;
    const char *wide = width_find(text, &half);
    if (wide) {
        wrong_character(item, wide, half);
        width_fold(text, text);
    }
    char *end = strchr(text, ']');
    item->section = trim(text + 1);
    if (!end) {
        if (!wide)
            fault_set(&item->why, -EINVAL, _("this section is not closed; expected [section] with a ] at its end"));
        return INI_WRONG_SECTION;
    }
    *end = '\0';
    item->section = trim(text + 1);
    if (wide)
        return INI_WRONG_SECTION;
    if (*skip_blanks(end + 1))
        fault_set(&item->why, -EINVAL, _("text follows the ]; expected nothing more on this line"));
    else if (!*item->section)
        fault_set(&item->why, -EINVAL, _("the section has no name; expected one such as [gateway]"));
    else
        return INI_SECTION;
    return INI_WRONG_SECTION;
}

static enum ini_what read_quoted(char *text, struct ini_item *item)
{
    char *end = strchr(text + 1, '"');
    if (!end) {
        fault_set(&item->why, -EINVAL,
                  _("the value begins with a \" that is not closed; expected another \" at its end"));
        return INI_WRONG;
    }
    *end = '\0';
    cut_comment(end + 1, '"');
    if (*skip_blanks(end + 1)) {
        fault_set(&item->why, -EINVAL, _("text follows the closing \"; expected nothing more, or a comment"));
        return INI_WRONG;
    }
    item->value = text + 1;
    return INI_KEY;
}

static enum ini_what read_key(char *line, struct ini_item *item)
{
    char half = '\0', shown[SHOWN_MAX];
    char *comment = find_comment(line, ' '), *equals = strchr(line, '=');
    if (comment && (!equals || comment < equals)) {
        *comment = '\0';
        equals = NULL;
    }
    if (equals)
        *equals = '\0';
    const char *wide = width_find(line, &half);
    if (wide)
        return wrong_character(item, wide, half);
    item->key = trim(line);
    if (!equals) {
        fault_set(&item->why, -EINVAL, _("\"%s\" has no =; expected key = value"),
                  text_escape(item->key, strlen(item->key), shown, sizeof shown));
        return INI_WRONG;
    }
    if (!*item->key) {
        fault_set(&item->why, -EINVAL, _("nothing stands before the =; expected key = value"));
        return INI_WRONG;
    }
    char *value = skip_blanks(equals + 1);
    if (*value == '"')
        return read_quoted(value, item);
    cut_comment(equals + 1, '=');
    item->value = trim_value(equals + 1);
    return INI_KEY;
}

static bool has_control_character(const char *text, struct fault *why)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c >= 0x20 && c != 0x7f) || c == '\t')
            continue;
        fault_set(why, -EINVAL, _("a control character (\\x%02x) stands in this line; expected text"), c);
        return true;
    }
    return false;
}

// Copies the next line into the buffer. False when it is too long to stand there; it is cut then.
static bool take_line(struct ini *ini)
{
    size_t size = 0;
    while (size < ini->left && ini->text[size] != '\n' && ini->text[size] != '\r')
        size++;
    size_t kept = size < INI_LINE_MAX ? size : INI_LINE_MAX;
    memcpy(ini->buffer, ini->text, kept);
    ini->buffer[kept] = '\0';
    size_t end = size;
    if (end < ini->left)
        end += ini->text[end] == '\r' && end + 1 < ini->left && ini->text[end + 1] == '\n' ? 2 : 1;
    ini->text += end;
    ini->left -= end;
    ini->line++;
    return size <= INI_LINE_MAX;
}

void ini_begin(struct ini *ini, const char *text, size_t size)
{
    ini->text = text;
    ini->left = size;
    ini->line = 0;
}

enum ini_what ini_next(struct ini *ini, struct ini_item *ret_item)
{
    while (ini->left) {
        bool whole = take_line(ini);
        *ret_item = (struct ini_item){.line = ini->line, .section = "", .key = "", .value = ""};
        char *line = trim(ini->buffer);
        if (strncmp(line, byte_order_mark, 3) == 0) // where files were joined
            line = trim(line + 3);
        char *visible = trim_value(line);
        if (!*visible || is_comment(*line))
            continue;
        char half = '\0';
        bool section = *visible == '[' || (width_find(visible, &half) == visible && half == '[');
        if (!whole)
            fault_set(&ret_item->why, -EINVAL, _("this line is too long; expected at most %d bytes"), INI_LINE_MAX);
        if (!whole || has_control_character(line, &ret_item->why))
            return section ? INI_WRONG_SECTION : INI_WRONG;
        if (!section)
            return read_key(line, ret_item);
        cut_comment(visible, ' ');
        return read_section(visible, ret_item);
    }
    return INI_END;
}
