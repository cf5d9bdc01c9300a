// SPDX-License-Identifier: Apache-2.0
#include "status.h"

#include "ask.h"
#include "base/messages.h"
#include "cli/verb.h"
#include "display.h"
#include "options.h"
#include "table.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NOTE_MAX = 1024 };

static bool is_source_bad(const json_t *source)
{
    return strcmp(text_at(source, "state"), "open") != 0 || *text_at(source, "fault");
}

static bool is_connected(const json_t *outlet)
{
    return json_is_true(json_object_get(outlet, "connected"));
}

static bool is_outlet_bad(const json_t *outlet)
{
    return !is_connected(outlet) || *text_at(outlet, "alarm");
}

static bool is_buffer_bad(const json_t *buffer)
{
    return json_is_true(json_object_get(buffer, "failing"));
}

static bool is_losing(const json_t *buffer)
{
    return json_is_true(json_object_get(buffer, "losing"));
}

// That a square is crowded is no fault of the gateway; that its own disk is full is.
static bool is_alert_bad(const json_t *alert)
{
    return strcmp(text_at(alert, "kind"), "gateway") == 0;
}

static size_t count_bad(const json_t *list, bool (*is_bad)(const json_t *item))
{
    size_t index, count = 0;
    json_t *item;
    json_array_foreach(list, index, item)
    {
        count += is_bad(item);
    }
    return count;
}

size_t status_problems(const json_t *status)
{
    return count_bad(json_object_get(status, "alerts"), is_alert_bad) +
           count_bad(json_object_get(status, "sources"), is_source_bad) +
           count_bad(json_object_get(status, "outlets"), is_outlet_bad) +
           is_buffer_bad(json_object_get(status, "buffer")) + is_losing(json_object_get(status, "buffer")) +
           (number_at(json_object_get(status, "sensors"), "disabled") > 0);
}

