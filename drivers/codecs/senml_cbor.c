// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/text.h"
#include "cbor_items.h"
#include "codecs.h"
#include "frames.h"
#include "senml.h"
#include <errno.h>
#include <string.h>

/*
 * SenML in CBOR (CoAP Content-Format 112): an array of definite length of maps, whose labels are the integers -6..8, or
 * texts for fields that RFC 8428 does not define. Maps may be of indefinite length, strings may not.
 */

// What made reading an item fail, at the place that was reached.
static enum refusal refuse_cbor(struct senml *senml, const struct items *items, int error)
{
    if (error == -ENODATA)
        return senml_refuse(senml, REFUSAL_SYNTAX, NULL, _("the CBOR ends in the middle, after %zu bytes"),
                            items->size);
    if (error == -ELOOP)
        return senml_refuse(senml, REFUSAL_SYNTAX, NULL, _("CBOR nested deeper than %d at byte %zu"), SENML_DEPTH_MAX,
                            items->at);
    return senml_refuse(senml, REFUSAL_SYNTAX, NULL, _("not CBOR at byte %zu"), items->at);
}

static bool is_plain_text(const struct item *item)
{
    return item->type == ITEM_TEXT && !item->open && text_is_utf8(item->data, item->size) &&
           !memchr(item->data, '\0', item->size);
}

static int take_number(struct items *items, const struct item *item, enum senml_field field,
                       struct senml_record *record)
{
    // RFC 8428 section 6: of a version only the unsigned integer.
    if (field == SENML_BVER && (item->type != ITEM_INTEGER || item->negative))
        return -EDOM;
    return items_number(items, item, &record->number[field]);
}

// -EDOM: another type than the field's.
static int take_value(struct items *items, enum senml_field field, struct senml_record *record)
{
    struct item item;
    int error = items_next(items, &item);
    if (error != 0)
        return error;
    enum senml_type type = senml_labels[field].type;
    if (type == SENML_NUMBER)
        return take_number(items, &item, field, record);
    bool right = type == SENML_BOOL   ? item.type == ITEM_BOOL
                 : type == SENML_TEXT ? is_plain_text(&item)
                                      : item.type == ITEM_BYTES && !item.open;
    if (!right)
        return -EDOM;
    if (type == SENML_BOOL)
        record->boolean = item.boolean;
    else
        record->text[field] = (struct senml_text){item.data, item.size};
    return 0;
}

static enum refusal read_known(struct senml *senml, struct items *items, const struct item *label,
                               struct senml_record *record)
{
    uint64_t limit = label->negative ? SENML_N : SENML_FIELDS - SENML_N;
    if (label->integer >= limit)
        return senml_refuse(senml, REFUSAL_SYNTAX, NULL, _("label %.0f is not known; expected -6 to 8, or a text"),
                            label->number);
    enum senml_field field = (enum senml_field)(label->integer + (label->negative ? 0 : SENML_N));
    enum refusal refusal = senml_mark(senml, record, field);
    if (refusal != REFUSAL_NONE)
        return refusal;
    int error = take_value(items, field, record);
    if (error == -EDOM)
        return senml_wrong_type(senml, field);
    return error == 0 ? REFUSAL_NONE : refuse_cbor(senml, items, error);
}

static enum refusal read_unknown(struct senml *senml, struct items *items, const struct item *label,
                                 struct senml_record *record)
{
    enum senml_field known = senml_find(label->data, label->size);
    if (known != SENML_FIELDS)
        return senml_refuse(senml, REFUSAL_SYNTAX, senml_labels[known].name,
                            _("the label is a text; expected the integer %d in CBOR"),
                            known < SENML_N ? -1 - (int)known : (int)known - SENML_N);
    enum refusal refusal = senml_ignore(senml, record, label->data, label->size);
    if (refusal != REFUSAL_NONE)
        return refusal;
    struct item value;
    int error = items_next(items, &value);
    if (error == 0)
        error = items_skip(items, &value, SENML_DEPTH_MAX);
    return error == 0 ? REFUSAL_NONE : refuse_cbor(senml, items, error);
}

static enum refusal read_field(struct senml *senml, struct items *items, const struct item *label,
                               struct senml_record *record)
{
    if (label->type == ITEM_INTEGER)
        return read_known(senml, items, label, record);
    if (is_plain_text(label))
        return read_unknown(senml, items, label, record);
    return senml_refuse(senml, REFUSAL_SYNTAX, NULL, _("a label before byte %zu is neither an integer nor a text"),
                        items->at);
}

static enum refusal read_record(struct senml *senml, struct items *items)
{
    struct senml_record record;
    struct item map;
    senml_clear(&record);
    int error = items_next(items, &map);
    if (error != 0)
        return refuse_cbor(senml, items, error);
    if (map.type != ITEM_MAP)
        return senml_refuse(senml, REFUSAL_SYNTAX, NULL, _("not a record; expected a CBOR map"));
    for (uint64_t i = 0; map.open || i < map.integer; i++) {
        struct item label;
        error = items_next(items, &label);
        if (error != 0)
            return refuse_cbor(senml, items, error);
        if (map.open && label.type == ITEM_BREAK)
            break;
        enum refusal refusal = read_field(senml, items, &label, &record);
        if (refusal != REFUSAL_NONE)
            return refusal;
    }
    return senml_resolve(senml, &record);
}

static enum refusal refuse(struct fault *why, const char *sentence)
{
    fault_set(why, 0, "%s", sentence);
    return REFUSAL_SYNTAX;
}

static enum refusal read_pack(struct senml *senml, struct items *items)
{
    struct item array;
    if (items_next(items, &array) != 0 || array.type != ITEM_ARRAY)
        return refuse(senml->why, _("not a SenML pack; expected a CBOR array of one record or more"));
    if (array.open)
        return refuse(senml->why, _("a CBOR array of indefinite length; expected a definite one"));
    if (array.integer == 0)
        return refuse(senml->why, _("an empty pack; expected one record or more"));
    for (uint64_t i = 0; i < array.integer; i++) {
        senml->record++;
        enum refusal refusal = read_record(senml, items);
        if (refusal != REFUSAL_NONE)
            return refusal;
    }
    if (items->at == items->size)
        return REFUSAL_NONE;
    fault_set(senml->why, 0, _("%zu bytes follow the end of the pack; expected none"), items->size - items->at);
    return REFUSAL_SYNTAX;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    const uint8_t *data = frame->data;
    size_t size = frame->size;
    if (size > SENML_SIZE_MAX) {
        fault_set(why, 0, _("a pack of %zu bytes; expected %d at most"), size, SENML_SIZE_MAX);
        return REFUSAL_LENGTH;
    }
    struct senml senml = {.pack = pack, .why = why};
    struct items items = {.data = data, .size = size};
    return read_pack(&senml, &items);
}

const struct codec codec_senml_cbor = {
    .name = "senml-cbor",
    .description = N_("SenML in CBOR (RFC 8428); for CoAP"),
    .content_format = 112,
    .parse = parse,
};
