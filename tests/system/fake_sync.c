// SPDX-License-Identifier: Apache-2.0
/*
 * What the kernel says about its clock, as a test wants it: preloaded (LD_PRELOAD), it answers adjtimex() with "synchronised"
 * while the file that FAKE_SYNC names begins with 1, with "not synchronised" otherwise. The time itself is libfaketime's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

static int answer(struct timex *state)
{
    char digit = '0';
    const char *path = getenv("FAKE_SYNC");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        if (read(fd, &digit, 1) != 1)
            digit = '0';
        close(fd);
    }
    memset(state, 0, sizeof *state);
    state->status = digit == '1' ? STA_PLL : STA_UNSYNC;
    return digit == '1' ? TIME_OK : TIME_ERROR;
}

int adjtimex(struct timex *state)
{
    return answer(state);
}

int ntp_adjtime(struct timex *state)
{
    return answer(state);
}

int clock_adjtime(clockid_t clock, struct timex *state)
{
    (void)clock;
    return answer(state);
}
