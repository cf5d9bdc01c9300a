// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include <stdio.h>
#include <string.h>

/*
 * Another gateway of our name, such as one that was made from a copy of our disk, mixes its readings with ours at the broker. It
 * gives itself away by `status`: there is an "online" of a session that is not ours. A retained one counts when that session
 * began after we did, by a clock that is set; an earlier one may be our own, of before a restart.
 */

static bool text_of(const struct client_message *message, const char *key, char *ret_text, size_t size)
{
    char head[32];
    const char *payload = (const char *)message->payload; // terminated
    snprintf(head, sizeof head, "\"%s\":\"", key);
    const char *begin = strstr(payload, head);
    size_t length = begin ? strcspn(begin + strlen(head), "\"") : 0;
    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(ret_text, begin + strlen(head), length);
    ret_text[length] = '\0';
    return true;
}

// Times of one form are in order as texts.
static bool began_after_us(const struct mqtt *mqtt, const struct client_message *message)
{
    char since[UTC_TEXT_SIZE], born[UTC_TEXT_SIZE];
    const struct clock *clock = mqtt->feed.clock;
    utc_text(clock_wall_us(clock) - clock_boot_us(clock) + mqtt->born_boot_us, born);
    return clock->synchronised(clock) && text_of(message, "since", since, sizeof since) && strcmp(since, born) > 0;
}

bool twin_look(struct mqtt *mqtt, const struct client_message *message)
{
    char topic[TOPIC_SIZE], state[16], session[MQTT_SESSION_SIZE];
    if (topic_below(mqtt->tree, "status", topic) || strcmp(message->topic, topic) != 0) {
        return false;
    }
    bool is_other = text_of(message, "state", state, sizeof state) && strcmp(state, "online") == 0 &&
                    text_of(message, "session", session, sizeof session) && strcmp(session, mqtt->session) != 0;
    if (is_other && (!message->retained || began_after_us(mqtt, message))) {
        atomic_fetch_add(&mqtt->twins, 1);
    }
    return true;
}
