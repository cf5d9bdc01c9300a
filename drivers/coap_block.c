// SPDX-License-Identifier: Apache-2.0
#include "coap_block.h"
#include <stdlib.h>
#include <string.h>

enum { EXPONENT_RESERVED = 7 };

struct body {
    struct body_owner owner;
    uint64_t tag;
    int format;
    int64_t last_us; // when its last part came
    uint8_t *data;
    size_t size, room;
};

struct bodies {
    size_t max, count;
    uint64_t given_up;
    struct body all[BODIES_MAX];
    uint8_t *whole; // the last that was complete; the caller reads it
};

struct bodies *bodies_create(size_t max)
{
    struct bodies *bodies = calloc(1, sizeof *bodies);
    if (bodies)
        bodies->max = max;
    return bodies;
}

void bodies_destroy(struct bodies *bodies)
{
    if (!bodies)
        return;
    for (size_t i = 0; i < bodies->count; i++)
        free(bodies->all[i].data);
    free(bodies->whole);
    free(bodies);
}

static void forget(struct bodies *bodies, struct body *body)
{
    free(body->data);
    *body = bodies->all[--bodies->count];
}

static void forget_old(struct bodies *bodies, int64_t now_us)
{
    for (size_t i = bodies->count; i-- > 0;) {
        if (now_us - bodies->all[i].last_us < BODY_LIFETIME_US)
            continue;
        forget(bodies, &bodies->all[i]);
        bodies->given_up++;
    }
}

static struct body *find(const struct bodies *bodies, const struct body_owner *owner)
{
    for (size_t i = 0; i < bodies->count; i++)
        if (memcmp(&bodies->all[i].owner, owner, sizeof *owner) == 0)
            return (struct body *)&bodies->all[i];
    return NULL;
}

static void make_room(struct bodies *bodies)
{
    struct body *oldest = &bodies->all[0];
    for (size_t i = 1; i < bodies->count; i++)
        if (bodies->all[i].last_us < oldest->last_us)
            oldest = &bodies->all[i];
    forget(bodies, oldest);
    bodies->given_up++;
}

static struct body *begin(struct bodies *bodies, const struct body_part *part)
{
    struct body *body = find(bodies, &part->owner);
    if (body)
        forget(bodies, body);
    if (bodies->count == BODIES_MAX)
        make_room(bodies);
    body = &bodies->all[bodies->count++];
    *body = (struct body){.owner = part->owner, .tag = part->tag, .format = part->format};
    return body;
}

static bool grow(struct bodies *bodies, struct body *body, size_t size)
{
    if (size <= body->room)
        return true;
    size_t room = 2 * size < bodies->max ? 2 * size : bodies->max;
    uint8_t *data = realloc(body->data, room);
    if (!data)
        return false;
    body->data = data;
    body->room = room;
    return true;
}

// A part that came before under another message id changes nothing.
static bool is_known(const struct body *body, size_t offset, const struct body_part *part)
{
    return offset + part->size <= body->size && memcmp(body->data + offset, part->data, part->size) == 0;
}

static enum body_result append(struct bodies *bodies, struct body *body, size_t offset, const struct body_part *part)
{
    if (body->format != part->format || body->tag != part->tag || offset > body->size)
        return BODY_GAP;
    if (offset < body->size)
        return part->block & BLOCK_MORE && is_known(body, offset, part) ? BODY_MORE : BODY_GAP;
    if (part->size > bodies->max - offset)
        return BODY_TOO_LONG;
    if (!grow(bodies, body, offset + part->size))
        return BODY_NO_ROOM;
    if (part->size > 0)
        memcpy(body->data + offset, part->data, part->size);
    body->size += part->size;
    return part->block & BLOCK_MORE ? BODY_MORE : BODY_WHOLE;
}

static void hand_over(struct bodies *bodies, struct body *body, const uint8_t **ret_body, size_t *ret_size)
{
    bodies->whole = body->data;
    *ret_body = body->data ? body->data : (const uint8_t *)"";
    *ret_size = body->size;
    body->data = NULL;
    forget(bodies, body);
}

enum body_result bodies_take(struct bodies *bodies, const struct body_part *part, int64_t now_us,
                             const uint8_t **ret_body, size_t *ret_size)
{
    free(bodies->whole);
    bodies->whole = NULL;
    forget_old(bodies, now_us);

    unsigned exponent = part->block & BLOCK_EXPONENT;
    size_t block_size = (size_t)16 << exponent, offset = BLOCK_NUMBER(part->block) * block_size;
    bool is_last = !(part->block & BLOCK_MORE);
    if (exponent == EXPONENT_RESERVED || part->size > block_size || (!is_last && part->size < block_size))
        return BODY_WRONG;
    struct body *body = offset == 0 ? begin(bodies, part) : find(bodies, &part->owner);
    if (!body)
        return BODY_GAP;
    enum body_result result = part->announced > bodies->max ? BODY_TOO_LONG : append(bodies, body, offset, part);
    body->last_us = now_us;
    if (result == BODY_WHOLE)
        hand_over(bodies, body, ret_body, ret_size);
    else if (result != BODY_MORE && result != BODY_NO_ROOM)
        forget(bodies, body);
    return result;
}

bool bodies_has(const struct bodies *bodies, const struct body_owner *owner)
{
    return find(bodies, owner) != NULL;
}

size_t bodies_count(const struct bodies *bodies)
{
    return bodies->count;
}

uint64_t bodies_given_up(const struct bodies *bodies)
{
    return bodies->given_up;
}
