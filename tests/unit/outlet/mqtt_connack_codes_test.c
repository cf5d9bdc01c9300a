// SPDX-License-Identifier: Apache-2.0
#include "mqtt_codes.h"

// Every reason for which a broker may refuse a connection (MQTT 5, 3.2.2.2), and one that is in no standard.
static const int codes[] = {0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a,
                            0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f, 0xfe};

enum { COUNT = sizeof codes / sizeof *codes };

static size_t refuse_in_turn(struct peer *peer, uint8_t *ret_bytes)
{
    memset(ret_bytes, 0, 3);
    if (peer->connections <= COUNT) {
        ret_bytes[1] = (uint8_t)codes[peer->connections - 1];
    }
    return 3;
}

static void no_refused_connection_costs_a_reading(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(accept_all, &memory, &peer, &rig);
    peer->connack = refuse_in_turn;
    bear_codes(peer, rig, codes, COUNT);
    for (unsigned seq = 1; seq <= CODES_READINGS; seq++) {
        assert_int_equal(memory.sent[seq], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_refused_connection_costs_a_reading)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
