// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mqtt_memory.h"
#include "mqtt_reasons.h"

/*
 * A broker that goes through a list of reason codes, the next one at each connection, and then behaves. The library takes more
 * than a second of real time from one connection to the next.
 */

enum { CODES_READINGS = 3 };

static inline bool is_told(struct rig *rig, int code)
{
    const char *words = reason_text(code);
    return rig_count(rig, OUTLET_DISCONNECTED, words) + rig_count(rig, OUTLET_ALARM, words) > 0;
}

// Until all readings have arrived: then every code was told in words, and none of them cost a reading.
static inline void bear_codes(struct peer *peer, struct rig *rig, const int *codes, size_t count)
{
    rig->available = CODES_READINGS;
    peer_begin(peer);
    rig_start(rig);
    for (int i = 0; i < 40000 && rig_cursor(rig) <= CODES_READINGS; i++) {
        bool online = rig_count(rig, OUTLET_CONNECTED, "") > rig_count(rig, OUTLET_DISCONNECTED, "");
        rig_advance(rig, i % 20 || online ? 0 : 10); // the pause before the next try
        rig_nap();
    }
    assert_true(rig_wait_delivered(rig, CODES_READINGS + 1));
    for (size_t i = 0; i < count; i++) {
        if (codes[i] >= MQTT_REFUSED_LEAST && !is_told(rig, codes[i])) {
            fail_msg("0x%02X was not told: %s", (unsigned)codes[i], reason_text(codes[i]));
        }
    }
    assert_int_equal(peer->connections, count + 1);
    assert_int_equal(rig->delivered_count, CODES_READINGS);
    assert_int_equal(rig->parked_count, 0);
    end(peer, rig);
}
