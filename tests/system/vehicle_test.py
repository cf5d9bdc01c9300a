# SPDX-License-Identifier: Apache-2.0
"""A vehicle unit: an inertial unit and a receiver on ptys; every acceleration becomes a sample, and none is stored."""
import json
import struct

import coap
import peers
import pytest
from conftest import ROOT

RECORDED = ROOT.parent / "shared/data/bump_saopaulo_mit"  # not part of the sources
UNIT = """
[serial:unit]
device = {device}
codec = csv
columns = time ax ay az latitude longitude speed_mps
[sensor:van-1]
kind = bump
source = serial:unit
map.acceleration_x_mps2 = ax g
map.acceleration_y_mps2 = ay g
map.acceleration_z_mps2 = az g
"""
TWO_PORTS = """
[serial:imu]
device = {imu}
baud = 115200
codec = wt901
[serial:gnss]
device = {gnss}
baud = 9600
codec = nmea
[sensor:van-1]
kind = bump
source = serial:imu
position = serial:gnss
[sensor:van-2]
kind = bump
source = coap
"""


def comma(number, digits=4):
    return f'"{number:.{digits}f}"'.replace(".", ",")


def generated():
    """A drive with the faults of recorded ones. The rows of one batch have one stamp."""
    begins = (0, 1, 1, 3, 3, 3, 6, 6, 8, 9, 9, 11, 11, 11, 14, 14)
    yield "time,gFx,gFy,gFz,Latitude,Longitude,Speed (m/s),"
    for row in range(6000):
        time = (row // 16 * 16 + begins[row % 16]) * 0.0153 + 0.376 * (row >= 2000) - 1.25 * (row >= 4000)
        value = row - (row % 5 == 4)  # every fifth is said twice
        place = (0, 0) if row < 300 else (-23.4 - row // 65 * 1e-5, -46.6)
        yield ",".join([comma(time), comma(value / 1e4), comma(-0.1), comma(1), *(comma(p, 8) for p in place), comma(4.73), ""])


def vehicle(gateway, sensor="van-1"):
    return next(v for v in gateway.api("status")["vehicles"] if v["sensor"] == sensor)


@pytest.mark.parametrize("name", ["generated", "2018-11-1713.51.22.csv", "2018-10-2118.27.49.csv"])
def test_a_drive_that_is_replayed_loses_no_sample(mqtt_gateway, subscriber, tmp_path, name):
    if name != "generated" and not (RECORDED / name).exists():
        pytest.skip("the recordings are not beside the sources")
    lines = list(generated()) if name == "generated" else (RECORDED / name).read_text().splitlines()
    rows = len(lines) - 1
    unit = peers.Line(tmp_path / "unit")
    mqtt_gateway.configure(UNIT.format(device=unit.path))
    mqtt_gateway.start()
    unit.write("".join(line + "\n" for line in lines))
    peers.wait_until(lambda: vehicle(mqtt_gateway)["samples"] == rows, "every sample", 60)

    seen = vehicle(mqtt_gateway)
    assert seen["received"] == rows and seen["waiting"] == 0 and seen["incomplete"] == 0
    if name == "generated":
        assert seen["duplicates"] == rows // 2 and seen["backward"] == 1 and seen["gaps"] == 1 and seen["repeated"] == rows // 5
        assert seen["no_fixes"] == 300 and abs(seen["rate_hz"] - 65) < 2
    elif rows > 20000:
        assert rows == 28477 and round(100 * seen["duplicates"] / rows) == 52 and round(100 * seen["repeated"] / rows) == 21
        assert seen["largest_gap_s"] == pytest.approx(0.376, abs=1e-3) and seen["fixes"] == 347
    else:
        assert seen["backward"] == 1
    assert seen["located"] > 0.95 * (rows - seen["no_fixes"])
    source = mqtt_gateway.api("status")["sources"][-1]
    assert source["refused"] == {"syntax": 1} and source["unknown_fields"] == 0  # the heading
    figures = mqtt_gateway.metrics()
    assert figures['citygw_vehicle_samples_total{sensor="van-1"}'] == rows
    # What else the lines say is kept, at the port's report_interval.
    subscriber.wait(lambda s: s.readings(), "where it is")
    assert figures["citygw_readings_committed_total"] < 100
    for _, reading in subscriber.readings():
        assert not [v for v in reading["values"] if v.startswith("acceleration")] and reading["values"].get("latitude") != 0
    unit.close()


def frame(number, *values):
    data = struct.pack("<BB4h", 0x55, number, *values)
    return data + bytes([sum(data) & 0xFF])


def sentence(text):
    total = 0
    for c in text:
        total ^= ord(c)
    return f"${text}*{total:02X}\r\n"


def test_an_inertial_unit_and_a_receiver_on_two_ports(mqtt_gateway, subscriber, tmp_path):
    imu, gnss = peers.Line(tmp_path / "imu"), peers.Line(tmp_path / "gnss")
    mqtt_gateway.configure(TWO_PORTS.format(imu=imu.path, gnss=gnss.path))
    assert ": [" not in mqtt_gateway.tool("check", mqtt_gateway.config).stdout
    mqtt_gateway.start()
    gnss.write(sentence("GPRMC,120001,A,3441.7300,N,13529.9540,E,022.4,084.4,260126,,"))
    peers.wait_until(lambda: vehicle(mqtt_gateway)["fixes"] == 1, "a fix")
    sent = 0

    def drive():
        nonlocal sent
        imu.write(frame(0x51, sent % 1000, 0, 2048, 2000) * 5 + frame(0x52, 1, 2, 3, 0))
        sent += 5
        return sent > 500 and vehicle(mqtt_gateway)["rate_hz"]

    peers.wait_until(drive, "a measured rate")
    gnss.write(sentence("GPRMC,120002,V,,,,,,,260126,,"))
    peers.wait_until(lambda: vehicle(mqtt_gateway)["position_age_s"] is None, "no fix")
    peers.wait_until(lambda: vehicle(mqtt_gateway)["samples"] == sent, "every sample")
    seen = vehicle(mqtt_gateway)
    assert seen["located"] > 0 and seen["duplicates"] >= sent / 2 and seen["no_fixes"] == 1
    for source in mqtt_gateway.api("status")["sources"]:
        assert source["refused"] == {} and source["unknown_fields"] == 0, source
        assert source["received"] > 0 or source["name"] == "coap"
    assert mqtt_gateway.metrics()["citygw_unknown_senders"] == 0

    shown = mqtt_gateway.tool("status", "-c", mqtt_gateway.config).stdout
    assert any(line.split()[:2] == ["van-1", str(sent)] for line in shown.splitlines()), shown
    for line in (imu, gnss):
        line.close()


def test_events_go_their_way_and_acceleration_over_coap_is_answered(mqtt_gateway, subscriber, tmp_path):
    imu, gnss = peers.Line(tmp_path / "imu"), peers.Line(tmp_path / "gnss")
    mqtt_gateway.configure(TWO_PORTS.format(imu=imu.path, gnss=gnss.path))
    mqtt_gateway.start()
    event = [{"bn": "van-2:", "n": "peak_mps2", "v": 7.5}, {"n": "severity", "v": 2}, {"n": "battery_v", "v": 3.6}]
    assert coap.once(mqtt_gateway.coap_port, "readings", json.dumps(event).encode(), coap.SENML_JSON).code == "2.04"
    raw = [{"n": axis, "v": 9.8 * (axis == "z"), "t": t / 100} for t in range(-9, 1) for axis in "xyz"]
    raw = [{**r, "n": f"van-2:acceleration_{r['n']}_mps2"} for r in raw[:15]]
    assert coap.once(mqtt_gateway.coap_port, "readings", json.dumps(raw).encode(), coap.SENML_JSON).code == "2.04"
    peers.wait_until(lambda: vehicle(mqtt_gateway, "van-2")["samples"] == 5, "the samples")
    subscriber.wait(lambda s: s.readings(), "the event")
    assert [r["values"] for _, r in subscriber.readings()] == [{"peak_mps2": 7.5, "severity": 2, "battery_v": 3.6}]
    for line in (imu, gnss):
        line.close()


def test_a_position_that_no_port_gives_is_a_warning(mqtt_gateway, tmp_path):
    mqtt_gateway.configure(TWO_PORTS.format(imu=tmp_path / "imu", gnss=tmp_path / "gnss").replace("position = serial:gnss", "position = serial:gps"))
    done = mqtt_gateway.tool("check", mqtt_gateway.config)
    assert done.returncode == 0 and 'position: there is no port "serial:gps"' in done.stdout, done.stdout
    mqtt_gateway.configure(TWO_PORTS.format(imu=tmp_path / "imu", gnss=tmp_path / "gnss").replace("position = serial:gnss", ""))
    assert "says acceleration and no position" in mqtt_gateway.tool("check", mqtt_gateway.config).stdout
