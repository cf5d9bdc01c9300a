// SPDX-License-Identifier: Apache-2.0
#include "unknown.h"

#include "base/number.h"
#include "reading/guess.h"
#include "reading/identifier.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_BYTES_MAX = 2400, SHOWN_BYTES_MAX = 4, SHOWN_TEXT_MAX = 64, SHOWN_UNIT_MAX = 16 };

struct sender {
    const char *source;
    char *address;
    char *identity; // "" for none
    char id[ID_MAX + 1], shown_id[ID_MAX + 1];
    enum kind kind;
    int64_t first_us, last_us;
    uint64_t packs;
    size_t more;
    struct bytes values; // a JSON array
};

struct unknowns {
    struct sender senders[UNKNOWNS_MAX];
    size_t count;
    uint64_t forgotten;
};

struct unknowns *unknowns_create(void)
{
    return calloc(1, sizeof(struct unknowns));
}

static void sender_finish(struct sender *sender)
{
    free(sender->address);
    free(sender->identity);
    bytes_finish(&sender->values);
}

void unknowns_destroy(struct unknowns *unknowns)
{
    if (!unknowns)
        return;
    for (size_t i = 0; i < unknowns->count; i++)
        sender_finish(&unknowns->senders[i]);
    free(unknowns);
}

static struct sender *find(struct unknowns *unknowns, const char *source, const char *address, const char *identity)
{
    for (size_t i = 0; i < unknowns->count; i++) {
        struct sender *sender = &unknowns->senders[i];
        if (sender->source == source && !strcmp(sender->address, address) && !strcmp(sender->identity, identity))
            return sender;
    }
    return NULL;
}

// Any client can make up names, but not an identity: those are the last to go.
static bool goes_before(const struct sender *one, const struct sender *other)
{
    if (!*one->identity != !*other->identity)
        return !*one->identity;
    return one->last_us < other->last_us;
}

// NULL: nobody goes for this one.
static struct sender *make_room(struct unknowns *unknowns, const char *identity)
{
    if (unknowns->count < UNKNOWNS_MAX)
        return &unknowns->senders[unknowns->count++];
    struct sender *victim = &unknowns->senders[0];
    for (size_t i = 1; i < unknowns->count; i++)
        if (goes_before(&unknowns->senders[i], victim))
            victim = &unknowns->senders[i];
    unknowns->forgotten++;
    if (*victim->identity && !*identity)
        return NULL;
    sender_finish(victim);
    return victim;
}

static struct sender *add(struct unknowns *unknowns, const char *source, const char *address, const char *identity,
                          int64_t now_us)
{
    char *own_address = strdup(address), *own_identity = strdup(identity);
    struct sender *sender = own_address && own_identity ? make_room(unknowns, identity) : NULL;
    if (!sender) {
        free(own_address);
        free(own_identity);
        return NULL;
    }
    *sender = (struct sender){.source = source, .address = own_address, .identity = own_identity, .first_us = now_us};
    bytes_init(&sender->values, VALUES_BYTES_MAX);
    return sender;
}

// Without what could name somebody's device: whoever is not configured may be a counter of people.
static void write_text(const char *text, size_t size_max, struct json *json)
{
    char shown[GUESS_ADDRESS_MAX + 1];
    size_t size = strnlen(text, size_max < sizeof shown ? size_max : sizeof shown - 1);
    memcpy(shown, text, size);
    shown[size] = '\0';
    identifier_hide(shown, NULL, NULL);
    json_text(json, shown);
}

static void write_number(double number, struct json *json)
{
    char digits[NUMBER_TEXT_SIZE];
    if (!isfinite(number) || !identifier_number(number)) {
        json_number(json, number);
        return;
    }
    number_text(number, digits);
    write_text(digits, sizeof digits, json);
}

// So few that no address of a device is among them, and enough to tell one format from another.
static void write_hex(const struct raw_value *value, struct json *json)
{
    char hex[2 * SHOWN_BYTES_MAX + 1] = "";
    for (size_t i = 0; i < value->text_size && i < SHOWN_BYTES_MAX; i++)
        snprintf(hex + 2 * i, 3, "%02x", (uint8_t)value->text[i]);
    json_key_text(json, "hex", hex);
    json_key_unsigned(json, "bytes", value->text_size);
}

