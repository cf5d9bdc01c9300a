// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proof.h"

// The table, the gaps and the verdict, to stdout.
void proof_print(const struct proof *proof, const struct proof_totals *totals);

// All of it as one JSON object, to stdout.
void proof_print_json(const struct proof *proof, const struct proof_totals *totals);
