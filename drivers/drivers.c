// SPDX-License-Identifier: Apache-2.0
#include "buses.h"
#include <string.h>

const struct driver *const drivers[] = {
    &driver_coap, &driver_gpsd, &driver_modbus, &driver_observe, &driver_serial, &driver_sim, NULL,
};

const struct driver *driver_find(const char *type)
{
    for (size_t i = 0; drivers[i]; i++)
        if (strcmp(drivers[i]->type, type) == 0)
            return drivers[i];
    return NULL;
}
