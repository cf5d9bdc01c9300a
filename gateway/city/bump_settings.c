// SPDX-License-Identifier: Apache-2.0
#include "city/bump.h"

#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define STANDARD_GRAVITY 9.80665

struct unit {
    const char *name; // NULL ends the list
    double factor;
};

// The first is the key's own. A factor has none.
static const struct unit accelerations[] = {
    {"m/s2", 1}, {"m/s²", 1}, {"g", STANDARD_GRAVITY}, {"mg", STANDARD_GRAVITY / 1000}, {NULL, 0}};
static const struct unit speeds[] = {{"m/s", 1}, {"km/h", 1 / 3.6}, {NULL, 0}};
static const struct unit lengths[] = {{"m", 1}, {NULL, 0}};
static const struct unit durations[] = {{"s", 1}, {"ms", 1e-3}, {NULL, 0}};
static const struct unit factors[] = {{"", 1}, {NULL, 0}};

static const struct row {
    const char *name;
    const struct unit *units;
    double fallback, low, high;
    size_t offset;
    const char *help;
} rows[] = {
#define AT(member) offsetof(struct bump_settings, member)
    {"zpeak", accelerations, 2.5, 0.5, 100, AT(zpeak_mps2), N_("vertical acceleration, without gravity")},
    {"zdiff", accelerations, 2, 0.5, 100, AT(zdiff_mps2), N_("its change within 20 ms")},
    {"stdev", accelerations, 1, 0.2, 100, AT(stdev_mps2), N_("its standard deviation within 0.25 s")},
    {"gzero", accelerations, 5.9, 0, 9.5, AT(gzero_mps2),
     N_("acceleration of all axes together, gravity included: less is an event")},
    {"standout", factors, 6.5, 0, 100, AT(standout),
     N_("an event stands out from the road's own roughness so many times")},
    {"speed_min", speeds, 2, 0, 50, AT(speed_min_mps), N_("slower than this nothing is an event")},
    {"slow", speeds, 6.94, 0, 50, AT(slow_mps), N_("slower than this the thresholds are lower")},
    {"slow_factor", factors, 0.8, 0.1, 1, AT(slow_factor), N_("the thresholds are multiplied by that then")},
    {"apart", lengths, 8, 1, 50, AT(apart_m), N_("what is nearer than this is one object: both axles go over it")},
    {"refractory", durations, 1.2, 0.05, 3, AT(refractory_s), N_("the same in time, where the speed is not known")},
    {"gnss_delay", durations, 0, 0, 5, AT(gnss_delay_s), N_("how late positions are; an event is put forward by that")},
    {"medium", accelerations, 6, 0.5, 200, AT(medium_mps2), N_("from this acceleration on the severity is 2")},
    {"heavy", accelerations, 10, 0.5, 200, AT(heavy_mps2), N_("from this acceleration on the severity is 3")},
#undef AT
};

enum { ROWS = sizeof rows / sizeof *rows, SHOWN_MAX = 80 };

static const char prefix[] = "bump.";

static double *place(struct bump_settings *settings, const struct row *row)
{
    return (double *)(void *)((char *)settings + row->offset);
}

void bump_settings_default(struct bump_settings *ret_settings)
{
    for (size_t i = 0; i < ROWS; i++)
        *place(ret_settings, &rows[i]) = rows[i].fallback;
}

static const char *after_prefix(const char *key)
{
    size_t size = sizeof prefix - 1;
    return strncasecmp(key, prefix, size) == 0 ? key + size : key;
}

static const struct row *find(const char *key)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcasecmp(rows[i].name, key) == 0)
            return &rows[i];
    return NULL;
}

static int refuse_key(const char *key, struct fault *why)
{
    const char *names[ROWS];
    char shown[SHOWN_MAX];
    for (size_t i = 0; i < ROWS; i++)
        names[i] = rows[i].name;
    const char *nearest = text_nearest(key, names, ROWS);
    text_escape(key, strlen(key), shown, sizeof shown);
    if (nearest)
        return fault_set(why, -ENOENT, _("there is no setting \"%s\"; did you mean \"%s\"?"), shown, nearest);
    return fault_set(why, -ENOENT, _("there is no setting \"%s\"; expected one of `citygw keys sensor`"), shown);
}

