// SPDX-License-Identifier: Apache-2.0
#include "loading.h"

#include "base/files.h"
#include "base/messages.h"
#include "base/text.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

/*
 * What would stop the daemon later, or be passed over in silence, is looked at while the configuration is read, so that
 * `citygw check` tells it with its line.
 */

#define ZONES "/usr/share/zoneinfo"

enum { SHOWN_MAX = 300 };

// "JST-9": a zone that needs no file (POSIX TZ).
static bool is_offset_zone(const char *name)
{
    size_t letters = 0;
    while (isalpha((unsigned char)name[letters]))
        letters++;
    const char *offset = name + letters;
    offset += *offset == '+' || *offset == '-';
    size_t digits = strspn(offset, "0123456789");
    return letters >= 3 && digits >= 1 && digits <= 2 && !offset[digits];
}

static void check_timezone(struct loading *loading, struct section *section)
{
    const struct entry *entry = section_entry(section, "timezone");
    const char *zone = loading->settings->gateway.timezone;
    char path[sizeof ZONES + 80];
    struct stat stat_of;
    if (!entry || !*zone || is_offset_zone(zone) || stat(ZONES, &stat_of) != 0)
        return;
    snprintf(path, sizeof path, "%s/%s", ZONES, zone);
    if (stat(path, &stat_of) != 0 || !S_ISREG(stat_of.st_mode))
        section_warning(
            loading, section, entry->line, entry->key,
            _("there is no time zone \"%s\" on this system, so times are shown in UTC; expected a name such as "
              "Asia/Tokyo"),
            zone);
}

static void check_buffer_path(struct loading *loading, struct section *section)
{
    const char *path = loading->settings->buffer.path;
    char shown[SHOWN_MAX];
    struct stat found;
    bool in_the_way = stat(path, &found) == 0 ? !S_ISDIR(found.st_mode) : errno == ENOTDIR;
    if (in_the_way)
        section_error(loading, section, section_line(section, "path"), "path",
                      _("%s is not a folder; expected a folder for the stored readings"),
                      text_escape(path, strlen(path), shown, sizeof shown));
}

static void check_token(struct loading *loading, struct section *section)
{
    const char *path = loading->settings->http.token_file;
    struct fault why;
    char *token = NULL;
    if (!*path)
        return;
    if (file_read_secret(path, &token, &why) != 0) {
        section_error(loading, section, section_line(section, "token_file"), "token_file", "%s", why.text);
        return;
    }
    explicit_bzero(token, strlen(token));
    free(token);
}

static void check_socket(struct loading *loading, struct section *section)
{
    enum { PATH_BYTES_MAX = sizeof((struct sockaddr_un *)0)->sun_path - 1 };
    size_t size = strlen(loading->settings->http.socket);
    if (size > PATH_BYTES_MAX)
        section_error(loading, section, section_line(section, "socket"), "socket",
                      _("the path has %zu bytes; expected at most %d"), size, PATH_BYTES_MAX);
}

void machine_check(struct loading *loading, struct section *section)
{
    const char *type = section->type->type;
    if (strcmp(type, "gateway") == 0)
        check_timezone(loading, section);
    else if (strcmp(type, "buffer") == 0)
        check_buffer_path(loading, section);
    else if (strcmp(type, "http") == 0) {
        check_token(loading, section);
        check_socket(loading, section);
    }
}
