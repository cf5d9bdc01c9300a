// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "coap_driver.h"
#include "coap_request.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HOST_MAX = 64,
    RECEIVE_BUFFER_BYTES =
        8 * 1024 * 1024, // ten thousand datagrams; the kernel's default holds some 250: less than one burst
};

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

static int refuse_address(struct fault *why, const char *text, size_t size)
{
    char shown[HOST_MAX * 2];
    return fault_set(why, -EINVAL,
                     _("[coap] listen: \"%s\" is not an address; expected digits such as 0.0.0.0:5683 or [::]:5683"),
                     text_escape(text, size, shown, sizeof shown));
}

// Numbers only: a name would have to be looked up, and that may block.
static int parse_address(const char *text, size_t size, coap_address_t *ret_address, struct fault *why)
{
    const char *colon = memrchr(text, ':', size);
    int64_t port = 0;
    if (!colon || !integer_parse(colon + 1, (size_t)(text + size - colon - 1), 1, 65535, &port))
        return refuse_address(why, text, size);
    char host[HOST_MAX];
    size_t length = (size_t)(colon - text);
    bool brackets = length >= 2 && text[0] == '[' && colon[-1] == ']';
    if (brackets)
        length -= 2;
    if (length >= sizeof host)
        return refuse_address(why, text, size);
    memcpy(host, text + brackets, length);
    host[length] = '\0';

    coap_address_t address;
    coap_address_init(&address);
    if (inet_pton(AF_INET6, host, &address.addr.sin6.sin6_addr) == 1) {
        address.size = sizeof address.addr.sin6;
        address.addr.sin6.sin6_family = AF_INET6;
        address.addr.sin6.sin6_port = htons((uint16_t)port);
    } else if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &address.addr.sin.sin_addr) ==
               1) {
        address.size = sizeof address.addr.sin;
        address.addr.sin.sin_family = AF_INET;
        address.addr.sin.sin_port = htons((uint16_t)port);
    } else {
        return refuse_address(why, text, size);
    }
    *ret_address = address;
    return 0;
}

// libcoap binds with SO_REUSEADDR, which for UDP lets two programs share a port, and each hears half. So we ask without.
static int probe(const coap_address_t *address)
{
    int probe = socket(address->addr.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return -errno;
    int on = 1;
    if (address->addr.sa.sa_family == AF_INET6)
        setsockopt(probe, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    int error = bind(probe, &address->addr.sa, address->size) < 0 ? -errno : 0;
    close(probe);
    return error;
}

static bool is_bound_to(int fd, const coap_address_t *address)
{
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_DGRAM)
        return false;
    coap_address_t bound;
    coap_address_init(&bound);
    bound.size = sizeof bound.addr;
    return getsockname(fd, &bound.addr.sa, &bound.size) == 0 && coap_address_equals(&bound, address);
}

static int find_socket(const coap_address_t *address)
{
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return -1;
    int found = -1;
    for (struct dirent *entry; found < 0 && (entry = readdir(folder));) {
        int64_t fd;
        if (integer_parse(entry->d_name, strlen(entry->d_name), 0, INT_MAX, &fd) && is_bound_to((int)fd, address))
            found = (int)fd;
    }
    closedir(folder);
    return found;
}

// Room for bursts, and deaf to multicast: a wildcard address would else hear every group that this machine has joined.
static void tune_socket(int fd)
{
    int bytes = RECEIVE_BUFFER_BYTES, off = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off);
    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, sizeof off);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/*
 * Only requests and empty messages of version 1 are heard; the kernel drops the rest unread. libcoap would answer a 7.02 (Ping,
 * which is TCP's) with a confirmable 7.03, send that five times, and keep a session for each forged address meanwhile. A
 * version that nobody knows is to be ignored in silence (RFC 7252 section 3), and we have asked nobody for a response.
 *
 *   | UDP header, 8 bytes | version 2, type 2, token length 4 | class 3, detail 5 | ...
 */
static void hear_only_requests(int fd)
{
    static struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, sizeof(struct udphdr)),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xc0e0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x4000, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog filter = {sizeof program / sizeof program[0], program};
    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

static int open_one(struct coap_driver *driver, enum coap_server_kind kind, const coap_address_t *address)
{
    int error = probe(address);
    if (error < 0)
        return error;
    errno = 0;
    coap_endpoint_t *endpoint =
        coap_new_endpoint(driver->contexts[kind], address, kind == COAP_SECURE ? COAP_PROTO_DTLS : COAP_PROTO_UDP);
    if (!endpoint)
        return errno ? -errno : -EIO;
    coap_endpoint_set_default_mtu(endpoint, REQUEST_DATAGRAM_MAX);
    int fd = find_socket(address);
    if (fd >= 0) {
        tune_socket(fd);
        if (kind == COAP_PLAIN)
            hear_only_requests(fd);
        driver->sockets[driver->socket_count++] = fd;
    }
    return 0;
}

static bool is_missing_ipv6(const coap_address_t *address, int error)
{
    return address->addr.sa.sa_family == AF_INET6 && (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL);
}

static int report(const char *text, size_t size, int error, struct fault *why)
{
    char shown[HOST_MAX * 2];
    text_escape(text, size, shown, sizeof shown);
    if (error == -EADDRINUSE)
        return fault_set(why, error, _("[coap] listen: another program already uses %s; expected a free port"), shown);
    return fault_errno(why, error, _("[coap] listen: cannot listen at %s"), shown);
}

int endpoints_open(struct coap_driver *driver, enum coap_server_kind kind, struct fault *why)
{
    const struct settings_coap *coap = &driver->settings->coap;
    const char *listen = kind == COAP_SECURE ? coap->dtls_listen : coap->listen;
    static const char blanks[] = " \t";
    size_t opened = 0;
    int missing = 0;
    for (const char *at = listen + strspn(listen, blanks); *at; at += strspn(at, blanks)) {
        size_t size = strcspn(at, blanks);
        coap_address_t address;
        int error = parse_address(at, size, &address, why);
        if (error < 0)
            return error;
        if (opened == COAP_ENDPOINTS_MAX)
            return fault_set(why, -E2BIG, _("[coap] listen: expected at most %d addresses"), COAP_ENDPOINTS_MAX);
        error = open_one(driver, kind, &address);
        if (error < 0 && !is_missing_ipv6(&address, error))
            return report(at, size, error, why);
        if (error < 0)
            missing = report(at, size, error, why);
        else
            opened++;
        at += size;
    }
    return opened > 0 ? 0 : missing;
}

static uint64_t drops_of(int fd)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof info;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) < 0)
        return 0;
    return info[SK_MEMINFO_DROPS];
}

uint64_t endpoints_drops(const struct coap_driver *driver)
{
    uint64_t drops = 0;
    for (size_t i = 0; i < driver->socket_count; i++)
        drops += drops_of(driver->sockets[i]);
    return drops;
}
