// SPDX-License-Identifier: Apache-2.0
#include "mqtt_documents.h"

#include "check.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int put(struct documents *documents, const char *topic, const char *json)
{
    struct outlet_document document = {topic, json, strlen(json)};
    return documents_put(documents, &document);
}

static void expect(struct documents *documents, const char *topic, const char *json, size_t *ret_index)
{
    const struct document *document = documents_take(documents, ret_index);
    assert_non_null(document);
    assert_string_equal(document->topic, topic);
    assert_memory_equal(document->json.data, json, strlen(json));
    assert_int_equal(document->json.used, strlen(json));
}

static void only_what_is_new_or_changed_is_sent(void **state)
{
    struct documents documents = {0};
    size_t index;
    (void)state;
    assert_int_equal(put(&documents, "status", "1"), 0);
    assert_int_equal(put(&documents, "info", "2"), 0);
    expect(&documents, "status", "1", &index);
    documents_settle(&documents, index, DOCUMENT_ARRIVED);
    expect(&documents, "info", "2", &index);
    documents_settle(&documents, index, DOCUMENT_ARRIVED);
    assert_int_equal(put(&documents, "info", "2"), 0);
    assert_null(documents_take(&documents, &index));
    assert_int_equal(put(&documents, "info", "3"), 0);
    expect(&documents, "info", "3", &index);
    documents_finish(&documents);
}

static void a_document_that_changes_on_its_way_goes_again_afterwards(void **state)
{
    struct documents documents = {0};
    size_t index;
    (void)state;
    put(&documents, "info", "1");
    expect(&documents, "info", "1", &index);
    put(&documents, "info", "2");
    put(&documents, "info", "3");
    assert_null(documents_take(&documents, &index)); // one at a time, or the older could arrive last
    documents_settle(&documents, index, DOCUMENT_ARRIVED);
    expect(&documents, "info", "3", &index);
    documents_settle(&documents, index, DOCUMENT_AGAIN);
    expect(&documents, "info", "3", &index);
    documents_finish(&documents);
}

static void a_refused_document_is_left_until_something_changes(void **state)
{
    struct documents documents = {0};
    size_t index;
    (void)state;
    put(&documents, "info", "1");
    put(&documents, "health", "1");
    expect(&documents, "info", "1", &index);
    documents_settle(&documents, index, 0x87);
    expect(&documents, "health", "1", &index);
    documents_settle(&documents, index, DOCUMENT_ARRIVED);
    assert_null(documents_take(&documents, &index));
    assert_int_equal(documents.refused, 1);
    put(&documents, "info", "2");
    expect(&documents, "info", "2", &index);
    documents_settle(&documents, index, 0x99);
    assert_int_equal(documents.refused, 1);
    assert_int_equal(documents.list[index].refused, 0x99);
    documents_refused_again(&documents);
    expect(&documents, "info", "2", &index); // and not "health"
    documents_settle(&documents, index, DOCUMENT_ARRIVED);
    assert_null(documents_take(&documents, &index));
    assert_int_equal(documents.wanted + documents.flying + documents.refused, 0);
    documents_finish(&documents);
}

static void size_and_number_are_bounded(void **state)
{
    struct documents documents = {0};
    char *large = calloc(1, DOCUMENT_SIZE_MAX + 1), topic[32];
    struct outlet_document document = {"info", large, DOCUMENT_SIZE_MAX + 1};
    (void)state;
    assert_int_equal(documents_put(&documents, &document), -EFBIG);
    document.size = DOCUMENT_SIZE_MAX;
    assert_int_equal(documents_put(&documents, &document), 0);
    int error = 0;
    for (int i = 0; i < DOCUMENTS_MAX && !error; i++) {
        snprintf(topic, sizeof topic, "about/%d", i);
        error = put(&documents, topic, "1");
    }
    assert_int_equal(error, -ENOSPC);
    assert_int_equal(documents.count, DOCUMENTS_MAX);
    assert_int_equal(put(&documents, "info", "small"), 0); // what is known still changes
    documents_finish(&documents);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_new_or_changed_is_sent),
        cmocka_unit_test(a_document_that_changes_on_its_way_goes_again_afterwards),
        cmocka_unit_test(a_refused_document_is_left_until_something_changes),
        cmocka_unit_test(size_and_number_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
