# SPDX-License-Identifier: Apache-2.0
"""Sensors that number their frames: what never came is counted, and the numbers go nowhere."""
import json

import coap

CONFIG = """
[sensor:lib-1]
kind = parking
source = coap
codec = libelium-parking
[sensor:pls-1]
kind = parking
source = coap
codec = bosch-parking
[sensor:plain-1]
kind = parking
source = coap
"""
QUERY = 15


def test_frames_that_never_came_are_counted_by_sensor(mqtt_gateway, subscriber):
    mqtt_gateway.configure(CONFIG)
    mqtt_gateway.start()
    port = mqtt_gateway.coap_port
    lib = [0x04, 0x05, 0x07, 0x06, 0x06, *range(0x0A, 0x2B)]  # late, twice, and 8 and 9 never
    for number in lib:
        frame = bytes.fromhex(f"80{number:02x}1E01AD109393EE00C7")
        assert coap.once(port, "readings/lib-1", frame, 42).code == "2.04"
    for number in (65530, 65531, 65533, 0, 1):
        assert coap.once(port, "readings/pls-1", b"\x01", 42, extra=[(QUERY, "port=1"), (QUERY, f"fcnt={number}")]).code == "2.04"
    assert coap.once(port, "readings/plain-1", b"true", coap.TEXT).code == "2.04"
    sensors = {s["id"]: s for s in mqtt_gateway.api("sensors")["sensors"]}
    assert (sensors["lib-1"]["frames_lost"], sensors["lib-1"]["frames_missing"]) == (2, 0)
    assert (sensors["pls-1"]["frames_lost"], sensors["pls-1"]["frames_missing"]) == (0, 3)
    assert "frames_lost" not in sensors["plain-1"]
    figures = mqtt_gateway.metrics()
    assert figures['citygw_sensor_frames_lost_total{sensor="lib-1"}'] == 2
    assert not any("plain-1" in name for name in figures if "frames" in name)
    subscriber.wait(lambda s: len(s.readings()) == len(lib) + 6, "all readings")
    assert all("frame" not in reading["values"] for _, reading in subscriber.readings())
    assert b'"frame"' not in json.dumps(sensors).encode()
