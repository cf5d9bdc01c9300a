// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000)

// Between tries: when it may pass by itself; when a person must act first.
#define WAIT_LEAST (1 * SECOND)
#define WAIT_MOST (60 * SECOND)
#define HOLD_LEAST (30 * SECOND)
#define HOLD_MOST (300 * SECOND)
#define LASTING (60 * SECOND) // what lasts longer needs a person after all

/* Readings. */

void refusal_begin(struct mqtt *mqtt)
{
    // Whoever put it right may have restarted the broker; only what made us come anew has to wait on.
    if (reason_of_publish(mqtt->refusal.code) != REASON_RECONNECT) {
        mqtt->refusal.hold_us = 0;
    }
}

static void raise_alarm(struct mqtt *mqtt)
{
    struct refusal *refusal = &mqtt->refusal;
    struct fault line;
    const char *url = mqtt->options->url, *user = mqtt->options->username, *topic = refusal->topic;
    if (refusal->code == MQTT_NOT_AUTHORISED && user[0]) {
        fault_set(
            &line, 0,
            _("the broker does not allow publishing to %s; check its access list for the user \"%s\" (readings are "
              "kept)"),
            topic, user);
    } else if (refusal->code == MQTT_NOT_AUTHORISED) {
        fault_set(&line, 0, _("the broker does not allow publishing to %s; check its access list (readings are kept)"),
                  topic);
    } else if (reason_of_publish(refusal->code) == REASON_WAIT) {
        fault_set(&line, 0, _("%s has refused %s for over a minute: %s (0x%02X); readings are kept"), url, topic,
                  reason_text(refusal->code), (unsigned)refusal->code);
    } else {
        fault_set(&line, 0, _("%s refuses %s: %s (0x%02X); readings are kept until this is put right"), url, topic,
                  reason_text(refusal->code), (unsigned)refusal->code);
    }
    session_alarm(mqtt, ALARM_REFUSED, line.text);
    refusal->alarmed = true;
}

// Not over another alarm: that one is nearer to the cause, and ours follows when it is over.
void refusal_watch(struct mqtt *mqtt)
{
    struct refusal *refusal = &mqtt->refusal;
    bool wait = reason_of_publish(refusal->code) == REASON_WAIT;
    bool lasting = mqtt->now_us - refusal->since_us >= LASTING;
    if (refusal->code && mqtt->alarm == ALARM_NONE && (lasting || !wait)) {
        raise_alarm(mqtt);
    }
}

static void tell_first(struct mqtt *mqtt)
{
    struct fault line;
    fault_set(&line, 0, _("%s refuses %s for now: %s (0x%02X); readings are kept and sent again"), mqtt->options->url,
              mqtt->refusal.topic, reason_text(mqtt->refusal.code), (unsigned)mqtt->refusal.code);
    mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, line.text);
}

static void begin_trouble(struct mqtt *mqtt, const char *topic, int code)
{
    struct refusal *refusal = &mqtt->refusal;
    if (!refusal->code) {
        refusal->since_us = mqtt->now_us;
    }
    refusal->code = code;
    snprintf(refusal->topic, sizeof refusal->topic, "%s", topic);
    if (refusal->alarmed && mqtt->alarm == ALARM_REFUSED) {
        raise_alarm(mqtt); // in other words
    } else if (reason_of_publish(code) == REASON_WAIT) {
        tell_first(mqtt);
    }
    refusal_watch(mqtt);
}

// One step of back-off for all the refusals of a time, or a window full of them would mean the longest pause at once.
void refusal_note(struct mqtt *mqtt, struct window_message *message, int code)
{
    struct refusal *refusal = &mqtt->refusal;
    enum reason_action action = reason_of_publish(code);
    bool wait = action == REASON_WAIT || action == REASON_PARK;
    if (action != REASON_PARK) {
        refusal->held += !message->held;
        message->held = true;
    }
    if (refusal->hold_us > mqtt->now_us) {
        return;
    }
    refusal->hold_us = mqtt->now_us + backoff_next(&refusal->backoff, wait ? WAIT_LEAST : HOLD_LEAST,
                                                   wait ? WAIT_MOST : HOLD_MOST, (uint32_t)mqtt->now_us);
    if (action != REASON_PARK && refusal->code != code) {
        begin_trouble(mqtt, message->topic, code);
    }
    if (action == REASON_RECONNECT) {
        session_again(mqtt);
    }
}

bool refusal_holds(const struct mqtt *mqtt, const struct window_message *message)
{
    return (message->held || message->refused > 0) && mqtt->now_us < mqtt->refusal.hold_us;
}

static struct window_message *free_place_aside(struct mqtt *mqtt)
{
    for (size_t i = 0; i < ASIDE_MAX; i++) {
        if (mqtt->aside[i].state == MESSAGE_NONE) {
            mqtt->aside[i].place = i;
            return &mqtt->aside[i];
        }
    }
    return NULL;
}

