// SPDX-License-Identifier: Apache-2.0
/*
 * For scripts/bench, by LD_PRELOAD: every fdatasync and fsync takes SLOW_SYNC_US microseconds longer (20 000 when not set),
 * as on an SD card.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_for_the_card(void)
{
    const char *text = getenv("SLOW_SYNC_US");
    long us = text ? atol(text) : 20000;
    struct timespec left = {us / 1000000, us % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0)
        ;
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_for_the_card();
    return real(fd);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_for_the_card();
    return real(fd);
}
