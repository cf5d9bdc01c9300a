// SPDX-License-Identifier: Apache-2.0
#include "carry.h"

#include "base/messages.h"
#include "base/number.h"
#include "payload.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char before_topic[] = "{\"topic\":", before_payload[] = ",\"payload\":", before_count[] = "{\"readings\":";

void carry_init(struct carry *carry, bool deep)
{
    *carry = (struct carry){.deep = deep};
    bytes_init(&carry->begun, CARRY_LINE_MAX);
}

void carry_finish(struct carry *carry)
{
    bytes_finish(&carry->begun);
}

static bool begins_with(const char *line, size_t size, const char *start)
{
    size_t length = strlen(start);
    return size >= length && memcmp(line, start, length) == 0;
}

static bool copy_text(const json_t *object, const char *key, char *ret_text, size_t size)
{
    const json_t *value = json_object_get(object, key);
    size_t length = json_string_length(value);
    if (!length || length >= size)
        return false;
    memcpy(ret_text, json_string_value(value), length + 1);
    return true;
}

/* A reading. */

// Where the payload stands in the line, byte for byte; the line is known to be JSON.
static bool find_payload(const char *line, size_t size, struct carry_reading *ret_reading)
{
    size_t at = strlen(before_topic) + 1;
    if (!begins_with(line, size, before_topic))
        return false;
    while (at < size && line[at] != '"')
        at += line[at] == '\\' ? 2 : 1;
    at++;
    if (at >= size || !begins_with(line + at, size - at, before_payload))
        return false;
    at += strlen(before_payload);
    ret_reading->payload = line + at;
    ret_reading->size = size - at - 1; // without the brace that ends the line
    return at < size && line[size - 1] == '}';
}

// The topic is made of what the payload says, so that nothing can be smuggled to another place.
static bool is_topic_right(const struct carry_head *head, const json_t *payload, const char *topic)
{
    char expected[CARRY_TOPIC_SIZE + ID_MAX + STREAM_SIZE + 4], stream[STREAM_SIZE], kind[ID_MAX + 1];
    const char *id;
    if (!payload_stream(payload, stream) || !copy_text(payload, "kind", kind, sizeof kind) ||
        !text_is_id(kind, strlen(kind)))
        return false;
    if (stream_subject(stream, &id) == SUBJECT_SENSOR)
        snprintf(expected, sizeof expected, "%s/%s/%s", head->tree, kind, stream);
    else
        snprintf(expected, sizeof expected, "%s/%s", head->tree, stream);
    return strcmp(expected, topic) == 0;
}

static const char *take_apart(const struct carry_head *head, const json_t *object, struct carry_reading *reading)
{
    const json_t *payload = json_object_get(object, "payload");
    json_int_t seq = json_integer_value(json_object_get(payload, "seq"));
    if (!copy_text(object, "topic", reading->topic, sizeof reading->topic) ||
        !is_topic_right(head, payload, reading->topic))
        return N_("its topic does not fit its payload");
    if (!copy_text(payload, "epoch", reading->epoch, sizeof reading->epoch) || strcmp(reading->epoch, head->epoch) != 0)
        return N_("its epoch is not that of the first line");
    if (seq < 1)
        return N_("its seq is no number from 1");
    snprintf(reading->seq, sizeof reading->seq, "%" JSON_INTEGER_FORMAT, seq);
    return NULL;
}

const char *carry_take_apart(const struct carry_head *head, const char *line, size_t size,
                             struct carry_reading *ret_reading)
{
    struct carry_reading reading;
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    const char *wrong = N_("it is no JSON object");
    if (json_is_object(object))
        wrong = json_object_size(object) == 2 && find_payload(line, size, &reading)
                    ? take_apart(head, object, &reading)
                    : N_("it does not have a topic and a payload");
    json_decref(object);
    if (!wrong)
        *ret_reading = reading;
    return wrong;
}

/* The lines. */

// Names that go into a topic or a message may hold nothing that means something there.
static bool is_tree(const char *tree)
{
    return !strpbrk(tree, "+#") && text_is_plain(tree, strlen(tree)) && *tree != '/' && *tree != '$' &&
           !strstr(tree, "//") && tree[strlen(tree) - 1] != '/';
}

static bool take_head(const json_t *object, struct carry_head *head)
{
    return copy_text(object, "municipality", head->municipality, sizeof head->municipality) &&
           copy_text(object, "gateway", head->gateway, sizeof head->gateway) &&
           copy_text(object, "epoch", head->epoch, sizeof head->epoch) &&
           copy_text(object, "tree", head->tree, sizeof head->tree) &&
           text_is_id(head->gateway, strlen(head->gateway)) && text_is_id(head->epoch, strlen(head->epoch)) &&
           is_tree(head->tree);
}

