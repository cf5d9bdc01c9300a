// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include "base/messages.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int open_regular(const char *path, struct stat *ret_stat, struct fault *why)
{
    // O_NONBLOCK: a FIFO in the place of a file must not hold up the start.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fault_errno(why, -errno, _("cannot read %s"), path);
    if (fstat(fd, ret_stat) == 0 && S_ISREG(ret_stat->st_mode))
        return fd;
    int error = S_ISDIR(ret_stat->st_mode) ? -EISDIR : -EINVAL;
    close(fd);
    return fault_set(why, error, _("%s is not a file"), path);
}

static int read_all(int fd, const char *path, size_t max, struct bytes *ret, struct fault *why)
{
    size_t total = 0;
    for (;;) {
        size_t chunk =
            max + 1 - total < 65536 ? max + 1 - total : 65536; // one more than allowed tells that it is larger
        if (!bytes_reserve(ret, chunk + 1))
            return fault_set(why, -ENOMEM, _("%s does not fit into memory"), path);
        ssize_t size = read(fd, ret->data + ret->used, chunk);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return fault_errno(why, -errno, _("cannot read %s"), path);
        if (size == 0)
            break;
        total += (size_t)size;
        if (total > max)
            return fault_set(why, -EFBIG, _("%s is larger than %zu bytes"), path, max);
        ret->used += (size_t)size;
    }
    ret->data[ret->used] = '\0';
    return 0;
}

int file_read(const char *path, size_t max, struct bytes *ret, struct fault *why)
{
    struct stat stat;
    int fd = open_regular(path, &stat, why);
    if (fd < 0)
        return fd;
    int error = read_all(fd, path, max, ret, why);
    close(fd);
    return error;
}

int file_read_private(const char *path, size_t max, struct bytes *ret, struct fault *why)
{
    struct stat stat;
    int fd = open_regular(path, &stat, why);
    if (fd < 0)
        return fd;
    int error = 0;
    if (stat.st_mode & (S_IRWXG | S_IRWXO))
        error = fault_set(why, -EPERM, _("%s can be read by others; expected mode 0600 (chmod 600 %s)"), path, path);
    if (!error)
        error = read_all(fd, path, max, ret, why);
    close(fd);
    return error;
}

int file_read_secret(const char *path, char **ret_text, struct fault *why)
{
    struct bytes bytes;
    bytes_init(&bytes, 8192);
    int error = file_read_private(path, 4096, &bytes, why);
    while (!error && bytes.used && strchr(" \t\r\n", bytes.data[bytes.used - 1]))
        bytes.data[--bytes.used] = '\0';
    if (!error && (!bytes.used || strlen((char *)bytes.data) != bytes.used || strpbrk((char *)bytes.data, "\r\n")))
        error = fault_set(why, -EINVAL, _("%s does not hold a secret; expected one line of text"), path);
    if (error) {
        bytes_finish(&bytes);
        return error;
    }
    *ret_text = (char *)bytes.data;
    return 0;
}

int file_write_at(int fd, const void *data, size_t size, int64_t offset)
{
    const uint8_t *at = data;
    while (size) {
        ssize_t written = pwrite(fd, at, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        at += written;
        size -= (size_t)written;
        offset += written;
    }
    return 0;
}

int file_read_at(int fd, void *data, size_t size, int64_t offset)
{
    uint8_t *at = data;
    while (size) {
        ssize_t got = pread(fd, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return -ENODATA;
        at += got;
        size -= (size_t)got;
        offset += got;
    }
    return 0;
}

static int write_beside(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    int error = file_write_at(fd, data, size, 0);
    if (!error && fsync(fd) != 0)
        error = -errno;
    if (close(fd) != 0 && !error)
        error = -errno;
    return error;
}

int file_replace(const char *path, const void *data, size_t size, struct fault *why)
{
    char beside[PATH_MAX], folder[PATH_MAX];
    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside)
        return fault_set(why, -ENAMETOOLONG, _("%s is too long a path"), path);
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *(slash == folder ? slash + 1 : slash) = '\0';
    int error = write_beside(beside, data, size);
    if (!error && rename(beside, path) != 0)
        error = -errno;
    if (!error)
        error = folder_sync(slash ? folder : ".");
    if (!error)
        return 0;
    unlink(beside);
    return fault_errno(why, error, _("cannot write %s"), path);
}

int folder_make(const char *path, struct fault *why)
{
    char partial[PATH_MAX];
    if ((size_t)snprintf(partial, sizeof partial, "%s", path) >= sizeof partial)
        return fault_set(why, -ENAMETOOLONG, _("%s is too long a path"), path);
    for (char *slash = partial + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(partial, 0750) != 0 && errno != EEXIST)
            return fault_errno(why, -errno, _("cannot make the folder %s"), partial);
        *slash = '/';
    }
    if (mkdir(partial, 0750) == 0)
        return 0;
    int error = errno;
    struct stat stat_;
    if (error == EEXIST && stat(path, &stat_) == 0 && S_ISDIR(stat_.st_mode))
        return 0;
    return fault_errno(why, -error, _("cannot make the folder %s"), path);
}

int folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return error;
}

int folder_space(const char *path, uint64_t *ret_free_bytes, uint64_t *ret_total_bytes)
{
    struct statvfs space;
    if (statvfs(path, &space) != 0)
        return -errno;
    *ret_free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    *ret_total_bytes = (uint64_t)space.f_blocks * space.f_frsize;
    return 0;
}
