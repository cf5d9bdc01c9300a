// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A port of the loopback interface for a server that the test itself stops and starts. Below the ephemeral range (32768 and
 * more, see ip(7)), so that nobody is given it between this probe and its use; each process begins at its own.
 */

enum { FREE_PORT_FIRST = 20000, FREE_PORT_COUNT = 12000 };

// `kind`: SOCK_DGRAM or SOCK_STREAM.
static inline uint16_t free_port(int kind)
{
    static unsigned tried;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool is_free = false;
    while (!is_free) {
        assert_true(tried < FREE_PORT_COUNT);
        address.sin_port = htons((uint16_t)(FREE_PORT_FIRST + ((unsigned)getpid() * 7 + tried++) % FREE_PORT_COUNT));
        int probe = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
        is_free = bind(probe, (struct sockaddr *)&address, sizeof address) == 0;
        close(probe);
    }
    return ntohs(address.sin_port);
}
