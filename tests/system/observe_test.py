# SPDX-License-Identifier: Apache-2.0
"""Sensors that are servers: libcoap's own, in plain UDP and over both of its DTLS libraries."""
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import time

import pytest

import peers
import shims

KEYS = "[psk]\nkerb-1 = 736563726574\n"  # "secret"


def two_ports():
    """libcoap's server takes two in a row, each of UDP and TCP: below those that others are given and have not bound yet."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    while True:
        port = 10000 + 100 * (worker % 20) + 2 * random.randrange(50)
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                for number in (port, port + 1):
                    probes.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", number))
            return port


class Sensor:
    """A resource that others may set, and whose observers are told."""

    def __init__(self, folder, flavour="notls", address="127.0.0.1"):
        self.flavour, self.address, self.log = flavour, address, folder / "coap-server.log"
        self.port = two_ports()
        self.start()

    def start(self):
        key = [] if self.flavour == "notls" else ["-k", "secret"]
        self.process = peers.Process([f"coap-server-{self.flavour}", "-A", self.address, "-p", str(self.port), "-d", "10", *key],
                                     self.log)
        self.process.wait_ready(lambda: "2.05" in self.ask("get", ""), "the sensor answers")

    def ask(self, method, path, *more):
        host = f"[{self.address}]" if ":" in self.address else self.address
        done = subprocess.run(["coap-client-notls", "-v", "6", "-m", method, "-B", "2", *more, f"coap://{host}:{self.port}/{path}"],
                              capture_output=True, text=True, timeout=peers.WAIT)
        return done.stdout + done.stderr

    def set(self, occupied):
        body = '[{"n":"bay-1:occupied","vb":%s}]' % ("true" if occupied else "false")
        assert "2.0" in self.ask("put", "bay", "-t", "110", "-e", body)


@pytest.fixture
def sensor(tmp_path):
    sensor = Sensor(tmp_path)
    yield sensor
    sensor.process.end(signal.SIGKILL)


def observed(uri, more=""):
    return f"[sensor:bay-1]\nkind = parking\nsource = {uri}\n{more}"


def states(subscriber):
    return [reading["values"]["occupied"] for _, reading in subscriber.readings()]


def test_changes_of_an_observed_sensor_arrive(mqtt_gateway, subscriber, sensor):
    sensor.set(True)
    mqtt_gateway.configure(observed(f"coap://127.0.0.1:{sensor.port}/bay"))
    mqtt_gateway.start()
    subscriber.wait(lambda s: states(s) == [True], "the state at the start")
    for occupied in (False, True, False):
        sensor.set(occupied)
        subscriber.wait(lambda s: states(s)[-1] is occupied, "the change")
    assert states(subscriber) == [True, False, True, False]
    metrics = mqtt_gateway.metrics()
    assert metrics["citygw_observe_requests_total"] == 1 and metrics["citygw_observe_answers_total"] == 4
    source, = (s for s in mqtt_gateway.api("status")["sources"] if s["name"].startswith("coap://"))
    assert (source["state"], source["received"]) == ("open", 4)


def test_a_state_too_long_for_a_datagram_comes_in_parts(mqtt_gateway, subscriber, sensor, tmp_path):
    names = [f"bay-{i:02d}" for i in range(80)]
    pack = tmp_path / "pack.json"
    pack.write_text(json.dumps([{"n": f"{name}:occupied", "vb": True} for name in names]))
    assert "2.01" in sensor.ask("put", "lot", "-t", "110", "-f", str(pack), "-b", "256")
    mqtt_gateway.configure("".join(f"[sensor:{n}]\nkind = parking\nsource = coap://127.0.0.1:{sensor.port}/lot\n" for n in names))
    mqtt_gateway.start()
    subscriber.wait(lambda s: len(states(s)) == 80, "a reading of each")
    assert sorted(reading["sensor"] for _, reading in subscriber.readings()) == names
    assert mqtt_gateway.metrics()["citygw_observe_resources"] == 1


def test_a_sensor_that_restarts_is_found_again(mqtt_gateway, subscriber, sensor):
    sensor.set(True)
    mqtt_gateway.configure(observed(f"coap://127.0.0.1:{sensor.port}/bay", "stale_after = 4 s"))
    mqtt_gateway.start()
    subscriber.wait(lambda s: states(s), "the state at the start")
    sensor.process.end(signal.SIGKILL)
    sensor.start()
    sensor.set(False)  # it has forgotten who observes
    subscriber.wait(lambda s: states(s)[-1] is False, "the state after the restart")
    sensor.set(True)
    subscriber.wait(lambda s: states(s)[-1] is True, "a change after the restart")


def test_a_sensor_that_is_not_there_yet_is_waited_for(mqtt_gateway, subscriber, sensor):
    mqtt_gateway.configure(observed(f"coap://127.0.0.1:{sensor.port}/bay"))
    mqtt_gateway.start()
    peers.wait_until(lambda: "the sensor answers 4.04" in mqtt_gateway.said(), "the refusal")
    assert mqtt_gateway.tool("status", "-c", mqtt_gateway.config).returncode == 1
    sensor.set(True)
    subscriber.wait(lambda s: states(s) == [True], "the state")


@pytest.mark.parametrize("flavour", ["openssl", "gnutls"])
def test_a_sensor_is_observed_over_dtls(mqtt_gateway, subscriber, tmp_path, flavour):
    sensor = Sensor(tmp_path, flavour)
    keys = tmp_path / "psk.ini"
    keys.write_text(KEYS)
    keys.chmod(0o600)
    sensor.set(True)
    mqtt_gateway.configure(observed(f"coaps://127.0.0.1:{sensor.port + 1}/bay", "psk_identity = kerb-1"),
                           coap=f"psk_file = {keys}")
    mqtt_gateway.start()
    subscriber.wait(lambda s: states(s) == [True], "the state at the start")
    sensor.set(False)
    subscriber.wait(lambda s: states(s) == [True, False], "the change")
    sensor.process.end(signal.SIGKILL)


def own_name():
    """A name of this machine's loopback; None when there is none but localhost."""
    for name in (socket.gethostname(), "ip6-localhost", "ip6-loopback"):
        try:
            address = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)[0][4][0]
        except OSError:
            continue
        if address.startswith("127.") or address == "::1":
            return name, address
    return None


