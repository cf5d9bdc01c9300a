# SPDX-License-Identifier: Apache-2.0
"""A serial line is unplugged and plugged in again; the others do not notice."""
import json
import re
import time

import coap
import peers
from conftest import ROOT

CONFIG = """
[serial:kerb]
device = {kerb}
baud = 256000
codec = senml
[serial:gate]
device = {gate}
baud = 9600
codec = senml
[sensor:lot-1]
kind = parking
source = serial:kerb
[sensor:gate-1]
kind = crowd
source = serial:gate
[sensor:bay-1]
kind = parking
source = coap
"""


def source(gateway, name):
    return next(s for s in gateway.api("status")["sources"] if s["name"] == name)


def test_readings_resume_within_five_seconds_of_plugging_in(mqtt_gateway, subscriber, tmp_path):
    kerb, gate = peers.Line(tmp_path / "kerb"), peers.Line(tmp_path / "gate")
    mqtt_gateway.configure(CONFIG.format(kerb=kerb.path, gate=gate.path))
    mqtt_gateway.start()
    kerb.write('[{"n":"lot-1:occupied","vb":true}]\n')
    subscriber.wait(lambda s: s.last("parking/lot-1"), "a reading before")

    kerb.unplug()
    peers.wait_until(lambda: source(mqtt_gateway, "serial:kerb")["state"] == "waiting", "noticed")
    for i in range(20):
        gate.write(f'[{{"n":"gate-1:people","v":{i}}}]\n')
        assert coap.once(mqtt_gateway.coap_port, "readings/bay-1", b"true", coap.TEXT).code == "2.04"
    subscriber.wait(lambda s: sum(r["sensor"] == "gate-1" for _, r in s.readings()) == 20, "the other line")
    for other in ("serial:gate", "coap"):
        assert source(mqtt_gateway, other)["state"] == "open" and source(mqtt_gateway, other)["reopened"] == 0

    peers.wait_until(lambda: (source(mqtt_gateway, "serial:kerb")["retry_in_s"] or 0) > 3, "the longest pause")
    kerb.plug()
    plugged = time.monotonic()
    peers.wait_until(lambda: source(mqtt_gateway, "serial:kerb")["state"] == "open", "open again", 5)
    kerb.write('[{"n":"lot-1:occupied","vb":false}]\n')
    subscriber.wait(lambda s: json.loads(s.last("parking/lot-1").payload)["values"]["occupied"] is False, "resumed")
    assert time.monotonic() - plugged < 5
    kerb.close()
    gate.close()


def test_fast_frames_become_one_reading_a_report_interval(mqtt_gateway, subscriber, tmp_path):
    kerb, gate = peers.Line(tmp_path / "kerb"), peers.Line(tmp_path / "gate")
    mqtt_gateway.configure(CONFIG.format(kerb=kerb.path, gate=gate.path).replace("[sensor:lot-1]", "report_interval = 500 ms\n[sensor:lot-1]"))
    mqtt_gateway.start()
    for i in range(50):
        gate.write(f'[{{"n":"gate-1:people","v":{i}}},{{"n":"gate-1:in","v":1}}]\n')
    subscriber.wait(lambda s: s.last("crowd/gate-1") and json.loads(s.last("crowd/gate-1").payload)["values"]["people"] == 49, "the last")
    readings = [r["values"] for _, r in subscriber.readings()]
    assert len(readings) < 10 and sum(values["in"] for values in readings) == 50  # nobody who went in is lost
    assert source(mqtt_gateway, "serial:gate")["received"] == len(readings)
    kerb.close()
    gate.close()


