// SPDX-License-Identifier: Apache-2.0
#include "city/zone_traffic.h"

#include "base/clock.h"
#include "base/text.h"
#include "members.h"
#include "samples.h"
#include "values.h"
#include "zone_base.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { MINUTES = 4, KEEP_VERSION = 1 };

static const int64_t minute_us = 60 * 1000000LL, wait_us = TRAFFIC_WAIT_S * 1000000LL;

static const char *const median_names[] = {"speed_mps", "travel_time_s", "occupancy"};
enum { MEDIANS = sizeof median_names / sizeof *median_names };

struct minute {
    int64_t end_us; // NEVER_US: there is none here
    enum time_quality quality;
    bool unauthenticated;
    struct samples samples[MEDIANS];
};

// What a sensor said in a minute.
struct part {
    bool spoke, has_total, has_counts;
    int64_t first_us, newest_us;
    double first, newest; // of its running total
    double counts, period_s;
};

struct member {
    const struct settings_sensor *sensor;
    uint64_t who;
    // Kept:
    bool has_base; // its total at the end of the last minute that is over and had one
    int64_t base_end_us;
    double base;
    struct tally tally;         // of its counts: which there were
    struct part parts[MINUTES]; // of the zone's minutes
};

struct zone_traffic {
    const struct settings_zone *settings;
    struct member *members;
    int count, room;
    int64_t now_us; // NEVER_US: not known yet
    struct minute minutes[MINUTES];
};

struct zone_traffic *zone_traffic_create(const struct settings_zone *settings)
{
    struct zone_traffic *zone = calloc(1, sizeof *zone);
    if (!zone)
        return NULL;
    zone->settings = settings;
    zone->now_us = NEVER_US;
    for (size_t i = 0; i < MINUTES; i++)
        zone->minutes[i].end_us = NEVER_US;
    return zone;
}

void zone_traffic_destroy(struct zone_traffic *zone)
{
    if (zone)
        free(zone->members);
    free(zone);
}

int zone_traffic_add(struct zone_traffic *zone, const struct settings_sensor *sensor)
{
    struct member *members = members_room(zone->members, zone->count, &zone->room, sizeof *members);
    if (!members)
        return -ENOMEM;
    zone->members = members;
    zone->members[zone->count] = (struct member){.sensor = sensor, .who = samples_who(sensor->id)};
    return zone->count++;
}

/* Minutes. */

static int64_t end_of(int64_t time_us)
{
    return ((time_us - 1) / minute_us + 1) * minute_us;
}

static bool is_over(const struct zone_traffic *zone, int64_t end_us)
{
    return end_us <= zone->now_us - wait_us;
}

// The oldest that there is, or -1.
static int oldest(const struct zone_traffic *zone)
{
    int found = -1;
    for (int i = 0; i < MINUTES; i++)
        if (zone->minutes[i].end_us != NEVER_US && (found < 0 || zone->minutes[i].end_us < zone->minutes[found].end_us))
            found = i;
    return found;
}

static void leave(struct zone_traffic *zone, int number)
{
    struct minute *minute = &zone->minutes[number];
    for (int i = 0; i < zone->count; i++) {
        struct member *member = &zone->members[i];
        const struct part *part = &member->parts[number];
        if (part->has_total) {
            member->has_base = true;
            member->base_end_us = minute->end_us;
            member->base = part->newest;
        }
        member->parts[number] = (struct part){0};
    }
    for (size_t i = 0; i < MEDIANS; i++)
        minute->samples[i].count = 0;
    minute->quality = TIME_SYNCED;
    minute->unauthenticated = false;
    minute->end_us = NEVER_US;
}

// At most three minutes are not over: the present one, the one before and the next. So what has to go when there is no room is.
static int minute_of(struct zone_traffic *zone, int64_t end_us)
{
    int empty = -1;
    for (int i = 0; i < MINUTES; i++) {
        if (zone->minutes[i].end_us == end_us)
            return i;
        if (zone->minutes[i].end_us == NEVER_US)
            empty = i;
    }
    if (empty < 0)
        leave(zone, empty = oldest(zone));
    zone->minutes[empty].end_us = end_us;
    return empty;
}

// The time does not go back, but when a clock does: then nothing is late any more. A sensor's own time tells nothing of that.
static void pass_time(struct zone_traffic *zone, int64_t now_us, bool may_go_back)
{
    bool goes_back = may_go_back && now_us < zone->now_us - 2 * minute_us;
    for (int number = oldest(zone); goes_back && number >= 0; number = oldest(zone))
        leave(zone, number);
    if (goes_back || now_us > zone->now_us)
        zone->now_us = now_us;
}

/* Taking. */

static bool number_in(const struct reading *reading, const char *name, double *ret_number)
{
    const struct value *value = reading_find(reading, name);
    if (!value || (value->type != VALUE_INTEGER && value->type != VALUE_NUMBER) || !(value->number >= 0) ||
        isinf(value->number))
        return false;
    *ret_number = value->number;
    return true;
}

