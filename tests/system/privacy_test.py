# SPDX-License-Identifier: Apache-2.0
"""No identifier of anybody's device reaches the disk, the log, a topic or a screen, wherever a sensor may put it."""
import asyncio
import base64
import gzip
import hashlib
import json
import re
import struct

import cbor
import coap
import peers

MAC = "240ac49b017f"
SPELLINGS = [MAC, MAC.upper(), "24:0a:c4:9b:01:7f", "24-0A-C4-9B-01-7F", "240a.c49b.017f", "24_0a_c4_9b_01_7f"]
IMSI, IMEI, PHONE = "440101234567890", "356938035643809", "09012345678"
UUID = "550e8400-e29b-41d4-a716-446655440000"
HASHES = [hashlib.new(name, MAC.encode()).hexdigest() for name in ("md5", "sha1", "sha256")]
BASE64 = base64.b64encode(hashlib.sha256(MAC.encode()).digest()).decode()
IDENTIFIERS = [*SPELLINGS, IMSI, IMEI, PHONE, UUID, *HASHES, BASE64]
IN_NAMES = [each for each in IDENTIFIERS if re.fullmatch("[A-Za-z0-9:._/-]+", each)]  # what SenML's names may hold

CONFIG = """
[serial:wifi]
device = {wifi}
baud = 115200
codec = csv
columns = people in_total
[serial:ble]
device = {ble}
baud = 115200
codec = senml
[zone:plaza]
kind = crowd
area = 100 m2
[sensor:wifi-1]
kind = crowd
source = coap
zone = plaza
estimate = yes
[sensor:wifi-2]
kind = crowd
source = serial:wifi
zone = plaza
estimate = yes
[sensor:ble-1]
kind = crowd
source = serial:ble
[sensor:any-1]
kind = generic
source = coap
[sensor:bay-1]
kind = parking
source = coap
codec = milesight-em400
"""


def digits(data):
    """Without what may part the digits of an identifier, in small letters."""
    return re.sub(rb"[^0-9a-z]", b"", data.lower())


def traces():
    """What would be left of an identifier in some form, and which it is."""
    for each in IDENTIFIERS:
        yield digits(each.encode()), each
        yield each.encode().hex().encode(), each
    for number in (int(MAC, 16), int(IMSI)):
        yield digits(str(number).encode()), number


RAW = [bytes.fromhex(MAC), bytes.fromhex(MAC)[::-1],
       *[struct.pack(form, number) for number in (int(MAC, 16), int(IMSI)) for form in ("<d", "<q", ">q")]]


def assert_clean(what, data):
    data = data if isinstance(data, bytes) else data.encode()
    plain = digits(data)
    found = {str(each) for trace, each in traces() if trace in plain}
    found |= {raw.hex() for raw in RAW if raw in data}
    assert not found, (what, found)


def posts(identifier):
    """What a careless device could say, one post each: the path, the records or bytes, the format."""
    count = {"n": "people", "v": 3}
    number = int(MAC, 16) if not identifier.isdigit() else int(identifier)
    packs = [[count, {"n": name, "vs": identifier}] for name in ("mac", "cause", "level", "people", "3434/0/1", "detector")]
    packs += [[count, {"n": name, "v": number}] for name in ("mac", "in_total", "out_total", "in", "people", "period_s", "count")]
    packs += [[{"n": name, "v": number}] for name in ("in_total", "people", "mac")]
    packs += [[count, {"n": "devices", "vd": base64.urlsafe_b64encode(bytes.fromhex(MAC) * 3).decode().rstrip("=")}],
              [{"n": "people", "v": 3, "u": identifier}], [{"n": "people", "vs": identifier}], [{"n": "mac", "vs": identifier}],
              [{**count, identifier: 1}], [{**count, f"{identifier}_": 1}], [{"n": f"people {identifier}", "v": 1}]]
    if identifier in IN_NAMES:
        packs += [[count, {"n": form.format(identifier), "v": -60}] for form in ("{}", "x{}", "probe/{}/rssi", "{}_count")]
        packs += [[{"n": form.format(identifier), "v": -60}] for form in ("{}", "mac:{}", "probe-{}-rssi")]
    for pack in packs:
        yield "readings/wifi-1", json.dumps(pack).encode(), coap.SENML_JSON
        yield "readings/wifi-1", cbor.senml(pack), coap.SENML_CBOR
    yield "readings/wifi-1", identifier.encode(), coap.TEXT
    yield "readings/wifi-1", f'[{{"n":"people","v":{identifier}'.encode(), coap.SENML_JSON  # cut
    yield "readings/wifi-1", identifier.encode(), 42
    small = re.sub("[^0-9a-z]", "_", identifier.lower())[:50]
    for name in (f"p{small}_count", f"dev_{small}_total", f"x_{small}_dbm"):
        yield "readings/any-1", json.dumps([{"n": name, "v": 3}]).encode(), coap.SENML_JSON
        yield "readings/any-1", json.dumps([{"n": "people", "v": 3}, {"n": name, "v": 3}]).encode(), coap.SENML_JSON
    for name in ("cause", "detector", "place", "known"):
        yield "readings/any-1", json.dumps([{"n": name, "vs": identifier}]).encode(), coap.SENML_JSON


