// SPDX-License-Identifier: Apache-2.0
#include "coap_dedup.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_VERSION = 1, START_SIZE = 256 };

#define CON_LIFETIME_US (INT64_C(247) * 1000000)
#define NON_LIFETIME_US (INT64_C(145) * 1000000)
#define NOWHERE UINT32_MAX

struct entry {
    struct dedup_key key;
    uint8_t code;
    uint32_t next; // in its bucket
    int64_t time_us;
    uint64_t ticket;
    char *text;
};

// A ring in order of arrival, so that the oldest is at `head`; buckets chain its places by hash, the newest first.
struct dedup {
    struct entry *ring;
    uint32_t *buckets; // as many as the ring has places
    size_t size, max, head, count;
    size_t text_bytes;
    uint64_t evicted;
};

static uint8_t *put_big_endian(uint8_t *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
    return at + size;
}

struct dedup_key dedup_key_of(const struct dedup_message *message)
{
    struct dedup_key key = {0};
    size_t token_size = message->token_size < 8 ? message->token_size : 8;
    uint8_t *at = key.bytes;
    *at++ = KEY_VERSION;
    *at++ = message->confirmable ? 0 : 1;
    at = put_big_endian(at, message->id, 2);
    *at++ = (uint8_t)token_size;
    if (token_size)
        memcpy(at, message->token, token_size);
    at += 8;
    memcpy(at, message->address, sizeof message->address);
    at += sizeof message->address;
    at = put_big_endian(at, message->port, 2);
    at = put_big_endian(at, message->scope, 4);
    at = put_big_endian(at, message->payload_size, 4);
    put_big_endian(at, message->hash, 8);
    return key;
}