static void take_total(struct part *part, int64_t time_us, double total)
{
    if (!part->has_total || time_us < part->first_us) {
        part->first_us = time_us;
        part->first = total;
    }
    if (!part->has_total || time_us > part->newest_us) {
        part->newest_us = time_us;
        part->newest = total;
    }
    part->has_total = true;
}

// Only whether they are new is asked of the tally.
static void take_counts(struct member *member, struct part *part, const struct reading *reading, double counts)
{
    double period_s;
    if (!tally_take(&member->tally, TALLY_COUNTS, reading, counts, INT64_MAX))
        return;
    part->has_counts = true;
    part->counts += counts;
    if (number_in(reading, "period_s", &period_s))
        part->period_s = fmax(part->period_s, period_s);
}

static bool says_anything(const struct reading *reading)
{
    static const char *const counts[] = {"vehicles_total", "vehicles"};
    double number;
    for (size_t i = 0; i < MEDIANS; i++)
        if (number_in(reading, median_names[i], &number))
            return true;
    return number_in(reading, counts[0], &number) || number_in(reading, counts[1], &number);
}

enum zone_news zone_traffic_take(struct zone_traffic *zone, int number, const struct reading *reading, int64_t now_us)
{
    struct member *member = &zone->members[number];
    int64_t end_us = end_of(reading->time_us), key = samples_key(member->who, reading->time_us);
    double value;
    pass_time(zone, now_us, reading->time_quality != TIME_SENSOR);
    if (!says_anything(reading) || end_us > end_of(zone->now_us) + minute_us)
        return ZONE_SAID_NOTHING;
    if (is_over(zone, end_us))
        return ZONE_LATE;
    int place = minute_of(zone, end_us);
    struct minute *minute = &zone->minutes[place];
    struct part *part = &member->parts[place];
    part->spoke = true;
    if (reading->time_quality > minute->quality)
        minute->quality = reading->time_quality;
    minute->unauthenticated |= reading->unauthenticated;
    for (size_t i = 0; i < MEDIANS; i++)
        if (number_in(reading, median_names[i], &value))
            samples_take(&minute->samples[i], key, value);
    if (number_in(reading, "vehicles_total", &value))
        take_total(part, reading->time_us, value);
    if (number_in(reading, "vehicles", &value))
        take_counts(member, part, reading, value);
    return ZONE_TAKEN;
}

void zone_traffic_tick(struct zone_traffic *zone, int64_t now_us)
{
    pass_time(zone, now_us, true);
}

/* Telling. */

struct sum {
    double vehicles, period_s;
    int sensors;
    bool counts;
};

static void add(const struct member *member, int place, int64_t end_us, struct sum *sum)
{
    const struct part *part = &member->parts[place];
    bool knows_growth = part->has_total && (member->has_base || part->newest_us > part->first_us);
    sum->sensors += part->spoke;
    if (!knows_growth && !part->has_counts)
        return;
    sum->counts = true;
    sum->vehicles +=
        knows_growth ? fmax(part->newest - (member->has_base ? member->base : part->first), 0) : part->counts;
    if (!knows_growth)
        sum->period_s = fmax(sum->period_s, part->period_s);
    else if (member->has_base)
        sum->period_s = fmax(sum->period_s, (double)(end_us - member->base_end_us) / 1e6);
}

static void put_figures(const struct zone_traffic *zone, int place, struct reading *reading)
{
    const struct minute *minute = &zone->minutes[place];
    struct sum sum = {.period_s = (double)(minute_us / 1000000)};
    for (int i = 0; i < zone->count; i++)
        add(&zone->members[i], place, minute->end_us, &sum);
    if (sum.counts) {
        value_put_integer(reading, "vehicles", round(sum.vehicles));
        value_put_number(reading, "period_s", sum.period_s);
    }
    for (size_t i = 0; i < MEDIANS; i++)
        if (minute->samples[i].count > 0)
            value_put_number(reading, median_names[i], round(samples_median(&minute->samples[i]) * 1e4) / 1e4);
    value_put_integer(reading, "sensors", sum.sensors);
}

int64_t zone_traffic_due_us(const struct zone_traffic *zone)
{
    int place = oldest(zone);
    return place >= 0 && is_over(zone, zone->minutes[place].end_us) ? INT64_MIN : INT64_MAX;
}

bool zone_traffic_report(struct zone_traffic *zone, struct reading *ret_reading)
{
    int place = oldest(zone);
    if (zone_traffic_due_us(zone) == INT64_MAX)
        return false;
    const struct minute *minute = &zone->minutes[place];
    zone_reading(zone->settings, minute->end_us, minute->quality, ret_reading);
    ret_reading->unauthenticated = minute->unauthenticated;
    put_figures(zone, place, ret_reading);
    leave(zone, place);
    return true;
}

