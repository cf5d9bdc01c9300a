# SPDX-License-Identifier: Apache-2.0
"""The devices of a Modbus bus, on a line whose other end a program has open."""
import collections
import os
import select
import threading


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def sealed(*frame):
    return bytes(frame) + crc(bytes(frame))


class Bus:
    """Whoever is on it says what answer() gives to a request; all that read are eight bytes long."""

    def __init__(self, line):
        self.line, self.requests, self.ended = line, [], threading.Event()
        self.asked = collections.Counter()  # requests, by unit
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def answer(self, request):
        raise NotImplementedError

    def _live(self):
        pending = b""
        while not self.ended.is_set():
            if not select.select([self.line.master], [], [], 0.05)[0]:
                continue
            try:
                pending += os.read(self.line.master, 256)
            except OSError:  # nobody has it open
                pending = b""
                self.ended.wait(0.02)
                continue
            while len(pending) >= 8:
                request, pending = pending[:8], pending[8:]
                assert crc(request[:6]) == request[6:]
                self.requests.append(request)
                self.asked[request[0]] += 1
                os.write(self.line.master, self.answer(request))

    def end(self):
        self.ended.set()
        self.thread.join()


class Devices(Bus):
    """Units whose register A holds A, unless `registers` says otherwise; those of `resets` hold 0 after they were read."""

    def __init__(self, line, units):
        self.units, self.functions, self.registers, self.resets = set(units), set(), {}, set()
        super().__init__(line)

    def register(self, address):
        if address in self.resets:
            return self.registers.pop(address, 0)
        return self.registers.get(address, address)

    def answer(self, request):
        unit, function, first, count = request[0], request[1], *(int.from_bytes(request[i:i + 2]) for i in (2, 4))
        if unit not in self.units:
            return b""
        self.functions.add(function)
        if function <= 2:
            data = bytes([(1 << count) - 1])  # a few bits, all set
        else:
            data = b"".join(self.register(a).to_bytes(2) for a in range(first, first + count))
        return sealed(unit, function, len(data), *data)
