// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include "hold.h"
#include "outlet/outlet.h"
#include "replay.h"
#include <pthread.h>
#include <uv.h>

/*
 * An outlet's life: its place in the buffer, the feed that it reads through, and what it tells about itself.
 */

enum { OUTLETS_MAX = 32 };

struct outlet;

// What all outlets share. Outlives them.
struct outlet_common {
    const struct settings *settings;
    struct buffer *buffer;
    uv_loop_t *loop;
    const struct clock *clock;
    struct hold *hold;
    const uint32_t *states; // streams of the sensors whose newest reading is a state
    size_t state_count;
    // Any thread: a command came in through that outlet. NULL: commands are not taken.
    void (*command)(struct outlet *outlet, const struct outlet_command *command, void *context);
    void *context;
};

struct outlet {
    const struct outlet_common *common;
    const char *name;
    const struct outlet_type *type;
    const char *url;
    void *state; // NULL when it could not be made
    struct outlet_feed feed;
    struct replays replays;

    pthread_mutex_t lock; // for what follows: events come from any thread
    bool connected;
    int64_t connected_boot_us, since_us;
    uint64_t sent, parked;
    struct fault fault, alarm; // "" when none
};

// Makes the outlet and its cursor. `index` as in settings->mqtt[], settings->influxdb[] or settings->ngsi_ld[].
int outlet_init(struct outlet *outlet, const struct outlet_common *common, const struct outlet_type *type, size_t index,
                struct fault *why);
int outlet_start(struct outlet *outlet, struct fault *why);
void outlet_wake(struct outlet *outlet);    // any thread
void outlet_refresh(struct outlet *outlet); // sends the newest states again
void outlet_reply(struct outlet *outlet, const struct outlet_command *command, const char *json, size_t size);
void outlet_documents(struct outlet *outlet, const struct outlet_document *documents, size_t count);
void outlet_stop(struct outlet *outlet);
bool outlet_stopped(struct outlet *outlet);
int64_t outlet_beat_boot_us(struct outlet *outlet);
void outlet_finish(struct outlet *outlet);
