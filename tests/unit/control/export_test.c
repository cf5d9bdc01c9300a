// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <pthread.h>
#include <stdatomic.h>

/*
 * The export as a client sees it: pieces come whole and in order, each read off the loop's thread.
 */

enum { PIECE = 100000, PIECES = 20 };

struct store {
    pthread_t loop_thread;
    struct control_export_wish wish; // as it came; texts below
    char from[64], sensor[64];
    int error;              // of open
    unsigned breaks_off_at; // 0: never
    unsigned open, opened;
    atomic_uint read_on_loop;
};

// One export; its reads are on whatever thread, but never two at once.
struct shelf {
    struct store *store;
    unsigned pieces;
};

static void note(const char *text, char ret[64])
{
    snprintf(ret, 64, "%s", text ? text : "(none)");
}

static int store_open(void *context, const struct control_export_wish *wish, void **ret_export, struct fault *why)
{
    struct store *store = context;
    note(wish->from, store->from);
    note(wish->sensor, store->sensor);
    if (store->error)
        return fault_set(why, store->error, "not this one");
    struct shelf *shelf = calloc(1, sizeof *shelf);
    shelf->store = store;
    store->open++;
    store->opened++;
    *ret_export = shelf;
    return 0;
}

static int store_read(void *context, struct bytes *piece)
{
    struct shelf *shelf = context;
    struct store *store = shelf->store;
    store->read_on_loop += pthread_equal(pthread_self(), store->loop_thread) != 0;
    if (store->breaks_off_at && shelf->pieces == store->breaks_off_at)
        return -EIO;
    for (size_t i = 0; i < PIECE; i++)
        bytes_char(piece, (char)('a' + shelf->pieces));
    return ++shelf->pieces < PIECES;
}

static void store_close(void *context)
{
    struct shelf *shelf = context;
    shelf->store->open--;
    free(shelf);
}

static const struct control_export face = {.open = store_open, .read = store_read, .close = store_close};

static void open_with(struct world *world, struct store *store)
{
    store->loop_thread = pthread_self();
    world->options.export = &face;
    world->options.export_context = store;
    open_control(world);
}

// Counts the letters of a chunked body, and whether its last chunk came.
static size_t count_letters(const char *body, size_t counts[26], bool *ret_whole)
{
    size_t all = 0;
    const char *at = body;
    unsigned long size = 1;
    memset(counts, 0, 26 * sizeof *counts);
    while (size > 0 && *at) {
        char *end;
        size = strtoul(at, &end, 16);
        at = end + 2;
        for (unsigned long i = 0; i < size && *at; i++, at++, all++)
            if (*at >= 'a' && *at <= 'z')
                counts[*at - 'a']++;
        at += 2;
    }
    *ret_whole = size == 0;
    return all;
}

static void an_export_comes_whole_and_is_read_off_the_loop(void **state)
{
    struct world *world = *state;
    struct store store = {0};
    size_t counts[26];
    bool whole;
    open_with(world, &store);
    const char *reply = ask(world, connect_tcp(world), "GET", "/api/v1/export?from=a%2Bb&sensor=bay-1", local);
    assert_int_equal(code_of(reply), 200);
    assert_non_null(strstr(reply, "application/x-ndjson"));
    assert_int_equal(count_letters(body_of(reply), counts, &whole), PIECE * PIECES);
    assert_true(whole);
    for (size_t i = 0; i < PIECES; i++)
        assert_int_equal(counts[i], PIECE);
    assert_string_equal(store.from, "a+b");
    assert_string_equal(store.sensor, "bay-1");
    assert_int_equal(store.read_on_loop, 0);
    assert_int_equal(store.open, 0);
}

static void an_export_that_breaks_off_has_no_last_chunk(void **state)
{
    struct world *world = *state;
    struct store store = {.breaks_off_at = 3};
    size_t counts[26];
    bool whole;
    open_with(world, &store);
    const char *reply = ask(world, connect_unix(world), "GET", "/api/v1/export", local);
    assert_int_equal(code_of(reply), 200);
    assert_int_equal(count_letters(body_of(reply), counts, &whole), 3 * PIECE);
    assert_false(whole);
    assert_int_equal(store.open, 0);
}

static void what_cannot_be_exported_is_refused_with_a_sentence(void **state)
{
    struct world *world = *state;
    struct store store = {.error = -ENOENT};
    open_with(world, &store);
    const char *reply = ask(world, connect_unix(world), "GET", "/api/v1/export?sensor=x", local);
    assert_int_equal(code_of(reply), 404);
    assert_non_null(strstr(reply, "not this one"));
    store.error = -EINVAL;
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/api/v1/export?from=x", local)), 400);
    store.error = 0;
    reply = ask(world, connect_unix(world), "GET", "/api/v1/export?form=2026", local);
    assert_int_equal(code_of(reply), 400);
    assert_non_null(strstr(reply, "form"));
    assert_int_equal(store.opened, 0);
    assert_int_equal(code_of(ask(world, connect_unix(world), "POST", "/api/v1/export", local)), 405);
}

// Sends a question on a connection of its own and reads nothing.
static int hold_up(struct world *world, const struct store *store)
{
    static const char request[] = "GET /api/v1/export HTTP/1.1\r\nHost: localhost\r\n\r\n";
    unsigned before = store->opened;
    int fd = connect_unix(world);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    while (store->opened == before)
        uv_run(&world->loop, UV_RUN_ONCE);
    return fd;
}

static void a_third_export_at_once_is_put_off(void **state)
{
    struct world *world = *state;
    struct store store = {0};
    open_with(world, &store);
    int first = hold_up(world, &store), second = hold_up(world, &store);
    const char *reply = ask(world, connect_unix(world), "GET", "/api/v1/export", local);
    assert_int_equal(code_of(reply), 503);
    assert_non_null(strstr(reply, "Retry-After"));
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/api/v1/status", local)), 200);
    close(first);
    while (store.open > 1)
        uv_run(&world->loop, UV_RUN_ONCE);
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/api/v1/export", local)), 200);
    close(second);
}

static void the_end_of_control_breaks_off_what_is_under_way(void **state)
{
    struct world *world = *state;
    struct store store = {0};
    open_with(world, &store);
    int first = hold_up(world, &store), second = hold_up(world, &store);
    control_destroy(world->control);
    world->control = NULL;
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(store.open, 0);
    close(first);
    close(second);
}

static void without_a_store_there_is_no_export(void **state)
{
    struct world *world = *state;
    open_control(world);
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/api/v1/export", local)), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_export_comes_whole_and_is_read_off_the_loop),     TEST(an_export_that_breaks_off_has_no_last_chunk),
        TEST(what_cannot_be_exported_is_refused_with_a_sentence), TEST(a_third_export_at_once_is_put_off),
        TEST(the_end_of_control_breaks_off_what_is_under_way),    TEST(without_a_store_there_is_no_export),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
