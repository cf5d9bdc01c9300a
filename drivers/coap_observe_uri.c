// SPDX-License-Identifier: Apache-2.0
#include "coap_observe_uri.h"
#include "base/messages.h"
#include "settings/address.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { PORT = 5683, PORT_SECURE = 5684 };

static int read_key(const struct settings *settings, const char *identity, struct observe_uri *uri, struct fault *why)
{
    struct keys *keys = NULL;
    if (!identity || !*identity)
        return fault_set(why, -EINVAL,
                         _("coaps:// needs a key; expected a psk_identity, and a line for it in psk_file"));
    if (!settings->coap.psk_file || !*settings->coap.psk_file)
        return fault_set(why, -ENOENT, _("[coap] psk_file is empty; expected a file of keys"));
    int error = keys_load(settings->coap.psk_file, &keys, why);
    if (error < 0)
        return error;
    const uint8_t *key = keys_find(keys, identity, strlen(identity), &uri->key_size);
    if (key)
        memcpy(uri->key, key, uri->key_size);
    else
        error = fault_set(why, -ENOENT, _("%s has no key for it; expected a line such as NAME = 0123456789abcdef"),
                          settings->coap.psk_file);
    keys_destroy(keys);
    uri->identity = identity;
    return error;
}

// libcoap leaves out what it cannot decode, so that another resource would be asked. Segments are at most 255 bytes (RFC 7252
// section 5.10); all of it has to fit a request.
static bool is_readable(const char *path)
{
    enum { SEGMENT_MAX = 255, ALL_MAX = 480 };
    size_t segment = 0;
    if (strlen(path) > ALL_MAX)
        return false;
    for (const char *at = path; *at; at++) {
        bool ends = *at == '/' || *at == '?' || *at == '&';
        segment = ends ? 0 : segment + 1;
        if (segment > SEGMENT_MAX ||
            (*at == '%' && !(isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]))))
            return false;
    }
    return !strchr(path, '#');
}

int observe_uri_read(const struct settings *settings, const struct settings_sensor *sensor, struct observe_uri *ret_uri,
                     struct fault *why)
{
    struct url url;
    struct sockaddr_storage address;
    socklen_t size;
    struct observe_uri *uri = ret_uri;
    *uri = (struct observe_uri){.path = ""};
    if (!url_parse(sensor->source, &url))
        return fault_set(why, -EINVAL, _("\"%s\" is not a CoAP resource; expected coap://HOST/PATH"), sensor->source);
    *uri = (struct observe_uri){.secure = strcmp(url.scheme, "coaps") == 0, .path = url.path};
    snprintf(uri->host, sizeof uri->host, "%s",
             strcasecmp(url.address.host, "localhost") ? url.address.host : "127.0.0.1");
    snprintf(uri->port, sizeof uri->port, "%d", url.address.port ? url.address.port : uri->secure ? PORT_SECURE : PORT);
    uri->is_name = !observe_uri_address(uri, &address, &size);
    if (url.path[0] == '/' && !is_readable(url.path))
        return fault_set(why, -EINVAL,
                         _("the path of \"%s\" cannot be asked for; expected /NAME/NAME?NAME=VALUE, %%XX for other "
                           "bytes, names of at most 255 bytes, and 480 together"),
                         sensor->source);
    if (url.path[0] != '/')
        return fault_set(why, -EINVAL, _("\"%s\" names no resource; expected coap://HOST/PATH"), sensor->source);
    if (!uri->is_name && address_is_group((struct sockaddr *)&address))
        return fault_set(why, -EINVAL, _("the address is one of a group; expected a single sensor's"));
    if (!uri->secure && sensor->psk_identity && *sensor->psk_identity)
        return fault_set(why, -EINVAL, _("a psk_identity proves nothing over coap://; expected coaps://"));
    return uri->secure ? read_key(settings, sensor->psk_identity, uri, why) : 0;
}

void observe_uri_finish(struct observe_uri *uri)
{
    sodium_memzero(uri->key, sizeof uri->key);
}

bool observe_uri_address(const struct observe_uri *uri, struct sockaddr_storage *ret_address, socklen_t *ret_size)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    unsigned port = 0;
    sscanf(uri->port, "%u", &port);
    ipv4.sin_port = ipv6.sin6_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, uri->host, &ipv4.sin_addr) == 1) {
        memcpy(ret_address, &ipv4, *ret_size = sizeof ipv4);
        return true;
    }
    if (inet_pton(AF_INET6, uri->host, &ipv6.sin6_addr) != 1)
        return false;
    memcpy(ret_address, &ipv6, *ret_size = sizeof ipv6);
    return true;
}

struct observe_target observe_uri_target(const struct observe_uri *uri, const struct sockaddr *address, socklen_t size)
{
    struct observe_target target = {
        .address_size = size,
        .secure = uri->secure,
        .host = uri->is_name ? uri->host : NULL,
        .path = uri->path,
        .identity = uri->identity,
        .identity_size = uri->identity ? strlen(uri->identity) : 0,
        .key = uri->key,
        .key_size = uri->key_size,
    };
    memcpy(&target.address, address, size);
    return target;
}

bool address_is_group(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6) {
        const struct in6_addr *ipv6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
        return IN6_IS_ADDR_MULTICAST(ipv6) || IN6_IS_ADDR_UNSPECIFIED(ipv6);
    }
    uint32_t ipv4 = ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr);
    return IN_MULTICAST(ipv4) || ipv4 == INADDR_BROADCAST || ipv4 == INADDR_ANY;
}

bool address_is_this_machine(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}
