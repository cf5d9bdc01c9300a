// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

/*
 * Batches: a run of a lane's readings as one JSON array under {tree}/batch. The library's price is per message, whatever its
 * size, so at a high rate a batch waits a moment for company; on a quiet line the first reading goes at once.
 */

#define SECOND INT64_C(1000000)
#define COMPANY (SECOND / 500) // so long after the last batch the next one is made
#define SINGLY (60 * SECOND)   // after a batch was refused

enum {
    BATCH_BYTES = 128 * 1024, // the contract allows 256 kB
    PROPERTIES_BYTES = 512,   // of a PUBLISH beside topic and payload, at most
    SPARE_BYTES = 4096,       // of a packet that a broker limits: an object is about a tenth of it
};

bool batch_wanted(const struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record)
{
    if (which == LANE_REPLAY || mqtt->now_us < mqtt->single_us) {
        return false;
    }
    bool behind = which == LANE_BACKLOG || (mqtt->in_order && record->late);
    return mqtt->options->batch == BATCH_ALWAYS || (mqtt->options->batch == BATCH_BACKLOG && behind);
}

bool batch_waits(struct mqtt *mqtt, struct lane *lane)
{
    int64_t due_us = lane->batch_us + COMPANY;
    if (mqtt->now_us >= due_us) {
        return false;
    }
    publish_look(mqtt, due_us);
    return true;
}

static size_t bytes_max(const struct mqtt *mqtt)
{
    size_t packet = mqtt->limits.packet_max, head = TOPIC_SIZE + PROPERTIES_BYTES + SPARE_BYTES;
    return packet > 0 && packet < BATCH_BYTES + head ? (packet > head ? packet - head : 1) : BATCH_BYTES;
}

// What cannot be written as JSON is parked on the spot; the run goes on over it.
static void add(struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record,
                struct window_message *message)
{
    struct reading reading;
    struct fault why;
    struct bytes *payload = &message->payload;
    size_t before = payload->used;
    bytes_char(payload, message->readings > 0 ? ',' : '[');
    if (!message_encode(mqtt, which, record, &reading, payload, &why)) {
        payload->used = before;
        message_tell_parked(mqtt, record->seq, record->sensor, why.text);
        return;
    }
    message->readings++;
    mqtt->states.batched |= which == LANE_LIVE && kind_is_state(reading.kind);
}

void batch_fill(struct mqtt *mqtt, enum mqtt_lane which, struct window_message *message)
{
    struct lane *lane = &mqtt->lanes[which];
    size_t most = bytes_max(mqtt);
    size_t room = which == LANE_LIVE ? SIZE_MAX : pace_room(&mqtt->backlog_pace, mqtt->now_us);
    const struct outlet_record *record = lane_peek(mqtt, which);
    bool error = topic_below(mqtt->tree, "batch", message->topic) != 0;
    message->batch = true;
    message->from = message->to = record->number;
    do {
        add(mqtt, which, record, message);
        message->to = record->number + 1;
        lane_take(lane);
        record = message->payload.used < most && message->to - message->from < room ? lane_peek(mqtt, which) : NULL;
    } while (record && record->number == message->to && batch_wanted(mqtt, which, record));
    bytes_char(&message->payload, ']');
    window_seal(&lane->window, message);
    lane->batch_us = mqtt->now_us;
    if (error || message->readings == 0) {
        message->readings = 0;
        window_mark(&lane->window, message, MESSAGE_SETTLED);
    }
}

// Its readings are pending on, and go one by one for a while; each is then refused, or not, for what it is. In order they
// cannot: what follows would overtake them, so the batch waits as a reading would.
void batch_refused(struct mqtt *mqtt, struct window *window, struct window_message *message)
{
    if (mqtt->in_order) {
        return;
    }
    mqtt->single_us = mqtt->now_us + SINGLY;
    window_mark(window, message, MESSAGE_DROPPED);
    mqtt->backlog.news = true;
}