def milesight():
    """A frame whose header names the SIM card."""
    values = bytes.fromhex("0175010482320500")[:7]
    head = b"\0\0\1\1" + b"0101" + b"0102" + b"6412C1234567890X"[:16] + IMEI.encode() + IMSI.encode() + b"89811234567890123456"
    rest = head + b"\x14" + struct.pack("!H", len(values)) + values
    return b"\2\0\1" + struct.pack("!H", len(rest)) + rest


def lines(identifier):
    yield f"3 {identifier}\n"
    yield f"{identifier};107\n"
    yield f"3,107,{identifier}\n"
    yield f"3;107;{identifier};{identifier}\n"
    yield f"{identifier}\n"


async def post_all(gateway, requests):
    client = await coap.Client.open(gateway.coap_port)
    try:
        for some in (requests[i:i + 40] for i in range(0, len(requests), 40)):
            answers = await asyncio.gather(*[client.post(*request) for request in some])
            wrong = [(r, a) for r, a in zip(some, answers) if a.code not in ("2.04", "4.00", "4.04", "4.15", "4.22")]
            assert not wrong, wrong
    finally:
        client.close()


def tell_everything(gateway, wifi, ble):
    asyncio.run(post_all(gateway, [request for identifier in IDENTIFIERS for request in posts(identifier)]))
    for identifier in IDENTIFIERS:
        for line in lines(identifier):
            wifi.write(line)
        ble.write(json.dumps([{"n": "people", "v": 3}, {"n": "mac", "vs": identifier}]) + "\n")
        ble.write(json.dumps([{"n": "mac", "vs": identifier}]) + "\n")
        ble.write(identifier + "\n")
    assert coap.once(gateway.coap_port, "readings/bay-1", milesight(), 42).code == "2.04"


def strangers(gateway):
    """Nobody has a section for them; what they are called is all that is known of them, and is shown to staff alone."""
    for identifier in IN_NAMES:
        heard = [{"bn": "new-counter:", "n": "people", "v": 3}, {"n": identifier, "v": -60}, {"n": "mac", "vs": identifier}]
        assert coap.once(gateway.coap_port, "readings", json.dumps(heard).encode()).code == "4.04"
        assert coap.once(gateway.coap_port, "readings/new-counter", identifier.encode(), 42).code == "4.04"
    assert coap.once(gateway.coap_port, "readings/new-counter", milesight(), 42).code == "4.04"


def named_strangers(gateway):
    for identifier in IN_NAMES:
        for body in ([{"n": identifier, "v": 1}], [{"bn": f"urn:dev:mac:{identifier}:", "n": "people", "v": 1}]):
            assert coap.once(gateway.coap_port, "readings", json.dumps(body).encode()).code == "4.04"
        if "/" not in identifier:
            assert coap.once(gateway.coap_port, f"readings/{identifier}", b"1", coap.TEXT).code == "4.04"


