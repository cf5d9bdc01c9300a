// SPDX-License-Identifier: Apache-2.0
#include "serial_holder.h"

#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 32, PATH_SIZE = 64 };

struct search {
    dev_t port;
    long self;
    char holder[SERIAL_HOLDER_SIZE]; // "" as long as nobody is found
    char suspect[SERIAL_HOLDER_SIZE];
};

static void read_name(long process, char ret_name[NAME_SIZE])
{
    char path[PATH_SIZE], line[NAME_SIZE] = "";
    snprintf(path, sizeof path, "/proc/%ld/comm", process);
    FILE *file = fopen(path, "re");
    if (file && fgets(line, sizeof line, file))
        line[strcspn(line, "\n")] = '\0';
    if (file)
        fclose(file);
    text_escape(line, strlen(line), ret_name, NAME_SIZE);
}

// Field 7 of /proc/PID/stat, which everybody may read: a login on the port has it as its terminal. The name before it may hold
// blanks and brackets.
static bool has_as_terminal(long process, dev_t port)
{
    char path[PATH_SIZE], line[512] = "";
    long terminal = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *file = fopen(path, "re");
    const char *after = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (file)
        fclose(file);
    return after && sscanf(after, ") %*c %*d %*d %*d %ld", &terminal) == 1 && terminal != 0 && (dev_t)terminal == port;
}

static bool has_open(long process, dev_t port)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%ld/fd", process);
    DIR *folder = opendir(path);
    bool found = false;
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        struct stat status;
        found =
            fstatat(dirfd(folder), entry->d_name, &status, 0) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == port;
    }
    if (folder)
        closedir(folder);
    return found;
}

static void look_at(struct search *search, long process)
{
    char name[NAME_SIZE];
    if (process == search->self)
        return;
    if (has_open(process, search->port)) {
        read_name(process, name);
        snprintf(search->holder, sizeof search->holder, _("%s (process %ld)"), name, process);
        return;
    }
    if (has_as_terminal(process, search->port)) {
        read_name(process, name);
        snprintf(search->holder, sizeof search->holder, _("%s (process %ld), a login on this port"), name, process);
        return;
    }
    read_name(process, name);
    if (strcmp(name, "ModemManager") == 0) // it tries every new port, and is root's
        snprintf(search->suspect, sizeof search->suspect, _("%s (process %ld), perhaps"), name, process);
}

enum serial_holder serial_holder_find(const char *device, char ret_holder[SERIAL_HOLDER_SIZE])
{
    struct search search = {.self = getpid()};
    struct stat status;
    DIR *folder = stat(device, &status) == 0 && S_ISCHR(status.st_mode) ? opendir("/proc") : NULL;
    if (!folder)
        return HOLDER_NONE;
    search.port = status.st_rdev;
    for (struct dirent *entry; !*search.holder && (entry = readdir(folder));) {
        int64_t process;
        if (integer_parse(entry->d_name, strlen(entry->d_name), 1, INT_MAX, &process))
            look_at(&search, (long)process);
    }
    closedir(folder);
    strcpy(ret_holder, *search.holder ? search.holder : search.suspect);
    return *search.holder ? HOLDER_FOUND : *search.suspect ? HOLDER_SUSPECT : HOLDER_NONE;
}
