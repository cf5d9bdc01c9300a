# SPDX-License-Identifier: Apache-2.0
"""More peers than anybody has: a crowd of forged addresses, and thousands that speak at once."""
import json
import os

import pytest

import coap
import conftest
import mutants
import peers
from conftest import parking

SENSORS = 100
KINDS = (
    lambda i: coap.post("readings", json.dumps([{"n": "bay-0000:duration_s", "v": i}]).encode(), coap.SENML_JSON, i & 0xFFFF, b"tk"),
    lambda i: coap.message(coap.CON, coap.GET, i & 0xFFFF, b"q", [(coap.URI_PATH, "time")]),
    lambda i: coap.message(coap.CON, 0, i & 0xFFFF),  # a ping
    lambda i: coap.message(coap.NON, 0xE2, i & 0xFFFF),  # a ping over TCP
    lambda i: coap.post("readings", b"[" * 64, coap.SENML_JSON, i & 0xFFFF, b"tk", extra=[(coap.BLOCK1, 0x0A)]),  # a first part
)


def test_twenty_thousand_forged_addresses_cost_little_and_keep_nobody_out(lone_gateway):
    gateway, count = lone_gateway, 20000
    gateway.configure(parking(1))
    gateway.start()
    crowd, pace, before_mb = mutants.Crowd(gateway.coap_port, count), mutants.Pace(gateway.coap_port), mutants.memory_mb(gateway)
    for stranger in range(count):
        crowd.send(KINDS[stranger % len(KINDS)](stranger), stranger)
        if stranger % mutants.BATCH == 0:
            pace.keep()
            crowd.drain()
    pace.keep()
    took_mb = mutants.memory_mb(gateway, "VmHWM") - before_mb
    mutants.assert_below(took_mb, 32)
    assert coap.once(gateway.coap_port, "readings/bay-0000", b"true", coap.TEXT).code == "2.04"
    metrics = gateway.metrics()
    assert metrics["citygw_coap_socket_drops_total"] == crowd.unheard == count // len(KINDS)
    assert metrics["citygw_coap_sessions"] < count - crowd.unheard and metrics["citygw_coap_bodies"] <= 64
    print(f"figures: {count} forged addresses in {took_mb:.1f} MB")
    crowd.close()
    pace.close()


def speak_at_once(gateway, crowd, count, taken, blanks=0):
    """One new reading from each, all of them there before the first is looked at. Returns how many found no room."""
    def message(i):
        pack = json.dumps([{"n": f"bay-{i % SENSORS:04d}:duration_s", "v": i}]).encode() + b" " * blanks
        return coap.post("readings", pack, coap.SENML_JSON, i, b"once")
    before = gateway.metrics()["citygw_coap_socket_drops_total"]
    with gateway.held():
        for i in range(count):
            crowd.send(message(i), i)
    peers.wait_until(lambda: taken(gateway.metrics()) == count, "every datagram is counted")
    lost = int(gateway.metrics()["citygw_coap_socket_drops_total"] - before)
    crowd.wait(lambda: crowd.codes["2.04"] == count - lost, "everything that was not dropped is answered")
    return lost, message


@pytest.mark.parametrize("count", [1000, 5000])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may raise a receive buffer beyond net.core.rmem_max")
def test_thousands_at_once_find_room(lone_gateway, count):
    lone_gateway.configure(parking(SENSORS))
    lone_gateway.start()
    crowd = mutants.Crowd(lone_gateway.coap_port, count)
    lost, _ = speak_at_once(lone_gateway, crowd, count, lambda m: m["citygw_coap_requests_total"])
    assert lost == 0 and lone_gateway.metrics()["citygw_readings_committed_total"] == count
    crowd.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give up a capability")
def test_where_there_is_no_room_every_loss_is_counted_and_made_up_for(lone_gateway, monkeypatch):
    """Without CAP_NET_ADMIN the buffer is as large as net.core.rmem_max allows, which is 8 MB at most: datagrams of 1.2 kB are
    charged with twice as much."""
    count = 8000
    monkeypatch.setattr(conftest, "WRAP", ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin", *conftest.WRAP])
    lone_gateway.configure(parking(SENSORS))
    lone_gateway.start()
    crowd = mutants.Crowd(lone_gateway.coap_port, count)
    lost, message = speak_at_once(lone_gateway, crowd, count,
                                  lambda m: m["citygw_coap_requests_total"] + m["citygw_coap_socket_drops_total"], 1200)
    assert 0 < lost < count
    # All of them again, as those must who heard nothing: what was taken is known, the rest is taken now.
    pace = mutants.Pace(lone_gateway.coap_port)
    for i in range(count):
        crowd.send(message(i), i)
        if i % mutants.BATCH == 0:
            pace.keep()
    peers.wait_until(lambda: lone_gateway.metrics()["citygw_readings_committed_total"] == count, "each reading once")
    assert lone_gateway.metrics()["citygw_coap_duplicates_total"] == count - lost
    print(f"figures: {count} at once, {lost} without room, each counted")
    crowd.close()
    pace.close()
