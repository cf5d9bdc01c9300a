// SPDX-License-Identifier: Apache-2.0
#include "found.h"

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

void found_read(const struct buffer *buffer, struct found *found)
{
    char name[SEGMENT_NAME_SIZE];
    uint8_t bytes[SEGMENT_HEADER_SIZE];
    struct stat info;
    segment_name(found->id, name);
    bool known = fstatat(buffer->folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    found->not_a_file = known && !S_ISREG(info.st_mode);
    found->file_bytes = known && !found->not_a_file ? (uint64_t)info.st_size : 0;
    int fd = found->not_a_file ? -1 : buffer->disk->open(buffer->disk, buffer->folder, name, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return;
    disk_salvage(buffer->disk, fd, bytes, sizeof bytes, 0);
    found->header_reads = segment_header_read(bytes, sizeof bytes, &found->header) == 0;
    close(fd);
}

static void mint_identity(struct buffer *buffer)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t random[sizeof buffer->secret + 4];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        // Never seen after boot; still different from what this machine had before.
        uint64_t time[2] = {(uint64_t)clock_wall_us(buffer->options.clock), (uint64_t)monotonic_us()};
        memcpy(random, time, sizeof random);
    }
    memcpy(buffer->secret, random, sizeof buffer->secret);
    for (size_t i = 0; i < 4; i++)
        buffer->epoch[i] = letters[random[sizeof buffer->secret + i] % (sizeof letters - 1)];
}

void found_identity(struct buffer *buffer, const struct checkpoint *checkpoint, const struct found *found, size_t count)
{
    if (checkpoint->found) {
        memcpy(buffer->epoch, checkpoint->state.epoch, 5);
        memcpy(buffer->secret, checkpoint->state.secret, sizeof buffer->secret);
        return;
    }
    for (size_t i = count; i-- > 0;) {
        if (found[i].header_reads && found[i].header.id == found[i].id) {
            memcpy(buffer->epoch, found[i].header.epoch, 5);
            memcpy(buffer->secret, found[i].header.secret, sizeof buffer->secret);
            return;
        }
    }
    mint_identity(buffer);
}

bool found_is_ours(const struct buffer *buffer, const struct found *found)
{
    return found->header_reads && found->header.id == found->id && memcmp(found->header.epoch, buffer->epoch, 4) == 0 &&
           memcmp(found->header.secret, buffer->secret, sizeof buffer->secret) == 0;
}
