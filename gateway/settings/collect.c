// SPDX-License-Identifier: Apache-2.0
#include "collect.h"

#include "base/messages.h"
#include "base/text.h"
#include "ini.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum finding_level collect_level(const struct reader *reader)
{
    return reader->included ? FINDING_DISABLES : FINDING_STOPS;
}

struct origin collect_origin(const struct reader *reader, int line)
{
    return (struct origin){.file = reader->file, .line = line};
}

static const char *lower(struct settings_memory *memory, const char *type, const char *name)
{
    char *text = (char *)(uintptr_t)memory_printf(memory, "%s:%s", type, name); // ours: just made
    for (char *at = text; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return text;
}

static void trim_end(char *text, size_t size)
{
    while (size && strchr(" \t", text[size - 1]))
        text[--size] = '\0';
}

// Fills type, name and label from "sensor : bay-1".
static void name_section(struct reader *reader, struct section *section, const char *text)
{
    struct settings_memory *memory = reader->loading->scratch;
    size_t size = strcspn(text, ":");
    const char *name = text[size] ? text + size + 1 + strspn(text + size + 1, " \t") : "";
    while (size && strchr(" \t", text[size - 1]))
        size--;
    section->type = section_type_find(text, size);
    section->name = memory_text(memory, name, strlen(name));
    section->level = section->type ? section->type->level : collect_level(reader);
    section->label = memory_text(memory, text, strlen(text));
    if (!section->type)
        return;
    const char *type = section->type->type;
    section->label = *name ? memory_printf(memory, "%s:%s", type, name) : type;
    section->key = lower(memory, type, name);
}

static void refuse_unknown(struct reader *reader, struct section *section)
{
    char type[ID_MAX];
    size_t size = strcspn(section->label, ":");
    size = size < sizeof type - 1 ? size : sizeof type - 1;
    memcpy(type, section->label, size);
    type[size] = '\0';
    trim_end(type, size);
    const char *nearest = section_type_nearest(type);
    if (nearest)
        section_error(reader->loading, section, 0, NULL,
                      _("this section is not known, perhaps [%s] is meant; `citygw keys` lists them"), nearest);
    else
        section_error(reader->loading, section, 0, NULL, _("this section is not known; `citygw keys` lists them"));
}

static void check_name(struct reader *reader, struct section *section)
{
    const struct section_type *type = section->type;
    bool named = section->label[strlen(type->type)] == ':';
    section->unusable = true;
    if (!named && type->naming == SECTION_NAMED)
        section_error(reader->loading, section, 0, NULL, _("the section has no name; expected %s"), type->label);
    else if (named && type->naming == SECTION_PLAIN)
        section_error(reader->loading, section, 0, NULL, _("this section takes no name; expected %s"), type->label);
    else if (named && !text_is_id(section->name, strlen(section->name)))
        section_error(
            reader->loading, section, 0, NULL,
            _("the name is wrong; expected 1 to 64 of A-Z a-z 0-9 _ . - (names for people go into the key `name`)"));
    else if (reader->included && !type->included)
        section_error(reader->loading, section, 0, NULL,
                      _("this section may not stand in an included file; expected it in %s"),
                      reader->loading->main_file);
    else
        section->unusable = false;
}

static void open_section(struct reader *reader, const struct ini_item *item, bool wrong)
{
    struct loading *loading = reader->loading;
    reader->section = NULL;
    reader->lost = true;
    if (loading->section_count == SECTIONS_MAX) {
        if (!loading->too_many)
            findings_add(loading->findings, collect_level(reader), collect_origin(reader, item->line), NULL, NULL,
                         _("there are too many sections; expected at most %d"), SECTIONS_MAX);
        loading->too_many = true;
        return;
    }
    if (wrong && !*item->section) {
        findings_add(loading->findings, collect_level(reader), collect_origin(reader, item->line), NULL, NULL, "%s",
                     item->why.text);
        return;
    }
    void *longer = memory_grow(loading->scratch, loading->sections, loading->section_count, sizeof *loading->sections);
    if (!longer)
        return;
    loading->sections = longer;
    struct section *section = &loading->sections[loading->section_count++];
    *section = (struct section){.origin = collect_origin(reader, item->line), .key = "", .name = "", .reason = ""};
    name_section(reader, section, item->section);
    if (wrong)
        section_error(loading, section, 0, NULL, "%s", item->why.text);
    if (section->type)
        check_name(reader, section);
    else if (!wrong)
        refuse_unknown(reader, section);
    reader->section = section;
    reader->lost = false;
}

static void add_entry(struct reader *reader, const struct ini_item *item)
{
    struct section *section = reader->section;
    struct settings_memory *memory = reader->loading->scratch;
    if (section->count == ENTRIES_MAX) {
        section_error(reader->loading, section, item->line, NULL,
                      _("the section is too long; expected at most %d keys"), ENTRIES_MAX);
        reader->lost = true;
        return;
    }
    void *longer = memory_grow(memory, section->entries, section->count, sizeof *section->entries);
    if (!longer)
        return;
    section->entries = longer;
    section->entries[section->count++] = (struct entry){.key = memory_text(memory, item->key, strlen(item->key)),
                                                        .value = memory_text(memory, item->value, strlen(item->value)),
                                                        .line = item->line};
}

static void take_item(struct reader *reader, enum ini_what what, const struct ini_item *item)
{
    if (what == INI_SECTION || what == INI_WRONG_SECTION) {
        open_section(reader, item, what == INI_WRONG_SECTION);
        return;
    }
    if (reader->lost)
        return;
    if (what == INI_WRONG && reader->section)
        section_error(reader->loading, reader->section, item->line, NULL, "%s", item->why.text);
    else if (what == INI_WRONG)
        findings_add(reader->loading->findings, collect_level(reader), collect_origin(reader, item->line), NULL, NULL,
                     "%s", item->why.text);
    else if (reader->section)
        add_entry(reader, item);
    else
        findings_add(reader->loading->findings, collect_level(reader), collect_origin(reader, item->line), NULL,
                     item->key, _("this key stands before any section; expected a line such as [gateway] above it"));
}

void collect_text(struct reader *reader, const char *text, size_t size)
{
    struct ini *ini = calloc(1, sizeof *ini);
    if (!ini) {
        findings_add(reader->loading->findings, FINDING_STOPS, collect_origin(reader, 1), NULL, NULL,
                     _("out of memory"));
        return;
    }
    struct ini_item item;
    ini_begin(ini, text, size);
    for (enum ini_what what; (what = ini_next(ini, &item)) != INI_END;)
        take_item(reader, what, &item);
    free(ini);
}
