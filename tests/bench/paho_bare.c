// SPDX-License-Identifier: Apache-2.0
/*
 * Paho alone, for scripts/bench: publishes readings of 200 bytes, one in a message at QoS 1, with so many on their way. What it
 * reaches is the limit of a gateway that sends by Paho.
 *   paho_bare PORT COUNT WINDOW VERSION [RATE TIMES FILE]
 * VERSION 5 gives each message the properties that the gateway's have, which cost the library more than the message itself;
 * 3 is MQTT 3.1.1, which has none. With RATE (in a second) each is written to FILE and synced before it is published: the
 * least that a durable gateway can do. TIMES is a file of one int64 for each, where the time goes at which its way began.
 */
#include "histogram.h"
#include "reading.h"
#include <MQTTAsync.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sem_t window, connected, finished;
static unsigned long long wanted, acknowledged;
static bool is_version_5;

static void on_connected(void *context, MQTTAsync_successData *data)
{
    (void)context, (void)data;
    sem_post(&connected);
}

static void on_connected5(void *context, MQTTAsync_successData5 *data)
{
    (void)context, (void)data;
    sem_post(&connected);
}

static void count_acknowledged(void)
{
    sem_post(&window);
    if (++acknowledged == wanted)
        sem_post(&finished);
}

static void on_acknowledged(void *context, MQTTAsync_successData *data)
{
    (void)context, (void)data;
    count_acknowledged();
}

static void on_acknowledged5(void *context, MQTTAsync_successData5 *data)
{
    (void)context, (void)data;
    count_acknowledged();
}

static void refuse(void)
{
    fprintf(stderr, "paho_bare: refused\n");
    exit(2);
}

static void on_failure(void *context, MQTTAsync_failureData *data)
{
    (void)context, (void)data;
    refuse();
}

static void on_failure5(void *context, MQTTAsync_failureData5 *data)
{
    (void)context, (void)data;
    refuse();
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
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
    MQTTAsync_connectOptions plain = MQTTAsync_connectOptions_initializer,
                             options5 = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_connectOptions options = is_version_5 ? options5 : plain;
    create.maxBufferedMessages = 65535; // more than any window
    create.MQTTVersion = is_version_5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%s", port);
    if (MQTTAsync_createWithOptions(&client, url, "bench-paho", MQTTCLIENT_PERSISTENCE_NONE, NULL, &create) !=
            MQTTASYNC_SUCCESS ||
        MQTTAsync_setCallbacks(client, NULL, NULL, on_message, NULL) != MQTTASYNC_SUCCESS)
        exit(2);
    options.maxInflight = 65535;
    options.onSuccess = is_version_5 ? NULL : on_connected;
    options.onFailure = is_version_5 ? NULL : on_failure;
    options.onSuccess5 = is_version_5 ? on_connected5 : NULL;
    options.onFailure5 = is_version_5 ? on_failure5 : NULL;
    if (MQTTAsync_connect(client, &options) != MQTTASYNC_SUCCESS)
        exit(2);
    sem_wait(&connected);
    return client;
}

static void add_pair(MQTTProperties *properties, char *name, char *value)
{
    MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_USER_PROPERTY};
    property.value.data = (MQTTLenString){.data = name, .len = (int)strlen(name)};
    property.value.value = (MQTTLenString){.data = value, .len = (int)strlen(value)};
    MQTTProperties_add(properties, &property);
}

static void add_properties(MQTTProperties *properties, unsigned long long serial)
{
    char seq[24], json[] = "application/json";
    MQTTProperty utf8 = {.identifier = MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR, .value.byte = 1};
    MQTTProperty type = {.identifier = MQTTPROPERTY_CODE_CONTENT_TYPE};
    type.value.data = (MQTTLenString){.data = json, .len = (int)strlen(json)};
    snprintf(seq, sizeof seq, "%llu", serial);
    MQTTProperties_add(properties, &utf8);
    MQTTProperties_add(properties, &type);
    add_pair(properties, (char[]){"epoch"}, (char[]){"1f2e3d4c"});
    add_pair(properties, (char[]){"seq"}, seq);
    add_pair(properties, (char[]){"gateway"}, (char[]){"bench"});
}

struct pace {
    double rate; // 0: none
    int64_t *times, began_ns;
    int file;
};

static void open_pace(struct pace *pace, char *const arguments[], size_t count)
{
    int times = open(arguments[1], O_RDWR);
    pace->rate = atof(arguments[0]);
    pace->times = mmap(NULL, count * sizeof *pace->times, PROT_READ | PROT_WRITE, MAP_SHARED, times, 0);
    pace->file = open(arguments[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (pace->rate <= 0 || pace->times == MAP_FAILED || pace->file < 0 ||
        posix_fallocate(pace->file, 0, (off_t)(count * READING_SIZE)) != 0) {
        perror("paho_bare");
        exit(2);
    }
    pace->began_ns = monotonic_ns();
}

static void wait_and_store(const struct pace *pace, unsigned long long serial, const void *payload, size_t size)
{
    int64_t due_ns = pace->began_ns + (int64_t)((double)serial / pace->rate * 1e9);
    struct timespec due = {due_ns / 1000000000, due_ns % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    pace->times[serial] = monotonic_ns();
    if (pwrite(pace->file, payload, size, (off_t)(serial * READING_SIZE)) != (ssize_t)size || fdatasync(pace->file) != 0) {
        perror("paho_bare");
        exit(2);
    }
}

static void publish(MQTTAsync client, const struct pace *pace, unsigned long long serial)
{
    char payload[READING_SIZE];
    MQTTAsync_message message = MQTTAsync_message_initializer;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    message.payload = payload;
    message.payloadlen = (int)reading_write(payload, serial);
    message.qos = 1;
    if (pace->rate > 0)
        wait_and_store(pace, serial, payload, (size_t)message.payloadlen);
    response.onSuccess = is_version_5 ? NULL : on_acknowledged;
    response.onFailure = is_version_5 ? NULL : on_failure;
    response.onSuccess5 = is_version_5 ? on_acknowledged5 : NULL;
    response.onFailure5 = is_version_5 ? on_failure5 : NULL;
    if (is_version_5)
        add_properties(&message.properties, serial);
    if (MQTTAsync_sendMessage(client, "bench/reading", &message, &response) != MQTTASYNC_SUCCESS)
        refuse();
    MQTTProperties_free(&message.properties);
}

int main(int argc, char *argv[])
{
    if (argc < 5) {
        fprintf(stderr, "usage: paho_bare PORT COUNT WINDOW VERSION [RATE TIMES FILE]\n");
        return 2;
    }
    is_version_5 = strcmp(argv[4], "5") == 0;
    wanted = strtoull(argv[2], NULL, 10);
    sem_init(&window, 0, (unsigned)atoi(argv[3]));
    sem_init(&connected, 0, 0);
    sem_init(&finished, 0, 0);
    MQTTAsync client = connect_to(argv[1]);
    struct pace pace = {0};
    if (argc == 8)
        open_pace(&pace, argv + 5, wanted);
    int64_t began_ns = monotonic_ns();
    for (unsigned long long serial = 0; serial < wanted; serial++) {
        sem_wait(&window);
        publish(client, &pace, serial);
    }
    sem_wait(&finished);
    double seconds = (double)(monotonic_ns() - began_ns) / 1e9;
    printf("{\"acknowledged\":%llu,\"seconds\":%.6f,\"rate\":%.1f}\n", acknowledged, seconds,
           (double)acknowledged / seconds);
    return 0;
}
