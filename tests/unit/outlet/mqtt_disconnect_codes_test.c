// SPDX-License-Identifier: Apache-2.0
#include "mqtt_codes.h"

// Every reason for which a broker may end a connection (MQTT 5, 3.14.2.1), and one that is in no standard.
static const int codes[] = {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94,
                            0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2, 0xfe};

enum { COUNT = sizeof codes / sizeof *codes };

static int end_in_turn(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    if (peer->connections > COUNT || publish->seq == 0) {
        return 0;
    }
    peer_disconnect(peer, codes[peer->connections - 1]);
    return PEER_SILENT; // the client hangs up: a cut here could overtake the packet
}

static void no_connection_that_is_ended_costs_a_reading(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(end_in_turn, &memory, &peer, &rig);
    bear_codes(peer, rig, codes, COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_connection_that_is_ended_costs_a_reading)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
