// SPDX-License-Identifier: Apache-2.0
#include "modbus_line.h"

#include "base/messages.h"
#include "serial_port.h"
#include <errno.h>
#include <modbus/modbus-rtu.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

enum {
    REQUEST_BYTES = 8,      // unit, function, address, count, CRC
    FRAME_BYTES = 5,        // of an answer without its values: unit, function, size, CRC
    SILENCE_MIN_US = 1750,  // beyond 19 200 baud; below it is three and a half characters
    SETTLE_US = 20000,      // USB adapters hand over what they have every 16 ms
    SETTLE_MAX_US = 200000, // a line that never falls silent is asked nevertheless
    EXCEPTION_FLAG = 0x80,
};

struct modbus_line {
    modbus_t *context; // frames and checks; the port is not its own
    const struct clock *clock;
    int fd, stop_fd;
    int64_t timeout_us, byte_us, silence_us;
    int64_t heard_us; // when the line was last busy
};

// The only functions there are.
static const uint8_t functions[MODBUS_TABLE_COUNT] = {
    [MODBUS_COIL] = MODBUS_FC_READ_COILS,
    [MODBUS_DISCRETE] = MODBUS_FC_READ_DISCRETE_INPUTS,
    [MODBUS_INPUT] = MODBUS_FC_READ_INPUT_REGISTERS,
    [MODBUS_HOLDING] = MODBUS_FC_READ_HOLDING_REGISTERS,
};

static int64_t now_us(const struct modbus_line *line)
{
    return clock_boot_us(line->clock);
}

// MODBUS_FINE: there is something to read. MODBUS_SILENT: not by then. `events` 0 asks for nothing but the port's end.
static enum modbus_outcome await(struct modbus_line *line, short events, int64_t until_us)
{
    struct pollfd both[] = {{.fd = line->stop_fd, .events = POLLIN}, {.fd = line->fd, .events = events}};
    for (;;) {
        int64_t left_us = until_us - now_us(line);
        struct timespec left = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
        if (left_us < 0)
            left = (struct timespec){0};
        int ready = ppoll(both, 2, &left, NULL);
        if (ready < 0 && errno != EINTR)
            return MODBUS_GONE;
        if (ready > 0 && both[0].revents)
            return MODBUS_STOPPED;
        if (ready > 0 && both[1].revents & (POLLHUP | POLLERR | POLLNVAL))
            return MODBUS_GONE;
        if (ready > 0)
            return MODBUS_FINE;
        if (ready == 0 && left_us <= 0)
            return MODBUS_SILENT;
    }
}

enum modbus_outcome modbus_line_rest(struct modbus_line *line, int64_t until_us)
{
    enum modbus_outcome outcome = await(line, 0, until_us);
    return outcome == MODBUS_SILENT ? MODBUS_FINE : outcome;
}

static int64_t quiet_us(const struct modbus_line *line)
{
    return line->silence_us > SETTLE_US ? line->silence_us : SETTLE_US;
}

// Throws away what comes until nothing comes any more.
static enum modbus_outcome settle(struct modbus_line *line)
{
    char thrown_away[256];
    int64_t last_us = now_us(line) + quiet_us(line) + SETTLE_MAX_US;
    while (now_us(line) < last_us) {
        enum modbus_outcome outcome = await(line, POLLIN, now_us(line) + quiet_us(line));
        if (outcome != MODBUS_FINE)
            return outcome == MODBUS_SILENT ? MODBUS_FINE : outcome;
        if (read(line->fd, thrown_away, sizeof thrown_away) == 0)
            return MODBUS_GONE;
    }
    return MODBUS_FINE;
}

static unsigned value_bytes(const struct modbus_read *read)
{
    return modbus_table_has_bits(read->table) ? (read->count + 7) / 8 : 2 * read->count;
}

static bool send_request(struct modbus_line *line, unsigned unit, const struct modbus_read *read)
{
    const uint8_t request[] = {(uint8_t)unit,          functions[read->table],      (uint8_t)(read->address >> 8),
                               (uint8_t)read->address, (uint8_t)(read->count >> 8), (uint8_t)read->count};
    tcflush(line->fd, TCIFLUSH); // a late answer to what was asked before
    modbus_set_slave(line->context, (int)unit);
    return modbus_send_raw_request(line->context, request, sizeof request) > 0;
}

