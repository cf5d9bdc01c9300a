// SPDX-License-Identifier: Apache-2.0
#include "loading.h"

#include "base/messages.h"
#include "base/text.h"
#include "prefixed.h"
#include "value.h"
#include "width.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_prefix(const struct key *key)
{
    return key->name[strlen(key->name) - 1] == '.';
}

static void apply_defaults(struct loading *loading, const char *type, void *object)
{
    for (const struct key *key = keys; key->section; key++) {
        struct value value;
        if (strcmp(key->section, type) != 0 || is_prefix(key))
            continue;
        value_default(key, loading->memory, &value);
        value_store(key, &value, object);
    }
}

// The entry before this one with the same key, or NULL.
static const struct entry *entry_before(const struct section *section, const struct entry *entry)
{
    const struct entry *first = section_entry(section, entry->key);
    return first == entry ? NULL : first;
}

static void warn_when_later(struct loading *loading, struct section *section, const struct entry *entry,
                            const struct key *key, const struct value *value)
{
    struct value fallback;
    if (section->type->later || (!(key->flags & KEY_LATER) && !value->later))
        return;
    value_default(key, loading->scratch, &fallback);
    if (value->later || !value_same(value, &fallback))
        section_warning(loading, section, entry->line, entry->key, "%s",
                        _("this is not built yet and has no effect so far"));
}

static void refuse_unknown(struct loading *loading, struct section *section, const struct entry *entry)
{
    const char *type = section->type->type, *nearest = key_nearest(type, entry->key);
    if (nearest)
        section_error(loading, section, entry->line, entry->key,
                      _("this key is not known, perhaps \"%s\" is meant; `citygw keys %s` lists them"), nearest, type);
    else
        section_error(loading, section, entry->line, entry->key,
                      _("this key is not known; `citygw keys %s` lists them"), type);
}

// The value with ASCII characters in the place of full-width ones, where a number is expected.
static const char *fold_number(struct loading *loading, struct section *section, const struct entry *entry,
                               const struct key *key)
{
    char half, shown[VALUE_SHOWN_MAX];
    if (!value_is_numeric(key) || !width_find(entry->value, &half))
        return entry->value;
    char *folded = memory_take(loading->scratch, strlen(entry->value) + 1);
    if (!folded)
        return entry->value;
    width_fold(entry->value, folded);
    section_warning(loading, section, entry->line, entry->key,
                    _("full-width digits are read as \"%s\"; better in half width"),
                    text_escape(folded, strlen(folded), shown, sizeof shown));
    return folded;
}

static void take_prefixed(struct loading *loading, struct section *section, const struct entry *entry,
                          const struct key *key, const char *suffix)
{
    struct fault why;
    struct origin origin = {.file = section->origin.file, .line = entry->line};
    const char *text = fold_number(loading, section, entry, key);
    if (prefixed_add(key, suffix, text, origin, loading->memory, section->object, &why) != 0)
        section_error(loading, section, entry->line, entry->key, "%s", why.text);
    else if (key->flags & KEY_LATER)
        section_warning(loading, section, entry->line, entry->key, _("this is not built yet and has no effect so far"));
}

static void take_value(struct loading *loading, struct section *section, const struct entry *entry,
                       const struct key *key)
{
    struct fault why;
    struct value value = {.text = "", .second = ""};
    bool empty = !*entry->value;
    if (empty && !(key->flags & KEY_EMPTY_OFF))
        return; // the default
    const char *text = fold_number(loading, section, entry, key);
    if (value_parse(key, text, loading->memory, &value, &why) != 0) {
        section_error(loading, section, entry->line, entry->key, "%s", why.text);
        return;
    }
    if (!empty)
        warn_when_later(loading, section, entry, key, &value);
    if (section->object)
        value_store(key, &value, section->object);
}

static void take_entry(struct loading *loading, struct section *section, const struct entry *entry)
{
    char place[PLACE_MAX];
    const char *suffix;
    const struct key *key = key_find(section->type->type, entry->key, &suffix);
    const struct entry *before = entry_before(section, entry);
    struct origin first = {.file = section->origin.file, .line = before ? before->line : 0};
    if (!key)
        refuse_unknown(loading, section, entry);
    else if (before)
        section_error(loading, section, entry->line, entry->key, _("this key stands already in %s; expected it once"),
                      origin_place(first, section->origin, place));
    else if (is_prefix(key))
        take_prefixed(loading, section, entry, key, suffix);
    else
        take_value(loading, section, entry, key);
}

