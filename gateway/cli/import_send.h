// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker.h"
#include "carry.h"

/*
 * Sends the readings of a file that was found whole, with QoS 1 and several in flight, and knows which of them the broker
 * has acknowledged. After a loss of the connection it goes on behind the last reading up to which all were.
 */

enum { SENDING_WINDOW_MAX = 1000 };

struct sending;

// `fd`: the file, borrowed. The first `done` readings are left out.
int sending_create(struct broker *broker, const struct carry *carry, int fd, size_t done, struct sending **ret_sending,
                   struct fault *why);
void sending_destroy(struct sending *sending);

// Does what can be done within about a tenth of a second. An error is final.
int sending_turn(struct sending *sending, struct fault *why);

// So many from the first on are acknowledged, without a gap.
size_t sending_done(const struct sending *sending);
