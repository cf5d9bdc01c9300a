# SPDX-License-Identifier: Apache-2.0
"""What an urban OS gets: NGSI-LD entities and measures for FIWARE's IoT agent, each as docs/api promises, in their order."""
import json
import subprocess

import coap
import peers
import pytest
from context_broker import validate

AGENT, ENTITIES = "/json/", "citygw/ld/271004/test-01/"
OUTLETS = """
[mqtt:agent]
url = mqtt://127.0.0.1:{port}
start = oldest
topic_prefix = citygw/agent
format = iota-json
apikey = general
apikey.parking = bays
"""
SENSORS = """
[zone:umeda-lot]
kind = parking
category = offStreet
latitude = 34.7
longitude = 135.5
[sensor:bay-1]
kind = parking
source = coap
zone = umeda-lot
name = 梅田 "1番" (北)
latitude = 34.7025
longitude = 135.4959
[sensor:bay-2]
kind = parking
source = coap
[sensor:van-1]
kind = bump
source = coap
[sensor:gate-1]
kind = crowd
source = coap
[sensor:loop-1]
kind = traffic
source = coap
[sensor:air-1]
kind = environment
source = coap
"""
PACK = [{"n": "bay-1:occupied", "vb": True}, {"n": "bay-1:battery_v", "v": 3.61}, {"n": "bay-2:occupied", "vb": False},
        {"n": "van-1:peak_mps2", "v": 7.25}, {"n": "van-1:latitude", "v": 34.6}, {"n": "van-1:longitude", "v": 135.4},
        {"n": "van-1:detector", "vs": 'zpeak=4; (梅田) "<x>"'}, {"n": "gate-1:people", "v": 12}, {"n": "gate-1:speed_mps", "v": 1.1},
        {"n": "loop-1:vehicles", "v": 7}, {"n": "air-1:temperature_c", "v": -3.5}]
TYPES = {"parking/bay-1": "ParkingSpot", "parking/bay-2": "Device", "bump/van-1": "Alert", "crowd/gate-1": "CrowdFlowObserved",
         "traffic/loop-1": "TrafficFlowObserved", "environment/air-1": "Device"}
MEASURES = {f"{AGENT}bays/bay-1/attrs", f"{AGENT}bays/bay-2/attrs", f"{AGENT}general/van-1/attrs", f"{AGENT}general/gate-1/attrs",
            f"{AGENT}general/loop-1/attrs", f"{AGENT}general/air-1/attrs"}


def configure(gateway, port):
    gateway.configure(SENSORS + OUTLETS.format(port=port), mqtt="format = ngsi-ld\ntopic_prefix = citygw/ld")


def connected(gateway, so=True):
    peers.wait_until(lambda: all(o["connected"] == so for o in gateway.api("status")["outlets"]), f"connected: {so}")


def post(gateway, pack):
    assert coap.once(gateway.coap_port, "readings", json.dumps(pack).encode()).code == "2.04"


def readings(subscriber, below):
    """Of sensors, not of what was made of them."""
    return [m for m in subscriber.messages if m.topic.startswith(below) and b'"seq"' in m.payload and "zone" not in m.topic and "alert" not in m.topic]


def of_sensors(entities):
    return [e for e in entities if e["type"] != "OffStreetParking"]


