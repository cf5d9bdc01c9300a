# SPDX-License-Identifier: Apache-2.0
"""A real gpsd reads a receiver, and the gateway asks it; and the same receiver on a port of the gateway's own."""
import contextlib
import itertools
import json
import shutil

import peers
import pytest

SENSOR = """
[sensor:van-1]
kind = bump
source = {source}
"""
PORT = """
[serial:gnss]
device = {device}
baud = 9600
codec = {codec}
columns = {columns}
"""


def sentence(text):
    total = 0
    for c in text:
        total ^= ord(c)
    return f"${text}*{total:02X}\r\n"


def epoch(second, status="A"):
    """What a receiver says each second. Without a fix it still has the last position to show."""
    quality = 1 if status == "A" else 0
    return (sentence(f"GPRMC,1200{second:02},{status},3441.7300,N,13529.9540,E,022.4,084.4,260126,,") +
            sentence(f"GPGGA,1200{second:02},3441.7300,N,13529.9540,E,{quality},08,0.9,45.4,M,37.0,M,,"))


def source(gateway, name):
    return next(s for s in gateway.api("status")["sources"] if s["name"] == name)


def values(subscriber):
    return [r["values"] for _, r in subscriber.readings()]


@contextlib.contextmanager
def running_gpsd(port, device, log):
    process = peers.Process(["gpsd", "-N", "-n", "-S", str(port), str(device)], log)
    try:
        process.wait_ready(lambda: peers.port_open(port), "gpsd listens")
        yield
    finally:
        process.end()


@pytest.mark.skipif(not shutil.which("gpsd"), reason="no gpsd")
def test_a_gpsd_that_comes_goes_and_comes_again(mqtt_gateway, subscriber, tmp_path):
    receiver, port = peers.Line(tmp_path / "gnss"), peers.free_port()
    name = f"gpsd://localhost:{port}"
    mqtt_gateway.configure(SENSOR.format(source=name))
    mqtt_gateway.start()
    peers.wait_until(lambda: source(mqtt_gateway, name)["state"] == "waiting", "nobody there")

    for life in range(2):
        seen, seconds = len(values(subscriber)), itertools.count(20 * life)

        def next_second():
            receiver.write(epoch(next(seconds) % 60))
            return any("latitude" in v for v in values(subscriber)[seen:])

        with running_gpsd(port, receiver.path, tmp_path / "gpsd.log"):
            peers.wait_until(lambda: source(mqtt_gateway, name)["state"] == "open", "open", 10)
            peers.wait_until(next_second, "a position")
        reading = next(r for _, r in subscriber.readings()[seen:] if "latitude" in r["values"])
        assert reading["values"]["fix"] == 1 and abs(reading["values"]["latitude"] - 34.6955) < 1e-6
        assert abs(reading["values"]["longitude"] - 135.4992333) < 1e-6
        assert reading["time"].startswith("2026-01-26T12:00:") and reading["time_quality"] == "sensor"
        peers.wait_until(lambda: source(mqtt_gateway, name)["state"] != "open", "noticed")
    receiver.close()


def test_a_receiver_on_a_port_of_our_own(mqtt_gateway, subscriber, tmp_path):
    receiver = peers.Line(tmp_path / "gnss")
    mqtt_gateway.configure(PORT.format(device=receiver.path, codec="ubx", columns="") +
                           SENSOR.format(source="serial:gnss"))
    mqtt_gateway.start()
    receiver.write(epoch(1).encode() + bytes.fromhex("B5620501020006010F38") + epoch(2, "V").encode())
    subscriber.wait(lambda s: len(s.readings()) == 4, "both seconds")
    found = sorted((r for _, r in subscriber.readings()), key=lambda r: r["seq"])
    assert found[0]["values"] == {"fix": 1, "latitude": 34.6955, "longitude": 135.4992333, "speed_mps": 11.5236,
                                  "heading_deg": 84.4}
    assert found[0]["time"].startswith("2026-01-26T12:00:01")
    assert found[1]["values"]["altitude_m"] == 45.4 and not found[1]["time"].startswith("2026-01-26T12:00")
    assert found[2]["values"] == {"fix": 0}
    assert found[3]["values"] == {"fix": 0, "satellites": 8}
    assert source(mqtt_gateway, "serial:gnss")["refused"] == {}
    receiver.close()


def test_lines_of_numbers_have_the_names_of_the_port(mqtt_gateway, subscriber, tmp_path):
    meter = peers.Line(tmp_path / "meter")
    mqtt_gateway.configure(PORT.format(device=meter.path, codec="csv", columns="distance_m - battery_v") +
                           SENSOR.format(source="serial:gnss").replace("bump", "parking"))
    mqtt_gateway.start()
    meter.write("\r\n1,25;77;3,6\r\n")  # the empty line: nothing of what follows began before the port was open
    subscriber.wait(lambda s: s.last("parking/van-1"), "a reading")
    assert json.loads(subscriber.last("parking/van-1").payload)["values"] == {"distance_m": 1.25, "battery_v": 3.6}
    meter.close()
