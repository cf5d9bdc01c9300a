# SPDX-License-Identifier: Apache-2.0
"""Who sent what, what was acknowledged, what arrived: the judge of the long proofs.

Sensors post numbered packs. The pack of a number always holds the same sensors, so that whatever arrives can be judged
without a memory of every message.
"""
import asyncio
import collections
import contextlib
import itertools
import json
import os
import random
import subprocess
import tempfile
import threading
import time

from paho.mqtt.subscribeoptions import SubscribeOptions

import coap
import peers
from conftest import BUILD


def seeded(name):
    """A random number generator whose seed is printed, and can be given by CITYGW_SEED to see the same again."""
    seed = int(os.environ.get("CITYGW_SEED") or random.randrange(1 << 32))
    print(f"{name}: CITYGW_SEED={seed}")
    return random.Random(seed)


class Sensors:
    """Bays (states) and vans (events); a pack holds `width` bays, every fourth also a van. `heavy`: with many quantities."""

    heavy = ("magnetic_x_ut", "magnetic_y_ut", "magnetic_z_ut", "temperature_c", "battery_v", "battery_pct", "rssi_dbm")

    def __init__(self, bays=20, vans=4, width=1, heavy=False):
        self.bays, self.vans, self.width = bays, vans, width
        self.more = self.heavy if heavy else ()

    def sections(self):
        return ("".join(f"[sensor:bay-{i:04d}]\nkind = parking\nsource = coap\n" for i in range(self.bays)) +
                "".join(f"[sensor:van-{i:04d}]\nkind = bump\nsource = coap\n" for i in range(self.vans)))

    def of(self, number):
        bays = tuple(f"bay-{(number + i) % self.bays:04d}" for i in range(self.width))
        return (*bays, f"van-{number // 4 % self.vans:04d}") if self.vans and number % 4 == 0 else bays

    def pack(self, number):
        fields = {"bay": "duration_s", "van": "duration_ms"}
        return json.dumps([{"n": f"{s}:{field}", "v": number if field[:8] == "duration" else 12.3}
                           for s in self.of(number) for field in (fields[s[:3]], *(self.more if s[:3] == "bay" else ()))],
                          separators=(",", ":")).encode()

    @staticmethod
    def number(values):
        return next((int(values[name]) for name in ("duration_s", "duration_ms") if name in values), None)


class Load:
    """Posts at a rate from many ports on a thread of its own; remembers what was acknowledged. Use as a context.

    A request is repeated until it is answered or `patience` is over. What is refused is not sent again. No more than
    `window` wait for an answer at a time."""

    def __init__(self, port, sensors, rate, clients=20, patience=60.0, repeat=0.3, window=100000):
        self.port, self.sensors, self.rate, self.clients, self.patience = port, sensors, rate, clients, patience
        self.window, self.repeat, self.sent = window, repeat, 0
        self.acknowledged, self.refused = set(), collections.Counter()
        self.unanswered = set()
        self.changed, self.ending, self.gone = threading.Condition(), False, False
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, failed, *_):
        self.gone = failed is not None  # the test is over: nobody waits for answers
        self.finish()

    def finish(self):
        """Sends nothing new, and waits for the last answers."""
        self.ending = True
        self.thread.join(self.patience + peers.WAIT)
        assert not self.thread.is_alive()

    def wait(self, condition, what, timeout=None):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), timeout or peers.WAIT), f"not in time: {what}"

    def more_sent(self, count):
        mark = self.sent + count
        self.wait(lambda load: load.sent >= mark, f"{count} more packs sent")

    def more_acknowledged(self, count):
        mark = len(self.acknowledged) + count
        self.wait(lambda load: len(load.acknowledged) >= mark, f"{count} more packs acknowledged")

    def rest(self):
        """Sends nothing new until the rate is set again; returns when everything is answered."""
        with self.changed:
            self.rate = 0
        self.wait(lambda load: load.sent == len(load.acknowledged) + sum(load.refused.values()) + len(load.unanswered),
                  "everything is answered", self.patience)

    async def _run(self):
        clients = [await coap.Client.open(self.port) for _ in range(self.clients)]
        for client in clients:
            client.first_wait, client.growth = self.repeat, 1
        loop, tasks = asyncio.get_running_loop(), set()
        due, last = 0.0, loop.time()
        while not self.ending:
            now = loop.time()
            due, last = due + (now - last) * self.rate, now  # the rate may change
            while len(tasks) < self.window and (number := self._next(due)) is not None:
                task = asyncio.create_task(self._one(clients[number % self.clients], number))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            due = due if self.rate else self.sent  # what a rest kept back is not made up for
            await asyncio.sleep(0.005)  # the load's own pace, not a wait for the daemon
        for task in tasks if self.gone else ():
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=self.gone)
        for client in clients:
            client.close()

    def _next(self, due):
        """The number of a pack to send now; none while the load rests."""
        with self.changed:
            if not self.rate or self.sent >= due:
                return None
            self.sent += 1
            self.changed.notify_all()
            return self.sent - 1

    async def _one(self, client, number):
        answer = await client.post("readings", self.sensors.pack(number), timeout=self.patience)
        with self.changed:
            if answer is None:
                self.unanswered.add(number)
            elif answer.code == "2.04":
                self.acknowledged.add(number)
            else:
                self.refused[answer.code] += 1
            self.changed.notify_all()


