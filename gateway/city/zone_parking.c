// SPDX-License-Identifier: Apache-2.0
#include "city/zone_parking.h"

#include "base/text.h"
#include "city/late.h"
#include "city/parking.h"
#include "gate.h"
#include "members.h"
#include "values.h"
#include "zone_base.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS_MAX = 4, KEEP_VERSION = 1 };

static const double margin = 0.02, widest = 0.1, countable = 1e15;

// What a bay counts as; a counter counts as none of these.
enum place { PLACE_NONE, PLACE_FREE, PLACE_OCCUPIED, PLACE_UNKNOWN, PLACE_OUT, PLACE_COUNT };

struct member {
    const struct settings_sensor *sensor;
    int64_t out_from_us, out_to_us; // out of service
    enum place place;
    bool silent;
    double inside; // gate_inside() as of now
    // Kept:
    bool heard, begun;
    int64_t heard_us, state_us; // the newest reading, and the newest that said something of the bay
    enum parking_state state;
    struct gate *gate; // of a counter that has counted; else NULL
};

struct zone_parking {
    struct zone_base base;
    struct member *members;
    int count, room;
    int64_t places[PLACE_COUNT];
    int64_t silent, counters; // counters that have counted
    struct trigger bands[BANDS_MAX], almost_full, full;
    struct zone_parking_figures figures, told; // as of now, and as they were told last
};

static const struct zone_parking_figures never_told = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

struct zone_parking *zone_parking_create(const struct settings_zone *settings, const struct calendar *calendar)
{
    struct zone_parking *zone = calloc(1, sizeof *zone);
    if (!zone)
        return NULL;
    zone_base_init(&zone->base, settings, calendar);
    zone->figures = zone->told = never_told;
    return zone;
}

void zone_parking_destroy(struct zone_parking *zone)
{
    for (int i = 0; zone && i < zone->count; i++)
        free(zone->members[i].gate);
    if (zone)
        free(zone->members);
    free(zone);
}

int zone_parking_add(struct zone_parking *zone, const struct settings_sensor *sensor)
{
    struct member *members = members_room(zone->members, zone->count, &zone->room, sizeof *members);
    if (!members)
        return -ENOMEM;
    zone->members = members;
    const struct calendar *calendar = zone->base.calendar;
    struct member *member = &zone->members[zone->count];
    *member = (struct member){.sensor = sensor};
    if (sensor->out_last_day >= sensor->out_first_day) {
        member->out_from_us = calendar_utc_us(calendar, sensor->out_first_day, 0);
        member->out_to_us = calendar_utc_us(calendar, sensor->out_last_day + 1, 0);
    }
    if (sensor->kind == KIND_PARKING)
        member->place = PLACE_UNKNOWN;
    zone->places[member->place]++;
    return zone->count++;
}

/* What all of them make together. */

static int64_t within(int64_t number, int64_t least, int64_t most)
{
    return number < least ? least : number > most ? most : number;
}

static void count_bays(const struct zone_parking *zone, struct zone_parking_figures *figures)
{
    figures->free = zone->places[PLACE_FREE];
    figures->occupied = zone->places[PLACE_OCCUPIED];
    figures->unknown = figures->capacity - figures->free - figures->occupied;
    int64_t known = figures->free + figures->occupied;
    figures->known = 2 * known >= figures->capacity ? known : 0;
}

static void count_gates(const struct zone_parking *zone, struct zone_parking_figures *figures)
{
    double inside = (double)zone->base.settings->reset_to;
    for (int i = 0; i < zone->count; i++)
        inside += zone->members[i].inside;
    int64_t counted = llround(fmax(-countable, fmin(inside, countable)));
    bool is_known = figures->capacity + figures->out_of_service > 0;
    figures->occupied = within(counted, 0, is_known ? figures->capacity : INT64_MAX);
    figures->drift = counted - figures->occupied;
    figures->capacity = is_known ? figures->capacity : -1;
    figures->free = is_known ? figures->capacity - figures->occupied : -1;
    figures->unknown = is_known ? 0 : -1;
    figures->known = is_known ? figures->capacity : 0;
}

