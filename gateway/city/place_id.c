// SPDX-License-Identifier: Apache-2.0
#include "place.h"

#include <math.h>
#include <string.h>

/*
 * 60 bits: salt 5, heading 4 (in 45 degrees, 8 when unknown), latitude 25 and longitude 26, in 0.00001 degrees (1 m) from the south pole and
 * the antimeridian. The salt tells places apart that begin at the same metre.
 */
uint64_t place_id_of(const struct place_hit *hit, unsigned salt)
{
    uint64_t latitude = (uint64_t)((hit->latitude + 90) * 1e5), longitude = (uint64_t)((hit->longitude + 180) * 1e5);
    double heading_deg = fmod(fmod(hit->heading_deg, 360) + 360 + 22.5, 360);
    uint64_t heading = isnan(heading_deg) ? 8 : (uint64_t)(heading_deg / 45);
    return (uint64_t)(salt & 31) << 55 | heading << 51 | latitude << 26 | longitude;
}

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void places_id_text(uint64_t id, char ret_text[PLACE_ID_SIZE])
{
    for (size_t i = PLACE_ID_SIZE - 1; i-- > 0; id >>= 5)
        ret_text[i] = digits[id & 31];
    ret_text[PLACE_ID_SIZE - 1] = '\0';
}
