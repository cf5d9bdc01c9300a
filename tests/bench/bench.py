# SPDX-License-Identifier: Apache-2.0
"""Measures the gateway beside its limits and peers, in turn and in one run; scripts/bench prepares and calls it.

Each measurement is a function that returns rows. What stands beside each other is measured alternately, ROUNDS times, and the
median counts. Everything is on loopback, and all share the machine's cores.
"""
import contextlib
import os
import pathlib
import statistics
import sys
import tempfile

import bench_peers as peers
import table

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SCALE = float(os.environ.get("BENCH_SCALE", "1"))  # 0.1: a quick look


def size(count):
    return max(2000, int(count * SCALE))


def alternate(*ways):
    """Runs each way once a round; the medians, in order."""
    found = [[] for _ in ways]
    for _ in range(ROUNDS):
        for results, way in zip(found, ways):
            results.append(way())
    return [statistics.median(results) for results in found]


def fresh():
    return tempfile.TemporaryDirectory(prefix="citygw-bench-", dir=os.environ.get("BENCH_DIR"))


def ours_ingest(clients, count, cbor=True, env=None):
    with fresh() as folder, peers.Gateway(folder, env=env) as gateway:
        return peers.post(gateway.coap_port, clients, count, cbor)["rate"]


def bare_ingest(clients, count, cbor=True):
    with peers.BareCoap() as bare:
        return peers.post(bare.port, clients, count, cbor)["rate"]


def ingest():
    """Readings acknowledged after they are on the disk, beside a libcoap server that stores nothing."""
    ours, bare = alternate(lambda: ours_ingest(100, size(500_000)), lambda: bare_ingest(100, size(500_000)))
    yield table.ratio("durable acks, 100 clients, CBOR", ours, bare, "bare libcoap", 0.7)
    ours, bare = alternate(lambda: ours_ingest(100, size(500_000), False), lambda: bare_ingest(100, size(500_000), False))
    yield table.ratio("durable acks, 100 clients, JSON", ours, bare, "bare libcoap", None)
    ours, bare = alternate(lambda: ours_ingest(1000, size(500_000)), lambda: bare_ingest(1000, size(200_000)))
    yield table.ratio("durable acks, 1 000 clients", ours, bare, "bare libcoap", 0.7)


def many():
    """The same with 10 000 peers, where libcoap used the plain way walks all of them for each datagram."""
    ours, bare = alternate(lambda: ours_ingest(10_000, size(300_000)), lambda: bare_ingest(10_000, size(30_000)))
    yield table.at_least("durable acks, 10 000 peers", ours, bare, "bare libcoap", 40_000)


def slow():
    """A disk whose sync takes 20 ms more."""
    env = {"LD_PRELOAD": str(peers.PROGRAMS / "slow_sync.so"), "SLOW_SYNC_US": "20000"}
    ours, bare = alternate(lambda: ours_ingest(1000, size(100_000), env=env), lambda: bare_ingest(1000, size(100_000)))
    yield table.at_least("durable acks, sync of 20 ms, 1 000 clients", ours, bare, "bare libcoap", 10_000)


def through(count, mqtt="", clients=100, cbor=True):
    """From sensors to a subscriber; (readings a second, CPU seconds for 100 000)."""
    with fresh() as folder, peers.Broker(folder) as broker, peers.Gateway(folder, broker.port, mqtt) as gateway:
        with peers.Subscriber(broker.port, count) as subscriber:
            before, began = gateway.cpu_seconds(), peers.now()
            peers.post(gateway.coap_port, clients, count, cbor)
            result = subscriber.result()
            if result["received"] != count:
                raise peers.Failed(f"{result['received']} of {count} readings arrived")
            seconds = peers.now() - began
            return count / seconds, (gateway.cpu_seconds() - before) / count * 100_000


def best_paho(count, version):
    with fresh() as folder, peers.Broker(folder) as broker:
        return max(peers.published("paho_bare", broker.port, count, window, version)["rate"] for window in (20, 100, 1000))