// Where something is left that began at `up`: an empty car park has left all, however few its spaces are.
static struct trigger_limit limit_of(double up, double known)
{
    double step = fmax(margin, fmin(widest, 1 / known)), least = up > 0 ? 0.5 / known : -1;
    return (struct trigger_limit){up, fmax(up - step, least), 0};
}

static void judge(struct zone_parking *zone, struct zone_parking_figures *figures, int64_t time_us)
{
    const struct settings_zone *settings = zone->base.settings;
    figures->band = figures->fill = -1;
    if (figures->known <= 0)
        return;
    double known = (double)figures->known, occupancy = (double)figures->occupied / known;
    struct trigger_limit almost_full = limit_of(settings->almost_full, known);
    for (size_t i = 0; i < settings->band_count; i++) {
        struct trigger_limit band = limit_of(settings->bands[i], known);
        trigger_take(&zone->bands[i], &band, occupancy, time_us);
    }
    trigger_take(&zone->almost_full, &almost_full, occupancy, time_us);
    trigger_take(&zone->full, &(struct trigger_limit){1, 1 - margin, 0}, occupancy, time_us);
    if (settings->band_count > 0)
        figures->band = (int64_t)trigger_level(zone->bands, settings->band_count);
    figures->fill = zone->full.on ? PARKING_FULL : zone->almost_full.on ? PARKING_ALMOST_FULL : PARKING_FREE_SPACES;
}

static void sum_up(struct zone_parking *zone, const struct settings_sensor *cause, const struct reading *reading,
                   int64_t now_us)
{
    struct zone_parking_figures figures = {.silent = zone->silent, .out_of_service = zone->places[PLACE_OUT]};
    int64_t bays = 0, capacity = zone->base.settings->capacity;
    for (enum place place = PLACE_FREE; place < PLACE_COUNT; place++)
        bays += zone->places[place];
    figures.capacity = (capacity > bays ? capacity : bays) - figures.out_of_service;
    if (zone->counters > 0)
        count_gates(zone, &figures);
    else
        count_bays(zone, &figures);
    judge(zone, &figures, reading ? reading->time_us : now_us);
    if (memcmp(&figures, &zone->figures, sizeof figures) == 0)
        return;
    zone->figures = figures;
    zone_base_change(&zone->base, cause, reading, now_us);
    zone->base.due = memcmp(&figures, &zone->told, sizeof figures) != 0; // else all is again as it was told
}

/* Taking. */

static bool is_out(const struct member *member, int64_t now_us)
{
    return now_us >= member->out_from_us && now_us < member->out_to_us;
}

static enum place place_of(const struct member *member, int64_t now_us)
{
    if (member->sensor->kind != KIND_PARKING)
        return PLACE_NONE;
    if (is_out(member, now_us))
        return PLACE_OUT;
    if (!member->begun || member->silent)
        return PLACE_UNKNOWN;
    return member->state == PARKING_FREE       ? PLACE_FREE
           : member->state == PARKING_OCCUPIED ? PLACE_OCCUPIED
                                               : PLACE_UNKNOWN;
}

// Counts it as what it is now.
static void place(struct zone_parking *zone, struct member *member, int64_t now_us)
{
    bool silent =
        zone_base_is_silent(member->sensor, member->heard, member->heard_us, now_us) && !is_out(member, now_us);
    zone->silent += (int64_t)silent - (int64_t)member->silent;
    member->silent = silent;
    zone->places[member->place]--;
    member->place = place_of(member, now_us);
    zone->places[member->place]++;
}

// The state that the reading says, or PARKING_STATE_COUNT.
static enum parking_state state_in(const struct reading *reading)
{
    const struct value *state = reading_find(reading, "state"), *occupied = reading_find(reading, "occupied");
    enum parking_state named = PARKING_UNKNOWN;
    if (reading->quality == QUALITY_CALIBRATING)
        return PARKING_CALIBRATING;
    if (!state || state->type != VALUE_TEXT)
        return !occupied || occupied->type != VALUE_BOOL ? PARKING_STATE_COUNT
               : occupied->boolean                       ? PARKING_OCCUPIED
                                                         : PARKING_FREE;
    while (named < PARKING_STATE_COUNT && strcmp(parking_state_names[named], state->text) != 0)
        named++;
    return named;
}

