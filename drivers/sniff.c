// SPDX-License-Identifier: Apache-2.0
#include "drivers/sniff.h"

#include "base/number.h"
#include "base/text.h"
#include "reading/guess.h"
#include "sniff_columns.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT = 4,              // good frames whose bits are changed
    CHANGED = 64,          // bytes of each
    COPY_SIZE = 16 * 1024, // of bytes that are changed or shuffled
};

static const double tight_enough = 0.6;   // a checksum, or nearly
static const double text_enough = 0.9;    // of printable bytes: shuffled lines of numbers are lines of numbers
static const double settled_share = 0.02; // of errors

// Receivers send UBX beside NMEA, and both codecs find the frames of both: those with such bytes are of the second.
static const struct {
    const char *of_text, *of_both;
} beside[] = {{"nmea", "ubx"}};

struct kept_frame {
    size_t at, size;
};

struct hearing {
    size_t first, longest; // where the first good frame begins, how long the longest is
    struct kept_frame kept[KEPT];
    size_t kept_count, last; // where the last reading begins
    bool binary;             // a good frame has bytes that are no text
};

struct judge {
    const uint8_t *data;
    size_t size;
    struct codec_options options;
    struct raw_pack pack;
    uint8_t copy[COPY_SIZE];
};

static bool is_printable(uint8_t c)
{
    return (c >= ' ' && c <= '~') || c == '\r' || c == '\n' || c == '\t';
}

static double share(size_t count, size_t of)
{
    return of ? (double)count / (double)of : 0;
}

static double printable_share(const uint8_t *data, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += is_printable(data[i]);
    return share(count, size);
}

// As codec_decode_stream, and tells whether there was a frame.
static enum codec_result decode(struct judge *judge, const struct codec *codec, const uint8_t *data, size_t size,
                                bool *ret_is_frame, size_t *ret_used, enum refusal *ret_refusal)
{
    struct frame frame = {.data = NULL};
    struct fault why;
    raw_pack_clear(&judge->pack);
    enum codec_result result = codec->delimit(codec, data, size, &frame, ret_used, ret_refusal, &why);
    *ret_is_frame = result == CODEC_TAKEN && frame.data;
    if (!*ret_is_frame)
        return result;
    frame.options = &judge->options;
    *ret_refusal = codec_decode(codec, &frame, &judge->pack, &why);
    return *ret_refusal ? CODEC_REFUSED : CODEC_TAKEN;
}

static void take_frame(struct judge *judge, struct sniff_codec *found, struct hearing *hearing, const uint8_t *data,
                       struct kept_frame frame)
{
    if (found->frames++ == 0)
        hearing->first = frame.at;
    if (frame.size > hearing->longest)
        hearing->longest = frame.size;
    if (hearing->kept_count < KEPT && frame.size <= COPY_SIZE)
        hearing->kept[hearing->kept_count++] = frame;
    if (judge->pack.count > 0) {
        found->readings++;
        hearing->last = frame.at;
    }
    hearing->binary |= printable_share(data + frame.at, frame.size) < 1;
    found->good_bytes += frame.size;
}

static void hear(struct judge *judge, struct sniff_codec *found, struct hearing *hearing, const uint8_t *data,
                 size_t size)
{
    for (size_t at = 0, used = 0; at < size; at += used) {
        enum refusal refusal = REFUSAL_NONE;
        bool is_frame = false;
        size_t left = size - at;
        used = 0;
        enum codec_result result = decode(judge, found->codec, data + at, left, &is_frame, &used, &refusal);
        if (result == CODEC_NEED_MORE && left <= found->codec->frame_max) {
            found->rest_bytes = left;
            return;
        }
        if (result == CODEC_NEED_MORE)
            refusal = REFUSAL_LENGTH;
        if (used == 0 || used > left)
            used = left;
        if (result == CODEC_TAKEN && is_frame)
            take_frame(judge, found, hearing, data, (struct kept_frame){at, used});
        if (result == CODEC_TAKEN && !is_frame)
            found->good_bytes += used; // a blank line, which only such a codec takes
        if (result != CODEC_TAKEN) {
            found->refused[refusal]++;
            found->passed_bytes += used;
        }
    }
}

static bool is_refused_when_changed(struct judge *judge, const struct codec *codec, struct kept_frame frame, size_t at)
{
    enum refusal refusal;
    bool is_frame;
    size_t used = 0;
    memcpy(judge->copy, judge->data + frame.at, frame.size);
    judge->copy[at] ^= 1;
    enum codec_result result = decode(judge, codec, judge->copy, frame.size, &is_frame, &used, &refusal);
    return result != CODEC_TAKEN || !is_frame || used != frame.size;
}