static void check_required(struct loading *loading, struct section *section)
{
    for (const struct key *key = keys; key->section; key++) {
        if (strcmp(key->section, section->type->type) != 0 || !(key->flags & KEY_REQUIRED))
            continue;
        const struct entry *entry = section_entry(section, key->name);
        char choices[200];
        const char *expected = key->choices ? value_range(key, choices, sizeof choices) : value_expected(key);
        if (!entry || !*entry->value)
            section_error(loading, section, entry ? entry->line : 0, key->name, _("this key is missing; expected %s"),
                          expected);
    }
}

// Other rooms find what is wrong with a value, too.
static const struct key_line *key_lines(struct loading *loading, const struct section *section)
{
    struct key_line *lines = memory_take(loading->memory, (section->count + 1) * sizeof *lines);
    size_t count = 0;
    for (size_t i = 0; lines && i < section->count; i++) {
        const char *suffix;
        const struct key *key = key_find(section->type->type, section->entries[i].key, &suffix);
        if (key && !is_prefix(key)) // those have places of their own
            lines[count++] = (struct key_line){.key = key->name, .line = section->entries[i].line};
    }
    return lines;
}

static void fill(struct loading *loading, struct section *section)
{
    const struct section_type *type = section->type;
    char *object = section->object;
    if (object) {
        const char *name = type->type;
        if (*section->name) // the section goes, its name stays
            name = memory_text(loading->memory, section->name, strlen(section->name));
        section->origin.keys = key_lines(loading, section);
        memcpy(object, &section->origin, sizeof section->origin); // every section's struct begins with it
        if (type->name_offset)
            memcpy(object + type->name_offset, &name, sizeof name);
        apply_defaults(loading, type->type, object);
    }
    if (type->later)
        section_warning(loading, section, 0, NULL, _("this is not built yet and has no effect so far"));
    for (size_t i = 0; i < section->count; i++)
        take_entry(loading, section, &section->entries[i]);
    check_required(loading, section);
}

// Finds sections given twice: the second gets no struct.
static int index_sections(struct loading *loading)
{
    char place[PLACE_MAX];
    if (names_init(&loading->by_key, loading->scratch, loading->section_count) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < loading->section_count; i++) {
        struct section *section = &loading->sections[i];
        if (!section->type || section->unusable)
            continue;
        const struct section *first = names_put(&loading->by_key, section->key, section);
        if (!first)
            continue;
        section->unusable = true;
        section_error(loading, section, 0, NULL, _("this section stands already in %s; expected it once"),
                      origin_place(first->origin, section->origin, place));
    }
    return 0;
}

static bool is_usable(const struct section *section, const struct section_type *type)
{
    return section->type == type && !section->unusable;
}

// A list of exactly the sections of this type.
static int place_list(struct loading *loading, const struct section_type *type)
{
    size_t count = 0, at = 0;
    for (size_t i = 0; i < loading->section_count; i++)
        count += is_usable(&loading->sections[i], type);
    char *list = count ? memory_take(loading->memory, count * type->size) : NULL;
    if (count && !list)
        return -ENOMEM;
    char *settings = (char *)loading->settings;
    memcpy(settings + type->offset, &list, sizeof list);
    memcpy(settings + type->count_offset, &count, sizeof count);
    for (size_t i = 0; i < loading->section_count; i++)
        if (is_usable(&loading->sections[i], type))
            loading->sections[i].object = list + at++ * type->size;
    return 0;
}

// The one struct of this type, with defaults even when the section is not there.
static void place_one(struct loading *loading, const struct section_type *type)
{
    char *object = (char *)loading->settings + type->offset;
    struct origin nowhere = {.file = loading->main_file};
    memcpy(object, &nowhere, sizeof nowhere);
    apply_defaults(loading, type->type, object);
    for (size_t i = 0; i < loading->section_count; i++)
        if (is_usable(&loading->sections[i], type))
            loading->sections[i].object = object;
}

int loading_build(struct loading *loading)
{
    if (index_sections(loading) != 0)
        return -ENOMEM;
    for (const struct section_type *type = section_types; type->type; type++) {
        if (type->count_offset && place_list(loading, type) != 0)
            return -ENOMEM;
        if (type->size && !type->count_offset)
            place_one(loading, type);
    }
    for (size_t i = 0; i < loading->section_count; i++)
        if (loading->sections[i].type && !loading->sections[i].unusable)
            fill(loading, &loading->sections[i]);
    return loading_failed(loading) ? -ENOMEM : 0;
}
