// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "codec_check.h"

/*
 * A serial line with frames of one codec on it, of which a byte is lost, doubled or flipped: frames that were not hit come out
 * all the same, in their order, and nothing comes that nobody sent, as far as checksums can tell. A codec's tests add frames and
 * call line_harm for each byte and change.
 */

enum { LINE_BYTES_MAX = 24 * 1024, LINE_FRAMES_MAX = 128, LINE_CHANGES = 11 };

struct line {
    const struct codec *codec;
    struct codec_options options;
    uint8_t data[LINE_BYTES_MAX];
    size_t size;                       // of the frames
    size_t begin[LINE_FRAMES_MAX + 1]; // of each, and the end of the last
    const char *told[LINE_FRAMES_MAX]; // what each says; "" for one without values
    bool trusted[LINE_FRAMES_MAX];     // damaged, it says nothing else: it has a checksum that does not hold by chance
    size_t count;
    bool shares_ends;   // what ends a frame parts it from the next: without it two are one
    uint8_t filler;     // comes after the last frame, so that nothing waits for a rest that never comes
    size_t filler_size; // at most LINE_BYTES_MAX less the frames and one byte
};

struct heard {
    const char *told[2 * LINE_FRAMES_MAX]; // of the line's texts, or "something else"
    size_t count, refusals, refused_bytes;
};

static inline void line_begin(struct line *line, const struct codec *codec)
{
    *line = (struct line){.codec = codec};
}

static inline void line_add(struct line *line, const void *frame, size_t size, const char *told, bool trusted)
{
    assert_true(line->count < LINE_FRAMES_MAX && size <= LINE_BYTES_MAX - line->size);
    memcpy(line->data + line->size, frame, size);
    line->told[line->count] = told;
    line->trusted[line->count++] = trusted;
    line->begin[line->count] = line->size += size;
}

// Most frames come in the order in which they were sent: the search begins behind the last one.
static inline const char *line_recognise(const struct line *line, const char *said, size_t *hint)
{
    for (size_t i = 0; i < line->count; i++) {
        size_t at = (*hint + i) % line->count;
        if (strcmp(line->told[at], said) == 0) {
            *hint = at + 1;
            return line->told[at];
        }
    }
    return "something else";
}

// What has come so far, as a port decodes it. Returns how many bytes are done with.
static inline size_t line_hear_some(struct codec_run *run, const struct line *line, const uint8_t *data, size_t size,
                                    struct heard *heard, size_t *hint)
{
    size_t at = 0;
    while (at < size) {
        size_t used = 0;
        run->why.text[0] = '\0';
        run->refusal = REFUSAL_NONE;
        run->result = codec_decode_stream(line->codec, &line->options, data + at, size - at, &run->pack, &used,
                                          &run->refusal, &run->why);
        if (run->result == CODEC_NEED_MORE) {
            assert_true(size - at <= line->codec->frame_max);
            return at;
        }
        assert_true(used > 0 && used <= size - at);
        if (run->result == CODEC_REFUSED) {
            assert_true(run->pack.count == 0 && run->why.text[0]);
            heard->refusals++;
            heard->refused_bytes += used;
        } else if (run->pack.count > 0) {
            assert_true(heard->count < 2 * LINE_FRAMES_MAX);
            heard->told[heard->count++] = line_recognise(line, codec_describe(run), hint);
        }
        at += used;
    }
    return at;
}

// `chunk` bytes at a time; 0: at random.
static inline void line_hear(struct codec_run *run, const struct line *line, const uint8_t *data, size_t size,
                             size_t chunk, struct heard *ret_heard)
{
    static uint32_t random = 1;
    size_t hint = 0;
    *ret_heard = (struct heard){.count = 0};
    for (size_t at = 0, came = 0; came < size;) {
        random = random * 1664525 + 1013904223;
        size_t next = chunk ? chunk : 1 + (random >> 16) % 40;
        came = came + next < size ? came + next : size;
        at += line_hear_some(run, line, data + at, came - at, ret_heard, &hint);
    }
}

static inline bool line_explains(const struct line *line, size_t from, size_t to, const char *told)
{
    for (size_t i = from; i <= to && i < line->count; i++)
        if (!line->trusted[i] || strcmp(line->told[i], told) == 0)
            return true;
    return false;
}

// How many frames may come instead of those that were hit.
static inline size_t line_ruins(const struct line *line, size_t from, size_t to)
{
    size_t hit = to - from + 1;
    for (size_t i = from; i <= to && i < line->count; i++)
        if (!line->trusted[i])
            return hit > 2 ? hit : 2;
    return from < line->count ? hit : 0;
}

// Of what was sent, nothing is missing but of the frames `from` to `to`, and nothing came that these do not explain. All are
// to be there with from = count.
static inline void line_check(const struct line *line, size_t from, size_t to, const struct heard *heard,
                              const char *what)
{
    size_t first = 0, last = heard->count;
    for (size_t i = 0; i < from && i < line->count; i++)
        if (*line->told[i] && (first == heard->count || heard->told[first++] != line->told[i]))
            fail_msg("%s, %s: frame %zu is lost\n%s", line->codec->name, what, i, line->told[i]);
    for (size_t i = line->count; i-- > to + 1;)
        if (*line->told[i] && (last == first || heard->told[--last] != line->told[i]))
            fail_msg("%s, %s: frame %zu is lost\n%s", line->codec->name, what, i, line->told[i]);
    if (last - first > line_ruins(line, from, to))
        fail_msg("%s, %s: %zu frames instead", line->codec->name, what, last - first);
    for (size_t i = first; i < last; i++)
        if (!line_explains(line, from, to, heard->told[i]))
            fail_msg("%s, %s: nobody sent\n%s", line->codec->name, what, heard->told[i]);
}

static inline size_t line_frame_at(const struct line *line, size_t at)
{
    size_t frame = 0;
    while (at >= line->begin[frame + 1])
        frame++;
    return frame;
}

// The byte at `at` lost (0), doubled (1), with a bit flipped (2 to 9) or all of them (10).
static inline size_t line_change(const struct line *line, size_t at, int change, uint8_t *ret_data)
{
    size_t size = line->size;
    memcpy(ret_data, line->data, size);
    if (change == 0)
        memmove(ret_data + at, ret_data + at + 1, --size - at);
    else if (change == 1)
        memmove(ret_data + at + 1, ret_data + at, size++ - at);
    else
        ret_data[at] ^= (uint8_t)(change < 10 ? 1 << (change - 2) : 0xff);
    memset(ret_data + size, line->filler, line->filler_size);
    return size + line->filler_size;
}

static inline void line_harm(struct codec_run *run, const struct line *line, size_t at, int change, size_t chunk,
                             struct heard *ret_heard)
{
    static uint8_t data[LINE_BYTES_MAX];
    char what[80];
    size_t frame = line_frame_at(line, at), size = line_change(line, at, change, data);
    bool joins = line->shares_ends && change != 1 && at + 1 == line->begin[frame + 1];
    line_hear(run, line, data, size, chunk, ret_heard);
    snprintf(what, sizeof what, "change %d of byte %zu, %zu at a time", change, at, chunk);
    line_check(line, frame, frame + joins, ret_heard, what);
}
