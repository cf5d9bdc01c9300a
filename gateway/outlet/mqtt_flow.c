// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include <inttypes.h>
#include <stdio.h>

#define SECOND INT64_C(1000000)
#define EMPTY_AGAIN (60 * SECOND)

enum {
    REFUSALS_MAX = 3,
    SEQ_SIZE = 24,
    // A broker counts PUBLISH packets before it sends their PUBACKs; two less than it takes keeps clear of the edge.
    RECEIVE_MARGIN = 2,
    LIVE_PLACES = 10, // what is not live leaves so many free
    RATE_STEPS = 16,  // of a second: how often we look when the rate is used up
};

size_t flow_limit(const struct mqtt *mqtt)
{
    size_t limit = mqtt->lanes[LANE_LIVE].window.size;
    size_t peer = mqtt->limits.receive_max > RECEIVE_MARGIN ? mqtt->limits.receive_max - RECEIVE_MARGIN : 1;
    return limit < peer ? limit : peer;
}

void flow_begin(struct mqtt *mqtt)
{
    mqtt->round_us = mqtt->now_us;
    mqtt->silent_us = 0;
    mqtt->pause_us = mqtt->vanished_us = 0;
    refusal_begin(mqtt);
    states_begin(mqtt);
    lane_begin(mqtt);
    command_begin(mqtt);
    pthread_mutex_lock(&mqtt->lock);
    documents_again(&mqtt->documents);
    pthread_mutex_unlock(&mqtt->lock);
    session_put_status(mqtt, "online");
}

static void forget_window(struct window *window)
{
    for (uint64_t place = window->first; place < window->next; place++) {
        struct window_message *message = window_at(window, place);
        if (message->state == MESSAGE_SENT) {
            window_mark(window, message, MESSAGE_WAITING);
        }
    }
}

void flow_forget(struct mqtt *mqtt)
{
    for (int i = 0; i < LANES; i++) {
        forget_window(&mqtt->lanes[i].window);
    }
    for (size_t i = 0; i < ASIDE_MAX; i++) {
        if (mqtt->aside[i].state == MESSAGE_SENT) {
            mqtt->aside[i].state = MESSAGE_WAITING;
        }
    }
    reply_forget(mqtt);
    ahead_forget(&mqtt->ahead, states_lowest_pending(mqtt));
    for (size_t i = 0; i < mqtt->retained.vanished_count; i++) {
        if (mqtt->retained.vanished[i].state == VANISHED_SENT) {
            retained_mark(&mqtt->retained, i, VANISHED_WAITING);
        }
    }
    pthread_mutex_lock(&mqtt->lock);
    for (size_t i = 0; i < mqtt->documents.count; i++) {
        documents_settle(&mqtt->documents, i, DOCUMENT_AGAIN);
    }
    pthread_mutex_unlock(&mqtt->lock);
}

/* Answers. `window` NULL: the message stands aside. */

static void mark(struct window *window, struct window_message *message, enum message_state state)
{
    if (window) {
        window_mark(window, message, state);
    } else {
        message->state = state;
    }
}

static void settle(struct mqtt *mqtt, struct window *window, struct window_message *message)
{
    refusal_settled(mqtt, message);
    mark(window, message, MESSAGE_SETTLED);
    if (!window) {
        mqtt->feed.delivered(mqtt->feed.context, message->from, message->to, message->readings);
        bytes_finish(&message->payload);
        message->state = MESSAGE_NONE;
        mqtt->aside_count--;
    }
}

static void park(struct mqtt *mqtt, struct window *window, struct window_message *message, int code)
{
    if (message->batch) {
        batch_split(mqtt, window, message);
        return;
    }
    if (message->singly) {
        message_park(mqtt, message, reason_text(code));
        batch_piece_done(window, message, false);
        return;
    }
    message_park(mqtt, message, reason_text(code));
    settle(mqtt, window, message);
}

static void answer_message(struct mqtt *mqtt, struct window *window, struct window_message *message, int code)
{
    if (!message || message->state != MESSAGE_SENT) {
        return;
    }
    mark(window, message, MESSAGE_WAITING);
    enum reason_action action = code < 0 ? REASON_WAIT : reason_of_publish(code);
    if (action == REASON_SETTLED && message->singly) {
        batch_piece_done(window, message, true);
    } else if (action == REASON_SETTLED) {
        settle(mqtt, window, message);
    } else if (action == REASON_PARK && ++message->refused >= REFUSALS_MAX) {
        park(mqtt, window, message, code);
    } else if (code > 0) {
        refusal_note(mqtt, message, code);
        refusal_aside(mqtt, window, message, code);
    }
}

