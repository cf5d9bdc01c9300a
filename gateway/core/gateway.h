// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "account.h"
#include "city.h"
#include "commands.h"
#include "control/control.h"
#include "export.h"
#include "fall.h"
#include "hold.h"
#include "intake.h"
#include "losing.h"
#include "meter.h"
#include "outlets.h"
#include "source.h"
#include "standing.h"
#include "vehicle.h"
#include <uv.h>

/*
 * The gateway: where the rooms meet. gateway_start is a list of steps, gateway_stop the same list upward.
 */

struct snapshot;

struct gateway {
    const char *config_path;
    const struct clock *clock;
    struct settings *settings;
    struct findings findings;
    struct sensors *sensors;
    struct buffer *buffer;
    struct hold hold;
    struct account *account;
    struct standing *standing;
    struct city *city;
    struct vehicles *vehicles;
    struct commands *commands;
    struct intake intake;
    struct source *sources;
    size_t source_count;
    struct outlet_common outlet_common;
    struct outlet outlets[OUTLETS_MAX];
    size_t outlet_count;
    const char *outlet_names[OUTLETS_MAX];
    uint32_t *states;        // see struct outlet_common
    size_t state_max;        // that there is room for
    const char **sensor_ids; // see struct account_options
    struct control *control;
    struct exports *exports;
    char *http_token;
    struct snapshot *snapshot;
    struct meter meter;
    struct fall falls[OUTLETS_MAX];
    int64_t started_wall_us, started_boot_us;
    int64_t facts_boot_us;       // when the gateway last looked at itself
    int64_t certificate_boot_us; // when it last looked at its certificates; 0: never
    int64_t certificate_end_us;  // INT64_MAX: there is none
    uint64_t certificate_print;  // of the files that it was read in; 0: none was yet
    uint64_t twins;              // gateways of its name that were seen until then
    int64_t unset_boot_us;       // since when its clock is not synchronised; now, while it is
    int64_t health_boot_us;      // when health was last published
    int64_t ledger_boot_us;      // when that was
    struct losing losing;
    uint64_t ledger_seen; // a sum that changes with the loss ledger, when it was last published
    char session[20];
    bool stop_asked;
    bool is_looking_up; // after the end: a thread is still at it

    uv_loop_t loop;
    uv_async_t buffer_wake;
    pthread_mutex_t wake_lock; // guards how many of the outlets the buffer's thread wakes
    size_t woken_outlets;
    uv_prepare_t turn;
    uv_signal_t signals[3];
    uv_timer_t second;
    uv_timer_t watchdog;
};

enum gateway_exit {
    GATEWAY_FINE = 0,
    GATEWAY_FAILED = 1,
    GATEWAY_BAD_SETTINGS = 78 /* EX_CONFIG: no use in starting again */
};

// Runs until SIGTERM or SIGINT. The whole life of the daemon; returns the exit code.
enum gateway_exit gateway_run(struct gateway *gateway, const char *config_path);