Arrival = collections.namedtuple("Arrival", "sensor epoch seq number connection marked retained content when")


class Recorder(peers.Subscriber):
    """Keeps of every reading what the judge needs: which connection of the gateway sent it, whether it was retained, and no
    copy that the broker itself says it repeats."""

    def __init__(self, port, topic="#"):
        self.arrivals, self.connections, self.repeated = [], 0, 0
        self.others = set()  # readings that no sensor sent: of zones and alerts
        self.record = tempfile.NamedTemporaryFile(prefix="citygw-record-")
        super().__init__(port, topic)

    def _on_connect(self, client, _data, _flags, code, _properties=None):
        client.subscribe(self.topic, options=SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=1))

    def _on_message(self, _client, _data, message):
        with self.changed:
            if message.topic.endswith("/status") and b'"online"' in message.payload:
                self.connections += 1
            self.record.write(message.topic.encode() + b" " + message.payload + b"\n")
            if b'"seq"' in message.payload and "/replay/" not in message.topic:
                self._keep(message)
            self.changed.notify_all()

    def _keep(self, message):
        reading = json.loads(message.payload)
        if "sensor" not in reading:
            self.others.add((message.topic, reading["epoch"], reading["seq"]))
            return
        marked = bool(reading.pop("backlog", False))
        arrival = Arrival(reading["sensor"], reading["epoch"], reading["seq"], Sensors.number(reading["values"]),
                          self.connections, marked, bool(message.retain), hash(json.dumps(reading, sort_keys=True)), time.monotonic())
        if message.dup:
            self.repeated += 1
            if any(a[:3] == arrival[:3] for a in itertools.islice(reversed(self.arrivals), 2000)):
                return
        self.arrivals.append(arrival)

    def verified(self):
        """What `citygw verify` says of everything that came."""
        with self.changed:
            self.record.flush()
        done = subprocess.run([BUILD / "citygw", "verify", self.record.name, "--json"], capture_output=True, text=True)
        assert done.returncode in (0, 1) and not done.stderr, done
        return json.loads(done.stdout)


def wait_for_all(load, recorder, timeout=None, but=0):
    """Until every acknowledged reading has arrived, but for so many that are counted as lost."""
    wanted = {(sensor, number) for number in load.acknowledged for sensor in load.sensors.of(number)}
    seen = 0

    def complete(recorder):
        nonlocal seen
        for arrival in recorder.arrivals[seen:]:
            wanted.discard((arrival.sensor, arrival.number))
        seen = len(recorder.arrivals)
        return len(wanted) <= but
    try:
        recorder.wait(complete, "everything acknowledged arrives", timeout)
    except AssertionError:
        raise AssertionError(f"{len(wanted)} readings missing of {len(load.acknowledged)} packs, such as "
                             f"{sorted(wanted)[:3]}; {len(recorder.arrivals)} arrived") from None


def missing(load, arrivals):
    """What was acknowledged and did not arrive, as (sensor, number)."""
    arrived = {(a.sensor, a.number) for a in arrivals}
    return {(sensor, number) for number in load.acknowledged for sensor in load.sensors.of(number)} - arrived


