// SPDX-License-Identifier: Apache-2.0
/*
 * A subscriber for scripts/bench: counts the readings that arrive, each serial number once, whether they come alone or many in
 * a message.
 *   mqtt_count PORT COUNT IDLE_SECONDS [TIMES]
 * TIMES: the file in which coap_load noted when each serial number left; gives latencies. Says "ready" when it listens, and
 * one line of JSON when COUNT serial numbers were seen, or nothing came for so long.
 */
#include "histogram.h"
#include "mqtt_wire.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { SERIAL_FIRST = 100000000, SERIALS = 1 << 24 };
static const char marker[] = "\"duration_s\":";

struct count {
    uint64_t wanted, seen, twice, messages, bytes;
    int64_t first_ns, last_ns, now_ns;
    const int64_t *times;
    size_t time_count;
    struct histogram latencies;
    uint8_t have[SERIALS / 8];
};

static struct wire wire;
static struct count count;

static void take_serial(uint64_t number)
{
    uint64_t serial = number - SERIAL_FIRST;
    if (number < SERIAL_FIRST || serial >= SERIALS)
        return;
    uint8_t bit = (uint8_t)(1 << serial % 8);
    if (count.have[serial / 8] & bit) {
        count.twice++;
        return;
    }
    count.have[serial / 8] |= bit;
    count.seen++;
    count.last_ns = count.now_ns;
    if (!count.first_ns)
        count.first_ns = count.now_ns;
    if (serial < count.time_count && count.times[serial])
        histogram_take(&count.latencies, count.now_ns - count.times[serial]);
}

static void take_payload(const uint8_t *payload, size_t size)
{
    const uint8_t *end = payload + size;
    while ((payload = memmem(payload, (size_t)(end - payload), marker, sizeof marker - 1))) {
        uint64_t number = 0;
        for (payload += sizeof marker - 1; payload < end && *payload >= '0' && *payload <= '9'; payload++)
            number = number * 10 + (uint64_t)(*payload - '0');
        take_serial(number);
    }
}

static void take_publish(const struct wire_packet *packet)
{
    size_t topic = (size_t)packet->body[0] << 8 | packet->body[1], at = 2 + topic;
    if (packet->flags & 6) {
        wire_acknowledge(&wire, packet->body + at);
        at += 2;
    }
    count.messages++;
    count.bytes += packet->size;
    take_payload(packet->body + at, packet->size - at);
}

static void subscribe(void)
{
    wire_head(&wire, 0x82, 2 + 3 + 1);
    wire_put(&wire, (uint8_t[]){0, 1}, 2);
    wire_text(&wire, "#");
    wire_put(&wire, (uint8_t[]){1}, 1);
    wire_flush(&wire);
    wire_expect(&wire, MQTT_SUBACK);
    puts("ready");
    fflush(stdout);
}

static void open_times(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        wire_fail(path);
    count.times = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (count.times == MAP_FAILED)
        wire_fail(path);
    count.time_count = (size_t)status.st_size / sizeof *count.times;
}

static void run(int idle_ms)
{
    struct wire_packet packet;
    while (count.seen < count.wanted && wire_read(&wire, idle_ms)) {
        count.now_ns = monotonic_ns();
        while (wire_next(&wire, &packet))
            if (packet.type == MQTT_PUBLISH)
                take_publish(&packet);
        wire_flush(&wire);
    }
}

int main(int argc, char *argv[])
{
    if (argc < 4) {
        fprintf(stderr, "usage: mqtt_count PORT COUNT IDLE_SECONDS [TIMES]\n");
        return 2;
    }
    count.wanted = strtoull(argv[2], NULL, 10);
    if (argc > 4)
        open_times(argv[4]);
    wire_connect(&wire, atoi(argv[1]), "bench-count");
    subscribe();
    run((int)(atof(argv[3]) * 1000));
    double seconds = (double)(count.last_ns - count.first_ns) / 1e9;
    printf("{\"received\":%llu,\"twice\":%llu,\"messages\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"rate\":%.1f,"
           "\"p50_us\":%llu,\"p99_us\":%llu,\"max_us\":%llu}\n",
           (unsigned long long)count.seen, (unsigned long long)count.twice, (unsigned long long)count.messages,
           (unsigned long long)count.bytes, seconds, seconds > 0 ? (double)count.seen / seconds : 0,
           (unsigned long long)histogram_at(&count.latencies, 0.5),
           (unsigned long long)histogram_at(&count.latencies, 0.99), (unsigned long long)count.latencies.max_us);
    return count.seen == count.wanted ? 0 : 1;
}