// By words of eight bytes: this is asked five times for a request. The last word overlaps the one before.
static size_t bucket_of(const struct dedup *dedup, const struct dedup_key *key)
{
    uint64_t hash = 0;
    for (size_t at = 0; at < DEDUP_KEY_SIZE; at += sizeof hash) {
        uint64_t word;
        size_t from = at + sizeof word <= DEDUP_KEY_SIZE ? at : DEDUP_KEY_SIZE - sizeof word;
        memcpy(&word, key->bytes + from, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return (size_t)hash & (dedup->size - 1);
}

static bool is_alive(const struct entry *entry, int64_t now_us)
{
    int64_t lifetime_us = entry->key.bytes[1] == 0 ? CON_LIFETIME_US : NON_LIFETIME_US;
    return now_us - entry->time_us < lifetime_us;
}

static void link_entry(struct dedup *dedup, uint32_t place)
{
    uint32_t *bucket = &dedup->buckets[bucket_of(dedup, &dedup->ring[place].key)];
    dedup->ring[place].next = *bucket;
    *bucket = place;
}

static void unlink_entry(struct dedup *dedup, uint32_t place)
{
    uint32_t *at = &dedup->buckets[bucket_of(dedup, &dedup->ring[place].key)];
    while (*at != place)
        at = &dedup->ring[*at].next;
    *at = dedup->ring[place].next;
}

static void drop_text(struct dedup *dedup, struct entry *entry)
{
    if (!entry->text)
        return;
    dedup->text_bytes -= strlen(entry->text) + 1;
    free(entry->text);
    entry->text = NULL;
}

static void drop_oldest(struct dedup *dedup)
{
    struct entry *entry = &dedup->ring[dedup->head];
    unlink_entry(dedup, (uint32_t)dedup->head);
    drop_text(dedup, entry);
    dedup->head = (dedup->head + 1) & (dedup->size - 1);
    dedup->count--;
}

static void drop_expired(struct dedup *dedup, int64_t now_us)
{
    while (dedup->count > 0 && !is_alive(&dedup->ring[dedup->head], now_us))
        drop_oldest(dedup);
}

static int resize(struct dedup *dedup, size_t size)
{
    struct entry *ring = malloc(size * sizeof *ring);
    uint32_t *buckets = malloc(size * sizeof *buckets);
    if (!ring || !buckets) {
        free(ring);
        free(buckets);
        return -ENOMEM;
    }
    memset(buckets, 0xff, size * sizeof *buckets);
    for (size_t i = 0; i < dedup->count; i++)
        ring[i] = dedup->ring[(dedup->head + i) & (dedup->size - 1)];
    free(dedup->ring);
    free(dedup->buckets);
    dedup->ring = ring;
    dedup->buckets = buckets;
    dedup->size = size;
    dedup->head = 0;
    for (size_t i = 0; i < dedup->count; i++)
        link_entry(dedup, (uint32_t)i);
    return 0;
}

int dedup_create(size_t max, struct dedup **ret_dedup)
{
    struct dedup *dedup = calloc(1, sizeof *dedup);
    if (!dedup)
        return -ENOMEM;
    dedup->max = max;
    if (resize(dedup, max < START_SIZE ? max : START_SIZE) < 0) {
        free(dedup);
        return -ENOMEM;
    }
    *ret_dedup = dedup;
    return 0;
}

void dedup_destroy(struct dedup *dedup)
{
    if (!dedup)
        return;
    while (dedup->count > 0)
        drop_oldest(dedup);
    free(dedup->ring);
    free(dedup->buckets);
    free(dedup);
}

static struct entry *lookup(struct dedup *dedup, const struct dedup_key *key, int64_t now_us)
{
    for (uint32_t place = dedup->buckets[bucket_of(dedup, key)]; place != NOWHERE; place = dedup->ring[place].next) {
        struct entry *entry = &dedup->ring[place];
        if (memcmp(entry->key.bytes, key->bytes, sizeof key->bytes) == 0)
            return is_alive(entry, now_us) ? entry : NULL;
    }
    return NULL;
}

bool dedup_find(struct dedup *dedup, const struct dedup_key *key, int64_t now_us, struct dedup_answer *ret_answer)
{
    const struct entry *entry = lookup(dedup, key, now_us);
    if (!entry)
        return false;
    *ret_answer =
        (struct dedup_answer){.code = entry->code, .text = entry->text ? entry->text : "", .ticket = entry->ticket};
    return true;
}

static void set_answer(struct dedup *dedup, struct entry *entry, const struct dedup_answer *answer)
{
    drop_text(dedup, entry);
    entry->code = answer->code;
    entry->ticket = answer->ticket;
    size_t size = strlen(answer->text) + 1;
    if (size == 1 || size > DEDUP_TEXT_MAX + 1 || dedup->text_bytes + size > DEDUP_TEXTS_MAX_BYTES)
        return;
    entry->text = strdup(answer->text);
    if (entry->text)
        dedup->text_bytes += size;
}

static void make_room(struct dedup *dedup)
{
    if (dedup->count < dedup->size)
        return;
    if (dedup->size < dedup->max && resize(dedup, dedup->size * 2) == 0)
        return;
    drop_oldest(dedup);
    dedup->evicted++;
}

void dedup_add(struct dedup *dedup, const struct dedup_key *key, int64_t time_us, const struct dedup_answer *answer)
{
    drop_expired(dedup, time_us);
    make_room(dedup);
    size_t place = (dedup->head + dedup->count) & (dedup->size - 1);
    dedup->ring[place] = (struct entry){.key = *key, .time_us = time_us};
    dedup->count++;
    link_entry(dedup, (uint32_t)place);
    set_answer(dedup, &dedup->ring[place], answer);
}

void dedup_update(struct dedup *dedup, const struct dedup_key *key, int64_t now_us, const struct dedup_answer *answer)
{
    struct entry *entry = lookup(dedup, key, now_us);
    if (entry)
        set_answer(dedup, entry, answer);
}

bool dedup_restore(struct dedup *dedup, const uint8_t *key, size_t size, int64_t age_us, int64_t now_us,
                   const struct dedup_answer *answer)
{
    struct entry restored = {.time_us = now_us - (age_us > 0 ? age_us : 0)};
    if (size != sizeof restored.key.bytes || key[0] != KEY_VERSION || key[1] > 1)
        return false;
    memcpy(restored.key.bytes, key, size);
    if (!is_alive(&restored, now_us) || lookup(dedup, &restored.key, now_us))
        return false;
    dedup_add(dedup, &restored.key, restored.time_us, answer);
    return true;
}

size_t dedup_count(struct dedup *dedup, int64_t now_us)
{
    drop_expired(dedup, now_us);
    return dedup->count;
}

uint64_t dedup_evicted(const struct dedup *dedup)
{
    return dedup->evicted;
}
