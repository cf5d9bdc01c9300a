# SPDX-License-Identifier: Apache-2.0
"""A link that loses 30 % of the datagrams each way, doubles and reorders others: every sensor has its readings exactly once,
in order."""
import asyncio
import collections
import json
import os
import socket
import struct
import time

import cbor
import coap
import lossy
import oracle
import peers
from conftest import parking

SENSORS = 200
EACH = int(os.environ.get("CITYGW_LOSSY_READINGS", "2000")) // SENSORS
# RFC 7252 section 4.8 with a shorter ACK_TIMEOUT: MAX_RETRANSMIT is 4, so it gives up after 1 + 2 + 4 + 8 + 16 of them.
ACK_TIMEOUT_S = 0.02
MAX_TRANSMIT_WAIT_S = 31 * ACK_TIMEOUT_S


def request(sensor, number):
    """The same bytes for each copy. The formats take turns."""
    mid, token = (sensor * 257 + number) & 0xFFFF, struct.pack("!HH", sensor, number)
    name = f"bay-{sensor:04d}"
    records = [{"bn": f"{name}:", "n": "duration_s", "v": number}]
    if number % 3 == 0:
        return coap.post("readings", json.dumps(records).encode(), coap.SENML_JSON, mid, token), token
    if number % 3 == 1:
        return coap.post("readings", cbor.senml(records), coap.SENML_CBOR, mid, token), token
    return coap.post(f"readings/{name}", json.dumps([{"n": "duration_s", "v": number}]).encode(), coap.SENML_JSON, mid, token), token


async def report(port, sensor, counts):
    client = await coap.Client.open(port)
    client.first_wait = ACK_TIMEOUT_S
    for number in range(EACH):
        data, token = request(sensor, number)
        # Who has given up begins again with the same message: a reading that nobody acknowledged is not forgotten.
        while not (answer := await client.request(data, token, timeout=MAX_TRANSMIT_WAIT_S)):
            counts["given up"] += 1
        assert answer.code == "2.04", answer
    counts["repeated"] += client.repeats
    client.close()


async def play(gateway, seed, counts):
    way = lossy.Way(gateway.coap_port, peers.free_port(socket.SOCK_DGRAM), seed)
    try:
        await asyncio.gather(*(report(way.front.getsockname()[1], sensor, counts) for sensor in range(SENSORS)))
    finally:
        way.close()
    return way


def test_every_sensor_has_its_readings_exactly_once(mqtt_gateway, subscriber):
    seed, counts, total = oracle.seeded("lossy").randrange(1 << 32), collections.Counter(), SENSORS * EACH
    mqtt_gateway.configure(parking(SENSORS))
    mqtt_gateway.start()
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["connected"], "connected")
    began = time.monotonic()
    way = asyncio.run(play(mqtt_gateway, seed, counts))
    took = time.monotonic() - began

    subscriber.wait(lambda s: len(s.messages) >= total and len(s.readings()) >= total, "all readings")
    arrived = collections.defaultdict(list)
    for _, reading in subscriber.readings():
        arrived[reading["sensor"]].append((reading["seq"], reading["values"]["duration_s"]))
    assert arrived.keys() == {f"bay-{sensor:04d}" for sensor in range(SENSORS)}
    wrong = {sensor: found for sensor, found in arrived.items() if found != [(n + 1, n) for n in range(EACH)]}
    assert not wrong, f"{len(wrong)} sensors, such as {next(iter(wrong.items()))}"

    # Every datagram that came was a reading or a copy of one, and told as such.
    metrics = mqtt_gateway.metrics()
    assert metrics["citygw_readings_committed_total"] == total and metrics["citygw_buffer_readings"] == total
    dropped = metrics["citygw_coap_socket_drops_total"]
    assert metrics["citygw_coap_requests_total"] + dropped == way.delivered
    assert metrics["citygw_coap_duplicates_total"] == way.delivered - dropped - total
    print(f"figures: {total} readings of {SENSORS} sensors exactly once; {way.counts['sent']} datagrams, {way.counts['lost']} lost, "
          f"{way.counts['twice']} doubled, {way.counts['late']} late; {counts['repeated']} retransmissions, "
          f"{counts['given up']} times given up, {way.delivered - total:.0f} copies came in; {took:.1f} s")
