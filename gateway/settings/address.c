// SPDX-License-Identifier: Apache-2.0
#include "settings/address.h"

#include "base/number.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

static bool is_host_name(const char *host)
{
    size_t size = strlen(host);
    if (!size || host[0] == '-' || host[0] == '.')
        return false;
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)host[i]) && !strchr("-._", host[i]))
            return false;
    // Digits and points alone are an IPv4 address, or a mistyped one.
    struct in_addr ipv4;
    return strspn(host, "0123456789.") != size || inet_pton(AF_INET, host, &ipv4) == 1;
}

static bool copy_host(const char *text, size_t size, struct address *address)
{
    if (size >= sizeof address->host)
        return false;
    memcpy(address->host, text, size);
    address->host[size] = '\0';
    struct in6_addr ipv6;
    return address->ipv6 ? inet_pton(AF_INET6, address->host, &ipv6) == 1 : is_host_name(address->host);
}

bool address_parse(const char *text, struct address *ret_address)
{
    struct address address = {.ipv6 = text[0] == '['};
    const char *host = text + address.ipv6;
    const char *end = host + strcspn(host, address.ipv6 ? "]" : ":");
    if (!copy_host(host, (size_t)(end - host), &address))
        return false;
    if (address.ipv6 && *end++ != ']')
        return false;
    int64_t port = 0;
    if (*end &&
        (*end != ':' || !isdigit((unsigned char)end[1]) || !integer_parse(end + 1, strlen(end + 1), 1, 65535, &port)))
        return false;
    address.port = (int)port;
    *ret_address = address;
    return true;
}

bool address_is_loopback(const struct address *address)
{
    struct in_addr ipv4;
    struct in6_addr ipv6;
    if (address->ipv6)
        return inet_pton(AF_INET6, address->host, &ipv6) == 1 && IN6_IS_ADDR_LOOPBACK(&ipv6);
    if (inet_pton(AF_INET, address->host, &ipv4) == 1)
        return ntohl(ipv4.s_addr) >> 24 == 127;
    return strcasecmp(address->host, "localhost") == 0;
}

bool address_same(const struct address *a, const struct address *b)
{
    struct in6_addr one, other;
    if (a->port != b->port || a->ipv6 != b->ipv6)
        return false;
    if (!a->ipv6 || inet_pton(AF_INET6, a->host, &one) != 1 || inet_pton(AF_INET6, b->host, &other) != 1)
        return strcasecmp(a->host, b->host) == 0;
    return IN6_ARE_ADDR_EQUAL(&one, &other);
}

bool address_is_numeric(const struct address *address)
{
    struct in_addr ipv4;
    return address->ipv6 || inet_pton(AF_INET, address->host, &ipv4) == 1 ||
           strcasecmp(address->host, "localhost") == 0;
}

bool url_parse(const char *text, struct url *ret_url)
{
    struct url url = {.path = ""};
    const char *colon = strstr(text, "://");
    if (!colon || colon == text || (size_t)(colon - text) >= sizeof url.scheme)
        return false;
    memcpy(url.scheme, text, (size_t)(colon - text));
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == '"' || *at == '<' || *at == '>' || *at == '\\')
            return false;
    const char *authority = colon + 3;
    size_t size = strcspn(authority, "/?#");
    url.path = authority + size;
    char host[sizeof url.address.host + 16];
    for (size_t i = 0; i < size; i++)
        url.has_user = url.has_user || authority[i] == '@';
    if (url.has_user) {
        *ret_url = url;
        return true;
    }
    if (size >= sizeof host)
        return false;
    memcpy(host, authority, size);
    host[size] = '\0';
    if (!address_parse(host, &url.address))
        return false;
    *ret_url = url;
    return true;
}
