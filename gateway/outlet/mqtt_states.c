// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "reading/stream.h"
#include "record.h"
#include <inttypes.h>
#include <stdio.h>

#define SECOND INT64_C(1000000)
#define AGAIN (60 * SECOND)

enum { READ_RECORDS = 64, SEQ_SIZE = 24 };

uint64_t states_lowest_pending(const struct mqtt *mqtt)
{
    struct outlet_range ranges[OUTLET_RANGES_MAX];
    return mqtt->feed.pending(mqtt->feed.context, ranges) > 0 ? ranges[0].from : 0;
}

static void start(struct states *states, uint64_t since, uint64_t until)
{
    states->active = true;
    states->only_newer = false;
    states->since = since;
    states->until = until;
    states->index = 0;
    states->used = states->read.count = 0;
}

// Where readings go in batches, a state is only an extra: it goes all the same in its turn.
static bool takes_the_turn(const struct mqtt *mqtt)
{
    return mqtt->batch != BATCH_ALWAYS && (mqtt->batch != BATCH_BACKLOG || !mqtt->in_order);
}

// What goes in batches updates no retained state, so the states go by themselves, too, once a second.
static void begin_beside_batches(struct mqtt *mqtt)
{
    struct states *states = &mqtt->states;
    uint64_t position = mqtt->lanes[LANE_LIVE].position;
    if (states->active || takes_the_turn(mqtt) || position <= states->mark) {
        return;
    }
    if (mqtt->now_us < states->next_us) {
        publish_look(mqtt, states->next_us);
        return;
    }
    start(states, states->mark, mqtt->in_order ? position : UINT64_MAX);
    states->only_newer = !states->lost;
    states->lost = false;
    states->mark = position;
    states->next_us = mqtt->now_us + SECOND;
}

static bool begin_round(struct mqtt *mqtt)
{
    struct states *states = &mqtt->states;
    if (states->refused_us && mqtt->now_us >= states->refused_us) {
        states->refused_us = 0;
        states->wanted = !mqtt->in_order;
    }
    if (states->wanted) {
        states->wanted = false;
        ahead_tidy(&mqtt->ahead, states_lowest_pending(mqtt));
        start(states, states_lowest_pending(mqtt), lane_unsent(&mqtt->lanes[LANE_LIVE])); // what is new needs no help
    }
    begin_beside_batches(mqtt);
    return states->active;
}

static const struct outlet_record *next_state(struct mqtt *mqtt)
{
    struct states *states = &mqtt->states;
    if (states->used < states->read.count) {
        return &states->read.records[states->used];
    }
    states->used = states->read.count = 0;
    int error = mqtt->feed.read_states(mqtt->feed.context, states->since, &states->index, READ_RECORDS, &states->read);
    if (error) {
        states->read.count = 0;
        states->refused_us = mqtt->now_us + AGAIN;
    }
    states->active = states->read.count > 0;
    if (!states->active) {
        mqtt->feed.batch_finish(mqtt->feed.context, &states->read);
    }
    return states->active ? &states->read.records[0] : NULL;
}

// What an earlier run sent in order nobody knows; at most it was the newest that there was. What is older may not be retained over it.
static void note_newest(struct mqtt *mqtt)
{
    struct states *states = &mqtt->states;
    const struct outlet_record *record;
    states->noted = true;
    start(states, states_lowest_pending(mqtt), UINT64_MAX);
    while ((record = next_state(mqtt)) != NULL) {
        struct reading reading;
        char topic[TOPIC_SIZE];
        bool is_read = record_reading(record, &reading) == 0;
        uint64_t *number = is_read && topic_reading(mqtt->tree, reading.kind, record->sensor, topic) == 0
                               ? retained_number(&mqtt->retained, topic)
                               : NULL;
        if (number) {
            *number = record->number;
        }
        states->used++;
    }
}

void states_begin(struct mqtt *mqtt)
{
    mqtt->states.wanted = !mqtt->in_order;
    mqtt->states.refused_us = 0;
    mqtt->states.mark = 0;
    mqtt->states.next_us = mqtt->now_us + SECOND;
    if (mqtt->in_order && takes_the_turn(mqtt) && !mqtt->states.noted) {
        note_newest(mqtt);
    }
}

