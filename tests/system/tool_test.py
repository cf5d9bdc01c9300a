# SPDX-License-Identifier: Apache-2.0
"""The `citygw` tool and the HTTP API, as a technician and a machine use them."""
import json
import re

import pytest

import coap
import peers
import plaza
from conftest import ROOT, parking

GOOD = json.dumps([{"n": "bay-0000:occupied", "vb": True}]).encode()


# The others are parts of one: included by it.
WHOLE = [path for path in sorted((ROOT / "config").glob("**/*.ini")) if not {"sensors.d", "devices"} & set(path.parts)]


@pytest.mark.parametrize("example", WHOLE, ids=lambda p: p.name)
def test_every_example_configuration_is_fine(lone_gateway, example):
    checked = lone_gateway.tool("check", example)
    assert checked.returncode == 0, checked.stdout
    assert ": [" not in checked.stdout, checked.stdout


def test_every_shipped_device_profile_is_fine(lone_gateway):
    profiles = sorted((ROOT / "config/devices").glob("*.ini"))
    sensors = "".join(f"[sensor:{p.stem}]\ndevice = {p.stem}\naddress = 0000{n:08}\n" for n, p in enumerate(profiles))  # its kind and codec are the profile's
    lone_gateway.configure(sensors, gateway=f"include = {ROOT}/config/devices/*.ini")
    done = lone_gateway.tool("check", lone_gateway.config)
    assert len(profiles) >= 8 and done.returncode == 0 and not done.stderr, done


def test_check_names_file_line_section_and_key(lone_gateway, tmp_path):
    lone_gateway.configure("[sensor:bay-1]\nkind = parkng\nsource = coap\n[sensor:bay-2]\nkind = parking\nsource = coap\n")
    checked = lone_gateway.tool("check", lone_gateway.config)
    assert checked.returncode == 1
    assert re.search(r"citygw\.ini:\d+: \[sensor:bay-1\] kind: .*parking", checked.stdout), checked.stdout
    lone_gateway.start()  # a bad sensor disables itself alone
    sensors = {s["id"]: s for s in lone_gateway.api("sensors")["sensors"]}
    assert sensors["bay-1"]["disabled"] and not sensors["bay-2"]["disabled"]


def test_a_shift_jis_file_from_notepad_is_read(lone_gateway):
    lone_gateway.configure("[sensor:bay-1]\nkind = parking\nsource = coap\nname = 梅田駅前 1番\n")
    lone_gateway.config.write_bytes(lone_gateway.config.read_text().replace("\n", "\r\n").encode("cp932"))
    checked = lone_gateway.tool("check", lone_gateway.config)
    assert checked.returncode == 0 and "CP932" in checked.stdout
    lone_gateway.start()
    assert lone_gateway.api("sensors")["sensors"][0]["name"] == "梅田駅前 1番"


def test_messages_are_japanese_without_a_japanese_locale(lone_gateway):
    lone_gateway.configure("[sensor:bay-1]\nkind = parkng\nsource = coap\n")
    lone_gateway.env.pop("LC_ALL", None)
    lone_gateway.env["LANG"] = "ja_JP.UTF-8"
    checked = lone_gateway.tool("check", lone_gateway.config)
    assert checked.returncode == 1 and re.search("[ぁ-んァ-ヶ]", checked.stdout), checked.stdout


def test_keys_prints_every_key_of_the_documentation(lone_gateway):
    printed = lone_gateway.tool("keys")
    assert printed.returncode == 0
    for key in ("municipality", "commit_interval", "topic_prefix", "flush_interval", "allow_plain", "report_interval",
                "stale_after", "bands", "min_autonomy"):
        assert re.search(rf"\b{key}\b", printed.stdout), key
    assert lone_gateway.tool("keys", "sensr").returncode != 0


def test_status_and_sensors_show_what_there_is(mqtt_gateway, subscriber):
    mqtt_gateway.configure(parking(2))
    mqtt_gateway.start()
    assert coap.once(mqtt_gateway.coap_port, "readings", GOOD).code == "2.04"
    subscriber.wait(lambda s: s.readings(), "the reading")
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["lag_readings"] == 0, "delivered")
    option = ("--socket", mqtt_gateway.socket)
    status = mqtt_gateway.tool("status", *option)
    assert status.returncode == 0 and "test-01" in status.stdout, status
    sensors = mqtt_gateway.tool("sensors", *option)
    assert sensors.returncode == 0 and "bay-0000" in sensors.stdout and "bay-0001" in sensors.stdout
    machine = json.loads(mqtt_gateway.tool("status", "--json", *option).stdout)
    assert machine["gateway"] == "test-01"
    machine = json.loads(mqtt_gateway.tool("sensors", "--json", *option).stdout)
    assert {s["id"]: s["seq"] for s in machine["sensors"]} == {"bay-0000": 1, "bay-0001": None}


def test_a_daemon_that_is_not_there_is_said_so(lone_gateway):
    asked = lone_gateway.tool("status", "--socket", lone_gateway.socket)
    assert asked.returncode == 1 and str(lone_gateway.socket) in asked.stderr
    assert lone_gateway.tool("no-such-verb").returncode == 2


