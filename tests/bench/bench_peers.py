# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench starts: the daemon, brokers, a subscriber, loads, the peers; and what it reads of them from /proc."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

BUILD = pathlib.Path(os.environ["CITYGW_BUILD"])
PROGRAMS = pathlib.Path(os.environ["BENCH_PROGRAMS"])
NODE = os.environ.get("BENCH_NODE")  # a folder with node_modules, when npm was reachable
START_S, END_S, LOAD_S = 30, 60, 600
IDLE_S = 20  # a subscriber that hears nothing for so long gives up

now = time.monotonic


class Failed(Exception):
    pass


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=START_S):
    end = now() + seconds
    while not condition():
        if now() > end:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    """(anonymous, resident) in MB of a million bytes."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(("RssAnon", "VmRSS"))}
    return found["RssAnon"], found["VmRSS"]


class Server:
    """A program in the foreground, ended by its own process id."""

    def launch(self, argv, log, env=None):
        with open(log, "ab") as out:
            self.process = subprocess.Popen([str(a) for a in argv], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **(env or {})})

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def memory_mb(self):
        return memory_mb(self.process.pid)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end()


class Broker(Server):
    def __init__(self, folder, name="broker", bridge_to=None):
        self.folder, self.name, self.port, self.bridge_to = pathlib.Path(folder), name, free_port(), bridge_to

    def start(self):
        config = self.folder / f"{self.name}.conf"
        text = (f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
                f"max_inflight_messages 0\nmax_queued_bytes 0\nlog_type error\n")
        if self.bridge_to:
            text += f"connection far\naddress 127.0.0.1:{self.bridge_to}\ntopic # out 1\n"
        config.write_text(text)
        self.launch(["mosquitto", "-c", config], self.folder / f"{self.name}.log")
        wait_until(lambda: answers(self.port), "mosquitto listens")

    stop = Server.end


class Gateway(Server):
    """The daemon with a hundred parking sensors (or so many) that speak as coap_load does."""

    def __init__(self, folder, broker_port=None, mqtt="", sensors=100, env=None, commit_interval="0 s", more=""):
        self.folder, self.env, self.broker_port = pathlib.Path(folder), env, broker_port
        self.coap_port, self.http_port = free_port(socket.SOCK_DGRAM), free_port()
        self.config = self.folder / "citygw.ini"
        text = (f"[gateway]\nid = bench\nmunicipality = 271004\nclock_wait = 0 s\n"
                f"[buffer]\npath = {folder}/buffer\ncommit_interval = {commit_interval}\n"
                f"[coap]\nlisten = 127.0.0.1:{self.coap_port}\n"
                f"[http]\nlisten = 127.0.0.1:{self.http_port}\nsocket = {folder}/http.sock\n")
        if broker_port:
            text += f"[mqtt]\nurl = mqtt://127.0.0.1:{broker_port}\nstart = oldest\n{mqtt}"
        text += "".join(f"[sensor:bay-{i:04d}]\nkind = parking\nsource = coap\naddress = urn:dev:mac:0024befffe80{i:04d}\n"
                        for i in range(sensors))
        self.config.write_text(text + more)

    def start(self):
        log = self.folder / "citygwd.log"
        self.launch([BUILD / "citygwd", "-c", self.config], log, self.env)

        def ready():
            if self.process.poll() is not None:
                raise Failed("the daemon ended: " + log.read_text(errors="replace").strip()[-300:])
            return answers(self.http_port)
        wait_until(ready, "the daemon listens")
        if self.broker_port:  # what is stored before is backlog, and goes at its own pace
            wait_until(self.is_connected, "the daemon has its broker")

    def is_connected(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/api/v1/status", timeout=START_S) as answer:
            return all(outlet["connected"] for outlet in json.load(answer)["outlets"])

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=START_S) as answer:
            return next(float(line.split()[1]) for line in answer.read().decode().splitlines() if line.startswith(name + " "))

    def metrics(self, beginning):
        """All values of metrics whose name and labels begin so."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=START_S) as answer:
            return [float(line.rsplit(" ", 1)[1]) for line in answer.read().decode().splitlines() if line.startswith(beginning)]

    @contextlib.contextmanager
    def watched_memory(self):
        """Yields a list that holds, in the end, the most that RssAnon and RSS were meanwhile, in MB."""
        most, ended = [0, 0], threading.Event()

        def watch():
            while not ended.wait(0.02):
                most[:] = map(max, most, self.memory_mb())
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield most
        finally:
            ended.set()
            watcher.join()


