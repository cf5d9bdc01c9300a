// SPDX-License-Identifier: Apache-2.0
#include "settings/findings.h"

#include "base/messages.h"
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHERE_MAX = 400, TEXT_MAX = 1000, FINDING_LINE_MAX = WHERE_MAX + 2 * 200 + TEXT_MAX };

const char *origin_place(struct origin origin, struct origin from, char ret_text[PLACE_MAX])
{
    char file[PLACE_MAX - 40];
    if (strcmp(origin.file, from.file) == 0)
        snprintf(ret_text, PLACE_MAX, _("line %d"), origin.line);
    else
        snprintf(ret_text, PLACE_MAX, _("line %d of %s"), origin.line,
                 text_escape(origin.file, strlen(origin.file), file, sizeof file));
    return ret_text;
}

static void count_level(struct findings *findings, enum finding_level level)
{
    findings->warnings += level == FINDING_WARNING;
    findings->disabled += level == FINDING_DISABLES;
    findings->stops += level == FINDING_STOPS;
}

static bool make_room(struct findings *findings)
{
    if (findings->count >= FINDINGS_MAX)
        return false;
    if (findings->count < findings->size)
        return true;
    size_t size = findings->size ? 2 * findings->size : 16;
    struct finding *list = realloc(findings->list, size * sizeof *list);
    if (!list)
        return false;
    findings->list = list;
    findings->size = size;
    return true;
}

static int line_of(struct origin origin, const char *key)
{
    for (const struct key_line *at = origin.keys; key && at && at->key; at++)
        if (strcasecmp(at->key, key) == 0)
            return at->line;
    return origin.line > 0 ? origin.line : 1;
}

// "FILE:LINE: [section] key: ", as much of it as is known. A default has no line; the file's first stands for it.
static void write_where(struct bytes *out, struct origin origin, const char *section, const char *key)
{
    char shown[WHERE_MAX];
    const char *file = origin.file ? origin.file : "-";
    bytes_printf(out, "%s:%d: ", text_escape(file, strlen(file), shown, sizeof shown), line_of(origin, key));
    if (section)
        bytes_printf(out, "[%s]", text_escape(section, strlen(section), shown, 200));
    if (key)
        bytes_printf(out, "%s%s", section ? " " : "", text_escape(key, strlen(key), shown, 200));
    if (section || key)
        bytes_text(out, ": ");
}

void findings_add(struct findings *findings, enum finding_level level, struct origin origin, const char *section,
                  const char *key, const char *format, ...)
{
    count_level(findings, level);
    if (!make_room(findings)) {
        findings->dropped++;
        return;
    }
    char text[TEXT_MAX], shown[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct bytes line;
    bytes_init(&line, FINDING_LINE_MAX);
    write_where(&line, origin, section, key);
    bytes_text(&line, text_escape(text, strlen(text), shown, sizeof shown));
    bytes_char(&line, '\0');
    if (line.overflow) {
        findings->dropped++;
        bytes_finish(&line);
        return;
    }
    findings->list[findings->count++] = (struct finding){.level = level, .text = (char *)line.data};
}

void findings_finish(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        free(findings->list[i].text);
    free(findings->list);
    *findings = (struct findings){0};
}
