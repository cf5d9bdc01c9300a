# SPDX-License-Identifier: Apache-2.0
"""CoAP on the wire, byte by byte: what a sensor's stack, a lossy network or a stranger may send, and what comes back."""
import contextlib
import json
import select
import socket

import pytest

import coap
import mutants
import peers
import shims
from conftest import parking

PROXY_URI, PROXY_SCHEME, URI_HOST, HOP_LIMIT, OSCORE, MAX_AGE = 35, 39, 3, 16, 9, 14
PACK = json.dumps([{"n": "bay-0000:occupied", "vb": True}]).encode()


class Sensor:
    """A socket of its own. `heard` gives what came until now, `ask` the next answer."""

    def __init__(self, port, address="127.0.0.1", own_port=0, to="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, own_port))
        self.socket.connect((to, port))
        self.socket.settimeout(peers.WAIT)
        self.port, self.size = self.socket.getsockname()[1], 0

    def send(self, data):
        self.socket.send(data)

    def hear(self):
        data = self.socket.recv(2048)
        self.size = len(data)
        return coap.Response(data)

    def ask(self, data):
        self.send(data)
        return self.hear()


@contextlib.contextmanager
def sensors(gateway, *args):
    """Sensors, and a pace of the gateway's reading."""
    made, pace = [Sensor(gateway.coap_port, *arg) for arg in args or ((),)], mutants.Pace(gateway.coap_port)
    yield (*made, pace)
    for each in (*made, pace):
        (each.socket if isinstance(each, Sensor) else each).close()


def silent(pace, *sensors):
    """Nothing came for these, though all that they sent has been read."""
    pace.keep()
    for sensor in sensors:
        sensor.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            sensor.socket.recv(2048)
        sensor.socket.settimeout(peers.WAIT)


def posted(mid, token=b"t", kind=coap.CON, payload=PACK, path="readings", form=coap.SENML_JSON, extra=()):
    return coap.post(path, payload, form, mid, token, kind, extra)


def taken(gateway):
    return gateway.metrics()["citygw_readings_committed_total"]


@pytest.fixture
def gateway(lone_gateway):
    lone_gateway.configure(parking(1), buffer="commit_interval = 300 ms")
    lone_gateway.start()
    return lone_gateway


def test_a_copy_before_the_commit_waits_with_it_and_one_after_it_is_answered_at_once(gateway):
    with sensors(gateway) as (sensor, pace):
        for _ in range(3):
            sensor.send(posted(1))
        silent(pace, sensor)
        answer = sensor.hear()
        assert (answer.kind, answer.code, answer.mid, answer.token) == (coap.ACK, "2.04", 1, b"t")
        silent(pace, sensor)  # one answer for all three
        for _ in range(2):  # it was lost
            assert sensor.ask(posted(1)).code == "2.04"
    assert taken(gateway) == 1


def test_a_slow_disk_is_told_by_an_empty_acknowledgement_and_the_answer_comes_until_it_is_heard(lone_gateway, tmp_path):
    disk = shims.HangingDisk(lone_gateway, tmp_path)
    lone_gateway.configure(parking(1))
    lone_gateway.start()
    disk.hang()
    with sensors(lone_gateway) as (sensor, pace):
        for _ in range(2):  # the acknowledgement, and another one because it was lost
            answer = sensor.ask(posted(1))
            assert (answer.kind, answer.code, answer.mid, answer.token) == (coap.ACK, "0.00", 1, b"")
        disk.go_on()
        first, again = sensor.hear(), sensor.hear()  # twice, because nobody acknowledges it for 2 to 3 s
        assert (first.kind, first.code, first.token) == (again.kind, again.code, again.token) == (coap.CON, "2.04", b"t")
        assert first.mid == again.mid
        sensor.send(coap.message(coap.ACK, 0, again.mid))
        answer = sensor.ask(posted(1))  # a late copy of the request
        assert (answer.kind, answer.code, answer.mid) == (coap.ACK, "2.04", 1)
        silent(pace, sensor)
    assert taken(lone_gateway) == 1


def test_a_non_confirmable_copy_makes_no_second_reading(gateway):
    with sensors(gateway) as (sensor, pace):
        for _ in range(2):
            sensor.send(posted(1, kind=coap.NON))
        answer = sensor.hear()
        assert (answer.kind, answer.code, answer.token) == (coap.NON, "2.04", b"t")
        silent(pace, sensor)
    assert taken(gateway) == 1


@pytest.mark.parametrize("kind", [coap.CON, coap.NON])
def test_tokens_of_any_length_come_back(gateway, kind):
    tokens = [b"", b"\0", b"\xff" * 7, b"12345678"]
    with sensors(gateway) as (sensor, _):
        for mid, token in enumerate(tokens):
            sensor.send(posted(mid, token, kind))
        answers = [sensor.hear() for _ in tokens]
    assert sorted(answer.token for answer in answers) == sorted(tokens) and {answer.code for answer in answers} == {"2.04"}
    assert kind == coap.NON or all(answer.token == tokens[answer.mid] for answer in answers)
    assert taken(gateway) == len(tokens)


def test_a_token_that_still_waits_may_come_with_another_message_id(gateway):
    with sensors(gateway) as (sensor, pace):
        sensor.send(posted(1))
        sensor.send(posted(2))
        silent(pace, sensor)
        assert {(answer.mid, answer.code, answer.token) for answer in (sensor.hear(), sensor.hear())} == {(1, "2.04", b"t"), (2, "2.04", b"t")}
    assert taken(gateway) == 2


def test_peers_with_one_message_id_stay_apart(gateway):
    """Two ports of one address, and one port of two addresses."""
    port = peers.free_port(socket.SOCK_DGRAM)
    with sensors(gateway, (), (), ("127.0.0.2", port), ("127.0.0.3", port)) as (*four, pace):
        for sensor in four:
            sensor.send(posted(7, b"same"))
        for sensor in four:
            answer = sensor.hear()
            assert (answer.code, answer.mid, answer.token) == ("2.04", 7, b"same")
        silent(pace, *four)
    assert taken(gateway) == 4 and gateway.metrics()["citygw_coap_duplicates_total"] == 0


def get(path, *options):
    return coap.message(coap.CON, coap.GET, 1, b"tk", [(coap.URI_PATH, part) for part in path.split("/")] + list(options))


def test_codes_and_what_comes_with_them(gateway):
    """Beside those of requests_test.py, dtls_test.py (4.03), loss_test.py (5.03) and disk_test.py (5.00)."""
    rows = {
        "2.31": posted(11, payload=PACK[:16], extra=[(coap.BLOCK1, 0x08)]),
        "4.02": get("time", (OSCORE, b"")),
        "4.05": get("readings"),
        "4.06": get(".well-known/core", (coap.ACCEPT, coap.SENML_JSON)),
        "4.13": posted(12, payload=PACK[:16], extra=[(coap.BLOCK1, 0x08), (coap.SIZE1, 100000)]),
    }
    wanted = {"2.31": {coap.BLOCK1: b"\x08"}, "4.13": {coap.SIZE1: b"\x1f\x40"}}  # of 8000
    with sensors(gateway) as (sensor, _):
        core = sensor.ask(get(".well-known/core"))
        assert (core.code, core.options[coap.CONTENT_FORMAT]) == ("2.05", b"\x28") and core.payload.startswith(b"</readings>")
        for code, data in rows.items():
            answer = sensor.ask(data)
            assert (answer.kind, answer.code) == (coap.ACK, code), answer
            assert wanted.get(code, {}).items() <= answer.options.items() and sensor.size <= 3 * len(data), answer
    assert taken(gateway) == 0


def test_the_time_is_told_while_the_kernel_vouches_for_it(lone_gateway, tmp_path):
    word = tmp_path / "synchronised"
    shims.preload(lone_gateway, shims.build("fake_sync", tmp_path))
    lone_gateway.env["FAKE_SYNC"] = str(word)
    lone_gateway.configure(parking(1))
    word.write_text("0")
    lone_gateway.start()
    with sensors(lone_gateway) as (sensor, _):
        answer = sensor.ask(get("time"))
        assert answer.code == "5.03" and MAX_AGE in answer.options
        word.write_text("1")
        peers.wait_until(lambda: sensor.ask(get("time")).code == "2.05", "the time")


def test_who_asks_too_often_is_told_once_and_then_not_answered(lone_gateway):
    lone_gateway.configure(parking(1), coap="rate_limit = 0.1/s")
    lone_gateway.start()
    with sensors(lone_gateway) as (sensor, pace):
        for mid in range(12):  # ten may come at once
            sensor.send(posted(mid))
        answers = {answer.mid: answer for answer in (sensor.hear() for _ in range(11))}
        assert [answers[mid].code for mid in range(11)] == ["2.04"] * 10 + ["4.29"]
        assert 5 <= answers[10].options[MAX_AGE][0] <= 10
        assert sensor.ask(posted(0)).code == "2.04"  # a copy costs nothing
    metrics = lone_gateway.metrics()
    assert metrics['citygw_readings_refused_total{source="coap",reason="rate"}'] == 2 and taken(lone_gateway) == 10


def test_from_another_machine_plain_coap_is_refused(lone_gateway):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has only loopback")
        own = probe.getsockname()[0]
    lone_gateway.configure(parking(1))
    text = lone_gateway.config.read_text()
    lone_gateway.config.write_text(text.replace(f"listen = 127.0.0.1:{lone_gateway.coap_port}", f"listen = {own}:{lone_gateway.coap_port}"))
    lone_gateway.start()
    sensor = Sensor(lone_gateway.coap_port, own, to=own)
    for data in (posted(1), get("time"), get(".well-known/core")):
        assert sensor.ask(data).code == "4.01" and sensor.size <= 3 * len(data)
    assert taken(lone_gateway) == 0
    sensor.socket.close()


def test_nothing_is_forwarded(gateway):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as beyond, sensors(gateway) as (sensor, pace):
        beyond.bind(("127.0.0.1", 0))
        port = beyond.getsockname()[1]
        uri = f"coap://127.0.0.1:{port}/readings"
        there = [(URI_HOST, "127.0.0.1"), (7, port)]  # Uri-Port
        for kind in (coap.CON, coap.NON):
            for extra in ([(PROXY_URI, uri)], [(PROXY_URI, uri), (HOP_LIMIT, 16)], [(PROXY_URI, uri), (HOP_LIMIT, 1)],
                          [(PROXY_SCHEME, "coap"), *there], [(PROXY_SCHEME, "http"), *there, (HOP_LIMIT, 2)]):
                for data in (posted(1, kind=kind, extra=extra), coap.message(kind, coap.GET, 2, b"t", extra)):
                    answer = sensor.ask(data)
                    assert answer.code in ("5.05", "4.02") and sensor.size <= 3 * len(data), answer
        pace.keep()
        beyond.setblocking(False)
        with pytest.raises(BlockingIOError):
            beyond.recv(2048)
    assert taken(gateway) == 0


def answered_ping(sensor, pace):
    """libcoap answers one in a quarter of a second, and none in the first one."""
    def answered():
        sensor.send(coap.message(coap.CON, 0, 77))
        pace.keep()
        return select.select([sensor.socket], [], [], 0)[0]
    peers.wait_until(answered, "a ping is answered")
    return sensor.hear()


def test_pings_are_reset_and_strange_messages_are_not_answered(gateway):
    with sensors(gateway) as (sensor, pace):
        pong = answered_ping(sensor, pace)
        assert (pong.kind, pong.code, pong.mid, sensor.size) == (coap.RST, "0.00", 77, 4)
        good = posted(5)
        sensor.send(good)  # and while it waits for its commit:
        for version in (0, 2, 3):
            sensor.send(bytes([good[0] & 0x3F | version << 6]) + good[1:])
        for code in (0x20, 0x3F, 0xC0, 0xDF, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xFF, 0x44, 0x45, 0x84):  # reserved, signals, responses
            for kind in (coap.CON, coap.NON, coap.ACK, coap.RST):
                sensor.send(coap.message(kind, code, 5, b"t"))
        for kind in (coap.NON, coap.ACK, coap.RST):  # out of the blue, with the number of what waits
            sensor.send(coap.message(kind, 0, 5))
            sensor.send(coap.message(kind, 0, 4711))
        sensor.send(b"\x40")
        sensor.send(b"")
        silent(pace, sensor)
        answer = sensor.hear()
        assert (answer.kind, answer.code, answer.mid) == (coap.ACK, "2.04", 5)
        silent(pace, sensor)
    assert taken(gateway) == 1 and gateway.metrics()["citygw_coap_sessions"] == 2


def test_what_cannot_be_read_is_reset(gateway):
    """A token of 9 to 15 bytes, a marker without a payload, options that go beyond the end, and 15 where it may not be."""
    head = coap.message(coap.CON, coap.POST, 9)
    wrong = [bytes([0x40 | size]) + head[1:] + bytes(size) for size in range(9, 16)]
    wrong += [head + b"\xff", head + b"\xbf", head + b"\xb9read", head + b"\xd0", head + b"\xe0\x00", head + b"\xf1a", head + b"\x1fa"]
    with sensors(gateway) as (sensor, _):
        for data in wrong:
            answer = sensor.ask(data)
            assert (answer.kind, answer.code, answer.mid) == (coap.RST, "0.00", 9), data
        assert sensor.ask(posted(10)).code == "2.04"
