// SPDX-License-Identifier: Apache-2.0
#include "mqtt_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct reply *free_place(struct replies *replies)
{
    for (size_t i = 0; i < REPLIES_MAX; i++) {
        if (replies->list[i].state == REPLY_NONE) {
            return &replies->list[i];
        }
    }
    return NULL;
}

int replies_put(struct replies *replies, const struct outlet_command *command, const char *json, size_t size)
{
    struct reply *reply = free_place(replies);
    bool fits = reply && replies->bytes + size <= REPLIES_BYTES_MAX;
    char *copy = fits && size <= OUTLET_REPLY_MAX ? malloc(size + 1) : NULL; // never of size 0, which may be NULL
    if (!copy) {
        replies->dropped++;
        return size > OUTLET_REPLY_MAX ? -EFBIG : fits ? -ENOMEM : -ENOBUFS;
    }
    memcpy(copy, json, size);
    *reply = (struct reply){
        .state = REPLY_WAITING, .turn = replies->turns++, .command = *command, .json = copy, .size = size};
    reply->command.payload = NULL;
    replies->bytes += size;
    return 0;
}

struct reply *replies_take(struct replies *replies, size_t *ret_index)
{
    struct reply *oldest = NULL;
    for (size_t i = 0; i < REPLIES_MAX; i++) {
        struct reply *reply = &replies->list[i];
        if (reply->state == REPLY_WAITING && (!oldest || reply->turn < oldest->turn)) {
            oldest = reply;
            *ret_index = i;
        }
    }
    if (oldest) {
        oldest->state = REPLY_SENT;
    }
    return oldest;
}

void replies_settle(struct replies *replies, size_t index, bool dropped)
{
    struct reply *reply = &replies->list[index];
    replies->bytes -= reply->size;
    replies->dropped += dropped;
    free(reply->json);
    *reply = (struct reply){0};
}

void replies_again(struct replies *replies, size_t index)
{
    if (replies->list[index].state == REPLY_SENT) {
        replies->list[index].state = REPLY_WAITING;
    }
}

void replies_finish(struct replies *replies)
{
    for (size_t i = 0; i < REPLIES_MAX; i++) {
        free(replies->list[i].json);
    }
    *replies = (struct replies){0};
}
