// SPDX-License-Identifier: Apache-2.0
#include "replay.h"

#include <errno.h>

enum { LOOKS_AT_ONCE = 16 }; // then others have their turn

void replays_init(struct replays *replays)
{
    *replays = (struct replays){0};
    pthread_mutex_init(&replays->lock, NULL);
}

void replays_finish(struct replays *replays)
{
    pthread_mutex_destroy(&replays->lock);
}

int replays_add(struct replays *replays, const struct replay_wish *wish)
{
    pthread_mutex_lock(&replays->lock);
    bool full = replays->count == REPLAYS_MAX;
    if (!full) {
        replays->list[replays->count++] = *wish;
        replays->asked++;
    }
    pthread_mutex_unlock(&replays->lock);
    return full ? -EBUSY : 0;
}

static bool first_wish(struct replays *replays, struct replay_wish *ret_wish)
{
    pthread_mutex_lock(&replays->lock);
    bool some = replays->count > 0;
    *ret_wish = replays->list[0];
    pthread_mutex_unlock(&replays->lock);
    return some;
}

// Only the reading thread removes, so the first one is still the same.
static bool go_on_at(struct replays *replays, uint64_t next)
{
    pthread_mutex_lock(&replays->lock);
    replays->list[0].next = next;
    if (next >= replays->list[0].end) {
        replays->finished++;
        replays->count--;
        for (size_t i = 0; i < replays->count; i++)
            replays->list[i] = replays->list[i + 1];
    }
    bool more = replays->count > 0;
    pthread_mutex_unlock(&replays->lock);
    return more;
}

static bool is_wished(const struct replay_wish *wish, const struct buffer_item *item)
{
    int64_t time_us = item->corrected_us ? item->corrected_us : item->time_us;
    if (item->number >= wish->end || (wish->one_sensor && item->stream != wish->stream))
        return false;
    return wish->by_seq ? item->seq >= wish->from_seq && item->seq <= wish->to_seq
                        : time_us >= wish->from_us && time_us < wish->to_us;
}

static void keep_wished(const struct replay_wish *wish, struct buffer_batch *batch)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (is_wished(wish, &batch->items[i]))
            batch->items[kept++] = batch->items[i];
    batch->count = kept;
}

int replays_read(struct replays *replays, struct buffer *buffer, size_t max_records, size_t max_bytes,
                 struct buffer_batch *ret_batch, bool *ret_more)
{
    struct replay_wish wish;
    int error = 0;
    ret_batch->count = 0;
    *ret_more = false;
    for (int looks = 0; !error && ret_batch->count == 0 && looks < LOOKS_AT_ONCE && first_wish(replays, &wish);
         looks++) {
        error = buffer_read(buffer, wish.next, max_records, max_bytes, ret_batch);
        if (error)
            break;
        bool ended = ret_batch->next <= wish.next; // nothing more is kept
        keep_wished(&wish, ret_batch);
        *ret_more = go_on_at(replays, ended ? wish.end : ret_batch->next);
    }
    return error;
}

void replays_arrived(struct replays *replays, size_t readings)
{
    pthread_mutex_lock(&replays->lock);
    replays->readings += readings;
    pthread_mutex_unlock(&replays->lock);
}