def bridged(count):
    """A mosquitto bridge: (readings a second, its CPU seconds for 100 000)."""
    with fresh() as folder, peers.Broker(folder, "far") as far, peers.Broker(folder, "near", far.port) as near:
        with peers.Subscriber(far.port, count) as subscriber:
            before, began = near.cpu_seconds(), peers.now()
            peers.published("mqtt_load", near.port, count, 1000)
            subscriber.result()
            return count / (peers.now() - began), (near.cpu_seconds() - before) / count * 100_000


def single():
    """One message a reading, beside Paho alone with the best of three windows; each in both versions of MQTT."""
    # What comes faster than one by one can go becomes backlog after 5 s; its pace is not what is measured.
    mqtt = "in_flight = 100\nbacklog_rate = 1000000/s\n"
    for version, paho in ("5", "5"), ("3.1.1", "3"):
        ours, bare = alternate(lambda: through(size(100_000), f"version = {version}\n{mqtt}")[0],
                               lambda: best_paho(size(60_000), paho))
        yield table.ratio(f"one message a reading, MQTT {version}", ours, bare, "bare Paho", 0.8)


def batch():
    """Many readings in a message, beside a mosquitto bridge."""
    ours, bridge = alternate(lambda: through(size(400_000), "batch = always\n")[0], lambda: bridged(size(200_000))[0])
    yield table.ratio("to a subscriber, batch = always", ours, bridge, "mosquitto bridge", 2)


def drained(count):
    with fresh() as folder, peers.Broker(folder) as broker:
        port = broker.port
        with peers.Gateway(folder, port, "batch = backlog\nbacklog_rate = 1000000/s\n") as gateway:
            broker.stop()
            peers.post(gateway.coap_port, 100, count, True)
            broker.start()
            with peers.Subscriber(port, count) as subscriber:
                result = subscriber.result()
                if result["received"] != count:
                    raise peers.Failed(f"{result['received']} of {count} readings arrived")
                return result["rate"]


def drain():
    """A backlog after the broker was away."""
    ours, bridge = alternate(lambda: drained(size(300_000)), lambda: bridged(size(100_000))[0])
    yield table.at_least("drain of 300 000 readings, batch = backlog", ours, bridge, "mosquitto bridge, live", 150_000)


@contextlib.contextmanager
def timed(folder, port, count):
    """A subscriber that knows when each reading set out, and the file where that is written."""
    times = pathlib.Path(folder) / "times"
    times.write_bytes(bytes(8 * count))
    with peers.Subscriber(port, count, times) as subscriber:
        yield subscriber, times


def latencies(count):
    with fresh() as folder, peers.Broker(folder) as broker, peers.Gateway(folder, broker.port) as gateway:
        with timed(folder, broker.port, count) as (subscriber, times):
            peers.post(gateway.coap_port, 100, count, True, "--rate", "200", "--times", times)
            result = subscriber.result()
            return result["p50_us"] / 1000, result["p99_us"] / 1000


def least_latencies(count):
    """One thread that writes, syncs and publishes, without CoAP and all that makes a gateway."""
    with fresh() as folder, peers.Broker(folder) as broker:
        with timed(folder, broker.port, count) as (subscriber, times):
            peers.published("paho_bare", broker.port, count, 100, "5", "200", times, pathlib.Path(folder) / "log")
            result = subscriber.result()
            return result["p50_us"] / 1000, result["p99_us"] / 1000


def latency():
    """From a sensor to a subscriber at 200 readings a second."""
    count = size(2000)
    ours, least = zip(*[(latencies(count), least_latencies(count)) for _ in range(ROUNDS)])
    for index, (what, limit) in enumerate((("median", 0.8), ("99 %", 2))):
        found, beside = (statistics.median(run[index] for run in runs) for runs in (ours, least))
        yield table.at_most(f"200/s to a subscriber, {what}", found, beside, "sync, then Paho", limit, "ms")


def node_cpu(count):
    with fresh() as folder, peers.Broker(folder) as broker, peers.node_gateway(broker.port) as (process, port):
        before = peers.cpu_seconds(process.pid)
        acknowledged = peers.post(port, 100, count, False)["acknowledged"]
        return (peers.cpu_seconds(process.pid) - before) / acknowledged * 100_000


