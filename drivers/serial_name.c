// SPDX-License-Identifier: Apache-2.0
#include "serial_name.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool serial_name_changes(const char *device)
{
    static const char *const counted[] = {"/dev/ttyUSB", "/dev/ttyACM"};
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        if (strncmp(device, counted[i], strlen(counted[i])) == 0)
            return true;
    return false;
}

bool serial_name_lasting(const char *folder, const char *device, char ret_name[PATH_MAX])
{
    char port[PATH_MAX], other[PATH_MAX];
    DIR *names = realpath(device, port) ? opendir(folder) : NULL;
    bool found = false;
    for (struct dirent *entry; names && !found && (entry = readdir(names));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(ret_name, PATH_MAX, "%s/%s", folder, entry->d_name);
        found = realpath(ret_name, other) && strcmp(port, other) == 0;
    }
    if (names)
        closedir(names);
    return found;
}
