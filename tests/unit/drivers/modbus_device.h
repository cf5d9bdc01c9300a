// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * Devices on a pty, made of bytes, that can do everything wrong. Register A of unit U holds 1000 U + A; of the bits every
 * third is set. Requests are kept in the order in which they came.
 */

enum manner {
    GOOD,
    MUTE,
    WRONG_UNIT,        // answers as unit 0, which is nobody's
    WRONG_CRC,         // always
    WRONG_CRC_ONCE,    // then good
    REFUSES,           // exception 4
    REFUSES_REGISTERS, // exception 2 to whatever is not in a table of bits
    REFUSES_GAPS,      // exception 2 to more than two registers
    SLOW,              // thinks for 100 ms
    TARDY,             // thinks for 1.3 s
    LATE,              // answers when the next request has come, to anyone
    LATE_OTHER,        // the same, with one register too many
    CUT,               // half of the answer
    DRIPS,             // a byte every 200 ms
    NOISY,             // two bytes of noise, then the answer
};

enum { UNITS = 248, KEPT = 4096 };

struct request {
    uint8_t unit, function;
    unsigned address, count;
    int64_t at_us;
};

struct devices {
    int master;
    char slave[64];
    pthread_t thread;
    int stop[2];
    atomic_bool busy;     // with a request
    pthread_mutex_t lock; // of all below
    enum manner manners[UNITS];
    struct request requests[KEPT];
    size_t count;
    // The thread's own.
    uint8_t late[64];
    size_t late_size;
};

static uint16_t crc_of(const uint8_t *bytes, size_t size)
{
    uint16_t crc = 0xffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
    }
    return crc;
}

static size_t seal(uint8_t *frame, size_t size)
{
    uint16_t crc = crc_of(frame, size);
    frame[size] = (uint8_t)crc;
    frame[size + 1] = (uint8_t)(crc >> 8);
    return size + 2;
}

static size_t refusal(const struct request *request, uint8_t code, uint8_t *frame)
{
    frame[0] = request->unit;
    frame[1] = request->function | 0x80;
    frame[2] = code;
    return seal(frame, 3);
}

static size_t answer_of(const struct request *request, uint8_t *frame)
{
    bool bits = request->function <= 2;
    unsigned bytes = bits ? (request->count + 7) / 8 : 2 * request->count;
    memset(frame, 0, 3 + bytes);
    frame[0] = request->unit;
    frame[1] = request->function;
    frame[2] = (uint8_t)bytes;
    for (unsigned i = 0; i < request->count; i++) {
        unsigned at = request->address + i, value = 1000u * request->unit + at;
        if (bits)
            frame[3 + i / 8] |= (uint8_t)((at % 3 == 0) << i % 8);
        else
            frame[3 + 2 * i] = (uint8_t)(value >> 8);
        if (!bits)
            frame[4 + 2 * i] = (uint8_t)value;
    }
    return seal(frame, 3 + bytes);
}

static void say(struct devices *devices, const uint8_t *bytes, size_t size)
{
    if (write(devices->master, bytes, size) != (ssize_t)size)
        abort();
}

// As long as a device thinks; ends early with the test.
static bool think(struct devices *devices, int ms)
{
    struct pollfd stop = {.fd = devices->stop[0], .events = POLLIN};
    return poll(&stop, 1, ms) == 0;
}

static void drip(struct devices *devices, const uint8_t *frame, size_t size)
{
    for (size_t i = 0; i < size && think(devices, 200); i++)
        say(devices, frame + i, 1);
}

static void keep_late(struct devices *devices, const uint8_t *frame, size_t size)
{
    memcpy(devices->late, frame, size);
    devices->late_size = size;
}