static int on_head(struct carry *carry, const char *line, size_t size, struct fault *why)
{
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    json_int_t version = json_integer_value(json_object_get(object, "citygw_export"));
    int error = 0;
    if (version > 1)
        error = fault_set(why, -EBADMSG,
                          _("line 1: this export is of version %lld; expected version 1, which this tool reads"),
                          (long long)version);
    else if (version != 1 || !take_head(object, &carry->head))
        error = fault_set(why, -EBADMSG,
                          _("line 1 is not the header of an export; expected a file that citygw export made"));
    json_decref(object);
    carry->part = CARRY_READINGS;
    return error;
}

static int on_reading(struct carry *carry, const char *line, size_t size, struct fault *why)
{
    struct carry_reading reading;
    const char *wrong = carry->deep ? carry_take_apart(&carry->head, line, size, &reading) : NULL;
    carry->readings++;
    if (wrong)
        return fault_set(
            why, -EBADMSG,
            _("line %zu is no reading of this gateway: %s; the file was changed or damaged, export it again"),
            carry->lines, _(wrong));
    return 0;
}

static int compare_end(const struct carry *carry, json_int_t readings, const char *crc, struct fault *why)
{
    char own[9];
    snprintf(own, sizeof own, "%08" PRIx32, carry->crc);
    if (readings != (json_int_t)carry->readings)
        return fault_set(why, -EBADMSG,
                         _("line %zu: %zu readings stand before it, expected %lld; lines were lost, export it again"),
                         carry->lines, carry->readings, (long long)readings);
    if (strcmp(own, crc) != 0)
        return fault_set(why, -EBADMSG,
                         _("line %zu: the checksum of what stands before it is %s, expected %s; the file was changed "
                           "or damaged, export it again"),
                         carry->lines, own, crc);
    return 0;
}

static int on_last(struct carry *carry, const char *line, size_t size, struct fault *why)
{
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *readings = json_object_get(object, "readings");
    char crc[9];
    int error;
    if (json_is_integer(readings) && copy_text(object, "crc32c", crc, sizeof crc))
        error = compare_end(carry, json_integer_value(readings), crc, why);
    else
        error =
            fault_set(why, -EBADMSG,
                      _("line %zu is damaged; expected the last line, with the number of readings and the checksum"),
                      carry->lines);
    carry->left_out = (size_t)json_integer_value(json_object_get(object, "left_out"));
    carry->waiting = (size_t)json_integer_value(json_object_get(object, "waiting"));
    json_decref(object);
    carry->part = CARRY_ENDED;
    return error;
}

// `size` without the line feed, which follows.
static int on_line(struct carry *carry, const char *line, size_t size, struct fault *why)
{
    carry->lines++;
    if (carry->part == CARRY_ENDED)
        return fault_set(why, -EBADMSG, _("line %zu stands behind the last line; expected the end of the file"),
                         carry->lines);
    if (carry->part == CARRY_READINGS && begins_with(line, size, before_count))
        return on_last(carry, line, size, why);
    int error = carry->part == CARRY_HEAD ? on_head(carry, line, size, why) : on_reading(carry, line, size, why);
    carry->crc = crc32c(carry->crc, line, size + 1);
    return error;
}

// A line that ends in these bytes and may have begun in those before.
static int end_line(struct carry *carry, const char *data, size_t size, struct fault *why)
{
    struct bytes *begun = &carry->begun;
    if (begun->used == 0)
        return on_line(carry, data, size, why);
    bytes_append(begun, data, size + 1);
    int error = begun->overflow ? 0 : on_line(carry, (const char *)begun->data, begun->used - 1, why);
    if (!begun->overflow)
        bytes_clear(begun);
    return error;
}

int carry_feed(struct carry *carry, const void *data, size_t size, struct fault *why)
{
    const char *at = data, *end = at + size, *feed;
    int error = 0;
    while (!error && (feed = memchr(at, '\n', (size_t)(end - at)))) {
        error = end_line(carry, at, (size_t)(feed - at), why);
        at = feed + 1;
    }
    bytes_append(&carry->begun, at, error ? 0 : (size_t)(end - at));
    if (!error && carry->begun.overflow)
        error = fault_set(why, -EBADMSG, _("line %zu is longer than %d bytes; expected a file that citygw export made"),
                          carry->lines + 1, (int)CARRY_LINE_MAX);
    return error;
}

int carry_end(const struct carry *carry, struct fault *why)
{
    if (carry->part == CARRY_ENDED && carry->begun.used == 0)
        return 0;
    if (carry->part == CARRY_ENDED)
        return fault_set(why, -EBADMSG, _("line %zu stands behind the last line; expected the end of the file"),
                         carry->lines + 1);
    return fault_set(
        why, -EBADMSG,
        _("it ends after line %zu; expected a last line with the number of readings and the checksum: it was "
          "cut off, export it again"),
        carry->lines);
}