def bare_cpu(count):
    """What libcoap alone needs to hear and answer them."""
    with peers.BareCoap() as bare:
        before = bare.cpu_seconds()
        peers.post(bare.port, 100, count, True)
        return (bare.cpu_seconds() - before) / count * 100_000


def cpu():
    """CPU seconds of the daemon for 100 000 readings, MQTT in batches."""
    mqtt = "batch = always\n"
    ways = [lambda: through(size(300_000), mqtt)[1], lambda: through(size(300_000), mqtt, cbor=False)[1],
            lambda: bridged(size(100_000))[1], lambda: bare_cpu(size(300_000))]
    if peers.has_node():
        ways.append(lambda: node_cpu(size(50_000)))
    cbor, json, bridge, bare, *node = alternate(*ways)
    yield table.at_most("CPU for 100 000 CBOR readings", cbor, bridge, "mosquitto bridge", 1.0, "s")
    yield table.at_most("the same", cbor, bare, "bare libcoap", None, "s")
    yield table.at_most("CPU for 100 000 JSON readings", json, node[0] if node else None, "Node.js", 1.5, "s")


def memory_of(sensors, clients, count, rate):
    with fresh() as folder, peers.Broker(folder) as broker:
        with peers.Gateway(folder, broker.port, "batch = always\n", sensors=sensors) as gateway:
            how = ["--sensors", sensors] + (["--rate", rate] if rate else [])
            with gateway.watched_memory() as most:
                peers.post(gateway.coap_port, clients, count, True, *how)
            return most


def node_memory():
    with fresh() as folder, peers.Broker(folder) as broker, peers.node_gateway(broker.port) as (process, port):
        peers.post(port, 100, size(30_000), False)
        return peers.memory_mb(process.pid)[1]


def backlog_memory():
    with fresh() as folder, peers.Broker(folder) as broker, peers.Gateway(folder, broker.port) as gateway:
        broker.stop()
        peers.post(gateway.coap_port, 100, size(100_000), True)
        early = gateway.memory_mb()[0]
        peers.post(gateway.coap_port, 100, size(900_000), True, "--first", size(100_000))
        return early, gateway.memory_mb()[0]


def memory():
    """The most of anonymous and resident memory under load; a backlog must not grow them."""
    anon, resident = memory_of(1000, 1000, size(20_000), 1000)
    yield table.at_most("RssAnon, 1 000 sensors", anon, None, "", 6, "MB")
    node = node_memory() if peers.has_node() else None
    yield table.at_most("RSS, 1 000 sensors", resident, node, "Node.js", 20, "MB")
    anon, resident = memory_of(1000, 10_000, size(200_000), None)
    yield table.at_most("RssAnon, 10 000 peers", anon, None, "", 14, "MB")
    yield table.at_most("RSS, 10 000 peers", resident, None, "", 20, "MB")
    early, late = backlog_memory()
    yield table.at_most("RssAnon, a backlog of a million", late, early, "of 100 000", max(early * 1.1, early + 0.5), "MB")


def written(device, commit_interval):
    """A hundred clients: (bytes that reach the device for a reading, readings in a commit). Others' writes are in it, too."""
    count = size(300_000)
    with fresh() as folder, peers.Gateway(folder, commit_interval=commit_interval) as gateway:
        os.sync()
        before = peers.bytes_written(device)
        peers.post(gateway.coap_port, 100, count, False)
        os.sync()
        return (peers.bytes_written(device) - before) / count, count / gateway.metric("citygw_commit_seconds_count")


def disk():
    """Bytes that reach the disk for a reading, by the block device's own counter."""
    device = peers.block_device(os.environ.get("BENCH_DIR", tempfile.gettempdir()))
    if not device:
        yield table.Row("bytes to disk for a reading", "-", "-", "", "<= 320", "no block device's counter can be read here")
        return
    # With a commit_interval all hundred clients wait for the same commit.
    for commit_interval, limit in ("20 ms", 320), ("0 s", None):
        runs = [written(device, commit_interval) for _ in range(ROUNDS)]
        ours, together = (statistics.median(column) for column in zip(*runs))
        yield table.at_most(f"bytes to disk for a reading, {together:.0f} in a commit", ours, 200, "the reading", limit, "B")


