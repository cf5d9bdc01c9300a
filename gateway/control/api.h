// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "control/status.h"

/*
 * The JSON documents of the HTTP API: a public contract, so within v1 fields are only added. Keys are always there; what is
 * not known, or not the case, is null. Times are RFC 3339 in UTC, durations numbers of seconds (`_s`), sizes bytes.
 */

void api_status(const struct status *status, struct bytes *out);
void api_sensors(const struct status *status, struct bytes *out);
void api_buffer(const struct status *status, struct bytes *out);

// -ENOENT when no sensor of that id is configured; nothing is written then.
int api_sensor(const struct status *status, const char *id, struct bytes *out);

// {"error": CODE, "message": TEXT}: a word for programs that never changes, and a sentence for people.
void api_error(const char *code, const char *message, struct bytes *out);
