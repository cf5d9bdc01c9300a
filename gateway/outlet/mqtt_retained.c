// SPDX-License-Identifier: Apache-2.0
#include "mqtt_retained.h"

#include "base/bytes.h"
#include "base/files.h"
#include "base/messages.h"
#include "base/text.h"
#include "mqtt_format.h"
#include "reading/reading.h"
#include "reading/stream.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Makes room for one more element; the caller stores it.
static int grow(void **list, size_t count, size_t *size, size_t element)
{
    if (count < *size) {
        return 0;
    }
    if (count >= RETAINED_MAX) {
        return -ENOSPC;
    }
    size_t larger = *size ? *size * 2 : 64;
    void *grown = realloc(*list, larger * element);
    if (!grown) {
        return -ENOMEM;
    }
    *list = grown;
    *size = larger;
    return 0;
}

// Where the topic stands among the present ones, or where it belongs: they are sorted.
static size_t find(const struct retained *retained, const char *topic, bool *ret_found)
{
    size_t low = 0, high = retained->present_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(retained->present[middle], topic);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_found = false;
    return low;
}

int retained_add(struct retained *retained, const char *topic)
{
    bool found;
    size_t at = find(retained, topic, &found);
    if (found) {
        return 0;
    }
    int error =
        grow((void **)&retained->present, retained->present_count, &retained->present_size, sizeof *retained->present);
    if (!error) {
        error = grow((void **)&retained->numbers, retained->present_count, &retained->numbers_size,
                     sizeof *retained->numbers);
    }
    char *copy = error ? NULL : strdup(topic);
    if (!copy) {
        return error ? error : -ENOMEM;
    }
    size_t behind = retained->present_count - at;
    memmove(&retained->present[at + 1], &retained->present[at], behind * sizeof *retained->present);
    memmove(&retained->numbers[at + 1], &retained->numbers[at], behind * sizeof *retained->numbers);
    retained->present[at] = copy;
    retained->numbers[at] = 0;
    retained->present_count++;
    retained->dirty = true;
    return 0;
}

static int add_below(struct retained *retained, const char *tree, const char *below)
{
    char topic[TOPIC_SIZE];
    int error = topic_below(tree, below, topic);
    return error ? error : retained_add(retained, topic);
}

// Whether there is such an alert or not: one that ends while we are not there has to be emptied, and one that goes on not.
static int add_alert(struct retained *retained, const char *tree, const char *kind, const char *id)
{
    char stream[STREAM_SIZE];
    stream_alert(kind, id, stream);
    return add_below(retained, tree, stream);
}

static int add_zone(struct retained *retained, const char *tree, const struct settings_zone *zone)
{
    char stream[STREAM_SIZE];
    if (zone->disabled || !text_is_id(zone->id, strlen(zone->id))) {
        return 0;
    }
    stream_zone(zone->id, stream);
    int error = add_below(retained, tree, stream);
    return error || zone->kind != KIND_CROWD ? error : add_alert(retained, tree, kind_names[zone->kind], zone->id);
}

static bool retains_states(const struct settings *settings, const char *outlet)
{
    for (size_t i = 0; i < settings->mqtt_count; i++) {
        if (strcmp(settings->mqtt[i].name, outlet) == 0) {
            return mqtt_format(settings->mqtt[i].format)->retained;
        }
    }
    return true;
}

static int add_sensor(struct retained *retained, const char *tree, const struct settings_sensor *sensor, bool states)
{
    char topic[TOPIC_SIZE], about[TOPIC_SIZE];
    snprintf(about, sizeof about, "about/%s", sensor->id);
    if (topic_reading(tree, (enum kind)sensor->kind, sensor->id, topic)) {
        return 0; // a disabled section may have any id; nothing is ever published for it
    }
    int error = add_below(retained, tree, about);
    if (error || !states) {
        return error;
    }
    if (kind_is_state((enum kind)sensor->kind)) {
        error = retained_add(retained, topic);
    }
    return error ? error : add_alert(retained, tree, kind_names[sensor->kind], sensor->id);
}

static int add_present(struct retained *retained, const char *outlet, const struct settings *settings, const char *tree)
{
    static const char *const documents[] = {"status", "info", "health", "loss", "report"};
    bool states = retains_states(settings, outlet);
    int error = 0;
    for (size_t i = 0; !error && i < sizeof documents / sizeof *documents; i++) {
        error = add_below(retained, tree, documents[i]);
    }
    for (size_t i = 0; !error && i < settings->sensor_count; i++) {
        error = add_sensor(retained, tree, &settings->sensor[i], states);
    }
    for (size_t i = 0; !error && states && i < settings->zone_count; i++) {
        error = add_zone(retained, tree, &settings->zone[i]);
    }
    for (size_t i = 0; !error && states && i < GATEWAY_ALERT_COUNT; i++) {
        error = add_alert(retained, tree, "gateway", gateway_alerts[i]);
    }
    return error == -ENOSPC ? 0 : error;
}

