// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"
#include "places.h"
#include "reading/reading.h"
#include "topics.h"
#include <stdbool.h>

/*
 * What readings look like on an outlet's wire: the topic, the payload, and what may be done with them. One table, a row for
 * each `format`.
 */

struct mqtt_wire; // whose readings, see below

struct mqtt_format {
    const char *content_type; // MQTT 5
    // Its consumers keep the last that was written, whatever its time: everything goes out in the order of its numbers.
    bool in_order;
    bool batches;  // many readings can be one message
    bool retained; // states are retained
    // Of a live reading; a replayed one goes below the gateway's tree in every format. -EINVAL when it cannot be a topic.
    int (*topic)(const struct mqtt_wire *wire, enum kind kind, const char *stream, char ret_topic[TOPIC_SIZE]);
    // Appends the payload; check out->overflow. Returns how many characters it had to replace.
    size_t (*write)(const struct mqtt_wire *wire, const struct outlet_record *record, const struct reading *reading,
                    struct bytes *out);
};

const struct mqtt_format *mqtt_format(int format); // enum outlet_format

// What the formats need to know. Borrows all of it.
struct mqtt_wire {
    const struct settings_gateway *gateway;
    const struct settings_mqtt *options;
    const struct places *places;
    const char *tree, *epoch;
};
