// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"
#include "base/fault.h"
#include "base/messages.h"
#include "city/bump.h"
#include "cli/verb.h"
#include "complain.h"
#include "drivers/codec.h"
#include "options.h"
#include "reading/vocabulary.h"
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

static const char quantities[] = "quantities";

static void kinds_cell(struct table *table, const struct quantity *quantity)
{
    char text[128];
    size_t used = 0, kinds = 0;
    text[0] = '\0';
    for (size_t k = 0; k < KIND_GENERIC; k++)
        if (quantity->kinds >> k & 1) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", kinds ? " " : "", kind_names[k]);
            kinds++;
        }
    table_cell(table, kinds == KIND_GENERIC ? _("all") : text);
}

static void bound_cell(struct table *table, const struct quantity *quantity, double bound)
{
    if (quantity->type == VALUE_NUMBER || quantity->type == VALUE_INTEGER)
        table_cellf(table, "%.15g", bound);
    else
        table_cell(table, "");
}

// What `map.` and `range.` may name.
static void print_quantities(void)
{
    static const char *const heads[] = {N_("QUANTITY"), N_("MEASURED IN"), N_("LOWEST"),
                                        N_("HIGHEST"),  N_("KIND"),        N_("MEANING")};
    struct table table;
    table_init(&table, sizeof heads / sizeof *heads, 1 << 2 | 1 << 3);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        table_cell(&table, _(heads[i]));
    for (size_t i = 0; vocabulary_at(i); i++) {
        const struct quantity *quantity = vocabulary_at(i);
        table_cell(&table, quantity->name);
        table_cell(&table, quantity->unit);
        bound_cell(&table, quantity, quantity->low);
        bound_cell(&table, quantity, quantity->high);
        kinds_cell(&table, quantity);
        table_cell(&table, _(quantity->meaning));
    }
    table_print(&table, stdout, 0);
    table_finish(&table);
    printf("\n%s\n",
           _("Sensors of kind environment take each that has a unit, those of kind generic every one, and both any "
             "other name of a-z 0-9 _ that ends in a unit, such as tank_level_m or soil_temperature_c."));
}

static int print_keys(const char *section)
{
    struct fault why;
    struct bytes text;
    int result = VERB_FINE;
    bytes_init(&text, KEYS_BYTES_MAX);
    if (settings_print_keys(section, &text, &why) < 0) {
        complain("%s", why.text);
        result = VERB_USAGE;
    } else if (text.used) {
        fwrite(text.data, 1, text.used, stdout);
        if (has_codecs(section)) {
            print_codecs();
            printf("\n%s\n", _("The quantities of map.* and range.*: citygw keys quantities"));
        }
        if (has_bump_settings(section))
            print_bump_settings();
    }
    bytes_finish(&text);
    return result;
}

int verb_keys(int argc, char **argv)
{
    struct options options;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_OPERAND, &options, &result))
        return result;
    char *socket = options_settle(&options); // for the language
    if (!socket)
        return VERB_PROBLEM;
    free(socket);
    if (!options.operand || strcmp(options.operand, quantities) != 0)
        return print_keys(options.operand);
    print_quantities();
    return VERB_FINE;
}
