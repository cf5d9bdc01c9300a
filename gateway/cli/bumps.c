// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/messages.h"
#include "base/text.h"
#include "city/bump.h"
#include "cli/verb.h"
#include "complain.h"
#include "lines.h"
#include "options.h"
#include "recording_units.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_SIZE = 200, EVENT_BYTES_MAX = 4096, TOLD_MAX = 20, SPEEDS = 2048, FIRST_ROWS = 4096 };

// Times in a file that go back by more than a moment, or leap by a day, begin another stretch of it, ten seconds later in the ride.
static const int64_t moment_us = 100000, leap_us = 86400 * 1000000LL, apart_us = 10 * 1000000LL;
static const double time_most_us = 1e17;

struct replay {
    const char *path; // as it is shown
    struct recording recording;
    struct recording_units units;
    struct recording_row first[FIRST_ROWS]; // which wait until the units are known
    size_t first_count;
    bool knows_units;
    struct ride *ride;
    struct bump *bump;
    bool begun;
    int64_t newest_us; // of the ride's time
    int64_t behind_us; // the ride's time is so much more than the file's
    // The speeds of samples that the ride still holds: it gives them out in their order, with a position or without.
    float speeds[SPEEDS];
    size_t speeds_in, speeds_out;
    uint64_t unusable;
    bool failed; // to write
};

static void complain_of_line(struct replay *replay, size_t number, const char *what)
{
    if (replay->unusable++ < TOLD_MAX)
        fprintf(stderr, "%s:%zu: %s\n", replay->path, number, what);
}

static double rounded(double value, double steps)
{
    return round(value * steps) / steps;
}

static void put(struct json *json, const char *key, double value, double steps)
{
    if (!isnan(value))
        json_key_number(json, key, rounded(value, steps));
}

static void print_event(void *context, const struct bump_event *event)
{
    struct replay *replay = context;
    struct bytes line;
    struct json json;
    char detector[BUMP_SUMMARY_MAX + 20];
    snprintf(detector, sizeof detector, "%s %s", event->detector, event->settings);
    bytes_init(&line, EVENT_BYTES_MAX);
    json_begin(&json, &line);
    json_object_begin(&json);
    put(&json, "time_s", (double)(event->time_us - replay->behind_us) / 1e6, 1e6);
    put(&json, "peak_mps2", event->peak_mps2, 1e3);
    put(&json, "trough_mps2", event->trough_mps2, 1e3);
    put(&json, "duration_ms", event->duration_ms, 1);
    put(&json, "speed_mps", event->speed_mps, 1e3);
    put(&json, "heading_deg", event->heading_deg, 10);
    put(&json, "latitude", event->latitude, 1e7);
    put(&json, "longitude", event->longitude, 1e7);
    put(&json, "hdop", event->hdop, 100);
    json_key_signed(&json, "severity", event->severity);
    json_key_text(&json, "shape", bump_shape_names[event->shape]);
    json_key_text(&json, "detector", detector);
    json_object_end(&json);
    bytes_char(&line, '\n');
    replay->failed |= line.overflow || fwrite(line.data, 1, line.used, stdout) != line.used;
    bytes_finish(&line);
}

static void take_sample(void *context, const struct ride_sample *sample)
{
    static const struct ride_position nowhere = {NAN, NAN, NAN, NAN, NAN, NAN};
    struct replay *replay = context;
    struct ride_sample known = *sample;
    double speed_mps = (double)replay->speeds[replay->speeds_out++ % SPEEDS];
    if (!known.has_position)
        known.position = nowhere;
    if (isnan(known.position.speed_mps))
        known.position.speed_mps = speed_mps;
    known.has_position = true;
    bump_take(replay->bump, &known);
}

static void finish_stretch(struct replay *replay)
{
    ride_flush(replay->ride);
    bump_flush(replay->bump);
}

