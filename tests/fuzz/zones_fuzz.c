// SPDX-License-Identifier: Apache-2.0
// Zones in the hands of sensors, clocks and a saved file that have gone mad: the input is a row of deeds, each a byte and what it needs.
// Whatever comes, what is told is a number that can be, and what is kept comes back the same.
#include "base/text.h"
#include "city/zones.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char street[] =
    "[gateway]\nid = street\nmunicipality = 271004\n"
    "[zone:lot]\nkind = parking\ncapacity = 3\nbands = 0.5 0.9\nreset = 04:30\nreset_to = 2\n"
    "[zone:bays]\nkind = parking\nbands = 0.3 1\n"
    "[zone:plaza]\nkind = crowd\narea = 1 m2\nwidth = 2 m\nhold = 0 s\nmin_count = 3\nlimits = 0.1 0.2 0.3\n"
    "[zone:gates]\nkind = crowd\nwidth = 0.5 m\nreset = 00:00\nreset_to = 5\n"
    "[zone:route]\nkind = traffic\n"
    "[sensor:in]\nkind = traffic\ncounts = in\nzone = lot\n[sensor:out]\nkind = traffic\ncounts = out\nzone = lot\n"
    "[sensor:lot]\nkind = parking\nzone = lot\n"
    "[sensor:bay-1]\nkind = parking\nzone = bays\n[sensor:bay-2]\nkind = parking\nzone = bays\nstale_after = 1 h\n"
    "[sensor:bay-3]\nkind = parking\nzone = bays\nout_of_service = 2027-01-10 2027-01-12\n"
    "[sensor:cam]\nkind = crowd\nzone = plaza\nstale_after = 60 s\n[sensor:wifi]\nkind = crowd\nzone = plaza\nestimate "
    "= yes\n"
    "[sensor:north]\nkind = crowd\nzone = gates\n[sensor:south]\nkind = crowd\nzone = gates\nstale_after = 60 s\n"
    "[sensor:radar]\nkind = traffic\nzone = route\n[sensor:loop]\nkind = traffic\nzone = route\n";

static const char *const names[] = {"people",   "in",    "in_total",       "out",       "out_total",     "vehicles",
                                    "occupied", "state", "vehicles_total", "speed_mps", "travel_time_s", "occupancy"};

static struct settings *settings;
static struct sensors *sensors;
static struct zones *zones;

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void open_street(void)
{
    char path[] = "/tmp/zones-fuzz-XXXXXX";
    struct findings findings = {0};
    int fd = mkstemp(path);
    expect(fd >= 0 && write(fd, street, sizeof street - 1) == sizeof street - 1, "no file");
    close(fd);
    expect(settings_load(path, &findings, &settings) == 0 && !findings.stops, "no settings");
    unlink(path);
    expect(sensors_create(settings, &findings, &sensors) == 0, "no sensors");
    findings_finish(&findings);
}

static int64_t draw_time(struct view *view, int64_t now_us)
{
    static const int64_t steps_us[] = {0, 1, 1000, 1000000, 60000000, 3600000000, 86400000000, INT64_C(31557600000000)};
    static const int64_t last_us = INT64_C(253402300799999999);
    uint8_t how = view_u8(view);
    int64_t time_us = now_us + steps_us[how & 7] * (how & 8 ? -1 : 1) * (how >> 4);
    return time_us < 0 ? 0 : time_us > last_us ? last_us : time_us;
}

// Within the range of the vocabulary, as every reading is.
static double draw_number(struct view *view, const struct quantity *quantity)
{
    uint8_t how = view_u8(view);
    double most = quantity->type == VALUE_BOOL ? 1 : quantity->high;
    double number = how < 64 ? how : how < 72 ? most : ldexp(1 + how % 8, how - 80);
    number = fmin(number, most);
    return quantity->type == VALUE_NUMBER ? number : floor(number);
}

static void draw_values(struct view *view, enum kind kind, struct reading *reading)
{
    uint8_t count = view_u8(view) % 4;
    while (count-- > 0) {
        const struct quantity *quantity = vocabulary_find(names[view_u8(view) % (sizeof names / sizeof *names)], kind);
        if (!quantity)
            continue;
        struct value value = {.name = quantity->name, .type = quantity->type, .number = draw_number(view, quantity)};
        value.boolean = value.number != 0;
        if (value.type == VALUE_TEXT)
            value.text = quantity->words[view_u8(view) % 4];
        reading->values[reading->value_count++] = value;
    }
}

static void take(struct view *view, int64_t now_us)
{
    const struct sensor *sensor = sensors_at(sensors, view_u8(view) % sensors_count(sensors));
    struct reading reading = {.kind = (enum kind)sensor->settings->kind, .zone = sensor->settings->zone};
    uint8_t how = view_u8(view);
    reading.time_quality = (enum time_quality)(how % 4);
    reading.quality = (enum quality)(how / 4 % 5);
    reading.time_us = draw_time(view, now_us);
    draw_values(view, reading.kind, &reading);
    zones_take(zones, sensor->index, &reading, how & 0x80 ? reading.time_us : now_us);
    zones_guard(zones, sensor->index, &reading);
}

