// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.h"
#include "proof.h"

// Subscribes to the tree and lets `*ret_proof` (made here, also on failure) take all that comes, until the options' time is
// up or a signal ends it. Returns 0, or a negative errno after telling the user.
int verify_listen(const struct options *options, double seconds, double idle_seconds, struct proof **ret_proof,
                  struct proof_totals *ret_totals);
