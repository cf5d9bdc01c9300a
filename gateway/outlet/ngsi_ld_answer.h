// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "influxdb_answer.h"

/*
 * What an NGSI-LD broker answered to a batch upsert (ETSI GS CIM 009 section 5.6.8), and what that means for the entities.
 * Pure. The body is for people: whether the broker takes an entity is asked by sending it alone, since what stands in the
 * body of a 207 differs from broker to broker.
 */

enum ngsi_ld_verdict {
    NGSI_LD_TAKEN,       // 2xx but 207: all of them
    NGSI_LD_REFUSED,     // 207, 400, 409, 413, 422: some or all are not acceptable, or so it says
    NGSI_LD_UNREACHABLE, // the network: send the same later
    NGSI_LD_BUSY,        // 408, 429, 5xx: the same
    NGSI_LD_DENIED,      // 401, 403: a person must act
    NGSI_LD_STRANGE,     // anything else (404: no such tenant, or no NGSI-LD broker): the same
    NGSI_LD_VERDICT_COUNT
};

struct ngsi_ld_judgement {
    enum ngsi_ld_verdict verdict;
    int64_t retry_after_s;
    char text[240]; // status and the broker's words, escaped; never empty
};

void ngsi_ld_judge(const struct influxdb_answer *answer, struct ngsi_ld_judgement *ret_judgement);
