// SPDX-License-Identifier: Apache-2.0
#include "serial_port.h"

#include "base/messages.h"
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
        return fault_set(why, -error, _("%s is in use by another program: end that one first"), device);
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

static int take_alone(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? EBUSY : errno;
    return !is_pseudo_terminal(fd) && ioctl(fd, TIOCEXCL) != 0 ? errno : 0;
}

static void make_raw(struct termios2 *line, int64_t baud, enum parity parity)
{
    static const tcflag_t parities[] = {[PARITY_NONE] = 0, [PARITY_EVEN] = PARENB, [PARITY_ODD] = PARENB | PARODD};
    // A byte with a parity error is read as 0, so that its frame is refused; left out, a wrong frame could look right.
    line->c_iflag = IGNBRK | (parity == PARITY_NONE ? 0 : INPCK);
    line->c_oflag = 0;
    line->c_lflag = 0;
    line->c_cflag = CS8 | CREAD | CLOCAL | parities[parity] | BOTHER | BOTHER << IBSHIFT;
    line->c_ispeed = line->c_ospeed = (speed_t)baud;
    // With VMIN 0 a read without data would give 0, like a hang-up.
    line->c_cc[VMIN] = 1;
    line->c_cc[VTIME] = 0;
}

// Drivers take the nearest rate they can make. Beyond 3 % bytes are misread.
static bool near_enough(int64_t wanted, int64_t got)
{
    enum { PERCENT = 3 };
    int64_t off = wanted > got ? wanted - got : got - wanted;
    return off * 100 <= wanted * PERCENT;
}

static int set_line(int fd, const char *device, int64_t baud, enum parity parity, struct fault *why)
{
    struct termios2 line;
    if (ioctl(fd, TCGETS2, &line) != 0)
        return open_fault(device, errno, why);
    make_raw(&line, baud, parity);
    if (ioctl(fd, TCSETS2, &line) != 0 || ioctl(fd, TCGETS2, &line) != 0)
        return fault_errno(why, -errno, _("%s cannot be set to %lld baud"), device, (long long)baud);
    if (!near_enough(baud, line.c_ospeed))
        return fault_set(why, -EINVAL, _("%s cannot do %lld baud; the nearest that it offers is %lld"), device,
                         (long long)baud, (long long)line.c_ospeed);
    ioctl(fd, TCFLSH, TCIFLUSH);
    return 0;
}

int serial_port_open(const char *device, int64_t baud, enum parity parity, int *ret_fd, struct fault *why)
{
    // O_NONBLOCK: an open must not wait for a carrier.
    int fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return open_fault(device, errno, why);
    int busy = take_alone(fd);
    int error = busy ? open_fault(device, busy, why) : set_line(fd, device, baud, parity, why);
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
