# SPDX-License-Identifier: Apache-2.0
"""Outages: the far end is gone for a while, or the daemon itself is killed. Nothing acknowledged is lost."""
import asyncio
import collections
import json
import os

import coap
import peers
from conftest import parking

SENSORS, CLIENTS = 100, 50
RATE = int(os.environ.get("CITYGW_TEST_RATE", "500"))         # readings per second
OUTAGE = float(os.environ.get("CITYGW_TEST_OUTAGE", "30"))    # seconds
IN_FLIGHT = 100


class Load:
    """Posts at a rate from many ports; remembers what was acknowledged."""

    def __init__(self, port):
        self.port, self.sent, self.acknowledged, self.refused = port, 0, set(), []
        self.mark, self.reached = 0, asyncio.Event()

    async def sent_at_least(self, number):
        self.mark = number
        await self.reached.wait()

    async def run(self, seconds):
        clients = [await coap.Client.open(self.port) for _ in range(CLIENTS)]
        loop, tasks = asyncio.get_running_loop(), set()
        start = loop.time()
        while loop.time() - start < seconds:
            while self.sent < (loop.time() - start) * RATE:
                task = asyncio.create_task(self.one(clients[self.sent % CLIENTS], self.sent))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                self.sent += 1
                if self.mark and self.sent >= self.mark:
                    self.reached.set()
            await asyncio.sleep(0.01)  # the load's own pace, not a wait for the daemon
        await asyncio.gather(*tasks)
        for client in clients:
            client.close()

    async def one(self, client, number):
        pack = json.dumps([{"n": f"bay-{number % SENSORS:04d}:magnetic_x_ut", "v": number}]).encode()
        answer = await client.post("readings", pack, timeout=90)
        if answer and answer.code == "2.04":
            self.acknowledged.add(number)
        else:
            self.refused.append(answer)


def numbers(subscriber):
    return collections.Counter(r["values"]["magnetic_x_ut"] for _, r in subscriber.readings())


def everything(load):
    return lambda s: len(s.readings()) >= len(load.acknowledged) and not missing(load, s)


def missing(load, subscriber):
    return sorted(load.acknowledged - set(numbers(subscriber)))


def points(influx):
    return collections.Counter(p["magnetic_x_ut"] for p in influx.points("parking"))


def test_an_outage_of_broker_and_influxdb_loses_nothing(gateway, broker, subscriber, influx):
    gateway.configure(parking(SENSORS), mqtt="backlog_rate = 2000/s")
    gateway.start()
    load = Load(gateway.coap_port)

    async def outage():
        task = asyncio.create_task(load.run(OUTAGE + 2))
        await load.sent_at_least(RATE)
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(influx.stop)
        await task
    asyncio.run(outage())
    assert len(load.acknowledged) == load.sent and not load.refused
    assert any(o["lag_readings"] > RATE for o in gateway.api("status")["outlets"])
    influx.start()
    broker.start()
    peers.wait_until(lambda: all(o["lag_readings"] == 0 for o in gateway.api("status")["outlets"]), "no lag", 120)
    subscriber.wait(everything(load), "everything acknowledged, by MQTT")
    found = numbers(subscriber)
    assert set(found) == load.acknowledged
    assert sum(n - 1 for n in found.values()) <= IN_FLIGHT
    assert any(r.get("backlog") for _, r in subscriber.readings())
    peers.wait_until(lambda: influx.count() >= load.sent, "everything in InfluxDB", 120)
    assert points(influx) == collections.Counter(load.acknowledged)


def test_kill_9_in_the_middle_loses_nothing_acknowledged(gateway, subscriber, influx):
    gateway.configure(parking(SENSORS), mqtt=f"in_flight = {IN_FLIGHT}")
    gateway.start()
    load = Load(gateway.coap_port)

    async def killed():
        task = asyncio.create_task(load.run(8))
        await load.sent_at_least(3 * RATE)
        gateway.kill()
        await asyncio.to_thread(gateway.start)
        await task
    asyncio.run(killed())
    assert len(load.acknowledged) == load.sent
    subscriber.wait(everything(load), "everything acknowledged", 90)
    found = numbers(subscriber)
    assert set(found) <= set(range(load.sent)), "nothing that was never sent"
    # The window in flight at the kill may come again under the same sequence numbers; a request that was repeated because
    # its answer died with the daemon is not a second reading.
    again = collections.Counter((r["sensor"], r["seq"]) for _, r in subscriber.readings())
    assert sum(n - 1 for n in again.values()) <= IN_FLIGHT
    per_number = collections.defaultdict(set)
    for _, r in subscriber.readings():
        per_number[r["values"]["magnetic_x_ut"]].add((r["sensor"], r["seq"]))
    assert all(len(identities) == 1 for identities in per_number.values())
    peers.wait_until(lambda: load.acknowledged <= set(points(influx)), "everything in InfluxDB", 60)
    assert all(n == 1 for n in points(influx).values())
