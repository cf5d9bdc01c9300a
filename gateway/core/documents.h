// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * The retained documents beside the readings: info, health and about/{sensor} (interface.md, "Other topics").
 */

struct gateway;
struct outlet;

// Makes all documents anew and hands them to every outlet, which publishes what changed.
void documents_publish(struct gateway *gateway);
