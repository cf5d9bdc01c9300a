// SPDX-License-Identifier: Apache-2.0
#include "mqtt_peer.h"
#include "mqtt_rig.h"

#include <MQTTAsync.h>
#include <dlfcn.h>

/*
 * Connections that end in every way a broker can end them: each must be noticed within seconds and made anew.
 */

struct ending {
    const char *bytes;
    size_t size;
};

static const struct ending endings[] = {{"\xe0\x02\x8b\x00", 4}, {"\xe0\x00", 2}, {"\xe0\x01\x8b", 3}};

enum { ENDINGS = sizeof endings / sizeof *endings };

// The library's own answer, unless a test lets it lose a connection without telling anybody.
static atomic_bool lost_unsaid;

int MQTTAsync_isConnected(MQTTAsync handle)
{
    int (*real)(MQTTAsync handle);
    *(void **)&real = dlsym(RTLD_NEXT, "MQTTAsync_isConnected");
    return !atomic_load(&lost_unsaid) && real(handle);
}

static int accept_all(struct peer *peer, const struct peer_publish *publish)
{
    (void)peer;
    (void)publish;
    return 0;
}

// Sends an ending once nothing comes any more, and leaves the socket open or closes it a round later.
struct script {
    const struct ending *ending;
    bool sent, cut;
};

static void end_when_idle(struct peer *peer)
{
    struct script *script = peer->test;
    if (peer->connections > 1 || !peer->greeted) {
        return;
    }
    if (!script->sent) {
        script->sent = true;
        peer_send(peer, script->ending->bytes, script->ending->size);
    } else if (script->cut) {
        peer_cut(peer);
    }
}

// One outlet and its broker. Those of a test run side by side, because the library takes its time.
struct scene {
    struct script script;
    struct peer *peer;
    struct rig *rig;
};

static void open_scene(struct scene *scene, const struct ending *ending, bool cut)
{
    scene->script = (struct script){.ending = ending, .cut = cut};
    scene->peer = peer_start(accept_all, &scene->script);
    scene->rig = rig_make(scene->peer->port);
}

static void end_at_connack(struct scene *scene, bool no_connack)
{
    scene->peer->with_connack = scene->script.ending->bytes;
    scene->peer->with_connack_size = scene->script.ending->size;
    scene->peer->no_connack = no_connack;
}

// The loss is told, and once the pause is over the outlet connects again and delivers.
static void expect_recovery(struct scene *scenes, size_t count)
{
    char text[400];
    for (size_t i = 0; i < count; i++) {
        peer_begin(scenes[i].peer);
        rig_start(scenes[i].rig);
        rig_offer(scenes[i].rig, 5);
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(rig_wait_event(scenes[i].rig, OUTLET_DISCONNECTED, text));
        rig_advance(scenes[i].rig, 2);
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(rig_wait_event(scenes[i].rig, OUTLET_CONNECTED, text));
        rig_offer(scenes[i].rig, 14);
        assert_true(rig_wait_delivered(scenes[i].rig, 15));
        assert_true(rig_stop(scenes[i].rig));
        assert_int_equal(scenes[i].peer->connections, 2);
        rig_finish(scenes[i].rig);
        peer_stop(scenes[i].peer);
    }
}

static void a_disconnect_of_the_server_is_a_lost_connection_with_and_without_a_close(void **state)
{
    struct scene scenes[ENDINGS + 1];
    (void)state;
    for (size_t i = 0; i <= ENDINGS; i++) {
        open_scene(&scenes[i], &endings[i % ENDINGS], i == ENDINGS);
        scenes[i].peer->idle = end_when_idle;
    }
    expect_recovery(scenes, ENDINGS + 1);
}

static void a_disconnect_in_the_segment_of_the_connack_is_a_lost_connection(void **state)
{
    struct scene scenes[ENDINGS];
    (void)state;
    for (size_t i = 0; i < ENDINGS; i++) {
        open_scene(&scenes[i], &endings[i], false);
        end_at_connack(&scenes[i], false);
    }
    expect_recovery(scenes, ENDINGS);
}

static void a_disconnect_instead_of_the_connack_is_a_failed_attempt(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, &endings[0], false);
    end_at_connack(&scene, true);
    expect_recovery(&scene, 1);
}

static void a_loss_that_the_library_does_not_tell_is_noticed_within_seconds(void **state)
{
    char text[400];
    struct peer *peer = peer_start(accept_all, NULL);
    struct rig *rig = rig_make(peer->port);
    (void)state;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
    atomic_store(&lost_unsaid, true);
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text));
    atomic_store(&lost_unsaid, false);
    rig_advance(rig, 2);
    assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
    assert_true(rig_stop(rig));
    rig_finish(rig);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disconnect_of_the_server_is_a_lost_connection_with_and_without_a_close),
        cmocka_unit_test(a_disconnect_in_the_segment_of_the_connack_is_a_lost_connection),
        cmocka_unit_test(a_disconnect_instead_of_the_connack_is_a_failed_attempt),
        cmocka_unit_test(a_loss_that_the_library_does_not_tell_is_noticed_within_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
