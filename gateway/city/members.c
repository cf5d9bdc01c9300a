// SPDX-License-Identifier: Apache-2.0
#include "members.h"

#include "settings/settings.h"
#include <stdlib.h>
#include <string.h>

void *members_room(void *members, int count, int *room, size_t size)
{
    enum { ROOM_FIRST = 8 };
    if (count < *room)
        return members;
    int more = *room ? 2 * *room : ROOM_FIRST;
    void *larger = realloc(members, (size_t)more * size);
    if (larger)
        *room = more;
    return larger;
}

int members_find(const void *members, int count, size_t size, const char *id, int *next)
{
    for (int i = 0; i < count; i++) {
        const struct settings_sensor *sensor;
        int number = (*next + i) % count;
        memcpy(&sensor, (const char *)members + (size_t)number * size, sizeof sensor);
        if (strcmp(sensor->id, id) == 0) {
            *next = number + 1;
            return number;
        }
    }
    return -1;
}
