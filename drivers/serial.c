// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "buses.h"
#include "drivers/codec.h"
#include "serial_port.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
    CHUNK = 4096,        // per read
    READS_PER_WAKE = 16, // then the loop has its turn, so that a flood starves nobody
};

// A line of which something comes so soon after the opening began before it: its beginning was not heard.
static const int64_t begun_before_us = 20 * 1000LL;

struct serial {
    const struct settings_serial *settings;
    const struct driver_host *host;
    const struct codec *codec;
    const char *sensor; // whose the frames of an anonymous codec are; NULL: they say it themselves, or nobody knows
    uv_poll_t *poll;    // NULL: closed. Made anew by each open, because the old one closes in the background
    struct codec_options options;
    int fd;
    int64_t opened_boot_us;
    enum { HEAD_UNKNOWN, HEAD_MISSING, HEAD_HEARD } head; // of the line that comes
    uint64_t position; // how many bytes came before the buffer's first one, since the open
    size_t used;       // of the buffer, which has room for a whole frame and one more chunk
    struct raw_pack pack;
    uint8_t buffer[];
};

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void serial_close(void *state)
{
    struct serial *serial = state;
    if (!serial->poll)
        return;
    uv_close((uv_handle_t *)serial->poll, free_handle);
    serial->poll = NULL;
    serial_port_close(serial->fd);
}

static void fail(struct serial *serial, const char *reason)
{
    struct fault why;
    fault_set(&why, 0, _("%s is gone (%s)"), serial->settings->device, reason);
    serial_close(serial);
    serial->host->failed(serial->host->context, &why);
}

static void refuse(struct serial *serial, uint64_t position, enum refusal refusal, const struct fault *why)
{
    struct fault told;
    fault_set(&told, 0, _("%s, byte %llu: %s"), serial->settings->device, (unsigned long long)position,
              why->text[0] ? why->text : refusal_name(refusal));
    serial->host->refused(serial->host->context, refusal, &told);
}

static void emit(struct serial *serial)
{
    struct driver_pack pack = {.raw = &serial->pack, .sensor = serial->sensor};
    struct fault why = {""};
    if (serial->pack.count > 0)
        serial->host->emit(serial->host->context, &pack, &why); // the host counts refusals
}

// Decodes the first frame of the `left` bytes at `at`. Returns how many are done with; 0: more must come.
static size_t decode_frame(struct serial *serial, size_t at, size_t left)
{
    size_t used = 0;
    enum refusal refusal = REFUSAL_NONE;
    struct fault why = {""};
    enum codec_result result = codec_decode_stream(serial->codec, &serial->options, serial->buffer + at, left,
                                                   &serial->pack, &used, &refusal, &why);
    if (result == CODEC_NEED_MORE && left <= serial->codec->frame_max)
        return 0;
    if (result == CODEC_NEED_MORE) {
        fault_set(&why, 0, _("no end of frame within %zu bytes"), serial->codec->frame_max);
        refusal = REFUSAL_LENGTH;
        used = left;
    }
    if (result == CODEC_TAKEN)
        emit(serial);
    else
        refuse(serial, serial->position + at + 1, refusal, &why);
    // A codec that took nothing, or more than there is, must not hang the gateway.
    return used > 0 && used <= left ? used : left;
}

// Passes over the rest of a line that began before the port was open. Returns how many bytes that is.
static size_t pass_over_rest(struct serial *serial)
{
    struct fault why;
    if (serial->head == HEAD_UNKNOWN) {
        int64_t since_us = clock_boot_us(serial->host->clock) - serial->opened_boot_us;
        serial->head = serial->codec->headless && since_us < begun_before_us ? HEAD_MISSING : HEAD_HEARD;
    }
    if (serial->head == HEAD_HEARD)
        return 0;
    const uint8_t *end = memchr(serial->buffer, '\n', serial->used);
    if (!end && serial->position + serial->used <= serial->codec->frame_max)
        return serial->used;
    serial->head = HEAD_HEARD;
    if (!end)
        return 0; // it is no line
    size_t rest = (size_t)(end - serial->buffer) + 1;
    if (serial->position + rest > sizeof "\r\n" - 1) { // more than an empty line
        fault_set(&why, 0, _("the line began before the port was open; the rest of it is left out"));
        refuse(serial, serial->position + 1, REFUSAL_SYNTAX, &why);
    }
    return rest;
}

