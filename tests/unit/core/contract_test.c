// SPDX-License-Identifier: Apache-2.0

// docs/api/citygw.schema.json has every word that the gateway has: what is added to a table here is to be added there, too.

#include "buffer/buffer.h"
#include "check.h"
#include "city/alerts.h"
#include "city/health.h"
#include "reading/reading.h"
#include "reading/refusal.h"
#include "reading/stream.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *schema; // its $defs

static int read_schema(void **state)
{
    char path[4096];
    const char *sources = getenv("SOURCE_DIR");
    (void)state;
    snprintf(path, sizeof path, "%s/docs/api/citygw.schema.json", sources ? sources : ".");
    json_t *root = json_load_file(path, 0, NULL);
    schema = json_incref(json_object_get(root, "$defs"));
    json_decref(root);
    return schema ? 0 : -1;
}

static int forget_schema(void **state)
{
    (void)state;
    json_decref(schema);
    return 0;
}

static json_t *part(const char *definition, const char *key)
{
    json_t *found = json_object_get(json_object_get(schema, definition), key);
    if (!found)
        fail_msg("there is no $defs/%s/%s", definition, key);
    return found;
}

/* Quantities. */

static json_t *words_of(const char *const words[])
{
    json_t *list = json_array();
    for (size_t i = 0; words[i]; i++)
        json_array_append_new(list, json_string(words[i]));
    return list;
}

static void add_bound(json_t *row, const char *key, double bound)
{
    if (isfinite(bound))
        json_object_set_new(row, key, bound == floor(bound) ? json_integer((json_int_t)bound) : json_real(bound));
}

// The row that the schema should have.
static json_t *row_of(const struct quantity *quantity, bool described)
{
    static const char *const types[] = {
        [VALUE_NUMBER] = "number", [VALUE_BOOL] = "boolean", [VALUE_TEXT] = "string", [VALUE_INTEGER] = "integer"};
    json_t *row = json_object();
    if (described)
        json_object_set_new(row, "description", json_string(quantity->meaning));
    if (*quantity->unit)
        json_object_set_new(row, "x-unit", json_string(quantity->unit));
    if (quantity->words)
        json_object_set_new(row, "enum", words_of(quantity->words));
    else
        json_object_set_new(row, "type", json_string(types[quantity->type]));
    if (quantity->type == VALUE_NUMBER || quantity->type == VALUE_INTEGER) {
        add_bound(row, "minimum", quantity->low);
        add_bound(row, "maximum", quantity->high);
    }
    return row;
}

static void check_row(json_t *rows, const char *key, json_t *expected)
{
    char *text = json_dumps(expected, JSON_COMPACT);
    if (!json_equal(json_object_get(rows, key), expected))
        fail_msg("docs/api/citygw.schema.json lacks or differs from \"%s\": %s", key, text);
    free(text);
    json_decref(expected);
}

static void every_quantity_is_in_the_schema(void **state)
{
    json_t *rows = part("values", "properties");
    const struct quantity *quantity;
    size_t count = 0;
    (void)state;
    for (; (quantity = vocabulary_at(count)); count++)
        check_row(rows, quantity->name, row_of(quantity, true));
    assert_int_equal(json_object_size(rows), count);
}

static void every_unit_that_a_name_may_end_in_is_in_the_schema(void **state)
{
    json_t *rows = part("values", "patternProperties");
    const char *suffix;
    size_t count = 0;
    (void)state;
    for (; (suffix = vocabulary_suffix_at(count)); count++) {
        char name[80], pattern[80];
        snprintf(name, sizeof name, "x_%s", suffix);
        snprintf(pattern, sizeof pattern, "^(?!.*_per_)[a-z][a-z0-9_]*_%s$", suffix);
        check_row(rows, pattern, row_of(vocabulary_find(name, KIND_GENERIC), false));
    }
    assert_int_equal(json_object_size(rows), count);
}

