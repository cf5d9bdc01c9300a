# SPDX-License-Identifier: Apache-2.0
"""`citygw sniff` before unknown devices, which write to a pty. A wrong rate is bytes that were garbled."""
import contextlib
import json
import os
import random
import threading

import pytest

import peers
from conftest import ROOT


class Talker:
    """A device that sends by itself, whether anybody listens or not; keeps what was written to it."""

    def __init__(self, line, say, period=0.02):
        self.line, self.say, self.period, self.heard = line, say, period, b""
        os.set_blocking(line.master, False)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _live(self):
        while not self.ended.wait(self.period):
            with contextlib.suppress(OSError):  # nobody has it open, or nobody reads
                os.write(self.line.master, self.say())
            with contextlib.suppress(OSError):
                self.heard += os.read(self.line.master, 100)

    def end(self):
        self.ended.set()
        self.thread.join()
        self.line.close()


@pytest.fixture
def talk(tmp_path):
    talkers = []

    def begin(say, **how):
        talkers.append(Talker(peers.Line(tmp_path / f"port{len(talkers)}"), say, **how))
        return talkers[-1]

    yield begin
    for talker in talkers:
        talker.end()


def a02yyuw():
    frame = b"\xff" + random.randrange(300, 4000).to_bytes(2)
    return frame + bytes([sum(frame) & 0xFF])


def sentence(body):
    total = 0
    for byte in body.encode():
        total ^= byte
    return f"${body}*{total:02X}\r\n".encode()


RMC = sentence("GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W")


def ubx():
    body = bytes([1, 7, 92, 0]) + bytes(random.randrange(256) for _ in range(92))
    a = b = 0
    for byte in body:
        a = (a + byte) & 0xFF
        b = (b + a) & 0xFF
    return b"\xb5\x62" + body + bytes([a, b])


def sniff(gateway, talker, *options):
    return gateway.tool("sniff", talker.line.path, *([] if "--parity" in options else ["--seconds", "6"]), *options)


def check_pasted(gateway, ini):
    """What is to be pasted is fine as it is."""
    gateway.configure(ini, gateway=f"include = {ROOT}/config/devices/*.ini")
    checked = gateway.tool("check", gateway.config)
    assert checked.returncode == 0 and "errors: 0" in checked.stdout, checked.stdout


DEVICES = {
    "a02yyuw": (a02yyuw, "[sensor:port-1]\nkind = parking\n"),
    "nmea": (lambda: RMC, "device = nmea-gnss"),
    "ubx": (lambda: RMC + ubx(), "device = ublox-gnss"),
    "csv": (lambda: f"{random.randrange(9)}1,{random.randrange(99)}.5\r\n".encode(), "columns = value_1 value_2"),
    "text": (lambda: f"{random.randrange(99)}.5\n".encode(), "codec = text"),
    "senml": (lambda: b'[{"n":"bay-7:occupied","vb":true}]\n', "[sensor:bay-7]\nkind = parking"),
}


@pytest.mark.parametrize("codec", DEVICES)
def test_a_device_is_known_and_its_sections_can_be_pasted(lone_gateway, talk, codec):
    say, expected = DEVICES[codec]
    talker = talk(say)
    done = sniff(lone_gateway, talker, "--json")
    assert done.returncode == 0, done
    found = json.loads(done.stdout)
    assert found["codec"] == codec and found["result"] == "codec" and found["parity"] == "none" and found["sure"], found
    assert expected in found["ini"] and f"device = {talker.line.path}\n" in found["ini"]
    check_pasted(lone_gateway, found["ini"])
    assert talker.heard == b""  # nothing was written to it


def test_people_see_device_statistics_reading_and_bytes(lone_gateway, talk):
    done = sniff(lone_gateway, talk(a02yyuw), "--baud", "9600", "--hex")
    assert done.returncode == 0, done
    assert "It is a02yyuw at 9600 baud, parity none" in done.stdout
    assert "Its last reading: distance_m = " in done.stdout
    assert "000000  ff " in done.stdout or "000000  " in done.stdout
    assert "[serial:port-1]" in done.stdout and "codec = a02yyuw" in done.stdout