static int add_vanished(struct retained *retained, const char *topic)
{
    int error = grow((void **)&retained->vanished, retained->vanished_count, &retained->vanished_size,
                     sizeof *retained->vanished);
    char *copy = error ? NULL : strdup(topic);
    if (!copy) {
        return error ? error : -ENOMEM;
    }
    retained->vanished[retained->vanished_count++] = (struct vanished){copy, VANISHED_WAITING};
    return 0;
}

static int take_line(struct retained *retained, const char *line, size_t size)
{
    char topic[RETAINED_LINE_MAX];
    bool found;
    if (size >= sizeof topic || !topic_is_ours(line, size)) {
        return 0;
    }
    memcpy(topic, line, size);
    topic[size] = '\0';
    find(retained, topic, &found);
    return found ? 0 : add_vanished(retained, topic);
}

static int take_file(struct retained *retained, struct fault *why)
{
    struct bytes text;
    bytes_init(&text, RETAINED_FILE_MAX + 2);
    int error = file_read(retained->path, RETAINED_FILE_MAX, &text, why);
    const char *line = (const char *)text.data, *end = error ? line : line + text.used;
    int full = 0;
    while (!full && line && line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        full = take_line(retained, line, (size_t)(stop - line));
        line = stop + 1;
    }
    bytes_finish(&text);
    return error == -ENOENT || error == 0 ? 0 : error;
}

int retained_init(struct retained *retained, const char *folder, const char *outlet, const struct settings *settings,
                  const char *tree, struct fault *why)
{
    *retained = (struct retained){.dirty = true};
    bool kept = folder && folder[0];
    if (asprintf(&retained->path, "%s%s%s", kept ? folder : "", kept ? "/retained." : "", kept ? outlet : "") < 0) {
        retained->path = NULL;
        return fault_set(why, -ENOMEM, _("out of memory"));
    }
    if (add_present(retained, outlet, settings, tree)) {
        return fault_set(why, -ENOMEM, _("out of memory"));
    }
    return kept ? take_file(retained, why) : 0;
}

void retained_finish(struct retained *retained)
{
    for (size_t i = 0; i < retained->present_count; i++) {
        free(retained->present[i]);
    }
    for (size_t i = 0; i < retained->vanished_count; i++) {
        free(retained->vanished[i].topic);
    }
    free(retained->present);
    free(retained->numbers);
    free(retained->vanished);
    free(retained->path);
    *retained = (struct retained){0};
}

uint64_t *retained_number(const struct retained *retained, const char *topic)
{
    bool found;
    size_t at = find(retained, topic, &found);
    return found ? &retained->numbers[at] : NULL;
}

int retained_write(struct retained *retained, struct fault *why)
{
    struct bytes text;
    if (!retained->dirty || !retained->path || !retained->path[0]) {
        return 0;
    }
    bytes_init(&text, RETAINED_FILE_MAX);
    for (size_t i = 0; i < retained->present_count; i++) {
        bytes_text(&text, retained->present[i]);
        bytes_char(&text, '\n');
    }
    for (size_t i = 0; i < retained->vanished_count; i++) {
        if (retained->vanished[i].state != VANISHED_EMPTIED) {
            bytes_text(&text, retained->vanished[i].topic);
            bytes_char(&text, '\n');
        }
    }
    int error = text.overflow ? fault_set(why, -ENOMEM, _("out of memory"))
                              : file_replace(retained->path, text.data, text.used, why);
    bytes_finish(&text);
    retained->dirty = error != 0;
    return error;
}

const char *retained_next_vanished(struct retained *retained, size_t *ret_index)
{
    size_t *next = &retained->vanished_next;
    while (*next < retained->vanished_count && retained->vanished[*next].state != VANISHED_WAITING) {
        ++*next;
    }
    *ret_index = *next;
    return *next < retained->vanished_count ? retained->vanished[*next].topic : NULL;
}

void retained_mark(struct retained *retained, size_t index, enum vanished_state state)
{
    retained->vanished[index].state = state;
    if (state == VANISHED_WAITING && index < retained->vanished_next) {
        retained->vanished_next = index;
    }
    retained->dirty = retained->dirty || state == VANISHED_EMPTIED;
}

bool retained_all_emptied(const struct retained *retained)
{
    for (size_t i = 0; i < retained->vanished_count; i++) {
        if (retained->vanished[i].state != VANISHED_EMPTIED) {
            return false;
        }
    }
    return true;
}