static void decode_all(struct serial *serial)
{
    size_t at = pass_over_rest(serial), used = 1;
    while (used > 0 && at < serial->used) {
        used = decode_frame(serial, at, serial->used - at);
        at += used;
    }
    memmove(serial->buffer, serial->buffer + at, serial->used - at);
    serial->used -= at;
    serial->position += at;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct serial *serial = poll->data;
    // libuv tells a hang-up as EBADF, once; the kernel as 0 bytes or as EIO.
    if (status < 0) {
        fail(serial, _("unplugged"));
        return;
    }
    for (int i = 0; i < READS_PER_WAKE; i++) {
        ssize_t size = read(serial->fd, serial->buffer + serial->used, CHUNK);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return;
        if (size <= 0) {
            fail(serial, size == 0 || errno == EIO || errno == ENXIO ? _("unplugged") : error_text(errno));
            return;
        }
        serial->used += (size_t)size;
        decode_all(serial);
        if (!serial->poll) // the host closed us from within
            return;
    }
}

static int start_polling(struct serial *serial)
{
    uv_poll_t *poll = malloc(sizeof *poll);
    if (!poll)
        return -ENOMEM;
    int error = uv_poll_init(serial->host->loop, poll, serial->fd);
    if (error) {
        free(poll);
        return error;
    }
    poll->data = serial;
    serial->poll = poll;
    error = uv_poll_start(poll, UV_READABLE | UV_DISCONNECT, on_ready);
    if (error) {
        uv_close((uv_handle_t *)poll, free_handle);
        serial->poll = NULL;
    }
    return error;
}

static int serial_open(void *state, struct fault *why)
{
    struct serial *serial = state;
    const struct settings_serial *settings = serial->settings;
    const struct serial_line line = {.device = settings->device,
                                     .baud = settings->baud,
                                     .parity = (enum parity)settings->parity,
                                     .stop_bits = (int)settings->stop_bits,
                                     .rs485 = settings->rs485};
    int error = serial_port_open(&line, &serial->fd, why);
    if (error)
        return error;
    serial->used = 0;
    serial->position = 0;
    serial->head = HEAD_UNKNOWN;
    serial->opened_boot_us = clock_boot_us(serial->host->clock);
    error = start_polling(serial);
    if (error) {
        serial_port_close(serial->fd);
        return fault_errno(why, error, _("%s cannot be opened"), settings->device);
    }
    return 0;
}

static const struct settings_serial *find_settings(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->serial_count; i++)
        if (strcmp(settings->serial[i].name, name) == 0)
            return &settings->serial[i];
    return NULL;
}

// The port's only sensor, NULL when there is none or more than one. A disabled one counts: its device still sends.
static const char *only_sensor(const struct settings *settings, const char *port)
{
    const struct settings_sensor *only = NULL;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        if (sensor->source_type != SOURCE_SERIAL || strcmp(sensor->source_name, port) != 0)
            continue;
        if (only)
            return NULL;
        only = sensor;
    }
    return only && !only->disabled ? only->id : NULL;
}

static int serial_create(const struct settings *settings, const char *name, const struct driver_host *host,
                         void **ret_state, struct fault *why)
{
    const struct settings_serial *own = find_settings(settings, name);
    if (!own)
        return fault_set(why, -ENOENT, _("there is no [serial:%s]"), name);
    const struct codec *codec = codec_find(own->codec);
    if (!codec || !codec->delimit)
        return fault_set(why, -EINVAL, _("[serial:%s] codec: \"%s\" does not work on a serial line"), name, own->codec);
    size_t size = codec->frame_max + CHUNK;
    struct serial *serial = calloc(1, sizeof *serial + size);
    if (!serial)
        return fault_errno(why, -ENOMEM, "serial:%s", name);
    serial->settings = own;
    serial->host = host;
    serial->codec = codec;
    serial->sensor = codec->anonymous ? only_sensor(settings, name) : NULL;
    serial->options = (struct codec_options){.columns = own->columns, .separator = own->separator};
    *ret_state = serial;
    return 0;
}

static void serial_destroy(void *state)
{
    if (!state)
        return;
    serial_close(state);
    free(state);
}

const struct driver driver_serial = {
    .type = "serial", .create = serial_create, .open = serial_open, .close = serial_close, .destroy = serial_destroy};
