// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"
#include "base/messages.h"
#include "base/text.h"
#include "carry.h"
#include "cli/verb.h"
#include "client.h"
#include "complain.h"
#include "options.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A file that is being written: under its name with ".part" until it is whole and on the disk. Or stdout.
struct target {
    const char *path; // NULL: stdout
    char *part;
    FILE *file;
    struct carry carry;
    struct fault why;
};

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

static void add_argument(struct bytes *path, const char *name, const char *value)
{
    if (!value)
        return;
    bytes_printf(path, "%c%s=", memchr(path->data, '?', path->used) ? '&' : '?', name);
    for (; *value; value++)
        bytes_printf(path, is_unreserved(*value) ? "%c" : "%%%02X", (unsigned char)*value);
}

static void compose(const struct options *options, struct bytes *ret_path)
{
    bytes_text(ret_path, "/api/v1/export");
    add_argument(ret_path, "from", options->from);
    add_argument(ret_path, "to", options->to);
    add_argument(ret_path, "sensor", options->sensor);
    add_argument(ret_path, "outlet", options->outlet);
    bytes_char(ret_path, '\0');
}

// Nothing is put in the place of a device, a pipe or a link, whatever has the name; a file of that name is replaced.
static int check_replaceable(const char *path, struct fault *why)
{
    struct stat status;
    char shown[150];
    if (lstat(path, &status) != 0 || S_ISREG(status.st_mode))
        return 0;
    return fault_set(why, -EEXIST, _("%s is no file but a folder, a link or a device; expected the name of a file"),
                     text_escape(path, strlen(path), shown, sizeof shown));
}

// Anew, so that it is nobody else's: a file that an earlier run left is removed first.
static int open_part(struct target *target)
{
    int error = check_replaceable(target->path, &target->why);
    error = error ? error : check_replaceable(target->part, &target->why);
    if (error)
        return error;
    unlink(target->part);
    int fd = open(target->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    target->file = fd < 0 ? NULL : fdopen(fd, "w");
    return target->file ? 0 : fault_errno(&target->why, -errno, _("%s cannot be written"), target->part);
}

static int open_target(const char *operand, struct target *target)
{
    if (strcmp(operand, "-") == 0) {
        target->file = stdout;
        return 0;
    }
    target->path = operand;
    if (asprintf(&target->part, "%s.part", operand) < 0) {
        target->part = NULL;
        return fault_set(&target->why, -ENOMEM, _("out of memory"));
    }
    return open_part(target);
}

static const char *shown_path(const struct target *target)
{
    return target->path ? target->part : "-";
}

static int take(void *context, const void *data, size_t size)
{
    struct target *target = context;
    int error = carry_feed(&target->carry, data, size, &target->why);
    if (!error && fwrite(data, 1, size, target->file) != size)
        error = fault_errno(&target->why, errno ? -errno : -EIO, _("%s cannot be written"), shown_path(target));
    return error;
}

// Some file systems know no sync of a folder (EINVAL); the file itself is on the disk then.
static int sync_folder_of(const char *path, struct fault *why)
{
    char *copy = strdup(path);
    int error = copy ? folder_sync(dirname(copy)) : -ENOMEM;
    free(copy);
    return error && error != -EINVAL ? fault_errno(why, error, _("the folder of %s cannot be synced"), path) : 0;
}

static int settle(struct target *target)
{
    if (fflush(target->file) != 0)
        return fault_errno(&target->why, -errno, _("%s cannot be written"), shown_path(target));
    if (!target->path)
        return 0;
    if (fsync(fileno(target->file)) != 0)
        return fault_errno(&target->why, -errno, _("%s cannot be brought onto the disk"), target->part);
    if (check_replaceable(target->path, &target->why) != 0)
        return -EEXIST;
    if (rename(target->part, target->path) != 0)
        return fault_errno(&target->why, -errno, _("%s cannot be renamed"), target->part);
    return sync_folder_of(target->path, &target->why);
}

static void close_target(struct target *target, bool failed)
{
    if (target->path && target->file)
        fclose(target->file);
    if (target->path && target->file && failed)
        unlink(target->part);
    free(target->part);
    carry_finish(&target->carry);
}

static int export(const char *socket, const char *path, const char *operand, struct target *target)
{
    int error = open_target(operand, target);
    error = error ? error : client_download(socket, path, take, target, &target->why);
    error = error ? error : carry_end(&target->carry, &target->why);
    return error ? error : settle(target);
}

static void tell(const struct target *target)
{
    const struct carry *carry = &target->carry;
    fprintf(target->path ? stdout : stderr, _("%zu readings of %s written to %s\n"), carry->readings,
            carry->head.gateway, target->path ? target->path : "-");
    if (carry->left_out)
        complain(_("%zu readings were left out, because this version cannot put them into words"), carry->left_out);
    if (carry->waiting)
        complain(_("%zu readings are not in the file yet: their time is not known before the gateway's clock is set"),
                 carry->waiting);
}

int verb_export(int argc, char **argv)
{
    const unsigned takes =
        OPTION_CONFIG | OPTION_SOCKET | OPTION_OPERAND | OPTION_FROM | OPTION_TO | OPTION_SENSOR | OPTION_OUTLET;
    struct options options;
    struct target target = {.path = NULL};
    struct bytes path;
    int result;
    if (!options_read(argc, argv, takes, &options, &result))
        return result;
    if (!options.operand) {
        complain("%s", _("an export needs a FILE to write to, such as /media/usb/umeda-01.export"));
        return VERB_USAGE;
    }
    bytes_init(&path, 4096);
    carry_init(&target.carry, false);
    compose(&options, &path);
    char *socket = options_settle(&options);
    int error = !socket         ? -EINVAL // and the user has been told
                : path.overflow ? fault_set(&target.why, -E2BIG, _("the options are too long"))
                                : export(socket, (const char *)path.data, options.operand, &target);
    if (error && socket)
        complain("%s", target.why.text);
    if (!error)
        tell(&target);
    close_target(&target, error != 0);
    bytes_finish(&path);
    free(socket);
    return error ? VERB_PROBLEM : VERB_FINE;
}