static void answer_document(struct mqtt *mqtt, size_t index, int code)
{
    int fate = code < 0 ? DOCUMENT_AGAIN : reason_of_publish(code) == REASON_SETTLED ? DOCUMENT_ARRIVED : code;
    pthread_mutex_lock(&mqtt->lock);
    documents_settle(&mqtt->documents, index, fate);
    pthread_mutex_unlock(&mqtt->lock);
    mqtt->document_refusals.news = true;
}

// A topic that we may not even empty is left; it is tried again after the next start.
static void answer_vanished(struct mqtt *mqtt, size_t index, int code)
{
    enum reason_action action = code < 0 ? REASON_WAIT : reason_of_publish(code);
    if (action == REASON_SETTLED) {
        retained_mark(&mqtt->retained, index, VANISHED_EMPTIED);
    } else if (action == REASON_WAIT) {
        retained_mark(&mqtt->retained, index, VANISHED_WAITING);
    }
    if (action == REASON_WAIT && code > 0) {
        mqtt->vanished_us = mqtt->now_us + EMPTY_AGAIN;
    }
}

static void answer_lane(struct mqtt *mqtt, enum mqtt_lane which, uint64_t place, int code)
{
    struct window *window = &mqtt->lanes[which].window;
    struct window_message *message = window_at(window, place);
    if (which == LANE_BACKLOG && message && code >= 0) {
        throttle_answered(&mqtt->throttle, mqtt->now_us - message->sent_us, mqtt->now_us, window->size);
    }
    answer_message(mqtt, window, message, code);
}

static void answer(struct mqtt *mqtt, const struct ticket *ticket)
{
    switch (ticket->purpose) {
    case PURPOSE_DOCUMENT:
        answer_document(mqtt, (size_t)ticket->index, ticket->code);
        break;
    case PURPOSE_REPLY:
        reply_answer(mqtt, (size_t)ticket->index, ticket->code);
        break;
    case PURPOSE_VANISHED:
        answer_vanished(mqtt, (size_t)ticket->index, ticket->code);
        break;
    case PURPOSE_EMPTIED: // the reading behind it tells
        break;
    case PURPOSE_STATE:
        states_answer(mqtt, ticket->index, ticket->code);
        break;
    case PURPOSE_ASIDE:
        answer_message(mqtt, NULL, &mqtt->aside[ticket->index], ticket->code);
        break;
    default:
        answer_lane(mqtt, (enum mqtt_lane)(ticket->purpose - PURPOSE_LANE), ticket->index, ticket->code);
    }
}

void flow_answers(struct mqtt *mqtt, struct ticket *finished)
{
    while (finished) {
        struct ticket *ticket = finished;
        finished = ticket->next;
        answer(mqtt, ticket);
        client_release(ticket);
        mqtt->silent_us = 0;
    }
}

void flow_deliver(struct mqtt *mqtt)
{
    struct window_run run;
    for (int i = 0; i < LANES; i++) {
        while (window_advance(&mqtt->lanes[i].window, &run)) {
            if (i == LANE_REPLAY) {
                mqtt->feed.replayed(mqtt->feed.context, run.readings);
            } else {
                mqtt->feed.delivered(mqtt->feed.context, run.from, run.to, run.readings);
            }
        }
    }
}

/* Sending. */

// Only a message that nothing newer of its topic went out before.
static bool may_retain(const struct mqtt *mqtt, const struct window_message *message, uint64_t **ret_number)
{
    *ret_number = message->retained && !mqtt->no_retain ? retained_number(&mqtt->retained, message->topic) : NULL;
    return *ret_number && **ret_number <= (message->singly ? message->piece : message->from);
}

static bool load_piece(struct mqtt *mqtt, struct window *window, struct window_message *message)
{
    if (!batch_load_piece(mqtt, window, message)) {
        publish_look(mqtt, mqtt->now_us + SECOND);
        return false;
    }
    if (message->piece >= message->to) {
        settle(mqtt, window, message);
    }
    return true;
}

