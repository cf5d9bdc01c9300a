// SPDX-License-Identifier: Apache-2.0
#include "drivers/codec.h"
#include <stdlib.h>
#include <string.h>

/*
 * Any bytes into any codec: the first byte picks the codec and whether they come from a serial line. What must hold
 * besides not crashing: some bytes are used, not more than there are; a refusal has a reason and leaves no values; values
 * are terminated texts.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_values(const struct raw_pack *pack)
{
    size_t read = 0;
    for (size_t i = 0; i < pack->count; i++) {
        const struct raw_value *value = &pack->values[i];
        read += strlen(value->name) + strlen(value->unit);
        if (value->type == RAW_TEXT)
            require(strlen(value->text) == value->text_size);
        if (value->type == RAW_DATA)
            require(value->text[value->text_size] == '\0');
    }
    require(read <= RAW_VALUES_MAX * RAW_ARENA_SIZE);
}

// Decodes one frame; returns how many bytes are done with, 0 when more are needed.
static size_t decode(const struct codec *codec, const uint8_t *data, size_t size, bool stream)
{
    static struct raw_pack pack;
    struct frame frame = {.data = data, .size = size};
    size_t used = size;
    enum refusal refusal = REFUSAL_NONE;
    struct fault why = {""};
    enum codec_result result = CODEC_TAKEN;
    if (stream)
        result = codec_decode_stream(codec, data, size, &pack, &used, &refusal, &why);
    else if ((refusal = codec_decode(codec, &frame, &pack, &why)))
        result = CODEC_REFUSED;
    if (result == CODEC_NEED_MORE) {
        require(size <= codec->frame_max);
        return 0;
    }
    require(used <= size && (used > 0 || size == 0));
    if (result == CODEC_REFUSED)
        require(refusal != REFUSAL_NONE && refusal < REFUSAL_COUNT && why.text[0] && pack.count == 0);
    check_values(&pack);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    while (codecs[count])
        count++;
    if (size == 0)
        return 0;
    const struct codec *codec = codecs[(data[0] >> 1) % count];
    bool stream = data[0] & 1 && codec->delimit;
    for (size_t at = 1, used = 1; at < size && used > 0; at += used)
        used = decode(codec, data + at, size - at, stream);
    return 0;
}