static enum zone_news take_state(struct member *member, const struct reading *reading)
{
    enum parking_state state = state_in(reading);
    if (state == PARKING_STATE_COUNT)
        return ZONE_SAID_NOTHING;
    bool is_repeated = is_same_time(reading, member->state_us) && state == member->state;
    if (member->begun && (is_repeated || is_late(reading, member->state_us)))
        return ZONE_LATE;
    member->state = state;
    member->state_us = reading->time_us;
    member->begun = true;
    return ZONE_TAKEN;
}

static void count_anew(struct zone_parking *zone, int64_t now_us, bool may_go_back)
{
    if (!zone_base_pass(&zone->base, now_us, may_go_back))
        return;
    for (int i = 0; i < zone->count; i++) {
        struct member *member = &zone->members[i];
        if (member->gate)
            gate_since(member->gate);
        member->inside = 0;
    }
}

enum zone_news zone_parking_take(struct zone_parking *zone, int number, const struct reading *reading, int64_t now_us)
{
    struct member *member = &zone->members[number];
    bool is_counter = member->sensor->kind == KIND_TRAFFIC, had_counted = member->gate;
    count_anew(zone, now_us, false);
    if (!member->heard || !is_late(reading, member->heard_us))
        member->heard_us = reading->time_us;
    member->heard = true;
    if (is_counter && is_out(member, now_us))
        return ZONE_SAID_NOTHING;
    enum zone_news news = is_counter ? gate_take(&member->gate, member->sensor, reading, zone->base.since_us)
                                     : take_state(member, reading);
    zone->counters += !had_counted && member->gate;
    member->inside = member->gate ? gate_inside(member->gate) : 0;
    place(zone, member, now_us);
    sum_up(zone, member->sensor, reading, now_us);
    return news;
}

void zone_parking_heard(struct zone_parking *zone, int number, int64_t heard_us)
{
    zone->members[number].heard_us = heard_us;
}

void zone_parking_tick(struct zone_parking *zone, int64_t now_us)
{
    count_anew(zone, now_us, true);
    zone_base_tick(&zone->base, now_us);
    for (int i = 0; i < zone->count; i++)
        place(zone, &zone->members[i], now_us);
    sum_up(zone, NULL, NULL, now_us);
}

/* Telling. */

void zone_parking_figures(const struct zone_parking *zone, struct zone_parking_figures *ret_figures)
{
    *ret_figures = zone->figures;
}

int64_t zone_parking_due_us(const struct zone_parking *zone)
{
    return zone_base_due_us(&zone->base);
}

void zone_parking_tell_again(struct zone_parking *zone)
{
    zone->told = never_told;
    zone->base.due = true;
}

bool zone_parking_report(struct zone_parking *zone, int64_t clock_us, struct reading *ret_reading)
{
    static const char *const fills[] = {"free", "almost_full", "full"};
    const struct zone_parking_figures *figures = &zone->figures;
    const struct {
        const char *name;
        int64_t number;
        bool is_told;
    } rows[] = {{"capacity", figures->capacity, figures->capacity >= 0},
                {"occupied", figures->occupied, true},
                {"free", figures->free, figures->free >= 0},
                {"unknown", figures->unknown, figures->unknown >= 0},
                {"out_of_service", figures->out_of_service, true},
                {"silent", figures->silent, true},
                {"drift", figures->drift, zone->counters > 0},
                {"band", figures->band, figures->band >= 0}};
    if (!zone_base_begin(&zone->base, clock_us, ret_reading))
        return false;
    zone->told = *figures;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].is_told)
            value_put_integer(ret_reading, rows[i].name, (double)rows[i].number);
    if (figures->known > 0)
        value_put_number(ret_reading, "occupancy",
                         round((double)figures->occupied / (double)figures->known * 1e4) / 1e4);
    if (figures->fill >= 0)
        value_put_text(ret_reading, "fill", fills[figures->fill]);
    if (zone->counters > 0 && zone->silent > 0)
        ret_reading->quality = QUALITY_STALE;
    zone_base_end(&zone->base, ret_reading);
    return true;
}

