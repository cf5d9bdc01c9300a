// SPDX-License-Identifier: Apache-2.0
#include "drivers/modbus_exception.h"

#include "base/messages.h"

const char *modbus_exception_text(unsigned code)
{
    static const char *const texts[] = {
        [1] = N_("it does not know this function"),
        [2] = N_("there is nothing at this address"),
        [3] = N_("not so many at once; see registers_per_read"),
        [4] = N_("it failed"),
        [5] = N_("it needs more time"),
        [6] = N_("it is busy"),
        [8] = N_("its memory is damaged"),
        [10] = N_("its gateway has no way to it"),
        [11] = N_("it does not answer its gateway"),
    };
    return code < sizeof texts / sizeof *texts && texts[code] ? _(texts[code]) : "?";
}