static double tightness(struct judge *judge, const struct codec *codec, const struct hearing *hearing)
{
    size_t changed = 0, refused = 0;
    for (size_t i = 0; i < hearing->kept_count; i++) {
        size_t size = hearing->kept[i].size, step = 1 + size / CHANGED;
        for (size_t at = 0; at < size; at += step, changed++)
            refused += is_refused_when_changed(judge, codec, hearing->kept[i], at);
    }
    return share(refused, changed);
}

// What the codec finds in the same bytes without their order.
static double chance_of(struct judge *judge, const struct codec *codec)
{
    struct sniff_codec found = {.codec = codec};
    struct hearing hearing = {.first = 0};
    size_t size = judge->size < COPY_SIZE ? judge->size : COPY_SIZE;
    uint32_t random = 1;
    memcpy(judge->copy, judge->data, size);
    for (size_t i = size; i > 1; i--) {
        random = random * 1664525 + 1013904223;
        size_t other = (random >> 8) % i;
        uint8_t kept = judge->copy[i - 1];
        judge->copy[i - 1] = judge->copy[other];
        judge->copy[other] = kept;
    }
    hear(judge, &found, &hearing, judge->copy, size);
    return share(found.good_bytes, size);
}

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

// Listening began and ended somewhere within a frame.
static double covered_share(const struct judge *judge, const struct sniff_codec *found, const struct hearing *hearing)
{
    size_t edges = smaller(hearing->first, hearing->longest) + smaller(found->rest_bytes, hearing->longest);
    double covered = share(found->good_bytes, judge->size - smaller(edges, judge->size));
    return covered < 1 ? covered : 1;
}

static bool fits(const struct sniff_codec *found, size_t longest)
{
    enum { SEVERAL = 2, MANY = 5, LONG = 8 };
    bool is_tight = found->tight >= tight_enough;
    if (found->frames < SEVERAL)
        return found->frames == 1 && found->covered >= 0.9 && longest >= LONG && found->readings == 1;
    if (found->covered >= (is_tight ? 0.5 : 0.8))
        return true;
    // A device with a second voice: what is proved by checksums is there, whatever else is.
    return is_tight && found->frames >= MANY && found->covered >= 0.1 && found->covered >= 10 * found->chance;
}

static void judge_codec(struct judge *judge, struct sniff_codec *found, struct hearing *hearing, double printable)
{
    hear(judge, found, hearing, judge->data, judge->size);
    if (found->frames == 0)
        return;
    found->covered = covered_share(judge, found, hearing);
    found->tight = tightness(judge, found->codec, hearing);
    if (printable < text_enough)
        found->chance = chance_of(judge, found->codec);
    if (fits(found, hearing->longest))
        found->score = found->covered * (0.5 + 0.5 * found->tight) * (found->readings ? 1 : 0.5);
}

static size_t both_of(const struct sniff_findings *findings, size_t best)
{
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        for (size_t j = 0; j < findings->codec_count; j++)
            if (strcmp(findings->codecs[best].codec->name, beside[i].of_text) == 0 &&
                strcmp(findings->codecs[j].codec->name, beside[i].of_both) == 0 && findings->codecs[j].frames > 0)
                return j;
    return best;
}

static void tell_value(const struct raw_value *value, char *ret_text, size_t size)
{
    char name[80], text[80], unit[24], number[NUMBER_TEXT_SIZE];
    text_escape(value->name, strlen(value->name), name, sizeof name);
    text_escape(value->unit, strlen(value->unit), unit, sizeof unit);
    switch (value->type) {
    case RAW_NUMBER:
        number[number_text(value->number, number)] = '\0';
        snprintf(text, sizeof text, "%s", number);
        break;
    case RAW_BOOL:
        snprintf(text, sizeof text, "%s", value->boolean ? "true" : "false");
        break;
    case RAW_TEXT:
        text_escape(value->text, value->text_size ? value->text_size : strlen(value->text), text, sizeof text);
        break;
    default:
        snprintf(text, sizeof text, "?");
    }
    snprintf(ret_text, size, "%s%s%s%s%s", name, *name ? " = " : "", text, *unit ? " " : "", unit);
}

static void tell_sample(const struct raw_pack *pack, char ret_sample[SNIFF_TEXT_SIZE])
{
    char text[200];
    size_t used = 0;
    for (size_t i = 0; i < pack->count; i++) {
        tell_value(&pack->values[i], text, sizeof text);
        if (used + strlen(text) + 3 > SNIFF_TEXT_SIZE)
            return;
        used += (size_t)snprintf(ret_sample + used, SNIFF_TEXT_SIZE - used, "%s%s", used ? ", " : "", text);
    }
}

