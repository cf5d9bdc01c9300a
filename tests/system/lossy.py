# SPDX-License-Identifier: Apache-2.0
"""A bad way between sensors and the gateway: datagrams are lost, come twice, and come late."""
import asyncio
import collections
import contextlib
import random
import socket


class _Direction:
    """What becomes of each datagram is drawn from the seed. A late one is held until some that were sent after it have gone
    by: no timer decides, and one that is still held when the talk ends is lost."""

    def __init__(self, way, seed, deliver):
        self.way, self.chance, self.deliver, self.held = way, random.Random(seed), deliver, []

    def take(self, data):
        way, chance = self.way, self.chance
        way.counts["sent"] += 1
        on_time = []
        if chance.random() < way.lost:
            way.counts["lost"] += 1
        else:
            copies = 1 + (chance.random() < way.twice)
            way.counts["twice"] += copies - 1
            for _ in range(copies):
                if chance.random() < way.late:
                    way.counts["late"] += 1
                    self.held.append([chance.randrange(1, 8), data])
                else:
                    on_time.append(data)
        for late in self.held:
            late[0] -= 1
        on_time += [data for left, data in self.held if left < 0]
        self.held = [late for late in self.held if late[0] >= 0]
        for data in on_time:
            self.deliver(data)


class Way:
    """Listens at `port` for sensors, and has a socket of its own to the gateway for each of them, so that they stay apart.
    `counts` and `delivered` (datagrams that went on to the gateway) tell what it did."""

    def __init__(self, target, port, seed, lost=0.3, twice=0.1, late=0.1):
        self.target, self.seed, self.lost, self.twice, self.late = target, seed, lost, twice, late
        self.counts, self.delivered, self.flows = collections.Counter(), 0, {}
        self.loop = asyncio.get_running_loop()
        self.front = self._listen(self._from_sensors)
        self.front.bind(("127.0.0.1", port))

    def _listen(self, read, *args):
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.loop.add_reader(end, read, *args)
        return end

    def _from_sensors(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                data, sensor = self.front.recvfrom(2048)
                flow = self.flows.get(sensor) or self._new_flow(sensor)
                flow[1].take(data)

    def _new_flow(self, sensor):
        number = len(self.flows)
        back = _Direction(self, f"{self.seed} back {number}", lambda data: self.front.sendto(data, sensor))
        end = self._listen(lambda: self._from_gateway(self.flows[sensor]))
        end.connect(("127.0.0.1", self.target))
        self.flows[sensor] = (end, _Direction(self, f"{self.seed} to {number}", lambda data: self._to_gateway(end, data)), back)
        return self.flows[sensor]

    def _to_gateway(self, end, data):
        end.send(data)
        self.delivered += 1

    @staticmethod
    def _from_gateway(flow):
        with contextlib.suppress(BlockingIOError):
            while True:
                flow[2].take(flow[0].recv(2048))

    def close(self):
        for end in (self.front, *(flow[0] for flow in self.flows.values())):
            self.loop.remove_reader(end)
            end.close()
