// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include "citygw_json.h"
#include "reading/reading.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define PAUSE_FULL (SECOND / 5)
#define READ_AGAIN (5 * SECOND) // even if nobody woke us
#define EMPTY_AGAIN (60 * SECOND)

enum {
    BATCH_RECORDS = 256,
    BATCH_BYTES = 256 * 1024,
    IN_FLIGHT_BYTES = 2 * 1024 * 1024,
    REFUSALS_MAX = 3,
    SEQ_SIZE = 24,
    // A broker counts PUBLISH packets before it sends their PUBACKs; two less than it takes keeps clear of the edge.
    RECEIVE_MARGIN = 2,
};

size_t flow_limit(const struct mqtt *mqtt)
{
    size_t limit = mqtt->window.size;
    size_t peer = mqtt->limits.receive_max > RECEIVE_MARGIN ? mqtt->limits.receive_max - RECEIVE_MARGIN : 1;
    return limit < peer ? limit : peer;
}

void flow_begin(struct mqtt *mqtt)
{
    mqtt->round_us = mqtt->now_us;
    mqtt->silent_us = 0;
    mqtt->pause_us = mqtt->vanished_us = 0;
    refusal_begin(mqtt);
    pthread_mutex_lock(&mqtt->lock);
    documents_again(&mqtt->documents);
    pthread_mutex_unlock(&mqtt->lock);
    session_put_status(mqtt, "online");
}

