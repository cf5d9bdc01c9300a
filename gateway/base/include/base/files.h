// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reads a whole regular file of at most `max` bytes into `ret` (appended; a NUL follows the content but is not counted,
// so the buffer's own maximum must leave room for max + 2).
// -EFBIG when larger, -EISDIR for a folder.
int file_read(const char *path, size_t max, struct bytes *ret, struct fault *why);

// The same for a file of secrets: refused (-EPERM) when group or others may read it.
int file_read_private(const char *path, size_t max, struct bytes *ret, struct fault *why);

// Reads a secret (a password, a token): one line, trailing white space cut. Refused (-EPERM) when group or others may
// read the file. The caller frees *ret_text.
int file_read_secret(const char *path, char **ret_text, struct fault *why);

// Writes the whole file beside its place, syncs it, renames it over the old one and syncs the folder.
int file_replace(const char *path, const void *data, size_t size, struct fault *why);

// Writes all of it at that place of the file, through interruptions and short writes. 0 or a negative errno.
int file_write_at(int fd, const void *data, size_t size, int64_t offset);

// Reads exactly that many bytes; -ENODATA when the file ends before.
int file_read_at(int fd, void *data, size_t size, int64_t offset);

// Makes the folder and its parents (mode 0750); fine when it exists.
int folder_make(const char *path, struct fault *why);

// Syncs a folder, so that names made or removed in it survive a power cut.
int folder_sync(const char *path);

// Bytes free to us and in all on the file system that holds `path`.
int folder_space(const char *path, uint64_t *ret_free_bytes, uint64_t *ret_total_bytes);
