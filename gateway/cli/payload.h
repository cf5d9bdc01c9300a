// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/stream.h"
#include <jansson.h>

/*
 * What a reading's payload in `format = citygw` is of, wherever it came from.
 */

// The name of its stream: "bay-1", "zone/umeda-lot", "alert/crowd/plaza" (see reading/stream.h). False when it says none.
bool payload_stream(const json_t *payload, char ret_stream[STREAM_SIZE]);
