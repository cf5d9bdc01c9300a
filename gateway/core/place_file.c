// SPDX-License-Identifier: Apache-2.0
#include "place_file.h"

#include "base/number.h"
#include <errno.h>
#include <string.h>

enum { VERSION = 1, SUM_SIZE = 8, HEAD_SIZE = 8 };

/* Writing and reading are one description: `out` is appended to, or `in` is read. */
struct part {
    struct bytes *out;
    struct view *in;
};

static void number(struct part *part, uint64_t *value)
{
    if (part->out)
        bytes_u64(part->out, *value);
    else
        *value = view_u64(part->in);
}

static void moment(struct part *part, int64_t *time_us)
{
    uint64_t value = (uint64_t)*time_us;
    number(part, &value);
    *time_us = (int64_t)value;
}

static void amount(struct part *part, double *value)
{
    uint64_t bits;
    memcpy(&bits, value, sizeof bits);
    number(part, &bits);
    memcpy(value, &bits, sizeof bits);
}

static uint8_t byte(struct part *part, uint8_t value)
{
    if (!part->out)
        return view_u8(part->in);
    bytes_u8(part->out, value);
    return value;
}

static void sums(struct part *part, struct place_sums *sums)
{
    uint64_t *const counts[] = {&sums->hits, &sums->passes, &sums->dips, &sums->humps, &sums->severities};
    double *const amounts[] = {&sums->weight, &sums->north, &sums->east, &sums->cosine, &sums->sine, &sums->severity};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        number(part, counts[i]);
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        amount(part, amounts[i]);
    moment(part, &sums->first_us);
    moment(part, &sums->last_us);
}

static void hit(struct part *part, struct place_hit *hit)
{
    double *const amounts[] = {&hit->latitude, &hit->longitude,   &hit->error_m,
                               &hit->radius_m, &hit->heading_deg, &hit->severity};
    moment(part, &hit->time_us);
    number(part, &hit->vehicle);
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        amount(part, amounts[i]);
    uint8_t shape = byte(part, (uint8_t)hit->shape);
    hit->shape = shape <= PLACE_HUMP ? (enum place_shape)shape : PLACE_UNKNOWN;
}

// False when there are more hits than a place has: what follows cannot be read.
static bool whole(struct part *part, struct place *place)
{
    number(part, &place->id);
    place->is_told = byte(part, place->is_told);
    amount(part, &place->base_latitude);
    amount(part, &place->base_longitude);
    sums(part, &place->earlier);
    place->hit_count = byte(part, (uint8_t)place->hit_count);
    if (place->hit_count > PLACE_HITS_MAX)
        return false;
    for (size_t i = 0; i < place->hit_count; i++)
        hit(part, &place->hits[i]);
    return true;
}

void place_file_write(const struct places *places, struct bytes *out)
{
    uint32_t cursor = 0;
    size_t begin = out->used;
    const struct place *place;
    bytes_u32(out, VERSION);
    bytes_u32(out, (uint32_t)places_count(places));
    while ((place = places_next(places, &cursor))) {
        struct place copy = *place;
        whole(&(struct part){.out = out}, &copy);
    }
    if (!out->overflow)
        bytes_u64(out, fnv64(FNV_START, out->data + begin, out->used - begin));
}

int place_file_read(struct places *places, const uint8_t *data, size_t size)
{
    struct view view = {.data = data, .left = size}, end = {0};
    if (size < HEAD_SIZE + SUM_SIZE)
        return -EBADMSG;
    view.left = size - SUM_SIZE;
    end = (struct view){.data = data + view.left, .left = SUM_SIZE};
    if (view_u64(&end) != fnv64(FNV_START, data, view.left) || view_u32(&view) != VERSION)
        return -EBADMSG;
    bool is_sound = true;
    for (uint32_t left = view_u32(&view); left > 0 && is_sound; left--) {
        struct place place = {0};
        is_sound = whole(&(struct part){.in = &view}, &place) && !view.bad;
        if (is_sound)
            places_restore(places, &place);
    }
    return 0;
}