static void describe_best(struct judge *judge, const struct hearing *hearing, struct sniff_findings *findings)
{
    enum refusal refusal;
    struct guess guess;
    bool is_frame;
    size_t used = 0;
    findings->kind = KIND_GENERIC;
    if (findings->best->readings == 0)
        return;
    decode(judge, findings->best->codec, judge->data + hearing->last, judge->size - hearing->last, &is_frame, &used,
           &refusal);
    tell_sample(&judge->pack, findings->sample);
    bool is_named = strpbrk(judge->pack.values[0].name, ":/") != NULL;
    guess_sensor(&judge->pack, 0, is_named ? NULL : "x", &guess);
    findings->kind = guess.kind;
    if (!is_named || !text_is_plain(guess.address, strlen(guess.address)))
        return;
    snprintf(findings->id, sizeof findings->id, "%s", guess.id);
    snprintf(findings->address, sizeof findings->address, "%s", guess.address);
}

static void judge_codecs(struct judge *judge, struct sniff_findings *findings)
{
    struct hearing hearings[SNIFF_CODECS_MAX];
    size_t best = SNIFF_CODECS_MAX;
    for (size_t i = 0; codecs[i] && findings->codec_count < SNIFF_CODECS_MAX; i++) {
        if (!codecs[i]->delimit)
            continue;
        size_t at = findings->codec_count++;
        struct sniff_codec *found = &findings->codecs[at];
        found->codec = codecs[i];
        hearings[at] = (struct hearing){.first = 0};
        judge_codec(judge, found, &hearings[at], findings->printable);
        if (found->score > (best == SNIFF_CODECS_MAX ? 0 : findings->codecs[best].score))
            best = at;
    }
    if (best == SNIFF_CODECS_MAX)
        return;
    if (hearings[best].binary)
        best = both_of(findings, best);
    findings->best = &findings->codecs[best];
    describe_best(judge, &hearings[best], findings);
}

// The shortest distance at which nearly as many bytes are the same as at any: a frame's length. Beyond what chance makes
// alike, since some bytes are frequent.
static void find_length(const uint8_t *data, size_t size, struct sniff_findings *findings)
{
    enum { SEEN_MAX = 4096, LENGTH_MIN = 2, LENGTH_MAX = 512, TIMES = 3 };
    static const double beyond_chance = 0.2, nearly = 0.95;
    double alike[LENGTH_MAX + 1] = {0}, most = 0, chance = 0;
    size_t counts[256] = {0}, longest;
    if (size > SEEN_MAX)
        size = SEEN_MAX;
    for (size_t i = 0; i < size; i++)
        counts[data[i]]++;
    for (size_t i = 0; i < 256; i++)
        chance += share(counts[i], size) * share(counts[i], size);
    longest = smaller(size / TIMES, LENGTH_MAX);
    for (size_t length = LENGTH_MIN; length <= longest; length++) {
        size_t same = 0;
        for (size_t i = 0; i + length < size; i++)
            same += data[i] == data[i + length];
        alike[length] = share(same, size - length);
        most = alike[length] > most ? alike[length] : most;
    }
    for (size_t length = LENGTH_MIN; length <= longest && most >= chance + beyond_chance; length++) {
        if (alike[length] < nearly * most)
            continue;
        findings->frame_length = length;
        findings->frame_likeness = alike[length];
        return;
    }
}

int sniff_judge(const uint8_t *data, size_t size, struct sniff_findings *ret_findings)
{
    struct judge *judge = calloc(1, sizeof *judge);
    if (!judge)
        return -ENOMEM;
    *ret_findings = (struct sniff_findings){.bytes = size, .printable = printable_share(data, size)};
    judge->data = data;
    judge->size = size;
    if (sniff_columns(data, size, ret_findings->columns, &ret_findings->separator))
        judge->options = (struct codec_options){ret_findings->columns, (int)ret_findings->separator};
    judge_codecs(judge, ret_findings);
    if (!ret_findings->best || strcmp(ret_findings->best->codec->name, "csv") != 0)
        ret_findings->columns[0] = '\0';
    find_length(data, size, ret_findings);
    free(judge);
    return 0;
}

static double error_share(const struct sniff_trial *trial)
{
    const struct sniff_errors *errors = &trial->errors;
    double wrong = share(errors->framing + errors->parity, trial->findings.bytes);
    return !errors->known ? 0 : wrong < 1 ? wrong : 1;
}

double sniff_merit(const struct sniff_trial *trial)
{
    const struct sniff_findings *findings = &trial->findings;
    double score = findings->best ? findings->best->score : 0;
    if (findings->bytes == 0)
        return 0;
    return (score + 0.05 * findings->printable + 0.01) * (1 - 0.9 * error_share(trial));
}

bool sniff_is_clean(const struct sniff_trial *trial)
{
    return error_share(trial) <= settled_share;
}

bool sniff_is_settled(const struct sniff_trial *trial)
{
    enum { FRAMES = 3 };
    const struct sniff_codec *best = trial->findings.best;
    return best && best->frames >= FRAMES && best->readings > 0 && best->covered >= 0.8 && sniff_is_clean(trial);
}