def test_every_kind_arrives_in_both_formats_as_their_schemas_say(mqtt_gateway, broker, subscriber):
    configure(mqtt_gateway, broker.port)
    mqtt_gateway.start()
    connected(mqtt_gateway)
    post(mqtt_gateway, PACK)
    subscriber.wait(lambda s: len(readings(s, AGENT)) == 6 and len(readings(s, ENTITIES)) == 6, "six readings in both formats")

    for message in readings(subscriber, ENTITIES):
        entity = json.loads(message.payload)
        validate("ngsi-ld", entity)
        assert entity["type"] == TYPES[message.topic.removeprefix(ENTITIES)]
        assert message.qos == 1 and message.properties.ContentType == "application/ld+json"
        assert entity["seq"]["value"] == 1 and entity["backlog"]["value"] is False
        assert dict(message.properties.UserProperty)["epoch"] == entity["epoch"]["value"]
    bay = json.loads(subscriber.last(ENTITIES + "parking/bay-1").payload)
    assert bay["id"] == "urn:ngsi-ld:ParkingSpot:271004:test-01:bay-1" and bay["name"]["value"] == '梅田 "1番" (北)'
    assert bay["status"]["value"] == "occupied" and bay["location"]["value"]["coordinates"] == [135.4959, 34.7025]
    assert bay["refParkingSite"]["object"] == "urn:ngsi-ld:OffStreetParking:271004:test-01:umeda-lot"
    assert bay["battery_v"] | {"observedAt": ""} == {"type": "Property", "value": 3.61, "unitCode": "VLT", "observedAt": ""}

    assert {m.topic for m in readings(subscriber, AGENT)} == MEASURES
    for message in readings(subscriber, AGENT):
        validate("iota-json", json.loads(message.payload))
        assert message.qos == 1 and message.properties.ContentType == "application/json"
    jolt = json.loads(subscriber.last("/van-1/attrs").payload)
    assert jolt["detector"] == "zpeak＝4； （梅田） ＂＜x＞＂" and jolt["peak_mps2"] == 7.25
    assert mqtt_gateway.metrics()['citygw_outlet_characters_replaced_total{outlet="agent"}'] == 8
    assert json.loads(subscriber.last("bays/bay-1/attrs").payload)["status"] == "occupied"

    late = peers.Subscriber(broker.port)
    late.wait(lambda s: s.last(ENTITIES + "parking/bay-1") and s.last(ENTITIES + "crowd/gate-1") and s.last("citygw/agent/271004/test-01/status"),
              "what is retained")
    assert not readings(late, AGENT) and not late.last("bump/van-1") and not readings(late, "citygw/agent/")
    late.close()


def test_what_waited_goes_before_what_is_new(mqtt_gateway, broker, subscriber):
    gate = mqtt_gateway.broker = peers.Gate(broker.port)
    configure(mqtt_gateway, gate.port)
    mqtt_gateway.start()
    connected(mqtt_gateway)
    gate.shut()
    connected(mqtt_gateway, False)
    for i in range(60):
        post(mqtt_gateway, [{"n": f"bay-1:occupied", "vb": i % 2 == 0}, {"n": "gate-1:people", "v": i}])
    gate.open()
    connected(mqtt_gateway)
    post(mqtt_gateway, [{"n": "bay-1:occupied", "vb": True}, {"n": "gate-1:people", "v": 60}])
    subscriber.wait(lambda s: all(len({m.payload for m in readings(s, below)}) == 122 for below in (AGENT, ENTITIES)), "all of them")

    # What was under way when the connection broke may come twice; what counts is when it came first.
    entities, measures = ([json.loads(p) for p in dict.fromkeys(m.payload for m in readings(subscriber, below))]
                          for below in (ENTITIES, AGENT))
    assert [e["peopleCount"]["value"] for e in entities if "peopleCount" in e] == list(range(61))
    assert [e["seq"]["value"] for e in entities if e["type"] == "ParkingSpot"] == list(range(1, 62))
    assert [m["people"] for m in measures if m["kind"] == "crowd"] == list(range(61))
    assert [m["seq"] for m in measures if m["kind"] == "parking"] == list(range(1, 62))
    assert measures[0]["backlog"] and entities[0]["backlog"]["value"]
    for measure, entity in zip(measures, entities):
        validate("iota-json", measure)
        validate("ngsi-ld", entity)
    late = peers.Subscriber(broker.port)
    late.wait(lambda s: s.last(ENTITIES + "status"), "what is retained")
    kept = late.last(ENTITIES + "crowd/gate-1")
    assert kept is None or json.loads(kept.payload)["seq"]["value"] == 61
    late.close()