def test_a_broken_checksum_is_counted(lone_gateway, talk):
    number = iter(range(10**9))

    def say():
        frame = a02yyuw()
        return frame if next(number) % 4 else frame[:3] + bytes([frame[3] ^ 0x55])

    found = json.loads(sniff(lone_gateway, talk(say), "--json", "--baud", "9600").stdout)
    assert found["codec"] == "a02yyuw"
    best = next(c for c in found["trials"][0]["codecs"] if c["codec"] == "a02yyuw")
    assert best["refused"]["checksum"] > 0 and best["frames"] > best["refused"]["checksum"] and best["passed_bytes"] > 0


def test_a_garbled_stream_is_not_called_anything(lone_gateway, talk):
    done = sniff(lone_gateway, talk(lambda: os.urandom(60)))
    assert done.returncode == 1
    assert "Bytes came, but no codec fits" in done.stdout and "[serial:" not in done.stdout
    assert "The first bytes:\n  000000  " in done.stdout
    # Every usual rate, and then other parities.
    assert {"115200", "9600", "921600"} <= set(done.stdout.split()) and " even" in done.stdout


def test_silence_is_said_with_what_to_check(lone_gateway, tmp_path):
    line = peers.Line(tmp_path / "port")
    done = lone_gateway.tool("sniff", line.path, "--seconds", "1")
    assert done.returncode == 1 and "Nothing came at any rate" in done.stdout
    assert "TX and RX swapped" in done.stdout and "modbus-scan" in done.stdout
    assert json.loads(lone_gateway.tool("sniff", line.path, "--seconds", "1", "--json").stdout)["result"] == "silent"
    line.close()


def test_nothing_from_the_line_reaches_the_terminal_unescaped(lone_gateway, talk):
    told = b'[{"n":"bay-1:a","vs":"x\\u001b[31m\\u009b2J\\u0007"}]\n'
    for evil in (told, b"\x1b]0;owned\x07\x1b[2J\n"):
        for options in ((), ("--hex",), ("--json", "--hex")):
            done = sniff(lone_gateway, talk(lambda evil=evil: evil), "--baud", "9600", "--parity", "none", *options)
            assert (done.returncode == 0) == (evil == told), done
            assert not any(ord(c) < 0x20 and c != "\n" or 0x7F <= ord(c) < 0xA0 for c in done.stdout + done.stderr), done


def test_a_port_that_is_held_is_left_alone(lone_gateway, talk):
    talker = talk(a02yyuw)
    lone_gateway.configure(f"[serial:kerb]\ndevice = {talker.line.path}\nbaud = 9600\ncodec = a02yyuw\n"
                           "[sensor:bay-1]\nkind = parking\nsource = serial:kerb\n")
    lone_gateway.start()
    peers.wait_until(lambda: any(s["name"] == "serial:kerb" and s["state"] == "open"
                                 for s in lone_gateway.api("status")["sources"]), "open")
    for verb in ("sniff", "modbus-scan"):
        done = lone_gateway.tool(verb, "kerb", "-c", lone_gateway.config)
        assert done.returncode == 1 and done.stdout == "", done
        assert "is in use by citygwd (process " in done.stderr and "end that first" in done.stderr, done
    before = lone_gateway.api("status")["sources"]
    peers.wait_until(lambda: [s["received"] for s in lone_gateway.api("status")["sources"]] > [s["received"] for s in before],
                     "it goes on reading")
    assert all(s["reopened"] == 0 for s in lone_gateway.api("status")["sources"])
    lone_gateway.stop()
    done = lone_gateway.tool("sniff", "kerb", "-c", lone_gateway.config, "--seconds", "5")
    assert done.returncode == 0 and "[serial:kerb]" in done.stdout and "It is a02yyuw at 9600 baud" in done.stdout


def test_a_port_that_is_pulled_out_is_told(lone_gateway, talk, tmp_path):
    line = peers.Line(tmp_path / "pulled")
    timer = threading.Timer(0.5, line.unplug)
    timer.start()
    done = lone_gateway.tool("sniff", line.path, "--baud", "9600", "--seconds", "20")
    timer.join()
    assert done.returncode == 1 and "is gone" in done.stderr
