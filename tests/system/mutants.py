# SPDX-License-Identifier: Apache-2.0
"""Datagrams as nobody should send them, made from good ones; and a sender that has thousands of addresses."""
import collections
import contextlib
import json
import select
import socket
import struct
import time

import cbor
import coap
import peers
from conftest import BUILD, WRAP, parking

URI_QUERY, NO_RESPONSE, REQUEST_TAG, OBSERVE, PROXY_URI = 15, 258, 292, 6, 35
# Words of libcoap's that are a little longer than that where a token is short: 14 bytes for 4, 27 for 7. So is the time, 31 for 9.
LIBCOAPS_OWN = (b"Not Found", b"Proxying Not Supported")
TLV, OCTETS = 11542, 42
BATCH = 128  # fits into the smallest receive buffer that a kernel gives
IP_PKTINFO = 8  # linux/in.h; Python's socket knows it from 3.14 on
EFENTO = ("0A06282C02424EED1001183C220F08011080E2CFAA0620AE032A020005220E08021080E2CFAA06205A2A02000238284001",
          "0A06282C02424EED1001183C221708011080E2CFAA0620C8012A0A1E8080FC0728FEFFFF0738284001")
CODECS = {  # a frame or two of each, from tests/unit/drivers/vendor_codecs_test.c
    "libelium-parking": ("80041E01AD109393EE00C7", "8201000000000000000000"),
    "bosch-parking": ("0115", "0000000000000000000000000102030401"),
    "nwave-parking": ("B5", "01FFEC"),
    "tekzitel-parking": ("A1F605", "2015050AF67F"),
    "milesight-em400": ("01750103677D000482FDFF050000", "8482D20401836738FF01", "068840420F00C0BDF0FF01"),
}
TLVS = {3431: ("C10101C2020258", "080211C10100E4158E69210C45E417A23F000000"), 3434: ("C1012AC403FFFFFFFE",),
        3303: ("E4164441BC0000",), 3330: ("E816440840091EB851EB851F",)}


def sections(bays=16):
    return parking(bays) + "".join(f"[sensor:{codec}]\nkind = parking\nsource = coap\ncodec = {codec}\n" for codec in CODECS) + (
        "[sensor:efento]\nkind = environment\nsource = coap\ncodec = efento\naddress = 282c02424eed\n")


def _packs():
    base = {"bn": "bay-0001:", "bt": 1790000000, "bver": 10}
    several = [{**base, "n": "occupied", "vb": True}, {"n": "battery_v", "u": "mV", "v": 3610}, {"n": "temperature_c", "u": "Cel", "v": 18.5},
               {"n": "magnetic_x_ut", "v": -12.25, "t": -5}]
    many = [{"n": f"bay-{i:04d}:duration_s", "v": i} for i in range(16)]
    odd = [{"bn": "bay-0002:", "bv": 1, "bs": 10, "n": "duration_s", "v": 1, "s": 3, "ut": 60}, {"n": "note", "vs": "\u6885\u7530"},
           {"n": "raw", "vd": "AQID"}]
    return [[{"n": "bay-0000:occupied", "vb": True}], several, many, odd]


def good():
    """Good messages, as coap.message() takes them from their code on: (code, options, payload)."""
    def post(path, payload, form=None, extra=()):
        options = [(coap.URI_PATH, part) for part in path.split("/")] + ([] if form is None else [(coap.CONTENT_FORMAT, form)])
        return coap.POST, options + list(extra), payload
    out = []
    for pack in _packs():
        out.append(post("readings", json.dumps(pack, ensure_ascii=False).encode(), coap.SENML_JSON))
        out.append(post("readings", cbor.senml(pack), coap.SENML_CBOR))
    out += [post("readings/bay-0003", text, coap.TEXT) for text in (b"true", b"1.5e3", b"\t0 \n")]
    for codec, frames in CODECS.items():
        out += [post(f"readings/{codec}", bytes.fromhex(frame), form, [(URI_QUERY, "port=2")] if form else [])
                for frame in frames for form in (None, OCTETS)]
    out += [post("readings/bay-0004", bytes.fromhex(frame), TLV, [(URI_QUERY, f"object={number}")])
            for number, frames in TLVS.items() for frame in frames]
    out += [post(path, bytes.fromhex(frame)) for path in "mict" for frame in EFENTO]
    body = json.dumps(_packs()[2]).encode()
    parts = [body[at:at + 64] for at in range(0, len(body), 64)]
    out += [post("readings", part, coap.SENML_JSON, [(coap.BLOCK1, n << 4 | (8 if n < len(parts) - 1 else 0) | 2), (coap.SIZE1, len(body)),
                                                     (REQUEST_TAG, b"\1")]) for n, part in enumerate(parts)]
    out += [(coap.GET, [(coap.URI_PATH, "time"), (coap.ACCEPT, 60)], b""),
            (coap.GET, [(coap.URI_PATH, ".well-known"), (coap.URI_PATH, "core"), (URI_QUERY, "rt=city*"), (23, 0x16)], b""),
            (coap.GET, [(coap.URI_PATH, "readings"), (OBSERVE, 0)], b""), (coap.DELETE, [(coap.URI_PATH, "readings")], b"")]
    return out