static void write_value(const struct raw_value *value, struct json *json)
{
    if (value->type == RAW_DATA) {
        write_hex(value, json);
        return;
    }
    json_key(json, "value");
    if (value->type == RAW_BOOL)
        json_bool(json, value->boolean);
    else if (value->type == RAW_TEXT)
        write_text(value->text, SHOWN_TEXT_MAX, json);
    else
        write_number(value->type == RAW_NUMBER ? value->number : value->sum, json);
    if (!*value->unit)
        return;
    json_key(json, "unit");
    write_text(value->unit, SHOWN_UNIT_MAX, json);
}

// A value that has no room is left out as a whole.
static void write_values(struct sender *sender, const struct guess *guess, const struct raw_pack *pack)
{
    struct json json;
    size_t shown = 0, own = 0;
    bytes_clear(&sender->values);
    json_begin(&json, &sender->values);
    json_array_begin(&json);
    for (size_t i = 0; i < pack->count; i++) {
        const char *field = guess_field(guess, &pack->values[i]);
        own += field != NULL;
        if (!field || shown == GUESS_VALUES_MAX || sender->values.used > VALUES_BYTES_MAX / 2)
            continue;
        json_object_begin(&json);
        json_key(&json, "field");
        write_text(field, GUESS_ADDRESS_MAX, &json);
        write_value(&pack->values[i], &json);
        json_key_bool(&json, "fits", guess_fits(field, guess->kind));
        json_object_end(&json);
        shown++;
    }
    json_array_end(&json);
    sender->more = own - shown;
}

bool unknowns_note(struct unknowns *unknowns, const char *source, const struct driver_pack *pack, size_t record,
                   const struct sensors *sensors, int64_t now_us)
{
    struct guess guess;
    const char *identity = pack->identity ? pack->identity : "";
    guess_sensor(pack->raw, record, pack->sensor, &guess);
    if (sensors_is_disabled(sensors, source, guess.address))
        return false;
    struct sender *sender = find(unknowns, source, guess.address, identity);
    if (!sender)
        sender = add(unknowns, source, guess.address, identity, now_us);
    if (!sender)
        return true;
    sender->last_us = now_us;
    sender->packs++;
    sender->kind = guess.kind;
    strcpy(sender->id, guess.id);
    write_values(sender, &guess, pack->raw);
    return true;
}

static bool is_given(const struct unknowns *unknowns, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(unknowns->senders[i].shown_id, id) == 0)
            return true;
    return false;
}

// Neither a sensor nor a sender before it has the id that is shown.
static void choose_id(struct unknowns *unknowns, size_t index, const struct sensors *sensors)
{
    enum { TRIES = 1000 };
    struct sender *sender = &unknowns->senders[index];
    strcpy(sender->shown_id, sender->id);
    for (unsigned i = 2;
         i < TRIES && (sensors_find(sensors, sender->shown_id) || is_given(unknowns, index, sender->shown_id)); i++)
        snprintf(sender->shown_id, sizeof sender->shown_id, "%.*s-%u", ID_MAX - 5, sender->id, i);
}

static void write_sender(const struct sender *sender, struct json *json)
{
    char time[UTC_TEXT_SIZE];
    json_object_begin(json);
    json_key_text(json, "source", sender->source);
    json_key_text(json, "address", sender->address);
    json_key_text(json, "identity", *sender->identity ? sender->identity : NULL);
    json_key_text(json, "id", sender->shown_id);
    json_key_text(json, "kind", kind_names[sender->kind]);
    json_key_text(json, "first_seen", utc_text(sender->first_us, time));
    json_key_text(json, "last_seen", utc_text(sender->last_us, time));
    json_key_unsigned(json, "packs", sender->packs);
    json_key(json, "values");
    if (sender->values.overflow)
        json_null_value(json);
    else
        json_raw(json, sender->values.data, sender->values.used);
    json_key_unsigned(json, "more", sender->more);
    json_object_end(json);
}

void unknowns_write(struct unknowns *unknowns, const struct sensors *sensors, int64_t now_us, struct json *json)
{
    char time[UTC_TEXT_SIZE];
    json_object_begin(json);
    json_key_text(json, "now", utc_text(now_us, time));
    json_key(json, "senders");
    json_array_begin(json);
    for (size_t i = 0; i < unknowns->count; i++) {
        choose_id(unknowns, i, sensors);
        write_sender(&unknowns->senders[i], json);
    }
    json_array_end(json);
    json_key_unsigned(json, "forgotten", unknowns->forgotten);
    json_object_end(json);
}

size_t unknowns_count(const struct unknowns *unknowns)
{
    return unknowns->count;
}

uint64_t unknowns_forgotten(const struct unknowns *unknowns)
{
    return unknowns->forgotten;
}
