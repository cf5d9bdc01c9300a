// SPDX-License-Identifier: Apache-2.0
#include "facts.h"

#include "base/certificate.h"
#include "base/number.h"
#include "gateway.h"
#include "snapshot.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static const int64_t interval_us = 10 * 1000000LL, certificate_interval_us = 600 * 1000000LL;
static const double day_us = 86400e6;

bool system_line(const char *path, char *ret_line, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool got = fgets(ret_line, (int)size, file) != NULL;
    fclose(file);
    ret_line[got ? strcspn(ret_line, "\n") : 0] = '\0';
    return got && ret_line[0];
}

bool system_undervoltage(bool *ret_now)
{
    char line[80];
    if (!system_line("/sys/devices/platform/soc/soc:firmware/get_throttled", line, sizeof line))
        return false;
    *ret_now = strtoul(line, NULL, 16) & 1; // bit 0 of the firmware's word
    return true;
}

// As part of the disk, or of ten buffers where it is larger than that: a tenth of a large disk is room enough.
static double disk_free(const struct gateway *gateway)
{
    struct statvfs disk;
    if (statvfs(gateway->settings->buffer.path, &disk) != 0 || disk.f_blocks == 0)
        return NAN;
    double block = (double)disk.f_frsize,
           whole = fmin((double)disk.f_blocks * block, 10 * (double)gateway->settings->buffer.max_size_bytes);
    return fmin((double)disk.f_bavail * block / whole, 1);
}

// Of what is wanted. While readings come too slowly to tell, it is enough.
static double autonomy(struct gateway *gateway)
{
    const struct status_buffer *buffer = &snapshot_take(gateway->snapshot)->buffer;
    if (buffer->min_autonomy_h <= 0)
        return INFINITY;
    return buffer->autonomy_h < 0 ? INFINITY : buffer->autonomy_h / buffer->min_autonomy_h;
}

// Of our own certificates the first that ends, of those that we trust the last: until then some broker can be proven.
static int64_t certificates_end_us(const struct settings *settings)
{
    int64_t end_us = INT64_MAX, first_us, last_us;
    struct fault why;
    for (size_t i = 0; i < settings->mqtt_count; i++) {
        const struct settings_mqtt *mqtt = &settings->mqtt[i];
        if (mqtt->cert_file[0] && certificate_ends(mqtt->cert_file, &first_us, &last_us, &why) == 0)
            end_us = first_us < end_us ? first_us : end_us;
        if (mqtt->ca_file[0] && certificate_ends(mqtt->ca_file, &first_us, &last_us, &why) == 0)
            end_us = last_us < end_us ? last_us : end_us;
    }
    return end_us;
}

static uint64_t add_print(uint64_t print, const char *path)
{
    struct stat now;
    if (!path[0] || stat(path, &now) != 0)
        return fnv64(print, "", 1);
    const int64_t parts[] = {(int64_t)now.st_ino, now.st_size, now.st_mtim.tv_sec, now.st_mtim.tv_nsec};
    return fnv64(print, parts, sizeof parts);
}

// It is another one when a file was changed: reading a system's hundred certificates holds up the loop.
static uint64_t certificates_print(const struct settings *settings)
{
    uint64_t print = FNV_START;
    for (size_t i = 0; i < settings->mqtt_count; i++)
        print = add_print(add_print(print, settings->mqtt[i].cert_file), settings->mqtt[i].ca_file);
    return print;
}

static void look_at_certificates(struct gateway *gateway)
{
    uint64_t print = certificates_print(gateway->settings);
    if (print != gateway->certificate_print)
        gateway->certificate_end_us = certificates_end_us(gateway->settings);
    gateway->certificate_print = print;
}

// Those of brokers themselves nobody tells us.
static double certificate_days(struct gateway *gateway, int64_t now_us)
{
    if (!gateway->certificate_boot_us || now_us - gateway->certificate_boot_us >= certificate_interval_us) {
        gateway->certificate_boot_us = now_us;
        look_at_certificates(gateway);
    }
    if (gateway->certificate_end_us == INT64_MAX)
        return NAN;
    return (double)(gateway->certificate_end_us - clock_wall_us(gateway->clock)) / day_us;
}

// Whether another gateway of our name was seen at a broker since this was last asked.
static double duplicate(struct gateway *gateway)
{
    uint64_t twins = 0;
    for (size_t i = 0; i < gateway->outlet_count; i++) {
        struct outlet *outlet = &gateway->outlets[i];
        struct outlet_figures figures = {0};
        if (outlet->type->figures)
            outlet->type->figures(outlet->state, &figures);
        twins += figures.twins;
    }
    bool seen = twins > gateway->twins;
    gateway->twins = twins;
    return seen;
}

static void gather(struct gateway *gateway, bool synchronised, struct gateway_facts *ret_facts)
{
    int64_t now_us = clock_boot_us(gateway->clock);
    bool low;
    if (synchronised || !gateway->unset_boot_us)
        gateway->unset_boot_us = now_us;
    *ret_facts =
        (struct gateway_facts){.certificate_days = synchronised ? certificate_days(gateway, now_us) : (double)NAN,
                               .clock_unset_s = (double)(now_us - gateway->unset_boot_us) / 1e6,
                               .disk_free = disk_free(gateway),
                               .autonomy = autonomy(gateway),
                               .undervoltage = NAN,
                               .duplicate = duplicate(gateway)};
    if (system_undervoltage(&low))
        ret_facts->undervoltage = low;
}

void facts_tick(struct gateway *gateway)
{
    struct gateway_facts facts;
    int64_t now_us = clock_boot_us(gateway->clock);
    bool synchronised = gateway->clock->synchronised(gateway->clock);
    if (now_us - gateway->facts_boot_us >= interval_us) {
        gateway->facts_boot_us = now_us;
        gather(gateway, synchronised, &facts);
        city_facts(gateway->city, &facts, synchronised);
    }
    city_tick(gateway->city, synchronised);
}