def files(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def unpacked(data):
    """Also what is packed inside, wherever it begins."""
    yield data
    for found in re.finditer(rb"\x1f\x8b\x08", data):
        try:
            yield gzip.decompress(data[found.start():])
        except (OSError, EOFError):
            pass


def look_everywhere(gateway, subscriber):
    for path, data in files(gateway.folder / "buffer").items():
        for part in unpacked(data):
            assert_clean(path.name, part)
    assert_clean("log", gateway.said())
    with subscriber.changed:
        for message in subscriber.messages:
            assert_clean(message.topic, message.topic.encode() + b"\n" + message.payload)
    assert_clean("InfluxDB", json.dumps(gateway.influx.points(), ensure_ascii=False))
    assert_clean("metrics", gateway.get("/metrics")[1])
    for name in ("status", "sensors", "sensors/wifi-1", "sensors/any-1", "buffer", "loss"):
        assert_clean(name, gateway.get(f"/api/v1/{name}")[1])
    carried = gateway.folder / "carried"
    carried.unlink(missing_ok=True)
    exported = gateway.tool("export", carried, "-c", gateway.config)
    assert exported.returncode == 0, exported.stderr
    parts = list(unpacked(carried.read_bytes()))
    assert any(b"wifi-1" in part for part in parts)
    for part in parts:
        assert_clean("export", part)


def test_nothing_that_names_a_device_gets_anywhere(gateway, subscriber, tmp_path):
    wifi, ble = peers.Line(tmp_path / "wifi"), peers.Line(tmp_path / "ble")
    gateway.configure(CONFIG.format(wifi=wifi.path, ble=ble.path))
    gateway.start()
    tell_everything(gateway, wifi, ble)
    strangers(gateway)
    # The counts themselves came through, everywhere.
    for sensor, kind in (("wifi-1", "crowd"), ("ble-1", "crowd"), ("bay-1", "parking")):
        subscriber.wait(lambda s, s_=sensor, k=kind: s.last(f"{k}/{s_}"), sensor)
    last = json.loads(subscriber.last("crowd/wifi-1").payload)
    assert last["values"]["people"] == 3
    peers.wait_until(lambda: gateway.influx.points("crowd"), "points")
    committed = gateway.metrics()["citygw_readings_committed_total"]
    subscriber.wait(lambda s: len(s.readings()) >= committed - len([m for m in s.messages if "/zone/" in m.topic]), "all of it")
    assert_clean("unknown", gateway.get("/api/v1/unknown")[1])
    assert "new-counter" in gateway.get("/api/v1/unknown")[1]
    look_everywhere(gateway, subscriber)

    named_strangers(gateway)
    look_everywhere(gateway, subscriber)
    gateway.stop()
    for path, data in files(gateway.folder / "buffer").items():
        assert_clean(path.name, data)
    assert_clean("log", gateway.said())
    wifi.close()
    ble.close()


SAID = {  # each refusal that quotes what a sensor said, and how the log shows it
    "an unknown field": ("readings/wifi-1", [{"n": MAC, "v": 1}], 'no quantity for "…(12)"'),
    "a wrong unit": ("readings/wifi-1", [{"n": "people", "v": 1, "u": MAC}], 'the unit "…(12)" does not fit'),
    "a label that must be understood": ("readings/wifi-1", [{"n": "people", "v": 1, f"{MAC}_": 1}], "field …(12)_"),
    "what is no name": ("readings/wifi-1", [{"n": f"people {MAC}", "v": 1}], '"people …(12)" is not a name'),
    "what is no number": ("readings/wifi-1", SPELLINGS[2], '"…(17)" is not a value'),
    "what is no JSON": ("readings/wifi-1", [MAC], "…("),
    "a sensor in the path": (f"readings/{MAC}", [{"n": "people", "v": 1}], "unknown sensor …(12)"),
    "a sensor": ("readings", [{"n": f"urn:dev:mac:{MAC}:people", "v": 1}], "unknown sensor urn:dev:mac:…(12):people"),
    "a field of a sensor": ("readings", [{"bn": "wifi-1", "n": MAC, "v": 1}], "begins with the sensor wifi-1"),
}


def test_no_refusal_in_the_log_quotes_an_identifier(lone_gateway):
    """A gate that goes on refusing is told once a minute, so that each has a gateway of its own."""
    lone_gateway.configure("[sensor:wifi-1]\nkind = crowd\nsource = coap\n")
    for what, (path, said, shown) in SAID.items():
        before = len(lone_gateway.said())
        lone_gateway.start()
        body, form = (said.encode(), coap.TEXT) if isinstance(said, str) else (json.dumps(said).encode(), coap.SENML_JSON)
        if said == [MAC]:
            body = body[:-1]
        assert coap.once(lone_gateway.coap_port, path, body, form).code[0] == "4"
        log = lone_gateway.said()[before:]
        assert "refused (" in log and (shown in log or what == "what is no JSON"), (what, log)
        assert_clean(what, log)
        lone_gateway.stop()


def test_the_sender_is_told_what_was_wrong_in_full_and_the_log_is_not(lone_gateway):
    lone_gateway.configure("[sensor:wifi-1]\nkind = crowd\nsource = coap\n[sensor:0024befffe804ff1]\nkind = crowd\nsource = coap\n")
    lone_gateway.start()
    answer = coap.once(lone_gateway.coap_port, "readings/wifi-1", json.dumps([{"n": MAC, "v": 1}]).encode())
    assert answer.code == "4.22" and MAC.encode() in answer.payload
    assert_clean("log", lone_gateway.said())
    # A municipal sensor may be called after its own address.
    body = json.dumps([{"n": "0024befffe804ff1:people", "v": 1, "u": "m"}]).encode()
    assert coap.once(lone_gateway.coap_port, "readings", body).code == "4.22"
    assert "record 1 (0024befffe804ff1:people)" in lone_gateway.said()


def test_a_count_of_radios_is_labelled_an_estimate(mqtt_gateway, subscriber):
    mqtt_gateway.configure("[zone:plaza]\nkind = crowd\nmin_count = 5\n[sensor:wifi-1]\nkind = crowd\nsource = coap\nzone = plaza\n"
                           "estimate = yes\n")
    mqtt_gateway.start()
    for people in (12, 3):
        body = json.dumps([{"n": "people", "v": people}]).encode()
        assert coap.once(mqtt_gateway.coap_port, "readings/wifi-1", body).code == "2.04"
    subscriber.wait(lambda s: len(s.readings()) == 2, "both")
    many, few = (reading["values"] for _, reading in subscriber.readings())
    assert many["people"] == 12 and many["estimate"] is True
    assert "people" not in few and few["suppressed"] is True
    assert all(b'"people":3' not in m.payload for m in subscriber.messages)
    told = subscriber.wait(lambda s: [values for m in s.messages if "/zone/" in m.topic and m.payload
                                      for values in [json.loads(m.payload)["values"]] if "suppressed" in values], "the zone")
    assert "people" not in told[0] and told[0]["estimate"] is True
