// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "settings/settings.h"

/*
 * The addresses of a server, made from its settings: `url` is http or https, perhaps with a path, perhaps with
 * user:password@ (sent as Basic authentication).
 */
struct influxdb_address {
    char *label; // for people: scheme, host and port, never a password
    char *write; // where lines go
    char *query; // where a database of version 1 is made, by posting `create`
    char *create;
    char *ping; // what every version answers, and costs nothing
};

// -EINVAL for a URL that cannot be one. The caller finishes.
int influxdb_address_init(struct influxdb_address *address, const struct settings_influxdb *settings,
                          struct fault *why);
// "http://host:port" of such a URL, allocated; NULL when it cannot be one.
char *influxdb_address_label(const char *url);
void influxdb_address_finish(struct influxdb_address *address);