class Mutator:
    """Endless mutants of good messages, the same ones for the same seed."""

    numbers = (1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 20, 23, 27, 28, 35, 39, 60, 258, 292, 65001)

    def __init__(self, chance, messages=None, wrap=None):
        self.chance, self.messages = chance, messages or good()
        self.ways = (self.as_it_is, self.payload, self.payload, self.payload, self.options, self.options, self.header, self.flip, self.flip,
                     self.cut, self.extend, self.splice, self.noise)
        self.random, self.bits = chance.random, chance.getrandbits

    def below(self, limit):
        return int(self.random() * limit)

    def pick(self, sequence):
        return sequence[self.below(len(sequence))]

    def one(self):
        return self.pick(self.ways)()[:1500]

    def as_it_is(self):
        code, options, payload = self.pick(self.messages)
        return self.message(code, options, payload)

    def message(self, code, options, payload):
        kind = coap.CON if self.random() < 0.6 else coap.NON
        return coap.message(kind, code, self.bits(16), self.chance.randbytes(self.below(9)), options, payload)

    def scribble(self, data):
        """Some bytes changed, taken out, put in, repeated or cut off."""
        data = bytearray(data)
        for _ in range(1 + self.below(4)):
            at, what = self.below(len(data) + 1), self.below(6)
            if what == 0:
                data[at:at] = self.chance.randbytes(1 + self.below(4))
            elif what == 1:
                del data[at:at + 1 + self.below(4)]
            elif what == 2:
                data[at:at] = data[at:at + 1 + self.below(16)] * (1 + self.below(3))
            elif what == 3 and self.random() < 0.3:
                del data[at:]
            elif at < len(data):
                data[at] = data[at] ^ 1 << self.below(8) if what == 4 else self.bits(8)
        return bytes(data)

    def payload(self):
        code, options, payload = self.pick(self.messages)
        return self.message(code, options, self.scribble(payload) if payload else b"")

    def options(self):
        """Options added, doubled, taken out, shuffled, lengthened or renamed."""
        code, options, payload = self.pick(self.messages)
        options = [(n, v.encode() if isinstance(v, str) else v) for n, v in options]
        for _ in range(1 + self.below(3)):
            what, at = self.below(6), self.below(len(options))
            number, value = options[at]
            if what == 0:
                options.insert(at, (self.pick(self.numbers), self.chance.randbytes(self.below(12))))
            elif what == 1:
                options[at:at] = [(number, value)] * (1 + self.below(40 if self.random() < 0.1 else 2))
            elif what == 2 and len(options) > 1:
                del options[at]
            elif what == 3:
                self.chance.shuffle(options)
            elif what == 4:
                options[at] = (number, self.chance.randbytes(self.pick((0, 1, 2, 3, 4, 8, 9, 13, 64, 255, 256, 269, 300))))
            else:
                options[at] = (self.pick(self.numbers) if self.random() < 0.5 else self.bits(16), value)
        return self.message(code, options, payload)

    def header(self):
        """Every version, type, token length, code and so on in front of a good rest."""
        data = bytearray(self.as_it_is())
        data[self.below(2)] = self.bits(8)
        return bytes(data)

    def flip(self):
        return self.scribble(self.as_it_is())

    def cut(self):
        data = self.as_it_is()
        return data[:1 + self.below(len(data))]

    def extend(self):
        return self.as_it_is() + self.chance.randbytes(1 + self.below(1200 if self.random() < 0.1 else 40))

    def splice(self):
        one, other = self.as_it_is(), self.as_it_is()
        return one[:1 + self.below(len(one))] + other[self.below(len(other)):]

    def noise(self):
        return self.chance.randbytes(1 + self.below(1400 if self.random() < 0.05 else 60))


