// SPDX-License-Identifier: Apache-2.0
#include "ask.h"
#include "base/messages.h"
#include "base/text.h"
#include "cli/verb.h"
#include "complain.h"
#include "display.h"
#include "options.h"
#include "table.h"
#include <stdio.h>
#include <string.h>

enum { CELL_MAX = 512 };

// "mqtt 20, far 18"
static void counts_cell(struct table *table, json_t *counts)
{
    char text[CELL_MAX] = "-";
    size_t used = 0;
    const char *name;
    json_t *count;
    json_object_foreach(counts, name, count)
    {
        if (used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %.0f", used ? ", " : "", display_word(name),
                                     json_number_value(count));
    }
    table_cell(table, text);
}

static void sensor_row(struct table *table, const char *id, const json_t *sensor)
{
    char silence[DISPLAY_SIZE];
    table_cell(table, id);
    if (number_at(sensor, "committed") > 0)
        table_cellf(table, "%.0f-%.0f", number_at(sensor, "first_seq"), number_at(sensor, "last_seq"));
    else
        table_cell(table, "-");
    table_cellf(table, "%.0f", number_at(sensor, "committed"));
    counts_cell(table, json_object_get(sensor, "delivered"));
    table_cellf(table, "%.0f", number_at(sensor, "lost"));
    counts_cell(table, json_object_get(sensor, "refused"));
    bool has_silence = json_is_number(json_object_get(sensor, "longest_silence_s"));
    table_cell(table, display_duration(has_silence ? number_at(sensor, "longest_silence_s") : -1, silence));
}

static void print_report(const json_t *report)
{
    static const char *const heads[] = {N_("ID"),   N_("NUMBERS"), N_("STORED"),         N_("DELIVERED"),
                                        N_("LOST"), N_("REFUSED"), N_("LONGEST SILENCE")};
    struct table table;
    const char *id;
    json_t *sensor;
    printf(_("Account of %s%s\n"), text_at(report, "day"),
           json_is_true(json_object_get(report, "complete")) ? "" : _(" (not complete)"));
    table_init(&table, sizeof heads / sizeof *heads, 1 << 2 | 1 << 4 | 1 << 6);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        table_cell(&table, _(heads[i]));
    json_object_foreach(json_object_get(report, "sensors"), id, sensor)
    {
        sensor_row(&table, id, sensor);
    }
    table_print(&table, stdout, 0);
    table_finish(&table);
}

int verb_report(int argc, char **argv)
{
    struct options options;
    char path[64] = "/api/v1/report";
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_SOCKET | OPTION_JSON | OPTION_DAY, &options, &result))
        return result;
    if (options.day && (strlen(options.day) != 10 || strspn(options.day, "0123456789-") != 10)) {
        complain("%s", _("--day wants a day such as 2026-11-24"));
        return VERB_USAGE;
    }
    if (options.day)
        snprintf(path, sizeof path, "/api/v1/report?day=%s", options.day);
    json_t *report = ask_gateway(&options, path);
    if (!report)
        return VERB_PROBLEM;
    if (!options.json)
        print_report(report);
    json_decref(report);
    return VERB_FINE;
}
