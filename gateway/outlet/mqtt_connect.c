// SPDX-License-Identifier: Apache-2.0
#include "mqtt_connect.h"

#include <errno.h>
#include <string.h>

enum {
    CONNECT_TIMEOUT_S = 20,
    WILL_DELAY_S = 30,
    // The library stalls at its own limit, so it gets none: our window is the limit.
    NO_LIMIT = 65535,
};

static const char system_store[] = "/etc/ssl/certs/ca-certificates.crt";

static int add_integer(MQTTProperties *properties, enum MQTTPropertyCodes code, unsigned value)
{
    MQTTProperty property = {.identifier = code};
    if (MQTTProperty_getType(code) == MQTTPROPERTY_TYPE_BYTE) {
        property.value.byte = (unsigned char)value;
    } else {
        property.value.integer4 = value;
    }
    return MQTTProperties_add(properties, &property);
}

static int add_text(MQTTProperties *properties, enum MQTTPropertyCodes code, char *text)
{
    MQTTProperty property = {.identifier = code};
    property.value.data.data = text;
    property.value.data.len = (int)strlen(text);
    return MQTTProperties_add(properties, &property);
}

static void fill_will(MQTTAsync_willOptions *will, const struct client_connection *connection)
{
    will->topicName = connection->will_topic;
    will->payload.data = connection->will;
    will->payload.len = (int)strlen(connection->will);
    will->retained = connection->retain_will;
    will->qos = 1;
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void fill_tls(MQTTAsync_SSLOptions *tls, const struct client_connection *connection,
                     const struct client_callbacks *callbacks, void *context)
{
    tls->trustStore = connection->ca_file[0] ? connection->ca_file : system_store;
    tls->keyStore = or_null(connection->cert_file);
    tls->privateKey = or_null(connection->key_file);
    tls->enableServerCertAuth = 1;
    tls->sslVersion = MQTT_SSL_VERSION_TLS_1_2; // at least: 1.3 is taken when both can
    tls->verify = 1;                            // the host's name too; the library's default is not to look
    tls->ssl_error_cb = callbacks->tls_said;
    tls->ssl_error_context = context;
}

static void fill_v3(MQTTAsync_connectOptions *options, const struct client_callbacks *callbacks)
{
    options->MQTTVersion = MQTTVERSION_3_1_1;
    options->cleansession = 1; // 3.1.1 has no will delay to keep a session for
    options->onSuccess = callbacks->connected;
    options->onFailure = callbacks->failed;
}

static int fill_v5(MQTTAsync_connectOptions *options, const struct client_connection *connection,
                   const struct client_callbacks *callbacks, MQTTProperties *properties, MQTTProperties *will)
{
    static char json[] = "application/json";
    options->cleanstart = connection->clean;
    options->onSuccess5 = callbacks->connected5;
    options->onFailure5 = callbacks->failed5;
    options->connectProperties = properties;
    int failed = add_integer(properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, (unsigned)connection->session_s);
    if (connection->packet_max > 0) {
        failed |= add_integer(properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, connection->packet_max);
    }
    if (!connection->will_topic) {
        return failed ? -ENOMEM : 0;
    }
    options->willProperties = will;
    failed |= add_integer(will, MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL, WILL_DELAY_S);
    failed |= add_integer(will, MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, 1);
    failed |= add_text(will, MQTTPROPERTY_CODE_CONTENT_TYPE, json);
    return failed ? -ENOMEM : 0;
}

int connect_begin(MQTTAsync handle, int version, const struct client_connection *connection,
                  const struct client_callbacks *callbacks, void *context)
{
    MQTTAsync_connectOptions v3 = MQTTAsync_connectOptions_initializer, v5 = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_connectOptions options = version == 5 ? v5 : v3;
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
    MQTTProperties properties = MQTTProperties_initializer, will_properties = MQTTProperties_initializer;
    int error = 0;

    options.keepAliveInterval = connection->keep_alive_s;
    options.maxInflight = NO_LIMIT;
    options.connectTimeout = CONNECT_TIMEOUT_S;
    options.username = connection->username;
    options.password = connection->password;
    options.context = context;
    if (connection->will_topic) {
        options.will = &will;
        fill_will(&will, connection);
    }
    if (connection->tls) {
        options.ssl = &tls;
        fill_tls(&tls, connection, callbacks, context);
    }
    if (version == 5) {
        error = fill_v5(&options, connection, callbacks, &properties, &will_properties);
    } else {
        fill_v3(&options, callbacks);
    }
    if (!error && MQTTAsync_connect(handle, &options) != MQTTASYNC_SUCCESS) {
        error = -EIO;
    }
    MQTTProperties_free(&properties);
    MQTTProperties_free(&will_properties);
    return error;
}

// The number of a property, or `otherwise` when the broker did not send it.
static unsigned number_of(MQTTProperties *properties, enum MQTTPropertyCodes code, unsigned otherwise)
{
    return MQTTProperties_hasProperty(properties, code) ? (unsigned)MQTTProperties_getNumericValue(properties, code)
                                                        : otherwise;
}

void connect_limits(MQTTProperties *properties, struct client_limits *ret_limits)
{
    *ret_limits = (struct client_limits){
        .receive_max = number_of(properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, NO_LIMIT),
        .packet_max = number_of(properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, 0),
        .keep_alive_s = (int)number_of(properties, MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE, 0),
        .no_retain = number_of(properties, MQTTPROPERTY_CODE_RETAIN_AVAILABLE, 1) == 0,
        .no_qos1 = number_of(properties, MQTTPROPERTY_CODE_MAXIMUM_QOS, 2) == 0,
    };
}