class SerialLoad:
    """Radars that fill their lines, on ports FOLDER/0 and so on; serial_load."""

    def __init__(self, folder, ports, baud, seconds):
        argv = [PROGRAMS / "serial_load", folder, ports, baud, seconds]
        self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        if self.process.stdout.readline() != "ready\n":
            raise Failed("no ports")
        return self

    def run(self):
        """Plays; what it sent. The ports stay."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class BareReader:
    """What only reads the ports."""

    def __init__(self, folder, ports):
        argv = [PROGRAMS / "serial_load", "--read", folder, ports]
        self.process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        if self.process.stdout.readline() != "ready\n":
            raise Failed("the ports cannot be read")
        return self

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Subscriber:
    """mqtt_count, from the moment it has subscribed."""

    def __init__(self, port, count, times=None):
        argv = [PROGRAMS / "mqtt_count", port, count, IDLE_S] + ([times] if times else [])
        self.process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        if self.process.stdout.readline() != "ready\n":
            raise Failed("the subscriber cannot subscribe")
        return self

    def result(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed("the subscriber ended early")
        return json.loads(line)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def _run(argv):
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, text=True, timeout=LOAD_S, check=False)
    if not done.stdout:
        raise Failed(f"{pathlib.Path(argv[0]).name} ended with {done.returncode}")
    return json.loads(done.stdout)


def post(port, clients, count, cbor, *more):
    """Posts so many readings; what coap_load reports. Every one must be acknowledged."""
    result = _run([PROGRAMS / "coap_load", "--port", port, "--peers", clients, "--count", count,
                   *(["--cbor"] if cbor else []), *more])
    if result["acknowledged"] != count:
        raise Failed(f"{result['acknowledged']} of {count} acknowledged, {result['refused']} refused ({result['refusal']})")
    return result


def published(program, port, count, window, *more):
    return _run([PROGRAMS / program, port, count, window, *more])


def city(kind, folder, *load):
    """The city room under that load; what city_load reports. Nothing may be dropped."""
    result = _run([PROGRAMS / "city_load", kind, folder, *load])
    if result["dropped"] or not result["stored"]:
        raise Failed(f"{result['stored']} derived readings were stored, {result['dropped']} dropped")
    return result


class BareCoap(Server):
    """A libcoap server that answers and stores nothing."""

    def start(self):
        self.port = free_port(socket.SOCK_DGRAM)
        self.launch([PROGRAMS / "coap_bare", self.port], os.devnull)
        wait_until(lambda: f":{self.port:04X} " in pathlib.Path("/proc/net/udp").read_text(), "coap_bare listens")


def has_node():
    return bool(NODE and shutil.which("node"))


@contextlib.contextmanager
def node_gateway(broker_port):
    port = free_port(socket.SOCK_DGRAM)
    script = pathlib.Path(__file__).parent / "node_gateway.js"
    process = subprocess.Popen(["node", str(script), str(port), str(broker_port)], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "NODE_PATH": f"{NODE}/node_modules"})
    try:
        if process.stdout.readline() != "ready\n":
            raise Failed("the Node.js gateway does not start")
        yield process, port
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def block_device(folder):
    """The folder under /sys of the device that holds the folder, or None."""
    number = os.stat(folder).st_dev
    found = pathlib.Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/stat")
    return found if found.exists() else None


def bytes_written(device):
    return int(device.read_text().split()[6]) * 512
