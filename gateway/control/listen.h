// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The sockets that the HTTP API listens on, made by ourselves because a library would not know when an old socket file may
 * be replaced, nor who may open the new one.
 */

enum { HOST_TEXT_SIZE = 64 };

struct listener {
    int fd;                    // non-blocking, listening
    bool loopback;             // only this machine reaches it
    char host[HOST_TEXT_SIZE]; // TCP: as written, without brackets and port
    dev_t device;              // unix socket: which file it is
    ino_t inode;
};

// Listens on a unix socket of mode 0660, in a folder that is made when missing. A socket file that nobody listens on any
// more is replaced; -EADDRINUSE when somebody does, -EEXIST when the path is something else than a socket.
int listen_unix(const char *path, struct listener *ret_listener, struct fault *why);

// Listens on "HOST:PORT": an IPv4 address, an IPv6 address in brackets, or localhost.
int listen_tcp(const char *address, struct listener *ret_listener, struct fault *why);

// Removes the socket file, if it is still the one that was made.
void listen_remove(const char *path, const struct listener *listener);
