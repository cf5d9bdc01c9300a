# SPDX-License-Identifier: Apache-2.0
"""A hundred sensors at once: every acknowledged reading arrives exactly once, sequences without gaps."""
import asyncio
import collections
import json
import os

import cbor
import coap
import peers
from conftest import parking

SENSORS, CLIENTS = 100, 50
POSTS = int(os.environ.get("CITYGW_TEST_POSTS", "10000"))
LINES = POSTS // 5


def gaps(readings):
    """Per sensor, the sequence numbers that are missing or come twice; empty when all is well."""
    seqs = collections.defaultdict(list)
    for reading in readings:
        seqs[reading["sensor"]].append(reading["seq"])
    return {s: sorted(n) for s, n in seqs.items() if sorted(n) != list(range(1, len(n) + 1))}


async def play(port, acknowledged):
    async def client(index):
        sensor = await coap.Client.open(port)
        for i in range(index, POSTS, CLIENTS):
            records = [{"bn": f"bay-{i % SENSORS:04d}:", "n": "magnetic_x_ut", "v": i}]
            binary = i // CLIENTS % 2
            payload = cbor.senml(records) if binary else json.dumps(records).encode()
            answer = await sensor.post("readings", payload, coap.SENML_CBOR if binary else coap.SENML_JSON, timeout=120)
            if answer and answer.code == "2.04":
                acknowledged.append(i)
        sensor.close()
    await asyncio.gather(*(client(i) for i in range(CLIENTS)))


def test_everything_acknowledged_arrives_exactly_once(gateway, subscriber, influx, tmp_path):
    line = peers.Line(tmp_path / "kerb")
    gateway.configure(parking(SENSORS) + f"[serial:kerb]\ndevice = {line.path}\nbaud = 115200\ncodec = senml\n"
                      "[sensor:gate-1]\nkind = crowd\nsource = serial:kerb\n")
    gateway.start()
    # What is stored before the outlet is there would come twice: as its sensor's newest state, and in its turn.
    peers.wait_until(lambda: all(o["connected"] for o in gateway.api("status")["outlets"]), "connected")
    acknowledged = []

    async def both():
        serial = asyncio.to_thread(lambda: [line.write(f'[{{"n":"gate-1:in_total","v":{i}}}]\n') for i in range(LINES)])
        await asyncio.gather(play(gateway.coap_port, acknowledged), serial)
    asyncio.run(both())
    assert len(acknowledged) == POSTS

    total = POSTS + LINES
    subscriber.wait(lambda s: len(s.messages) >= total and len(s.readings()) >= total, "all readings by MQTT", 120)
    readings = [reading for _, reading in subscriber.readings()]
    assert len(readings) == total and not gaps(readings)
    values = collections.Counter(r["values"]["magnetic_x_ut"] for r in readings if r["kind"] == "parking")
    assert values == collections.Counter(acknowledged)
    lines = [r["values"]["in_total"] for r in sorted(readings, key=lambda r: r["seq"]) if r["kind"] == "crowd"]
    assert lines == list(range(LINES))

    peers.wait_until(lambda: influx.count() >= total, "all readings in InfluxDB", 120)
    points = influx.points()
    assert len(points) == total and not gaps(points)
    assert {(p["sensor"], p["seq"]) for p in points} == {(r["sensor"], r["seq"]) for r in readings}
    line.close()
