// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include "reading/stream.h"
#include "record.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    IN_FLIGHT_BYTES = 2 * 1024 * 1024,
    BEHIND_BYTES = 1024 * 1024, // of them for what is not live
    SEQ_SIZE = 24,
};

static void tell_parked(struct mqtt *mqtt, uint64_t seq, const char *topic, const char *reason)
{
    struct fault line;
    char number[SEQ_SIZE];
    snprintf(number, sizeof number, "%" PRIu64, seq);
    fault_set(&line, 0, _("the reading number %s of %s was set aside and will not arrive: %s"), number, topic, reason);
    mqtt->feed.parked(mqtt->feed.context, 1, line.text);
}

void message_tell_unreadable(struct mqtt *mqtt, const struct outlet_record *record, int error)
{
    struct fault reason;
    fault_errno(&reason, error, _("its stored bytes cannot be read"));
    tell_parked(mqtt, record->seq, record->sensor, reason.text);
}

void message_park(struct mqtt *mqtt, struct window_message *message, const char *reason)
{
    tell_parked(mqtt, message->seq, message->topic, reason);
    message->readings = 0;
}

void message_write(struct mqtt *mqtt, const struct outlet_record *record, const struct reading *reading,
                   struct bytes *out)
{
    size_t replaced = mqtt->format->write(&mqtt->wire, record, reading, out);
    if (replaced > 0) {
        atomic_fetch_add(&mqtt->replaced, replaced);
    }
}

bool message_encode(struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record,
                    struct window_message *message)
{
    struct reading reading;
    struct outlet_record said = *record;
    int error = record_reading(record, &reading);
    message->seq = record->seq;
    if (error) {
        message_tell_unreadable(mqtt, record, error);
        message->readings = 0;
        return false;
    }
    said.late = record->late || which == LANE_BACKLOG;
    error = record->replay ? topic_replay(mqtt->tree, reading.kind, record->sensor, message->topic)
                           : mqtt->format->topic(&mqtt->wire, reading.kind, record->sensor, message->topic);
    bool newest = mqtt->format->retained && which == LANE_LIVE && record->newest;
    message->ends = newest && stream_is_over(record->sensor, &reading);
    message->retained =
        newest && stream_is_state(record->sensor, reading.kind) &&
        (!said.late || mqtt->in_order || message->ends); // in order nothing goes before it that is newer
    message_write(mqtt, &said, &reading, &message->payload);
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
    message_encode(mqtt, which, record, message); // without a reading when it was parked
    lane_take(lane);
    window_seal(&lane->window, message);
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
    bool batch = batch_wanted(mqtt, which, record);
    size_t most = which == LANE_LIVE ? SIZE_MAX : pace_room(&mqtt->backlog_pace, mqtt->now_us);
    if (most == 0 || (batch && (double)most < mqtt->backlog_pace.most / 2)) {
        publish_look(mqtt, pace_due_us(&mqtt->backlog_pace, mqtt->backlog_pace.most / 2 + 1));
        return false;
    }
    if (batch && batch_waits(mqtt, lane)) {
        return false;
    }
    struct window_message *message = window_add(&lane->window);
    size_t taken = batch ? batch_take(mqtt, which, most, message) : 0;
    if (taken == 0) { // alone; also what is too large for a batch
        message->batch = false;
        taken = 1;
        take_single(mqtt, which, record, message);
    } else {
        window_seal(&lane->window, message);
    }
    if (message->readings == 0) {
        window_mark(&lane->window, message, MESSAGE_SETTLED);
    }
    if (which != LANE_LIVE) {
        pace_spend(&mqtt->backlog_pace, (double)taken);
    }
    return true;
}
