# SPDX-License-Identifier: Apache-2.0
"""Start and stop, with and without the far end; what systemd hears; who may run beside whom."""
import json
import subprocess
import time

import coap
import peers
from conftest import BUILD, ROOT, Gateway, parking

GOOD = json.dumps([{"n": "bay-0000:occupied", "vb": True}]).encode()


def test_sigterm_commits_what_was_taken_and_ends_within_five_seconds(mqtt_gateway, subscriber):
    mqtt_gateway.configure(parking(1), buffer="commit_interval = 1 s")
    mqtt_gateway.start()
    assert coap.once(mqtt_gateway.coap_port, "readings", GOOD).code == "2.04"
    subscriber.wait(lambda s: s.readings(), "the reading")
    began = time.monotonic()
    assert mqtt_gateway.stop() == 0
    assert time.monotonic() - began < 5
    mqtt_gateway.notify.wait("STOPPING=1")
    mqtt_gateway.start()
    assert mqtt_gateway.api("sensors")["sensors"][0]["seq"] == 1


def test_a_broker_that_is_down_at_the_start_is_normal(mqtt_gateway, broker):
    broker.stop()
    mqtt_gateway.configure(parking(1))
    mqtt_gateway.start()
    assert coap.once(mqtt_gateway.coap_port, "readings", GOOD).code == "2.04"
    broker.start()
    subscriber = peers.Subscriber(broker.port)
    subscriber.wait(lambda s: s.readings(), "the reading, later")
    began = time.monotonic()
    broker.stop()
    assert mqtt_gateway.stop() == 0
    assert time.monotonic() - began < 6
    subscriber.close()


def test_the_watchdog_is_kicked(lone_gateway):
    lone_gateway.configure(parking(1))
    lone_gateway.env["WATCHDOG_USEC"] = "300000"
    lone_gateway.start()
    for _ in range(3):
        lone_gateway.notify.wait("WATCHDOG=1")


def test_a_second_daemon_on_one_buffer_refuses_clearly(lone_gateway, tmp_path):
    lone_gateway.configure(parking(1))
    lone_gateway.start()
    second_folder = tmp_path / "second"
    second_folder.mkdir()
    second = Gateway(second_folder)
    second.configure(parking(1))
    second.config.write_text(second.config.read_text().replace(f"{second_folder}/buffer", f"{tmp_path}/buffer"))
    second.start(ready=False)
    assert second.process.process.wait(peers.WAIT) == 1
    assert "buffer" in second.process.text()
    assert lone_gateway.running()


def test_wrong_settings_stop_the_start_with_one_line_each(lone_gateway):
    lone_gateway.configure(parking(1), gateway="colour = red", buffer="max_sise = 2 GB")
    lone_gateway.start(ready=False)
    assert lone_gateway.process.process.wait(peers.WAIT) == 78
    text = lone_gateway.process.text()
    assert "citygw.ini:4: [gateway] colour" in text and "max_size" in text


def test_a_second_client_with_our_id_is_reported(mqtt_gateway, broker):
    mqtt_gateway.configure(parking(1), mqtt="client_id = twin")
    mqtt_gateway.start()
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["connected"], "connected")
    twin = subprocess.Popen(["mosquitto_sub", "-V", "5", "-p", str(broker.port), "-i", "twin", "-t", "x"])
    try:
        peers.wait_until(lambda: "twin" in (mqtt_gateway.api("status")["outlets"][0]["alarm"] or ""), "the alarm")
        assert not mqtt_gateway.api("status")["outlets"][0]["connected"]
        assert twin.poll() is None
    finally:
        twin.terminate()
        twin.wait()


def test_the_unit_file_is_well_formed_and_well_confined():
    unit = ROOT / "systemd/citygwd.service"
    text = unit.read_text()
    assert "Type=notify" in text and "WatchdogSec=" in text
    verified = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)],
                              capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout[-400:] + verified.stderr


def test_version_and_usage():
    assert subprocess.run([BUILD / "citygwd", "--version"], capture_output=True).returncode == 0
    assert subprocess.run([BUILD / "citygwd", "surplus"], capture_output=True).returncode == 2
