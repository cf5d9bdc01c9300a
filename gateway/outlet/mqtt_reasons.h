// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>

/*
 * What a broker's reason codes mean for us (MQTT 5.0, section 2.4).
 */

enum {
    MQTT_SUCCESS = 0x00,
    MQTT_BAD_CLIENT_ID = 0x85,
    MQTT_BAD_CREDENTIALS = 0x86,
    MQTT_NOT_AUTHORISED = 0x87,
    MQTT_TAKEN_OVER = 0x8e,
    MQTT_TOO_MANY_UNACKNOWLEDGED = 0x93,
    MQTT_TOO_LARGE = 0x95,
    MQTT_NO_RETAIN = 0x9a,
    MQTT_NO_QOS = 0x9b,
    MQTT_REFUSED_LEAST = 0x80, // from here on codes are refusals
    MQTT_REFUSED_MOST = 0xff,
};

enum reason_action {
    REASON_SETTLED,   // the message arrived
    REASON_WAIT,      // it may be taken later: back off and send again, for as long as it takes
    REASON_HOLD,      // it will be taken once a person has put something right: the same, with long pauses and an alarm
    REASON_RECONNECT, // the two sides misunderstand each other: the same, over a new connection
    REASON_PARK,      // this one message is wrong for ever: set it aside after a few tries
};

// What to do about a message that was answered so. Unknown codes of 0x80 and above are REASON_HOLD: nothing is given up
// for a reason that we do not know.
enum reason_action reason_of_publish(int code);

// True when the refusal is about that message or its topic, so that others may be taken all the same.
bool reason_is_of_message(int code);

// True when a person must change something before a connection refused so can succeed.
bool reason_needs_person(int code);

// The code of MQTT 5 for a CONNACK return code of MQTT 3.1.1 (1..5); other codes are returned as they are.
int reason_from_v3(int code);

// The reason in words, translated; never NULL.
const char *reason_text(int code);
