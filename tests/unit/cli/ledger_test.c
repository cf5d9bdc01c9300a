// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include "check.h"
#include <string.h>

#define ENTRY(outlet, sensor, first, last, count, reason)                                                              \
    "{\"outlet\":" outlet ",\"sensor\":\"" sensor "\",\"first_seq\":" #first ",\"last_seq\":" #last                    \
    ",\"count\":" #count ",\"reason\":\"" reason "\"}"

static void an_entry_explains_what_it_names(void **state)
{
    static const struct {
        const char *entries, *outlet;
        uint64_t first, last, explained;
        const char *reason;
    } cases[] = {
        {"", NULL, 1, 9, 0, NULL},
        {ENTRY("\"a\"", "s", 1, 9, 9, "full"), NULL, 3, 5, 3, "full"},
        {ENTRY("\"a\"", "s", 4, 9, 6, "full"), "a", 3, 5, 2, "full"},
        {ENTRY("\"a\"", "s", 1, 9, 9, "full"), "b", 3, 5, 0, NULL},
        {ENTRY("null", "s", 1, 9, 9, "age"), "b", 3, 5, 3, "age"},
        {ENTRY("\"a\"", "t", 1, 9, 9, "full"), NULL, 3, 5, 0, NULL},
        // Not all in between are lost: no more than the count is accounted for.
        {ENTRY("\"a\"", "s", 1, 100, 2, "full"), NULL, 3, 12, 2, "full"},
        // Two outlets lost the same: it counts once.
        {ENTRY("\"a\"", "s", 3, 5, 3, "full") "," ENTRY("\"b\"", "s", 3, 5, 3, "full"), NULL, 3, 8, 3, "full"},
        {ENTRY("\"a\"", "s", 7, 8, 2, "age") "," ENTRY("\"a\"", "s", 3, 5, 3, "full"), NULL, 3, 8, 5, "full"},
        {ENTRY("\"a\"", "s", 3, 5, 1, "age") "," ENTRY("\"b\"", "s", 3, 5, 3, "full"), NULL, 3, 5, 3, "full"},
        {ENTRY("\"a\"", "s", 9, 1, 9, "full"), NULL, 3, 5, 0, NULL},
        {"5,null,{},{\"sensor\":\"s\"},{\"sensor\":\"s\",\"first_seq\":\"1\",\"last_seq\":-9}", NULL, 3, 5, 0, NULL},
        {ENTRY("\"a\"", "s", 1, 9223372036854775807, 9223372036854775807, "damage"), NULL, 3, 5, 3, "damage"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ledger ledger = {0};
        char text[2048];
        const char *reason = "untouched";
        snprintf(text, sizeof text, "{\"entries\":[%s],\"more\":3}", cases[i].entries);
        json_t *document = json_loads(text, 0, NULL);
        assert_true(ledger_take(&ledger, document));
        json_decref(document);
        assert_int_equal(ledger.more, 3);
        assert_int_equal(ledger_explain(&ledger, cases[i].outlet, "s", cases[i].first, cases[i].last, &reason),
                         cases[i].explained);
        if (cases[i].reason)
            assert_string_equal(reason, cases[i].reason);
        else
            assert_null(reason);
        ledger_finish(&ledger);
    }
}

static void what_is_no_ledger_changes_nothing(void **state)
{
    struct ledger ledger = {0};
    const char *reason;
    json_t *document = json_loads("{\"entries\":[" ENTRY("null", "s", 1, 9, 9, "full") "]}", 0, NULL), *other;
    (void)state;
    assert_true(ledger_take(&ledger, document));
    other = json_loads("{\"entries\":5}", 0, NULL);
    assert_false(ledger_take(&ledger, other));
    assert_int_equal(ledger_explain(&ledger, NULL, "s", 1, 2, &reason), 2);
    json_decref(document);
    json_decref(other);
    ledger_finish(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_explains_what_it_names),
        cmocka_unit_test(what_is_no_ledger_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