def test_a_name_is_looked_up(mqtt_gateway, subscriber, tmp_path):
    if not own_name():
        pytest.skip("this machine has no name but localhost")
    name, address = own_name()
    sensor = Sensor(tmp_path, address=address)
    sensor.set(True)
    mqtt_gateway.configure(observed(f"coap://{name}:{sensor.port}/bay"))
    mqtt_gateway.start()
    subscriber.wait(lambda s: states(s) == [True], "the state")
    sensor.process.end(signal.SIGKILL)


def test_a_dead_name_server_does_not_hold_the_end(lone_gateway, tmp_path):
    pipe = tmp_path / "names"
    os.mkfifo(pipe)
    shims.preload(lone_gateway, shims.build("hold_names", tmp_path))
    lone_gateway.env["HOLD_NAMES"] = str(pipe)
    lone_gateway.configure(observed("coap://sensor.example.org/bay"))
    lone_gateway.start()
    with open(pipe, "rb") as asked:
        assert asked.read(6) == b"sensor"
    began = time.monotonic()
    assert lone_gateway.stop() == 0  # it would never end
    assert "stopped; everything taken is committed" in lone_gateway.said()
    assert time.monotonic() - began < peers.WAIT


def test_a_sensor_with_another_key_is_told(mqtt_gateway, tmp_path):
    sensor = Sensor(tmp_path, "gnutls")  # OpenSSL's server says nothing for ten seconds
    keys = tmp_path / "psk.ini"
    keys.write_text("[psk]\nkerb-1 = 6f74686572\n")
    keys.chmod(0o600)
    mqtt_gateway.configure(observed(f"coaps://127.0.0.1:{sensor.port + 1}/bay", "psk_identity = kerb-1"), coap=f"psk_file = {keys}")
    mqtt_gateway.start()
    peers.wait_until(lambda: "no DTLS session; expected that the sensor knows kerb-1" in mqtt_gateway.said(), "the fault")
    sensor.process.end(signal.SIGKILL)


def test_a_lost_hello_is_sent_again(mqtt_gateway, tmp_path):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    server.settimeout(peers.WAIT)
    keys = tmp_path / "psk.ini"
    keys.write_text(KEYS)
    keys.chmod(0o600)
    mqtt_gateway.configure(observed(f"coaps://127.0.0.1:{server.getsockname()[1]}/bay", "psk_identity = kerb-1"), coap=f"psk_file = {keys}")
    mqtt_gateway.start()
    hellos = [server.recv(2000)[:2] for _ in range(3)]
    assert hellos == [b"\x16\xfe"] * 3
    server.close()
