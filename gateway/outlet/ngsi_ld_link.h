// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http_link.h"
#include "ngsi_ld_answer.h"

// Any verdict but taken. A refusal is an alarm only here: call it when all that was sent was refused.
void ngsi_ld_link_fails(struct http_link *link, const struct ngsi_ld_judgement *judgement);
