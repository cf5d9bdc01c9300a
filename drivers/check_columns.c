// SPDX-License-Identifier: Apache-2.0
#include "check_columns.h"
#include "base/messages.h"
#include "base/text.h"
#include "reading/vocabulary.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128, SHOWN_MAX = 64 };

#define EXAMPLE "distance_m - battery_v"

static bool is_csv(const struct settings_serial *serial)
{
    return strcmp(serial->codec, "csv") == 0;
}

// Takes the next name; false when there is none. One that is too long is cut, and so no name.
static bool next_name(const char **columns, char ret_name[NAME_MAX_BYTES])
{
    *columns += strspn(*columns, " \t");
    size_t size = strcspn(*columns, " \t");
    snprintf(ret_name, NAME_MAX_BYTES, "%.*s", (int)size, *columns);
    *columns += size;
    return size > 0;
}

static bool is_name(const char *name)
{
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/-");
    return !name[size] && size + 1 < NAME_MAX_BYTES;
}

static bool stands_before(const char *columns, const char *end, const char *name)
{
    char other[NAME_MAX_BYTES];
    while (next_name(&columns, other) && columns < end)
        if (strcmp(other, name) == 0)
            return true;
    return false;
}

const char *columns_problem(const struct settings_serial *serial, char *ret_text, size_t size)
{
    const char *at = serial->columns ? serial->columns : "";
    char name[NAME_MAX_BYTES], shown[SHOWN_MAX];
    size_t names = 0;
    if (!is_csv(serial))
        return NULL;
    if (!*at) {
        snprintf(ret_text, size, _("missing; expected what the columns of a line are, such as %s"), EXAMPLE);
        return ret_text;
    }
    while (next_name(&at, name)) {
        text_escape(name, strlen(name), shown, sizeof shown);
        if (!is_name(name)) {
            snprintf(ret_text, size, _("\"%s\" is not a name; expected names with blanks between them, such as %s"),
                     shown, EXAMPLE);
            return ret_text;
        }
        if (strcmp(name, "-") == 0)
            continue;
        names += strcmp(name, "time") != 0;
        if (stands_before(serial->columns, at, name)) {
            snprintf(ret_text, size, _("\"%s\" is given twice; expected each name once"), shown);
            return ret_text;
        }
    }
    if (names)
        return NULL;
    snprintf(ret_text, size, _("no column is wanted; expected the name of one at least, such as %s"), EXAMPLE);
    return ret_text;
}

static bool knows(const struct settings *settings, const struct settings_sensor *sensor, const char *name)
{
    for (size_t i = 0; i < sensor->map_count; i++)
        if (strcmp(sensor->maps[i].field, name) == 0)
            return true;
    for (size_t i = 0; i < settings->device_count; i++)
        for (size_t j = 0; j < settings->device[i].map_count; j++)
            if (!strcmp(settings->device[i].name, sensor->device) && !strcmp(settings->device[i].maps[j].field, name))
                return true;
    return vocabulary_find(name, (enum kind)sensor->kind) != NULL;
}

// The sensor of this port that would have that column; *ret_any is one of those that would not.
static bool is_known(const struct settings *settings, const struct settings_serial *serial, const char *name,
                     const struct settings_sensor **ret_any)
{
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        if (sensor->source_type != SOURCE_SERIAL || strcmp(sensor->source_name, serial->name) != 0)
            continue;
        *ret_any = sensor;
        if (knows(settings, sensor, name))
            return true;
    }
    return false;
}

const char *columns_doubt(const struct settings *settings, const struct settings_serial *serial, char *ret_text,
                          size_t size)
{
    const char *at = serial->columns ? serial->columns : "";
    char name[NAME_MAX_BYTES];
    if (!is_csv(serial) && *at) {
        snprintf(ret_text, size, _("codec = %s does not look at it; expected codec = csv"), serial->codec);
        return ret_text;
    }
    while (next_name(&at, name)) {
        const struct settings_sensor *sensor = NULL;
        bool is_plain = strcmp(name, "-") != 0 && strcmp(name, "time") != 0 &&
                        !strpbrk(name, ":/"); // others have the sensor's address in front
        if (!is_plain || is_known(settings, serial, name, &sensor) || !sensor)
            continue;
        const char *nearest = vocabulary_nearest_of(name, (enum kind)sensor->kind);
        snprintf(ret_text, size, _("no sensor of this port has a quantity for \"%s\"; expected %s, or a map.* for it"),
                 name, nearest ? nearest : "-");
        return ret_text;
    }
    return NULL;
}
