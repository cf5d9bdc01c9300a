// SPDX-License-Identifier: Apache-2.0
#include "frames.h"
#include "base/messages.h"
#include <string.h>

static enum codec_result refuse(enum refusal refusal, size_t used, size_t *ret_used, enum refusal *ret_refusal)
{
    *ret_used = used;
    *ret_refusal = refusal;
    return CODEC_REFUSED;
}

static enum codec_result parse_frame(const uint8_t *data, size_t size, size_t used, frame_parse *parse,
                                     struct raw_pack *pack, size_t *ret_used, enum refusal *ret_refusal,
                                     struct fault *why)
{
    enum refusal refusal = parse(data, size, pack, why);
    if (refusal != REFUSAL_NONE) {
        raw_pack_clear(pack);
        return refuse(refusal, used, ret_used, ret_refusal);
    }
    *ret_used = used;
    return CODEC_TAKEN;
}

static bool is_blank(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != ' ' && data[i] != '\t' && data[i] != '\r')
            return false;
    return true;
}

enum codec_result frame_whole(const uint8_t *data, size_t size, frame_parse *parse, struct raw_pack *pack,
                              size_t *ret_used, enum refusal *ret_refusal, struct fault *why)
{
    return parse_frame(data, size, size, parse, pack, ret_used, ret_refusal, why);
}

enum codec_result frame_line(const uint8_t *data, size_t size, size_t line_max, frame_parse *parse,
                             struct raw_pack *pack, size_t *ret_used, enum refusal *ret_refusal, struct fault *why)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    if (!end && size <= line_max)
        return CODEC_NEED_MORE;
    if (!end) {
        fault_set(why, 0, _("no end of line within %zu bytes; expected one frame a line (is the baud rate right?)"),
                  line_max);
        return refuse(REFUSAL_LENGTH, size - line_max, ret_used, ret_refusal);
    }
    size_t line = (size_t)(end - data), used = line + 1;
    if (used > line_max) {
        fault_set(why, 0, _("a line is longer than %zu bytes"), line_max);
        return refuse(REFUSAL_LENGTH, used, ret_used, ret_refusal);
    }
    if (is_blank(data, line)) {
        *ret_used = used;
        return CODEC_TAKEN;
    }
    return parse_frame(data, line, used, parse, pack, ret_used, ret_refusal, why);
}
