// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"

/*
 * The steps of the start, in their order. Each returns 0, or -errno and why the gateway cannot start.
 */

struct gateway;

// Reads and checks the configuration; every finding becomes a line in the log. Non-zero: one of them stops the start.
int start_settings(struct gateway *gateway);
int start_buffer(struct gateway *gateway, void (*wake)(void *), void (*report)(void *, const char *),
                 struct fault *why);
int start_intake(struct gateway *gateway, struct fault *why);
int start_outlets(struct gateway *gateway, struct fault *why);
int start_account(struct gateway *gateway, struct fault *why); // after the outlets, whose names it needs
// Makes the sources and lets each try to open once.
int start_sources(struct gateway *gateway, struct fault *why);
int start_control(struct gateway *gateway, struct fault *why);
