// SPDX-License-Identifier: Apache-2.0
#include "outlet/wire.h"

#include "citygw_json.h"
#include "record.h"
#include "topics.h"
#include <string.h>

_Static_assert((int)WIRE_TOPIC_SIZE == (int)TOPIC_SIZE, "a topic is as long outside as inside");

static const char prefix_default[] = "citygw/v1";

int wire_tree(const struct settings *settings, const char *outlet, char ret_tree[WIRE_TOPIC_SIZE])
{
    const char *prefix = settings->mqtt_count ? settings->mqtt[0].topic_prefix : prefix_default;
    for (size_t i = 0; outlet && i < settings->mqtt_count; i++) {
        if (strcmp(settings->mqtt[i].name, outlet) == 0) {
            prefix = settings->mqtt[i].topic_prefix;
        }
    }
    return topic_tree(prefix, &settings->gateway, ret_tree);
}

int wire_reading(const char *tree, const char *epoch, const struct outlet_record *record,
                 char ret_topic[WIRE_TOPIC_SIZE], struct bytes *out)
{
    struct reading reading;
    int error = record_reading(record, &reading);
    if (!error) {
        error = topic_reading(tree, reading.kind, record->sensor, ret_topic);
    }
    if (!error) {
        citygw_json(record, &reading, epoch, out);
    }
    return error;
}