static void each_kind_has_its_quantities(void **state)
{
    const struct quantity *quantity;
    (void)state;
    for (int kind = 0; kind < KIND_ENVIRONMENT; kind++) {
        char definition[40];
        snprintf(definition, sizeof definition, "%s_values", kind_names[kind]);
        for (size_t i = 0; (quantity = vocabulary_at(i)); i++) {
            bool is_there = json_object_get(part(definition, "properties"), quantity->name);
            if (is_there != (vocabulary_find(quantity->name, (enum kind)kind) != NULL))
                fail_msg("%s: %s %s", definition, quantity->name, is_there ? "is too many" : "is missing");
        }
    }
}

static void sensors_of_the_environment_have_what_has_a_unit(void **state)
{
    const struct quantity *quantity;
    (void)state;
    for (size_t i = 0; (quantity = vocabulary_at(i)); i++) {
        bool is_forbidden = json_is_false(json_object_get(part("environment_values", "properties"), quantity->name));
        if (is_forbidden != (vocabulary_find(quantity->name, KIND_ENVIRONMENT) == NULL))
            fail_msg("environment_values: %s", quantity->name);
    }
}

/* Words. */

static void check_words(json_t *list, const char *const words[], size_t count)
{
    assert_int_equal(json_array_size(list), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(json_string_value(json_array_get(list, i)), words[i]);
}

static json_t *words_at(const char *definition, const char *property)
{
    return json_object_get(json_object_get(part(definition, "properties"), property), "enum");
}

static void the_words_of_a_message_are_those_of_the_code(void **state)
{
    const char *refusals[REFUSAL_COUNT];
    json_t *entry = json_object_get(json_object_get(part("loss", "properties"), "entries"), "items");
    (void)state;
    check_words(part("kind", "enum"), kind_names, KIND_COUNT);
    check_words(words_at("head", "time_quality"), time_quality_names, TIME_ESTIMATED + 1);
    check_words(words_at("head", "quality"), quality_names, QUALITY_CALIBRATING + 1);
    check_words(words_at("alert_values", "level"), alert_level_names, ALERT_LEVEL_COUNT);
    for (int i = REFUSAL_NONE + 1; i < REFUSAL_COUNT; i++)
        refusals[i - 1] = refusal_name((enum refusal)i);
    check_words(json_object_get(part("by_refusal", "propertyNames"), "enum"), refusals, REFUSAL_COUNT - 1);
    check_words(json_object_get(json_object_get(json_object_get(entry, "properties"), "reason"), "enum"),
                buffer_loss_reasons, 3);
    check_words(
        json_object_get(json_object_get(json_object_get(part("alert_reading", "then"), "properties"), "alert"), "enum"),
        gateway_alerts, GATEWAY_ALERT_COUNT);
}

static bool is_among(json_t *list, const char *word)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), word) == 0)
            return true;
    return false;
}

static void every_condition_of_a_sensor_is_in_the_schema(void **state)
{
    (void)state;
    for (int i = 0; i < HEALTH_CONDITION_COUNT; i++) {
        struct health_news news = {.condition = (enum health_condition)i, .quantity = "battery_v"};
        struct alert_condition condition;
        health_alert(&news, &condition);
        if (!is_among(part("alert_condition", "enum"), condition.name) ||
            !json_object_get(part("alert_values", "properties"), condition.value_name))
            fail_msg("alert_condition or alert_values lacks %s, %s", condition.name, condition.value_name);
    }
    for (int i = 0; i < GATEWAY_ALERT_COUNT; i++)
        assert_true(is_among(part("alert_condition", "enum"), gateway_alerts[i]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_quantity_is_in_the_schema),
        cmocka_unit_test(every_unit_that_a_name_may_end_in_is_in_the_schema),
        cmocka_unit_test(each_kind_has_its_quantities),
        cmocka_unit_test(sensors_of_the_environment_have_what_has_a_unit),
        cmocka_unit_test(the_words_of_a_message_are_those_of_the_code),
        cmocka_unit_test(every_condition_of_a_sensor_is_in_the_schema),
    };
    return cmocka_run_group_tests(tests, read_schema, forget_schema);
}
