// SPDX-License-Identifier: Apache-2.0
#include "coap_dedup.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { KEY_VERSION = 1, START_SIZE = 2048 };
enum { TICK_US = 100000, CON_LIFETIME_TICKS = 2470, NON_LIFETIME_TICKS = 1450 };

#define NOWHERE 0xffffffu

struct entry {
    struct dedup_digest digest;
    union {
        uint64_t ticket; // while the code is 0
        char *text;      // afterwards; may be NULL
    };
    uint32_t ticks;     // since boot, when it came; wraps around after 13 years
    uint32_t next : 24; // in its bucket
    uint32_t code : 8;
};
_Static_assert(sizeof(struct entry) == 32, "there are 64 k of them");
_Static_assert(DEDUP_ENTRIES_MAX < NOWHERE, "a place fits into `next`");
_Static_assert(sizeof(struct dedup_digest) == crypto_shorthash_siphashx24_BYTES, "a digest is all of the hash");

// A ring in order of arrival, so that the oldest is at `head`; buckets chain its places by hash, the newest first.
struct dedup {
    struct entry *ring;
    uint32_t *buckets; // as many as the ring has places
    size_t size, max, head, count;
    size_t text_bytes;
    uint64_t evicted;
    uint8_t secret[crypto_shorthash_siphashx24_KEYBYTES];
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

struct dedup_digest dedup_digest_of(const struct dedup *dedup, const struct dedup_key *key)
{
    struct dedup_digest digest;
    crypto_shorthash_siphashx24((uint8_t *)digest.words, key->bytes, sizeof key->bytes, dedup->secret);
    digest.words[1] = (digest.words[1] & ~UINT64_C(1)) | key->bytes[1];
    return digest;
}

static uint32_t *bucket_of(const struct dedup *dedup, struct dedup_digest digest)
{
    return &dedup->buckets[digest.words[0] & (dedup->size - 1)];
}

static uint32_t ticks_of(int64_t time_us)
{
    return (uint32_t)(time_us / TICK_US);
}

static int32_t lifetime_ticks(struct dedup_digest digest)
{
    return digest.words[1] & 1 ? NON_LIFETIME_TICKS : CON_LIFETIME_TICKS;
}

static bool is_alive(const struct entry *entry, int64_t now_us)
{
    return (int32_t)(ticks_of(now_us) - entry->ticks) < lifetime_ticks(entry->digest);
}

static void link_entry(struct dedup *dedup, uint32_t place)
{
    uint32_t *bucket = bucket_of(dedup, dedup->ring[place].digest);
    dedup->ring[place].next = *bucket & NOWHERE;
    *bucket = place;
}

static void unlink_entry(struct dedup *dedup, uint32_t place)
{
    uint32_t *bucket = bucket_of(dedup, dedup->ring[place].digest);
    if (*bucket == place) {
        *bucket = dedup->ring[place].next;
        return;
    }
    uint32_t before = *bucket;
    while (dedup->ring[before].next != place)
        before = dedup->ring[before].next;
    dedup->ring[before].next = dedup->ring[place].next;
}

static void drop_text(struct dedup *dedup, struct entry *entry)
{
    if (!entry->code || !entry->text)
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
    for (size_t i = 0; i < size; i++)
        buckets[i] = NOWHERE;
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
    int error = getrandom(dedup->secret, sizeof dedup->secret, 0) == sizeof dedup->secret ? 0 : -EIO;
    if (!error)
        error = resize(dedup, max < START_SIZE ? max : START_SIZE);
    if (error) {
        free(dedup);
        return error;
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

static struct entry *lookup(struct dedup *dedup, struct dedup_digest digest, int64_t now_us)
{
    for (uint32_t place = *bucket_of(dedup, digest); place != NOWHERE; place = dedup->ring[place].next) {
        struct entry *entry = &dedup->ring[place];
        if (entry->digest.words[0] == digest.words[0] && entry->digest.words[1] == digest.words[1])
            return is_alive(entry, now_us) ? entry : NULL;
    }
    return NULL;
}

bool dedup_find(struct dedup *dedup, struct dedup_digest digest, int64_t now_us, struct dedup_answer *ret_answer)
{
    const struct entry *entry = lookup(dedup, digest, now_us);
    if (!entry)
        return false;
    *ret_answer = (struct dedup_answer){.code = entry->code, .text = ""};
    if (!entry->code)
        ret_answer->ticket = entry->ticket;
    else if (entry->text)
        ret_answer->text = entry->text;
    return true;
}

static char *keep_text(struct dedup *dedup, const char *text)
{
    size_t size = strlen(text) + 1;
    if (size == 1 || size > DEDUP_TEXT_MAX + 1 || dedup->text_bytes + size > DEDUP_TEXTS_MAX_BYTES)
        return NULL;
    char *copy = strdup(text);
    if (copy)
        dedup->text_bytes += size;
    return copy;
}

static void set_answer(struct dedup *dedup, struct entry *entry, const struct dedup_answer *answer)
{
    drop_text(dedup, entry);
    entry->code = answer->code;
    if (answer->code)
        entry->text = keep_text(dedup, answer->text);
    else
        entry->ticket = answer->ticket;
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

void dedup_add(struct dedup *dedup, struct dedup_digest digest, int64_t time_us, const struct dedup_answer *answer)
{
    drop_expired(dedup, time_us);
    make_room(dedup);
    size_t place = (dedup->head + dedup->count) & (dedup->size - 1);
    uint32_t ticks = ticks_of(time_us) + (time_us % TICK_US > 0); // rounded up: no entry goes before its time
    dedup->ring[place] = (struct entry){.digest = digest, .ticks = ticks};
    dedup->count++;
    link_entry(dedup, (uint32_t)place);
    set_answer(dedup, &dedup->ring[place], answer);
}

void dedup_update(struct dedup *dedup, struct dedup_digest digest, int64_t now_us, const struct dedup_answer *answer)
{
    struct entry *entry = lookup(dedup, digest, now_us);
    if (entry)
        set_answer(dedup, entry, answer);
}

bool dedup_restore(struct dedup *dedup, const uint8_t *key, size_t size, int64_t age_us, int64_t now_us,
                   const struct dedup_answer *answer)
{
    struct dedup_key restored;
    if (size != sizeof restored.bytes || key[0] != KEY_VERSION || key[1] > 1)
        return false;
    memcpy(restored.bytes, key, size);
    struct dedup_digest digest = dedup_digest_of(dedup, &restored);
    age_us = age_us > 0 ? age_us : 0;
    if (age_us / TICK_US >= lifetime_ticks(digest) || lookup(dedup, digest, now_us))
        return false;
    dedup_add(dedup, digest, now_us - age_us, answer);
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
