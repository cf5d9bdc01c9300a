// SPDX-License-Identifier: Apache-2.0
#include "gnss.h"
#include "base/messages.h"
#include "frames.h"
#include <string.h>

/*
 *   NMEA   '$'  talker, type and fields: printable characters   CR LF
 *   UBX    B5 62   2 class   3 id   4-5 size n   6 payload   6+n CK_A   7+n CK_B
 *
 * The payload of UBX may hold anything, also what looks like a beginning. So a message is believed for its checksum, a sentence
 * ends before the first byte that cannot be in one, and of what is broken no more is thrown away than up to the next beginning.
 */

enum { START = 3, UBX_AROUND = 8 };

static bool is_printable(uint8_t c)
{
    return c >= ' ' && c <= '~';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// '!' begins the sentences of ships' radios.
static bool is_sentence(const uint8_t *data, size_t size)
{
    bool begins = data[0] == '$' || data[0] == '!';
    for (size_t i = 1; i < START && i < size; i++)
        begins = begins && is_letter(data[i]);
    return begins;
}

static bool is_message(const uint8_t *data, size_t size)
{
    return data[0] == 0xb5 && (size < 2 || data[1] == 0x62);
}

// Where a frame may begin, `size` when nowhere.
static size_t next_start(const uint8_t *data, size_t size, size_t from)
{
    while (from < size && !is_sentence(data + from, size - from) && !is_message(data + from, size - from))
        from++;
    return from;
}

static bool is_blank(uint8_t c)
{
    return c == '\r' || c == '\n' || c == ' ' || c == 0;
}

static enum codec_result refuse(enum refusal refusal, size_t used, size_t *ret_used, enum refusal *ret_refusal)
{
    *ret_used = used;
    *ret_refusal = refusal;
    return CODEC_REFUSED;
}

static enum codec_result take_gap(const uint8_t *data, size_t size, size_t *ret_used, enum refusal *ret_refusal,
                                  struct fault *why)
{
    size_t blanks = 0;
    while (blanks < size && is_blank(data[blanks]))
        blanks++;
    if (blanks) {
        *ret_used = blanks;
        return CODEC_TAKEN;
    }
    size_t gap = next_start(data, size, 0);
    fault_set(why, 0, _("%zu bytes that are no sentence and no UBX message (is the baud rate right?)"), gap);
    return refuse(REFUSAL_SYNTAX, gap, ret_used, ret_refusal);
}

static enum codec_result find_sentence(const uint8_t *data, size_t size, struct frame *ret_frame, size_t *ret_used,
                                       enum refusal *ret_refusal, struct fault *why)
{
    size_t end = 1;
    while (end < size && end < SENTENCE_MAX && is_printable(data[end]) && data[end] != '$')
        end++;
    if (end == SENTENCE_MAX) {
        fault_set(why, 0, _("a sentence is longer than %d bytes"), SENTENCE_MAX);
        return refuse(REFUSAL_LENGTH, next_start(data, size, end), ret_used, ret_refusal);
    }
    if (end == size)
        return CODEC_NEED_MORE;
    if (data[end] != '\r' && data[end] != '\n') {
        fault_set(why, 0, _("a sentence breaks off after %zu bytes"), end);
        return refuse(REFUSAL_SYNTAX, next_start(data, size, 1), ret_used, ret_refusal);
    }
    *ret_used = end + 1;
    *ret_frame = (struct frame){.data = data, .size = end};
    return CODEC_TAKEN;
}

bool gnss_is_ubx(const struct frame *frame)
{
    const uint8_t *data = frame->data;
    uint8_t a = 0, b = 0;
    if (frame->size < UBX_AROUND || !is_message(data, frame->size) ||
        frame->size != UBX_AROUND + (size_t)le16(data + 4))
        return false;
    for (size_t i = 2; i < frame->size - 2; i++) {
        a = (uint8_t)(a + data[i]);
        b = (uint8_t)(b + a);
    }
    return a == data[frame->size - 2] && b == data[frame->size - 1];
}

static enum codec_result find_message(const uint8_t *data, size_t size, struct frame *ret_frame, size_t *ret_used,
                                      enum refusal *ret_refusal, struct fault *why)
{
    struct frame frame = {.data = data, .size = size < UBX_AROUND ? UBX_AROUND : UBX_AROUND + (size_t)le16(data + 4)};
    if (frame.size <= GNSS_FRAME_MAX && size < frame.size)
        return CODEC_NEED_MORE;
    if (frame.size > GNSS_FRAME_MAX) {
        fault_set(why, 0, _("a UBX message of %zu bytes; expected %d at most"), frame.size, GNSS_FRAME_MAX);
        return refuse(REFUSAL_LENGTH, next_start(data, size, 1), ret_used, ret_refusal);
    }
    if (!gnss_is_ubx(&frame)) {
        fault_set(why, 0, _("the checksum of a UBX message is wrong"));
        return refuse(REFUSAL_CHECKSUM, next_start(data, size, 1), ret_used, ret_refusal);
    }
    *ret_used = frame.size;
    *ret_frame = frame;
    return CODEC_TAKEN;
}

enum codec_result gnss_delimit(const struct codec *codec, const uint8_t *data, size_t size, struct frame *ret_frame,
                               size_t *ret_used, enum refusal *ret_refusal, struct fault *why)
{
    (void)codec;
    if (size == 0)
        return CODEC_NEED_MORE;
    if (is_sentence(data, size))
        return find_sentence(data, size, ret_frame, ret_used, ret_refusal, why);
    if (is_message(data, size))
        return find_message(data, size, ret_frame, ret_used, ret_refusal, why);
    return take_gap(data, size, ret_used, ret_refusal, why);
}

void gnss_time(struct raw_pack *pack, int64_t time_us)
{
    for (size_t i = 0; i < pack->count; i++) {
        pack->values[i].time = RAW_TIME_ABSOLUTE;
        pack->values[i].time_us = time_us;
    }
}
