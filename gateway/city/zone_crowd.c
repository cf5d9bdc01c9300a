// SPDX-License-Identifier: Apache-2.0
#include "city/zone_crowd.h"

#include "base/text.h"
#include "city/late.h"
#include "gate.h"
#include "members.h"
#include "service_level.h"
#include "values.h"
#include "zone_base.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LIMITS = 3, KEEP_VERSION = 1 };

static const double densest_per_m2 = 10, fastest_per_m_s = 2, slack_people = 5, limit_left = 0.9;

const char *const crowd_level_names[CROWD_LEVEL_COUNT] = {"normal", "warn", "high", "critical"};

// A number of people that was said once.
struct said {
    bool any;
    int64_t time_us;
    double people;
};

struct member {
    const struct settings_sensor *sensor;
    bool silent;
    double inside, per_minute; // of the gate, as of now
    // Kept:
    bool heard;
    int64_t heard_us;
    struct said believed, doubted; // doubted: newer than the believed one
    struct gate *gate;             // of a counter that has counted; else NULL
};

// Figures in the steps in which they are told.
struct told {
    int64_t people, flow, drift, silent;
    int64_t service_level, level, is_estimate;
};

struct zone_crowd {
    struct zone_base base;
    struct member *members;
    int count, room;
    int64_t newest_us; // of all readings
    struct trigger limits[LIMITS];
    enum crowd_level alerted;
    struct zone_crowd_figures figures;
    struct told now, told; // what there is to tell, and what was told last
};

static const struct told never_told = {.people = -2}; // so that whatever comes is something new

struct zone_crowd *zone_crowd_create(const struct settings_zone *settings, const struct calendar *calendar)
{
    struct zone_crowd *zone = calloc(1, sizeof *zone);
    if (!zone)
        return NULL;
    zone_base_init(&zone->base, settings, calendar);
    zone->newest_us = NEVER_US;
    zone->now = zone->told = never_told;
    zone->figures.people = zone->figures.density_per_m2 = zone->figures.flow_per_m_min = (double)NAN;
    return zone;
}

void zone_crowd_destroy(struct zone_crowd *zone)
{
    for (int i = 0; zone && i < zone->count; i++)
        free(zone->members[i].gate);
    if (zone)
        free(zone->members);
    free(zone);
}

int zone_crowd_add(struct zone_crowd *zone, const struct settings_sensor *sensor)
{
    struct member *members = members_room(zone->members, zone->count, &zone->room, sizeof *members);
    if (!members)
        return -ENOMEM;
    zone->members = members;
    zone->members[zone->count] = (struct member){.sensor = sensor};
    return zone->count++;
}

/* What all of them make together. */

struct sum {
    double people, inside, flow;
    bool says_people, counts, has_flow;
};

static void add_counter(const struct member *member, struct sum *sum)
{
    bool has_flow = !member->silent && !isnan(member->per_minute);
    sum->inside += member->inside;
    sum->counts = true;
    sum->has_flow |= has_flow;
    sum->flow += has_flow ? member->per_minute : 0;
}

static void add_up(const struct zone_crowd *zone, struct zone_crowd_figures *figures)
{
    const struct settings_zone *settings = zone->base.settings;
    struct sum sum = {.inside = (double)settings->reset_to};
    bool any = false, is_estimate = false;
    int silent = 0;
    for (int i = 0; i < zone->count; i++) {
        const struct member *member = &zone->members[i];
        bool says = member->believed.any, speaks = says && !member->silent;
        silent += member->silent;
        any |= says;
        sum.says_people |= speaks;
        sum.people += speaks ? member->believed.people : 0;
        is_estimate |= member->sensor->estimate && (speaks || (!says && member->gate));
        if (member->gate)
            add_counter(member, &sum);
    }
    bool by_counters = !any && sum.counts;
    *figures = (struct zone_crowd_figures){.silent = silent, .is_estimate = is_estimate, .level = zone->figures.level};
    figures->people = by_counters ? fmax(sum.inside, 0) : sum.says_people ? sum.people : (double)NAN;
    figures->drift = by_counters ? fmin(sum.inside, 0) : (double)NAN;
    figures->density_per_m2 = settings->area_m2 > 0 ? figures->people / settings->area_m2 : (double)NAN;
    figures->flow_per_m_min = settings->width_m > 0 && sum.has_flow ? sum.flow / settings->width_m : (double)NAN;
    figures->service_level =
        service_level_of_density(figures->people, settings->area_m2 > 0 ? settings->area_m2 : (double)NAN);
    if (!figures->service_level)
        figures->service_level = service_level_of_flow(figures->flow_per_m_min);
}

