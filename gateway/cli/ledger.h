// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a gateway itself says that it lost: the retained `loss` below its tree,
 * {"entries":[{"outlet","sensor","first_seq","last_seq","count","reason","since","until"}...],"totals":{...},"more":N}.
 * An entry accounts for `count` of the numbers from first_seq to last_seq.
 */

struct ledger { // zero-initialise; the document that came last
    json_t *entries;
    uint64_t more; // entries that it had no room for
};

// Takes a document; false when it is none.
bool ledger_take(struct ledger *ledger, const json_t *document);
void ledger_finish(struct ledger *ledger);

// How many of the numbers [first, last] of that sensor are accounted for, and why most of them were lost (NULL: none).
// `outlet`: only entries of this outlet, or of none; NULL: any.
uint64_t ledger_explain(const struct ledger *ledger, const char *outlet, const char *sensor, uint64_t first,
                        uint64_t last, const char **ret_reason);