static bool send(struct mqtt *mqtt, struct window *window, struct window_message *message, enum mqtt_purpose purpose)
{
    char seq[SEQ_SIZE];
    uint64_t *number;
    if (refusal_holds(mqtt, message)) {
        publish_look(mqtt, mqtt->refusal.hold_us);
        return false;
    }
    if (message->singly && message->payload.used == 0) {
        return load_piece(mqtt, window, message);
    }
    bool retains = may_retain(mqtt, message, &number);
    snprintf(seq, sizeof seq, "%" PRIu64, message->seq);
    struct publication publication = {.topic = message->topic,
                                      .payload = message->payload.data,
                                      .size = message->payload.used,
                                      .retained = retains && !message->ends,
                                      .content_type = mqtt->format->content_type,
                                      .epoch = mqtt->feed.epoch,
                                      .seq = message->batch ? NULL : seq,
                                      .gateway = mqtt->settings->gateway.id};
    if (!publish_fits(mqtt, &publication)) {
        park(mqtt, window, message, MQTT_TOO_LARGE);
        return true;
    }
    if ((retains && message->ends && !publish_emptied(mqtt, message->topic)) ||
        !publish(mqtt, &publication, purpose, message->place)) {
        return false;
    }
    if (retains) {
        *number = message->singly ? message->piece : message->from;
    }
    message->sent_us = mqtt->now_us;
    mark(window, message, MESSAGE_SENT);
    return true;
}

static bool send_aside(struct mqtt *mqtt)
{
    for (size_t i = 0; mqtt->aside_count > 0 && i < ASIDE_MAX; i++) {
        if (mqtt->aside[i].state == MESSAGE_WAITING && send(mqtt, NULL, &mqtt->aside[i], PURPOSE_ASIDE)) {
            return true;
        }
    }
    return false;
}

static bool send_lane(struct mqtt *mqtt, enum mqtt_lane which, bool readings)
{
    struct window *window = &mqtt->lanes[which].window;
    if (which == LANE_BACKLOG && window->sent >= mqtt->throttle.size) {
        return false;
    }
    struct window_message *message = window_oldest_waiting(window);
    if (!message) {
        return readings && message_next(mqtt, which);
    }
    return send(mqtt, window, message, PURPOSE_LANE + which);
}

static bool send_behind(struct mqtt *mqtt, size_t limit, bool readings)
{
    size_t reserve = limit / 4 < LIVE_PLACES ? limit / 4 : LIVE_PLACES;
    if (client_flying(mqtt->client) >= limit - reserve) {
        return false;
    }
    return (!mqtt->in_order && send_lane(mqtt, LANE_BACKLOG, readings)) || send_lane(mqtt, LANE_REPLAY, readings);
}

// `max_rate`. The goodbye goes all the same.
static bool rate_allows(struct mqtt *mqtt)
{
    if (pace_room(&mqtt->rate, mqtt->now_us) > 0 || mqtt->phase == PHASE_FAREWELL) {
        return true;
    }
    mqtt->rate_since_us = mqtt->rate_since_us ? mqtt->rate_since_us : mqtt->now_us;
    publish_look(mqtt, pace_due_us(&mqtt->rate, mqtt->rate.most / RATE_STEPS + 1));
    return false;
}

static bool send_next(struct mqtt *mqtt, size_t limit, bool readings)
{
    return publish_document(mqtt) || reply_send(mqtt) || publish_vanished(mqtt) || (readings && states_send(mqtt)) ||
           send_aside(mqtt) || send_lane(mqtt, LANE_LIVE, readings) || send_behind(mqtt, limit, readings);
}

// It was waited for only if there was something to send.
static void count_throttled(struct mqtt *mqtt, bool sent)
{
    if (mqtt->rate_since_us && sent) {
        atomic_fetch_add(&mqtt->throttled_us, (uint64_t)(mqtt->now_us - mqtt->rate_since_us));
    }
    mqtt->rate_since_us = 0;
}

void flow_fill(struct mqtt *mqtt, bool readings)
{
    size_t limit = flow_limit(mqtt);
    bool more = true;
    mqtt->look_us = INT64_MAX;
    while (more && mqtt->now_us >= mqtt->pause_us && client_flying(mqtt->client) < limit && rate_allows(mqtt)) {
        more = send_next(mqtt, limit, readings);
        count_throttled(mqtt, more);
    }
    if (mqtt->retained.dirty && retained_all_emptied(&mqtt->retained)) {
        publish_save_retained(mqtt);
    }
}
