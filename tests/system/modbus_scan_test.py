# SPDX-License-Identifier: Apache-2.0
"""`citygw modbus-scan` before a bus of devices with faults."""
import json

import pytest

import peers
from bus import Bus, sealed
from conftest import ROOT


class Faulty(Bus):
    """Answers each request with what `answers` has for its unit: bytes, or seconds to think and bytes."""

    def __init__(self, line, answers):
        self.answers = answers
        super().__init__(line)

    def answer(self, request):
        answer = self.answers.get(request[0], b"")
        pause, answer = answer if isinstance(answer, tuple) else (0, answer)
        self.ended.wait(pause)  # the device thinks
        return answer


@pytest.fixture
def bus(tmp_path):
    begun = []

    def begin(answers):
        begun.append(Faulty(peers.Line(tmp_path / "bus"), answers))
        return begun[-1]

    yield begin
    for one in begun:
        one.end()
        one.line.close()


ANSWER = sealed(2, 4, 2, 0x12, 0x34)
FAULTS = {
    2: (ANSWER, "answer"),
    3: (sealed(3, 0x84, 2), "exception"),
    4: (b"\x00\xf8\x7f\x80\xff\x01", "garbage"),
    5: (sealed(5, 4, 2, 0, 1) + sealed(5, 4, 2, 0, 2), "two-devices"),
    6: (sealed(6, 4, 2, 0, 1)[:-1] + b"\x00", "two-devices"),
    7: (sealed(99, 4, 2, 0, 1), "other-unit"),
    8: (sealed(8, 4, 2, 0, 1)[:3], "garbage"),
    9: (b"\xff" + sealed(9, 4, 2, 0, 9), "answer"),
}


def scan(gateway, bus, *options):
    return gateway.tool("modbus-scan", bus.line.path, "--timeout", "60ms", *options)


def test_faults_are_told_apart(lone_gateway, bus):
    line = bus({unit: answer for unit, (answer, _) in FAULTS.items()})
    done = scan(lone_gateway, line, "--to", "10", "--json")
    assert done.returncode == 1, done  # there is trouble
    found = {unit["unit"]: unit for unit in json.loads(done.stdout)["units"]}
    assert sorted(found) == list(range(1, 11))
    for unit in found:
        assert found[unit]["verdict"] == (FAULTS[unit][1] if unit in FAULTS else "silent"), found[unit]
    assert found[2]["value"] == 0x1234 and found[2]["raw"] == ANSWER.hex(" ")
    assert found[3]["exception"] == 2 and "nothing at this address" in found[3]["exception_text"]
    assert found[7]["other_unit"] == 99 and found[9]["disturbed"] and not found[2]["disturbed"]
    assert {request[1:6] for request in line.requests} == {bytes([4, 0, 0, 0, 1])}  # it reads, and nothing else


def test_units_are_shown_with_sections_to_paste(lone_gateway, bus):
    line = bus({17: sealed(17, 4, 2, 0, 5), 18: sealed(18, 0x84, 1)})
    done = scan(lone_gateway, line, "--from", "16", "--to", "19", "--baud", "19200", "--parity", "even")
    assert done.returncode == 0, done
    assert "answers: input:0 is 5" in done.stdout and "exception 1 (it does not know this function)" in done.stdout
    assert "Units asked: 4, there: 2, trouble: 0" in done.stdout
    ini = done.stdout[done.stdout.index("[modbus:"):]
    assert "baud = 19200\nparity = even\n" in ini and "address = 17\n" in ini and "address = 18\n" in ini
    lone_gateway.configure(ini, gateway=f"include = {ROOT}/config/devices/*.ini")
    checked = lone_gateway.tool("check", lone_gateway.config)
    assert checked.returncode == 0 and "errors: 0" in checked.stdout, checked.stdout


def test_several_rates_are_tried_one_after_the_other(lone_gateway, bus):
    line = bus({1: sealed(1, 4, 2, 0, 5)})
    units = json.loads(scan(lone_gateway, line, "--to", "2", "--baud", "9600,19200", "--json").stdout)["units"]
    assert [(u["baud"], u["unit"], u["verdict"]) for u in units] == [
        (9600, 1, "answer"), (9600, 2, "silent"), (19200, 1, "answer"), (19200, 2, "silent")]


def test_a_slow_unit_is_late_and_not_somebody_else(lone_gateway, bus):
    line = bus({3: (0.12, sealed(3, 4, 2, 0, 5)), 5: sealed(5, 4, 2, 0, 6)})
    found = {u["unit"]: u["verdict"] for u in json.loads(scan(lone_gateway, line, "--to", "6", "--json").stdout)["units"]}
    assert found == {1: "silent", 2: "silent", 3: "late", 4: "silent", 5: "answer", 6: "silent"}
    line.answers[3] = (0.12, sealed(3, 4, 2, 0, 5))
    patient = lone_gateway.tool("modbus-scan", line.line.path, "--to", "6", "--timeout", "2 s", "--from", "3", "--to", "3")
    assert patient.returncode == 0 and "answers: input:0 is 5" in patient.stdout


def test_silence_and_garbage_say_what_to_check(lone_gateway, bus):
    line = bus({})
    done = scan(lone_gateway, line, "--to", "3")
    assert done.returncode == 1 and "Nobody answered" in done.stdout and "A and B swapped" in done.stdout
    line.answers.update({unit: b"\xf8\x00\x7f\x80" for unit in range(1, 4)})
    done = scan(lone_gateway, line, "--to", "3")
    assert done.returncode == 1 and "Something answers that cannot be read" in done.stdout
    assert "[modbus:" not in done.stdout


def test_an_echo_is_told(lone_gateway, bus):
    line = bus({1: sealed(1, 4, 0, 0, 0, 1), 2: sealed(2, 4, 0, 0, 0, 1) + sealed(2, 4, 2, 0, 7)})
    done = scan(lone_gateway, line, "--to", "2")
    assert "gives back what it sends" in done.stdout and "input:0 is 7" in done.stdout


def test_a_held_bus_is_left_alone(lone_gateway, bus):
    line = bus({17: sealed(17, 4, 2, 0, 5)})
    lone_gateway.configure(f"[modbus:garage]\ndevice = {line.line.path}\n[sensor:a]\nkind = generic\n"
                           "source = modbus:garage\naddress = 17\nmap.value = input:0 u16\n")
    lone_gateway.start()
    done = lone_gateway.tool("modbus-scan", "garage", "-c", lone_gateway.config)
    assert done.returncode == 1 and "is in use by citygwd (process " in done.stderr, done