void refusal_aside(struct mqtt *mqtt, struct window *window, struct window_message *message, int code)
{
    bool may = window && !mqtt->in_order && window != &mqtt->lanes[LANE_REPLAY].window && reason_is_of_message(code) &&
               !message->batch && !message->singly; // a batch is too large to be kept aside
    struct window_message *aside = may ? free_place_aside(mqtt) : NULL;
    if (!aside) {
        return;
    }
    size_t place = (size_t)aside->place;
    *aside = *message; // with its bytes
    aside->place = place;
    bytes_init(&message->payload, MQTT_PAYLOAD_MAX);
    message->held = false;
    window_mark(window, message, MESSAGE_DROPPED);
    mqtt->aside_count++;
}

static void end_trouble(struct mqtt *mqtt)
{
    struct refusal *refusal = &mqtt->refusal;
    bool alarmed = refusal->alarmed && mqtt->alarm == ALARM_REFUSED;
    *refusal = (struct refusal){0};
    if (alarmed) {
        session_end_alarm(mqtt);
    } else {
        struct fault line;
        fault_set(&line, 0, _("%s takes readings again"), mqtt->options->url);
        mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, line.text);
    }
}

void refusal_settled(struct mqtt *mqtt, struct window_message *message)
{
    struct refusal *refusal = &mqtt->refusal;
    refusal->held -= message->held;
    message->held = false;
    if (refusal->held > 0) {
        return;
    }
    backoff_reset(&refusal->backoff);
    if (refusal->code) {
        end_trouble(mqtt);
    }
}

/* Documents. */

enum { CODES = MQTT_REFUSED_MOST - MQTT_REFUSED_LEAST + 1 };

// False while some are still under way, so that what belongs together is told together.
static bool count_refused(struct mqtt *mqtt, size_t ret_count[CODES], size_t ret_first[CODES])
{
    pthread_mutex_lock(&mqtt->lock);
    const struct documents *documents = &mqtt->documents;
    bool quiet = documents->wanted == 0 && documents->flying == 0;
    for (size_t i = documents->count; quiet && i > 0; i--) {
        int code = documents->list[i - 1].refused;
        if (code >= MQTT_REFUSED_LEAST && code <= MQTT_REFUSED_MOST) {
            ret_count[code - MQTT_REFUSED_LEAST]++;
            ret_first[code - MQTT_REFUSED_LEAST] = i - 1;
        }
    }
    pthread_mutex_unlock(&mqtt->lock);
    return quiet;
}

static void tell_refused(struct mqtt *mqtt, int code, size_t count, size_t first)
{
    struct fault line;
    char topic[TOPIC_SIZE] = "", number[24];
    pthread_mutex_lock(&mqtt->lock);
    topic_below(mqtt->tree, mqtt->documents.list[first].topic, topic);
    pthread_mutex_unlock(&mqtt->lock);
    snprintf(number, sizeof number, "%zu", count);
    if (count == 1) {
        fault_set(&line, 0, _("the document %s was not taken: %s"), topic, reason_text(code));
    } else {
        fault_set(&line, 0, _("%s documents were not taken, among them %s: %s"), number, topic, reason_text(code));
    }
    mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, line.text);
}

static void tell_documents(struct mqtt *mqtt)
{
    struct document_refusals *refusals = &mqtt->document_refusals;
    size_t count[CODES] = {0}, first[CODES] = {0}, before = 0, now = 0;
    if (!refusals->news || !count_refused(mqtt, count, first)) {
        return;
    }
    refusals->news = false;
    for (int i = 0; i < CODES; i++) {
        before += refusals->told[i];
        now += count[i];
        if (count[i] > 0 && count[i] != refusals->told[i]) {
            tell_refused(mqtt, MQTT_REFUSED_LEAST + i, count[i], first[i]);
        }
        refusals->told[i] = count[i];
    }
    if (before > 0 && now == 0) {
        struct fault line;
        fault_set(&line, 0, _("%s takes all documents again"), mqtt->options->url);
        mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, line.text);
    }
}

// The pause begins when the last answer is there, or an answer to the try before would count for the next one.
void refusal_documents(struct mqtt *mqtt)
{
    struct document_refusals *refusals = &mqtt->document_refusals;
    tell_documents(mqtt);
    pthread_mutex_lock(&mqtt->lock);
    struct documents *documents = &mqtt->documents;
    bool some = documents->refused > 0, quiet = documents->wanted == 0 && documents->flying == 0;
    bool due = quiet && refusals->again_us > 0 && mqtt->now_us >= refusals->again_us;
    if (due) {
        documents_refused_again(documents);
    }
    pthread_mutex_unlock(&mqtt->lock);
    if (due || !some) {
        refusals->again_us = 0;
    } else if (quiet && refusals->again_us == 0) {
        refusals->again_us =
            mqtt->now_us + backoff_next(&refusals->backoff, HOLD_LEAST, HOLD_MOST, (uint32_t)mqtt->now_us);
    }
    if (!some) {
        backoff_reset(&refusals->backoff);
    }
}
