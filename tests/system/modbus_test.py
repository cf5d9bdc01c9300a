# SPDX-License-Identifier: Apache-2.0
"""A Modbus bus, from INI alone: devices in the test answer on a pty, or `citygw simulate` plays them."""
import json
import pathlib
import subprocess

import conftest
import peers
from bus import Devices

CONFIG = """
[modbus:garage]
device = {device}
baud = 9600
timeout = 1 s
[device:counter]
kind = crowd
poll = 100 ms
map.in_total = input:10 u32
map.out_total = input:12 u32 swapped * 2
[sensor:north]
source = modbus:garage
address = 17
device = counter
[sensor:south]
source = modbus:garage
address = 18
device = counter
map.people = discrete:1
"""


def source(gateway):
    return next(s for s in gateway.api("status")["sources"] if s["name"] == "modbus:garage")


def values(subscriber, sensor):
    message = subscriber.last(f"crowd/{sensor}")
    return message and json.loads(message.payload)["values"]


def test_registers_become_readings(mqtt_gateway, subscriber, tmp_path):
    line = peers.Line(tmp_path / "bus")
    devices = Devices(line, {17, 18})
    mqtt_gateway.configure(CONFIG.format(device=line.path))
    assert "not built yet" not in mqtt_gateway.tool("check", mqtt_gateway.config).stdout
    mqtt_gateway.start()
    subscriber.wait(lambda s: values(s, "south") and values(s, "north"), "a reading of each")
    totals = {"in_total": 10 * 65536 + 11, "out_total": 2 * (13 * 65536 + 12)}
    assert values(subscriber, "north") == totals
    assert values(subscriber, "south") == {**totals, "people": 1}
    assert devices.functions == {2, 4}
    assert mqtt_gateway.metrics()["citygw_modbus_requests_total"] > 0
    devices.end()
    line.close()


def test_a_dead_device_harms_nobody_and_a_bus_comes_back(mqtt_gateway, subscriber, tmp_path):
    line = peers.Line(tmp_path / "bus")
    devices = Devices(line, {18})
    mqtt_gateway.configure(CONFIG.format(device=line.path))
    mqtt_gateway.start()
    subscriber.wait(lambda s: sum(r["sensor"] == "south" for _, r in s.readings()) > 10, "readings of the other")
    peers.wait_until(lambda: "north (unit 17) does not answer" in mqtt_gateway.said(), "told")
    assert not values(subscriber, "north")
    assert mqtt_gateway.metrics()["citygw_modbus_timeouts_total"] >= 1

    devices.end()
    line.unplug()
    peers.wait_until(lambda: source(mqtt_gateway)["state"] == "waiting", "noticed")
    line.plug()
    devices = Devices(line, {17, 18})
    peers.wait_until(lambda: source(mqtt_gateway)["state"] == "open", "open again", 10)
    subscriber.wait(lambda s: values(s, "north"), "a reading of the dead one")
    assert mqtt_gateway.said().count("north (unit 17) does not answer") == 1
    devices.end()
    line.close()


def total(subscriber, quantity, value):
    subscriber.wait(lambda s: (values(s, "north") or {}).get(quantity) == value, f"{quantity} is {value}")


def test_totals_only_grow_over_wraps_power_cuts_and_kills(mqtt_gateway, subscriber, tmp_path):
    line = peers.Line(tmp_path / "bus")
    devices = Devices(line, {17})
    devices.registers, devices.resets = {10: 65533, 11: 4}, {11}
    mqtt_gateway.configure(CONFIG.format(device=line.path).replace("input:10 u32", "input:10 u16")
                           .replace("input:12 u32 swapped * 2", "input:11 u16 resets"))
    mqtt_gateway.start()
    total(subscriber, "in_total", 65533)
    total(subscriber, "out_total", 4)
    devices.registers.update({10: 2, 11: 5})
    total(subscriber, "in_total", 65538)  # through 65 536
    total(subscriber, "out_total", 9)
    assert mqtt_gateway.metrics()['citygw_counter_wraps_total{source=\"modbus:garage\"}'] == 1

    mqtt_gateway.kill()
    devices.registers.update({10: 1, 11: 2})  # both were without power
    mqtt_gateway.start()
    total(subscriber, "in_total", 65539)
    total(subscriber, "out_total", 11)
    assert mqtt_gateway.metrics()['citygw_counter_restarts_total{source=\"modbus:garage\"}'] == 1
    assert "north: in_total began again, from 2 to 1" in mqtt_gateway.said()

    devices.registers[10] = 40000  # another device in the old place, and it counts on
    total(subscriber, "in_total", 65539 + 39999)
    devices.registers[10] = 30000
    peers.wait_until(lambda: mqtt_gateway.metrics()['citygw_counter_jumps_total{source=\"modbus:garage\"}'] == 1, "a jump")
    devices.registers[10] = 30002
    total(subscriber, "in_total", 65539 + 39999 + 2)
    kept = [r["values"]["in_total"] for _, r in sorted(subscriber.readings(), key=lambda item: item[1]["seq"])]
    assert kept == sorted(kept)
    devices.end()
    line.close()


def test_the_example_runs_without_hardware(mqtt_gateway, subscriber, tmp_path):
    example = (conftest.ROOT / "config/examples/garage.ini").read_text()
    bus = example[example.index("[modbus:garage]"):]
    lines = [f"device = {tmp_path}/bus" if "/dev/" in line else line for line in bus.splitlines()]
    mqtt_gateway.configure("\n".join(lines) + "\n", gateway=f"include = {conftest.ROOT}/config/devices/*.ini")
    player = subprocess.Popen([str(conftest.BUILD / "citygw"), "simulate", "-c", str(mqtt_gateway.config), "--rate", "50"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=mqtt_gateway.env)
    peers.wait_until(pathlib.Path(tmp_path / "bus").is_symlink, "the bus is there")
    mqtt_gateway.start()
    wanted = {"entrance-loop", "exit-loop", "passage", "elevator", "bay-1"}
    subscriber.wait(lambda s: wanted <= {r["sensor"] for _, r in s.readings()}, "a reading of each")
    player.terminate()
    told, complaint = player.communicate(timeout=peers.WAIT)
    assert player.returncode == 0, complaint
    assert "Modbus answers" in told and "playing 0 sensors over CoAP and 5 on 1 serial ports" in complaint
