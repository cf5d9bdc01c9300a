// SPDX-License-Identifier: Apache-2.0
#include "influxdb_answer.h"

#include "base/number.h"
#include "base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *skip_blanks(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

// The text behind "KEY": in a flat JSON object, or NULL. Its length ends before the closing quote, or where the body was
// cut; escapes stay as they are.
static const char *json_member(const char *body, const char *key, size_t *ret_size)
{
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *at = strstr(body, quoted);
    if (!at)
        return NULL;
    at = skip_blanks(at + strlen(quoted));
    if (*at != ':')
        return NULL;
    at = skip_blanks(at + 1);
    if (*at != '"')
        return NULL;
    const char *end = ++at;
    while (*end && *end != '"')
        end += end[0] == '\\' && end[1] ? 2 : 1;
    *ret_size = (size_t)(end - at);
    return at;
}

// InfluxDB's own words, or NULL when the body is not its JSON.
static const char *server_words(const char *body, size_t *ret_size)
{
    if (*skip_blanks(body) != '{')
        return NULL;
    const char *words = json_member(body, "error", ret_size);
    return words ? words : json_member(body, "message", ret_size);
}

// The words with \" made plain, as far as there is room.
static size_t unescape(const char *words, size_t size, char *ret_text, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < size && used < room; i++) {
        if (words[i] == '\\' && i + 1 < size && (words[i + 1] == '"' || words[i + 1] == '\\'))
            i++;
        ret_text[used++] = words[i];
    }
    return used;
}

static void describe(const struct influxdb_answer *answer, const char *words, size_t size, char *ret_text, size_t room)
{
    char plain[512];
    if (!answer->answered) {
        text_escape(answer->error, strlen(answer->error), ret_text, room);
        return;
    }
    size_t used = (size_t)snprintf(plain, sizeof plain, "%ld ", answer->status);
    used += words ? unescape(words, size, plain + used, sizeof plain - used) : 0;
    while (used && isspace((unsigned char)plain[used - 1]))
        used--;
    text_escape(plain, used, ret_text, room);
}

static size_t occurrences(const char *text, const char *word)
{
    size_t count = 0;
    while ((text = strstr(text, word))) {
        count++;
        text += strlen(word);
    }
    return count;
}

// The N of `dropped=N`; 0 when it is not there or is no number.
static size_t named_dropped(const char *body)
{
    int64_t named = 0;
    const char *at = strstr(body, "dropped=");
    if (at) {
        at += strlen("dropped=");
        integer_parse(at, strspn(at, "0123456789"), 0, INT32_MAX, &named);
    }
    return (size_t)named;
}

static bool beyond_retention(const char *body)
{
    return strstr(body, "points beyond retention policy") != NULL;
}

// Version 1 says `dropped=N` for points that it could read, and lists those that it could not; version 3 lists them all.
static void count_dropped(const char *body, size_t lines, struct influxdb_judgement *judgement)
{
    size_t named = named_dropped(body);
    size_t listed = occurrences(body, "unable to parse") + occurrences(body, "\"line_number\"");
    size_t dropped = listed > named ? listed : named;
    judgement->counted = dropped > 0 && dropped <= lines;
    judgement->dropped = judgement->counted ? dropped : 1;
    if (judgement->dropped >= lines && !beyond_retention(body))
        judgement->verdict = VERDICT_BAD_LINE;
}

static enum influxdb_verdict judge_bad_request(const char *body)
{
    bool partial = strstr(body, "partial write") || strstr(body, "dropped=") || beyond_retention(body);
    return partial ? VERDICT_PARTIAL : VERDICT_BAD_LINE;
}

static enum influxdb_verdict judge_status(const struct influxdb_answer *answer, bool own_words)
{
    static const struct {
        long low, high;
        bool any; // whoever answers; else only InfluxDB's own words count
        enum influxdb_verdict verdict;
    } rules[] = {
        {401, 401, true, VERDICT_DENIED}, {403, 403, true, VERDICT_DENIED},    {404, 404, false, VERDICT_MISSING},
        {408, 408, true, VERDICT_BUSY},   {413, 413, true, VERDICT_TOO_LARGE}, {429, 429, true, VERDICT_BUSY},
        {500, 599, true, VERDICT_BUSY},
    };
    // A captive portal answers every request with 200 and a page.
    if (answer->status >= 200 && answer->status < 300)
        return *skip_blanks(answer->body) == '<' ? VERDICT_STRANGE : VERDICT_ACCEPTED;
    // A cluster of version 1 that has queued the points says so with an error.
    if (strstr(answer->body, "hinted handoff queue not empty"))
        return VERDICT_ACCEPTED;
    if ((answer->status == 400 || answer->status == 422) && own_words)
        return judge_bad_request(answer->body);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (answer->status >= rules[i].low && answer->status <= rules[i].high && (rules[i].any || own_words))
            return rules[i].verdict;
    return VERDICT_STRANGE;
}

void influxdb_judge(const struct influxdb_answer *answer, size_t lines, struct influxdb_judgement *ret_judgement)
{
    size_t size = 0;
    const char *words = answer->answered ? server_words(answer->body, &size) : NULL;
    *ret_judgement =
        (struct influxdb_judgement){.verdict = VERDICT_UNREACHABLE, .retry_after_s = answer->retry_after_s};
    if (answer->answered)
        ret_judgement->verdict = judge_status(answer, words != NULL);
    if (ret_judgement->verdict == VERDICT_PARTIAL)
        count_dropped(answer->body, lines, ret_judgement);
    describe(answer, words, size, ret_judgement->text, sizeof ret_judgement->text);
}

int64_t influxdb_delay_ms(int64_t first_ms, int64_t max_ms, unsigned failures, int64_t retry_after_s, uint32_t chance)
{
    enum { RETRY_AFTER_MAX_S = 3600 };
    int64_t full = first_ms;
    for (unsigned i = 1; i < failures && full < max_ms; i++)
        full *= 2;
    if (full > max_ms)
        full = max_ms;
    int64_t delay = full / 2 + (int64_t)(chance % (uint64_t)(full - full / 2 + 1));
    if (retry_after_s > RETRY_AFTER_MAX_S)
        retry_after_s = RETRY_AFTER_MAX_S;
    return retry_after_s * 1000 > delay ? retry_after_s * 1000 : delay;
}
