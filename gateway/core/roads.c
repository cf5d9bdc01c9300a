// SPDX-License-Identifier: Apache-2.0
#include "roads.h"

#include "base/log.h"
#include "base/messages.h"
#include "city/bump.h"
#include "city/roughness.h"
#include "place_file.h"
#include "settings/text_file.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES_MAX = 4000, FAULTS_TOLD = 5 };

static const int64_t day_us = 24 * 3600 * 1000000LL;

struct road_user { // a vehicle
    struct roads *roads;
    const struct sensor *sensor;
    struct bump *bump; // made with the first sample
    struct roughness roughness;
    bool is_private; // by its last position: without a fix it is still there
};

struct roads {
    struct roads_options options;
    struct road_user *users; // by sensor index
    struct known *known;
    struct places *places;
    bool clock_synchronised;
    int64_t aged_boot_us;
    size_t faults;
    struct roads_figures figures;
};

/* Private areas. */

static bool is_private(const struct settings_sensor *sensor, double latitude, double longitude)
{
    static const double metres_per_degree = 111320;
    if (sensor->private_count == 0 || isnan(latitude) || isnan(longitude))
        return false;
    double north = (latitude - sensor->private_area[0]) * metres_per_degree;
    double east =
        remainder(longitude - sensor->private_area[1], 360) * metres_per_degree * cos(latitude * (M_PI / 180));
    return hypot(north, east) <= sensor->private_area[2];
}

