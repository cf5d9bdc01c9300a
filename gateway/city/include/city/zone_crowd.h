// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "city/calendar.h"
#include "city/zone.h"
#include "reading/reading.h"
#include "settings/settings.h"

/*
 * A square, a platform, a passage: how many people there are, how dense, how fast they pass, and whether that is dangerous.
 *
 * `people` is the sum of each sensor's newest number. A sensor that has been silent for longer than its `stale_after` drops out, and
 * the reading says how many are `silent` and has the quality `stale`. Where no sensor says `people`, counters do: reset_to + in - out
 * since the last `reset`, never below 0; what is missing to that is `drift`.
 *
 * The density is that of the zone's `area`. The flow, of counters, is `in` and `out` together per metre of `width`, over the last
 * minute. The level of service (service_level.h) is the density's, or where there is none the flow's.
 *
 * A sensor's number that is more than ten people per m2 of the whole zone, or more than since its last one can have come through the
 * width (two people per metre and second; Fruin's walkways reach 1.4), is not believed until the next one says about the same.
 *
 * `level` is normal, warn, high or critical: a limit counts once the density has been at it, or above, for `hold`, and no longer once it has
 * been ten percent below for as long. While a sensor is silent no limit is left, since nobody knows. It goes by the times of readings,
 * so that a limit counts with the first reading after `hold`.
 *
 * Fewer people than `min_count` are not told, nor is what would give them away: the reading is `suppressed`. A stored reading of a sensor
 * that was (see crowd_guard()) counts as nobody when it is read back.
 *
 * Readings may come late, twice and in any order, as for car parks.
 */

enum crowd_level { CROWD_NORMAL, CROWD_WARN, CROWD_HIGH, CROWD_CRITICAL, CROWD_LEVEL_COUNT };
extern const char *const crowd_level_names[CROWD_LEVEL_COUNT]; // "normal", ...

// NAN: not known.
struct zone_crowd_figures {
    double people, density_per_m2, flow_per_m_min, drift;
    const char *service_level; // NULL: not known
    enum crowd_level level;
    bool is_estimate;
    int silent; // sensors
};

struct zone_crowd;

// As zone_parking.h has them.
struct zone_crowd *zone_crowd_create(const struct settings_zone *settings, const struct calendar *calendar);
void zone_crowd_destroy(struct zone_crowd *zone);
int zone_crowd_add(struct zone_crowd *zone, const struct settings_sensor *sensor);
// Puts `implausible` into a reading that is not believed.
enum zone_news zone_crowd_take(struct zone_crowd *zone, int number, struct reading *reading, int64_t now_us);
void zone_crowd_heard(struct zone_crowd *zone, int number, int64_t heard_us);
void zone_crowd_tick(struct zone_crowd *zone, int64_t now_us);
void zone_crowd_figures(const struct zone_crowd *zone, struct zone_crowd_figures *ret_figures);
void zone_crowd_tell_again(struct zone_crowd *zone); // what it told last was lost
bool zone_crowd_report(struct zone_crowd *zone, int64_t clock_us, struct reading *ret_reading);
int64_t zone_crowd_due_us(const struct zone_crowd *zone);
void zone_crowd_keep(const struct zone_crowd *zone, struct bytes *out);
int zone_crowd_restore(struct zone_crowd *zone, const uint8_t *data, size_t size);
void zone_crowd_keep_member(const struct zone_crowd *zone, int number, struct bytes *out);
int zone_crowd_put_back(struct zone_crowd *zone, int number, struct view *view, int64_t now_us);

enum crowd_news { CROWD_BEGAN, CROWD_ROSE, CROWD_FELL, CROWD_ENDED };

struct crowd_alert {
    enum crowd_news news;
    enum crowd_level level; // from now on
    double density_per_m2;  // NAN: not known
    int64_t time_us;        // of the reading by which it came about
    const struct settings_sensor *cause;
};

// Whether the level is another one than when this was last asked. What began and ended in between is not told.
bool zone_crowd_alert(struct zone_crowd *zone, struct crowd_alert *ret_alert);

// After a restart: what was told of its alert, whatever was kept.
void zone_crowd_alerted(struct zone_crowd *zone, enum crowd_level level);

// A sensor's own reading, as it leaves the gateway: an estimate is called one, and people who are too few are not told. For after
// zone_crowd_take(). `settings` of its zone, or NULL.
void crowd_guard(const struct settings_zone *settings, const struct settings_sensor *sensor, struct reading *reading);
