// SPDX-License-Identifier: Apache-2.0
#include "loading.h"

#include "base/messages.h"
#include "base/text.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 1000, KEY_MAX = 5 + ID_MAX + 8 };

static struct origin at_line(const struct section *section, int line)
{
    return (struct origin){.file = section->origin.file, .line = line ? line : section->origin.line};
}

void section_error(struct loading *loading, struct section *section, int line, const char *key, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    findings_add(loading->findings, section->level, at_line(section, line), section->label, key, "%s", text);
    if (!section->bad)
        section->reason = memory_printf(loading->memory, "%s%s%s", key ? key : "", key ? ": " : "", text);
    section->bad = true;
}

void section_warning(struct loading *loading, const struct section *section, int line, const char *key,
                     const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    findings_add(loading->findings, FINDING_WARNING, at_line(section, line), section->label, key, "%s", text);
}

const struct entry *section_entry(const struct section *section, const char *key)
{
    for (size_t i = 0; i < section->count; i++)
        if (strcasecmp(section->entries[i].key, key) == 0)
            return &section->entries[i];
    return NULL;
}

int section_line(const struct section *section, const char *key)
{
    const struct entry *entry = section_entry(section, key);
    return entry ? entry->line : section->origin.line;
}

struct section *section_find(const struct loading *loading, const char *type, const char *name)
{
    char key[KEY_MAX];
    size_t size = (size_t)snprintf(key, sizeof key, "%s:%s", type, name);
    if (size >= sizeof key)
        return NULL;
    for (char *at = key; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    struct section *section = names_get(&loading->by_key, key);
    return section && strcmp(section->name, name) == 0 ? section : NULL; // values are case-sensitive
}

const char *section_nearest(const struct loading *loading, const char *type, const char *name)
{
    const char *names[NEAREST_MAX];
    size_t count = 0;
    for (size_t i = 0; i < loading->section_count && count < NEAREST_MAX; i++) {
        const struct section *section = &loading->sections[i];
        if (section->type && !section->unusable && strcmp(section->type->type, type) == 0)
            names[count++] = section->name;
    }
    return text_nearest(name, names, count);
}
