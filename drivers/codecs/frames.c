// SPDX-License-Identifier: Apache-2.0
#include "frames.h"
#include "base/messages.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_blank(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != ' ' && data[i] != '\t' && data[i] != '\r')
            return false;
    return true;
}

static enum codec_result refuse_length(size_t used, size_t *ret_used, enum refusal *ret_refusal)
{
    *ret_used = used;
    *ret_refusal = REFUSAL_LENGTH;
    return CODEC_REFUSED;
}

enum codec_result frame_line(const struct codec *codec, const uint8_t *data, size_t size, struct frame *ret_frame,
                             size_t *ret_used, enum refusal *ret_refusal, struct fault *why)
{
    size_t line_max = codec->frame_max;
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    if (!end && size <= line_max)
        return CODEC_NEED_MORE;
    if (!end) {
        fault_set(why, 0, _("no end of line within %zu bytes; expected one frame a line (is the baud rate right?)"),
                  line_max);
        return refuse_length(size - line_max, ret_used, ret_refusal);
    }
    size_t line = (size_t)(end - data), used = line + 1;
    if (used > line_max) {
        fault_set(why, 0, _("a line is longer than %zu bytes"), line_max);
        return refuse_length(used, ret_used, ret_refusal);
    }
    *ret_used = used;
    if (!is_blank(data, line))
        *ret_frame = (struct frame){.data = data, .size = line};
    return CODEC_TAKEN;
}

static enum refusal refuse_bytes(enum refusal refusal, size_t count, struct fault *why)
{
    if (refusal == REFUSAL_CHECKSUM)
        fault_set(why, 0, _("a wrong checksum; %zu bytes are passed over"), count);
    else if (refusal == REFUSAL_LENGTH)
        fault_set(why, 0, _("a length that no frame has; %zu bytes are passed over"), count);
    else
        fault_set(why, 0, _("%zu bytes are no frame; expected frames of the codec (is the baud rate right?)"), count);
    return refusal;
}

enum codec_result frame_found(const struct codec *codec, const uint8_t *data, size_t size, struct frame *ret_frame,
                              size_t *ret_used, enum refusal *ret_refusal, struct fault *why)
{
    int found = codec->match(data, size);
    if (found == 0)
        return CODEC_NEED_MORE;
    if (found > 0) {
        *ret_frame = (struct frame){.data = data, .size = (size_t)found};
        *ret_used = (size_t)found;
        return CODEC_TAKEN;
    }
    size_t passed = 1;
    while (passed < size && codec->match(data + passed, size - passed) < 0)
        passed++;
    *ret_used = passed;
    *ret_refusal = refuse_bytes((enum refusal) - found, passed, why);
    return CODEC_REFUSED;
}

int frame_starts(const uint8_t *data, size_t size, const char *header, size_t header_size, size_t whole)
{
    size_t seen = size < header_size ? size : header_size;
    if (seen > 0 && memcmp(data, header, seen) != 0)
        return -REFUSAL_SYNTAX;
    return size < whole ? 0 : (int)whole;
}

enum refusal frame_prove(int (*match)(const uint8_t *data, size_t size), const struct frame *frame, struct fault *why)
{
    int found = match(frame->data, frame->size);
    if (found < 0)
        return refuse_bytes((enum refusal) - found, frame->size, why);
    if ((size_t)found == frame->size && found > 0)
        return REFUSAL_NONE;
    fault_set(why, 0, _("%zu bytes are not one whole frame"), frame->size);
    return REFUSAL_SYNTAX;
}

uint8_t frame_sum(const uint8_t *data, size_t size)
{
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += data[i];
    return (uint8_t)sum;
}

uint8_t frame_crc8(const uint8_t *data, size_t size)
{
    unsigned crc = 0;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1 ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
    }
    return (uint8_t)crc;
}

double frame_number(const struct raw_pack *values, const char *name, double otherwise)
{
    const struct raw_value *value = raw_pack_find(values, name);
    if (!value)
        return otherwise;
    return value->type == RAW_BOOL ? value->boolean : value->type == RAW_NUMBER ? value->number : otherwise;
}

int32_t frame_rounded(double number, int32_t low, int32_t high)
{
    return (int32_t)lrint(fmin(fmax(number, low), high));
}

enum refusal frame_refuse_size(const struct frame *frame, const char *expected, struct fault *why)
{
    fault_set(why, 0, _("the frame has %zu bytes; expected %s"), frame->size, expected);
    return REFUSAL_SYNTAX; // not LENGTH, which CoAP tells as too long
}

enum refusal frame_refuse_port(const struct frame *frame, const char *expected, struct fault *why)
{
    fault_set(why, 0, _("frames of port %u carry no reading; expected port %s"), frame->port, expected);
    return REFUSAL_UNKNOWN_FIELD;
}

size_t frame_print(uint8_t *out, size_t size, const char *format, ...)
{
    enum { PRINT_MAX = 512 };
    char text[PRINT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= PRINT_MAX || (size_t)length > size)
        return 0;
    memcpy(out, text, (size_t)length);
    return (size_t)length;
}
