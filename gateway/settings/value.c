// SPDX-License-Identifier: Apache-2.0
#include "value.h"

#include "amounts.h"
#include "base/messages.h"
#include "base/text.h"
#include "dates.h"
#include "words.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum store { STORE_TEXT, STORE_INTEGER, STORE_NUMBER, STORE_NUMBERS, STORE_TWO_TEXTS, STORE_DAYS, STORE_LIST };

static const struct type {
    const char *name, *expected;
    int (*parse)(const struct value_input *input, struct value *ret_value, struct fault *why);
    enum store store;
    bool numeric;
} types[TYPE_COUNT] = {
    [TYPE_TEXT] = {N_("text"), N_("text"), parse_text, STORE_TEXT, false},
    [TYPE_FILE] = {N_("file"), N_("the path of a file"), parse_text, STORE_TEXT, false},
    [TYPE_FILES] = {N_("files"), N_("files such as sensors.d/*.ini"), parse_text, STORE_TEXT, false},
    [TYPE_ID] = {N_("id"), N_("1 to 64 of A-Z a-z 0-9 _ . -"), parse_id, STORE_TEXT, false},
    [TYPE_GATEWAY_ID] = {N_("id"), N_("1 to 32 of a-z 0-9 -"), parse_gateway_id, STORE_TEXT, false},
    [TYPE_MUNICIPALITY] = {N_("municipality"), N_("a code such as 271004"), parse_municipality, STORE_TWO_TEXTS, true},
    [TYPE_TIMEZONE] = {N_("time zone"), N_("a time zone such as Asia/Tokyo"), parse_timezone, STORE_TEXT, false},
    [TYPE_TOPIC] = {N_("topic"), N_("a topic such as citygw/v1, without blanks, + and #"), parse_topic, STORE_TEXT,
                    false},
    [TYPE_URL] = {N_("url"), N_("an address such as mqtt://HOST:1883 or http://HOST:8086"), parse_url, STORE_TEXT,
                  false},
    [TYPE_SOURCE] = {N_("source"),
                     N_("coap, serial:ID, modbus:ID, coap://HOST/PATH, coaps://HOST/PATH, gpsd://HOST:PORT or sim"),
                     parse_source, STORE_TEXT, false},
    [TYPE_ADDRESSES] = {N_("addresses"), N_("addresses such as 0.0.0.0:5683 [::]:5683"), parse_addresses, STORE_TEXT,
                        false},
    [TYPE_ADDRESS] = {N_("address"), N_("an address such as 127.0.0.1:8088"), parse_address, STORE_TEXT, false},
    [TYPE_BOOL] = {N_("yes/no"), N_("yes or no"), parse_bool, STORE_INTEGER, false},
    [TYPE_CHOICE] = {N_("choice"), "", parse_choice, STORE_INTEGER, false},
    [TYPE_CHOICE_TEXT] = {N_("choice"), "", parse_choice, STORE_TEXT, false},
    [TYPE_INTEGER] = {N_("whole number"), N_("a whole number"), parse_integer, STORE_INTEGER, true},
    [TYPE_NUMBERS] = {N_("numbers"), N_("1 to 4 rising numbers with blanks between them"), parse_numbers, STORE_NUMBERS,
                      true},
    [TYPE_NUMBER] = {N_("number"), N_("a number such as 0.9"), parse_number, STORE_NUMBER, true},
    [TYPE_TIME_OF_DAY] = {N_("time of day"), N_("a time of day such as 03:30"), parse_time_of_day, STORE_INTEGER, true},
    [TYPE_DAYS] = {N_("days"), N_("days such as 2026-12-01..2026-12-05, or one of them"), parse_days, STORE_DAYS, true},
    [TYPE_COORDINATE] = {N_("degrees"), N_("decimal degrees such as 34.702500"), parse_number, STORE_NUMBER, true},
    [TYPE_DURATION] = {N_("duration"), N_("a duration such as 200 ms, 5 s, 10 min, 24 h or 30 d"), parse_duration,
                       STORE_INTEGER, true},
    [TYPE_SIZE] = {N_("size"), N_("a size such as 64 kB, 500 MB or 2 GB"), parse_size, STORE_INTEGER, true},
    [TYPE_RATE] = {N_("rate"), N_("a rate such as 500/s"), parse_rate, STORE_NUMBER, true},
    [TYPE_BYTE_RATE] = {N_("bytes per second"), N_("bytes per second such as 64 kB/s"), parse_byte_rate, STORE_INTEGER,
                        true},
    [TYPE_METRES] = {N_("length"), N_("a length such as 4 m"), parse_metres, STORE_NUMBER, true},
    [TYPE_AREA] = {N_("area"), N_("an area such as 100 m2"), parse_area, STORE_NUMBER, true},
    [TYPE_PERCENT] = {N_("percentage"), N_("a percentage such as 15 %"), parse_percent, STORE_NUMBER, true},
    [TYPE_VOLTS] = {N_("voltage"), N_("a voltage such as 3.3 V"), parse_volts, STORE_NUMBER, true},
    [TYPE_MAP] = {N_("mapping"), N_("FIELD [* factor] [+ offset] [unit]"), NULL, STORE_LIST, false},
    [TYPE_RANGE] = {N_("range"), N_("LOW..HIGH such as -40..85"), NULL, STORE_LIST, true},
    [TYPE_EXTRA] = {N_("text"), N_("text"), NULL, STORE_LIST, false},
};

