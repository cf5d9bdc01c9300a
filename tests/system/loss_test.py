# SPDX-License-Identifier: Apache-2.0
"""A buffer too small for an outage: what is lost is in the ledger, to the last reading; or sensors are refused instead."""
import collections
import json

import coap
import oracle
import peers
import shims

SENSORS = oracle.Sensors(bays=40, vans=4, width=4, heavy=True)
SMALL = "max_size = 1 MB\ncommit_interval = 5 ms"
LOST = 'citygw_readings_lost_total{reason="full"}'


def gaps(load, arrivals):
    """By sensor: the sequence numbers that did not arrive."""
    found, seqs = {}, collections.defaultdict(set)
    for a in arrivals:
        seqs[a.sensor].add(a.seq)
    for sensor, there in seqs.items():
        found[sensor] = set(range(1, max(there) + 1)) - there
    return found


def explained(ledger, sensor):
    """What the ledger says of a sensor: (sequence numbers within its entries, how many)."""
    entries = [e for e in ledger["entries"] if e["sensor"] == sensor]
    within = {seq for e in entries for seq in range(e["first_seq"], e["last_seq"] + 1)}
    return within, sum(e["count"] for e in entries)


def outgrow(gateway, gate, recorder):
    """An outage with more readings than there is room for; then the broker is back. Returns the load."""
    gate.shut()
    gateway.start()
    with oracle.Load(gateway.coap_port, SENSORS, 1000, window=100) as load:
        peers.wait_until(lambda: gateway.metrics()[LOST] > 1000, "more readings than room", 60)
    gate.open()
    peers.wait_until(lambda: gateway.api("status")["outlets"][0]["lag_readings"] == 0, "no lag", 60)
    oracle.wait_for_all(load, recorder, 60, but=gateway.metrics()[LOST])
    return load


@shims.needs("ledger")
def test_every_gap_is_in_the_ledger_and_events_outlive_routine_readings(mqtt_gateway, broker):
    gate = mqtt_gateway.broker = peers.Gate(broker.port)
    recorder, documents = oracle.Recorder(broker.port), peers.Subscriber(broker.port, "+/+/+/+/loss")
    mqtt_gateway.configure(SENSORS.sections(), buffer=SMALL, mqtt="backlog_rate = 20000/s")
    load = outgrow(mqtt_gateway, gate, recorder)
    ledger = mqtt_gateway.api("loss")
    missing = gaps(load, recorder.arrivals)
    assert sum(map(len, missing.values())) == len(oracle.missing(load, recorder.arrivals)) > 0
    for sensor, seqs in missing.items():
        within, count = explained(ledger, sensor)
        assert seqs <= within and len(seqs) == count, f"{sensor}: {len(seqs)} missing, the ledger has {count}"
        assert not (seqs and sensor.startswith("van")), f"events were lost before routine readings: {sensor} {seqs}"
    assert ledger["totals"]["full"] == sum(map(len, missing.values())) and ledger["more"] == 0
    for entry in ledger["entries"]:
        assert entry["outlet"] == "mqtt" and entry["reason"] == "full" and entry["since"] <= entry["until"], entry
    last = documents.wait(lambda s: s.messages and json.loads(s.messages[-1].payload)["totals"] == ledger["totals"] and
                          s.messages[-1], "the ledger is published")
    fresh = peers.Subscriber(broker.port, "+/+/+/+/loss")
    assert fresh.wait(lambda s: s.messages, "it is retained")[0].payload == last.payload
    mqtt_gateway.kill()
    mqtt_gateway.start()
    assert mqtt_gateway.api("loss")["totals"] == ledger["totals"], "the ledger is durable"
    for client in (recorder, documents, fresh):
        client.close()
    gate.shut()
    print(f"figures: {ledger['totals']['full']} of {len(load.acknowledged)} packs' readings lost, "
          f"all in {len(ledger['entries'])} entries, no event among them")


def test_refusing_when_full_loses_nothing(mqtt_gateway, broker):
    gate = mqtt_gateway.broker = peers.Gate(broker.port)
    gate.shut()
    recorder = oracle.Recorder(broker.port)
    mqtt_gateway.configure(SENSORS.sections(), buffer=SMALL + "\nwhen_full = refuse", mqtt="backlog_rate = 20000/s")
    mqtt_gateway.start()
    with oracle.Load(mqtt_gateway.coap_port, SENSORS, 1000, window=100) as load:
        load.wait(lambda load: load.refused["5.03"], "full", 60)
        answer = coap.once(mqtt_gateway.coap_port, "readings", SENSORS.pack(0), timeout=peers.WAIT)
        assert answer.code == "5.03" and 14 in answer.options, answer  # Max-Age
        gate.open()
        load.more_acknowledged(100)
    assert set(load.refused) == {"5.03"} and not load.unanswered
    oracle.wait_for_all(load, recorder, 60)
    figures = oracle.judge(load, recorder)
    assert mqtt_gateway.metrics()[LOST] == 0
    recorder.close()
    gate.shut()
    print(f"figures: {sum(load.refused.values())} refused, {figures}")
