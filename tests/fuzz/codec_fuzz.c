// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"
#include "drivers/codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Any bytes into a codec: the one that --codec=NAME names (--codecs prints them all), or else the one that the first byte picks.
 *
 *   | codec 7, from a serial line 1 | port and object 2 | frame ... |
 *
 * What must hold besides not crashing: some bytes are used, not more than there are; a refusal has a reason and leaves no
 * values; values are terminated texts.
 */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct codec *named;

static void print_and_exit(void)
{
    for (size_t i = 0; codecs[i]; i++)
        puts(codecs[i]->name);
    exit(0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char option[] = "--codec=";
    for (int i = 1; i < *argc; i++) {
        const char *argument = (*argv)[i];
        if (strcmp(argument, "--codecs") == 0)
            print_and_exit();
        if (strncmp(argument, option, sizeof option - 1) != 0)
            continue;
        named = codec_find(argument + sizeof option - 1);
        if (!named) {
            fprintf(stderr, "%s: there is no such codec\n", argument);
            exit(2);
        }
    }
    return 0;
}

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

static const struct codec_options options = {.columns = "distance_m - bay-1:battery_v"};

// Decodes one frame; returns how many bytes are done with, 0 when more are needed.
static size_t decode(const struct codec *codec, const uint8_t *data, size_t size, unsigned port, bool stream)
{
    static struct raw_pack pack;
    struct frame frame = {.data = data, .size = size, .port = port, .object = port, .options = &options};
    size_t used = size;
    enum refusal refusal = REFUSAL_NONE;
    struct fault why = {""};
    enum codec_result result = CODEC_TAKEN;
    if (stream)
        result = codec_decode_stream(codec, &options, data, size, &pack, &used, &refusal, &why);
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

static const struct codec *pick(unsigned byte)
{
    size_t count = 0;
    while (codecs[count])
        count++;
    return named ? named : codecs[(byte >> 1) % count];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view view = {data, size, false};
    unsigned first = view_u8(&view), port = view_u16(&view);
    if (view.bad)
        return 0;
    const struct codec *codec = pick(first);
    bool stream = first & 1 && codec->delimit;
    for (size_t at = 0, used = 1; at < view.left && used > 0; at += used)
        used = decode(codec, view.data + at, view.left - at, port, stream);
    return 0;
}