def test_the_api_and_the_metrics(mqtt_gateway, subscriber):
    mqtt_gateway.configure(parking(1))
    mqtt_gateway.start()
    assert coap.once(mqtt_gateway.coap_port, "readings", GOOD).code == "2.04"
    subscriber.wait(lambda s: s.readings(), "the reading")
    sensor = mqtt_gateway.api("sensors/bay-0000")
    assert sensor["values"] == {"occupied": True, "state": "occupied"} and sensor["seq"] == 1
    assert mqtt_gateway.get("/api/v1/sensors/nobody")[0] == 404
    assert mqtt_gateway.get("/api/v1/status", "DELETE")[0] == 405
    assert mqtt_gateway.get("/nowhere")[0] == 404
    assert mqtt_gateway.get("/api/v1/status", headers={"Host": "evil.example"})[0] == 403
    metrics = mqtt_gateway.metrics()
    assert metrics['citygw_readings_received_total{source="coap"}'] == 1
    assert metrics["citygw_readings_committed_total"] == 1
    assert metrics['citygw_outlet_connected{outlet="mqtt"}'] == 1
    for name in ("citygw_buffer_readings", "citygw_buffer_bytes", "citygw_buffer_oldest_seconds",
                 "citygw_buffer_written_bytes_total", 'citygw_outlet_lag_readings{outlet="mqtt"}',
                 'citygw_sensor_age_seconds{sensor="bay-0000"}', "citygw_commit_seconds_count"):
        assert name in metrics, name


def test_simulate_plays_the_configuration_over_coap_and_ptys(mqtt_gateway, subscriber, tmp_path):
    mqtt_gateway.configure(parking(3) + f"[serial:kerb]\ndevice = {tmp_path}/kerb\nbaud = 115200\ncodec = senml\n"
                           "[sensor:gate-1]\nkind = crowd\nsource = serial:kerb\n"
                           "[sensor:van-1]\nkind = bump\nsource = coap\n[sensor:own-1]\nkind = crowd\nsource = sim\n")
    mqtt_gateway.start()
    played = mqtt_gateway.tool("simulate", "-c", mqtt_gateway.config, "--rate", "50/s", "--count", "100")
    assert played.returncode == 0, played
    subscriber.wait(lambda s: {r["kind"] for _, r in s.readings()} == {"parking", "bump", "crowd"}, "all three kinds")
    subscriber.wait(lambda s: {"gate-1", "own-1"} <= {r["sensor"] for _, r in s.readings()}, "serial and sim")


def test_status_and_metrics_show_alerts_and_zones(mqtt_gateway, subscriber):
    mqtt_gateway.configure(plaza.SECTIONS)
    mqtt_gateway.start()
    before = mqtt_gateway.api("status")
    assert before["alerts"] == [] and [(z["id"], z["time"]) for z in before["zones"]] == [("lot", None), ("plaza", None)]
    plaza.fill(mqtt_gateway, subscriber)
    status = mqtt_gateway.api("status")
    (alert,), (lot, square) = status["alerts"], status["zones"]
    assert (alert["kind"], alert["id"], alert["level"]) == ("crowd", "plaza", "high")
    assert alert["conditions"] == [{"condition": "density", "level": "high", "since": alert["since"], "density_per_m2": 2.5}]
    assert lot["name"] == "梅田駐車場" and lot["values"] == list(plaza.of(subscriber, "zone/lot").values())[-1]["values"]
    assert square["values"]["people"] == 25 and square["quality"] == "good" and square["time"]
    metrics = mqtt_gateway.metrics()
    assert metrics['citygw_alerts_active{kind="crowd",level="high"}'] == 1
    assert sum(value for name, value in metrics.items() if name.startswith("citygw_alerts_active")) == 1
    assert metrics["citygw_derived_readings_total"] == 3 and metrics["citygw_derived_dropped_total"] == 0
    shown = mqtt_gateway.tool("status", "--socket", mqtt_gateway.socket)
    assert shown.returncode == 0  # the square is not the gateway's fault
    assert re.search(r"high +crowd +plaza +too many people \(density_per_m2=2\.5\)", shown.stdout), shown.stdout
    assert re.search(r"lot +梅田駐車場 +parking +good +capacity=2 occupied=1", shown.stdout), shown.stdout
    mqtt_gateway.env["LC_ALL"] = "ja_JP.UTF-8"
    shown = mqtt_gateway.tool("status", "--socket", mqtt_gateway.socket).stdout
    assert "警報（重いものから）" in shown and re.search(r"警戒 +混雑 +plaza +人が多すぎる", shown), shown
    plaza.empty(mqtt_gateway, subscriber)
    assert mqtt_gateway.api("status")["alerts"] == []
    assert mqtt_gateway.metrics()['citygw_alerts_active{kind="crowd",level="high"}'] == 0


def test_an_alert_that_goes_on_over_a_restart_is_shown_again(mqtt_gateway, subscriber):
    mqtt_gateway.configure(plaza.SECTIONS)
    mqtt_gateway.start()
    plaza.fill(mqtt_gateway, subscriber)
    before = mqtt_gateway.api("status")["alerts"]
    assert mqtt_gateway.stop() == 0
    mqtt_gateway.start()
    assert mqtt_gateway.api("status")["alerts"] == before
