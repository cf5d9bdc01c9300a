// SPDX-License-Identifier: Apache-2.0
#include "mqtt_url.h"

#include "base/messages.h"
#include "base/number.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PORT_PLAIN = 1883, PORT_TLS = 8883 };

static const struct {
    const char *text;
    bool tls;
} schemes[] = {{"mqtt://", false}, {"mqtts://", true}};

static const char *take_scheme(const char *text, bool *ret_tls)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t size = strlen(schemes[i].text);
        if (strncmp(text, schemes[i].text, size) == 0) {
            *ret_tls = schemes[i].tls;
            return text + size;
        }
    }
    return NULL;
}

static bool host_valid(const char *host, bool bracketed)
{
    struct in6_addr address;
    if (bracketed) {
        return inet_pton(AF_INET6, host, &address) == 1;
    }
    for (const char *c = host; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr(".-_", *c)) {
            return false;
        }
    }
    return host[0] != '\0' && host[0] != '.' && host[0] != '-';
}

// Cuts the host out of `text`; returns what follows it, or NULL.
static const char *take_host(const char *text, struct mqtt_url *url)
{
    bool bracketed = text[0] == '[';
    const char *start = text + bracketed;
    size_t size = strcspn(start, bracketed ? "]" : ":/?#");
    if (size >= sizeof url->host || (bracketed && start[size] != ']')) {
        return NULL;
    }
    memcpy(url->host, start, size);
    url->host[size] = '\0';
    return host_valid(url->host, bracketed) ? start + size + bracketed : NULL;
}

static bool take_port(const char *text, struct mqtt_url *url)
{
    size_t size = strlen(text);
    int64_t port = 0;
    if (size > 0 && text[size - 1] == '/') {
        size--;
    }
    url->port = url->tls ? PORT_TLS : PORT_PLAIN;
    if (size == 0) {
        return true;
    }
    if (text[0] != ':' || !integer_parse(text + 1, size - 1, 1, 65535, &port)) {
        return false;
    }
    url->port = (int)port;
    return true;
}

int mqtt_url_parse(const char *text, struct mqtt_url *ret_url, struct fault *why)
{
    struct mqtt_url url = {0};
    const char *rest = take_scheme(text, &url.tls);
    if (!rest) {
        return fault_set(why, -EINVAL, _("the address \"%s\" must begin with mqtt:// or mqtts://"), text);
    }
    if (strchr(rest, '@')) {
        // The address itself is not repeated: it may hold a password.
        return fault_set(why, -EINVAL,
                         _("the address must not hold a user name or password; use username and password_file"));
    }
    rest = take_host(rest, &url);
    if (!rest) {
        return fault_set(why, -EINVAL, _("the address \"%s\" has no usable host; expected mqtts://broker.example:8883"),
                         text);
    }
    if (!take_port(rest, &url)) {
        return fault_set(why, -EINVAL, _("the address \"%s\" must end with the host or with a port from 1 to 65535"),
                         text);
    }
    *ret_url = url;
    return 0;
}

void mqtt_url_library(const struct mqtt_url *url, char *ret_text, size_t size)
{
    bool bracketed = strchr(url->host, ':') != NULL;
    snprintf(ret_text, size, "%s%s%s%s:%d", url->tls ? "ssl://" : "tcp://", bracketed ? "[" : "", url->host,
             bracketed ? "]" : "", url->port);
}

bool mqtt_url_is_loopback(const struct mqtt_url *url)
{
    struct in_addr address;
    return strcmp(url->host, "localhost") == 0 || strcmp(url->host, "::1") == 0 ||
           (strncmp(url->host, "127.", 4) == 0 && inet_pton(AF_INET, url->host, &address) == 1);
}