def test_a_line_may_come_in_pieces_and_garbage_costs_only_itself(mqtt_gateway, subscriber, tmp_path):
    kerb, gate = peers.Line(tmp_path / "kerb"), peers.Line(tmp_path / "gate")
    mqtt_gateway.configure(CONFIG.format(kerb=kerb.path, gate=gate.path))
    mqtt_gateway.start()
    kerb.write(b"\x00\xff garbage\n" + b"x" * 20000 + b'\n[{"n":"lot-1:occ')
    kerb.write('upied","vb":true}]\n[{"n":"lot-1:occupied","vb":false}]\n')
    subscriber.wait(lambda s: len(s.readings()) == 2, "the two good lines")
    in_order = sorted((r for _, r in subscriber.readings()), key=lambda r: r["seq"])  # the newest state may come first
    assert [r["values"]["occupied"] for r in in_order] == [True, False]
    reasons = source(mqtt_gateway, "serial:kerb")["refused"]
    assert reasons.get("syntax", 0) >= 1 and reasons.get("length", 0) >= 1
    kerb.close()
    gate.close()


def test_a_missing_port_is_waited_for(mqtt_gateway, subscriber, tmp_path):
    gate = peers.Line(tmp_path / "gate")
    mqtt_gateway.configure(CONFIG.format(kerb=tmp_path / "kerb", gate=gate.path))
    mqtt_gateway.start()
    assert source(mqtt_gateway, "serial:kerb")["state"] == "waiting"
    kerb = peers.Line(tmp_path / "kerb")
    peers.wait_until(lambda: source(mqtt_gateway, "serial:kerb")["state"] == "open", "open", 5)
    kerb.write('[{"n":"lot-1:occupied","vb":true}]\n')
    subscriber.wait(lambda s: s.last("parking/lot-1"), "a reading")
    kerb.close()
    gate.close()


def serial_codecs():
    """Those of the table that work on a serial line, as the source says."""
    rows = re.findall(r"&codec_(\w+),", (ROOT / "drivers/codecs.c").read_text())
    sources = "\n".join(path.read_text() for path in (ROOT / "drivers/codecs").glob("*.c"))
    bodies = {row: re.search(rf"const struct codec codec_{row} = {{(.*?)}};", sources, re.S)[1] for row in rows}
    return {re.search(r'\.name = "([^"]+)"', body)[1] for body in bodies.values() if ".delimit" in body}


def test_every_device_of_the_example_is_played_and_read(mqtt_gateway, subscriber, tmp_path):
    example = (ROOT / "config/examples/serial.ini").read_text()
    devices = example[example.index("[serial:"):].replace("/tmp/citygw-serial", str(tmp_path))
    sensors = set(re.findall(r"^\[sensor:(.*)\]", devices, re.M))
    codecs = set(re.findall(r"^codec = ([a-z0-9-]+)", devices, re.M))
    mqtt_gateway.configure(devices, gateway=f"include = {ROOT}/config/devices/*.ini")
    mqtt_gateway.start()
    played = mqtt_gateway.tool("simulate", "-c", mqtt_gateway.config, "--rate", "100/s", "--seconds", "8")
    assert played.returncode == 0, played
    subscriber.wait(lambda s: {r["sensor"] for _, r in s.readings()} == sensors, "a reading of every sensor")
    for one in mqtt_gateway.api("status")["sources"]:
        assert sum(one["refused"].values()) == 0, one
    assert codecs == serial_codecs()
    seen = {}
    for _, reading in subscriber.readings():
        seen.setdefault(reading["sensor"], set()).update(reading["values"])
    assert {"distance_m", "occupied", "state"} <= seen["bay-1"] and {"distance_m", "temperature_c", "state"} <= seen["bay-2"]
    assert {"people"} <= seen["plaza"] & seen["bench"] and {"in_total", "out_total"} <= seen["gate-1"]
    assert seen["van-1"] == seen["van-2"] == {"temperature_c"}  # their acceleration becomes the samples of a ride
    assert {"occupied", "state"} <= seen["bay-3"] and {"latitude", "speed_mps"} <= seen["boat"]
    assert seen["turnstile"] == {"people"} and "temperature_c" in seen["air"]
    vehicles = {v["sensor"]: v for v in mqtt_gateway.api("status")["vehicles"]}
    assert all(vehicles[v]["samples"] > 10 for v in ("van-1", "van-2")) and vehicles["van-2"]["fixes"] > 0
