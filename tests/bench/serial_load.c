// SPDX-License-Identifier: Apache-2.0
/*
 * Serial devices that send without a pause, as UARTs do: so many bytes each millisecond, and what finds no room is lost.
 *
 *   serial_load FOLDER PORTS BAUD SECONDS    makes FOLDER/0 .. as links to pseudo-terminals; waits for a line on stdin
 *   serial_load --read FOLDER PORTS          reads them and does nothing, for comparison; ends with its parent's signal
 *
 * The frames are those of an HLK-LD2450 radar. In the end it prints {"frames":N,"lost_bytes":N}.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PORTS_MAX = 64, FRAME = 30, NS_PER_MS = 1000000 };

static const uint8_t frame[FRAME] = {0xAA, 0xFF, 0x03, 0x00, 0x0E, 0x03, 0xB1, 0x86, 0x10, 0x00, 0x40, 0x01, [28] = 0x55, 0xCC};

static void make_ports(const char *folder, int count, int masters[])
{
    for (int i = 0; i < count; i++) {
        char path[4096], name[64];
        struct termios mode;
        int slave;
        if (openpty(&masters[i], &slave, name, NULL, NULL) != 0)
            exit(1);
        tcgetattr(slave, &mode);
        cfmakeraw(&mode);
        tcsetattr(slave, TCSANOW, &mode);
        close(slave); // a port that somebody has open is not opened once more
        fcntl(masters[i], F_SETFL, O_NONBLOCK);
        snprintf(path, sizeof path, "%s/%d", folder, i);
        if (symlink(name, path) != 0)
            exit(1);
    }
}

// Sends what is due of an endless row of frames; the bytes that find no room are gone.
static uint64_t send_some(int master, uint64_t from, uint64_t to)
{
    uint8_t bytes[4096];
    size_t size = 0;
    uint64_t due = to - from;
    for (; from < to && size < sizeof bytes; from++)
        bytes[size++] = frame[from % FRAME];
    ssize_t sent = write(master, bytes, size);
    return due - (sent < 0 ? 0 : (uint64_t)sent);
}

static int play(const char *folder, int count, uint64_t bytes_per_s, long seconds)
{
    int masters[PORTS_MAX];
    char line[8];
    make_ports(folder, count, masters);
    printf("ready\n");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        return 1;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    uint64_t sent = 0, lost = 0, all = bytes_per_s * (uint64_t)seconds / FRAME * FRAME;
    for (uint64_t ms = 1; sent < all; ms++) {
        next.tv_nsec += NS_PER_MS;
        next.tv_sec += next.tv_nsec / (1000 * NS_PER_MS);
        next.tv_nsec %= 1000 * NS_PER_MS;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        uint64_t due = bytes_per_s * ms / 1000;
        for (int i = 0; i < count; i++)
            lost += send_some(masters[i], sent, due < all ? due : all);
        sent = due < all ? due : all;
    }
    printf("{\"frames\":%llu,\"lost_bytes\":%llu}\n", (unsigned long long)(all / FRAME * (uint64_t)count),
           (unsigned long long)lost);
    fflush(stdout);
    return fgets(line, sizeof line, stdin) == NULL; // the ports stay until the other side has read all
}

static int read_only(const char *folder, int count)
{
    struct pollfd polls[PORTS_MAX];
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%d", folder, i);
        polls[i] = (struct pollfd){.fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK), .events = POLLIN};
        if (polls[i].fd < 0)
            return 1;
    }
    printf("ready\n");
    fflush(stdout);
    while (poll(polls, (nfds_t)count, -1) > 0 || errno == EINTR)
        for (int i = 0; i < count; i++) {
            uint8_t bytes[4096];
            while (polls[i].revents && read(polls[i].fd, bytes, sizeof bytes) > 0) {
            }
        }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--read") == 0)
        return read_only(argv[2], atoi(argv[3]));
    if (argc != 5 || atoi(argv[2]) > PORTS_MAX)
        return 2;
    return play(argv[1], atoi(argv[2]), strtoull(argv[3], NULL, 10) / 10, atol(argv[4])); // a byte is ten bits
}
