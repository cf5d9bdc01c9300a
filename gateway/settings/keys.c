// SPDX-License-Identifier: Apache-2.0
#include "settings/settings.h"

#include "base/messages.h"
#include "base/text.h"
#include "value.h"
#include "width.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { KEY_COLUMNS = 18, TYPE_COLUMNS = 18, DEFAULT_COLUMNS = 26 };

static void write_padded(struct bytes *out, const char *text, size_t columns)
{
    size_t used = width_columns(text);
    bytes_text(out, text);
    bytes_printf(out, "%*s  ", used < columns ? (int)(columns - used) : 0, "");
}

static const char *default_text(const struct key *key)
{
    if (key->flags & KEY_REQUIRED)
        return _("(required)");
    return key->fallback ? key->fallback : "-";
}

static const char *range_text(const struct key *key, char *ret_text, size_t size)
{
    value_range(key, ret_text, size);
    if (key->type == TYPE_URL) {
        bool mqtt = strncmp(key->range, "mqtt", 4) == 0;
        snprintf(ret_text, size, "%s", mqtt ? "mqtt:// | mqtts://" : "http:// | https://");
    } else if (!*ret_text && key->type != TYPE_TEXT && key->type != TYPE_FILE && key->type != TYPE_EXTRA) {
        snprintf(ret_text, size, "%s", value_expected(key));
    }
    return ret_text;
}

/*
 *   key                 type                default                     range
 *                       help
 */
static void write_key(const struct key *key, struct bytes *out)
{
    char name[64], range[200];
    bool prefix = key->name[strlen(key->name) - 1] == '.';
    snprintf(name, sizeof name, "%s%s", key->name, prefix ? "NAME" : "");
    bytes_text(out, "  ");
    write_padded(out, name, KEY_COLUMNS);
    write_padded(out, value_type_name(key), TYPE_COLUMNS);
    write_padded(out, default_text(key), DEFAULT_COLUMNS);
    bytes_text(out, range_text(key, range, sizeof range));
    while (out->used && out->data[out->used - 1] == ' ')
        out->used--;
    bytes_printf(out, "\n%*s%s%s%s\n", KEY_COLUMNS + 4, "", _(key->help), key->flags & KEY_LATER ? " " : "",
                 key->flags & KEY_LATER ? _("(not built yet)") : "");
}

static void write_section(const struct section_type *type, struct bytes *out)
{
    bytes_printf(out, "%s  %s%s%s\n", type->label, _(type->help), type->later ? " " : "",
                 type->later ? _("(not built yet)") : "");
    bytes_text(out, "  ");
    write_padded(out, _("KEY"), KEY_COLUMNS);
    write_padded(out, _("TYPE"), TYPE_COLUMNS);
    write_padded(out, _("DEFAULT"), DEFAULT_COLUMNS);
    bytes_printf(out, "%s\n", _("RANGE"));
    for (const struct key *key = keys; key->section; key++)
        if (strcmp(key->section, type->type) == 0)
            write_key(key, out);
}

static int refuse_section(const char *section, struct fault *why)
{
    char shown[80];
    const char *nearest = section_type_nearest(section);
    text_escape(section, strlen(section), shown, sizeof shown);
    if (nearest)
        return fault_set(why, -ENOENT,
                         _("there is no section \"%s\", perhaps \"%s\" is meant; `citygw keys` lists all"), shown,
                         nearest);
    return fault_set(why, -ENOENT, _("there is no section \"%s\"; `citygw keys` lists all"), shown);
}

int settings_print_keys(const char *section, struct bytes *out, struct fault *why)
{
    const struct section_type *only = NULL;
    if (section) {
        const char *name = section + (*section == '[');
        only = section_type_find(name, strcspn(name, ":]"));
        if (!only)
            return refuse_section(name, why);
    }
    for (const struct section_type *type = section_types; type->type; type++) {
        if (only && type != only)
            continue;
        if (!only && type != section_types)
            bytes_char(out, '\n');
        write_section(type, out);
    }
    return out->overflow ? -ENOMEM : 0;
}
