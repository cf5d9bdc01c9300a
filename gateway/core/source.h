// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/driver.h"
#include "reading/counter.h"
#include <uv.h>

/*
 * A source's life: a driver is opened, runs, fails, waits with back-off and is opened again. Counting and logging of what
 * a driver takes and refuses live here, once for all drivers.
 */

struct intake;

enum source_state { SOURCE_CLOSED, SOURCE_OPENING, SOURCE_OPEN, SOURCE_WAITING };

struct source_refusals {
    uint64_t count;
    uint64_t untold;      // since the last line in the log
    int64_t told_boot_us; // when that was; 0: never
};

struct source {
    char *name; // "coap", "serial:kerb", "sim", "coap://host/path": as sensors name it
    const struct driver *driver;
    void *driver_state;
    struct driver_host host;
    struct intake *intake;
    uv_timer_t retry, merge;
    int64_t merge_us; // readings within that time become one; 0: each is kept. See fast.h
    enum source_state state;
    int64_t backoff_us, retry_boot_us;
    int64_t opened_boot_us;
    bool told;          // the failure that we are waiting after is in the log
    bool steady;        // took a pack since it was opened, so the next failure is a new one
    struct fault fault; // the last that was told
    uint64_t received, merged, repeated, unchanged, reopened, unknown_fields;
    uint64_t counters[COUNTER_STEP_COUNT];             // numbers of running counters that went back, by how
    int64_t counters_told_boot_us[COUNTER_STEP_COUNT]; // when such a line was last written; 0: never
    int64_t babbling_boot_us;                          // since when nothing that came could be taken; 0: the last was
    struct fault babble;                               // what a port says that has done so for a while; "" otherwise
    struct source_refusals refusals[REFUSAL_COUNT];
};

// Makes the source and its driver; opens nothing. `name` is the sensors' ("serial:kerb"), `port` what the driver gets
// ("kerb").
int source_init(struct source *source, const struct driver *driver, const char *name, const char *port,
                const struct settings *settings, const struct clock *clock, uv_loop_t *loop, struct intake *intake,
                struct fault *why);
// The first attempt to open; a failure is logged and tried again later.
void source_start(struct source *source);
// Closes for good; settled() may still be called.
void source_stop(struct source *source);
void source_finish(struct source *source);

// What is merged goes when merge_us are over.
void source_wait(struct source *source);

// A pack was taken: the bus makes sense.
void source_taken(struct source *source);

// Counts a refusal, and logs it when it is new or has not been told for a minute.
void source_refused(struct source *source, enum refusal refusal, const struct fault *why);