/* Keeping. The bytes: u32 version, time since it counts, triggers of four bands, almost full and full; u32 members, each: id, flag
   heard, its time, flag begun, its time, u32 state, flag has counted, and then a gate. */

static void keep_zone(struct keep *keep, struct zone_parking *zone)
{
    keep_time(keep, &zone->base.since_us);
    for (size_t i = 0; i < BANDS_MAX; i++)
        keep_trigger(keep, &zone->bands[i]);
    keep_trigger(keep, &zone->almost_full);
    keep_trigger(keep, &zone->full);
}

static void keep_member(struct keep *keep, struct member *member, struct gate *gate)
{
    bool has_counted = member->gate;
    uint32_t state = member->state;
    keep_flag(keep, &member->heard);
    keep_time(keep, &member->heard_us);
    keep_flag(keep, &member->begun);
    keep_time(keep, &member->state_us);
    keep_number(keep, &state, PARKING_STATE_COUNT - 1);
    keep_flag(keep, &has_counted);
    if (has_counted)
        keep_gate(keep, gate);
    member->state = (enum parking_state)state;
    member->gate = has_counted ? gate : NULL;
}

void zone_parking_keep(const struct zone_parking *zone, struct bytes *out)
{
    struct keep keep = {.out = out};
    struct zone_parking copy = *zone;
    bytes_u32(out, KEEP_VERSION);
    keep_zone(&keep, &copy);
    bytes_u32(out, (uint32_t)zone->count);
    for (int i = 0; i < zone->count; i++) {
        char id[ID_MAX + 1];
        struct member member = zone->members[i];
        keep_word(&keep, member.sensor->id, id, sizeof id);
        keep_member(&keep, &member, member.gate);
    }
}

// What was known of a sensor, as far as it still does the same.
static int put_back(struct zone_parking *zone, struct member *member, const struct member *kept)
{
    bool counts = kept->gate && member->sensor->kind == KIND_TRAFFIC;
    struct gate *gate = counts ? gate_copy(kept->gate) : NULL;
    if (counts && !gate)
        return -ENOMEM;
    zone->counters += (gate != NULL) - (member->gate != NULL);
    free(member->gate);
    member->gate = gate;
    member->inside = gate ? gate_inside(gate) : 0;
    member->heard = kept->heard;
    member->heard_us = kept->heard_us;
    member->begun = kept->begun && member->sensor->kind == KIND_PARKING;
    member->state_us = kept->state_us;
    member->state = kept->state;
    place(zone, member, member->heard_us); // until somebody knows the time: as it was
    return 0;
}

static void read_head(struct keep *keep, void *zone)
{
    struct zone_parking scratch = {0};
    keep_zone(keep, zone ? zone : &scratch);
}

static int read_member(struct keep *keep, const char *id, void *context)
{
    struct zone_parking *zone = context;
    struct member kept = {0};
    struct gate gate = {0};
    keep_member(keep, &kept, &gate);
    if (!zone || keep->in->bad)
        return 0;
    int number = members_find(zone->members, zone->count, sizeof *zone->members, id, &keep->next);
    return number < 0 ? 0 : put_back(zone, &zone->members[number], &kept); // or it does not stand here any more
}

int zone_parking_restore(struct zone_parking *zone, const uint8_t *data, size_t size)
{
    static const struct keep_form form = {KEEP_VERSION, read_head, read_member};
    return keep_read(&form, zone, data, size);
}

void zone_parking_keep_member(const struct zone_parking *zone, int number, struct bytes *out)
{
    struct member member = zone->members[number];
    keep_member(&(struct keep){.out = out}, &member, member.gate);
}

int zone_parking_put_back(struct zone_parking *zone, int number, struct view *view, int64_t now_us)
{
    struct member kept = {0}, *member = &zone->members[number];
    struct gate gate = {0};
    keep_member(&(struct keep){.in = view}, &kept, &gate);
    int error = view->bad ? -EBADMSG : put_back(zone, member, &kept);
    place(zone, member, now_us);
    sum_up(zone, member->sensor, NULL, now_us);
    return error;
}
