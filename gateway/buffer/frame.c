// SPDX-License-Identifier: Apache-2.0
#include "frame.h"

#include "base/number.h"
#include "streams.h"
#include <string.h>

enum {
    AT_LENGTH = 4,
    AT_FIRST = 8,
    AT_DURABLE = 16,
    AT_WALL = 24,
    AT_BOOT = 32,
    AT_FLAGS = 45,
    AT_BODY_CRC = 48,
    AT_HEAD_CRC = 52
};

static void put(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
    struct view view = {at, 4, false};
    return view_u32(&view);
}

uint32_t frame_seed(const uint8_t secret[8], uint64_t segment_id)
{
    uint8_t id[8];
    put(id, segment_id, sizeof id);
    return crc32c(crc32c(0, secret, 8), id, sizeof id);
}

void frame_begin(struct bytes *out, uint8_t type, size_t records, const void *key, size_t key_size)
{
    static const uint8_t zeros[32];
    bytes_u32(out, FRAME_MAGIC);
    bytes_u32(out, 0);
    bytes_append(out, zeros, 32);
    bytes_u16(out, (uint16_t)records);
    bytes_u16(out, (uint16_t)key_size);
    bytes_u8(out, type);
    bytes_append(out, zeros, 11);
    if (key_size > 0)
        bytes_append(out, key, key_size);
}

size_t frame_record_head(uint8_t flags)
{
    size_t unsure = flags & RECORD_UNSURE ? 8 : 0, copied = flags & RECORD_COPIED ? 16 + unsure : 0;
    return RECORD_HEADER_SIZE + unsure + copied;
}

void frame_record(struct bytes *out, const struct frame_record *record)
{
    bytes_u32(out, record->stream);
    bytes_u32(out, (uint32_t)record->size);
    bytes_u64(out, record->seq);
    bytes_u64(out, (uint64_t)record->time_us);
    bytes_u8(out, (uint8_t)(record->class | record->flags));
    if (record->flags & RECORD_UNSURE)
        bytes_u64(out, (uint64_t)record->boot_us);
    if (record->flags & RECORD_COPIED) {
        bytes_u64(out, (uint64_t)record->wall_us);
        bytes_u64(out, (uint64_t)record->committed_us);
    }
    if (record->flags & RECORD_COPIED && record->flags & RECORD_UNSURE)
        bytes_u64(out, (uint64_t)record->corrected_us);
    if (record->size > 0)
        bytes_append(out, record->payload, record->size);
}

void frame_end(struct bytes *out, size_t start)
{
    static const uint8_t zeros[8];
    size_t length = out->used - start;
    bytes_append(out, zeros, frame_padded(length) - length);
    if (!out->overflow)
        put(out->data + start + AT_LENGTH, length, 4);
}

void frame_close(uint8_t *frame, const struct frame_seal *seal)
{
    size_t length = get_u32(frame + AT_LENGTH);
    put(frame + AT_FIRST, seal->first, 8);
    put(frame + AT_DURABLE, seal->durable, 8);
    put(frame + AT_WALL, (uint64_t)seal->wall_us, 8);
    put(frame + AT_BOOT, (uint64_t)seal->boot_us, 8);
    frame[AT_FLAGS] = seal->wall_synced ? FRAME_WALL_SYNCED : 0;
    put(frame + AT_BODY_CRC, crc32c(seal->seed, frame + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE), 4);
    put(frame + AT_HEAD_CRC, crc32c(seal->seed, frame, AT_HEAD_CRC), 4);
}

size_t frame_step(const uint8_t *frame)
{
    return frame_padded(get_u32(frame + AT_LENGTH));
}

static void read_extras(struct view *view, struct frame_record *record)
{
    if (record->flags & RECORD_UNSURE)
        record->boot_us = (int64_t)view_u64(view);
    if (!(record->flags & RECORD_COPIED))
        return;
    record->wall_us = (int64_t)view_u64(view);
    record->committed_us = (int64_t)view_u64(view);
    if (record->flags & RECORD_UNSURE)
        record->corrected_us = (int64_t)view_u64(view);
}