// The row's time in the ride.
static int64_t place_in_time(struct replay *replay, int64_t file_us)
{
    int64_t time_us = file_us + replay->behind_us;
    bool is_another =
        !replay->begun || time_us < replay->newest_us - moment_us || time_us > replay->newest_us + leap_us;
    if (is_another) {
        finish_stretch(replay);
        time_us = replay->newest_us + apart_us;
        replay->behind_us = time_us - file_us;
        replay->begun = true;
    }
    if (time_us < replay->newest_us)
        time_us = replay->newest_us;
    replay->newest_us = time_us;
    return time_us;
}

static void use_row(struct replay *replay, struct recording_row *row)
{
    recording_units_apply(&replay->units, row);
    double file_us = fmax(fmin(row->time * 1e6, time_most_us), -time_most_us);
    int64_t time_us = place_in_time(replay, llround(file_us));
    if (row->has_acceleration) {
        replay->speeds[replay->speeds_in++ % SPEEDS] = (float)row->position.speed_mps;
        ride_accelerate(replay->ride, &(struct ride_stamp){.received_us = time_us}, &row->acceleration);
    }
    if (row->has_no_fix)
        ride_no_fix(replay->ride, time_us);
    else if (!isnan(row->position.latitude) && !isnan(row->position.longitude))
        ride_locate(replay->ride, time_us, &row->position);
}

static void tell_unit(const struct replay *replay, const char *column, const char *unit)
{
    if (unit)
        complain(_("%s: by its values, \"%s\" is taken in %s"), replay->path, column, unit);
}

static void use_first_rows(struct replay *replay)
{
    if (replay->knows_units)
        return;
    replay->knows_units = true;
    replay->units = recording_units_of(replay->first, replay->first_count);
    tell_unit(replay, "time_s", replay->units.time_name);
    tell_unit(replay, "ax", replay->units.acceleration_name);
    for (size_t i = 0; i < replay->first_count; i++)
        use_row(replay, &replay->first[i]);
}

static void take_row(struct replay *replay, struct recording_row *row)
{
    if (replay->knows_units) {
        use_row(replay, row);
        return;
    }
    replay->first[replay->first_count++] = *row;
    if (replay->first_count == FIRST_ROWS)
        use_first_rows(replay);
}

static void take_line(struct replay *replay, size_t number, const char *line, size_t size)
{
    struct recording_row row;
    struct fault why;
    int error = recording_read(&replay->recording, line, size, &row, &why);
    if (!error)
        take_row(replay, &row);
    else if (error != -ENODATA)
        complain_of_line(replay, number, why.text);
}

// 0, or -EINVAL when the header is none (which has been told), or another errno.
static int read_lines(struct replay *replay, struct lines *lines)
{
    const char *line = "";
    size_t size = 0;
    struct fault why;
    int result = lines_next(lines, &line, &size);
    if (result < 0 && result != -EMSGSIZE)
        return result;
    if (recording_header(&replay->recording, line, result == 1 ? size : 0, &why) < 0) {
        complain_of_line(replay, 1, why.text);
        return -EINVAL;
    }
    while ((result = lines_next(lines, &line, &size)) == 1 || result == -EMSGSIZE) {
        if (result == 1)
            take_line(replay, lines->number, line, size);
        else
            complain_of_line(replay, lines->number, _("the line is too long; expected some numbers"));
    }
    return result;
}

static int read_file(struct replay *replay, const char *path)
{
    struct lines lines;
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    lines_init(&lines, fd);
    int error = read_lines(replay, &lines);
    use_first_rows(replay);
    finish_stretch(replay);
    lines_finish(&lines);
    if (!is_input)
        close(fd);
    return error;
}

