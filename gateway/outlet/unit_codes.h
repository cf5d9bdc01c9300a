// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * Units as NGSI-LD wants them in `unitCode`: the common codes of UN/CEFACT Recommendation 20.
 */

// The code for a unit in the vocabulary's spelling ("Cel" is "CEL"); NULL when there is none (persons per metre and minute).
const char *unit_code(const char *unit);