def test_a_replay_does_not_reach_the_agent(mqtt_gateway, broker, subscriber):
    configure(mqtt_gateway, broker.port)
    mqtt_gateway.start()
    connected(mqtt_gateway)
    post(mqtt_gateway, [{"n": "bay-1:occupied", "vb": True}])
    subscriber.wait(lambda s: readings(s, AGENT) and readings(s, ENTITIES), "the reading")
    answer = mqtt_gateway.tool("replay", "--from", "2000-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z", "-c", mqtt_gateway.config)
    assert answer.returncode == 0, answer
    subscriber.wait(lambda s: s.last("citygw/agent/271004/test-01/replay/parking/bay-1") and s.last(ENTITIES + "replay/parking/bay-1"), "replayed")
    assert json.loads(subscriber.last("citygw/agent/271004/test-01/replay/parking/bay-1").payload)["replay"] is True
    assert json.loads(subscriber.last(ENTITIES + "replay/parking/bay-1").payload)["replay"]["value"] is True
    assert len(readings(subscriber, AGENT)) == 1


def test_what_needs_the_citygw_format_says_so(mqtt_gateway, broker):
    configure(mqtt_gateway, broker.port)
    answer = mqtt_gateway.tool("verify", "-c", mqtt_gateway.config, "--seconds", "1")
    assert answer.returncode != 0 and "does not speak format = citygw" in answer.stderr, answer


