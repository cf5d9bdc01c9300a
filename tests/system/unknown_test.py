# SPDX-License-Identifier: Apache-2.0
"""A sensor that nobody configured: found in the list, adopted, and heard."""
import json

import coap
from conftest import parking

PACK = json.dumps([{"bn": "urn:dev:mac:0024befffe804ff1:", "n": "occupied", "vb": True},
                   {"n": "battery", "u": "V", "v": 3.5}]).encode()


def test_an_adopted_stranger_is_heard(lone_gateway):
    lone_gateway.configure(parking(1))
    lone_gateway.start()
    assert coap.once(lone_gateway.coap_port, "readings", PACK).code == "4.04"
    senders = lone_gateway.api("unknown")["senders"]
    assert [(s["address"], s["kind"], s["packs"]) for s in senders] == [("urn:dev:mac:0024befffe804ff1", "parking", 1)]
    assert lone_gateway.metrics()["citygw_unknown_senders"] == 1

    listed = lone_gateway.tool("unknown", "-c", lone_gateway.config)
    assert listed.returncode == 0 and "urn:dev:mac:0024befffe804ff1" in listed.stdout
    adopted = lone_gateway.tool("adopt", "urn:dev:mac:0024befffe804ff1", "-c", lone_gateway.config)
    assert adopted.returncode == 0 and "[sensor:0024befffe804ff1]" in adopted.stdout
    lone_gateway.stop()
    lone_gateway.configure(parking(1).rstrip("\n") + adopted.stdout)  # as Notepad leaves files
    assert lone_gateway.tool("check", lone_gateway.config).returncode == 0
    lone_gateway.start()
    assert coap.once(lone_gateway.coap_port, "readings", PACK).code == "2.04"
    values = lone_gateway.api("sensors/0024befffe804ff1")["values"]
    assert values == {"occupied": True, "state": "occupied"}
    assert lone_gateway.api("unknown")["senders"] == []


def test_bytes_of_a_stranger_are_shown(lone_gateway):
    lone_gateway.configure(parking(1))
    lone_gateway.start()
    assert coap.once(lone_gateway.coap_port, "readings/new-1", b"\x01\xfa\x00", 42).code == "4.04"
    sender, = lone_gateway.api("unknown")["senders"]
    assert sender["address"] == "new-1" and sender["values"] == [{"field": "", "hex": "01fa00", "bytes": 3, "fits": False}]
    assert "; codec = " in lone_gateway.tool("adopt", "new-1", "-c", lone_gateway.config).stdout


def test_what_is_appended_to_a_file_is_ascii(lone_gateway):
    """A file in Shift_JIS with UTF-8 behind it could not be read at all."""
    lone_gateway.configure(parking(1))
    lone_gateway.env["LANG"], lone_gateway.env["LC_ALL"] = "ja_JP.UTF-8", ""
    lone_gateway.start()
    assert coap.once(lone_gateway.coap_port, "readings", json.dumps([{"n": "urn:x:note", "vs": "梅田"}]).encode()).code == "4.04"
    assert "梅田" in lone_gateway.tool("unknown", "-c", lone_gateway.config).stdout
    adopted = lone_gateway.tool("adopt", "urn:x:note", "-c", lone_gateway.config)
    assert adopted.returncode == 0 and adopted.stdout.isascii() and "[sensor:note]" in adopted.stdout


def test_a_base_name_without_its_end_is_told(lone_gateway):
    lone_gateway.configure(parking(1))
    lone_gateway.start()
    pack = json.dumps([{"bn": "bay-0000", "n": "occupied", "vb": True}]).encode()
    answer = coap.once(lone_gateway.coap_port, "readings", pack)
    assert answer.code == "4.04" and b"begins with the sensor bay-0000" in answer.payload
    assert lone_gateway.api("unknown")["senders"] == []
