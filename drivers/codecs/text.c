// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "base/messages.h"
#include "base/number.h"
#include "codecs.h"
#include "frames.h"
#include <string.h>

/*
 * Plain text (CoAP Content-Format 0): one number, or true or false, with blanks around it. It has no name: the request's
 * path or the port says which sensor is meant. On a serial line one such value stands on a line.
 */

enum { LINE_MAX_BYTES = 256 };

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool equals(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(text, word, size) == 0;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    const uint8_t *data = frame->data;
    size_t size = frame->size;
    while (size > 0 && is_space(data[0])) {
        data++;
        size--;
    }
    while (size > 0 && is_space(data[size - 1]))
        size--;
    if (size == 0) {
        fault_set(why, 0, _("nothing was sent; expected one number, or true or false"));
        return REFUSAL_SYNTAX;
    }

    const char *text = (const char *)data;
    struct raw_value value = {.name = "", .unit = "", .text = "", .type = RAW_NUMBER};
    if (equals(text, size, "true") || equals(text, size, "false")) {
        value.type = RAW_BOOL;
        value.boolean = text[0] == 't';
    } else if (!number_parse(text, size, &value.number)) {
        char shown[64];
        fault_set(why, 0, _("\"%s\" is not a value; expected one number, or true or false"),
                  text_escape(text, size, shown, sizeof shown));
        return REFUSAL_SYNTAX;
    }

    struct raw_value *added = raw_pack_add(pack);
    if (!added)
        return REFUSAL_LENGTH;
    *added = value;
    return REFUSAL_NONE;
}

// The first value: a line has room for no other.
static size_t compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    (void)options;
    for (size_t i = 0; i < values->count; i++) {
        const struct raw_value *value = &values->values[i];
        if (value->type == RAW_BOOL)
            return frame_print(out, size, "%s\r\n", value->boolean ? "true" : "false");
        if (value->type == RAW_NUMBER)
            return frame_print(out, size, "%.10g\r\n", value->number);
    }
    return 0;
}

const struct codec codec_text = {
    .name = "text",
    .description = N_("one number, or true or false, as text; on a serial line one a line"),
    .content_format = 0,
    .frame_max = LINE_MAX_BYTES,
    .headless = true,
    .delimit = frame_line,
    .parse = parse,
    .compose = compose,
};
