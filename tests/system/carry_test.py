# SPDX-License-Identifier: Apache-2.0
"""Readings carried by hand: from a gateway whose broker is gone, on a stick, to another broker; and the proof that nothing
is missing there."""
import asyncio
import collections
import json
import random
import threading

import coap
import peers
from conftest import parking

SENSORS = 8


def fill(gateway, count, first=0):
    """Posts `count` readings, each with a number of its own; all are acknowledged."""
    async def run():
        client = await coap.Client.open(gateway.coap_port)
        for start in range(first, first + count, 50):
            packs = [json.dumps([{"n": f"bay-{n % SENSORS:04d}:magnetic_x_ut", "v": n}]).encode()
                     for n in range(start, min(start + 50, first + count))]
            answers = await asyncio.gather(*(client.post("readings", pack) for pack in packs))
            assert {answer.code for answer in answers} == {"2.04"}
        client.close()
    asyncio.run(run())


def read(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return lines[0], lines[1:-1], lines[-1]


def carried(lines):
    return [line["payload"]["values"]["magnetic_x_ut"] for line in lines]


def export(gateway, path, *options):
    done = gateway.tool("export", path, "--socket", gateway.socket, *options)
    assert done.returncode == 0, done.stderr
    return read(path)


def test_an_export_holds_what_was_stored_and_only_what_was_asked_for(mqtt_gateway, subscriber, tmp_path):
    mqtt_gateway.configure(parking(SENSORS), buffer="keep_delivered = 1 h")
    mqtt_gateway.start()
    fill(mqtt_gateway, 400)
    subscriber.wait(lambda s: len(s.readings()) >= 400, "all by MQTT")
    head, lines, last = export(mqtt_gateway, tmp_path / "all.export")
    assert head["gateway"] == "test-01" and head["tree"] == "citygw/v1/271004/test-01" and last["readings"] == 400
    assert sorted(carried(lines)) == list(range(400))
    by_mqtt = {(topic, r["seq"]): r for topic, r in subscriber.readings()}
    for line in lines:  # as MQTT carries it, but for the mark
        expected = {**by_mqtt[line["topic"], line["payload"]["seq"]], "backlog": True}
        assert line["payload"] == expected
    _, lines, _ = export(mqtt_gateway, tmp_path / "one.export", "--sensor", "bay-0003")
    assert carried(lines) == list(range(3, 400, SENSORS))
    times = sorted(line["payload"]["time"] for line in lines)
    _, lines, _ = export(mqtt_gateway, tmp_path / "part.export", "--sensor", "bay-0003", "--from", times[10], "--to",
                         times[20])
    assert {line["payload"]["time"] for line in lines} == {t for t in times if times[10] <= t < times[20]}
    # Nothing is pending for the outlet any more.
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["lag_readings"] == 0, "no lag")
    _, lines, last = export(mqtt_gateway, tmp_path / "pending.export", "--outlet", "mqtt")
    assert lines == [] and last["readings"] == 0


def test_an_export_that_cannot_be_leaves_no_file(lone_gateway, tmp_path):
    lone_gateway.configure(parking(SENSORS))
    lone_gateway.start()
    fill(lone_gateway, 50)
    for options, word in ((["--sensor", "bay-9"], "bay-9"), (["--outlet", "x"], '"x"'), (["--from", "noon"], "noon"),
                          (["--from", "2026-11-22T00:00:00Z", "--to", "2026-11-21T00:00:00Z"], "range")):
        done = lone_gateway.tool("export", tmp_path / "x.export", "--socket", lone_gateway.socket, *options)
        assert done.returncode == 1 and word in done.stderr
        assert not list(tmp_path.glob("x.export*"))
    done = lone_gateway.tool("export", tmp_path / "none" / "x", "--socket", lone_gateway.socket)
    assert done.returncode == 1 and "none/x.part" in done.stderr
    printed = lone_gateway.tool("export", "-", "--socket", lone_gateway.socket)
    assert printed.returncode == 0 and len(printed.stdout.splitlines()) == 52


def test_exports_under_load_disturb_nobody(lone_gateway, tmp_path):
    lone_gateway.configure(parking(SENSORS))
    lone_gateway.start()
    fill(lone_gateway, 5000)
    load = threading.Thread(target=fill, args=(lone_gateway, 5000, 5000))
    load.start()
    counts = []
    while load.is_alive():
        _, lines, last = export(lone_gateway, tmp_path / "load.export")
        assert last["readings"] == len(lines) and set(carried(lines)) >= set(range(5000))
        assert all(n == 1 for n in collections.Counter(carried(lines)).values())
        counts.append(len(lines))
    load.join()
    assert counts == sorted(counts)
    _, lines, _ = export(lone_gateway, tmp_path / "load.export")
    assert sorted(carried(lines)) == list(range(10000))
