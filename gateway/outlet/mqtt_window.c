// SPDX-License-Identifier: Apache-2.0
#include "mqtt_window.h"

#include <errno.h>
#include <stdlib.h>

enum { KEPT_BYTES = 2048 };

int window_init(struct window *window, size_t size, size_t payload_max)
{
    *window = (struct window){.size = size, .payload_max = payload_max};
    window->ring = calloc(size, sizeof *window->ring); // untouched until it is used: not every lane is
    return window->ring ? 0 : -ENOMEM;
}

void window_finish(struct window *window)
{
    for (size_t i = 0; window->ring && i < window->size; i++) {
        bytes_finish(&window->ring[i].payload);
    }
    free(window->ring);
    *window = (struct window){0};
}

bool window_full(const struct window *window)
{
    return window->next - window->first == window->size;
}

bool window_empty(const struct window *window)
{
    return window->next == window->first;
}

static struct window_message *slot(const struct window *window, uint64_t place)
{
    return &window->ring[place % window->size];
}

struct window_message *window_add(struct window *window)
{
    if (window_full(window)) {
        return NULL;
    }
    struct window_message *message = slot(window, window->next);
    struct bytes payload = message->payload;
    bytes_clear(&payload);
    payload.max = window->payload_max;
    *message = (struct window_message){.place = window->next, .state = MESSAGE_WAITING, .payload = payload};
    window->waiting++;
    window->next++;
    return message;
}

void window_seal(struct window *window, struct window_message *message)
{
    window->bytes += message->payload.used - message->sealed;
    message->sealed = message->payload.used;
}

struct window_message *window_at(const struct window *window, uint64_t place)
{
    return place >= window->first && place < window->next ? slot(window, place) : NULL;
}

struct window_message *window_oldest_waiting(struct window *window)
{
    if (window->waiting == 0) {
        window->hint = window->next;
        return NULL;
    }
    if (window->hint < window->first) {
        window->hint = window->first;
    }
    while (window->hint < window->next && slot(window, window->hint)->state != MESSAGE_WAITING) {
        window->hint++;
    }
    return slot(window, window->hint);
}

static size_t *counter(struct window *window, enum message_state state)
{
    return state == MESSAGE_WAITING ? &window->waiting : state == MESSAGE_SENT ? &window->sent : NULL;
}

void window_mark(struct window *window, struct window_message *message, enum message_state state)
{
    size_t *before = counter(window, message->state), *after = counter(window, state);
    if (before) {
        (*before)--;
    }
    if (after) {
        (*after)++;
    }
    if (state == MESSAGE_WAITING && message->place < window->hint) {
        window->hint = message->place;
    }
    message->state = state;
    message->sent_before = message->sent_before || state == MESSAGE_SENT;
}

uint64_t window_lowest(const struct window *window)
{
    uint64_t lowest = UINT64_MAX;
    for (uint64_t place = window->first; place < window->next; place++) {
        const struct window_message *message = slot(window, place);
        if (message->state != MESSAGE_DROPPED && message->from < lowest) {
            lowest = message->from;
        }
    }
    return lowest;
}

// Batches are large and few; the memory of one is not kept for a small message.
static void take_off(struct window *window)
{
    struct window_message *message = slot(window, window->first++);
    window->bytes -= message->sealed;
    if (message->payload.size > KEPT_BYTES) {
        bytes_finish(&message->payload);
    }
}

bool window_advance(struct window *window, struct window_run *ret_run)
{
    struct window_run run = {0};
    while (!window_empty(window)) {
        const struct window_message *message = slot(window, window->first);
        bool follows = run.to == 0 || message->from == run.to;
        if (message->state == MESSAGE_SETTLED && follows) {
            run.from = run.to == 0 ? message->from : run.from;
            run.to = message->to;
            run.readings += message->readings;
        } else if (message->state != MESSAGE_DROPPED) {
            break;
        }
        take_off(window);
    }
    if (run.to > 0) {
        *ret_run = run;
    }
    return run.to > 0;
}