static bool is_pending(const struct mqtt *mqtt, uint64_t number)
{
    struct outlet_range ranges[OUTLET_RANGES_MAX];
    size_t count = mqtt->feed.pending(mqtt->feed.context, ranges), i = 0;
    while (i < count && ranges[i].to <= number) {
        i++;
    }
    return i < count && ranges[i].from <= number;
}

static bool has_its_turn_before_it(const struct mqtt *mqtt, uint64_t number)
{
    return ahead_fate(&mqtt->ahead, number) == AHEAD_NOT && is_pending(mqtt, number) && !lane_has(mqtt, number);
}

// Where the number of the newest one stands that went out; NULL when it must not be sent.
static uint64_t *place_of(struct mqtt *mqtt, const struct outlet_record *record, const struct reading *reading,
                          char ret_topic[TOPIC_SIZE])
{
    if (!stream_is_state(record->sensor, reading->kind) || record->number >= mqtt->states.until ||
        (takes_the_turn(mqtt) && !has_its_turn_before_it(mqtt, record->number)) ||
        topic_reading(mqtt->tree, reading->kind, record->sensor, ret_topic)) {
        return NULL;
    }
    uint64_t *number = retained_number(&mqtt->retained, ret_topic);
    bool goes = number && *number <= record->number && !(mqtt->states.only_newer && *number == record->number);
    return goes ? number : NULL;
}

// True when it is done with, sent or not.
static bool send_state(struct mqtt *mqtt, const struct outlet_record *record)
{
    struct reading reading;
    char topic[TOPIC_SIZE], seq[SEQ_SIZE];
    uint64_t *number = record_reading(record, &reading) ? NULL : place_of(mqtt, record, &reading, topic);
    if (!number) {
        return true;
    }
    bool ends = stream_is_over(record->sensor, &reading);
    bytes_clear(&mqtt->scratch);
    message_write(mqtt, record, &reading, &mqtt->scratch);
    snprintf(seq, sizeof seq, "%" PRIu64, record->seq);
    struct publication publication = {.topic = topic,
                                      .payload = mqtt->scratch.data,
                                      .size = mqtt->scratch.used,
                                      .retained = !ends,
                                      .content_type = mqtt->format->content_type,
                                      .epoch = mqtt->feed.epoch,
                                      .seq = seq,
                                      .gateway = mqtt->settings->gateway.id};
    if (mqtt->scratch.overflow || !publish_fits(mqtt, &publication)) {
        return true;
    }
    if ((ends && !publish_emptied(mqtt, topic)) || !publish(mqtt, &publication, PURPOSE_STATE, record->number)) {
        return false;
    }
    if (takes_the_turn(mqtt)) {
        ahead_sent(&mqtt->ahead, record->number);
    }
    *number = record->number;
    return true;
}

bool states_send(struct mqtt *mqtt)
{
    if (mqtt->no_retain || !begin_round(mqtt)) {
        return false;
    }
    const struct outlet_record *record = next_state(mqtt);
    if (!record || !send_state(mqtt, record)) {
        return false;
    }
    mqtt->states.used++;
    return true;
}

// One that is lost with its connection goes again with the next, also when a batch has brought its reading. What is refused also goes in its turn, where that is told.
void states_answer(struct mqtt *mqtt, uint64_t number, int code)
{
    bool arrived = code >= 0 && reason_of_publish(code) == REASON_SETTLED;
    if (arrived && ahead_fate(&mqtt->ahead, number) == AHEAD_UNDER_WAY) {
        mqtt->feed.delivered(mqtt->feed.context, number, number + 1, 1);
    }
    ahead_answered(&mqtt->ahead, number, arrived);
    mqtt->states.lost |= code < 0;
    if (code > 0 && reason_of_publish(code) != REASON_SETTLED && mqtt->states.refused_us == 0) {
        mqtt->states.refused_us = mqtt->now_us + AGAIN;
    }
}
