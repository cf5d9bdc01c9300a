// SPDX-License-Identifier: Apache-2.0
#include "serial_port.h"

#include "base/messages.h"
#include "serial_holder.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// struct termios2 takes any baud rate. This header and <termios.h> (which <uv.h> includes) declare the same names, so
// neither may come in here.
#include <asm/termbits.h>
#include <linux/serial.h>

static int busy_fault(const char *device, struct fault *why)
{
    char holder[SERIAL_HOLDER_SIZE];
    if (serial_holder_find(device, holder) != HOLDER_NONE)
        return fault_set(why, -EBUSY, _("%s is in use by %s: end that first"), device, holder);
    return fault_set(why, -EBUSY, _("%s is in use by another program: end that one first"), device);
}

static int open_fault(const char *device, int error, struct fault *why)
{
    switch (error) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        return fault_set(why, -error, _("%s is not there: plug the device in, or correct `device`"), device);
    case EACCES:
    case EPERM:
        return fault_set(
            why, -error,
            _("%s may not be opened by this user: add it to the group that owns the port, usually dialout"), device);
    case EBUSY:
        return busy_fault(device, why);
    case ENOTTY:
        return fault_set(why, -error, _("%s is not a serial port"), device);
    default:
        return fault_errno(why, -error, _("%s cannot be opened"), device);
    }
}

// A pseudo-terminal keeps the mark of TIOCEXCL when its holder is killed, as long as its other side is open: the next
// start of the gateway would be kept out.
static bool is_pseudo_terminal(int fd)
{
    enum { UNIX98_FIRST = 136, UNIX98_LAST = 143 };
    struct stat status;
    return fstat(fd, &status) == 0 && major(status.st_rdev) >= UNIX98_FIRST && major(status.st_rdev) <= UNIX98_LAST;
}

// Most programs ask for no lock, and two readers of one port get half of it each.
static int take_alone(int fd, const char *device)
{
    char holder[SERIAL_HOLDER_SIZE];
    struct termios2 mode;
    if (ioctl(fd, TCGETS2, &mode) != 0)
        return errno;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? EBUSY : errno;
    if (serial_holder_find(device, holder) == HOLDER_FOUND)
        return EBUSY;
    return !is_pseudo_terminal(fd) && ioctl(fd, TIOCEXCL) != 0 ? errno : 0;
}

static void make_raw(struct termios2 *mode, const struct serial_line *line)
{
    static const tcflag_t parities[] = {[PARITY_NONE] = 0, [PARITY_EVEN] = PARENB, [PARITY_ODD] = PARENB | PARODD};
    // A byte with a parity error is read as 0, so that its frame is refused; left out, a wrong frame could look right.
    mode->c_iflag = IGNBRK | (line->parity == PARITY_NONE ? 0 : INPCK);
    mode->c_oflag = 0;
    mode->c_lflag = 0;
    mode->c_cflag = CS8 | CREAD | CLOCAL | parities[line->parity] | BOTHER | BOTHER << IBSHIFT;
    mode->c_cflag |= line->stop_bits == 2 ? CSTOPB : 0u;
    mode->c_ispeed = mode->c_ospeed = (speed_t)line->baud;
    // With VMIN 0 a read without data would give 0, like a hang-up.
    mode->c_cc[VMIN] = 1;
    mode->c_cc[VTIME] = 0;
}

// Drivers take the nearest rate they can make. Beyond 3 % bytes are misread.
static bool near_enough(int64_t wanted, int64_t got)
{
    enum { PERCENT = 3 };
    int64_t off = wanted > got ? wanted - got : got - wanted;
    return off * 100 <= wanted * PERCENT;
}

static int set_mode(int fd, const struct serial_line *line, struct fault *why)
{
    struct termios2 mode;
    if (ioctl(fd, TCGETS2, &mode) != 0)
        return open_fault(line->device, errno, why);
    make_raw(&mode, line);
    if (ioctl(fd, TCSETS2, &mode) != 0 || ioctl(fd, TCGETS2, &mode) != 0)
        return fault_errno(why, -errno, _("%s cannot be set to %lld baud"), line->device, (long long)line->baud);
    if (!near_enough(line->baud, mode.c_ospeed))
        return fault_set(why, -EINVAL, _("%s cannot do %lld baud; the nearest that it offers is %lld"), line->device,
                         (long long)line->baud, (long long)mode.c_ospeed);
    return 0;
}

static void hand_on_at_once(int fd)
{
    struct serial_struct serial;
    if (ioctl(fd, TIOCGSERIAL, &serial) != 0)
        return;
    serial.flags |= (int)ASYNC_LOW_LATENCY;
    ioctl(fd, TIOCSSERIAL, &serial);
}

static int set_rs485(int fd, const struct serial_line *line, struct fault *why)
{
    struct serial_rs485 rs485 = {.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND};
    if (!line->rs485 || ioctl(fd, TIOCSRS485, &rs485) == 0)
        return 0;
    return fault_set(why, -errno,
                     _("%s cannot switch an RS-485 line by itself; expected rs485 = no, and an adapter that does it"),
                     line->device);
}

static int set_line(int fd, const struct serial_line *line, struct fault *why)
{
    int error = set_mode(fd, line, why);
    if (error == 0)
        error = set_rs485(fd, line, why);
    if (error)
        return error;
    hand_on_at_once(fd);
    ioctl(fd, TCFLSH, TCIFLUSH);
    return 0;
}

int serial_port_open(const struct serial_line *line, int *ret_fd, struct fault *why)
{
    // O_NONBLOCK: an open must not wait for a carrier.
    int fd = open(line->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return open_fault(line->device, errno, why);
    int busy = take_alone(fd, line->device);
    int error = busy ? open_fault(line->device, busy, why) : set_line(fd, line, why);
    if (error) {
        close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

void serial_port_close(int fd)
{
    ioctl(fd, TIOCNXCL);
    close(fd);
}