PORTS, BAUD, FULL_S = 8, 921_600, max(5, int(30 * SCALE))


def lines(folder, report_interval):
    return "".join(f"[serial:line-{i}]\ndevice = {folder}/{i}\nbaud = {BAUD}\ncodec = ld2450\n"
                   f"report_interval = {report_interval}\n[sensor:radar-{i}]\nkind = crowd\nsource = serial:line-{i}\n"
                   for i in range(PORTS))


def ports_cpu(report_interval):
    """The daemon's part of a core while every line is full. Every frame must have become a reading, or a part of one."""
    with fresh() as folder, peers.SerialLoad(folder, PORTS, BAUD, FULL_S) as load, \
            peers.Gateway(folder, sensors=0, more=lines(folder, report_interval), commit_interval="200 ms") as gateway:
        before = gateway.cpu_seconds()
        sent = load.run()
        part = (gateway.cpu_seconds() - before) / FULL_S

        def taken():
            return sum(gateway.metrics('citygw_readings_received_total{source="serial:')
                       + gateway.metrics('citygw_readings_merged_total{source="serial:'))
        peers.wait_until(lambda: taken() >= sent["frames"], f"{sent['frames']} frames; {taken()} were taken")
        if sent["lost_bytes"] or taken() != sent["frames"]:
            raise peers.Failed(f"{sent['lost_bytes']} bytes found no room, {taken()} of {sent['frames']} frames were taken")
        return 100 * part


def bare_ports_cpu():
    with fresh() as folder, peers.SerialLoad(folder, PORTS, BAUD, FULL_S) as load, peers.BareReader(folder, PORTS) as reader:
        before = reader.cpu_seconds()
        sent = load.run()
        if sent["lost_bytes"]:
            raise peers.Failed(f"{sent['lost_bytes']} bytes found no room in front of the bare reader")
        return 100 * (reader.cpu_seconds() - before) / FULL_S


def serial():
    """CPU while eight lines of 921 600 baud are full, and no byte is lost."""
    bare = statistics.median(bare_ports_cpu() for _ in range(ROUNDS))
    for report_interval, limit in ("1 s", 30), ("0 s", None):
        ours = statistics.median(ports_cpu(report_interval) for _ in range(ROUNDS))
        yield table.at_most(f"{PORTS} lines of {BAUD} baud, report_interval = {report_interval}", ours, bare, "read alone", limit, "%")


CITY_S = max(60, int(300 * SCALE))  # of the load's own time


def city_load(*load):
    """(CPU nanoseconds for each reading or sample, milliseconds to save what is known)."""
    runs = []
    for _ in range(ROUNDS):
        with fresh() as folder:
            result = peers.city(load[0], folder, *load[1:], CITY_S)
        runs.append((result["ns"], result["save_ms"]))
    return [statistics.median(column) for column in zip(*runs)]


def city():
    """The city room alone: its CPU for a reading or a sample, as the part of a core that so many of them a second need."""
    for per_zone in 50, 1000, 1:
        ns, save_ms = city_load("zones", 1000, per_zone)
        yield table.at_most(f"10 000/s of 1 000 sensors, {per_zone} in a zone", ns * 10_000 / 1e7, None, "", 10, "%")
    yield table.at_most("once a minute, to save what they know", save_ms, None, "", None, "ms")
    ns, _ = city_load("vehicles", 10)
    yield table.at_most("10 vehicles at 200 Hz", ns * 10 * 200 / 1e7, None, "", 10, "%")


MEASUREMENTS = [ingest, many, slow, single, batch, drain, latency, cpu, memory, disk, serial, city]


def main(names):
    known = {measurement.__name__: measurement for measurement in MEASUREMENTS}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"no measurement is called {', '.join(unknown)}; expected {', '.join(known)}")
    short = 0
    table.head()
    for name in names or known:
        try:
            for row in known[name]():
                short += table.show(row)
        except peers.Failed as why:
            short += table.show(table.Row(name, "-", "-", "", "", f"failed: {why}"))
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
