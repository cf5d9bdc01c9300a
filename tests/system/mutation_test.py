# SPDX-License-Identifier: Apache-2.0
"""Mutated datagrams by the thousand, against the daemon as it runs: it lives, stays small, serves on, and counts them."""
import json
import os
import time

import coap
import mutants
import oracle
import peers

MUTANTS = int(os.environ.get("CITYGW_MUTATIONS", "50000"))


def test_mutated_requests_harm_nothing_and_are_counted(lone_gateway):
    gateway, mutator = lone_gateway, mutants.Mutator(oracle.seeded("mutation"))
    gateway.configure(mutants.sections())
    gateway.start()
    crowd, pace = mutants.Crowd(gateway.coap_port, 500), mutants.Pace(gateway.coap_port)
    began = time.monotonic()
    mutants.flood(mutator, crowd, pace, MUTANTS)
    peers.wait_until(lambda: gateway.metrics()["citygw_coap_pending"] == 0, "every taken request is answered")
    crowd.drain()
    took = time.monotonic() - began
    assert coap.once(gateway.coap_port, "readings", json.dumps([{"n": "bay-0009:occupied", "vb": True}]).encode()).code == "2.04"
    metrics = gateway.metrics()
    # What is no request was dropped unread, and nothing else: every other one of them was read.
    assert metrics["citygw_coap_socket_drops_total"] == crowd.unheard > 0
    refused = sum(n for name, n in metrics.items() if name.startswith("citygw_readings_refused_total"))
    counted = refused + metrics["citygw_coap_duplicates_total"] + sum(crowd.codes[code] for code in ("2.01", "2.04", "2.31")) + 1
    # The rest was taken, and asked for no answer (RFC 7967).
    assert 0 <= metrics["citygw_coap_requests_total"] - counted < 0.01 * MUTANTS, (metrics, crowd.codes)
    received = metrics['citygw_readings_received_total{source="coap"}']
    assert received == metrics["citygw_readings_committed_total"] == sum(s["seq"] for s in gateway.api("sensors")["sensors"]) > 0
    assert len(gateway.said()) < 10000  # one line for what goes on, not one for each
    peak = mutants.memory_mb(gateway, "VmHWM")
    mutants.assert_below(peak, 64)
    print(f"figures: {MUTANTS} mutants, {metrics['citygw_coap_requests_total']:.0f} requests, {crowd.unheard} unheard; "
          f"{refused:.0f} refused, {received:.0f} readings taken, {crowd.codes['0.00']} reset; {peak:.1f} MB at most, {took:.0f} s")
    crowd.close()
    pace.close()
