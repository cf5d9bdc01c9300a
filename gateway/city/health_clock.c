// SPDX-License-Identifier: Apache-2.0
#include "health_parts.h"

enum { OLD_READINGS = 3 };

static const int64_t apart_us = 30 * 60 * INT64_C(1000000);

static const int64_t catches_up_us = 60 * INT64_C(1000000); // beyond what a clock's drift and the network's delay make

// Counts old readings, of those that come at once only one. What comes nearer to now than any before is being caught up on: the count begins again.
static void count_old(struct health *health, int64_t age_us, int64_t now_boot_us)
{
    bool catches_up = age_us > 0 && age_us < health->least_age_us - catches_up_us;
    if (health->old == 0 || catches_up) {
        health->old = 1;
        health->old_boot_us = health->old_last_boot_us = now_boot_us;
        health->least_age_us = age_us;
    } else if (health->old < OLD_READINGS && now_boot_us - health->old_last_boot_us >= apart_us) {
        health->old++;
        health->old_last_boot_us = now_boot_us;
    }
}

// A clock that is not told any more is no frozen one, once three readings in a row did without.
static void do_without(struct health *health, const struct health_moment *moment, struct health_report *report)
{
    struct health_news facts = {.condition = HEALTH_FROZEN, .since_us = health_ago(moment, 0)};
    if (!health_is(health, HEALTH_FROZEN))
        return;
    health->old = (uint8_t)(health->old > 0 ? health->old - 1 : 0);
    health_set(health, health->old > 0, &facts, report);
}

bool health_take_clock(struct health *health, const struct settings_sensor *sensor, const struct reading *reading,
                       const struct health_moment *moment, struct health_report *report)
{
    int64_t limit_us = sensor->frozen_after_us, age_us = moment->wall_us - reading->time_us;
    if (!moment->wall_is_set || limit_us == 0)
        return false;
    if (reading->time_quality != TIME_SENSOR) {
        do_without(health, moment, report);
        return false;
    }
    bool is_old = age_us > limit_us || age_us < -limit_us;
    bool is_fresh = age_us < limit_us - limit_us / 4 && age_us > limit_us / 4 - limit_us;
    if (is_old && health_is(health, HEALTH_FROZEN))
        health->old = OLD_READINGS;
    else if (is_old)
        count_old(health, age_us, moment->boot_us);
    else if (is_fresh)
        health->old = 0;
    struct health_news facts = {.condition = HEALTH_FROZEN,
                                .since_us = health_ago(moment, is_fresh ? 0 : moment->boot_us - health->old_boot_us),
                                .value = (double)age_us / 1e6};
    bool begins = is_old && health->old >= OLD_READINGS;
    health_set(health, health_is(health, HEALTH_FROZEN) ? !is_fresh : begins, &facts, report);
    return is_old;
}