const char *value_type_name(const struct key *key)
{
    return _(types[key->type].name);
}

bool value_is_numeric(const struct key *key)
{
    return types[key->type].numeric;
}

const char *value_expected(const struct key *key)
{
    const char *expected = types[key->type].expected;
    return *expected ? _(expected) : expected; // gettext("") is the catalogue's header
}

const char *value_range(const struct key *key, char *ret_text, size_t size)
{
    size_t used = 0;
    snprintf(ret_text, size, "%s", key->range ? key->range : "");
    for (const struct choice *choice = key->choices; choice && choice->name && used < size; choice++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", used ? " | " : "", choice->name);
    return ret_text;
}

// One end of a range, as its type reads it.
static double bound(const struct value_input *input, const char *text, size_t size)
{
    char copy[64];
    struct value value = {0};
    snprintf(copy, sizeof copy, "%.*s", (int)size, text);
    struct value_input end = *input;
    end.text = copy;
    types[input->key->type].parse(&end, &value, NULL);
    return types[input->key->type].store == STORE_INTEGER ? (double)value.integer : value.number;
}

static int check_range(const struct value_input *input, const struct value *value, struct fault *why)
{
    enum store store = types[input->key->type].store;
    const char *dots = input->key->range && types[input->key->type].numeric ? strstr(input->key->range, "..") : NULL;
    if (!dots)
        return 0;
    double low = bound(input, input->key->range, (size_t)(dots - input->key->range));
    double high = bound(input, dots + 2, strlen(dots + 2));
    double least = store == STORE_INTEGER ? (double)value->integer : value->number;
    double most = store == STORE_NUMBERS && value->count ? value->numbers[value->count - 1] : least;
    if (least >= low && most <= high)
        return 0;
    return fault_set(why, -EINVAL, _("\"%s\" is out of range; expected %s"), input->shown, input->key->range);
}

int value_parse(const struct key *key, const char *text, struct settings_memory *memory, struct value *ret_value,
                struct fault *why)
{
    char shown[VALUE_SHOWN_MAX];
    struct value value = {.text = "", .second = ""};
    struct value_input input = {.key = key,
                                .text = text,
                                .shown = text_escape(text, strlen(text), shown, sizeof shown),
                                .expected = value_expected(key),
                                .memory = memory};
    int error = types[key->type].parse(&input, &value, why);
    if (!error)
        error = check_range(&input, &value, why);
    if (!error)
        *ret_value = value;
    return error;
}

void value_default(const struct key *key, struct settings_memory *memory, struct value *ret_value)
{
    struct value value = {.text = "", .second = ""};
    if (key->type == TYPE_COORDINATE)
        value.number = (double)NAN;
    if (key->type == TYPE_TIME_OF_DAY)
        value.integer = -1;
    if (key->type == TYPE_DAYS)
        value.last = -1;
    if (key->fallback)
        value_parse(key, key->fallback, memory, &value, NULL);
    *ret_value = value;
}

static void store_integer(int64_t integer, void *place, size_t size)
{
    if (size == sizeof(bool))
        *(bool *)place = integer != 0;
    else if (size == sizeof(int))
        *(int *)place = (int)integer;
    else
        *(int64_t *)place = integer;
}

void value_store(const struct key *key, const struct value *value, void *object)
{
    char *place = (char *)object + key->offset, *second = (char *)object + key->second_offset;
    enum store store = types[key->type].store;
    if (!key->size)
        return;
    if (store == STORE_TEXT || store == STORE_TWO_TEXTS)
        *(const char **)(void *)place = value->text;
    if (store == STORE_TWO_TEXTS)
        *(const char **)(void *)second = value->second;
    if (store == STORE_INTEGER || store == STORE_DAYS)
        store_integer(value->integer, place, key->size);
    if (store == STORE_DAYS)
        store_integer(value->last, second, sizeof(int64_t));
    if (store == STORE_NUMBER)
        *(double *)(void *)place = value->number;
    if (store != STORE_NUMBERS)
        return;
    memcpy(place, value->numbers, sizeof value->numbers);
    *(size_t *)(void *)second = value->count;
}

bool value_same(const struct value *a, const struct value *b)
{
    return a->integer == b->integer && a->last == b->last && a->number == b->number && a->count == b->count &&
           strcmp(a->text, b->text) == 0 && memcmp(a->numbers, b->numbers, sizeof a->numbers) == 0;
}