void flow_forget(struct mqtt *mqtt)
{
    for (uint64_t place = mqtt->window.first; place < mqtt->window.next; place++) {
        struct window_message *message = window_at(&mqtt->window, place);
        if (message->state == MESSAGE_SENT) {
            window_mark(&mqtt->window, message, MESSAGE_WAITING);
        }
    }
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

/* Answers. */

static void park(struct mqtt *mqtt, struct window_message *message, const char *reason)
{
    struct fault line;
    char seq[SEQ_SIZE];
    snprintf(seq, sizeof seq, "%" PRIu64, message->seq);
    fault_set(&line, 0, _("the reading number %s of %s was set aside and will not arrive: %s"), seq, message->topic,
              reason);
    mqtt->feed.parked(mqtt->feed.context, 1, line.text);
    message->parked = true;
    window_mark(&mqtt->window, message, MESSAGE_SETTLED);
}

static void answer_reading(struct mqtt *mqtt, uint64_t place, int code)
{
    struct window_message *message = window_at(&mqtt->window, place);
    if (!message || message->state != MESSAGE_SENT) {
        return;
    }
    window_mark(&mqtt->window, message, MESSAGE_WAITING);
    enum reason_action action = code < 0 ? REASON_WAIT : reason_of_publish(code);
    if (action == REASON_SETTLED) {
        window_mark(&mqtt->window, message, MESSAGE_SETTLED);
        refusal_settled(mqtt, message);
    } else if (action == REASON_PARK && ++message->refused >= REFUSALS_MAX) {
        park(mqtt, message, reason_text(code));
        refusal_settled(mqtt, message);
    } else if (code > 0) {
        refusal_note(mqtt, message, code);
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

void flow_answers(struct mqtt *mqtt, struct ticket *finished)
{
    while (finished) {
        struct ticket *ticket = finished;
        finished = ticket->next;
        if (ticket->purpose == PURPOSE_READING) {
            answer_reading(mqtt, ticket->index, ticket->code);
        } else if (ticket->purpose == PURPOSE_DOCUMENT) {
            answer_document(mqtt, (size_t)ticket->index, ticket->code);
        } else {
            answer_vanished(mqtt, (size_t)ticket->index, ticket->code);
        }
        client_release(ticket);
        mqtt->silent_us = 0;
    }
}

void flow_deliver(struct mqtt *mqtt)
{
    uint64_t after = 0;
    size_t arrived = 0;
    if (window_advance(&mqtt->window, &after, &arrived) > 0) {
        mqtt->feed.delivered(mqtt->feed.context, after, arrived);
    }
}

/* Taking readings from the buffer. */

static void take_batch(struct mqtt *mqtt)
{
    if (mqtt->dry && mqtt->now_us < mqtt->read_after_us) {
        return;
    }
    mqtt->feed.batch_finish(mqtt->feed.context, &mqtt->batch);
    mqtt->batch.count = mqtt->batch_used = 0;
    int error = mqtt->feed.read(mqtt->feed.context, mqtt->position, BATCH_RECORDS, BATCH_BYTES, &mqtt->batch);
    mqtt->dry = error || mqtt->batch.count == 0;
    mqtt->read_after_us = mqtt->now_us + READ_AGAIN;
    if (error) {
        struct fault line;
        mqtt->batch.count = 0;
        fault_errno(&line, error, _("stored readings cannot be read"));
        if (error != mqtt->read_error) {
            mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, line.text);
        }
    } else {
        bool gap = mqtt->batch.count == 0 && mqtt->batch.next > mqtt->position;
        mqtt->position = mqtt->batch.next;
        if (gap && window_empty(&mqtt->window)) {
            mqtt->feed.delivered(mqtt->feed.context, mqtt->position, 0);
        }
    }
    mqtt->read_error = error;
}

static const struct outlet_record *next_record(struct mqtt *mqtt, uint64_t *ret_after)
{
    if (mqtt->batch_used == mqtt->batch.count) {
        take_batch(mqtt);
    }
    if (mqtt->batch_used == mqtt->batch.count) {
        return NULL;
    }
    const struct outlet_record *record = &mqtt->batch.records[mqtt->batch_used++];
    bool last = mqtt->batch_used == mqtt->batch.count;
    *ret_after = last ? mqtt->batch.next : mqtt->batch.records[mqtt->batch_used].number;
    return record;
}

static void encode(struct mqtt *mqtt, const struct outlet_record *record, struct window_message *message)
{
    struct reading reading;
    struct fault line;
    int error = reading_decode(record->payload, record->size, &reading);
    if (error) {
        snprintf(message->topic, sizeof message->topic, "%.64s", record->sensor ? record->sensor : "");
        fault_errno(&line, error, _("its stored bytes cannot be read"));
        park(mqtt, message, line.text);
        return;
    }
    error = topic_reading(mqtt->tree, reading.kind, record->sensor, message->topic);
    message->retained = kind_is_state(reading.kind) && !record->late;
    citygw_json(record, &reading, mqtt->feed.epoch, &message->payload);
    if (error || message->payload.overflow) {
        park(mqtt, message, reason_text(MQTT_TOO_LARGE));
    }
}

// Takes the next reading into the window. False when there is none, or no room.
static bool take_reading(struct mqtt *mqtt)
{
    uint64_t after;
    if (window_full(&mqtt->window) || mqtt->window.bytes >= IN_FLIGHT_BYTES) {
        return false;
    }
    const struct outlet_record *record = next_record(mqtt, &after);
    if (!record) {
        return false;
    }
    struct window_message *message = window_add(&mqtt->window);
    message->after = after;
    message->seq = record->seq;
    encode(mqtt, record, message);
    window_seal(&mqtt->window, message);
    return true;
}

/* Sending. */

static bool publish(struct mqtt *mqtt, const struct publication *publication, enum mqtt_purpose purpose, uint64_t index)
{
    int error = client_publish(mqtt->client, publication, (int)purpose, index);
    if (error) {
        mqtt->pause_us = mqtt->now_us + PAUSE_FULL; // if the connection is gone, its end is announced soon
    }
    if (error == -EIO && !mqtt->publish_failed) {
        struct fault line;
        fault_set(&line, 0, _("the MQTT library refuses a message for %s"), publication->topic);
        mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, line.text);
    }
    mqtt->publish_failed = error == -EIO;
    return error == 0;
}

static bool fits(const struct mqtt *mqtt, const struct publication *publication)
{
    return mqtt->limits.packet_max == 0 || client_packet_size(publication) <= mqtt->limits.packet_max;
}

static bool send_vanished(struct mqtt *mqtt)
{
    size_t index;
    bool now = !mqtt->no_retain && mqtt->now_us >= mqtt->vanished_us;
    const char *topic = !now ? NULL : retained_next_vanished(&mqtt->retained, &index);
    struct publication empty = {.topic = topic, .payload = "", .size = 0, .retained = true};
    if (!topic || !publish(mqtt, &empty, PURPOSE_VANISHED, index)) {
        return false;
    }
    retained_mark(&mqtt->retained, index, VANISHED_SENT);
    return true;
}

static void save_retained(struct mqtt *mqtt)
{
    struct fault why;
    int error = retained_write(&mqtt->retained, &why);
    if (error && !mqtt->retained_failed) {
        mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, why.text);
    }
    mqtt->retained_failed = error != 0;
}

