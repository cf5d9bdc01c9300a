# SPDX-License-Identifier: Apache-2.0
"""As much of CoAP (RFC 7252) as a sensor needs: build a request, read a response, repeat a confirmable one.

Raw on purpose: tests choose message ids and tokens, send three copies, and see what comes back and when.
"""
import asyncio
import itertools
import os
import struct

CON, NON, ACK, RST = range(4)
GET, POST, PUT, DELETE = 1, 2, 3, 4
URI_PATH, CONTENT_FORMAT, ACCEPT, BLOCK1, SIZE1 = 11, 12, 17, 27, 60
TEXT, SENML_JSON, SENML_CBOR = 0, 110, 112


def _option_part(value):
    if value < 13:
        return value, b""
    if value < 269:
        return 13, bytes([value - 13])
    return 14, struct.pack("!H", value - 269)


def message(kind, code, mid, token=b"", options=(), payload=b""):
    out = struct.pack("!BBH", 1 << 6 | kind << 4 | len(token), code, mid) + token
    last = 0
    for number, value in sorted(options, key=lambda o: o[0]):
        if isinstance(value, int):
            value = value.to_bytes((value.bit_length() + 7) // 8, "big")
        if isinstance(value, str):
            value = value.encode()
        delta, delta_more = _option_part(number - last)
        size, size_more = _option_part(len(value))
        out += bytes([delta << 4 | size]) + delta_more + size_more + value
        last = number
    return out + (b"\xff" + payload if payload else b"")


def post(path, payload, content_format, mid, token, kind=CON, extra=()):
    options = [(URI_PATH, part) for part in path.strip("/").split("/")] + list(extra)
    if content_format is not None:
        options.append((CONTENT_FORMAT, content_format))
    return message(kind, POST, mid, token, options, payload)


class Response:
    def __init__(self, data):
        first, self.code_byte, self.mid = struct.unpack("!BBH", data[:4])
        self.kind = first >> 4 & 3
        self.token = data[4:4 + (first & 15)]
        rest = data[4 + (first & 15):]
        self.options, number = {}, 0
        while rest and rest[0] != 0xFF:
            delta, size, rest = rest[0] >> 4, rest[0] & 15, rest[1:]
            delta, rest = self._part(delta, rest)
            size, rest = self._part(size, rest)
            number += delta
            self.options[number] = rest[:size]
            rest = rest[size:]
        self.payload = rest[1:]

    @staticmethod
    def _part(nibble, rest):
        if nibble == 13:
            return rest[0] + 13, rest[1:]
        if nibble == 14:
            return struct.unpack("!H", rest[:2])[0] + 269, rest[2:]
        return nibble, rest

    @property
    def code(self):
        return f"{self.code_byte >> 5}.{self.code_byte & 31:02d}"

    def __repr__(self):
        return f"<{('CON', 'NON', 'ACK', 'RST')[self.kind]} {self.code} mid={self.mid} {self.payload!r}>"


class Client(asyncio.DatagramProtocol):
    """One sensor's UDP port. `await client.post(...)` repeats as RFC 7252 says until it is answered."""

    def __init__(self):
        self.mids = itertools.count(int.from_bytes(os.urandom(2), "big"))
        self.waiting = {}   # token -> future
        self.received = []  # everything, in order
        self.repeats = 0
        self.first_wait, self.growth = 2.0, 2  # RFC 7252 section 4.8: ACK_TIMEOUT, and the factor of each repetition

    @classmethod
    async def open(cls, port, host="127.0.0.1"):
        loop = asyncio.get_running_loop()
        transport, client = await loop.create_datagram_endpoint(cls, remote_addr=(host, port))
        client.transport = transport
        return client

    def datagram_received(self, data, _address):
        response = Response(data)
        self.received.append(response)
        if response.kind == CON:
            self.transport.sendto(message(ACK, 0, response.mid))
        future = self.waiting.get(response.token)
        if response.code_byte and future and not future.done():
            future.set_result(response)

    def error_received(self, _error):
        pass  # the daemon is down for a moment; the request is repeated

    def next_mid(self):
        return next(self.mids) & 0xFFFF

    async def request(self, data, token, repeat=True, timeout=60.0):
        future = self.waiting[token] = asyncio.get_running_loop().create_future()
        try:
            wait, end = self.first_wait, asyncio.get_running_loop().time() + timeout
            while True:
                self.transport.sendto(data)
                left = end - asyncio.get_running_loop().time()
                done, _ = await asyncio.wait([future], timeout=min(wait, left) if repeat else left)
                if done:
                    return future.result()
                if asyncio.get_running_loop().time() >= end:
                    return None
                self.repeats += 1
                wait *= self.growth
        finally:
            del self.waiting[token]

    async def post(self, path, payload, content_format=SENML_JSON, kind=CON, extra=(), timeout=60.0):
        token = os.urandom(4)
        data = post(path, payload, content_format, self.next_mid(), token, kind, extra)
        return await self.request(data, token, repeat=kind == CON, timeout=timeout)

    def close(self):
        self.transport.close()


def once(port, path, payload, content_format=SENML_JSON, **how):
    """One request from a port of its own."""
    async def run():
        client = await Client.open(port)
        try:
            return await client.post(path, payload, content_format, **how)
        finally:
            client.close()
    return asyncio.run(run())
