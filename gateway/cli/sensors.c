// SPDX-License-Identifier: Apache-2.0
#include "sensors.h"

#include "ask.h"
#include "base/messages.h"
#include "cli/verb.h"
#include "display.h"
#include "options.h"
#include "table.h"
#include <stdio.h>
#include <string.h>

enum { VALUES_MAX = 1024 };

// A sensor that was silent for longer than its section allows is stale, whatever its last reading was.
static const char *quality_of(const json_t *sensor)
{
    double limit_s = number_at(sensor, "stale_after_s");
    return limit_s > 0 && number_at(sensor, "age_s") > limit_s ? "stale" : text_at(sensor, "quality");
}

static void sensor_row(struct table *table, const json_t *sensor)
{
    char age[DISPLAY_SIZE], values[VALUES_MAX];
    bool reported = json_is_number(json_object_get(sensor, "age_s"));
    const char *disabled = text_at(sensor, "disabled");
    table_cell(table, text_at(sensor, "id"));
    table_cell(table, text_at(sensor, "name"));
    table_cell(table, display_word(text_at(sensor, "kind")));
    table_cell(table, text_at(sensor, "source"));
    if (number_at(sensor, "seq") > 0)
        table_cellf(table, "%.0f", number_at(sensor, "seq"));
    else
        table_cell(table, "-");
    table_cell(table, display_duration(reported ? number_at(sensor, "age_s") : -1, age));
    if (*disabled) {
        table_cell(table, _("disabled"));
        table_cell(table, disabled);
    } else {
        table_cell(table, display_word(quality_of(sensor)));
        table_cell(table, values_shown(json_object_get(sensor, "values"), values, sizeof values));
    }
}

void sensors_print(const json_t *document, FILE *to)
{
    static const char *const heads[] = {N_("ID"),     N_("NAME"), N_("KIND"),    N_("SOURCE"),
                                        N_("NUMBER"), N_("AGE"),  N_("QUALITY"), N_("VALUES")};
    struct table table;
    size_t index;
    json_t *sensor;
    const json_t *list = json_object_get(document, "sensors");
    if (json_array_size(list) == 0) {
        fprintf(to, "%s\n", _("No sensor is configured."));
        return;
    }
    table_init(&table, sizeof heads / sizeof *heads, 1 << 4 | 1 << 5);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        table_cell(&table, _(heads[i]));
    json_array_foreach(list, index, sensor)
    {
        sensor_row(&table, sensor);
    }
    table_print(&table, to, 0);
    table_finish(&table);
}

int verb_sensors(int argc, char **argv)
{
    struct options options;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_SOCKET | OPTION_JSON, &options, &result))
        return result;
    json_t *document = ask_gateway(&options, "/api/v1/sensors");
    if (!document)
        return VERB_PROBLEM;
    if (!options.json)
        sensors_print(document, stdout);
    json_decref(document);
    return VERB_FINE;
}
