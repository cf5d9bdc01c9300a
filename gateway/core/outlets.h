// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include "outlet/outlet.h"
#include <pthread.h>
#include <uv.h>

/*
 * An outlet's life: its cursor in the buffer, the feed that it reads through, and what it tells about itself.
 */

enum { OUTLETS_MAX = 32 };

struct outlet {
    const char *name;
    const struct outlet_type *type;
    const char *url;
    void *state; // NULL when it could not be made
    struct outlet_feed feed;
    struct buffer *buffer;
    char (*unknown)[16]; // made-up names of a batch's nameless streams; made when first needed

    pthread_mutex_t lock; // for what follows: events come from any thread
    bool connected;
    int64_t connected_boot_us, since_us;
    uint64_t sent, parked;
    struct fault fault, alarm; // "" when none
};

// Makes the outlet and its cursor. `index` as in settings->mqtt[] or settings->influxdb[].
int outlet_init(struct outlet *outlet, const struct outlet_type *type, size_t index, const struct settings *settings,
                struct buffer *buffer, uv_loop_t *loop, const struct clock *clock, struct fault *why);
int outlet_start(struct outlet *outlet, struct fault *why);
void outlet_wake(struct outlet *outlet);
void outlet_documents(struct outlet *outlet, const struct outlet_document *documents, size_t count);
void outlet_stop(struct outlet *outlet);
bool outlet_stopped(struct outlet *outlet);
int64_t outlet_beat_boot_us(struct outlet *outlet);
void outlet_finish(struct outlet *outlet);
