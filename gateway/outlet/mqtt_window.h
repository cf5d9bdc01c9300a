// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "topics.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The window of a lane's messages that were taken from the buffer and are not acknowledged yet: a ring in the lane's order.
 * What is sent may be acknowledged in any order, but the ring is emptied from its front only, so that what is settled stays
 * one piece. Each message keeps its bytes: what is sent again is the same to the last byte.
 */

enum message_state {
    MESSAGE_NONE, // no message
    MESSAGE_WAITING,
    MESSAGE_SENT,
    MESSAGE_SETTLED, // it arrived, or was parked
    MESSAGE_DROPPED, // it left the window unsettled: its readings are pending on
};

struct window_message {
    uint64_t place; // never changes; the slot in the ring is place % size
    enum message_state state;
    uint64_t from, to; // the numbers of the readings that it carries, or that were parked between them
    size_t readings;   // how many of them it carries
    uint64_t seq;      // of a single reading
    unsigned refused;  // how often the broker refused it for good
    bool held;         // the broker refused it for now
    bool sent_before;
    bool retained; // it asks to be
    bool ends;     // what is retained there; it is not retained itself
    bool batch;    // many readings in one message
    // A batch that the broker refuses for good goes reading by reading: `piece` is the present one's number.
    bool singly;
    uint64_t piece;
    size_t arrived; // of the pieces before
    int64_t sent_us;
    size_t sealed; // how much of the window's bytes it is
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
    size_t payload_max;
};

// What a window gives off at its front: messages whose numbers follow each other.
struct window_run {
    uint64_t from, to;
    size_t readings; // that arrived
};

// -ENOMEM. Payloads are at most `payload_max` bytes.
int window_init(struct window *window, size_t size, size_t payload_max);
void window_finish(struct window *window);
bool window_full(const struct window *window);
bool window_empty(const struct window *window);

// Adds a message at the end, WAITING, with an empty payload; NULL when full. The caller fills the rest and seals it, also
// after every change of its payload.
struct window_message *window_add(struct window *window);
void window_seal(struct window *window, struct window_message *message);

// The message at that place, or NULL when it has left the window.
struct window_message *window_at(const struct window *window, uint64_t place);

// The oldest message that waits to be sent, or NULL.
struct window_message *window_oldest_waiting(struct window *window);

void window_mark(struct window *window, struct window_message *message, enum message_state state);

// The lowest number under way; UINT64_MAX when there is none.
uint64_t window_lowest(const struct window *window);

// Takes settled messages off the front as far as their numbers follow each other, and dropped ones before and behind them.
// False when none was settled. The numbers of different calls may follow each other, too.
bool window_advance(struct window *window, struct window_run *ret_run);
