# SPDX-License-Identifier: Apache-2.0
"""Ports in trouble beside ports that are well: a device on a bus is dead, a line floods, another is unplugged and plugged in
again every two seconds. What the others say arrives, all of it and once. CITYGW_PORTS_SECONDS says for how long."""
import contextlib
import os
import statistics
import subprocess
import threading
import time

import peers
from bus import Devices

SECONDS = float(os.environ.get("CITYGW_PORTS_SECONDS", "12"))
PERIOD = 2  # seconds, of which half is unplugged
TICK = 0.1

PORTS = """
[serial:lines]
device = {lines}
baud = 115200
[sensor:gate]
kind = crowd
source = serial:lines

[serial:head]
device = {head}
baud = 9600
codec = a02yyuw
report_interval = 0 s
[sensor:head]
kind = parking
source = serial:head

[serial:number]
device = {number}
codec = text
report_interval = 0 s
[sensor:number]
kind = crowd
source = serial:number

[modbus:garage]
device = {garage}
baud = 19200
timeout = 1 s
[device:counter]
kind = crowd
poll = 100 ms
map.in_total = input:10 u16
[sensor:alive]
source = modbus:garage
address = 17
device = counter
[sensor:dead]
source = modbus:garage
address = 18
device = counter

[serial:flood]
device = {flood}
baud = 115200
codec = ld2450
[sensor:flood]
kind = crowd
source = serial:flood

[serial:loose]
device = {loose}
baud = 9600
[sensor:loose]
kind = crowd
source = serial:loose
"""


def ultrasonic(mm):
    frame = bytes([0xFF, mm >> 8, mm & 0xFF])
    return frame + bytes([sum(frame) & 0xFF])


class Counted(Devices):
    """Its register counts how often it was read, and notes when."""

    def __init__(self, line, units):
        self.given = {}
        super().__init__(line, units)

    def register(self, _address):
        number = len(self.given) + 1
        self.given[number] = time.monotonic()
        return number


class Sender:
    """A device that says a rising number ten times a second, and notes when."""

    def __init__(self, line, frame):
        self.line, self.frame, self.given, self.ended, self.said = line, frame, {}, threading.Event(), threading.Condition()
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _live(self):
        while not self.ended.wait(TICK):
            number = len(self.given) + 1
            with contextlib.suppress(OSError):
                self.given[number] = time.monotonic()
                self.line.write(self.frame(number))
            with self.said:
                self.said.notify_all()

    def wait(self, seconds):
        """Until it has said as many more as it does in that time."""
        wanted = len(self.given) + round(seconds / TICK)
        with self.said:
            assert self.said.wait_for(lambda: len(self.given) >= wanted, seconds + peers.WAIT)

    def end(self):
        self.ended.set()
        self.thread.join()


def come_loose(device, times):
    """Unplugs it and plugs it in again; ends plugged in."""
    for _ in range(times):
        device.wait(PERIOD / 2)
        device.line.unplug()
        device.wait(PERIOD / 2)
        device.line.plug()


def arrivals(subscriber, sensor, quantity, scale=1):
    """When each number first arrived, and how many came twice."""
    first, twice = {}, 0
    with subscriber.changed:
        messages = [m for m in subscriber.messages if m.topic.endswith(f"/{sensor}")]
    for message, (_, reading) in zip([m for m in messages if b'"seq"' in m.payload],
                                     [r for r in subscriber.readings() if r[1].get("sensor") == sensor]):
        if quantity in reading["values"]:
            number = round(reading["values"][quantity] * scale)
            twice += number in first
            first.setdefault(number, message.timestamp)
    return first, twice


def timeouts(gateway, devices):
    """How many answers of the device that is alive came too late for the bus, as on a machine that is busy: those are counted."""
    return gateway.metrics()["citygw_modbus_timeouts_total"] - devices.asked[18]


def figures(name, given, arrived, since, until):
    took = sorted(1000 * (arrived[n] - given[n]) for n in arrived if since <= given[n] < until)
    return (f"{name} {len(took)} readings, {statistics.median(took):.0f} / {took[int(len(took) * 0.99)]:.0f} / {took[-1]:.0f} ms")


def test_ports_in_trouble_harm_nobody(mqtt_gateway, subscriber, tmp_path):
    lines = {name: peers.Line(tmp_path / name) for name in ("lines", "head", "number", "garage", "flood", "loose")}
    mqtt_gateway.configure(PORTS.format(**{name: line.path for name, line in lines.items()}))
    mqtt_gateway.start()
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["connected"], "connected")
    good = {"gate": (Sender(lines["lines"], lambda n: f'[{{"n":"gate:in_total","v":{n}}}]\n'.encode()), "in_total", 1),
            "head": (Sender(lines["head"], lambda n: ultrasonic(n + 30)), "distance_m", 1000),
            "number": (Sender(lines["number"], lambda n: f"{n}\n".encode()), "people", 1),
            "alive": (Counted(lines["garage"], {17}), "in_total", 1)}
    shaky = Sender(lines["loose"], lambda n: f'[{{"n":"loose:in_total","v":{n}}}]\n'.encode())
    began = time.monotonic()
    shaky.wait(SECONDS / 4)
    trouble = time.monotonic()
    flood = subprocess.Popen(["cat", "/dev/urandom"], stdout=lines["flood"].master)
    times = round(SECONDS / PERIOD)
    come_loose(shaky, times)
    flood.kill()
    flood.wait()
    ended = time.monotonic()
    for device, _, _ in (*good.values(), (shaky, None, None)):
        device.end()

    for name, (device, quantity, scale) in good.items():
        offset = 30 if name == "head" else 0
        wanted = {n + offset for n in device.given}
        late = (lambda: timeouts(mqtt_gateway, device)) if name == "alive" else int
        peers.wait_until(lambda: len(wanted - set(arrivals(subscriber, name, quantity, scale)[0])) <= late(), f"all of {name}")
        arrived, twice = arrivals(subscriber, name, quantity, scale)
        assert set(arrived) <= wanted and not twice, name
        arrived = {n - offset: at for n, at in arrived.items()}
        print("figures: " + figures(name, device.given, arrived, began, trouble) + "; in trouble " +
              figures("", device.given, arrived, trouble, ended).strip())

    arrived, twice = arrivals(subscriber, "loose", "in_total")
    assert set(arrived) <= set(shaky.given) and not twice and len(arrived) > len(shaky.given) / 5
    sources = {s["name"]: s for s in mqtt_gateway.api("status")["sources"]}
    assert sources["serial:flood"]["fault"] and sum(sources["serial:flood"]["refused"].values()) > 0
    assert sources["serial:loose"]["reopened"] >= times / 2
    assert mqtt_gateway.metrics()["citygw_modbus_timeouts_total"] >= 1
    lost = int(timeouts(mqtt_gateway, good["alive"][0]))
    print(f"figures: {lost} answers came too late; unplugged {times} times, reopened {sources['serial:loose']['reopened']} times, "
          f"{len(arrived)} of {len(shaky.given)} of its readings arrived")
    for line in lines.values():
        line.close()