def test_what_the_agent_must_be_told_is_json_that_a_shell_can_send(mqtt_gateway, broker, tmp_path):
    configure(mqtt_gateway, broker.port)
    plain = mqtt_gateway.tool("provision", "-c", mqtt_gateway.config, "--json")
    assert plain.returncode == 0, plain
    told = json.loads(plain.stdout)
    assert [(g["apikey"], g["entity_type"], g["resource"]) for g in told["services"]] == [
        ("bays", "ParkingSpot", "/iot/json"), ("general", "Device", "/iot/json")]
    devices = {d["device_id"]: d for d in told["devices"]}
    topics = {f"{AGENT}{d['apikey']}/{d['device_id']}/attrs" for d in told["devices"]}
    assert {t for t in topics if ":" not in t} == MEASURES
    assert {f"{AGENT}bays/zone:umeda-lot/attrs", f"{AGENT}general/alert:parking:bay-1/attrs", f"{AGENT}general/alert:gateway:disk/attrs"} <= topics
    assert len(topics) == 6 + 1 + 6 + 6  # sensors, a zone, the sensors' alerts, the gateway's
    assert all(d["transport"] == "MQTT" and d["payloadType"] == "iotagent" for d in told["devices"])
    statics = {a["name"]: a["value"] for a in devices["bay-1"]["static_attributes"]}
    assert statics == {"name": "梅田 ＂1番＂ （北）", "location": {"type": "Point", "coordinates": [135.4959, 34.7025]},
                       "category": ["offStreet"], "refParkingSite": "urn:ngsi-ld:OffStreetParking:271004:test-01:umeda-lot"}

    # A curl that only writes down what it was given.
    curl = tmp_path / "curl"
    curl.write_text(f'#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done >>{tmp_path}/words\ncat >>{tmp_path}/bodies\necho >>{tmp_path}/bodies\n')
    curl.chmod(0o755)
    script = mqtt_gateway.tool("provision", "-c", mqtt_gateway.config, "--service", "osaka", "--service-path", "/umeda", "--agent", "http://agent:4041")
    assert script.returncode == 0, script
    subprocess.run(["sh", "-e"], input=script.stdout, text=True, check=True, timeout=peers.WAIT,
                   env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    words = (tmp_path / "words").read_text().splitlines()
    assert "http://agent:4041/iot/services" in words and "http://agent:4041/iot/devices" in words
    assert words.count("fiware-service: osaka") == 2 and words.count("fiware-servicepath: /umeda") == 2
    decoder, text, bodies = json.JSONDecoder(), (tmp_path / "bodies").read_text(), []
    while text.strip():
        body, end = decoder.raw_decode(text.lstrip())
        bodies.append(body)
        text = text.lstrip()[end:]
    assert bodies == [{"services": told["services"]}, {"devices": told["devices"]}]


ORION = "\n[ngsi-ld:orion]\nurl = http://127.0.0.1:{port}\ntenant = osaka\nservice_path = /umeda\nstart = oldest\n"


def test_a_context_broker_gets_entities_and_the_cursor_moves_when_it_took_them(lone_gateway, context_broker):
    lone_gateway.configure(SENSORS + ORION.format(port=context_broker.server_port))
    assert lone_gateway.tool("check", lone_gateway.config).returncode == 0
    lone_gateway.start()
    connected(lone_gateway)
    post(lone_gateway, PACK)
    peers.wait_until(lambda: len(of_sensors(context_broker.entities.values())) == 6, "six entities")
    for entity in context_broker.entities.values():
        validate("ngsi-ld", entity)
    path, head = context_broker.heads[0]
    assert path == "/ngsi-ld/v1/entityOperations/upsert?options=update" and head["Content-Type"] == "application/ld+json"
    assert head["NGSILD-Tenant"] == "osaka" and head["Fiware-ServicePath"] == "/umeda"

    context_broker.down = True
    for i in range(20):
        post(lone_gateway, [{"n": "gate-1:people", "v": i}, {"n": "bay-1:occupied", "vb": i % 2 == 0}])
    lone_gateway.kill()
    context_broker.down = False
    lone_gateway.start()
    peers.wait_until(lambda: lone_gateway.api("status")["outlets"][0]["lag_readings"] == 0, "all delivered")
    seqs = [e["seq"]["value"] for batch in context_broker.upserts for e in batch if e["type"] == "ParkingSpot"]
    assert sorted(set(seqs)) == list(range(1, 22)) and seqs == sorted(seqs)
    assert context_broker.entities["urn:ngsi-ld:CrowdFlowObserved:271004:test-01:gate-1"]["peopleCount"]["value"] == 19
    answer = lone_gateway.tool("replay", "--from", "2000-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z", "-c", lone_gateway.config)
    assert answer.returncode == 1 and "nothing is sent to it again" in answer.stderr, answer


def test_an_entity_that_the_broker_refuses_takes_no_other_with_it(lone_gateway, context_broker):
    lone_gateway.configure(SENSORS + ORION.format(port=context_broker.server_port))
    context_broker.refuses = lambda entity: entity["type"] == "Alert"
    lone_gateway.start()
    connected(lone_gateway)
    post(lone_gateway, PACK)
    peers.wait_until(lambda: len(of_sensors(context_broker.entities.values())) == 5, "five entities")
    peers.wait_until(lambda: lone_gateway.api("status")["outlets"][0]["lag_readings"] == 0, "nothing is left")
    assert lone_gateway.metrics()['citygw_outlet_parked_total{outlet="orion"}'] == 1
    assert "refused the reading of van-1 with seq 1 (400" in lone_gateway.said()


@pytest.mark.parametrize("mqtt, wrong", [("format = iota-json", "apikey: this key is missing"),
                                         ("format = ngsi-ld\nbatch = always", "batch: this format has no batches")])
def test_what_a_format_cannot_do_is_told_before_the_start(mqtt_gateway, broker, mqtt, wrong):
    mqtt_gateway.configure(SENSORS, mqtt=mqtt)
    check = mqtt_gateway.tool("check", mqtt_gateway.config)
    assert check.returncode == 1 and f"[mqtt] {wrong}" in check.stdout, check
