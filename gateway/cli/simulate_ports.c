// SPDX-License-Identifier: Apache-2.0
#include "simulate_ports.h"
#include "base/files.h"
#include "base/messages.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PENDING_MAX = 16 * 1024 };

// The slave is opened and closed once: from then on poll() tells by POLLHUP whether anyone has it open. We must not hold
// it ourselves, or the exclusive mode that the daemon sets would outlive the daemon.
static int prepare_slave(const struct fake_port *port)
{
    int slave = open(port->slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return -errno;
    struct termios mode;
    if (tcgetattr(slave, &mode) == 0) {
        cfmakeraw(&mode);
        tcsetattr(slave, TCSANOW, &mode);
    }
    close(slave);
    return 0;
}

static int open_pty(struct fake_port *port)
{
    port->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->master < 0 || grantpt(port->master) != 0 || unlockpt(port->master) != 0)
        return -errno;
    int error = ptsname_r(port->master, port->slave, sizeof port->slave);
    return error != 0 ? -error : prepare_slave(port);
}

// The length of what the link says, or -errno; -EINVAL when it is no link.
static ssize_t read_link(const char *path, char ret_target[PATH_MAX])
{
    ssize_t size = readlink(path, ret_target, PATH_MAX - 1);
    if (size < 0)
        return -errno;
    ret_target[size] = '\0';
    return size;
}

// Below /dev a path that is not there means that a device is not there; elsewhere it is ours to make.
static int make_folder(const char *device, struct fault *why)
{
    char folder[PATH_MAX];
    const char *end = strrchr(device, '/');
    if (!end || end == device || strncmp(device, "/dev/", 5) == 0 || (size_t)(end - device) >= sizeof folder)
        return 0;
    memcpy(folder, device, (size_t)(end - device));
    folder[end - device] = '\0';
    return folder_make(folder, why);
}

static int make_link(const struct fake_port *port, const char *device, struct fault *why)
{
    char target[PATH_MAX];
    ssize_t found = read_link(device, target);
    if (found == -EINVAL || (found >= 0 && strncmp(target, "/dev/pts/", 9) != 0))
        return fault_set(why, -EEXIST, _("%s exists already; expected a free path, or a link into /dev/pts"), device);
    if (found >= 0 && access(device, F_OK) == 0)
        return fault_set(why, -EBUSY, _("%s is in use by another program; expected a free path"), device);
    if (found >= 0)
        unlink(device);
    if (symlink(port->slave, device) == 0)
        return 0;
    return fault_errno(
        why, -errno,
        _("%s cannot be made (a played port needs a free path, such as /tmp/kerb, in a copy of the configuration)"),
        device);
}

int fake_port_open(struct fake_port *port, const char *device, struct fault *why)
{
    bytes_init(&port->pending, PENDING_MAX);
    int error = open_pty(port);
    if (error != 0)
        return fault_errno(why, error, _("no pseudo terminal for %s"), device);
    error = make_folder(device, why);
    if (error == 0)
        error = make_link(port, device, why);
    if (error != 0)
        return error;
    port->device = strdup(device);
    return port->device ? 0 : -ENOMEM;
}

// Right after somebody opened the slave its modes are still being set: the first turn is left out.
static bool has_listener(struct fake_port *port)
{
    struct pollfd poller = {.fd = port->master, .events = POLLOUT};
    bool was_open = port->open;
    port->open = poll(&poller, 1, 0) >= 0 && !(poller.revents & (POLLHUP | POLLERR));
    if (!port->open)
        bytes_clear(&port->pending);
    return was_open && port->open;
}

static void drain(const struct fake_port *port)
{
    char ignored[256];
    while (read(port->master, ignored, sizeof ignored) > 0)
        ;
}

static void flush_pending(struct fake_port *port)
{
    ssize_t written = write(port->master, port->pending.data, port->pending.used);
    if (written <= 0)
        return;
    port->pending.used -= (size_t)written;
    memmove(port->pending.data, port->pending.data + written, port->pending.used);
}

bool fake_port_write(struct fake_port *port, const void *line, size_t size)
{
    if (!has_listener(port))
        return false;
    drain(port);
    if (port->pending.used > 0)
        flush_pending(port);
    if (port->pending.used > 0)
        return false;
    bytes_append(&port->pending, line, size);
    if (port->pending.overflow) {
        bytes_clear(&port->pending);
        return false;
    }
    flush_pending(port);
    return true;
}

void fake_port_close(struct fake_port *port)
{
    char target[PATH_MAX];
    if (port->device && read_link(port->device, target) >= 0 && strcmp(target, port->slave) == 0)
        unlink(port->device);
    if (port->master > 0)
        close(port->master);
    free(port->device);
    bytes_finish(&port->pending);
    *port = (struct fake_port){0};
}
