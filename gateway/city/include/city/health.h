// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/alerts.h"
#include "reading/reading.h"
#include "settings/settings.h"

/*
 * Is a sensor well? Each is watched in some 200 bytes, with its readings and with a tick. What is wrong with it are conditions, which
 * begin and end; each begins late rather than wrongly, since staff soon ignore what cries every night:
 *
 * - stale: nothing came for longer than `stale_after`. Begins with the tick, ends with the next reading, whatever that says: it was
 *   heard.
 * - frozen: messages come, yet by their own times they are more than `frozen_after` old, or ahead. It takes three of them, each half an hour
 *   after the other, without a fresh one between. Old readings that come nearer to now are what a sensor catches up on, and no frozen ones. That
 *   counts a clock that stands still, one that began in 1970, and a feed that repeats what it said days ago. It ends with a fresh one,
 *   or with three in a row that tell no time.
 * - stuck: a quantity that varies in nature has had exactly one value for `stuck_after`, in seven readings or more. States, switches,
 *   counters, distances and batteries may stay as they are and do not count; nor does a value that is natural rest (no light, no wind,
 *   saturated air). A value without a fraction may be a coarse one, and needs three times as long. The first four such quantities of
 *   a sensor are watched. Ends when it has changed twice.
 * - range: of the last ten readings (a minute apart; what comes faster counts by its majority) five had values outside their range.
 *   Ends when it is one, or none.
 * - battery_low: three readings in a row (ten minutes apart) were below the limit. Ends with three that are well above it, by ten points,
 *   or 3 % of volts.
 * - battery_falling: by the means of the last five to eight days (of UTC, with readings), over a week or more, the limit will be reached
 *   within `battery_days`. It takes a fall that is more than noise; another battery begins it anew. Ends when half as many days again are
 *   left, or when the battery is low.
 *
 * The battery is judged by volts where `battery_low_v` is given, else by percent.
 *
 * A reading whose own time is not later than the newest one's came late, or twice. It shows that the sensor lives, and tells of its
 * clock, and moves nothing else. Silence and sameness are measured by the clock since boot, so that setting the wall clock begins
 * nothing. What is told of a clock that nobody has set is not judged.
 *
 * The same can watch a whole feed: given the readings of all its sensors, with settings that have nothing but `frozen_after`, it tells
 * whether any of them is fresh (of the rest only `range` is judged). That is for feeds whose times are those of the last change, where one bay may well be days old.
 */

enum health_condition {
    HEALTH_STALE,
    HEALTH_FROZEN,
    HEALTH_STUCK,
    HEALTH_RANGE,
    HEALTH_BATTERY_LOW,
    HEALTH_BATTERY_FALLING,
    HEALTH_CONDITION_COUNT
};

enum { HEALTH_VALUES_MAX = 4, HEALTH_DAYS = 8 };

struct health_value {      // of a quantity that varies
    int64_t since_boot_us; // when it came to this value
    uint32_t hash;         // of the value
    uint8_t quantity;      // a row's number of the table of these; 0: none
    uint8_t same;          // readings that repeated it, as far as they count
    uint8_t changes;       // since it is stuck
    uint8_t is_stuck;
};

struct health_range {
    int64_t begun_boot_us;  // the last bit
    uint16_t seen, refused; // readings that it is made of
    uint16_t refusals;      // a bit for each of the last readings, or minutes
};

struct health_battery {
    int64_t judged_boot_us;   // the last level in a row
    float means[HEALTH_DAYS]; // oldest first
    uint16_t days[HEALTH_DAYS];
    uint16_t day; // since 1970; that of `sum`
    uint16_t readings;
    float sum;
    uint8_t count, low_in_row, fine_in_row;
};

struct health {
    int64_t heard_boot_us, newest_us;      // newest_us: by the sensor's own clock; 0: it has told none
    int64_t old_boot_us, old_last_boot_us; // the first and the last old reading that counted
    int64_t least_age_us;
    struct health_value values[HEALTH_VALUES_MAX];
    struct health_battery battery;
    struct health_range range;
    uint8_t old;    // readings with old times in a row
    uint8_t active; // a bit for each condition
};

struct health_moment {
    int64_t boot_us;
    int64_t wall_us;  // UTC
    bool wall_is_set; // synchronised
    bool out_of_service;
};

struct health_news {
    enum health_condition condition;
    bool begins;          // or ends
    int64_t since_us;     // UTC, when what it tells of began; of an end, now. 0: not known
    double value;         // seconds of silence, age, sameness; refused of the last ten; volts or percent; days left
    const char *quantity; // that is meant, or ""; lives as long as the program
};

struct health_report { // each condition at most once
    struct health_news list[HEALTH_CONDITION_COUNT];
    size_t count;
};

// At the start, or for another device in the old place. A sensor is stale only once stale_after has passed since then, unless it was at the
// stop: `silent_us` is how long before the gateway's newest stored reading its own last one was stored (0: not known).
void health_start(struct health *health, const struct settings_sensor *sensor, int64_t now_boot_us, int64_t silent_us);

// Takes a normalised reading, and sets its quality: `stuck`, or `stale` where it is frozen, unless it has another than good. Also for one that is dropped
// afterwards since it repeats the last: that it came is what counts. `moment` is that of its reception.
void health_take(struct health *health, const struct settings_sensor *sensor, struct reading *reading,
                 const struct health_moment *moment, struct health_report *ret_report);

// Once a second or so.
void health_tick(struct health *health, const struct settings_sensor *sensor, const struct health_moment *moment,
                 struct health_report *ret_report);

// The condition of that name, or HEALTH_CONDITION_COUNT.
enum health_condition health_named(const char *name);

// Nobody knows of that condition (any more): it is over, and begins anew when it is found again.
void health_forget(struct health *health, enum health_condition condition, int64_t now_boot_us);

static inline bool health_is(const struct health *health, enum health_condition condition)
{
    return health->active >> condition & 1;
}

// What the news is for the table of alerts: begun with alerts_begin, ended by its name.
void health_alert(const struct health_news *news, struct alert_condition *ret_condition);

/*
 * What outlives a restart, as finite numbers in a fixed order, for a JSON array. Moments by the clock since boot become ages. How long the
 * gateway was off does not count.
 */

enum { HEALTH_NUMBERS = 52 };
void health_save(const struct health *health, int64_t now_boot_us, double ret_numbers[HEALTH_NUMBERS]);
// After health_start. False, and nothing is changed, when they are none of ours. A sensor that is stale stays so; the silence of
// another begins with the start.
bool health_restore(struct health *health, int64_t now_boot_us, const double numbers[], size_t count);