static size_t limit_count(const struct settings_zone *settings)
{
    return settings->limit_count < LIMITS ? settings->limit_count : LIMITS;
}

// Nobody knows that a crowd is gone when who saw it is silent.
static void judge(struct zone_crowd *zone, struct zone_crowd_figures *figures)
{
    const struct settings_zone *settings = zone->base.settings;
    size_t count = limit_count(settings);
    for (size_t i = 0; i < count && !isnan(figures->density_per_m2); i++) {
        double up = settings->limits[i], down = figures->silent > 0 ? -1 : limit_left * up;
        trigger_take(&zone->limits[i], &(struct trigger_limit){up, down, settings->hold_us}, figures->density_per_m2,
                     zone->newest_us);
    }
    figures->level = (enum crowd_level)trigger_level(zone->limits, count);
}

static int64_t step_of(double number, double steps)
{
    return isnan(number) ? -1 : llround(number * steps);
}

static bool is_hidden(const struct zone_crowd *zone, double people)
{
    return !isnan(people) && people < (double)zone->base.settings->min_count;
}

static bool hides_flow(const struct zone_crowd *zone, const struct zone_crowd_figures *figures)
{
    return is_hidden(zone, figures->flow_per_m_min * zone->base.settings->width_m);
}

// What is not told cannot be something new to tell.
static struct told told_of(const struct zone_crowd *zone, const struct zone_crowd_figures *figures)
{
    return (struct told){.people = is_hidden(zone, figures->people) ? -3 : step_of(figures->people, 1),
                         .flow = hides_flow(zone, figures) ? -3 : step_of(figures->flow_per_m_min, 10),
                         .drift = isnan(figures->drift) ? 0 : llround(figures->drift),
                         .silent = figures->silent,
                         .service_level = figures->service_level ? *figures->service_level : 0,
                         .level = figures->level,
                         .is_estimate = figures->is_estimate};
}

static void sum_up(struct zone_crowd *zone, const struct settings_sensor *cause, const struct reading *reading,
                   int64_t now_us, bool is_new)
{
    struct zone_crowd_figures figures;
    add_up(zone, &figures);
    if (is_new)
        judge(zone, &figures);
    struct told now = told_of(zone, &figures);
    zone->figures = figures;
    if (memcmp(&now, &zone->now, sizeof now) == 0)
        return;
    zone->now = now;
    zone_base_change(&zone->base, cause, reading, now_us);
    zone->base.due = memcmp(&now, &zone->told, sizeof now) != 0; // else all is again as it was told
}

/* Taking. */

static void listen(struct member *member, int64_t now_us)
{
    member->silent = zone_base_is_silent(member->sensor, member->heard, member->heard_us, now_us);
}

static bool have_room(const struct settings_zone *settings, const struct said *now)
{
    return !(settings->area_m2 > 0) || now->people <= densest_per_m2 * settings->area_m2;
}

// Whether there can be so many now, when there were so many at that time.
static bool can_have_come(const struct settings_zone *settings, const struct said *before, const struct said *now)
{
    double seconds = (double)(now->time_us - before->time_us) / 1e6;
    double can_come = slack_people + fastest_per_m_s * settings->width_m * fmax(seconds, 0);
    return !before->any || !(settings->width_m > 0) || now->people - before->people <= can_come;
}

static bool is_believed(const struct settings_zone *settings, const struct member *member, const struct said *now)
{
    const struct said *doubted = &member->doubted;
    if (have_room(settings, now) && can_have_come(settings, &member->believed, now))
        return true;
    return doubted->any && now->people >= doubted->people / 2 && can_have_come(settings, doubted, now);
}

// How many people the reading says; negative: it says nothing. Too few to be told when it was stored are next to none.
static double people_in(const struct reading *reading)
{
    const struct value *people = reading_find(reading, "people");
    if (!people)
        return reading_find(reading, "suppressed") ? 0 : -1;
    return people->type == VALUE_INTEGER || people->type == VALUE_NUMBER ? people->number : -1;
}

static enum zone_news take_people(const struct settings_zone *settings, struct member *member, struct reading *reading)
{
    struct said now = {true, reading->time_us, people_in(reading)};
    if (!(now.people >= 0))
        return ZONE_SAID_NOTHING;
    const struct said *newest = member->doubted.any ? &member->doubted : &member->believed;
    if (newest->any && (is_same_time(reading, newest->time_us) || is_late(reading, newest->time_us)))
        return ZONE_LATE;
    if (!is_believed(settings, member, &now)) {
        member->doubted = now;
        value_put_true(reading, "implausible");
        return ZONE_IMPLAUSIBLE;
    }
    member->believed = now;
    member->doubted = (struct said){0};
    return ZONE_TAKEN;
}

