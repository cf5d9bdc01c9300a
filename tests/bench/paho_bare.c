// SPDX-License-Identifier: Apache-2.0
/*
 * Paho alone, for scripts/bench: publishes readings of 200 bytes, one in a message at QoS 1, with so many on their way. What it
 * reaches is the limit of a gateway that sends by Paho.
 *   paho_bare PORT COUNT WINDOW
 */
#include "histogram.h"
#include "reading.h"
#include <MQTTAsync.h>
#include <semaphore.h>
#include <stdlib.h>

static sem_t window, connected, finished;
static unsigned long long wanted, acknowledged;

static void on_connected(void *context, MQTTAsync_successData *data)
{
    (void)context, (void)data;
    sem_post(&connected);
}

static void on_acknowledged(void *context, MQTTAsync_successData *data)
{
    (void)context, (void)data;
    sem_post(&window);
    if (++acknowledged == wanted)
        sem_post(&finished);
}

static void on_failure(void *context, MQTTAsync_failureData *data)
{
    (void)context, (void)data;
    fprintf(stderr, "paho_bare: refused\n");
    exit(2);
}

static int on_message(void *context, char *topic, int size, MQTTAsync_message *message)
{
    (void)context, (void)topic, (void)size, (void)message;
    return 1;
}

static MQTTAsync connect_to(const char *port)
{
    char url[64];
    MQTTAsync client;
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%s", port);
    if (MQTTAsync_create(&client, url, "bench-paho", MQTTCLIENT_PERSISTENCE_NONE, NULL) != MQTTASYNC_SUCCESS ||
        MQTTAsync_setCallbacks(client, NULL, NULL, on_message, NULL) != MQTTASYNC_SUCCESS)
        exit(2);
    options.maxInflight = 65535;
    options.onSuccess = on_connected;
    options.onFailure = on_failure;
    if (MQTTAsync_connect(client, &options) != MQTTASYNC_SUCCESS)
        exit(2);
    sem_wait(&connected);
    return client;
}

static void publish(MQTTAsync client, unsigned long long serial)
{
    char payload[READING_SIZE];
    MQTTAsync_message message = MQTTAsync_message_initializer;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    message.payload = payload;
    message.payloadlen = (int)reading_write(payload, serial);
    message.qos = 1;
    response.onSuccess = on_acknowledged;
    response.onFailure = on_failure;
    if (MQTTAsync_sendMessage(client, "bench/reading", &message, &response) != MQTTASYNC_SUCCESS)
        on_failure(NULL, NULL);
}

int main(int argc, char *argv[])
{
    if (argc < 4) {
        fprintf(stderr, "usage: paho_bare PORT COUNT WINDOW\n");
        return 2;
    }
    wanted = strtoull(argv[2], NULL, 10);
    sem_init(&window, 0, (unsigned)atoi(argv[3]));
    sem_init(&connected, 0, 0);
    sem_init(&finished, 0, 0);
    MQTTAsync client = connect_to(argv[1]);
    int64_t began_ns = monotonic_ns();
    for (unsigned long long serial = 0; serial < wanted; serial++) {
        sem_wait(&window);
        publish(client, serial);
    }
    sem_wait(&finished);
    double seconds = (double)(monotonic_ns() - began_ns) / 1e9;
    printf("{\"acknowledged\":%llu,\"seconds\":%.6f,\"rate\":%.1f}\n", acknowledged, seconds,
           (double)acknowledged / seconds);
    return 0;
}
