// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "control/status.h"

/*
 * /metrics in the Prometheus text format 0.0.4: per family a HELP and a TYPE line, then its samples. Names and labels are
 * those of the outside contract.
 */

void metrics_write(const struct status *status, uint64_t http_requests, struct bytes *out);
