// SPDX-License-Identifier: Apache-2.0
#include "standing_file.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/messages.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MOST 0x1p53 // the last whole number that a double counts to

// NAMES: an entry that says no more than whose it is.
enum { FILE_MAX = 24 << 20, OTHERS_MAX = 1000, NAMES = 2 };

static bool take_number(const json_t *entry, size_t index, double *ret_number)
{
    *ret_number = json_number_value(json_array_get(entry, index));
    return json_is_number(json_array_get(entry, index)) && isfinite(*ret_number);
}

// Within the years 1970 to 9999.
static bool take_time(const json_t *entry, size_t index, int64_t *ret_us)
{
    *ret_us = json_integer_value(json_array_get(entry, index));
    return json_is_integer(json_array_get(entry, index)) && *ret_us >= 0 && *ret_us <= UTC_LAST_US;
}

static void take_counter(struct counters *counters, const struct settings_sensor *sensor, const char *quantity,
                         const json_t *entry)
{
    double raw, total;
    int64_t time_us;
    if (!take_number(entry, 0, &raw) || !take_number(entry, 1, &total) || !take_time(entry, 2, &time_us) ||
        fabs(raw) > NUMBER_MOST || total < 0 || total > NUMBER_MOST)
        return;
    struct counter *counter = counters_of(counters, quantity, (enum kind)sensor->kind);
    if (counter)
        *counter = (struct counter){.quantity = counter->quantity,
                                    .raw = raw,
                                    .total = total,
                                    .time_us = time_us,
                                    .begun = true,
                                    .replaced = json_is_true(json_array_get(entry, 3))};
}

static bool says(const json_t *entry, const char *key, const char *text)
{
    const char *said = json_string_value(json_object_get(entry, key));
    return said && strcmp(said, text) == 0;
}

static bool take_state_name(const json_t *entry, size_t index, enum parking_state *ret_state)
{
    const char *said = json_string_value(json_array_get(entry, index));
    int state = 0;
    while (said && state < PARKING_STATE_COUNT && strcmp(parking_state_names[state], said) != 0)
        state++;
    *ret_state = (enum parking_state)state;
    return said && state < PARKING_STATE_COUNT;
}

// What waits for its hold stands behind: a file of an earlier version has none.
static void take_state(struct parking *parking, const json_t *entry)
{
    struct parking kept = {.begun = true};
    if (!take_state_name(entry, 0, &kept.state) || !take_time(entry, 1, &kept.since_us) ||
        !take_time(entry, 2, &kept.newest_us))
        return;
    if (!take_state_name(entry, 3, &kept.candidate) || !take_time(entry, 4, &kept.candidate_us)) {
        kept.candidate = kept.state;
        kept.candidate_us = kept.since_us;
    }
    *parking = kept;
}

static void take_entry(struct stand *stand, const struct settings_sensor *sensor, json_t *entry)
{
    const char *key;
    json_t *counter;
    bool is_whole =
        json_is_string(json_object_get(entry, "source")) && json_is_string(json_object_get(entry, "address"));
    stand->is_replaced =
        is_whole && (!says(entry, "source", sensor->source) || !says(entry, "address", sensor->address));
    if (stand->parking && !stand->is_replaced)
        take_state(stand->parking, json_object_get(entry, "state"));
    json_object_foreach(entry, key, counter) if (json_is_array(counter))
        take_counter(&stand->counters, sensor, key, counter);
}

static int take_file(json_t *root, const char *epoch, const struct sensors *sensors, struct stand *stands,
                     json_t **ret_others, json_t **ret_city, uint64_t *ret_from)
{
    const char *id;
    json_t *entry, *others = json_object(), *entries = json_object_get(root, "sensors");
    json_int_t number = json_integer_value(json_object_get(root, "reading"));
    if (!json_is_object(entries) || number < 0 || !json_is_string(json_object_get(root, "epoch"))) {
        json_decref(others);
        return -EBADMSG;
    }
    json_object_foreach(entries, id, entry)
    {
        const struct sensor *sensor = sensors_find(sensors, id);
        if (sensor)
            take_entry(&stands[sensor->index], sensor->settings, entry);
        else if (json_object_size(entry) > NAMES && json_object_size(others) < OTHERS_MAX)
            json_object_set(others, id, entry);
    }
    *ret_from = says(root, "epoch", epoch) ? (uint64_t)number : 0;
    *ret_others = others;
    *ret_city = json_incref(json_object_get(root, "city"));
    return 0;
}

int standing_file_read(const char *path, const char *epoch, const struct sensors *sensors, struct stand *stands,
                       json_t **ret_others, json_t **ret_city, uint64_t *ret_from, struct fault *why)
{
    struct bytes text;
    bytes_init(&text, FILE_MAX + 2);
    int error = file_read(path, FILE_MAX, &text, why);
    json_t *root = error ? NULL : json_loadb((const char *)text.data, text.used, 0, NULL);
    if (!error)
        error = root ? take_file(root, epoch, sensors, stands, ret_others, ret_city, ret_from) : -EBADMSG;
    if (error == -EBADMSG)
        fault_set(why, error, _("%s is damaged; the sensors go on from the stored readings"), path);
    json_decref(root);
    bytes_finish(&text);
    return error;
}

// By a clock that nobody had set nothing is known after another start.
static json_t *state_of(const struct parking *parking)
{
    json_t *state =
        json_pack("[s, I, I]", parking_state_names[parking->state],
                  (json_int_t)(parking->since_is_estimated ? 0 : parking->since_us), (json_int_t)parking->newest_us);
    if (state && parking->candidate != parking->state && !parking->candidate_is_estimated) {
        json_array_append_new(state, json_string(parking_state_names[parking->candidate]));
        json_array_append_new(state, json_integer(parking->candidate_us));
    }
    return state;
}

static json_t *entry_of(const struct settings_sensor *sensor, const struct stand *stand)
{
    const struct counters *counters = &stand->counters;
    const struct parking *parking = stand->parking;
    json_t *entry = json_pack("{s:s, s:s}", "source", sensor->source, "address", sensor->address);
    if (parking && parking->begun)
        json_object_set_new(entry, "state", state_of(parking));
    for (size_t i = 0; entry && i < counters->count; i++) {
        const struct counter *counter = &counters->list[i];
        json_t *list =
            json_pack("[f, f, I, b]", counter->raw, counter->total, (json_int_t)counter->time_us, counter->replaced);
        json_object_set_new(entry, counter->quantity, list);
    }
    return entry;
}

json_t *standing_file_make(const struct sensors *sensors, const struct stand *stands, json_t *others, json_t *city,
                           const char *epoch, uint64_t number)
{
    json_t *entries = others ? json_copy(others) : json_object();
    for (size_t i = 0; i < sensors_count(sensors); i++) {
        const struct settings_sensor *sensor = sensors_at(sensors, i)->settings;
        if (city || stands[i].counters.count > 0 || (stands[i].parking && stands[i].parking->begun))
            json_object_set_new(entries, sensor->id, entry_of(sensor, &stands[i]));
    }
    return json_pack("{s:s, s:I, s:o, s:o*}", "epoch", epoch, "reading", (json_int_t)number, "sensors", entries, "city",
                     city);
}

char *standing_file_text(json_t *file, bool *ret_without_city)
{
    char *text = json_dumps(file, JSON_COMPACT | JSON_PRESERVE_ORDER);
    *ret_without_city = text && strlen(text) > FILE_MAX && json_object_del(file, "city") == 0;
    if (!*ret_without_city)
        return text;
    free(text);
    return json_dumps(file, JSON_COMPACT | JSON_PRESERVE_ORDER);
}
