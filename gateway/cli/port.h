// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.h"
#include "options.h"
#include "settings/settings.h"
#include <limits.h>

/*
 * The serial port that a verb is to look at, as its operand and options name it.
 */

enum { PORT_BAUDS_MAX = 16 };

struct port {
    char name[ID_MAX + 1]; // of the section, or one made up for the lines to paste
    char device[PATH_MAX]; // as it is opened
    char lasting[PATH_MAX];
    int64_t bauds[PORT_BAUDS_MAX];
    size_t baud_count; // 0: neither the options nor a section name one
    int64_t section_baud;
    int parity; // enum parity
    bool baud_given, parity_given;
    int64_t stop_bits;
    int64_t timeout_us; // 0: not said
    bool rs485;
};

// Turns to the configuration's language and reads what the operand names: a path, or a section [KIND:NAME] of the first of
// `kinds` (ends with NULL) that has it. Options go before the section. False: the user has been told.
bool port_read(const struct options *options, const char *const kinds[], const char *verb, struct port *ret_port);

const char *parity_name(enum parity parity);
