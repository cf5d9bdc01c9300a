// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include "citygw_json.h"
#include "record.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    IN_FLIGHT_BYTES = 2 * 1024 * 1024,
    BEHIND_BYTES = 1024 * 1024, // of them for what is not live
    SEQ_SIZE = 24,
};

void message_tell_parked(struct mqtt *mqtt, uint64_t seq, const char *topic, const char *reason)
{
    struct fault line;
    char number[SEQ_SIZE];
    snprintf(number, sizeof number, "%" PRIu64, seq);
    fault_set(&line, 0, _("the reading number %s of %s was set aside and will not arrive: %s"), number, topic, reason);
    mqtt->feed.parked(mqtt->feed.context, 1, line.text);
}

void message_park(struct mqtt *mqtt, struct window_message *message, const char *reason)
{
    message_tell_parked(mqtt, message->seq, message->topic, reason);
    message->readings = 0;
}

bool message_encode(struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record,
                    struct reading *ret_reading, struct bytes *out, struct fault *why)
{
    struct outlet_record said = *record;
    int error = record_reading(record, ret_reading);
    if (error) {
        fault_errno(why, error, _("its stored bytes cannot be read"));
        return false;
    }
    said.late = record->late || which == LANE_BACKLOG;
    citygw_json(&said, ret_reading, mqtt->feed.epoch, out);
    return true;
}

// The topic is the sensor's alone when the reading cannot be read. False when it was parked.
static bool encode(struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record,
                   struct window_message *message)
{
    struct reading reading;
    struct fault line;
    message->seq = record->seq;
    if (!message_encode(mqtt, which, record, &reading, &message->payload, &line)) {
        snprintf(message->topic, sizeof message->topic, "%.64s", record->sensor);
        message_park(mqtt, message, line.text);
        return false;
    }
    int error = record->replay ? topic_replay(mqtt->tree, reading.kind, record->sensor, message->topic)
                               : topic_reading(mqtt->tree, reading.kind, record->sensor, message->topic);
    message->retained = which == LANE_LIVE && kind_is_state(reading.kind) && record->newest && !record->late;
    if (error || message->payload.overflow) {
        message_park(mqtt, message, reason_text(MQTT_TOO_LARGE));
        return false;
    }
    return true;
}

static void take_single(struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record,
                        struct window_message *message)
{
    struct lane *lane = &mqtt->lanes[which];
    message->from = record->number;
    message->to = record->number + 1;
    message->readings = 1;
    bool ready = encode(mqtt, which, record, message);
    lane_take(lane);
    window_seal(&lane->window, message);
    if (!ready) {
        window_mark(&lane->window, message, MESSAGE_SETTLED);
    }
}

static size_t bytes_under_way(const struct mqtt *mqtt, bool behind)
{
    size_t bytes = mqtt->lanes[LANE_BACKLOG].window.bytes + mqtt->lanes[LANE_REPLAY].window.bytes;
    return behind ? bytes : bytes + mqtt->lanes[LANE_LIVE].window.bytes;
}

static bool has_room(const struct mqtt *mqtt, enum mqtt_lane which)
{
    return !window_full(&mqtt->lanes[which].window) && bytes_under_way(mqtt, false) < IN_FLIGHT_BYTES &&
           (which == LANE_LIVE || bytes_under_way(mqtt, true) < BEHIND_BYTES);
}

bool message_next(struct mqtt *mqtt, enum mqtt_lane which)
{
    struct lane *lane = &mqtt->lanes[which];
    const struct outlet_record *record = has_room(mqtt, which) ? lane_peek(mqtt, which) : NULL;
    if (!record) {
        return false;
    }
    if (which != LANE_LIVE && pace_room(&mqtt->backlog_pace, mqtt->now_us) == 0) {
        publish_look(mqtt, pace_due_us(&mqtt->backlog_pace, mqtt->backlog_pace.most / 2 + 1));
        return false;
    }
    bool batch = batch_wanted(mqtt, which, record);
    if (batch && batch_waits(mqtt, lane)) {
        return false;
    }
    struct window_message *message = window_add(&lane->window);
    if (batch) {
        batch_fill(mqtt, which, message);
    } else {
        take_single(mqtt, which, record, message);
    }
    if (which != LANE_LIVE) {
        pace_spend(&mqtt->backlog_pace, (double)(message->to - message->from));
    }
    return true;
}
