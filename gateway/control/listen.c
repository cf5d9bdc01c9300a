// SPDX-License-Identifier: Apache-2.0
#include "listen.h"

#include "base/files.h"
#include "base/messages.h"
#include "base/number.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64, SOCKET_MODE = 0660 };

static int make_parent(const char *path, struct fault *why)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return 0;
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];
    size_t length = (size_t)(slash - path);
    memcpy(folder, path, length);
    folder[length] = '\0';
    return folder_make(folder, why);
}

// 0 when nobody listens there, -EADDRINUSE when somebody does.
static int knock(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : errno;
    close(fd);
    if (error == ECONNREFUSED || error == ENOENT)
        return 0;
    // EAGAIN: somebody listens whose queue is full.
    return error == 0 || error == EAGAIN ? -EADDRINUSE : -error;
}

static int clear_the_way(const struct sockaddr_un *address, struct fault *why)
{
    const char *path = address->sun_path;
    struct stat found;
    if (lstat(path, &found) < 0)
        return errno == ENOENT ? 0 : fault_errno(why, -errno, _("cannot look at the socket %s"), path);
    if (!S_ISSOCK(found.st_mode))
        return fault_set(why, -EEXIST, _("%s is in the way and is not a socket; move it, or choose another path"),
                         path);
    int error = knock(address);
    if (error == -EADDRINUSE)
        return fault_set(why, error, _("another program already listens on the socket %s; stop it first"), path);
    if (error < 0)
        return fault_errno(why, error, _("cannot tell whether the socket %s is in use"), path);
    if (unlink(path) < 0 && errno != ENOENT)
        return fault_errno(why, -errno, _("cannot replace the old socket %s"), path);
    return 0;
}

// The mode of the open socket becomes that of its file when it is bound, less the umask: so the file is never more open
// than it should be, and chmod then adds what the umask took.
static int bind_unix(int fd, const struct sockaddr_un *address, struct listener *listener)
{
    if (fchmod(fd, SOCKET_MODE) < 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) < 0)
        return -errno;
    struct stat made;
    if (chmod(address->sun_path, SOCKET_MODE) < 0 || lstat(address->sun_path, &made) < 0 || listen(fd, BACKLOG) < 0) {
        int error = -errno;
        unlink(address->sun_path);
        return error;
    }
    listener->device = made.st_dev;
    listener->inode = made.st_ino;
    return 0;
}

int listen_unix(const char *path, struct listener *ret_listener, struct fault *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return fault_set(why, -ENAMETOOLONG, _("the path of the socket %s is too long; expected at most %zu bytes"),
                         path, sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    int error = make_parent(path, why);
    if (error >= 0)
        error = clear_the_way(&address, why);
    if (error < 0)
        return error;
    struct listener listener = {.loopback = true};
    listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    error = listener.fd < 0 ? -errno : bind_unix(listener.fd, &address, &listener);
    if (error < 0) {
        if (listener.fd >= 0)
            close(listener.fd);
        return fault_errno(why, error, _("cannot listen on the socket %s"), path);
    }
    *ret_listener = listener;
    return 0;
}

void listen_remove(const char *path, const struct listener *listener)
{
    struct stat found;
    if (lstat(path, &found) == 0 && found.st_dev == listener->device && found.st_ino == listener->inode)
        unlink(path);
}

struct endpoint {
    struct sockaddr_storage address;
    socklen_t size;
    bool loopback;
    char host[HOST_TEXT_SIZE];
};

// "127.0.0.1:80", "[::1]:80" and "localhost:80" into host and port.
static bool split(const char *text, char ret_host[HOST_TEXT_SIZE], bool *ret_v6, uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    int64_t port;
    if (!colon || !integer_parse(colon + 1, strlen(colon + 1), 0, 65535, &port))
        return false;
    const char *end = colon;
    bool v6 = *text == '[' && end - text >= 2 && end[-1] == ']';
    if (v6) {
        text++;
        end--;
    }
    size_t length = (size_t)(end - text);
    if (length == 0 || length >= HOST_TEXT_SIZE)
        return false;
    memcpy(ret_host, text, length);
    ret_host[length] = '\0';
    *ret_v6 = v6;
    *ret_port = (uint16_t)port;
    return true;
}

static bool resolve(const char *text, struct endpoint *endpoint)
{
    bool v6;
    uint16_t port;
    if (!split(text, endpoint->host, &v6, &port))
        return false;
    if (v6) {
        struct sockaddr_in6 *to = (struct sockaddr_in6 *)&endpoint->address;
        to->sin6_family = AF_INET6;
        to->sin6_port = htons(port);
        endpoint->size = sizeof *to;
        if (inet_pton(AF_INET6, endpoint->host, &to->sin6_addr) != 1)
            return false;
        endpoint->loopback = IN6_IS_ADDR_LOOPBACK(&to->sin6_addr);
        return true;
    }
    struct sockaddr_in *to = (struct sockaddr_in *)&endpoint->address;
    const char *host = strcasecmp(endpoint->host, "localhost") == 0 ? "127.0.0.1" : endpoint->host;
    to->sin_family = AF_INET;
    to->sin_port = htons(port);
    endpoint->size = sizeof *to;
    if (inet_pton(AF_INET, host, &to->sin_addr) != 1)
        return false;
    endpoint->loopback = ntohl(to->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return true;
}

int listen_tcp(const char *address, struct listener *ret_listener, struct fault *why)
{
    struct endpoint endpoint = {0};
    if (!resolve(address, &endpoint))
        return fault_set(why, -EINVAL,
                         _("HTTP cannot listen on \"%s\"; expected an IP address and a port, such as 127.0.0.1:8088"),
                         address);
    int fd = socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&endpoint.address, endpoint.size) < 0 || listen(fd, BACKLOG) < 0) {
        int error = -errno;
        if (fd >= 0)
            close(fd);
        return fault_errno(why, error, _("HTTP cannot listen on %s"), address);
    }
    *ret_listener = (struct listener){.fd = fd, .loopback = endpoint.loopback};
    strcpy(ret_listener->host, endpoint.host);
    return 0;
}