static void look(struct member *member)
{
    member->inside = member->gate ? gate_inside(member->gate) : 0;
    member->per_minute = member->gate ? gate_per_minute(member->gate) : (double)NAN;
}

static void count_anew(struct zone_crowd *zone, int64_t now_us, bool may_go_back)
{
    if (!zone_base_pass(&zone->base, now_us, may_go_back))
        return;
    for (int i = 0; i < zone->count; i++) {
        struct member *member = &zone->members[i];
        if (member->gate)
            gate_since(member->gate);
        look(member);
    }
}

// The zone's time does not go back, but when a clock does.
static void pass_time(struct zone_crowd *zone, const struct reading *reading, int64_t now_us)
{
    int64_t time_us = reading->time_us < now_us ? reading->time_us : now_us;
    if (time_us > zone->newest_us || zone->newest_us - time_us > latest_us)
        zone->newest_us = time_us;
}

enum zone_news zone_crowd_take(struct zone_crowd *zone, int number, struct reading *reading, int64_t now_us)
{
    struct member *member = &zone->members[number];
    count_anew(zone, now_us, false);
    pass_time(zone, reading, now_us);
    if (!member->heard || !is_late(reading, member->heard_us))
        member->heard_us = reading->time_us;
    member->heard = true;
    enum zone_news people = take_people(zone->base.settings, member, reading);
    enum zone_news counts = gate_take(&member->gate, member->sensor, reading, zone->base.since_us);
    listen(member, now_us);
    look(member);
    sum_up(zone, member->sensor, reading, now_us, people == ZONE_TAKEN || counts == ZONE_TAKEN);
    return people != ZONE_SAID_NOTHING ? people : counts;
}

void zone_crowd_heard(struct zone_crowd *zone, int number, int64_t heard_us)
{
    zone->members[number].heard_us = heard_us;
}

void zone_crowd_tick(struct zone_crowd *zone, int64_t now_us)
{
    count_anew(zone, now_us, true);
    zone_base_tick(&zone->base, now_us);
    if (zone->newest_us > now_us) // it was set back
        zone->newest_us = now_us;
    for (int i = 0; i < zone->count; i++)
        listen(&zone->members[i], now_us);
    sum_up(zone, NULL, NULL, now_us, false);
}

/* Telling. */

void zone_crowd_figures(const struct zone_crowd *zone, struct zone_crowd_figures *ret_figures)
{
    *ret_figures = zone->figures;
}

int64_t zone_crowd_due_us(const struct zone_crowd *zone)
{
    return zone_base_due_us(&zone->base);
}

static void put_figures(const struct zone_crowd *zone, struct reading *reading)
{
    const struct zone_crowd_figures *figures = &zone->figures;
    bool hides = is_hidden(zone, figures->people);
    if (hides)
        value_put_true(reading, "suppressed");
    if (!isnan(figures->people) && !hides)
        value_put_integer(reading, "people", round(figures->people));
    if (!isnan(figures->density_per_m2) && !hides)
        value_put_number(reading, "density_per_m2", round(figures->density_per_m2 * 1000) / 1000);
    if (!isnan(figures->flow_per_m_min) && !hides_flow(zone, figures))
        value_put_number(reading, "flow_per_m_min", round(figures->flow_per_m_min * 10) / 10);
    if (figures->service_level && !hides)
        value_put_text(reading, "los", figures->service_level);
    if (zone->base.settings->area_m2 > 0)
        value_put_text(reading, "level", crowd_level_names[figures->level]);
    if (!isnan(figures->drift))
        value_put_integer(reading, "drift", round(figures->drift));
    if (figures->is_estimate)
        value_put_true(reading, "estimate");
    value_put_integer(reading, "silent", figures->silent);
}

void zone_crowd_tell_again(struct zone_crowd *zone)
{
    zone->told = never_told;
    zone->base.due = true;
}

bool zone_crowd_report(struct zone_crowd *zone, int64_t clock_us, struct reading *ret_reading)
{
    if (!zone_base_begin(&zone->base, clock_us, ret_reading))
        return false;
    zone->told = zone->now;
    put_figures(zone, ret_reading);
    if (zone->figures.silent > 0)
        ret_reading->quality = QUALITY_STALE;
    zone_base_end(&zone->base, ret_reading);
    return true;
}

