// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"

/*
 * `report = changes`: is a reading news, beside the last one of its sensor that went out?
 *
 * It is when it says another state: a switch, a text, another quality, a value out of its range, or a quantity that the last one
 * had not. Of a parking sensor numbers (battery, temperature, signal) are no states; of the others a number that differs is, and so is
 * what was counted since the last one (vehicles, rain), unless that is nothing.
 * It is, too, when the heartbeat is due, by the readings' own times, or when it is older than the last one: then somebody fills a gap.
 */
bool change_is_news(const struct reading *last, const struct reading *reading, int64_t heartbeat_us);
