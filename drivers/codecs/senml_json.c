// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/text.h"
#include "codecs.h"
#include "frames.h"
#include "senml.h"
#include <jansson.h>
#include <string.h>

/*
 * SenML in JSON (CoAP Content-Format 110; on a serial line one pack a line). jansson parses it whole, so its size and depth
 * are checked before: jansson would follow 2048 brackets by recursion.
 */

enum { FRAME_MAX_BYTES = 8192, DEPTH_MAX = 2 + SENML_DEPTH_MAX };

// Only what stands outside of strings nests. Broken JSON is jansson's to refuse.
static bool is_shallow(const uint8_t *data, size_t size)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        if (quoted && data[i] == '\\')
            i++;
        else if (data[i] == '"')
            quoted = !quoted;
        else if (!quoted && (data[i] == '[' || data[i] == '{') && ++depth > DEPTH_MAX)
            return false;
        else if (!quoted && (data[i] == ']' || data[i] == '}') && depth > 0)
            depth--;
    }
    return true;
}

static const char *json_cause(enum json_error_code code)
{
    static const struct {
        enum json_error_code code;
        const char *cause;
    } causes[] = {
        {json_error_premature_end_of_input, N_("the JSON ends in the middle")},
        {json_error_end_of_input_expected, N_("something follows the end of the JSON")},
        {json_error_invalid_utf8, N_("not UTF-8")},
        {json_error_duplicate_key, N_("a field stands twice in a record")},
        {json_error_numeric_overflow, N_("a number is too large")},
    };
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        if (causes[i].code == code)
            return _(causes[i].cause);
    return _("not JSON");
}

static enum refusal refuse_json(const json_error_t *error, struct fault *why)
{
    char shown[JSON_ERROR_TEXT_LENGTH];
    fault_set(why, 0, _("line %d, column %d: %s (%s)"), error->line, error->column, json_cause(json_error_code(error)),
              text_escape(error->text, strlen(error->text), shown, sizeof shown));
    return REFUSAL_SYNTAX;
}

static bool take_value(struct senml_record *record, enum senml_field field, const json_t *value)
{
    switch (senml_labels[field].type) {
    case SENML_NUMBER:
        record->number[field] = json_number_value(value);
        return json_is_number(value);
    case SENML_BOOL:
        record->boolean = json_is_true(value);
        return json_is_boolean(value);
    case SENML_TEXT:
    case SENML_DATA:
        record->text[field] = (struct senml_text){json_string_value(value), json_string_length(value)};
        return json_is_string(value);
    }
    return false;
}

static enum refusal read_record(struct senml *senml, json_t *object)
{
    struct senml_record record;
    senml_clear(&record);
    if (!json_is_object(object))
        return senml_refuse(senml, REFUSAL_SYNTAX, NULL, _("not an object; expected a JSON object {...}"));
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        const char *label = json_object_iter_key(at);
        enum senml_field field = senml_find(label, strlen(label));
        enum refusal refusal = field == SENML_FIELDS ? senml_ignore(senml, &record, label, strlen(label))
                                                     : senml_mark(senml, &record, field);
        if (refusal != REFUSAL_NONE)
            return refusal;
        if (field != SENML_FIELDS && !take_value(&record, field, json_object_iter_value(at)))
            return senml_wrong_type(senml, field);
    }
    return senml_resolve(senml, &record);
}

static enum refusal read_pack(struct senml *senml, json_t *root)
{
    size_t count = json_is_array(root) ? json_array_size(root) : 0;
    if (count == 0) {
        fault_set(senml->why, 0, _("not a SenML pack; expected a JSON array of one record or more"));
        return REFUSAL_SYNTAX;
    }
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < count && refusal == REFUSAL_NONE; i++) {
        senml->record = i + 1;
        refusal = read_record(senml, json_array_get(root, i));
    }
    return refusal;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    const uint8_t *data = frame->data;
    size_t size = frame->size;
    if (size > SENML_SIZE_MAX) {
        fault_set(why, 0, _("a pack of %zu bytes; expected %d at most"), size, SENML_SIZE_MAX);
        return REFUSAL_LENGTH;
    }
    if (!is_shallow(data, size)) {
        fault_set(why, 0, _("JSON nested deeper than %d"), DEPTH_MAX);
        return REFUSAL_SYNTAX;
    }
    json_error_t error;
    json_t *root = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return refuse_json(&error, why);
    struct senml senml = {.pack = pack, .why = why, .base64 = true};
    enum refusal refusal = read_pack(&senml, root);
    json_decref(root);
    return refusal;
}

const struct codec codec_senml = {
    .name = "senml",
    .description = N_("SenML in JSON (RFC 8428); on a serial line one pack a line"),
    .content_format = 110,
    .frame_max = FRAME_MAX_BYTES,
    .addressed = true,
    .composed = true,
    .delimit = frame_line,
    .parse = parse,
};
