// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"
#include <stddef.h>

/*
 * Commands from outside: questions and orders by verb, with a JSON object of arguments and a JSON answer. They come over
 * HTTP (answered at once) and over MQTT's cmd/{verb} (queued until the loop has time, answered by a reply). One table names
 * them all: ping, status, loss, report, replay, unknown.
 */

struct gateway;
struct outlet;
struct outlet_command;

struct commands; // the queue

struct commands *commands_create(struct gateway *gateway); // NULL: out of memory
// Only when no outlet can give commands any more. Its handle closes with the loop.
void commands_destroy(struct commands *commands);

// For struct outlet_common: any thread; copies the command. More than a few dozen waiting are refused at once.
void commands_take(struct outlet *outlet, const struct outlet_command *command, void *commands);

// Loop thread. Carries out a verb now. 0, or: -EINVAL wrong arguments, -ENOENT what they name does not exist, -ENOSYS no such
// verb, -EBUSY, -ENOMEM. `context` is the gateway.
int commands_run(void *context, const char *verb, const char *arguments, size_t size, struct bytes *ret_answer,
                 struct fault *why);
