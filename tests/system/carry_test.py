# SPDX-License-Identifier: Apache-2.0
"""Readings carried by hand: from a gateway whose broker is gone, on a stick, to another broker; and the proof that nothing
is missing there."""
import asyncio
import collections
import json
import random
import signal
import subprocess
import threading

import pytest

import coap
import oracle
import peers
import plaza
import shims
from conftest import BUILD, parking

SENSORS = 8


def fill(gateway, count, first=0):
    """Posts `count` readings, each with a number of its own; all are acknowledged."""
    async def run():
        client = await coap.Client.open(gateway.coap_port)
        for start in range(first, first + count, 200):
            packs = [json.dumps([{"n": f"bay-{n % SENSORS:04d}:magnetic_x_ut", "v": n}]).encode()
                     for n in range(start, min(start + 200, first + count))]
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
    mqtt_gateway.configure(parking(SENSORS), buffer="keep_delivered = 1 h\ncommit_interval = 10 ms")
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
    times = sorted((line["payload"]["time"] for line in lines), key=lambda t: t.rstrip("Z").ljust(26, "0"))  # some have fewer decimals
    _, lines, _ = export(mqtt_gateway, tmp_path / "part.export", "--sensor", "bay-0003", "--from", times[10], "--to",
                         times[20])
    assert {line["payload"]["time"] for line in lines} == set(times[10:20])
    # Nothing is pending for the outlet any more.
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["lag_readings"] == 0, "no lag")
    _, lines, last = export(mqtt_gateway, tmp_path / "pending.export", "--outlet", "mqtt")
    assert lines == [] and last["readings"] == 0


def test_an_export_that_cannot_be_leaves_no_file(lone_gateway, tmp_path):
    lone_gateway.configure(parking(SENSORS), buffer="commit_interval = 10 ms")
    lone_gateway.start()
    fill(lone_gateway, 50)
    for options, code, word in (
            (["--sensor", "bay-9"], 1, "bay-9"), (["--outlet", "x"], 1, '"x"'), (["--from", "noon"], 2, "noon"),
            (["--from", "2026-11-22T00:00:00Z", "--to", "2026-11-21T00:00:00Z"], 1, "range")):
        done = lone_gateway.tool("export", tmp_path / "x.export", "--socket", lone_gateway.socket, *options)
        assert done.returncode == code and word in done.stderr
        assert not list(tmp_path.glob("x.export*"))
    done = lone_gateway.tool("export", tmp_path / "none" / "x", "--socket", lone_gateway.socket)
    assert done.returncode == 1 and "none/x.part" in done.stderr
    printed = lone_gateway.tool("export", "-", "--socket", lone_gateway.socket)
    assert printed.returncode == 0 and len(printed.stdout.splitlines()) == 52


def test_exports_under_load_disturb_nobody(lone_gateway, tmp_path):
    lone_gateway.configure(parking(SENSORS), buffer="commit_interval = 10 ms")
    lone_gateway.start()
    fill(lone_gateway, 2000)
    load = threading.Thread(target=fill, args=(lone_gateway, 3000, 2000))
    load.start()
    counts = []
    while load.is_alive():
        _, lines, last = export(lone_gateway, tmp_path / "load.export")
        assert last["readings"] == len(lines) and set(carried(lines)) >= set(range(2000))
        assert all(n == 1 for n in collections.Counter(carried(lines)).values())
        counts.append(len(lines))
    load.join()
    assert counts == sorted(counts)
    _, lines, _ = export(lone_gateway, tmp_path / "load.export")
    assert sorted(carried(lines)) == list(range(5000))


def import_to(gateway, path, broker):
    return gateway.tool("import", path, "--url", f"mqtt://127.0.0.1:{broker.port}")


def verify(gateway, lines):
    """What the tool says about these (topic, object) pairs."""
    text = "".join(f"{topic} {json.dumps(payload)}\n" for topic, payload in lines)
    done = gateway.tool("verify", "-", "--json", input=text)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def other(tmp_path):
    """The broker that the stick is carried to, and who listens there."""
    folder = tmp_path / "other"
    folder.mkdir()
    broker = peers.Broker(folder)
    subscriber = peers.Subscriber(broker.port)
    yield broker, subscriber
    subscriber.close()
    broker.stop()