static int run(const char *path, const struct bump_settings *settings)
{
    static struct replay replay; // large, and used once
    char shown[SHOWN_SIZE];
    replay = (struct replay){.path = text_escape(path, strlen(path), shown, sizeof shown)};
    replay.bump = bump_create(settings, print_event, &replay);
    replay.ride = ride_create(take_sample, &replay);
    int error = replay.ride && replay.bump ? read_file(&replay, path) : -ENOMEM;
    if (error && !replay.unusable)
        complain(_("%s cannot be read: %s"), shown, error_text(error));
    else if (error != -EINVAL && replay.unusable)
        complain(_("%s: %llu lines could not be used"), shown, (unsigned long long)replay.unusable);
    ride_destroy(replay.ride);
    bump_destroy(replay.bump);
    return error || replay.unusable || replay.failed ? VERB_PROBLEM : VERB_FINE;
}

static const struct settings_sensor *find_sensor(const struct settings *settings, const char *id)
{
    for (size_t i = 0; i < settings->sensor_count; i++)
        if (strcmp(settings->sensor[i].id, id) == 0)
            return &settings->sensor[i];
    return NULL;
}

static bool read_sensor(const struct settings *settings, const char *config, const char *id,
                        struct bump_settings *ret_settings)
{
    const struct settings_sensor *sensor = find_sensor(settings, id);
    const struct settings_extra *extra;
    struct findings findings = {0};
    struct fault why;
    char shown[SHOWN_SIZE];
    if (!sensor) {
        complain(_("%s has no section [sensor:%s]"), text_escape(config, strlen(config), shown, sizeof shown), id);
        return false;
    }
    if (bump_settings_read(sensor, ret_settings, &extra, &why) == 0)
        return true;
    snprintf(shown, sizeof shown, "sensor:%s", id);
    findings_add(&findings, FINDING_DISABLES, extra->origin, shown, extra->key, "%s", why.text);
    fprintf(stderr, "%s\n", findings.count ? findings.list[0].text : why.text);
    findings_finish(&findings);
    return false;
}

// The settings of the sensor in the configuration. False when there are none; the user has been told.
static bool load_sensor(const struct options *options, struct bump_settings *ret_settings)
{
    const char *config = options->config ? options->config : CONFIG_DEFAULT;
    struct findings findings = {0};
    struct settings *settings = NULL;
    bool is_loaded = settings_load(config, &findings, &settings) == 0;
    for (size_t i = 0; i < findings.count && !is_loaded; i++)
        fprintf(stderr, "%s\n", findings.list[i].text);
    bool is_read = is_loaded && read_sensor(settings, config, options->sensor, ret_settings);
    settings_destroy(settings);
    findings_finish(&findings);
    return is_read;
}

static bool set_all(const struct options *options, struct bump_settings *settings)
{
    for (size_t i = 0; i < options->set_count; i++) {
        const char *text = options->sets[i], *equals = strchr(text, '=');
        char key[SHOWN_SIZE], shown[SHOWN_SIZE];
        struct fault why;
        snprintf(key, sizeof key, "%.*s", (int)strcspn(text, " ="), text);
        if (equals && bump_settings_set(settings, key, equals + 1 + strspn(equals + 1, " "), &why) == 0)
            continue;
        if (equals)
            complain("--set %s: %s", text_escape(key, strlen(key), shown, sizeof shown), why.text);
        else
            complain(_("\"%s\" does not fit %s; expected a value such as %s"),
                     text_escape(text, strlen(text), shown, sizeof shown), "--set", "zpeak=\"4 m/s2\"");
        return false;
    }
    return true;
}

int verb_bumps(int argc, char **argv)
{
    struct options options;
    struct bump_settings settings;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_SENSOR | OPTION_SET | OPTION_OPERAND, &options, &result))
        return result;
    if (options.config)
        options_use_language(options.config);
    if (!options.operand) {
        complain("%s", _("which drive? expected a FILE with one, such as drive.csv"));
        return VERB_USAGE;
    }
    if (options.config && !options.sensor) {
        complain("%s", _("whose settings? expected --sensor ID beside -c"));
        return VERB_USAGE;
    }
    bump_settings_default(&settings);
    if (options.sensor && !load_sensor(&options, &settings))
        return VERB_PROBLEM;
    return set_all(&options, &settings) ? run(options.operand, &settings) : VERB_USAGE;
}
