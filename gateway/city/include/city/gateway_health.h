// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/alerts.h"

/*
 * Is the gateway itself well? Facts that its rooms know become the alerts gateway/certificate, clock, disk, autonomy, power and duplicate,
 * each with a condition of that name. What is wrong for how long, and at which level, is one table in gateway_health.c; what ends it is
 * well beyond what begins it.
 *
 *   certificate  of a broker or of ours: warning from 30 days before its end, critical from 7
 *   clock        not synchronised: warning after an hour, critical after a day
 *   disk         part that is free, of the disk or of what the gateway needs: warning below 0.10, critical below 0.03
 *   autonomy     of min_autonomy, what the buffer holds at the present rate: warning below it, for an hour; critical below a quarter
 *   power        the supply's voltage is too low: warning, at once, until ten minutes after the last time
 *   duplicate    another gateway has our name at a broker: critical, at once, until ten minutes after the last time
 */

enum { GATEWAY_CHECK_COUNT = 6 };

// NAN: not known, which begins nothing and ends nothing.
struct gateway_facts {
    double certificate_days; // until the first one ends, below 0 after that
    double clock_unset_s;    // how long the clock has not been synchronised; 0: it is
    double disk_free;        // 0..1
    double autonomy;         // hours by those of min_autonomy; INFINITY when none are wanted
    double undervoltage;     // 1: now; 0: not
    double duplicate;        // 1: seen now; 0: not
};

struct gateway_health {
    struct {
        uint8_t level, next;  // 0: well, then steps of the table
        int64_t next_boot_us; // since when it would be `next`
    } checks[GATEWAY_CHECK_COUNT];
};

struct gateway_news {
    bool begins;                      // or goes on at another level; else it ends
    const char *id;                   // "certificate"
    struct alert_condition condition; // for alerts_begin; of an end, its name and value
};

struct gateway_report { // each check at most once
    struct gateway_news list[GATEWAY_CHECK_COUNT];
    size_t count;
};

// Once a second or so. wall_us 0: not known.
void gateway_health_take(struct gateway_health *health, const struct gateway_facts *facts, int64_t now_boot_us,
                         int64_t wall_us, struct gateway_report *ret_report);

// After a restart, for each alert of the kind "gateway" that was active: it goes on, or ends when it is found to be over.
void gateway_health_restore(struct gateway_health *health, const char *id, enum alert_level level);
bool gateway_health_knows(const char *id);
