// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include <errno.h>

#define SECOND INT64_C(1000000)
#define PAUSE_FULL (SECOND / 5)

void publish_look(struct mqtt *mqtt, int64_t time_us)
{
    if (time_us < mqtt->look_us) {
        mqtt->look_us = time_us;
    }
}

bool publish(struct mqtt *mqtt, const struct publication *publication, enum mqtt_purpose purpose, uint64_t index)
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
    if (!error) {
        pace_spend(&mqtt->rate, (double)client_packet_size(publication));
    }
    return error == 0;
}

bool publish_fits(const struct mqtt *mqtt, const struct publication *publication)
{
    return mqtt->limits.packet_max == 0 || client_packet_size(publication) <= mqtt->limits.packet_max;
}

static bool publish_empty(struct mqtt *mqtt, const char *topic, enum mqtt_purpose purpose, uint64_t index)
{
    struct publication empty = {.topic = topic, .payload = "", .size = 0, .retained = true};
    return publish(mqtt, &empty, purpose, index);
}

bool publish_emptied(struct mqtt *mqtt, const char *topic)
{
    return publish_empty(mqtt, topic, PURPOSE_EMPTIED, 0);
}

bool publish_vanished(struct mqtt *mqtt)
{
    size_t index;
    bool now = !mqtt->no_retain && mqtt->now_us >= mqtt->vanished_us;
    const char *topic = !now ? NULL : retained_next_vanished(&mqtt->retained, &index);
    if (!topic || !publish_empty(mqtt, topic, PURPOSE_VANISHED, index)) {
        return false;
    }
    retained_mark(&mqtt->retained, index, VANISHED_SENT);
    return true;
}

void publish_save_retained(struct mqtt *mqtt)
{
    struct fault why;
    int error = retained_write(&mqtt->retained, &why);
    if (error && !mqtt->retained_failed) {
        mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, why.text);
    }
    mqtt->retained_failed = error != 0;
}

bool publish_document(struct mqtt *mqtt)
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
    } else if (!publish_fits(mqtt, &publication)) {
        fate = MQTT_TOO_LARGE;
    } else {
        retained_add(&mqtt->retained, topic);
        publish_save_retained(mqtt);
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