void zone_traffic_told(struct zone_traffic *zone, int64_t until_us)
{
    for (int number = oldest(zone); number >= 0 && zone->minutes[number].end_us <= until_us; number = oldest(zone))
        leave(zone, number);
}

/* Keeping. The bytes: u32 version, what the time is, four minutes, each: its end, u32 quality of time, flag unauthenticated, samples of
   three quantities; u32 members, each: id, flag has a total of before, the end of its minute, and it; a tally; four parts. */

static void keep_minute(struct keep *keep, struct minute *minute)
{
    uint32_t quality = minute->quality;
    keep_time(keep, &minute->end_us);
    keep_number(keep, &quality, TIME_ESTIMATED);
    keep_flag(keep, &minute->unauthenticated);
    for (size_t i = 0; i < MEDIANS; i++)
        keep_samples(keep, &minute->samples[i]);
    minute->quality = (enum time_quality)quality;
    bool can_be = minute->end_us >= 0 && minute->end_us <= UTC_LAST_US && minute->end_us % minute_us == 0;
    if (keep->in && !can_be && minute->end_us != NEVER_US)
        keep->in->bad = true;
}

static void keep_part(struct keep *keep, struct part *part)
{
    keep_flag(keep, &part->spoke);
    keep_flag(keep, &part->has_total);
    keep_time(keep, &part->first_us);
    keep_time(keep, &part->newest_us);
    keep_amount(keep, &part->first);
    keep_amount(keep, &part->newest);
    keep_flag(keep, &part->has_counts);
    keep_amount(keep, &part->counts);
    keep_amount(keep, &part->period_s);
}

static void keep_member(struct keep *keep, struct member *member)
{
    keep_flag(keep, &member->has_base);
    keep_time(keep, &member->base_end_us);
    keep_amount(keep, &member->base);
    keep_tally(keep, &member->tally);
    for (size_t i = 0; i < MINUTES; i++)
        keep_part(keep, &member->parts[i]);
}

void zone_traffic_keep(const struct zone_traffic *zone, struct bytes *out)
{
    struct keep keep = {.out = out};
    int64_t now_us = zone->now_us;
    bytes_u32(out, KEEP_VERSION);
    keep_time(&keep, &now_us);
    for (size_t i = 0; i < MINUTES; i++) {
        struct minute minute = zone->minutes[i];
        keep_minute(&keep, &minute);
    }
    bytes_u32(out, (uint32_t)zone->count);
    for (int i = 0; i < zone->count; i++) {
        char id[ID_MAX + 1];
        struct member member = zone->members[i];
        keep_word(&keep, member.sensor->id, id, sizeof id);
        keep_member(&keep, &member);
    }
}

static void read_head(struct keep *keep, void *context)
{
    struct zone_traffic *zone = context;
    int64_t now_us;
    keep_time(keep, zone ? &zone->now_us : &now_us);
    for (size_t i = 0; i < MINUTES; i++) {
        struct minute minute = {0};
        keep_minute(keep, zone ? &zone->minutes[i] : &minute);
    }
}

static int read_member(struct keep *keep, const char *id, void *context)
{
    struct zone_traffic *zone = context;
    struct member kept = {0};
    keep_member(keep, &kept);
    if (!zone || keep->in->bad)
        return 0;
    int place = members_find(zone->members, zone->count, sizeof *zone->members, id, &keep->next);
    if (place < 0)
        return 0; // it does not stand here any more
    kept.sensor = zone->members[place].sensor;
    kept.who = zone->members[place].who;
    zone->members[place] = kept;
    return 0;
}

int zone_traffic_restore(struct zone_traffic *zone, const uint8_t *data, size_t size)
{
    static const struct keep_form form = {KEEP_VERSION, read_head, read_member};
    return keep_read(&form, zone, data, size);
}

// With the minutes that its parts are of.
void zone_traffic_keep_member(const struct zone_traffic *zone, int number, struct bytes *out)
{
    struct keep keep = {.out = out};
    struct member member = zone->members[number];
    for (size_t i = 0; i < MINUTES; i++) {
        int64_t end_us = zone->minutes[i].end_us;
        keep_time(&keep, &end_us);
    }
    keep_member(&keep, &member);
}

int zone_traffic_put_back(struct zone_traffic *zone, int number, struct view *view)
{
    struct keep keep = {.in = view};
    struct member kept = zone->members[number];
    bool begun[MINUTES];
    for (size_t i = 0; i < MINUTES; i++) {
        int64_t end_us;
        keep_time(&keep, &end_us);
        begun[i] = end_us != zone->minutes[i].end_us; // with that reading
    }
    keep_member(&keep, &kept);
    if (view->bad)
        return -EBADMSG;
    for (size_t i = 0; i < MINUTES; i++)
        if (begun[i])
            kept.parts[i] = (struct part){0};
    zone->members[number] = kept;
    return 0;
}
