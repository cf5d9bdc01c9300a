// SPDX-License-Identifier: Apache-2.0
/*
 * Readings of 200 bytes to a broker, one in a message at QoS 1, as fast as it acknowledges; the load of the mosquitto bridge
 * in scripts/bench.
 *   mqtt_load PORT COUNT WINDOW
 */
#include "histogram.h"
#include "mqtt_wire.h"
#include "reading.h"

static struct wire wire;

int main(int argc, char *argv[])
{
    if (argc < 4) {
        fprintf(stderr, "usage: mqtt_load PORT COUNT WINDOW\n");
        return 2;
    }
    uint64_t wanted = strtoull(argv[2], NULL, 10), window = strtoull(argv[3], NULL, 10), sent = 0, acknowledged = 0;
    wire_connect(&wire, atoi(argv[1]), "bench-load");
    int64_t began_ns = monotonic_ns();
    while (acknowledged < wanted) {
        for (; sent < wanted && sent - acknowledged < window; sent++) {
            char payload[READING_SIZE];
            wire_publish(&wire, "bench/reading", (uint16_t)(sent % 65535 + 1), payload, reading_write(payload, sent));
        }
        wire_flush(&wire);
        if (!wire_read(&wire, 30000))
            break;
        struct wire_packet packet;
        while (wire_next(&wire, &packet))
            acknowledged += packet.type == MQTT_PUBACK;
    }
    double seconds = (double)(monotonic_ns() - began_ns) / 1e9;
    printf("{\"acknowledged\":%llu,\"seconds\":%.6f,\"rate\":%.1f}\n", (unsigned long long)acknowledged, seconds,
           (double)acknowledged / seconds);
    return acknowledged == wanted ? 0 : 1;
}
