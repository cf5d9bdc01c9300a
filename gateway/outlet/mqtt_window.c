// SPDX-License-Identifier: Apache-2.0
#include "mqtt_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int window_init(struct window *window, size_t size, size_t payload_max)
{
    *window = (struct window){.size = size};
    window->ring = calloc(size, sizeof *window->ring);
    if (!window->ring) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < size; i++) {
        bytes_init(&window->ring[i].payload, payload_max);
    }
    return 0;
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
    *message = (struct window_message){.place = window->next, .state = MESSAGE_WAITING, .payload = payload};
    window->waiting++;
    window->next++;
    return message;
}

void window_seal(struct window *window, const struct window_message *message)
{
    window->bytes += message->payload.used;
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

bool window_may_retain(const struct window *window, const struct window_message *message)
{
    for (uint64_t later = message->place + 1; message->retained && message->sent_before && later < window->next;
         later++) {
        const struct window_message *other = slot(window, later);
        if (other->retained && other->sent_before && strcmp(other->topic, message->topic) == 0) {
            return false;
        }
    }
    return message->retained;
}

size_t window_advance(struct window *window, uint64_t *ret_after, size_t *ret_arrived)
{
    size_t count = 0, arrived = 0;
    while (!window_empty(window) && slot(window, window->first)->state == MESSAGE_SETTLED) {
        const struct window_message *message = slot(window, window->first++);
        *ret_after = message->after;
        window->bytes -= message->payload.used;
        arrived += !message->parked;
        count++;
    }
    if (count > 0) {
        *ret_arrived = arrived;
    }
    return count;
}
