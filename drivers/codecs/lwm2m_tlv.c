// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * LwM2M TLV (OMA LwM2M 1.0 section 6.4.3, Content-Format 11542): resources of one object, big-endian.
 *
 *   byte 0    bits 7-6  0 object instance, 1 resource instance, 2 multiple resource, 3 resource with a value
 *             bit  5    the identifier has 16 bits, else 8
 *             bits 4-3  the length has so many bytes; with 0 it stands in bits 2-0
 *   identifier, length, value; the value of 0 and 2 is TLVs again
 *
 * TLV says neither of which object a resource is (the path of the message does, else the sensor's kind) nor what type its
 * value has: that is the object's affair, so only resources of the table are read, and others are passed over.
 */

enum kind_of_tlv { OBJECT_INSTANCE, RESOURCE_INSTANCE, MULTIPLE_RESOURCE, RESOURCE };
enum { WIDE = 1 << 5, DEPTH_MAX = 3, TIMESTAMP = 5518, FRACTION = 6050 };

static const struct resource {
    unsigned object, id;
    enum { BOOLEAN, INTEGER, FLOAT } type;
} resources[] = {
    {3302, 5500, BOOLEAN}, {3303, 5700, FLOAT},     {3304, 5700, FLOAT},  {3313, 5702, FLOAT}, {3313, 5703, FLOAT},
    {3313, 5704, FLOAT},   {3330, 5700, FLOAT},     {3336, 5705, FLOAT},  {3336, 6051, FLOAT}, {3336, 6052, FLOAT},
    {3431, 1, BOOLEAN},    {3431, 2, INTEGER},      {3431, 3, INTEGER},   {3431, 4, BOOLEAN},  {3432, 1, INTEGER},
    {3432, 3, INTEGER},    {3434, 1, INTEGER},      {3434, 2, INTEGER},   {3434, 3, INTEGER},  {3434, 5, INTEGER},
    {3434, 6, INTEGER},    {0, TIMESTAMP, INTEGER}, {0, FRACTION, FLOAT}, // of any object
};

struct tlv {
    enum kind_of_tlv kind;
    unsigned id;
    const uint8_t *value;
    size_t size;
};

struct walk {
    const struct frame *frame;
    struct raw_pack *pack;
    struct fault *why;
    double timestamp_s, fraction_s;
};

static uint64_t big_endian(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

// Bytes used, 0 when the rest is no whole TLV.
static size_t read_tlv(const uint8_t *at, size_t left, struct tlv *ret_tlv)
{
    if (left < 2)
        return 0;
    size_t id_size = at[0] & WIDE ? 2 : 1, length_size = at[0] >> 3 & 3, head = 1 + id_size + length_size;
    if (left < head)
        return 0;
    size_t size = length_size ? (size_t)big_endian(at + 1 + id_size, length_size) : at[0] & 7u;
    if (size > left - head)
        return 0;
    *ret_tlv = (struct tlv){at[0] >> 6, (unsigned)big_endian(at + 1, id_size), at + head, size};
    return head + size;
}

static const struct resource *find_resource(unsigned object, unsigned id)
{
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
        if (resources[i].id == id && (resources[i].object == object || resources[i].object == 0))
            return &resources[i];
    return NULL;
}

static bool read_float(const struct tlv *tlv, double *ret_number)
{
    uint64_t bits = big_endian(tlv->value, tlv->size <= 8 ? tlv->size : 0);
    uint32_t low = (uint32_t)bits;
    float single;
    memcpy(&single, &low, sizeof single);
    memcpy(ret_number, &bits, sizeof bits);
    if (tlv->size == 4)
        *ret_number = single;
    return (tlv->size == 4 || tlv->size == 8) && isfinite(*ret_number);
}

static bool read_integer(const struct tlv *tlv, double *ret_number)
{
    if (tlv->size != 1 && tlv->size != 2 && tlv->size != 4 && tlv->size != 8)
        return false;
    unsigned unused = 64 - 8 * (unsigned)tlv->size;
    *ret_number = (double)((int64_t)(big_endian(tlv->value, tlv->size) << unused) >> unused);
    return true;
}

static bool read_number(const struct resource *resource, const struct tlv *tlv, double *ret_number)
{
    if (resource->type == FLOAT)
        return read_float(tlv, ret_number);
    return read_integer(tlv, ret_number) && (resource->type == INTEGER || *ret_number == 0 || *ret_number == 1);
}

static bool put(struct walk *walk, const struct resource *resource, unsigned instance, double number)
{
    char path[40];
    int size = snprintf(path, sizeof path, "%u/%u/%u", resource->object, instance, resource->id);
    const char *name = raw_pack_copy(walk->pack, path, (size_t)size);
    if (!name)
        return false;
    return resource->type == BOOLEAN ? raw_pack_bool(walk->pack, name, number != 0)
                                     : raw_pack_number(walk->pack, name, "", number);
}

static enum refusal take_resource(struct walk *walk, const struct tlv *tlv, unsigned instance)
{
    const struct resource *resource = find_resource(walk->frame->object, tlv->id);
    double number;
    if (!resource)
        return REFUSAL_NONE;
    if (!read_number(resource, tlv, &number)) {
        fault_set(walk->why, 0, _("resource %u of object %u has a value of %zu bytes that is none of its type"),
                  tlv->id, walk->frame->object, tlv->size);
        return REFUSAL_SYNTAX;
    }
    if (tlv->id == TIMESTAMP)
        walk->timestamp_s = number;
    else if (tlv->id == FRACTION)
        walk->fraction_s = number;
    else if (!put(walk, resource, instance, number))
        return frame_refuse_size(walk->frame, _("fewer values"), walk->why);
    return REFUSAL_NONE;
}

static enum refusal walk_tlvs(struct walk *walk, const uint8_t *data, size_t size, unsigned instance, int depth)
{
    struct tlv tlv;
    for (size_t at = 0, used; at < size; at += used) {
        used = depth < DEPTH_MAX ? read_tlv(data + at, size - at, &tlv) : 0;
        if (!used) {
            fault_set(walk->why, 0, _("byte %zu of the frame begins no whole TLV"),
                      (size_t)(data + at - walk->frame->data));
            return REFUSAL_SYNTAX;
        }
        enum refusal refusal = REFUSAL_NONE;
        if (tlv.kind == OBJECT_INSTANCE)
            refusal = walk_tlvs(walk, tlv.value, tlv.size, tlv.id, depth + 1);
        else if (tlv.kind == RESOURCE)
            refusal = take_resource(walk, &tlv, instance);
        if (refusal)
            return refusal;
    }
    return REFUSAL_NONE;
}

// The object's own timestamp (5518, with 6050) is the time of all its values.
static void put_time(struct walk *walk)
{
    double time_s = walk->timestamp_s + walk->fraction_s;
    if (!(walk->timestamp_s > 0) || time_s > 1e11)
        return;
    for (size_t i = 0; i < walk->pack->count; i++) {
        walk->pack->values[i].time = RAW_TIME_ABSOLUTE;
        walk->pack->values[i].time_us = llround(time_s * 1e6);
    }
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    struct walk walk = {.frame = frame, .pack = pack, .why = why};
    if (frame->size == 0)
        return frame_refuse_size(frame, _("at least 3"), why);
    enum refusal refusal = walk_tlvs(&walk, frame->data, frame->size, 0, 0);
    if (!refusal)
        put_time(&walk);
    return refusal;
}

const struct codec codec_lwm2m_tlv = {
    .name = "lwm2m-tlv",
    .description = N_("LwM2M TLV of one object, such as 3431 parking sensor"),
    .content_format = 11542,
    .parse = parse,
};