// "4 m/s2", "0.4g", "4"
static bool parse(const char *text, const struct unit *units, double *ret_value)
{
    size_t size = strspn(text, "0123456789+-.");
    double number;
    if (!number_parse(text, size, &number))
        return false;
    text += size;
    text += strspn(text, " \t");
    const struct unit *unit = units;
    while (*text && unit->name && strcmp(unit->name, text) != 0)
        unit++;
    if (!unit->name)
        return false;
    *ret_value = number * unit->factor;
    return true;
}

static void write_amount(double amount, const struct unit *units, char *ret_text, size_t size)
{
    snprintf(ret_text, size, "%g%s%s", amount, *units->name ? " " : "", units->name);
}

static void write_range(const struct row *row, char *ret_text, size_t size)
{
    char low[20], high[20];
    write_amount(row->low, row->units, low, sizeof low);
    write_amount(row->high, row->units, high, sizeof high);
    snprintf(ret_text, size, "%s..%s", low, high);
}

int bump_settings_set(struct bump_settings *settings, const char *key, const char *value, struct fault *why)
{
    const struct row *row = find(after_prefix(key));
    char shown[SHOWN_MAX], range[48];
    double amount;
    if (!row)
        return refuse_key(after_prefix(key), why);
    write_range(row, range, sizeof range);
    text_escape(value, strlen(value), shown, sizeof shown);
    if (!parse(value, row->units, &amount))
        return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), shown, range);
    if (!(amount >= row->low && amount <= row->high))
        return fault_set(why, -EINVAL, _("\"%s\" is out of range; expected %s"), shown, range);
    *place(settings, row) = amount;
    return 0;
}

int bump_settings_read(const struct settings_sensor *sensor, struct bump_settings *ret_settings,
                       const struct settings_extra **ret_extra, struct fault *why)
{
    struct bump_settings settings;
    bump_settings_default(&settings);
    for (size_t i = 0; i < sensor->extra_count; i++) {
        const struct settings_extra *extra = &sensor->extras[i];
        int error = bump_settings_set(&settings, extra->key, extra->value, why);
        if (error) {
            *ret_extra = extra;
            return error;
        }
    }
    *ret_settings = settings;
    return 0;
}

void bump_check(struct settings *settings, struct findings *findings)
{
    for (size_t i = 0; i < settings->sensor_count; i++) {
        struct settings_sensor *sensor = &settings->sensor[i];
        const struct settings_extra *extra;
        struct bump_settings unused;
        struct fault why;
        if (!sensor->disabled && bump_settings_read(sensor, &unused, &extra, &why) != 0)
            settings_disable_sensor(settings, sensor, findings, extra->origin, extra->key, "%s", why.text);
    }
}

void bump_settings_summary(const struct bump_settings *settings, char ret_text[BUMP_SUMMARY_MAX])
{
    struct bump_settings copy = *settings;
    size_t used = 0;
    *ret_text = '\0';
    for (size_t i = 0; i < ROWS && used < BUMP_SUMMARY_MAX; i++)
        used += (size_t)snprintf(ret_text + used, BUMP_SUMMARY_MAX - used, "%s%s=%.6g", used ? " " : "", rows[i].name,
                                 *place(&copy, &rows[i]));
}

bool bump_settings_key(size_t index, struct bump_key *ret_key)
{
    if (index >= ROWS)
        return false;
    const struct row *row = &rows[index];
    snprintf(ret_key->name, sizeof ret_key->name, "%s%s", prefix, row->name);
    write_amount(row->fallback, row->units, ret_key->fallback, sizeof ret_key->fallback);
    write_range(row, ret_key->range, sizeof ret_key->range);
    ret_key->help = row->help;
    return true;
}
