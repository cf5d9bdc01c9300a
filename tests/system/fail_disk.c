// SPDX-License-Identifier: Apache-2.0
/*
 * A disk that fails when a test says so. Preloaded into the daemon (LD_PRELOAD), it stands before the system calls that change
 * files, counts those below one folder, and lets some of them fail. The test holds the switches: a small file that both sides
 * map, named by FAIL_DISK_CONTROL; struct control is its layout. FAIL_DISK_FOLDER is the folder.
 *
 * A write that fails has written its first half, as a disk may: what a failed call left behind is nobody's promise.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct control {
    _Atomic uint64_t calls;       // so many calls came so far, over all processes
    _Atomic uint64_t first, last; // calls first <= n < last fail; counted from 1
    _Atomic uint64_t failed;      // so many did
    _Atomic int64_t error;        // with this errno
    char names[4000];             // one letter a call, for people: w s o t a u r
};

static struct control *control;
static char folder[PATH_MAX];

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("FAIL_DISK_CONTROL"), *below = getenv("FAIL_DISK_FOLDER");
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    int fd = path && below ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    snprintf(folder, sizeof folder, "%s", below);
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    control = page == MAP_FAILED ? NULL : page;
    close(fd);
}

static bool path_is_ours(const char *path)
{
    size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0' || path[size] == ' ');
}

static bool fd_is_ours(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return false;
    path[size] = '\0';
    return path_is_ours(path);
}

static bool name_is_ours(int at, const char *name)
{
    return name[0] == '/' ? path_is_ours(name) : at != AT_FDCWD && fd_is_ours(at);
}

// Whether this call is to fail; errno is set then.
static bool fails(bool ours, char letter)
{
    if (!control || !ours)
        return false;
    uint64_t number = atomic_fetch_add(&control->calls, 1) + 1;
    if (number < sizeof control->names)
        control->names[number] = letter;
    if (number < atomic_load(&control->first) || number >= atomic_load(&control->last))
        return false;
    atomic_fetch_add(&control->failed, 1);
    errno = (int)atomic_load(&control->error);
    return true;
}

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

static bool write_fails(int fd)
{
    int before = errno;
    bool failed = fails(control && fd_is_ours(fd), 'w');
    if (!failed)
        errno = before;
    return failed;
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (!write_fails(fd))
        return REAL(write, fd, data, size);
    int error = errno;
    ssize_t half = REAL(write, fd, data, size / 2);
    errno = error;
    return half < 0 ? half : -1;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    if (!write_fails(fd))
        return REAL(pwrite64, fd, data, size, offset);
    int error = errno;
    ssize_t half = REAL(pwrite64, fd, data, size / 2, offset);
    errno = error;
    return half < 0 ? half : -1;
}

int fdatasync(int fd)
{
    return fails(control && fd_is_ours(fd), 's') ? -1 : REAL(fdatasync, fd);
}

int fsync(int fd)
{
    return fails(control && fd_is_ours(fd), 's') ? -1 : REAL(fsync, fd);
}

int ftruncate64(int fd, off64_t size)
{
    return fails(control && fd_is_ours(fd), 't') ? -1 : REAL(ftruncate64, fd, size);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t size)
{
    return fails(control && fd_is_ours(fd), 'a') ? -1 : REAL(fallocate64, fd, mode, offset, size);
}

int unlinkat(int at, const char *name, int flags)
{
    return fails(name_is_ours(at, name), 'u') ? -1 : REAL(unlinkat, at, name, flags);
}

int unlink(const char *name)
{
    return fails(name_is_ours(AT_FDCWD, name), 'u') ? -1 : REAL(unlink, name);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    return fails(name_is_ours(from_at, from), 'r') ? -1 : REAL(renameat, from_at, from, to_at, to);
}

int rename(const char *from, const char *to)
{
    return fails(name_is_ours(AT_FDCWD, from), 'r') ? -1 : REAL(rename, from, to);
}

// Only what opens to write, and the folder that is opened to be synced: reading is not the way of a reading to the disk.
static bool open_fails(int at, const char *name, int flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || strcmp(name, ".") == 0;
    return writes && fails(name_is_ours(at, name), 'o');
}

int openat64(int at, const char *name, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_fails(at, name, flags) ? -1 : REAL(openat64, at, name, flags, mode);
}

int open64(const char *name, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_fails(AT_FDCWD, name, flags) ? -1 : REAL(open64, name, flags, mode);
}