bool frame_next_record(struct view *view, struct frame_record *ret_record)
{
    if (view->left < RECORD_HEADER_SIZE)
        return false;
    struct frame_record record = {0};
    record.stream = view_u32(view);
    record.size = view_u32(view);
    record.seq = view_u64(view);
    record.time_us = (int64_t)view_u64(view);
    uint8_t class = view_u8(view);
    record.class = class & RECORD_CLASS;
    record.flags = class & (uint8_t)~RECORD_CLASS;
    if (frame_record_head(record.flags) - RECORD_HEADER_SIZE + record.size > view->left)
        return false;
    if (record.flags & (RECORD_UNSURE | RECORD_COPIED))
        read_extras(view, &record);
    record.payload = record.size > 0 ? view_take(view, record.size) : view->data;
    *ret_record = record;
    return true;
}

int64_t frame_order_us(const struct frame *frame, const struct frame_record *record)
{
    int64_t wall_us = record->flags & RECORD_COPIED ? record->wall_us : frame->wall_us;
    return record->flags & RECORD_UNSURE ? INT64_MIN : streams_order_us(record->time_us, wall_us);
}

// A right checksum says that we wrote it, not that we were right.
static bool content_fits(const struct frame *frame)
{
    if (frame->type != FRAME_RECORDS)
        return frame->records == 0;
    struct view view = {frame->body, frame->body_size, false};
    struct frame_record record;
    size_t count = 0;
    while (frame_next_record(&view, &record))
        count++;
    return view.left == 0 && count == frame->records && count > 0;
}

static void read_head(const uint8_t *data, struct frame *ret_frame)
{
    struct view view = {data + AT_LENGTH, FRAME_HEADER_SIZE - AT_LENGTH, false};
    ret_frame->length = view_u32(&view);
    ret_frame->first = view_u64(&view);
    ret_frame->durable = view_u64(&view);
    ret_frame->wall_us = (int64_t)view_u64(&view);
    ret_frame->boot_us = (int64_t)view_u64(&view);
    ret_frame->records = view_u16(&view);
    ret_frame->key_size = view_u16(&view);
    ret_frame->type = view_u8(&view);
    ret_frame->flags = view_u8(&view);
}

static void find_body(const uint8_t *data, struct frame *frame)
{
    frame->key = data + FRAME_HEADER_SIZE;
    frame->body = frame->key + frame->key_size;
    frame->body_size = frame->length - FRAME_HEADER_SIZE - frame->key_size;
}

struct frame frame_peek(const uint8_t *data)
{
    struct frame frame;
    read_head(data, &frame);
    find_body(data, &frame);
    return frame;
}

enum frame_state frame_read(const uint8_t *data, size_t size, uint32_t seed, struct frame *ret_frame)
{
    if (size < FRAME_HEADER_SIZE) {
        ret_frame->length = FRAME_HEADER_SIZE;
        return FRAME_MORE;
    }
    if (get_u32(data) != FRAME_MAGIC || get_u32(data + AT_HEAD_CRC) != crc32c(seed, data, AT_HEAD_CRC))
        return FRAME_BAD;
    struct frame frame;
    read_head(data, &frame);
    if (frame.length < FRAME_HEADER_SIZE + (size_t)frame.key_size || frame.key_size > BUFFER_KEY_MAX ||
        frame.first == 0 || frame.first > UINT64_MAX / 2)
        return FRAME_BAD;
    if (frame.length > size) {
        ret_frame->length = frame.length;
        return FRAME_MORE;
    }
    find_body(data, &frame);
    uint32_t crc = crc32c(seed, data + FRAME_HEADER_SIZE, frame.length - FRAME_HEADER_SIZE);
    if (crc != get_u32(data + AT_BODY_CRC) || !content_fits(&frame))
        return FRAME_BAD;
    *ret_frame = frame;
    return FRAME_WHOLE;
}
