// SPDX-License-Identifier: Apache-2.0
#include "frames.h"
#include "base/messages.h"
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
