// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "topics.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The window of readings that were taken from the buffer and are not acknowledged yet: a ring in the buffer's order. What
 * is sent may be acknowledged in any order, but the ring is emptied from its front only, so that the cursor never passes
 * a reading whose fate is unknown. Each message keeps its bytes: what is sent again is the same to the last byte.
 */

enum message_state { MESSAGE_WAITING, MESSAGE_SENT, MESSAGE_SETTLED };

struct window_message {
    uint64_t place; // never changes; the slot in the ring is place % size
    enum message_state state;
    uint64_t after; // the cursor's place once this and everything before it is settled
    uint64_t seq;
    unsigned refused; // how often the broker refused it for good
    bool held;        // the broker refused it for now
    bool parked;      // settled without having arrived
    bool sent_before;
    bool retained;
    char topic[TOPIC_SIZE];
    struct bytes payload;
};

struct window {
    struct window_message *ring;
    size_t size;
    uint64_t first, next; // places
    uint64_t hint;        // no message before this place is waiting
    size_t waiting, sent;
    size_t bytes; // of all payloads, as far as sealed
};

// -ENOMEM. Payloads are at most `payload_max` bytes.
int window_init(struct window *window, size_t size, size_t payload_max);
void window_finish(struct window *window);
bool window_full(const struct window *window);
bool window_empty(const struct window *window);

// Adds a message at the end, WAITING, with an empty payload; NULL when full. The caller fills the rest and seals it.
struct window_message *window_add(struct window *window);
void window_seal(struct window *window, const struct window_message *message);

// The message at that place, or NULL when it has left the window.
struct window_message *window_at(const struct window *window, uint64_t place);

// The oldest message that waits to be sent, or NULL.
struct window_message *window_oldest_waiting(struct window *window);

void window_mark(struct window *window, struct window_message *message, enum message_state state);

// Whether the message may be retained now: it asks for it, and no later one of its topic has gone out before it, whose
// newer value it would replace.
bool window_may_retain(const struct window *window, const struct window_message *message);

// Takes the settled messages off the front and returns how many they were; *ret_after is the last one's `after`, and
// *ret_arrived how many of them were not parked. Both are untouched when there were none.
size_t window_advance(struct window *window, uint64_t *ret_after, size_t *ret_arrived);
