# SPDX-License-Identifier: Apache-2.0
"""What sensors get wrong, and what the network does to their datagrams."""
import asyncio
import json
import os
import random
import subprocess

import pytest

import cbor
import coap
import peers
from conftest import ROOT, parking

GOOD = [{"n": "bay-0000:occupied", "vb": True}]


def counted(gateway):
    metrics = gateway.metrics()
    return sum(v for name, v in metrics.items() if name.startswith("citygw_readings_received_total"))


def test_three_copies_of_one_confirmable_request_make_one_reading(mqtt_gateway, subscriber):
    mqtt_gateway.configure(parking(1), buffer="commit_interval = 200 ms")
    mqtt_gateway.start()

    async def three_copies():
        client = await coap.Client.open(mqtt_gateway.coap_port)
        token = b"same"
        data = coap.post("readings", json.dumps(GOOD).encode(), coap.SENML_JSON, 4711, token)
        client.transport.sendto(data)
        client.transport.sendto(data)
        first = await client.request(data, token, repeat=False)
        again = await client.request(data, token, repeat=False)  # after the commit: the same answer once more
        client.close()
        return first, again, client.received
    first, again, received = asyncio.run(three_copies())
    assert first.code == again.code == "2.04" and first.mid == again.mid == 4711
    assert all(r.code == "2.04" and r.mid == 4711 for r in received)
    assert counted(mqtt_gateway) == 1
    assert mqtt_gateway.metrics()["citygw_coap_duplicates_total"] == 3
    # A new message from the same sensor is a new reading.
    assert coap.once(mqtt_gateway.coap_port, "readings", json.dumps(GOOD).encode()).code == "2.04"
    subscriber.wait(lambda s: any(r["seq"] == 2 for _, r in s.readings()), "the second reading")
    assert [r["seq"] for _, r in subscriber.readings()] == [1, 2]


def test_a_copy_after_a_restart_makes_no_second_reading(lone_gateway):
    lone_gateway.configure(parking(1))
    lone_gateway.start()

    async def ask(client, token):
        data = coap.post("readings", json.dumps(GOOD).encode(), coap.SENML_JSON, 99, token)
        return await client.request(data, token)

    async def over_a_kill():
        client = await coap.Client.open(lone_gateway.coap_port)
        first = await ask(client, b"tokn")
        await asyncio.to_thread(lone_gateway.kill)
        await asyncio.to_thread(lone_gateway.start)
        again = await ask(client, b"tokn")
        client.close()
        return first, again
    first, again = asyncio.run(over_a_kill())
    assert first.code == again.code == "2.04"
    assert lone_gateway.api("sensors")["sensors"][0]["seq"] == 1


def j(value):
    return json.dumps(value).encode()


REFUSED = {
    "JSON that ends too early": ("readings", b'[{"n":"bay-0000:occupied","vb":tr', 110, "4.00", "line 1"),
    "JSON that is not a pack": ("readings", b'{"n":"a","v":1}', 110, "4.00", "array"),
    "an empty pack": ("readings", b"[]", 110, "4.00", ""),
    "two values in one record": ("readings", j([{"n": "bay-0000:occupied", "v": 1, "vb": True}]), 110, "4.00", "record 1"),
    "a bad third record": ("readings", j(GOOD * 2 + [{"n": "bay-0000:occupied", "vb": 3}]), 110, "4.00", "record 3"),
    "CBOR cut short": ("readings", cbor.senml(GOOD)[:-2], 112, "4.00", ""),
    "CBOR with an indefinite array": ("readings", bytes.fromhex("9fa2006161 0201ff".replace(" ", "")), 112, "4.00", ""),
    "a CBOR bomb": ("readings", bytes.fromhex("9b0000000010000000"), 112, "4.00", ""),
    "a must-understand label": ("readings", j([{"n": "bay-0000:occupied", "vb": True, "x_": 1}]), 110, "4.00", "x_"),
    "an unknown sensor": ("readings", j([{"n": "nobody:occupied", "vb": True}]), 110, "4.04", "nobody"),
    "an unknown sensor in the path": ("readings/nobody", b"true", 0, "4.04", "nobody"),
    "a field that no one knows": ("readings", j([{"n": "bay-0000:occupid", "vb": True}]), 110, "4.22", "occupid"),
    "a unit of another dimension": ("readings", j([{"n": "bay-0000:temperature_c", "u": "V", "v": 1}]), 110, "4.22", "V"),
    "an unknown format": ("readings", j(GOOD), 40, "4.15", "110"),
    "no format": ("readings", j(GOOD), None, "4.15", "110"),
    "a wrong path": ("reading", j(GOOD), 110, "4.04", ""),
    "a path too deep": ("readings/bay-0000/x", j(GOOD), 110, "4.04", ""),
    "a block longer than it says": ("readings", j(GOOD), 110, "4.00", "block", [(coap.BLOCK1, 0x08)]),
    "the last of several blocks alone": ("readings", j(GOOD), 110, "4.08", "block 1", [(coap.BLOCK1, 0x16)]),
}


