# SPDX-License-Identifier: Apache-2.0
"""A CBOR encoder (RFC 8949) for test packs: maps, arrays, text, integers, floats and booleans, all definite."""
import struct


def _head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for more, size, form in ((24, 1, "!B"), (25, 2, "!H"), (26, 4, "!I"), (27, 8, "!Q")):
        if value < 1 << 8 * size:
            return bytes([major << 5 | more]) + struct.pack(form, value)
    raise ValueError(value)


def dumps(value):
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack("!d", value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(map(dumps, value))
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(dumps(k) + dumps(v) for k, v in value.items())
    raise TypeError(type(value))


LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6,
          "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4, "s": 5, "t": 6, "ut": 7, "vd": 8}


def senml(records):
    """A SenML pack as RFC 8428 section 6 writes it: the short integer labels."""
    return dumps([{LABELS.get(k, k): v for k, v in record.items()} for record in records])