def test_what_an_outage_held_back_is_carried_to_another_broker(mqtt_gateway, broker, other, tmp_path):
    far, subscriber = other
    mqtt_gateway.configure(parking(SENSORS), buffer="commit_interval = 10 ms")
    mqtt_gateway.start()
    broker.stop()
    fill(mqtt_gateway, 2000)
    path = tmp_path / "stick.export"
    _, lines, last = export(mqtt_gateway, path, "--outlet", "mqtt")
    assert last["readings"] == 2000
    done = import_to(mqtt_gateway, path, far)
    assert done.returncode == 0 and "2000" in done.stdout, done.stderr
    subscriber.wait(lambda s: len(s.messages) >= 2000, "all at the other broker")
    readings = subscriber.readings()
    assert readings == [(line["topic"], line["payload"]) for line in lines]
    assert not any(m.retain for m in subscriber.messages)
    for message in subscriber.messages:
        properties = dict(message.properties.UserProperty)
        reading = json.loads(message.payload)
        assert properties == {"epoch": reading["epoch"], "seq": str(reading["seq"]), "gateway": "test-01"}
    code, proof = verify(mqtt_gateway, readings)
    assert code == 0 and proof["complete"] and proof["totals"]["readings"] == 2000
    assert [s["last_seq"] for s in proof["sensors"]] == [2000 // SENSORS] * SENSORS
    # A second run has nothing to do; without its memory it repeats itself, under the same identities.
    done = import_to(mqtt_gateway, path, far)
    assert done.returncode == 0 and "already" in done.stdout
    assert len(subscriber.messages) == 2000
    (tmp_path / "stick.export.imported").unlink()
    assert import_to(mqtt_gateway, path, far).returncode == 0
    subscriber.wait(lambda s: len(s.messages) >= 4000, "all of them again")
    code, proof = verify(mqtt_gateway, subscriber.readings())
    assert code == 0 and proof["totals"]["duplicates"] == 2000 and proof["totals"]["changed"] == 0
    broker.start()


def test_zones_and_alerts_are_carried_and_proven_like_sensors(mqtt_gateway, subscriber, other, tmp_path):
    far, there = other
    mqtt_gateway.configure(plaza.SECTIONS, buffer="keep_delivered = 1 h\ncommit_interval = 10 ms")
    mqtt_gateway.start()
    plaza.fill(mqtt_gateway, subscriber)
    plaza.empty(mqtt_gateway, subscriber)
    path = tmp_path / "city.export"
    _, lines, last = export(mqtt_gateway, path)
    by_mqtt = {(topic, r["seq"]): r for topic, r in plaza.everything(subscriber)}
    assert last["readings"] == len(lines) == len(by_mqtt)
    for line in lines:
        assert line["payload"] == {**by_mqtt[line["topic"], line["payload"]["seq"]], "backlog": True}
    done = import_to(mqtt_gateway, path, far)
    assert done.returncode == 0, done.stderr
    there.wait(lambda s: len(s.messages) >= len(lines), "all at the other broker")
    assert plaza.everything(there) == [(line["topic"], line["payload"]) for line in lines]
    # Both ways together: nothing is missing, and nothing is another reading than it was.
    code, proof = verify(mqtt_gateway, plaza.everything(subscriber) + plaza.everything(there))
    assert code == 0 and proof["totals"]["duplicates"] == len(lines) and proof["totals"]["unreadable"] == 0
    sensors = {s["sensor"]: s for s in proof["sensors"]}
    assert set(sensors) == {"bay-1", "eye", "zone/lot", "zone/plaza", plaza.ALERT}
    assert sensors[plaza.ALERT]["last_seq"] == 2 and {s["tree"] for s in proof["sensors"]} == {"citygw/v1/271004/test-01"}
    for name, count in (("zone/lot", sensors["zone/lot"]["last_seq"]), (plaza.ALERT, 2)):
        _, lines, _ = export(mqtt_gateway, tmp_path / "one.export", "--sensor", name)
        assert len(lines) == count and all(line["topic"].endswith("/" + name) for line in lines)


def test_a_missing_reading_of_a_zone_or_an_alert_is_found(mqtt_gateway, broker, subscriber):
    """What empties the retained alert is no reading."""
    mqtt_gateway.configure(plaza.SECTIONS)
    mqtt_gateway.start()
    args = [str(BUILD / "citygw"), "verify", "-c", str(mqtt_gateway.config), "--until-idle", "2"]
    tool = subprocess.Popen(args, env=mqtt_gateway.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "/#" in tool.stderr.readline()
    plaza.fill(mqtt_gateway, subscriber)
    plaza.empty(mqtt_gateway, subscriber)
    subscriber.wait(lambda s: [m for m in s.messages if m.topic.endswith(plaza.ALERT) and not m.payload], "the emptied topic")
    out, _ = tool.communicate(timeout=peers.WAIT)
    assert tool.returncode == 0 and out.rstrip().endswith("\ncomplete"), out
    for name in ("zone/lot", "zone/plaza", plaza.ALERT):
        assert f"test-01  {name} " in out, out
    topic, reading = next((t, r) for t, r in plaza.everything(subscriber) if t.endswith(plaza.ALERT))
    for wrong in ({"seq": 4}, {"seq": 2, "alert": "lot"}):
        code, proof = verify(mqtt_gateway, [(topic, reading), (topic, {**reading, **wrong})])
        assert code == 1 and proof["totals"]["missing"] + proof["totals"]["unreadable"] > 0


def test_an_import_goes_on_after_a_lost_connection_and_after_its_own_end(lone_gateway, other, tmp_path):
    far, subscriber = other
    lone_gateway.configure(parking(SENSORS), buffer="commit_interval = 10 ms")
    lone_gateway.start()
    fill(lone_gateway, 3000)
    path = tmp_path / "x.export"
    _, lines, _ = export(lone_gateway, path)
    gate = peers.Gate(far.port)
    args = [str(BUILD / "citygw"), "import", str(path), "--url", f"mqtt://127.0.0.1:{gate.port}"]
    tool = subprocess.Popen(args, env=lone_gateway.env, stderr=subprocess.PIPE, text=True)
    subscriber.wait(lambda s: len(s.messages) >= 300, "some have arrived")
    gate.shut()
    gate.open()
    subscriber.wait(lambda s: len(s.messages) >= 900, "and more, over a new connection")
    tool.send_signal(signal.SIGINT)
    assert tool.wait(peers.WAIT) == 1
    assert "goes on from there" in tool.stderr.read()
    noted = json.loads((tmp_path / "x.export.imported").read_text())["done"]
    assert 0 < noted < 3000
    before = len(subscriber.messages)
    done = lone_gateway.tool("import", path, "--url", f"mqtt://127.0.0.1:{gate.port}")
    assert done.returncode == 0, done.stderr
    last = (lines[-1]["topic"], lines[-1]["payload"])
    subscriber.wait(lambda s: (s.messages[-1].topic, json.loads(s.messages[-1].payload)) == last, "the last one")
    code, proof = verify(lone_gateway, subscriber.readings())
    assert code == 0 and proof["totals"]["readings"] == 3000 and proof["totals"]["duplicates"] < 2000
    assert len(subscriber.messages) - before < 3000  # not from the beginning
    gate.shut()


def test_a_file_that_was_cut_or_changed_is_refused_and_nothing_is_sent(lone_gateway, other, tmp_path):
    far, subscriber = other
    lone_gateway.configure(parking(SENSORS), buffer="commit_interval = 10 ms")
    lone_gateway.start()
    fill(lone_gateway, 200)
    export(lone_gateway, tmp_path / "good.export")
    good = (tmp_path / "good.export").read_bytes()
    bad = tmp_path / "bad.export"
    chance = random.Random(20261125)
    for _ in range(40):
        at = chance.randrange(len(good))
        if chance.random() < 0.5:
            bad.write_bytes(good[:at])
        else:
            bad.write_bytes(good[:at] + bytes([good[at] ^ (1 << chance.randrange(8))]) + good[at + 1:])
        done = import_to(lone_gateway, bad, far)
        assert done.returncode == 1 and "line" in done.stderr and "expected" in done.stderr or "export it again" in \
            done.stderr, (at, done.stderr)
    assert not list(tmp_path.glob("bad.export.imported"))
    assert import_to(lone_gateway, tmp_path / "good.export", far).returncode == 0
    subscriber.wait(lambda s: len(s.messages) >= 200, "the good one")
    assert len(subscriber.messages) == 200


def test_verify_listens_and_finds_what_is_planted(mqtt_gateway, broker, subscriber):
    """Behind a live stream stands what must not be: a gap, a repeat, a change, a disorder."""
    mqtt_gateway.configure(parking(SENSORS), buffer="commit_interval = 10 ms")
    mqtt_gateway.start()

    def listen():
        args = [str(BUILD / "citygw"), "verify", "-c", str(mqtt_gateway.config), "--until-idle", "2", "--json"]
        tool = subprocess.Popen(args, env=mqtt_gateway.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = tool.stderr.readline()
        assert "citygw/v1/271004/test-01/#" in line, line
        return tool

    def result(tool):
        out, _ = tool.communicate(timeout=peers.WAIT)
        return tool.returncode, json.loads(out)
    tool = listen()
    fill(mqtt_gateway, 800)
    code, proof = result(tool)
    assert code == 0 and proof["totals"]["readings"] == 800 and proof["totals"]["missing"] == 0, proof["totals"]
    topic, reading = next(r for r in subscriber.readings() if r[1]["sensor"] == "bay-0000")
    reading.pop("backlog", None)
    epoch = reading["epoch"]

    def publish(seq, **more):
        changed = {**reading, "seq": seq, **more}
        subscriber.client.publish(topic, json.dumps(changed), qos=1).wait_for_publish(peers.WAIT)
    for plant, figures in (
            ([1000, 1002], {"missing": 1}),
            ([1000, 1001, 1001], {"duplicates": 1}),
            ([1000, (1000, {"values": {"magnetic_x_ut": -1}})], {"duplicates": 1, "changed": 1}),
            ([1000, 1002, 1001], {"disorder": 1}),
            ([1000, 1002, (1001, {"backlog": True})], {"backlog": 1})):
        tool = listen()
        for one in plant:
            publish(one[0], **one[1]) if isinstance(one, tuple) else publish(one)
        code, proof = result(tool)
        found = next(s for s in proof["sensors"] if s["sensor"] == "bay-0000" and s["epoch"] == epoch)
        expected = {"missing": 0, "duplicates": 0, "changed": 0, "disorder": 0, "backlog": 0, **figures}
        assert {key: found[key] for key in expected} == expected
        assert code == (1 if set(figures) & {"missing", "changed", "disorder"} else 0)
    # What the gateway says that it lost is no fault.
    ledger = {"entries": [{"outlet": "mqtt", "sensor": "bay-0000", "first_seq": 1001, "last_seq": 1004, "count": 4, "reason": "full",
                           "since": reading["time"], "until": reading["time"]}],
              "totals": {"full": 4, "age": 0, "damage": 0}, "more": 0}
    subscriber.client.publish("citygw/v1/271004/test-01/loss", json.dumps(ledger), qos=1,
                              retain=True).wait_for_publish(peers.WAIT)
    tool = listen()
    publish(1000)
    publish(1005)
    code, proof = result(tool)
    assert code == 0 and proof["totals"]["missing"] == 4 and proof["totals"]["explained"] == 4


@shims.needs("ledger")
def test_what_a_small_buffer_lost_is_found_missing_and_explained_by_its_ledger(mqtt_gateway, broker, subscriber):
    gate = mqtt_gateway.broker = peers.Gate(broker.port)
    sensors = oracle.Sensors(bays=40, vans=4, width=4, heavy=True)
    mqtt_gateway.configure(sensors.sections(), buffer="max_size = 1 MB\ncommit_interval = 5 ms",
                           mqtt="backlog_rate = 20000/s")
    mqtt_gateway.start()
    metric = 'citygw_readings_lost_total{reason="full"}'

    def load(until):
        """Posts until that is true and all that was acknowledged is settled; returns how many readings that is."""
        with oracle.Load(mqtt_gateway.coap_port, sensors, 1000, window=100) as load:
            load.more_acknowledged(200)
            peers.wait_until(until, "enough", 60)
        return sum(len(sensors.of(number)) for number in load.acknowledged)

    def deliver():
        peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["lag_readings"] == 0, "no lag", 60)
    stored = load(lambda: True)
    deliver()
    gate.shut()
    stored += load(lambda: mqtt_gateway.metrics()[metric] > 1000)
    gate.open()
    deliver()
    stored += load(lambda: True)
    deliver()
    totals = mqtt_gateway.api("loss")["totals"]
    arrive = stored - totals["full"]
    subscriber.wait(lambda s: len(s.messages) >= arrive and len({(t, r["seq"]) for t, r in s.readings()}) == arrive,
                    "what was not lost", 60)
    subscriber.wait(lambda s: (last := s.last("/loss")) and json.loads(last.payload)["totals"] == totals, "the ledger")
    text = b"".join(m.topic.encode() + b" " + m.payload + b"\n" for m in subscriber.messages)
    done = mqtt_gateway.tool("verify", "-", "--json", input=text.decode())
    proof = json.loads(done.stdout)
    assert done.returncode == 0 and proof["complete"], proof["totals"]
    assert proof["totals"]["missing"] == proof["totals"]["explained"] == totals["full"] > 1000
    # Without the ledger the same is a fault.
    text = b"".join(m.topic.encode() + b" " + m.payload + b"\n" for m in subscriber.messages if m.topic[-5:] != "/loss")
    assert mqtt_gateway.tool("verify", "-", input=text.decode()).returncode == 1
    gate.shut()