def test_the_refused_get_the_right_code_and_a_reason(mqtt_gateway, subscriber):
    mqtt_gateway.configure(parking(1))
    mqtt_gateway.start()
    wrong = []
    for name, (path, payload, form, code, words, *extra) in REFUSED.items():
        answer = coap.once(mqtt_gateway.coap_port, path, payload, form, extra=extra[0] if extra else ())
        text = answer.payload.decode()
        if answer.code != code or words not in text or not text:
            wrong.append((name, answer))
    assert not wrong
    assert counted(mqtt_gateway) == 0 and mqtt_gateway.api("buffer")["readings"] == 0
    refused = {n: v for n, v in mqtt_gateway.metrics().items() if n.startswith("citygw_readings_refused_total")}
    assert sum(refused.values()) >= len(REFUSED) - 4  # those that never were a pack may be counted elsewhere
    assert coap.once(mqtt_gateway.coap_port, "readings", j(GOOD)).code == "2.04"
    subscriber.wait(lambda s: s.readings(), "a good one after all that")
    assert [r["seq"] for _, r in subscriber.readings()] == [1]


def test_nothing_of_a_pack_with_one_bad_record_is_stored(lone_gateway):
    lone_gateway.configure(parking(2))
    lone_gateway.start()
    pack = GOOD + [{"n": "bay-0001:occupied", "vb": True}, {"n": "bay-0002:occupied", "vb": True}]
    assert coap.once(lone_gateway.coap_port, "readings", j(pack)).code == "4.04"
    assert lone_gateway.api("buffer")["readings"] == 0


def test_a_value_out_of_range_is_left_out_and_named(mqtt_gateway, subscriber):
    mqtt_gateway.configure(parking(1) + "range.temperature_c = -40..85\n")
    mqtt_gateway.start()
    pack = GOOD + [{"n": "bay-0000:temperature_c", "u": "Cel", "v": 120}]
    assert coap.once(mqtt_gateway.coap_port, "readings", j(pack)).code == "2.04"
    subscriber.wait(lambda s: s.readings(), "the reading")
    reading = subscriber.readings()[0][1]
    assert reading["quality"] == "range" and reading["refused"] == ["temperature_c"]
    assert reading["values"] == {"occupied": True, "state": "occupied"}


