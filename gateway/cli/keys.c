// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"
#include "base/fault.h"
#include "base/messages.h"
#include "city/bump.h"
#include "cli/verb.h"
#include "complain.h"
#include "drivers/codec.h"
#include "options.h"
#include "settings/settings.h"
#include "table.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_BYTES_MAX = 1 << 20 };

// The sections that have a key `codec`.
static bool has_codecs(const char *section)
{
    return !section || strcmp(section, "sensor") == 0 || strcmp(section, "serial") == 0 ||
           strcmp(section, "device") == 0;
}

static bool has_bump_settings(const char *section)
{
    return !section || strcmp(section, "sensor") == 0;
}

static void print_codecs(void)
{
    struct table table;
    printf("\n%s\n", _("Codecs"));
    table_init(&table, 2, 0);
    for (size_t i = 0; codecs[i]; i++) {
        table_cell(&table, codecs[i]->name);
        table_cell(&table, _(codecs[i]->description));
    }
    table_print(&table, stdout, 4);
    table_finish(&table);
}

// The settings that `bump.NAME` stands for.
static void print_bump_settings(void)
{
    struct table table;
    struct bump_key key;
    printf("\n%s\n", _("Settings of the bump detector"));
    table_init(&table, 4, 0);
    for (size_t i = 0; bump_settings_key(i, &key); i++) {
        table_cell(&table, key.name);
        table_cell(&table, key.fallback);
        table_cell(&table, key.range);
        table_cell(&table, _(key.help));
    }
    table_print(&table, stdout, 4);
    table_finish(&table);
}

int verb_keys(int argc, char **argv)
{
    struct options options;
    struct fault why;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_OPERAND, &options, &result))
        return result;
    char *socket = options_settle(&options); // for the language
    if (!socket)
        return VERB_PROBLEM;
    free(socket);
    struct bytes text;
    bytes_init(&text, KEYS_BYTES_MAX);
    result = VERB_FINE;
    if (settings_print_keys(options.operand, &text, &why) < 0) {
        complain("%s", why.text);
        result = VERB_USAGE;
    } else if (text.used) {
        fwrite(text.data, 1, text.used, stdout);
        if (has_codecs(options.operand))
            print_codecs();
        if (has_bump_settings(options.operand))
            print_bump_settings();
    }
    bytes_finish(&text);
    return result;
}
