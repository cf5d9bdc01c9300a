// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ngsi_ld_answer.h"
#include "outlet/outlet.h"

/*
 * How things stand with an NGSI-LD broker, told to the core as events: each change once, not each failure.
 */

struct ngsi_ld_link {
    const struct outlet_feed *feed;
    const char *label; // of the broker, for people
    enum { BROKER_UNKNOWN, BROKER_UP, BROKER_DOWN } state;
    bool troubled;                // the broker is busy, or our own disk failed
    enum ngsi_ld_verdict alarmed; // NGSI_LD_TAKEN: no alarm
};

void ngsi_ld_link_works(struct ngsi_ld_link *link);   // it took an entity: this alone ends an alarm
void ngsi_ld_link_answers(struct ngsi_ld_link *link); // something, be it a refusal
// Any verdict but taken. A refusal is an alarm only here: call it when all that was sent was refused.
void ngsi_ld_link_fails(struct ngsi_ld_link *link, const struct ngsi_ld_judgement *judgement);
void ngsi_ld_link_no_readings(struct ngsi_ld_link *link, int error); // the buffer could not be read
void ngsi_ld_link_parked(struct ngsi_ld_link *link, const char *sensor, uint64_t seq, const char *words);
