# SPDX-License-Identifier: Apache-2.0
"""The real programs that the daemon meets: mosquitto, InfluxDB, a subscriber, a serial line, systemd's notify socket."""
import contextlib
import getpass
import http.client
import itertools
import json
import os
import pty
import random
import select
import signal
import socket
import struct
import subprocess
import threading
import time
import tty
import urllib.parse

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import contract

WAIT = float(os.environ.get("CITYGW_TEST_WAIT", "30"))  # how long an event may take; instrumented builds are slow
_numbers = itertools.count(random.randrange(1000))


def free_port(kind=socket.SOCK_STREAM):
    """A port below the ephemeral range, so that nobody is given it between this probe and its use; each pytest worker has
    a thousand of its own, what runs without workers beside them another, and takes them in turn: whoever asks for two
    before it uses the first has two."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw7")[2:])
    while True:
        port = 12000 + 1000 * (worker % 8) + next(_numbers) % 1000
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(condition, what, timeout=None):
    """Waits for something that has no event of its own to wait on, such as a port or a metric."""
    end = time.monotonic() + (timeout or WAIT)
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {timeout or WAIT} s: {what}"
        select.select([], [], [], 0.02)


def port_open(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Process:
    """A server in the foreground; ended by its own process id."""

    def __init__(self, argv, log, env=None):
        self.log = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=env)

    def end(self, how=signal.SIGTERM, timeout=None):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout or WAIT)

    def wait_ready(self, answers, what, timeout=None):
        """Until it answers; says what it last wrote when it ended instead, or never did."""
        try:
            wait_until(lambda: answers() or self.process.poll() is not None, what, timeout)
            assert self.process.poll() is None, f"{what}: it ended with {self.process.returncode} instead"
        except AssertionError as error:
            raise AssertionError(f"{error}; its last lines:\n{self.text()[-2000:]}") from None

    def text(self):
        with open(self.log, errors="replace") as lines:
            return lines.read()


class Broker:
    def __init__(self, folder, extra=""):
        self.folder, self.port, self.extra, self.server = folder, free_port(), extra, None
        self.start()

    def start(self):
        config = self.folder / "mosquitto.conf"
        # As root it would become the user mosquitto, who may not write here: nothing would outlive it.
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser {getpass.getuser()}\n"
                          f"max_queued_messages 0\nmax_queued_bytes 0\npersistence true\n"
                          f"persistence_location {self.folder}/\n{self.extra}\n")
        self.server = Process(["/usr/sbin/mosquitto", "-c", str(config)], self.folder / "mosquitto.log")
        self.server.wait_ready(lambda: port_open(self.port), "mosquitto listens")

    def stop(self, how=signal.SIGTERM):
        self.server.end(how)


class Gate:
    """A way to a broker that can be shut: connections break, new ones are reset. The broker and its other clients notice
    nothing, so that an outage does not depend on what a broker keeps over its own restart. The port is never given up, or
    somebody else could have it meanwhile."""

    def __init__(self, target):
        self.target, self.port, self.pairs, self.is_open = target, free_port(), [], True
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def open(self):
        self.is_open = True

    def shut(self):
        self.is_open = False
        for pair in self.pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self.pairs = []

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                if not self.is_open:
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.target))
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.pairs.append((near, far))
                if not self.is_open:  # shut just now
                    self.shut()
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=ends, daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Subscriber:
    """Keeps every message below a topic. Its session outlives a restart of the broker (not a kill), so that nothing is
    missed between the broker's return and its own."""

    def __init__(self, port, topic="#", **auth):
        self.messages, self.retained, self.changed = [], {}, threading.Condition()
        self.parsed, self.looked_at = [], 0  # the readings among them, as far as they were looked at
        self.connected = threading.Event()
        self.client = mqtt.Client(protocol=mqtt.MQTTv5, client_id=f"test-{os.getpid()}-{id(self)}")
        self.topic = topic
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self.connected.set()
        self.client.on_disconnect = lambda *_: self.connected.clear()
        self.client.on_message = self._on_arrival
        self.client.reconnect_delay_set(1, 1)
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = 3600
        session.ReceiveMaximum = 1000
        self.client.connect("127.0.0.1", port, properties=session)
        self.client.loop_start()
        assert self.connected.wait(WAIT), "subscribed"

    def _on_connect(self, client, _data, _flags, code, _properties=None):
        client.subscribe(self.topic, qos=1)

    def _on_arrival(self, client, data, message):
        contract.note(message)
        self._on_message(client, data, message)

    def _on_message(self, _client, _data, message):
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()

    def wait(self, condition, what, timeout=None):
        """Until condition(self) is true; looked at whenever a message arrives."""
        end = time.monotonic() + (timeout or WAIT)
        with self.changed:
            while True:
                value = condition(self)
                if value:
                    return value
                left = end - time.monotonic()
                assert left > 0, f"not within {timeout or WAIT} s: {what}; {len(self.messages)} messages"
                self.changed.wait(left)

    def readings(self):
        """All readings of sensors as (topic, object); documents, zones and alerts left out."""
        with self.changed:
            for m in self.messages[self.looked_at:]:  # each is parsed once: a condition may ask again at every message
                if m.payload and b'"seq"' in m.payload and "/zone/" not in m.topic and "/alert/" not in m.topic:
                    self.parsed.append((m.topic, json.loads(m.payload)))
            self.looked_at = len(self.messages)
            return list(self.parsed)

    def forget(self):
        """Everything that came so far."""
        with self.changed:
            self.messages, self.parsed, self.looked_at = [], [], 0

    def last(self, ending):
        with self.changed:
            found = [m for m in self.messages if m.topic.endswith(ending)]
        return found[-1] if found else None

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class Influx:
    def __init__(self, folder, database="city"):
        self.folder, self.port, self.rpc, self.database = folder, free_port(), free_port(), database
        self.start()
        self.query(f'CREATE DATABASE "{database}"', method="POST")

    def start(self):
        config = self.folder / "influxdb.conf"
        data = self.folder / "influxdb"
        config.write_text(f'reporting-disabled = true\nbind-address = "127.0.0.1:{self.rpc}"\n'
                          f'[meta]\ndir = "{data}/meta"\n[data]\ndir = "{data}/data"\nwal-dir = "{data}/wal"\n'
                          f'query-log-enabled = false\n[monitor]\nstore-enabled = false\n'
                          f'[http]\nbind-address = "127.0.0.1:{self.port}"\nlog-enabled = false\n')
        self.server = Process(["/usr/bin/influxd", "-config", str(config)], self.folder / "influxd.log")
        self.server.wait_ready(self._answers, "InfluxDB answers")

    def _answers(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/ping")
            return connection.getresponse().status == 204
        return False

    def stop(self, how=signal.SIGTERM):
        self.server.end(how)

    def query(self, text, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        args = urllib.parse.urlencode({"q": text, "db": self.database, "epoch": "u"})
        connection.request(method, f"/query?{args}")
        result = json.loads(connection.getresponse().read())["results"][0]
        assert "error" not in result, result
        return result.get("series", [])

    def points(self, measurement="/.*/"):
        """Every point as a dict, tags included."""
        rows = []
        for series in self.query(f"SELECT * FROM {measurement}"):
            rows += [dict(zip(series["columns"], row), measurement=series["name"]) for row in series["values"]]
        return rows

    def count(self):
        return sum(series["values"][0][1] for series in self.query("SELECT count(seq) FROM /.*/"))


class Line:
    """A serial line: the gateway opens `path`, the test holds the other end."""

    def __init__(self, path):
        self.path = path
        self.plug()

    def plug(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        # The link takes the name away from a gone device, as udev does; the slave stays open until the gateway has it.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        os.symlink(os.ttyname(slave), self.path)
        os.close(slave)

    def unplug(self):
        os.unlink(self.path)
        gone, self.master = self.master, -1  # its number may soon be another file's
        os.close(gone)

    def write(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self.master, data):]

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self.master)


class Notify:
    """What systemd would hear."""

    def __init__(self, folder):
        self.path = str(folder / "notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.socket.bind(self.path)

    def clear(self):
        """Forgets what an earlier daemon said."""
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.recv(4096)

    def wait(self, state, timeout=None):
        end = time.monotonic() + (timeout or WAIT)
        while True:
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                if self.socket.recv(4096).decode() == state:
                    return
            except TimeoutError:
                raise AssertionError(f"not within {timeout or WAIT} s: {state}") from None
