// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include <string.h>

enum { MATCHES_MAX = 4096 };

struct match {
    uint64_t first, last, count;
    const char *reason;
};

bool ledger_take(struct ledger *ledger, const json_t *document)
{
    json_t *entries = json_object_get(document, "entries");
    if (!json_is_array(entries))
        return false;
    json_decref(ledger->entries);
    ledger->entries = json_incref(entries);
    json_int_t more = json_integer_value(json_object_get(document, "more"));
    ledger->more = more > 0 ? (uint64_t)more : 0;
    return true;
}

void ledger_finish(struct ledger *ledger)
{
    json_decref(ledger->entries);
    ledger->entries = NULL;
}

static uint64_t number_of(const json_t *entry, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(entry, key));
    return value > 0 ? (uint64_t)value : 0;
}

static bool is_text(const json_t *entry, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(entry, key));
    return value && strcmp(value, text) == 0;
}

// Whether the entry speaks of that sensor and, where one is named, of that outlet (or of none: nobody had it).
static bool concerns(const json_t *entry, const char *outlet, const char *sensor)
{
    return is_text(entry, "sensor", sensor) &&
           (!outlet || json_is_null(json_object_get(entry, "outlet")) || is_text(entry, "outlet", outlet));
}

// Of the entries that begin at `from` or before, or else next: the one that accounts for the most from there on.
static bool next_match(const struct ledger *ledger, const char *outlet, const char *sensor, uint64_t from, uint64_t to,
                       struct match *ret_match)
{
    struct match best = {.first = UINT64_MAX};
    size_t index;
    json_t *entry;
    json_array_foreach(ledger->entries, index, entry)
    {
        struct match match = {number_of(entry, "first_seq"), number_of(entry, "last_seq"), number_of(entry, "count"),
                              json_string_value(json_object_get(entry, "reason"))};
        if (!concerns(entry, outlet, sensor) || match.last < from || match.first > to || match.first > match.last)
            continue;
        match.first = match.first < from ? from : match.first;
        match.last = match.last > to ? to : match.last;
        uint64_t span = match.last - match.first + 1;
        match.count = match.count < span ? match.count : span;
        if (match.first < best.first || (match.first == best.first && match.count > best.count))
            best = match;
    }
    *ret_match = best;
    return best.first <= to;
}

uint64_t ledger_explain(const struct ledger *ledger, const char *outlet, const char *sensor, uint64_t first,
                        uint64_t last, const char **ret_reason)
{
    uint64_t explained = 0, most = 0, from = first;
    struct match match;
    *ret_reason = NULL;
    for (size_t i = 0; i < MATCHES_MAX && from <= last && next_match(ledger, outlet, sensor, from, last, &match); i++) {
        explained += match.count;
        if (match.count > most)
            *ret_reason = match.reason;
        most = match.count > most ? match.count : most;
        from = match.last + 1;
    }
    return explained;
}