def test_a_non_confirmable_reading_is_answered_after_its_commit(lone_gateway):
    lone_gateway.configure(parking(1))
    lone_gateway.start()
    answer = coap.once(lone_gateway.coap_port, "readings", j(GOOD), kind=coap.NON)
    assert answer.kind == coap.NON and answer.code == "2.04"
    assert lone_gateway.api("buffer")["readings"] == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_garbage_leaves_the_daemon_alive(lone_gateway, seed):
    lone_gateway.configure(parking(1))
    lone_gateway.start()
    chance = random.Random(seed)

    async def garbage():
        client = await coap.Client.open(lone_gateway.coap_port)
        for i in range(3000):
            good = coap.post("readings", j(GOOD), 110, i, b"t", extra=[(coap.BLOCK1, chance.randrange(64))] if i % 5 == 0 else ())
            data = bytearray(good if i % 2 else coap.post("readings", cbor.senml(GOOD), 112, i, b"t"))
            for _ in range(chance.randrange(1, 8)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            client.transport.sendto(bytes(data[:chance.randrange(1, len(data) + 1)]))
            if i % 50 == 0:
                await asyncio.sleep(0)
        client.close()
    asyncio.run(garbage())
    assert coap.once(lone_gateway.coap_port, "readings", j(GOOD)).code == "2.04"
    assert lone_gateway.running()


@pytest.mark.parametrize("size", [16, 64, 1024])
def test_a_body_in_parts_from_libcoaps_own_client(lone_gateway, tmp_path, size):
    lone_gateway.configure(parking(1))
    lone_gateway.start()
    body = tmp_path / "body"
    body.write_bytes(j([{"n": "bay-0000:occupied", "vb": i % 2 == 0, "t": 1790000000 + i} for i in range(40)]))
    assert body.stat().st_size > 1500
    done = subprocess.run(["coap-client-notls", "-m", "post", "-t", "110", "-b", str(size), "-f", str(body), "-v", "6",
                           f"coap://127.0.0.1:{lone_gateway.coap_port}/readings"], capture_output=True, text=True, timeout=peers.WAIT)
    assert "2.04" in done.stdout + done.stderr, done
    assert lone_gateway.metrics()["citygw_readings_committed_total"] == 40


EFENTO = """
[sensor:air-1]
device = efento
source = coap
address = 282c02424eed
[sensor:bay-1]
kind = parking
source = coap
address = 282c02424eee
map.occupied = alarm
"""
# 21.5 and 21.2 degC, 45 and 46 %, 60 s apart; no alarm for 8 s, and then one
AIR = bytes.fromhex("0A06282C02424EED1001183C220F08011080E2CFAA0620AE032A020005220E08021080E2CFAA06205A2A02000238284001")
BAY = bytes.fromhex("0A06282C02424EEE1001183C220C08051080E2CFAA062A02011238284001")


def test_efento_sensors_are_known_by_their_serial_numbers(mqtt_gateway, subscriber):
    mqtt_gateway.configure(EFENTO, gateway=f"include = {ROOT}/config/devices/*.ini")
    mqtt_gateway.start()

    async def ask(client, payload, mid):
        return await client.request(coap.post("m", payload, None, mid, b"e"), b"e")

    async def over_a_kill():
        client = await coap.Client.open(mqtt_gateway.coap_port)
        answers = [await ask(client, AIR, 1), await ask(client, BAY, 2)]
        await asyncio.to_thread(mqtt_gateway.kill)
        await asyncio.to_thread(mqtt_gateway.start)
        answers.append(await ask(client, AIR, 1))
        client.close()
        return answers
    assert [answer.code for answer in asyncio.run(over_a_kill())] == ["2.01"] * 3
    subscriber.wait(lambda s: len(s.readings()) >= 4, "four readings")
    told = sorted((r["sensor"], r["seq"], r["time"], r["values"]) for _, r in subscriber.readings())
    assert told == [
        ("air-1", 1, "2023-11-14T22:13:20.000Z", {"temperature_c": 21.5, "humidity_pct": 45}),
        ("air-1", 2, "2023-11-14T22:14:20.000Z", {"temperature_c": 21.2, "humidity_pct": 46, "rssi_dbm": -71}),
        ("bay-1", 1, "2023-11-14T22:13:20.000Z", {"occupied": False, "state": "free"}),
        ("bay-1", 2, "2023-11-14T22:13:28.000Z", {"occupied": True, "rssi_dbm": -71, "state": "occupied", "duration_s": 8}),
    ]


def test_discovery_in_small_blocks_is_put_together_by_libcoaps_own_client(lone_gateway):
    lone_gateway.configure(parking(1))
    lone_gateway.start()
    done = subprocess.run(["coap-client-notls", "-m", "get", f"coap://127.0.0.1:{lone_gateway.coap_port}/.well-known/core"],
                          capture_output=True, text=True, timeout=peers.WAIT)
    assert done.stdout.strip() == ('</readings>;rt="citygw.readings";ct="110 112",</time>;rt="citygw.time";ct="0 60",'
                                   '</m>;rt="citygw.efento";ct="42"')
