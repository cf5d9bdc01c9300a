// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ngsi_ld.h"
#include "ngsi_ld_entity.h"

/*
 * What the entities of all models have in common.
 */

struct part_place {
    double latitude, longitude;
    bool known, told; // by the reading itself
};

// Where the reading says that it is, else the place given (NAN: not known).
struct part_place part_place(const struct reading *reading, double latitude, double longitude);
void part_write_place(struct entity *entity, const struct part_place *place); // nothing when it is not known

// Where the reading is from and how good it is; the same members as in format = citygw.
void part_write_provenance(struct entity *entity, const struct ngsi_ld *context, const struct outlet_record *record,
                           const struct reading *reading);

void part_end(struct entity *entity, const struct ngsi_ld *context, enum model model);
