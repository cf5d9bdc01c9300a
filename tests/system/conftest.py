# SPDX-License-Identifier: Apache-2.0
"""The daemon under test and its peers. CITYGW_BUILD names the build, CITYGW_WRAP a program to run it under."""
import contextlib
import http.client
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess

import pytest

import contract
import peers
from context_broker import ContextBroker

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CITYGW_BUILD", ROOT / "build/release"))
WRAP = shlex.split(os.environ.get("CITYGW_WRAP", ""))


class Gateway:
    def __init__(self, folder, broker=None, influx=None):
        self.folder, self.broker, self.influx = folder, broker, influx
        self.coap_port, self.http_port = peers.free_port(socket.SOCK_DGRAM), peers.free_port()
        self.socket = folder / "http.sock"
        self.config = folder / "citygw.ini"
        self.log = folder / "citygwd.log"
        self.env = {**os.environ, "LC_ALL": "en_US.UTF-8"}  # the language of messages; need not be installed
        self.process, self.notify = None, peers.Notify(folder)

    def configure(self, sensors, gateway="", buffer="", mqtt="", influxdb="", coap="", http=""):
        # Most machines that run tests have no clock that the kernel calls synchronised: readings are not to wait for it.
        wait = "" if "clock_wait" in gateway else "clock_wait = 0 s\n"
        text = f"[gateway]\nid = test-01\nmunicipality = 271004\n{gateway}\n{wait}"
        text += f"[buffer]\npath = {self.folder}/buffer\n{buffer}\n"
        if self.broker:
            text += f"[mqtt]\nurl = mqtt://127.0.0.1:{self.broker.port}\nstart = oldest\n{mqtt}\n"
        if self.influx:
            text += f"[influxdb]\nurl = http://127.0.0.1:{self.influx.port}\ndatabase = city\nflush_interval = 100 ms\n{influxdb}\n"
        text += f"[coap]\nlisten = 127.0.0.1:{self.coap_port}\n{coap}\n"
        text += f"[http]\nlisten = 127.0.0.1:{self.http_port}\nsocket = {self.socket}\n{http}\n"
        self.config.write_text(text + sensors)

    def start(self, ready=True):
        env = {**self.env, "NOTIFY_SOCKET": self.notify.path}
        self.notify.clear()
        self.process = peers.Process([*WRAP, str(BUILD / "citygwd"), "-c", str(self.config)], self.log, env)
        if ready:
            try:
                self.notify.wait("READY=1")
            except AssertionError:
                raise AssertionError("not ready:\n" + self.process.text()) from None

    def stop(self, timeout=None):
        return self.process.end(signal.SIGTERM, timeout)

    def kill(self):
        self.process.end(signal.SIGKILL)

    @contextlib.contextmanager
    def held(self):
        """Stopped meanwhile; what is sent to it waits."""
        self.process.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.process.send_signal(signal.SIGCONT)

    def said(self):
        """Everything that it ever logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def running(self):
        return self.process and self.process.process.poll() is None

    def get(self, path, method="GET", headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=peers.WAIT)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()

    def api(self, name):
        status, body = self.get(f"/api/v1/{name}")
        assert status == 200, body
        return json.loads(body)

    def metrics(self):
        lines = [line for line in self.get("/metrics")[1].splitlines() if line and line[0] != "#"]
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}

    def tool(self, *args, **how):
        return subprocess.run([str(BUILD / "citygw"), *map(str, args)], capture_output=True, text=True, env=self.env,
                              timeout=peers.WAIT * 2, **how)


def pytest_collection_modifyitems(items):
    """What takes long begins first, so that several workers end together."""
    first = ("outage_test.py", "power_test.py", "disk_test.py", "kill_test.py", "load_test.py")
    items.sort(key=lambda item: first.index(item.path.name) if item.path.name in first else len(first))


@pytest.fixture(autouse=True)
def contracts(request):
    """Whatever a test's subscribers are given is as docs/api promises. @pytest.mark.rubbish("cmd/replay"): but for what the test
    itself publishes there, wrong on purpose."""
    contract.arrived.clear()
    yield
    try:
        contract.check_arrived(but=[ending for mark in request.node.iter_markers("rubbish") for ending in mark.args])
    except contract.Broken as broken:
        pytest.fail(str(broken), pytrace=False)


@pytest.fixture
def broker(tmp_path):
    broker = peers.Broker(tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def influx(tmp_path):
    influx = peers.Influx(tmp_path)
    yield influx
    influx.stop()


@pytest.fixture
def context_broker():
    broker = ContextBroker()
    yield broker
    broker.shutdown()
    broker.server_close()


@pytest.fixture
def subscriber(broker):
    subscriber = peers.Subscriber(broker.port)
    yield subscriber
    subscriber.close()


def no_findings(gateway):
    """Nothing that a sanitizer or an assertion said."""
    text = gateway.said()
    for word in ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ThreadSanitizer", "Assertion"):
        assert word not in text, text


def _gateway(folder, broker=None, influx=None):
    gateway = Gateway(folder, broker, influx)
    yield gateway
    if gateway.running():
        code = gateway.stop()
        assert code == 0, f"the daemon ended with {code}:\n" + gateway.process.text()
    no_findings(gateway)


@pytest.fixture
def gateway(tmp_path, broker, influx):
    yield from _gateway(tmp_path, broker, influx)


@pytest.fixture
def mqtt_gateway(tmp_path, broker):
    yield from _gateway(tmp_path, broker)


@pytest.fixture
def lone_gateway(tmp_path):
    """Without any outlet."""
    yield from _gateway(tmp_path)


def parking(count, first=0):
    return "".join(f"[sensor:bay-{i:04d}]\nkind = parking\nsource = coap\n" for i in range(first, first + count))
