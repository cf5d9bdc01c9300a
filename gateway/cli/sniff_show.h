// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "drivers/sniff.h"
#include "port.h"
#include <stdio.h>

/*
 * What `citygw sniff` found, for people and for programs.
 */

enum { SNIFF_KEPT_MAX = 4096 };

struct sniff_listened {
    struct sniff_trial trial;
    uint8_t kept[SNIFF_KEPT_MAX]; // the first bytes
    size_t kept_size;
};

struct sniff_result {
    const struct port *port;
    const struct sniff_listened *list;
    size_t count;
    const struct sniff_listened *best; // with any bytes; NULL: nothing came at all
    bool hex;
};

void sniff_print(const struct sniff_result *result, FILE *to);
void sniff_print_json(const struct sniff_result *result, FILE *to);

// The sections for a configuration; nothing when no codec fits.
void sniff_paste(const struct port *port, const struct sniff_trial *trial, struct bytes *out);

// Which profile of config/devices a codec's devices have, NULL when none has; and the kind of its sensors.
const char *sniff_profile(const char *codec, enum kind *ret_kind);