// Appends to a note, with "; " between its parts.
static void note(char text[NOTE_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(char text[NOTE_MAX], const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;
    if (used && used + 2 < NOTE_MAX) {
        strcpy(text + used, "; ");
        used += 2;
    }
    va_start(args, format);
    vsnprintf(text + used, NOTE_MAX - used, format, args);
    va_end(args);
}

static void print_gateway(const json_t *status, FILE *to)
{
    struct table table;
    char since[DISPLAY_SIZE];
    const json_t *sensors = json_object_get(status, "sensors");
    table_init(&table, 2, 0);
    table_cell(&table, _("Gateway"));
    table_cellf(&table, "%s (%s%s%s)", text_at(status, "gateway"), text_at(status, "municipality"),
                *text_at(status, "municipality_name") ? " " : "", text_at(status, "municipality_name"));
    table_cell(&table, _("Version"));
    table_cell(&table, text_at(status, "version"));
    table_cell(&table, _("Running since"));
    table_cell(&table, display_time(text_at(status, "since"), since));
    table_cell(&table, _("Clock"));
    table_cell(
        &table,
        json_is_true(json_object_get(status, "clock_synchronised"))
            ? _("synchronised")
            : _("not synchronised yet; times are estimates, for which readings wait as long as clock_wait says"));
    table_cell(&table, _("Sensors"));
    if (number_at(sensors, "disabled") > 0)
        table_cellf(&table, _("%.0f, of which disabled: %.0f !"), number_at(sensors, "count"),
                    number_at(sensors, "disabled"));
    else
        table_cellf(&table, "%.0f", number_at(sensors, "count"));
    table_cell(&table, _("Configuration"));
    table_cell(&table, text_at(json_object_get(status, "config"), "file"));
    table_print(&table, to, 0);
    table_finish(&table);
}

// "4 (syntax 3, unknown_sensor 1)"
static void refused_cell(struct table *table, json_t *refused)
{
    char text[NOTE_MAX] = "";
    double sum = 0;
    size_t used = 0;
    const char *reason;
    json_t *count;
    json_object_foreach(refused, reason, count)
    {
        sum += json_number_value(count);
        if (used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %.0f", used ? ", " : "",
                                     display_word(reason), json_number_value(count));
    }
    if (used)
        table_cellf(table, "%.0f (%s)", sum, text);
    else
        table_cell(table, "0");
}

static void source_row(struct table *table, const json_t *source)
{
    char text[NOTE_MAX] = "", wait[DISPLAY_SIZE];
    bool bad = is_source_bad(source);
    if (json_is_number(json_object_get(source, "retry_in_s")))
        note(text, _("tries again in %s"), display_duration(number_at(source, "retry_in_s"), wait));
    if (*text_at(source, "fault"))
        note(text, "%s", text_at(source, "fault"));
    table_cell(table, bad ? "!" : "");
    table_cell(table, text_at(source, "name"));
    table_cell(table, display_word(text_at(source, "state")));
    table_cellf(table, "%.0f", number_at(source, "received"));
    refused_cell(table, json_object_get(source, "refused"));
    table_cell(table, text);
}

static void outlet_row(struct table *table, const json_t *outlet)
{
    char text[NOTE_MAX] = "", lag[DISPLAY_SIZE], since[DISPLAY_SIZE];
    bool connected = is_connected(outlet);
    if (*text_at(outlet, "alarm"))
        note(text, _("ALARM: %s"), text_at(outlet, "alarm"));
    if (*text_at(outlet, "fault"))
        note(text, connected ? _("last fault: %s") : "%s", text_at(outlet, "fault"));
    if (!connected && *text_at(outlet, "since"))
        note(text, _("since %s"), display_time(text_at(outlet, "since"), since));
    table_cell(table, is_outlet_bad(outlet) ? "!" : "");
    table_cell(table, text_at(outlet, "name"));
    table_cell(table, text_at(outlet, "url"));
    table_cell(table, connected ? _("connected") : _("not connected"));
    table_cellf(table, "%.0f", number_at(outlet, "sent"));
    table_cellf(table, "%.0f", number_at(outlet, "lag_readings"));
    table_cell(table, display_duration(number_at(outlet, "lag_s"), lag));
    table_cellf(table, "%.0f", number_at(outlet, "parked"));
    table_cell(table, text);
}

static const double few_samples_hz = 20; // docs/bumps.md, "How well"

static void vehicle_row(struct table *table, const json_t *vehicle)
{
    char text[NOTE_MAX] = "", age[DISPLAY_SIZE];
    if (json_is_number(json_object_get(vehicle, "position_age_s")))
        note(text, _("position %s ago"), display_duration(number_at(vehicle, "position_age_s"), age));
    else
        note(text, "%s", _("no position"));
    if (json_is_number(json_object_get(vehicle, "rate_hz")) && number_at(vehicle, "rate_hz") < few_samples_hz)
        note(text, "%s", _("too few samples: many bumps are missed"));
    if (number_at(vehicle, "incomplete") > 0)
        note(text, _("incomplete: %.0f"), number_at(vehicle, "incomplete"));
    table_cell(table, "");
    table_cell(table, text_at(vehicle, "sensor"));
    table_cellf(table, "%.0f", number_at(vehicle, "samples"));
    if (json_is_number(json_object_get(vehicle, "rate_hz")))
        table_cellf(table, "%.1f Hz", number_at(vehicle, "rate_hz"));
    else
        table_cell(table, "-");
    table_cellf(table, "%.0f", number_at(vehicle, "duplicates"));
    table_cellf(table, "%.0f", number_at(vehicle, "backward"));
    table_cellf(table, "%.0f", number_at(vehicle, "gaps"));
    table_cell(table, text);
}

// "stale (silent_s=2045.7), stuck temperature_c (unchanged_s=90000)"
static void conditions_cell(struct table *table, const json_t *conditions)
{
    char text[NOTE_MAX] = "", number[DISPLAY_SIZE];
    size_t index, used = 0;
    json_t *condition, *value;
    const char *name;
    json_array_foreach(conditions, index, condition)
    {
        const char *quantity = text_at(condition, "quantity"), *word = display_word(text_at(condition, "condition"));
        if (used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s", used ? ", " : "", word,
                                     *quantity ? " " : "", quantity);
        json_object_foreach(condition, name, value)
        {
            if (!json_is_number(value) || used >= sizeof text)
                continue;
            value_shown(value, number, sizeof number);
            used += (size_t)snprintf(text + used, sizeof text - used, " (%s=%s)", name, number);
        }
    }
    table_cell(table, text);
}

static void alert_row(struct table *table, const json_t *alert)
{
    char since[DISPLAY_SIZE];
    table_cell(table, is_alert_bad(alert) ? "!" : "");
    table_cell(table, display_word(text_at(alert, "level")));
    table_cell(table, display_word(text_at(alert, "kind")));
    table_cell(table, text_at(alert, "id"));
    conditions_cell(table, json_object_get(alert, "conditions"));
    table_cell(table, display_time(text_at(alert, "since"), since));
}

static void zone_row(struct table *table, const json_t *zone)
{
    char values[NOTE_MAX];
    table_cell(table, text_at(zone, "id"));
    table_cell(table, text_at(zone, "name"));
    table_cell(table, display_word(text_at(zone, "kind")));
    if (json_is_true(json_object_get(zone, "disabled"))) {
        table_cell(table, _("disabled"));
        table_cell(table, "");
        return;
    }
    table_cell(table, display_word(text_at(zone, "quality")));
    table_cell(table, values_shown(json_object_get(zone, "values"), values, sizeof values));
}

struct section {
    bool optional;                  // not shown when there is none
    const char *key, *more, *title; // more: how many have no room in the list
    void (*row)(struct table *table, const json_t *item);
    uint32_t right;
    size_t columns;
    const char *heads[10];
};

static const struct section sections[] = {
    {true,
     "alerts",
     "alerts_more",
     N_("Alerts, the worst first"),
     alert_row,
     0,
     6,
     {"", N_("LEVEL"), N_("KIND"), N_("ID"), N_("WHAT"), N_("SINCE")}},
    {false,
     "sources",
     NULL,
     N_("Sources"),
     source_row,
     1 << 3,
     6,
     {"", N_("NAME"), N_("STATE"), N_("RECEIVED"), N_("REFUSED"), N_("NOTE")}},
    {false,
     "outlets",
     NULL,
     N_("Outlets"),
     outlet_row,
     1 << 4 | 1 << 5 | 1 << 6 | 1 << 7,
     9,
     {"", N_("NAME"), N_("ADDRESS"), N_("STATE"), N_("SENT"), N_("WAITING"), N_("LAG"), N_("PARKED"), N_("NOTE")}},
    {true,
     "vehicles",
     NULL,
     N_("Vehicles"),
     vehicle_row,
     1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6,
     8,
     {"", N_("NAME"), N_("SAMPLES"), N_("RATE"), N_("SAME TIME"), N_("BACKWARD"), N_("GAPS"), N_("NOTE")}},
    {true,
     "zones",
     "zones_more",
     N_("Zones"),
     zone_row,
     0,
     5,
     {N_("ID"), N_("NAME"), N_("KIND"), N_("QUALITY"), N_("VALUES")}},
};

static void print_section(const json_t *status, const struct section *section, FILE *to)
{
    struct table table;
    size_t index;
    json_t *item;
    const json_t *list = json_object_get(status, section->key);
    if (section->optional && json_array_size(list) == 0)
        return;
    fprintf(to, "\n%s\n", _(section->title));
    if (json_array_size(list) == 0) {
        fprintf(to, "  %s\n", _("(none)"));
        return;
    }
    table_init(&table, section->columns, section->right);
    for (size_t i = 0; i < section->columns; i++)
        table_cell(&table, *section->heads[i] ? _(section->heads[i]) : "");
    json_array_foreach(list, index, item)
    {
        section->row(&table, item);
    }
    table_print(&table, to, 2);
    table_finish(&table);
    double more = section->more ? number_at(status, section->more) : 0;
    if (more > 0)
        fprintf(to, _("  and %.0f more\n"), more);
}

static void lost_cell(struct table *table, const json_t *lost)
{
    if (number_at(lost, "full") + number_at(lost, "age") + number_at(lost, "damage") > 0)
        table_cellf(table, _("%.0f (buffer full), %.0f (too old), %.0f (damaged)"), number_at(lost, "full"),
                    number_at(lost, "age"), number_at(lost, "damage"));
    else
        table_cell(table, _("none"));
}

// "61 h at the present 12.5 readings/s, 4 % used"
static void autonomy_cell(struct table *table, const json_t *buffer)
{
    char age[DISPLAY_SIZE];
    if (json_is_number(json_object_get(buffer, "autonomy_h")))
        table_cellf(table, _("%s at the present %.3g readings/s; %.0f %% used"),
                    display_duration(number_at(buffer, "autonomy_h") * 3600, age), number_at(buffer, "readings_per_s"),
                    number_at(buffer, "used") * 100);
    else
        table_cell(table, _("not known yet"));
}

static void print_buffer(const json_t *buffer, FILE *to)
{
    struct table table;
    char age[DISPLAY_SIZE], oldest[DISPLAY_SIZE], bytes[DISPLAY_SIZE], max[DISPLAY_SIZE], left[DISPLAY_SIZE];
    bool failing = is_buffer_bad(buffer);
    fprintf(to, "\n%s\n", _("Buffer"));
    table_init(&table, 3, 0);
    table_cell(&table, failing ? "!" : "");
    table_cell(&table, _("State"));
    table_cell(&table, failing ? _("the disk does not take readings; the gateway keeps trying") : _("in order"));
    table_cell(&table, "");
    table_cell(&table, _("Kept"));
    table_cellf(&table, _("%.0f readings, the oldest from %s ago (%s)"), number_at(buffer, "readings"),
                display_duration(number_at(buffer, "oldest_age_s"), age),
                display_time(text_at(buffer, "oldest_time"), oldest));
    table_cell(&table, "");
    table_cell(&table, _("Size"));
    table_cellf(&table, _("%s of at most %s; free on the disk: %s"), display_size(number_at(buffer, "bytes"), bytes),
                display_size(number_at(buffer, "max_bytes"), max), display_size(number_at(buffer, "free_bytes"), left));
    table_cell(&table, "");
    table_cell(&table, _("Lasts for"));
    autonomy_cell(&table, buffer);
    table_cell(&table, "");
    table_cell(&table, _("Caught up"));
    if (!json_is_number(json_object_get(buffer, "drained_in_s")))
        table_cell(&table, _("not known yet"));
    else if (number_at(buffer, "drained_in_s") > 0)
        table_cellf(&table, _("in %s"), display_duration(number_at(buffer, "drained_in_s"), age));
    else
        table_cell(&table, _("everything is sent"));
    table_cell(&table, is_losing(buffer) ? "!" : "");
    table_cell(&table, _("Lost"));
    lost_cell(&table, json_object_get(buffer, "lost"));
    table_print(&table, to, 2);
    table_finish(&table);
}

static void print_warnings(const json_t *warnings, FILE *to)
{
    struct table table;
    size_t index;
    json_t *text;
    if (json_array_size(warnings) == 0)
        return;
    fprintf(to, "\n%s\n", _("Warnings"));
    table_init(&table, 1, 0);
    json_array_foreach(warnings, index, text)
    {
        table_cell(&table, json_string_value(text));
    }
    table_print(&table, to, 2);
    table_finish(&table);
}

void status_print(const json_t *status, FILE *to)
{
    print_gateway(status, to);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        print_section(status, &sections[i], to);
    print_buffer(json_object_get(status, "buffer"), to);
    print_warnings(json_object_get(status, "warnings"), to);
    size_t problems = status_problems(status);
    if (problems)
        fprintf(to, _("\nProblems, marked with \"!\": %zu\n"), problems);
    else
        fprintf(to, "\n%s\n", _("No problem was found."));
}

int verb_status(int argc, char **argv)
{
    struct options options;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_SOCKET | OPTION_JSON, &options, &result))
        return result;
    json_t *status = ask_gateway(&options, "/api/v1/status");
    if (!status)
        return VERB_PROBLEM;
    if (!options.json)
        status_print(status, stdout);
    result = status_problems(status) ? VERB_PROBLEM : VERB_FINE;
    json_decref(status);
    return result;
}