def _check_identities(load, arrivals):
    """Nothing that was never sent; one content, one identity. Returns the identities."""
    identities, contents = {}, {}
    for a in arrivals:
        identity = (a.sensor, a.epoch, a.seq)
        assert a.number is not None and a.number < load.sent and a.sensor in load.sensors.of(a.number), f"never sent: {a}"
        assert contents.setdefault(identity, a.content) == a.content, f"two contents under one identity: {a}"
        assert identities.setdefault((a.sensor, a.number), identity) == identity, f"one reading under two identities: {a}"
    return set(identities.values())


def _check_retained(arrivals):
    """Events never are, and a state never goes back."""
    last = {}
    for a in arrivals:
        if a.retained:
            assert a.seq >= last.get(a.sensor, 0), f"the retained state goes back: {a}"
            assert a.sensor.startswith("bay"), f"an event is retained: {a}"
            last[a.sensor] = a.seq


def _count_repeats(arrivals, ordered):
    """By connection: how many came that had come in their turn before."""
    again, turn, last_seq = collections.Counter(), set(), {}
    for a in arrivals:
        identity = (a.sensor, a.epoch, a.seq)
        if a.retained and a.marked:
            continue  # a state refreshed after a connect; it comes again in its turn
        if identity in turn:
            again[a.connection] += 1
        elif ordered:
            assert a.seq > last_seq.get(a.sensor, 0), f"not in order: {a}"
            last_seq[a.sensor] = a.seq
        turn.add(identity)
    return again


def check_repeats_are_recent(arrivals, seconds):
    """What came twice in its turn had been sent during the last seconds of its connection: before that, the cursors were
    synced."""
    ends, firsts, recent = {a.connection: a.when for a in arrivals}, {}, 0
    for a in arrivals:
        if a.retained and a.marked:
            continue  # a state refreshed after a connect; it comes again in its turn
        before = firsts.setdefault(a[:3], a)
        if before.connection != a.connection:
            assert before.when > ends[before.connection] - seconds, f"sent, synced, and sent again: {before}"
            recent += 1
    return recent


def _check_packs(load, arrivals):
    """Whole or not at all."""
    packs = collections.defaultdict(set)
    for a in arrivals:
        packs[a.number].add(a.sensor)
    torn = {n for n, found in packs.items() if found != set(load.sensors.of(n))}
    assert not torn, f"packs in part: {sorted(torn)[:5]}"


def _check_verified(recorder, counted):
    """The operator's tool, which knows nothing of the load, finds the same: every gap is one that the ledger tells of."""
    with contextlib.suppress(AssertionError):  # what it still misses is said below
        if counted:  # a ledger that changed is published after at most 10 s
            peers.wait_until(lambda: recorder.verified()["complete"], "the ledger")
    proof, arrived = recorder.verified(), len({a[:3] for a in recorder.arrivals}) + len(recorder.others)
    assert proof["complete"] and proof["totals"]["missing"] == proof["totals"]["explained"], proof
    assert proof["totals"]["readings"] == arrived, f"{arrived} readings arrived, verify says {proof['totals']}"


def judge(load, recorder, arrivals=None, in_flight=None, ordered=False, counted=0):
    """Every promise over everything that arrived, or only over these arrivals; `counted` readings may be lost, since the
    gateway says so. Returns figures."""
    arrivals = recorder.arrivals if arrivals is None else arrivals
    identities = _check_identities(load, arrivals)
    _check_retained(arrivals)
    again = _count_repeats(arrivals, ordered)
    lost = missing(load, arrivals)
    assert len(lost) <= counted, f"{len(lost)} acknowledged readings lost, {counted} counted, such as {sorted(lost)[:5]}"
    if not counted:
        _check_packs(load, arrivals)
        _check_sequences(identities)
    _check_verified(recorder, counted)
    worst = max(again.values(), default=0)
    assert in_flight is None or worst <= in_flight, f"{worst} came twice after one restart, in flight {in_flight}"
    return {"sent": load.sent, "acknowledged": len(load.acknowledged), "readings": len(identities), "lost": len(lost),
            "twice": sum(again.values()), "twice at most": worst}


def _check_sequences(identities):
    seqs = collections.defaultdict(list)
    for sensor, epoch, seq in identities:
        seqs[sensor, epoch].append(seq)
    for who, found in seqs.items():
        found.sort()
        assert found == list(range(1, len(found) + 1)), f"{who}: holes in the sequence"


def moment(rng, longest_s):
    """A random moment: not a wait for anything."""
    time.sleep(rng.uniform(0, longest_s))
