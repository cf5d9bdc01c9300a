// SPDX-License-Identifier: Apache-2.0
#include "mqtt_properties.h"

#include <errno.h>
#include <string.h>

static int add_pair(MQTTProperties *properties, const char *name, const char *value)
{
    MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_USER_PROPERTY};
    property.value.data = (MQTTLenString){.data = (char *)(uintptr_t)name, .len = (int)strlen(name)};
    property.value.value = (MQTTLenString){.data = (char *)(uintptr_t)value, .len = (int)strlen(value)};
    return MQTTProperties_add(properties, &property);
}

static const char *content_type_of(const struct publication *publication)
{
    return publication->content_type ? publication->content_type : "application/json";
}

int properties_fill(MQTTProperties *properties, const struct publication *publication)
{
    MQTTProperty utf8 = {.identifier = MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, .value.byte = 1};
    MQTTProperty type = {.identifier = MQTTPROPERTY_CODE_CONTENT_TYPE};
    const char *content_type = content_type_of(publication);
    type.value.data = (MQTTLenString){.data = (char *)(uintptr_t)content_type, .len = (int)strlen(content_type)};
    if (publication->size == 0) {
        return 0;
    }
    int failed = MQTTProperties_add(properties, &utf8) | MQTTProperties_add(properties, &type);
    if (publication->correlation_size > 0) {
        MQTTProperty correlation = {.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA};
        correlation.value.data = (MQTTLenString){.data = (char *)(uintptr_t)publication->correlation,
                                                 .len = (int)publication->correlation_size};
        failed |= MQTTProperties_add(properties, &correlation);
    }
    if (publication->epoch) {
        failed |= add_pair(properties, "epoch", publication->epoch);
        failed |= publication->seq ? add_pair(properties, "seq", publication->seq) : 0;
        failed |= add_pair(properties, "gateway", publication->gateway);
    }
    return failed ? -ENOMEM : 0;
}

size_t client_packet_size(const struct publication *publication)
{
    // First byte, length, topic with its length, packet id, length of the properties, payload format, content type.
    size_t size = 1 + 4 + 2 + strlen(publication->topic) + 2 + 4 + 2 + 3 + strlen(content_type_of(publication)) +
                  publication->size;
    if (publication->epoch) { // each pair: its code, two lengths, name and value
        size += 5 + strlen("epoch") + strlen(publication->epoch);
        size += publication->seq ? 5 + strlen("seq") + strlen(publication->seq) : 0;
        size += 5 + strlen("gateway") + strlen(publication->gateway);
    }
    if (publication->correlation_size > 0) {
        size += 3 + publication->correlation_size;
    }
    return size;
}