static bool is_place(const char *name)
{
    static const char *const names[] = {"latitude", "longitude", "altitude_m", "heading_deg", "speed_mps"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_from_private(const struct sensor *sensor, const struct reading *reading)
{
    if (sensor->settings->private_count == 0)
        return false;
    const struct value *latitude = reading_find(reading, "latitude"), *longitude = reading_find(reading, "longitude");
    return latitude && longitude && is_private(sensor->settings, latitude->number, longitude->number);
}

static bool has_one_of(const struct reading *reading, const char *const names[])
{
    while (*names && !reading_find(reading, *names))
        names++;
    return *names != NULL;
}

static bool tells_bump(const struct reading *reading)
{
    static const char *const names[] = {"peak_mps2", "trough_mps2", "severity", "shape", NULL};
    return has_one_of(reading, names);
}

bool roads_hides(const struct sensor *sensor, const struct reading *reading)
{
    return is_from_private(sensor, reading) && tells_bump(reading);
}

void roads_guard(const struct sensor *sensor, struct reading *reading)
{
    size_t kept = 0;
    if (!is_from_private(sensor, reading))
        return;
    for (size_t i = 0; i < reading->value_count; i++)
        if (!is_place(reading->values[i].name))
            reading->values[kept++] = reading->values[i];
    reading->value_count = kept;
}

/* Readings. */

// To a whole number of `steps` in one: what is behind them was never measured.
static void put(struct reading *reading, const char *name, enum kind kind, double number, double steps)
{
    const struct quantity *quantity = vocabulary_find(name, kind);
    if (quantity && isfinite(number) && reading->value_count < READING_VALUES_MAX)
        reading->values[reading->value_count++] =
            (struct value){.name = quantity->name, .type = quantity->type, .number = round(number * steps) / steps};
}

static void put_text(struct reading *reading, const char *name, const char *text)
{
    if (reading->value_count < READING_VALUES_MAX)
        reading->values[reading->value_count++] = (struct value){.name = name, .type = VALUE_TEXT, .text = text};
}

static struct reading reading_at(const struct roads *roads, const struct sensor *sensor, int64_t boot_us)
{
    const struct clock *clock = roads->options.clock;
    struct reading reading = {.kind = (enum kind)sensor->settings->kind,
                              .zone = sensor->settings->zone,
                              .time_us = boot_us + clock_wall_us(clock) - clock_boot_us(clock),
                              .time_quality = roads->clock_synchronised ? TIME_SYNCED : TIME_ESTIMATED};
    return reading;
}

static void store(struct roads *roads, const struct sensor *sensor, const struct reading *reading,
                  enum buffer_class class)
{
    if (derived_add(roads->options.derived, sensor->settings->id, reading, class))
        roads->options.made(roads->options.context, sensor, reading);
}

/* Bumps. */

static void put_event(struct reading *reading, const struct bump_event *event)
{
    enum kind kind = reading->kind;
    put(reading, "peak_mps2", kind, event->peak_mps2, 1e3);
    put(reading, "trough_mps2", kind, event->trough_mps2, 1e3);
    put(reading, "duration_ms", kind, event->duration_ms, 1);
    put(reading, "speed_mps", kind, event->speed_mps, 1e3);
    put(reading, "heading_deg", kind, event->heading_deg, 10);
    put(reading, "latitude", kind, event->latitude, 1e7);
    put(reading, "longitude", kind, event->longitude, 1e7);
    put(reading, "hdop", kind, event->hdop, 100);
    put(reading, "sigma_m", kind, event->accuracy_m, 100);
    put(reading, "severity", kind, event->severity, 1);
    put_text(reading, "shape", bump_shape_names[event->shape]);
}

// What is known of where it was.
static void put_place(struct reading *reading, const struct places_news *news, char id[PLACE_ID_SIZE])
{
    if (news->object)
        put_text(reading, "known", news->object->kind);
    if (!news->place)
        return;
    places_id_text(news->place->id, id);
    put_text(reading, "place", id);
    put(reading, "passes", reading->kind, (double)news->place->passes, 1);
    if (news->place->is_confirmed && !news->object && reading->value_count < READING_VALUES_MAX)
        reading->values[reading->value_count++] =
            (struct value){.name = "confirmed", .type = VALUE_BOOL, .boolean = true};
}

static struct places_news look_up(struct roads *roads, const struct sensor *sensor, const struct bump_event *event,
                                  int64_t time_us)
{
    static const enum place_shape shapes[BUMP_SHAPE_COUNT] = {
        [BUMP_UNKNOWN] = PLACE_UNKNOWN, [BUMP_DIP] = PLACE_DIP, [BUMP_HUMP] = PLACE_HUMP};
    return places_take(roads->places, &(struct places_event){.time_us = time_us,
                                                             .vehicle = sensor->settings->id,
                                                             .latitude = event->latitude,
                                                             .longitude = event->longitude,
                                                             .accuracy_m = event->accuracy_m,
                                                             .hdop = event->hdop,
                                                             .speed_mps = event->speed_mps,
                                                             .heading_deg = event->heading_deg,
                                                             .severity = event->severity,
                                                             .shape = shapes[event->shape]});
}

static void take_bump(void *context, const struct bump_event *event)
{
    struct road_user *user = context;
    struct roads *roads = user->roads;
    char detector[BUMP_SUMMARY_MAX + 32], id[PLACE_ID_SIZE];
    struct reading reading = reading_at(roads, user->sensor, event->time_us);
    struct places_news news = look_up(roads, user->sensor, event, reading.time_us);
    put_event(&reading, event);
    put_place(&reading, &news, id);
    snprintf(detector, sizeof detector, "%s %s", event->detector, event->settings);
    put_text(&reading, "detector", detector);
    roads->figures.bumps++;
    store(roads, user->sensor, &reading, BUFFER_EVENT);
}

/* Bumps that a device tells. */

static double number_in(const struct reading *reading, const char *name)
{
    const struct value *value = reading_find(reading, name);
    return value && (value->type == VALUE_NUMBER || value->type == VALUE_INTEGER) ? value->number : (double)NAN;
}

static enum bump_shape shape_in(const struct reading *reading)
{
    const struct value *value = reading_find(reading, "shape");
    for (int shape = 0; value && value->type == VALUE_TEXT && shape < BUMP_SHAPE_COUNT; shape++)
        if (strcmp(bump_shape_names[shape], value->text) == 0)
            return (enum bump_shape)shape;
    return BUMP_UNKNOWN;
}

static struct places_news look_up_told(struct roads *roads, const struct sensor *sensor, const struct reading *reading)
{
    double severity = number_in(reading, "severity");
    const struct bump_event event = {.latitude = number_in(reading, "latitude"),
                                     .longitude = number_in(reading, "longitude"),
                                     .accuracy_m = number_in(reading, "sigma_m"),
                                     .hdop = number_in(reading, "hdop"),
                                     .speed_mps = number_in(reading, "speed_mps"),
                                     .heading_deg = number_in(reading, "heading_deg"),
                                     .severity = severity >= 1 && severity <= 3 ? (int)severity : 1,
                                     .shape = shape_in(reading)};
    return look_up(roads, sensor, &event, reading->time_us);
}

void roads_meet(struct roads *roads, const struct sensor *sensor, struct reading *reading, char place[PLACE_ID_SIZE])
{
    static const char *const ours[] = {"known", "place", "passes", "confirmed", NULL};
    if (reading->kind != KIND_BUMP || !tells_bump(reading) || has_one_of(reading, ours))
        return;
    struct places_news news = look_up_told(roads, sensor, reading);
    put_place(reading, &news, place);
}

/* Stretches of road. */

static void take_segment(void *context, const struct roughness_segment *segment)
{
    struct road_user *user = context;
    struct reading reading = reading_at(user->roads, user->sensor, segment->end_us);
    put(&reading, "roughness_mps2", reading.kind, segment->index_mps2, 1e3);
    put(&reading, "length_m", reading.kind, segment->length_m, 10);
    put(&reading, "speed_mps", reading.kind, segment->speed_mps, 1e3);
    put(&reading, "latitude", reading.kind, segment->end_latitude, 1e7);
    put(&reading, "longitude", reading.kind, segment->end_longitude, 1e7);
    put(&reading, "start_latitude", reading.kind, segment->start_latitude, 1e7);
    put(&reading, "start_longitude", reading.kind, segment->start_longitude, 1e7);
    if (segment->doubts)
        put_text(&reading, "doubt",
                 segment->doubts & ROUGHNESS_LOW_RATE      ? "low_rate"
                 : segment->doubts & ROUGHNESS_FEW_SAMPLES ? "few_samples"
                                                           : "speed_guessed");
    user->roads->figures.stretches++;
    store(user->roads, user->sensor, &reading, BUFFER_ROUTINE);
}

/* Samples. */

static bool begin(struct road_user *user)
{
    struct bump_settings settings;
    const struct settings_extra *wrong;
    struct fault why;
    if (user->bump)
        return true;
    bump_settings_read(user->sensor->settings, &settings, &wrong, &why); // was checked
    user->bump = bump_create(&settings, take_bump, user);
    roughness_init(&user->roughness, &roughness_usual, take_segment, user);
    return user->bump != NULL;
}

// What was before is decided, so that nothing goes on over what is left out.
static void end(struct road_user *user)
{
    if (!user->bump)
        return;
    bump_flush(user->bump);
    roughness_flush(&user->roughness);
}

static bool is_hidden(struct road_user *user, const struct ride_sample *sample)
{
    const struct ride_position *position = &sample->position;
    bool was_private = user->is_private;
    if (sample->has_position)
        user->is_private = is_private(user->sensor->settings, position->latitude, position->longitude);
    if (user->is_private && !was_private)
        end(user);
    return user->is_private;
}

void roads_take(struct roads *roads, const struct sensor *sensor, const struct ride_sample *sample,
                bool clock_synchronised)
{
    struct road_user *user = &roads->users[sensor->index];
    roads->clock_synchronised = clock_synchronised;
    user->roads = roads;
    user->sensor = sensor;
    if (is_hidden(user, sample)) {
        roads->figures.private_samples++;
        return;
    }
    if (!begin(user))
        return;
    bump_take(user->bump, sample);
    roughness_take(&user->roughness, sample);
}

void roads_flush(struct roads *roads)
{
    for (size_t i = 0; i < sensors_count(roads->options.sensors); i++)
        end(&roads->users[i]);
}

void roads_tick(struct roads *roads, bool clock_synchronised)
{
    int64_t now_us = clock_boot_us(roads->options.clock);
    if (!clock_synchronised || now_us - roads->aged_boot_us < day_us)
        return;
    roads->aged_boot_us = now_us;
    places_age(roads->places, clock_wall_us(roads->options.clock));
}

/* Known objects. */

static void tell_fault(void *context, size_t line, enum known_fault fault)
{
    struct roads *roads = context;
    if (++roads->faults <= FAULTS_TOLD)
        log_line(LOG_LEVEL_WARNING, "known_objects", _("%s:%zu: left out: %s"),
                 roads->options.settings->gateway.known_objects, line, _(known_fault_texts[fault]));
}

static void read_known(struct roads *roads)
{
    struct bytes text;
    struct fault why;
    const char *path = roads->options.settings->gateway.known_objects;
    if (!path || !*path)
        return;
    bytes_init(&text, TEXT_FILE_ROOM(KNOWN_FILE_MAX));
    if (text_file_read(path, KNOWN_FILE_MAX, &text, &why) != 0)
        log_line(LOG_LEVEL_WARNING, "known_objects", "%s", why.text);
    else
        known_read(roads->known, (const char *)text.data, text.used, tell_fault, roads);
    if (roads->faults > FAULTS_TOLD)
        log_line(LOG_LEVEL_WARNING, "known_objects", _("%zu lines were left out"), roads->faults);
    bytes_finish(&text);
}

static bool has_vehicles(const struct sensors *sensors)
{
    for (size_t i = 0; i < sensors_count(sensors); i++)
        if (sensors_at(sensors, i)->settings->kind == KIND_BUMP)
            return true;
    return false;
}

int roads_create(const struct roads_options *options, struct roads **ret_roads, struct fault *why)
{
    struct roads *roads = calloc(1, sizeof *roads);
    struct places_settings settings = places_usual;
    if (!roads)
        return fault_set(why, -ENOMEM, _("out of memory"));
    roads->options = *options;
    roads->aged_boot_us = clock_boot_us(options->clock) - day_us; // also a vehicle's that is switched off every night
    settings.places_max = has_vehicles(options->sensors) ? PLACES_MAX : 1;
    roads->users = calloc(sensors_count(options->sensors) + 1, sizeof *roads->users);
    roads->known = known_create(KNOWN_OBJECTS_MAX);
    roads->places = roads->known ? places_create(&settings, roads->known) : NULL;
    if (!roads->users || !roads->places) {
        roads_destroy(roads);
        return fault_set(why, -ENOMEM, _("out of memory"));
    }
    read_known(roads);
    *ret_roads = roads;
    return 0;
}

void roads_destroy(struct roads *roads)
{
    if (!roads)
        return;
    for (size_t i = 0; roads->users && i < sensors_count(roads->options.sensors); i++)
        bump_destroy(roads->users[i].bump);
    places_destroy(roads->places);
    known_destroy(roads->known);
    free(roads->users);
    free(roads);
}

_Static_assert((size_t)PLACES_MAX *PLACE_BYTES_MAX + 16 <= ROADS_KEPT_MAX, "as many places as there can be");

void roads_keep(const struct roads *roads, struct bytes *out)
{
    if (has_vehicles(roads->options.sensors))
        place_file_write(roads->places, out);
}

int roads_restore(struct roads *roads, const uint8_t *data, size_t size)
{
    return place_file_read(roads->places, data, size);
}

void roads_recall(struct roads *roads, const struct sensor *sensor, const struct reading *reading)
{
    if (reading->kind == KIND_BUMP && tells_bump(reading))
        look_up_told(roads, sensor, reading);
}

void roads_figures(const struct roads *roads, struct roads_figures *ret_figures)
{
    struct places_figures of_places = places_figures(roads->places);
    uint32_t cursor = 0;
    const struct place *place;
    *ret_figures = roads->figures;
    ret_figures->places = places_count(roads->places);
    ret_figures->known = known_count(roads->known);
    ret_figures->evicted = of_places.evicted;
    ret_figures->refused = of_places.refused;
    ret_figures->late = of_places.late;
    ret_figures->rough = of_places.rough;
    for (size_t i = 0; i < sensors_count(roads->options.sensors); i++) {
        ret_figures->forgotten += roads->users[i].roughness.forgotten;
        ret_figures->unsound += roads->users[i].roughness.refused;
    }
    while ((place = places_next(roads->places, &cursor)))
        ret_figures->confirmed += place->is_confirmed;
}