static void unpack(const struct modbus_read *read, const uint8_t *bytes, uint16_t *ret_values)
{
    for (unsigned i = 0; i < read->count; i++)
        ret_values[i] = (uint16_t)(modbus_table_has_bits(read->table) ? bytes[i / 8] >> i % 8 & 1
                                                                      : bytes[2 * i] << 8 | bytes[2 * i + 1]);
}

// False when the frame is whole, but for another question. libmodbus gives the size 0 for another unit.
static bool take_frame(unsigned unit, const struct modbus_read *read, const uint8_t *frame, int size,
                       struct modbus_answer *answer)
{
    unsigned bytes = value_bytes(read);
    if (size < FRAME_BYTES || frame[0] != unit)
        return false;
    if (frame[1] == (functions[read->table] | EXCEPTION_FLAG)) {
        answer->outcome = MODBUS_EXCEPTION;
        answer->exception = frame[2];
        return true;
    }
    if (frame[1] != functions[read->table] || frame[2] != bytes || (unsigned)size != FRAME_BYTES + bytes)
        return false;
    answer->outcome = MODBUS_FINE;
    unpack(read, frame + 3, answer->values);
    return true;
}

// What libmodbus says of a frame that it could not take.
static enum modbus_outcome why_not(int error)
{
    if (error == EMBBADCRC)
        return MODBUS_CHECKSUM;
    return error == ETIMEDOUT || error == EMBBADDATA || error == EAGAIN ? MODBUS_GARBLED : MODBUS_GONE;
}

// Reads one frame, of which there is something already. The whole of it has to come in time.
static int receive(struct modbus_line *line, int64_t until_us, uint8_t frame[MODBUS_RTU_MAX_ADU_LENGTH])
{
    int64_t left_us = until_us - now_us(line);
    if (left_us < line->byte_us)
        left_us = line->byte_us;
    modbus_set_response_timeout(line->context, (uint32_t)(left_us / 1000000), (uint32_t)(left_us % 1000000));
    return modbus_receive_confirmation(line->context, frame);
}

static void await_answer(struct modbus_line *line, unsigned unit, const struct modbus_read *read, int64_t until_us,
                         struct modbus_answer *answer)
{
    uint8_t frame[MODBUS_RTU_MAX_ADU_LENGTH];
    for (;;) {
        answer->outcome = await(line, POLLIN, until_us);
        if (answer->outcome != MODBUS_FINE)
            return;
        int size = receive(line, until_us, frame);
        if (size < 0) {
            answer->outcome = why_not(errno);
            answer->error = -errno;
            return;
        }
        if (take_frame(unit, read, frame, size, answer))
            return;
        answer->foreign++;
    }
}

static void ask_once(struct modbus_line *line, unsigned unit, const struct modbus_read *read, int64_t until_us,
                     struct modbus_answer *answer)
{
    answer->outcome = modbus_line_rest(line, line->heard_us + line->silence_us);
    if (answer->outcome != MODBUS_FINE)
        return;
    answer->requests++;
    if (send_request(line, unit, read)) {
        await_answer(line, unit, read, until_us, answer);
    } else {
        answer->outcome = MODBUS_GONE;
        answer->error = -errno;
    }
    answer->checksums += answer->outcome == MODBUS_CHECKSUM;
    if (answer->outcome == MODBUS_CHECKSUM || answer->outcome == MODBUS_GARBLED) {
        enum modbus_outcome settled = settle(line);
        answer->outcome = settled == MODBUS_FINE ? answer->outcome : settled;
    }
    line->heard_us = now_us(line);
}

void modbus_line_ask(struct modbus_line *line, unsigned unit, const struct modbus_read *read,
                     struct modbus_answer *ret_answer)
{
    int64_t wire_us = (REQUEST_BYTES + FRAME_BYTES + value_bytes(read)) * line->byte_us + line->silence_us;
    int64_t until_us = now_us(line) + line->timeout_us + wire_us;
    ret_answer->requests = ret_answer->checksums = ret_answer->foreign = 0;
    ret_answer->error = -EIO;
    ask_once(line, unit, read, until_us, ret_answer);
    if (ret_answer->outcome == MODBUS_CHECKSUM && now_us(line) + wire_us < until_us)
        ask_once(line, unit, read, until_us, ret_answer);
}

