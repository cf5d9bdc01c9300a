// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"
#include "base/fault.h"
#include "base/messages.h"
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
    }
    bytes_finish(&text);
    return result;
}
