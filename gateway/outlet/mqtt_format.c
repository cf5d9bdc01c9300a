// SPDX-License-Identifier: Apache-2.0
#include "mqtt_format.h"

#include "citygw_json.h"
#include "iota_json.h"
#include "ngsi_ld.h"

static int tree_topic(const struct mqtt_wire *wire, enum kind kind, const char *stream, char ret_topic[TOPIC_SIZE])
{
    return topic_reading(wire->tree, kind, stream, ret_topic);
}

static int agent_topic(const struct mqtt_wire *wire, enum kind kind, const char *stream, char ret_topic[TOPIC_SIZE])
{
    char device[STREAM_SIZE];
    const char *id;
    bool is_alert = stream_subject(stream, &id) == SUBJECT_ALERT;
    const char *apikey = is_alert ? iota_apikey_of_alerts(wire->options) : iota_apikey(wire->options, kind);
    return topic_agent(apikey, iota_device(stream, device), ret_topic);
}

static size_t write_citygw(const struct mqtt_wire *wire, const struct outlet_record *record,
                           const struct reading *reading, struct bytes *out)
{
    citygw_json(record, reading, wire->epoch, out);
    return 0;
}

static size_t write_ngsi_ld(const struct mqtt_wire *wire, const struct outlet_record *record,
                            const struct reading *reading, struct bytes *out)
{
    const struct ngsi_ld context = {.gateway = wire->gateway, .places = wire->places, .epoch = wire->epoch};
    ngsi_ld_reading(&context, record, reading, out);
    return 0;
}

static size_t write_iota_json(const struct mqtt_wire *wire, const struct outlet_record *record,
                              const struct reading *reading, struct bytes *out)
{
    return iota_json(record, reading, wire->epoch, out);
}

const struct mqtt_format *mqtt_format(int format)
{
    static const struct mqtt_format formats[] = {
        [FORMAT_CITYGW] = {"application/json", .in_order = false, .batches = true, .retained = true, tree_topic,
                           write_citygw},
        [FORMAT_NGSI_LD] = {"application/ld+json", .in_order = true, .batches = false, .retained = true, tree_topic,
                            write_ngsi_ld},
        // An agent that restarts would take a retained measure for a new one.
        [FORMAT_IOTA_JSON] = {"application/json", .in_order = true, .batches = false, .retained = false, agent_topic,
                              write_iota_json},
    };
    return &formats[format];
}
