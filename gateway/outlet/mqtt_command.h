// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Commands that come by MQTT, to cmd/{verb}, and the replies to them. Replies wait in a queue that is bounded in number and
 * bytes; what finds no room there is dropped and counted. Not thread-safe: the outlet's lock guards it.
 */

enum { REPLIES_MAX = 16, REPLIES_BYTES_MAX = 2 * OUTLET_REPLY_MAX };

enum reply_state { REPLY_NONE, REPLY_WAITING, REPLY_SENT };

struct reply {
    enum reply_state state;
    uint64_t turn;
    struct outlet_command command; // without its payload
    char *json;
    size_t size;
};

struct replies {
    struct reply list[REPLIES_MAX];
    size_t bytes;
    uint64_t turns, dropped;
};

// Keeps a copy. -ENOBUFS when there is no room and -EFBIG when it is too large, both counted; -ENOMEM.
int replies_put(struct replies *replies, const struct outlet_command *command, const char *json, size_t size);

// The oldest that waits, marked as sent, or NULL.
struct reply *replies_take(struct replies *replies, size_t *ret_index);

// It is done with. `dropped`: it did not arrive.
void replies_settle(struct replies *replies, size_t index, bool dropped);
void replies_again(struct replies *replies, size_t index); // it waits again
void replies_finish(struct replies *replies);

// Our subscriptions, one after the other: first to our own `status` (see mqtt_twin.c), then to commands.
enum subscribed { SUBSCRIBE_STATUS, SUBSCRIBE_COMMANDS, SUBSCRIBE_NONE };

struct subscribing {
    enum subscribed next; // SUBSCRIBE_NONE: all are made
    bool asked;           // and not answered yet
    int64_t due_us;
    int refused;               // told: with this code
    uint64_t dropped_messages; // by the present client, as far as counted
};