bool zone_crowd_alert(struct zone_crowd *zone, struct crowd_alert *ret_alert)
{
    enum crowd_level before = zone->alerted, now = zone->figures.level;
    if (before == now)
        return false;
    zone->alerted = now;
    *ret_alert = (struct crowd_alert){.news = before == CROWD_NORMAL ? CROWD_BEGAN
                                              : now == CROWD_NORMAL  ? CROWD_ENDED
                                              : now > before         ? CROWD_ROSE
                                                                     : CROWD_FELL,
                                      .level = now,
                                      .density_per_m2 = zone->figures.density_per_m2,
                                      .time_us = zone->base.cause_us,
                                      .cause = zone->base.cause};
    return true;
}

void zone_crowd_alerted(struct zone_crowd *zone, enum crowd_level level)
{
    zone->alerted = level;
}

/* Keeping. The bytes: u32 version, time since it counts, time of the newest reading, three triggers, u32 level that was told; u32 members,
   each: id, flag heard, its time, believed and doubted (flag, time, number), flag has counted, and then a gate. */

static void keep_zone(struct keep *keep, struct zone_crowd *zone)
{
    uint32_t alerted = zone->alerted;
    keep_time(keep, &zone->base.since_us);
    keep_time(keep, &zone->newest_us);
    for (size_t i = 0; i < LIMITS; i++)
        keep_trigger(keep, &zone->limits[i]);
    keep_number(keep, &alerted, CROWD_LEVEL_COUNT - 1);
    zone->alerted = (enum crowd_level)alerted;
}

static void keep_said(struct keep *keep, struct said *said)
{
    keep_flag(keep, &said->any);
    keep_time(keep, &said->time_us);
    keep_amount(keep, &said->people);
}

static void keep_member(struct keep *keep, struct member *member, struct gate *gate)
{
    bool has_counted = member->gate;
    keep_flag(keep, &member->heard);
    keep_time(keep, &member->heard_us);
    keep_said(keep, &member->believed);
    keep_said(keep, &member->doubted);
    keep_flag(keep, &has_counted);
    if (has_counted)
        keep_gate(keep, gate);
    member->gate = has_counted ? gate : NULL;
}

void zone_crowd_keep(const struct zone_crowd *zone, struct bytes *out)
{
    struct keep keep = {.out = out};
    struct zone_crowd copy = *zone;
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

static int put_back(struct member *member, const struct member *kept)
{
    struct gate *gate = kept->gate ? gate_copy(kept->gate) : NULL;
    if (kept->gate && !gate)
        return -ENOMEM;
    free(member->gate);
    const struct settings_sensor *sensor = member->sensor;
    *member = *kept;
    member->sensor = sensor;
    member->gate = gate;
    look(member);
    return 0;
}

static void read_head(struct keep *keep, void *zone)
{
    struct zone_crowd scratch = {0};
    keep_zone(keep, zone ? zone : &scratch);
}

static int read_member(struct keep *keep, const char *id, void *context)
{
    struct zone_crowd *zone = context;
    struct member kept = {0};
    struct gate gate = {0};
    keep_member(keep, &kept, &gate);
    if (!zone || keep->in->bad)
        return 0;
    int number = members_find(zone->members, zone->count, sizeof *zone->members, id, &keep->next);
    return number < 0 ? 0 : put_back(&zone->members[number], &kept); // or it does not stand here any more
}

// A level that nobody can judge any more, since the sensors or the area left the configuration, would stay for ever.
int zone_crowd_restore(struct zone_crowd *zone, const uint8_t *data, size_t size)
{
    static const struct keep_form form = {KEEP_VERSION, read_head, read_member};
    int error = keep_read(&form, zone, data, size);
    size_t count = zone->count > 0 && zone->base.settings->area_m2 > 0 ? limit_count(zone->base.settings) : 0;
    for (size_t i = count; i < LIMITS; i++)
        zone->limits[i] = (struct trigger){0};
    zone->figures.level = (enum crowd_level)trigger_level(zone->limits, count);
    return error;
}

void zone_crowd_keep_member(const struct zone_crowd *zone, int number, struct bytes *out)
{
    struct member member = zone->members[number];
    keep_member(&(struct keep){.out = out}, &member, member.gate);
}

int zone_crowd_put_back(struct zone_crowd *zone, int number, struct view *view, int64_t now_us)
{
    struct member kept = {0}, *member = &zone->members[number];
    struct gate gate = {0};
    keep_member(&(struct keep){.in = view}, &kept, &gate);
    int error = view->bad ? -EBADMSG : put_back(member, &kept);
    listen(member, now_us);
    sum_up(zone, member->sensor, NULL, now_us, false);
    return error;
}
