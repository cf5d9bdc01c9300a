// SPDX-License-Identifier: Apache-2.0
/*
 * A disk that hangs for as long as a test likes: preloaded (LD_PRELOAD), every fdatasync and fsync waits while somebody else holds
 * the lock of the file that HOLD_SYNC names.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static void wait_until_let_go(void)
{
    const char *path = getenv("HOLD_SYNC");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    while (flock(fd, LOCK_SH) < 0 && errno == EINTR)
        ;
    close(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_until_let_go();
    return real(fd);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_until_let_go();
    return real(fd);
}
