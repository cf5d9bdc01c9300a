// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a reading was to its zone.
enum zone_news {
    ZONE_SAID_NOTHING,
    ZONE_LATE,        // older than the sensor's newest, or the same once more
    ZONE_IMPLAUSIBLE, // more people than can have come; it waits for a second one that confirms it
    ZONE_TAKEN,
};