static void reply(struct devices *devices, enum manner manner, struct request request)
{
    uint8_t frame[300];
    size_t size = answer_of(&request, frame);
    switch (manner) {
    case MUTE:
        return;
    case WRONG_UNIT:
        frame[0] = 0;
        size = seal(frame, size - 2);
        break;
    case WRONG_CRC:
    case WRONG_CRC_ONCE:
        frame[size - 1] ^= 0xff;
        break;
    case REFUSES:
        size = refusal(&request, 4, frame);
        break;
    case REFUSES_REGISTERS:
        size = request.function > 2 ? refusal(&request, 2, frame) : size;
        break;
    case REFUSES_GAPS:
        size = request.count > 2 ? refusal(&request, 2, frame) : size;
        break;
    case SLOW:
        think(devices, 100);
        break;
    case TARDY:
        think(devices, 1300);
        break;
    case LATE:
        keep_late(devices, frame, size);
        return;
    case LATE_OTHER:
        request.count++;
        keep_late(devices, frame, answer_of(&request, frame));
        return;
    case CUT:
        size /= 2;
        break;
    case DRIPS:
        drip(devices, frame, size);
        return;
    case NOISY:
        say(devices, (const uint8_t *)"\xff\xfe", 2);
        break;
    case GOOD:
        break;
    }
    say(devices, frame, size);
}

static int64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void take_request(struct devices *devices, const uint8_t *frame)
{
    struct request request = {frame[0], frame[1], (unsigned)(frame[2] << 8 | frame[3]),
                              (unsigned)(frame[4] << 8 | frame[5]), monotonic_us()};
    uint16_t crc = crc_of(frame, 6);
    if (frame[6] != (crc & 0xff) || frame[7] != crc >> 8 || frame[0] >= UNITS)
        abort(); // the master never says anything else
    pthread_mutex_lock(&devices->lock);
    if (devices->count < KEPT)
        devices->requests[devices->count++] = request;
    enum manner manner = devices->manners[request.unit];
    if (manner == WRONG_CRC_ONCE)
        devices->manners[request.unit] = GOOD;
    pthread_mutex_unlock(&devices->lock);
    if (devices->late_size)
        say(devices, devices->late, devices->late_size);
    devices->late_size = 0;
    reply(devices, manner, request);
}

// A closed slave is a hang-up, which poll() tells at once: then the stop alone is waited for, in small steps.
static void *live(void *context)
{
    struct devices *devices = context;
    uint8_t frame[8];
    size_t used = 0;
    for (;;) {
        struct pollfd both[] = {{.fd = devices->stop[0], .events = POLLIN}, {.fd = devices->master, .events = POLLIN}};
        poll(both, 2, -1);
        if (both[0].revents)
            return NULL;
        if (!(both[1].revents & POLLIN)) {
            used = 0;
            if (!think(devices, 5))
                return NULL;
            continue;
        }
        atomic_store(&devices->busy, true);
        ssize_t size = read(devices->master, frame + used, sizeof frame - used);
        used += size > 0 ? (size_t)size : 0;
        if (used == sizeof frame) {
            take_request(devices, frame);
            used = 0;
        }
        atomic_store(&devices->busy, false);
    }
}

static void devices_begin(struct devices *devices)
{
    devices->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (devices->master < 0 || grantpt(devices->master) || unlockpt(devices->master) ||
        ptsname_r(devices->master, devices->slave, sizeof devices->slave) || pipe(devices->stop))
        abort();
    devices->late_size = 0;
    pthread_mutex_init(&devices->lock, NULL);
    pthread_create(&devices->thread, NULL, live, devices);
}

static void devices_end(struct devices *devices)
{
    if (write(devices->stop[1], "", 1) != 1)
        abort();
    pthread_join(devices->thread, NULL);
    close(devices->master);
    close(devices->stop[0]);
    close(devices->stop[1]);
    pthread_mutex_destroy(&devices->lock);
}

static void set_manner(struct devices *devices, unsigned unit, enum manner manner)
{
    pthread_mutex_lock(&devices->lock);
    devices->manners[unit] = manner;
    pthread_mutex_unlock(&devices->lock);
}

// How many requests there were, and a copy of them.
static size_t requests_of(struct devices *devices, struct request ret_requests[KEPT])
{
    pthread_mutex_lock(&devices->lock);
    size_t count = devices->count;
    memcpy(ret_requests, devices->requests, count * sizeof *ret_requests);
    pthread_mutex_unlock(&devices->lock);
    return count;
}