// Takes bytes until that time, and longer as long as they keep coming, until `last_us` at most.
static enum modbus_outcome collect(struct modbus_line *line, int64_t until_us, int64_t last_us, uint8_t *ret_raw,
                                   size_t size, size_t *ret_used)
{
    uint8_t came[256];
    for (;;) {
        enum modbus_outcome outcome = await(line, POLLIN, until_us);
        if (outcome != MODBUS_FINE)
            return outcome == MODBUS_SILENT ? MODBUS_FINE : outcome;
        ssize_t count = read(line->fd, came, sizeof came);
        if (count == 0)
            return MODBUS_GONE;
        for (ssize_t i = 0; i < count && *ret_used < size; i++)
            ret_raw[(*ret_used)++] = came[i];
        line->heard_us = now_us(line);
        if (line->heard_us >= last_us)
            return MODBUS_FINE;
        if (line->heard_us + quiet_us(line) > until_us)
            until_us = line->heard_us + quiet_us(line);
    }
}

enum modbus_outcome modbus_line_hear(struct modbus_line *line, unsigned unit, const struct modbus_read *read,
                                     uint8_t *ret_raw, size_t size, size_t *ret_used)
{
    int64_t wire_us = (REQUEST_BYTES + FRAME_BYTES + value_bytes(read)) * line->byte_us + line->silence_us;
    *ret_used = 0;
    enum modbus_outcome outcome = modbus_line_rest(line, line->heard_us + line->silence_us);
    if (outcome != MODBUS_FINE)
        return outcome;
    if (!send_request(line, unit, read))
        return MODBUS_GONE;
    int64_t until_us = now_us(line) + line->timeout_us + wire_us;
    outcome = collect(line, until_us, until_us + SETTLE_MAX_US, ret_raw, size, ret_used);
    line->heard_us = now_us(line);
    return outcome;
}

// Without modbus_connect(), which would open the port by rules of its own, and so without modbus_close(), which would set
// it as it was before that.
static int make_context(struct modbus_line *line, const struct settings_modbus *settings, struct fault *why)
{
    static const char parities[] = {[PARITY_NONE] = 'N', [PARITY_EVEN] = 'E', [PARITY_ODD] = 'O'};
    if (line->fd >= FD_SETSIZE) // libmodbus uses select()
        return fault_errno(why, -EMFILE, _("%s cannot be opened"), settings->device);
    line->context = modbus_new_rtu(settings->device, (int)settings->baud, parities[settings->parity], 8, 1);
    if (!line->context)
        return fault_errno(why, -ENOMEM, _("%s cannot be opened"), settings->device);
    modbus_set_socket(line->context, line->fd);
    modbus_set_byte_timeout(line->context, 0, 0); // a device that drips its answer has no more time than others
    return 0;
}

int modbus_line_open(const struct settings_modbus *settings, const struct clock *clock, int stop_fd,
                     struct modbus_line **ret_line, struct fault *why)
{
    struct modbus_line *line = calloc(1, sizeof *line);
    if (!line)
        return fault_errno(why, -ENOMEM, _("%s cannot be opened"), settings->device);
    *line = (struct modbus_line){.clock = clock, .fd = -1, .stop_fd = stop_fd, .timeout_us = settings->timeout_us};
    const struct serial_line port = {.device = settings->device,
                                     .baud = settings->baud,
                                     .parity = (enum parity)settings->parity,
                                     .stop_bits = (int)settings->stop_bits,
                                     .rs485 = settings->rs485};
    int error = serial_port_open(&port, &line->fd, why);
    if (!error)
        error = make_context(line, settings, why);
    if (error) {
        modbus_line_close(line);
        return error;
    }
    int64_t bits = 9 + settings->stop_bits + (settings->parity != PARITY_NONE);
    line->byte_us = (bits * 1000000 + settings->baud - 1) / settings->baud;
    line->silence_us = 7 * line->byte_us / 2 > SILENCE_MIN_US ? 7 * line->byte_us / 2 : SILENCE_MIN_US;
    *ret_line = line;
    return 0;
}

void modbus_line_close(struct modbus_line *line)
{
    if (!line)
        return;
    if (line->context) {
        modbus_set_socket(line->context, -1);
        modbus_free(line->context);
    }
    if (line->fd >= 0)
        serial_port_close(line->fd);
    free(line);
}