static bool send_document(struct mqtt *mqtt)
{
    char topic[TOPIC_SIZE];
    size_t index = 0;
    bytes_clear(&mqtt->scratch);
    pthread_mutex_lock(&mqtt->lock);
    const struct document *document = documents_take(&mqtt->documents, &index);
    int error = document ? topic_below(mqtt->tree, document->topic, topic) : 0;
    if (document) {
        bytes_append(&mqtt->scratch, document->json.data, document->json.used);
    }
    pthread_mutex_unlock(&mqtt->lock);
    if (!document) {
        return false;
    }
    struct publication publication = {
        .topic = topic, .payload = mqtt->scratch.data, .size = mqtt->scratch.used, .retained = !mqtt->no_retain};
    int fate = DOCUMENT_AGAIN;
    if (error || mqtt->scratch.overflow) {
        fate = DOCUMENT_ARRIVED; // no such topic can be
    } else if (!fits(mqtt, &publication)) {
        fate = MQTT_TOO_LARGE;
    } else {
        retained_add(&mqtt->retained, topic);
        save_retained(mqtt);
        if (publish(mqtt, &publication, PURPOSE_DOCUMENT, index)) {
            return true;
        }
    }
    pthread_mutex_lock(&mqtt->lock);
    documents_settle(&mqtt->documents, index, fate);
    pthread_mutex_unlock(&mqtt->lock);
    mqtt->document_refusals.news = true;
    return fate != DOCUMENT_AGAIN;
}

static bool send_reading(struct mqtt *mqtt, bool readings)
{
    if (mqtt->now_us < mqtt->refusal.hold_us) {
        return false;
    }
    struct window_message *message = window_oldest_waiting(&mqtt->window);
    if (!message) {
        return readings && take_reading(mqtt);
    }
    char seq[SEQ_SIZE];
    snprintf(seq, sizeof seq, "%" PRIu64, message->seq);
    struct publication publication = {.topic = message->topic,
                                      .payload = message->payload.data,
                                      .size = message->payload.used,
                                      .retained = !mqtt->no_retain && window_may_retain(&mqtt->window, message),
                                      .epoch = mqtt->feed.epoch,
                                      .seq = seq,
                                      .gateway = mqtt->settings->gateway.id};
    if (!fits(mqtt, &publication)) {
        park(mqtt, message, reason_text(MQTT_TOO_LARGE));
        refusal_settled(mqtt, message);
        return true;
    }
    if (!publish(mqtt, &publication, PURPOSE_READING, message->place)) {
        return false;
    }
    window_mark(&mqtt->window, message, MESSAGE_SENT);
    return true;
}

void flow_fill(struct mqtt *mqtt, bool readings)
{
    size_t limit = flow_limit(mqtt);
    bool more = true;
    while (more && mqtt->now_us >= mqtt->pause_us && client_flying(mqtt->client) < limit) {
        more = send_document(mqtt) || send_vanished(mqtt) || send_reading(mqtt, readings);
    }
    if (mqtt->retained.dirty && retained_all_emptied(&mqtt->retained)) {
        save_retained(mqtt);
    }
}
