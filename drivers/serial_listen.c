// SPDX-License-Identifier: Apache-2.0
#include "drivers/serial_listen.h"

#include "base/messages.h"
#include "serial_name.h"
#include "serial_port.h"
#include <errno.h>
#include <linux/serial.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct serial_ear {
    const struct clock *clock;
    int fd;
    bool counts;
    struct serial_icounter_struct began;
};

int serial_listen_open(const struct settings_serial *port, const struct clock *clock, struct serial_ear **ret_ear,
                       struct fault *why)
{
    const struct serial_line line = {.device = port->device,
                                     .baud = port->baud,
                                     .parity = (enum parity)port->parity,
                                     .stop_bits = (int)port->stop_bits,
                                     .rs485 = port->rs485};
    struct serial_ear *ear = calloc(1, sizeof *ear);
    if (!ear)
        return fault_errno(why, -ENOMEM, _("%s cannot be opened"), port->device);
    ear->clock = clock;
    int error = serial_port_open(&line, &ear->fd, why);
    if (error) {
        free(ear);
        return error;
    }
    ear->counts = ioctl(ear->fd, TIOCGICOUNT, &ear->began) == 0;
    *ret_ear = ear;
    return 0;
}

void serial_listen_close(struct serial_ear *ear)
{
    if (!ear)
        return;
    serial_port_close(ear->fd);
    free(ear);
}

int serial_listen(struct serial_ear *ear, int64_t until_us, uint8_t *ret_data, int size)
{
    struct pollfd port = {.fd = ear->fd, .events = POLLIN};
    int64_t left_us = until_us - clock_boot_us(ear->clock);
    int ready = poll(&port, 1, left_us > 0 ? (int)(left_us / 1000) + 1 : 0);
    if (ready < 0)
        return errno == EINTR ? 0 : -errno;
    if (ready == 0)
        return 0;
    ssize_t came = read(ear->fd, ret_data, (size_t)size);
    if (came < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return came > 0 ? (int)came : -EIO;
}

// The kernel's counters are numbers of 32 bits that wrap.
static size_t since(int now, int began)
{
    return (uint32_t)now - (uint32_t)began;
}

void serial_listen_errors(const struct serial_ear *ear, struct sniff_errors *ret_errors)
{
    struct serial_icounter_struct now;
    *ret_errors = (struct sniff_errors){.known = false};
    if (!ear->counts || ioctl(ear->fd, TIOCGICOUNT, &now) != 0)
        return;
    *ret_errors = (struct sniff_errors){.known = true,
                                        .framing = since(now.frame, ear->began.frame),
                                        .parity = since(now.parity, ear->began.parity),
                                        .overrun = since(now.overrun, ear->began.overrun),
                                        .breaks = since(now.brk, ear->began.brk)};
}

const char *serial_lasting_name(const char *device, char ret_name[PATH_MAX])
{
    if (serial_name_changes(device) && serial_name_lasting("/dev/serial/by-path", device, ret_name))
        return ret_name;
    snprintf(ret_name, PATH_MAX, "%s", device);
    return ret_name;
}