static void undo(struct view *view, int64_t now_us)
{
    size_t index = view_u8(view) % sensors_count(sensors);
    struct bytes before, after;
    bytes_init(&before, 1 << 20);
    bytes_init(&after, 1 << 20);
    zones_keep_sensor(zones, index, &before);
    struct view kept = {.data = before.data, .left = before.used};
    expect(zones_put_back(zones, index, &kept, now_us) == 0 && kept.left == 0, "not put back");
    zones_keep_sensor(zones, index, &after);
    expect(after.used == before.used && (before.used == 0 || memcmp(after.data, before.data, after.used) == 0),
           "not as before");
    bytes_finish(&before);
    bytes_finish(&after);
}

static void check(const struct settings_zone *zone, const struct reading *reading)
{
    expect(reading->time_us >= 0, "a time before 1970");
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct value *value = &reading->values[i];
        const struct quantity *quantity = strcmp(value->name, "occupied") == 0 && zone->kind == KIND_PARKING
                                              ? vocabulary_find("free", KIND_PARKING)
                                              : vocabulary_find(value->name, (enum kind)zone->kind);
        if (getenv("SHOW"))
            fprintf(stderr, "%s %s %g %s\n", zone->id, value->name, value->number,
                    value->type == VALUE_TEXT ? value->text : "");
        expect(quantity != NULL, value->name);
        if (value->type == VALUE_NUMBER || value->type == VALUE_INTEGER)
            expect(value->number >= quantity->low && value->number <= quantity->high, value->name);
        if (value->type == VALUE_INTEGER)
            expect(value->number == floor(value->number), value->name);
        if (strcmp(value->name, "occupancy") == 0)
            expect(value->number <= 1, value->name);
    }
}

static void tell(int64_t *clock_us)
{
    const struct settings_zone *zone;
    struct crowd_alert alert;
    struct reading reading;
    for (int count = 0; zones_report(zones, *clock_us, &zone, &reading); count++) {
        check(zone, &reading);
        expect(count < 100, "it never ends");
    }
    for (int count = 0; zones_alert(zones, &zone, &alert); count++) {
        expect(alert.level < CROWD_LEVEL_COUNT && count < 100, "an alert");
        expect(isnan(alert.density_per_m2) || alert.density_per_m2 >= 0, "its density");
    }
    *clock_us += 1000000;
}

// What is kept comes back the same.
static void restart(void)
{
    struct zones *again = NULL;
    struct bytes before, after;
    bytes_init(&before, 1 << 20);
    bytes_init(&after, 1 << 20);
    zones_keep(zones, &before);
    expect(zones_create(settings, sensors, NULL, &again) == 0, "no memory");
    expect(zones_restore(again, before.data, before.used) == 0, "not restored");
    zones_keep(again, &after);
    expect(after.used == before.used && memcmp(after.data, before.data, after.used) == 0, "not the same");
    zones_destroy(zones);
    zones = again;
    bytes_finish(&before);
    bytes_finish(&after);
}

// The file, with some of its bytes changed.
static void damage(struct view *view)
{
    struct bytes kept;
    bytes_init(&kept, 1 << 20);
    zones_keep(zones, &kept);
    for (uint8_t count = view_u8(view) % 16; count > 0; count--) {
        size_t place = view_u16(view) % kept.used;
        kept.data[place] = view_u8(view);
    }
    zones_restore(zones, kept.data, kept.used);
    bytes_finish(&kept);
}

static void restore(struct view *view)
{
    size_t size = view_u16(view);
    size = size < view->left ? size : view->left;
    zones_restore(zones, view_take(view, size), size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { TAKE, TICK, UNDO, RESTART, DAMAGE, RESTORE, HEARD, DEEDS };
    struct view view = {.data = data, .left = size};
    int64_t now_us = INT64_C(1800000000000000), clock_us = 0;
    if (!settings)
        open_street();
    expect(zones_create(settings, sensors, NULL, &zones) == 0, "no memory");
    while (view.left > 0 && !view.bad) {
        uint8_t deed = view_u8(&view);
        now_us = deed & 0x80 ? draw_time(&view, now_us) : now_us;
        deed &= 0x0f;
        if (deed == TICK)
            zones_tick(zones, now_us);
        else if (deed == UNDO)
            undo(&view, now_us);
        else if (deed == RESTART)
            restart();
        else if (deed == DAMAGE)
            damage(&view);
        else if (deed == RESTORE)
            restore(&view);
        else if (deed == HEARD)
            zones_heard(zones, view_u8(&view) % sensors_count(sensors), draw_time(&view, now_us));
        else
            take(&view, now_us);
        tell(&clock_us);
    }
    zones_destroy(zones);
    return 0;
}