class ByteMutator(Mutator):
    """Of whole datagrams of which it knows nothing, such as those of a handshake."""

    def __init__(self, chance, datagrams):
        super().__init__(chance, datagrams)
        self.ways = (self.as_it_is, self.flip, self.flip, self.flip, self.cut, self.extend, self.splice, self.noise)

    def as_it_is(self):
        return self.pick(self.messages)


class Crowd:
    """One socket that speaks as 127.1.0.1, 127.1.0.2 and so on. It keeps a count of what comes back."""

    def __init__(self, port, addresses):
        self.to, self.socket = ("127.0.0.1", port), socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("0.0.0.0", 0))
        # struct in_pktinfo: any interface, sent from this address
        addresses = (bytes([127, 1 + i // 62500, i % 62500 // 250, 1 + i % 250]) for i in range(addresses))
        self.sources = [[(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=I4s4s", 0, address, b""))] for address in addresses]
        self.sent, self.unheard, self.answers, self.codes = 0, 0, 0, collections.Counter()
        self.sizes = {}  # of the requests since the last drain, by message id

    def send(self, data, source):
        self.socket.sendmsg([data], self.sources[source], 0, self.to)
        self.sent += 1
        self.unheard += len(data) < 2 or data[0] >> 6 != 1 or data[1] >> 5 != 0  # neither request nor empty message
        self.sizes[data[2:4]] = max(len(data), self.sizes.get(data[2:4], 0))

    def drain(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self._take(self.socket.recv(2048))
        self.sizes = {}

    def _take(self, data):
        self.answers += 1
        self.codes[f"{data[1] >> 5}.{data[1] & 31:02d}"] += 1
        asked = self.sizes.get(data[2:4])
        # Who is asked under a forged address must not be louder than three times the asking.
        if asked and data[0] >> 4 & 3 >= coap.ACK:
            assert len(data) <= 3 * asked or data.endswith(LIBCOAPS_OWN) or data[1] == 0x45, f"{len(data)} bytes for {asked}: {data!r}"

    def wait(self, condition, what):
        """Until the answers that came so far are what is expected."""
        end = time.monotonic() + peers.WAIT
        while not condition():
            assert select.select([self.socket], [], [], max(0.0, end - time.monotonic()))[0], f"not in time: {what}"
            self.drain()

    def close(self):
        self.socket.close()


def flood(mutator, crowd, pace, count):
    """As fast as it is read, from all addresses in turn."""
    for first in range(0, count, BATCH):
        for i in range(first, min(first + BATCH, count)):
            crowd.send(mutator.one(), i % len(crowd.sources))
        pace.keep()
        crowd.drain()


class Pace:
    """The daemon reads a socket's datagrams in order, so who is answered knows that all before has been read."""

    def __init__(self, port, probe=None):
        self.probe, self.number = probe, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(peers.WAIT)

    def keep(self):
        self.number = (self.number + 1) & 0xFFFF
        if self.probe:
            self.socket.send(self.probe)
            assert self.socket.recv(2048)
            return
        self.socket.send(coap.message(coap.CON, coap.GET, self.number, b"pace", [(coap.URI_PATH, "time")]))
        while struct.unpack("!H", self.socket.recv(2048)[2:4])[0] != self.number:
            pass

    def close(self):
        self.socket.close()


def memory_mb(gateway, field="VmRSS"):
    with open(f"/proc/{gateway.process.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field + ":")) / 1024


def assert_below(mb, most_mb):
    """Under a sanitizer or valgrind memory says nothing."""
    assert mb < most_mb or BUILD.name != "release" or WRAP, f"{mb:.1f} MB"
