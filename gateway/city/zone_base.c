// SPDX-License-Identifier: Apache-2.0
#include "zone_base.h"

#include "city/late.h"
#include "values.h"

static const int64_t pause_us = 1000000;

void zone_base_init(struct zone_base *base, const struct settings_zone *settings, const struct calendar *calendar)
{
    *base = (struct zone_base){
        .settings = settings, .calendar = calendar, .since_us = NEVER_US, .next_us = NEVER_US, .told_us = NEVER_US};
}

bool zone_base_pass(struct zone_base *base, int64_t time_us, bool may_go_back)
{
    int64_t last_us;
    if (base->settings->reset_minute < 0)
        return false;
    if (base->next_us == NEVER_US && base->since_us != NEVER_US) // since_us was kept over a restart
        calendar_around(base->calendar, base->settings->reset_minute, base->since_us, &last_us, &base->next_us);
    if (time_us < base->next_us && !(may_go_back && time_us < base->since_us - latest_us))
        return false;
    calendar_around(base->calendar, base->settings->reset_minute, time_us, &last_us, &base->next_us);
    if (last_us == base->since_us)
        return false;
    base->since_us = last_us;
    return true;
}

void zone_base_tick(struct zone_base *base, int64_t now_us)
{
    if (base->told_by_us && base->told_us > now_us)
        base->told_us = NEVER_US;
}

bool zone_base_is_silent(const struct settings_sensor *sensor, bool was_heard, int64_t heard_us, int64_t now_us)
{
    return was_heard && sensor->stale_after_us > 0 && now_us - heard_us > sensor->stale_after_us;
}

void zone_base_change(struct zone_base *base, const struct settings_sensor *cause, const struct reading *reading,
                      int64_t now_us)
{
    base->due = true;
    base->cause = cause;
    base->cause_us = reading ? reading->time_us : now_us;
    base->cause_quality = reading ? reading->time_quality : TIME_SYNCED;
    base->cause_unauthenticated = reading && reading->unauthenticated;
}

int64_t zone_base_due_us(const struct zone_base *base)
{
    if (!base->due)
        return INT64_MAX;
    return base->told ? base->told_clock_us + pause_us : INT64_MIN;
}

void zone_reading(const struct settings_zone *settings, int64_t time_us, enum time_quality quality,
                  struct reading *ret_reading)
{
    ret_reading->kind = (enum kind)settings->kind;
    ret_reading->zone = settings->id;
    ret_reading->time_us = time_us;
    ret_reading->time_quality = quality;
    ret_reading->quality = QUALITY_GOOD;
    ret_reading->unauthenticated = false;
    ret_reading->value_count = ret_reading->refused_count = 0;
}

bool zone_base_begin(struct zone_base *base, int64_t clock_us, struct reading *ret_reading)
{
    bool is_behind = base->cause_us < base->told_us && base->told_us - base->cause_us <= latest_us;
    if (clock_us < zone_base_due_us(base))
        return false;
    if (!is_behind) {
        base->told_us = base->cause_us;
        base->told_by_us = base->cause_quality != TIME_SENSOR;
    }
    base->told_clock_us = clock_us;
    base->told = true;
    base->due = false;
    zone_reading(base->settings, base->told_us, base->cause_quality, ret_reading);
    ret_reading->unauthenticated = base->cause_unauthenticated;
    return true;
}

void zone_base_end(const struct zone_base *base, struct reading *reading)
{
    if (base->cause)
        value_put_text(reading, "cause", base->cause->id);
}
