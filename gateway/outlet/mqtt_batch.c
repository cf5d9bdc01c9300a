// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "record.h"
#include <string.h>

enum { PIECE_BYTES = 64 * 1024, ADDITIONS = 2 /* "," and "]" */, COMPANY_US = 2000 };

bool batch_wanted(const struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record)
{
    int mode = mqtt->batch;
    bool late = which == LANE_BACKLOG || record->late;
    return which != LANE_REPLAY && (mode == BATCH_ALWAYS || (mode == BATCH_BACKLOG && late));
}

/* Making one. The library's price is per message, whatever its size: soon after a batch the next one waits a moment for
 * company. On a quiet line the first reading goes at once. */

bool batch_waits(struct mqtt *mqtt, const struct lane *lane)
{
    int64_t due_us = lane->batch_us + COMPANY_US;
    if (mqtt->now_us >= due_us) {
        return false;
    }
    publish_look(mqtt, due_us);
    return true;
}

static size_t payload_most(const struct mqtt *mqtt, const char *topic)
{
    struct publication empty = {.topic = topic, .epoch = mqtt->feed.epoch, .gateway = mqtt->settings->gateway.id};
    size_t around = client_packet_size(&empty), most = mqtt->limits.packet_max;
    if (most == 0 || most - around > MQTT_PAYLOAD_MAX) {
        most = MQTT_PAYLOAD_MAX + around;
    }
    if (mqtt->rate.per_s > 0 && mqtt->rate.most < (double)most) { // none is more than a second's worth
        most = (size_t)mqtt->rate.most;
    }
    return most > around ? most - around : 0;
}

// False: there is no room for it.
static bool append(struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record, size_t most,
                   struct window_message *message)
{
    struct bytes *payload = &message->payload;
    struct outlet_record said = *record;
    struct reading reading;
    size_t before = payload->used;
    int error = record_reading(record, &reading);
    if (error) {
        message_tell_unreadable(mqtt, record, error);
        return true;
    }
    said.late = record->late || which == LANE_BACKLOG;
    bytes_char(payload, message->readings > 0 ? ',' : '[');
    message_write(mqtt, &said, &reading, payload);
    if (payload->overflow || payload->used + ADDITIONS > most) {
        payload->used = before;
        payload->overflow = false;
        return false;
    }
    message->readings++;
    return true;
}

size_t batch_take(struct mqtt *mqtt, enum mqtt_lane which, size_t readings_most, struct window_message *message)
{
    struct lane *lane = &mqtt->lanes[which];
    const struct outlet_record *record = lane_peek(mqtt, which);
    if (topic_below(mqtt->tree, "batch", message->topic)) {
        return 0;
    }
    size_t most = payload_most(mqtt, message->topic), taken = 0;
    message->batch = true;
    message->from = message->to = record ? record->number : 0;
    while (record && taken < readings_most && record->number == message->to && batch_wanted(mqtt, which, record) &&
           append(mqtt, which, record, most, message)) {
        message->to = record->number + 1;
        taken++;
        lane_take(lane);
        record = lane_peek(mqtt, which);
    }
    if (message->readings > 0) {
        bytes_char(&message->payload, ']');
        lane->batch_us = mqtt->now_us;
        atomic_fetch_add(&mqtt->batches, 1);
    }
    return taken;
}

/* One that the broker refuses for good goes reading by reading, so that the one that it does not want is found. */

void batch_split(struct mqtt *mqtt, struct window *window, struct window_message *message)
{
    (void)mqtt;
    message->batch = false;
    message->singly = true;
    message->piece = message->from;
    message->arrived = message->refused = 0;
    bytes_clear(&message->payload);
    window_seal(window, message);
}

void batch_piece_done(struct window *window, struct window_message *message, bool arrived)
{
    message->arrived += arrived;
    message->piece++;
    message->refused = 0;
    bytes_clear(&message->payload);
    window_seal(window, message);
}

static enum mqtt_lane lane_of(const struct mqtt *mqtt, const struct window *window)
{
    return window == &mqtt->lanes[LANE_LIVE].window ? LANE_LIVE : LANE_BACKLOG;
}

bool batch_load_piece(struct mqtt *mqtt, struct window *window, struct window_message *message)
{
    const struct outlet_feed *feed = &mqtt->feed;
    struct outlet_batch *read = &mqtt->piece;
    read->count = 0;
    if (message->piece < message->to) {
        int error = feed->read(feed->context, message->piece, message->to, true, 1, PIECE_BYTES, read);
        if (error) {
            read->count = 0;
            return false;
        }
        message->piece = read->count > 0 ? read->records[0].number : message->to; // nobody else settles what is ours
    }
    if (message->piece >= message->to) {
        message->readings = message->arrived;
    } else if (message_encode(mqtt, lane_of(mqtt, window), &read->records[0], message)) {
        window_seal(window, message);
    } else {
        batch_piece_done(window, message, false);
    }
    return true;
}
