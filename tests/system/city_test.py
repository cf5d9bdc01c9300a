# SPDX-License-Identifier: Apache-2.0
"""What readings mean to a city, from a sensor to a subscriber, a database and an urban OS: bays, zones, crowds, alerts, roads."""
import json
import math
import re
import time

import coap
import peers
import pytest
import shims
from conftest import Gateway
from context_broker import validate

BAY = "[sensor:bay-1]\nkind = parking\n{}\n"


def say(gateway, sensor, occupied):
    body = json.dumps([{"n": f"{sensor}:occupied", "vb": occupied}]).encode()
    assert coap.once(gateway.coap_port, "readings", body).code == "2.04"


def test_a_bay_has_a_state_and_tells_how_long_the_last_one_lasted(mqtt_gateway, subscriber):
    mqtt_gateway.configure(BAY.format(""))
    mqtt_gateway.start()
    for occupied in (False, True, True):
        say(mqtt_gateway, "bay-1", occupied)
    subscriber.wait(lambda s: len(s.readings()) == 3, "three readings")
    values = [r["values"] for _, r in subscriber.readings()]
    assert [v["state"] for v in values] == ["free", "occupied", "occupied"]
    assert ["duration_s" in v for v in values] == [False, True, False] and values[1]["duration_s"] >= 0


def test_with_report_changes_an_unchanged_state_is_acknowledged_and_not_sent(mqtt_gateway, subscriber):
    mqtt_gateway.configure(BAY.format("report = changes"))
    mqtt_gateway.start()
    for occupied in (True, True, True, False, False, True):
        say(mqtt_gateway, "bay-1", occupied)
    subscriber.wait(lambda s: len(s.readings()) == 3, "what changed")
    assert [(r["seq"], r["values"]["occupied"]) for _, r in subscriber.readings()] == [(1, True), (2, False), (3, True)]
    figures = mqtt_gateway.metrics()
    assert figures['citygw_readings_unchanged_total{source="coap"}'] == 3
    assert figures["citygw_readings_committed_total"] == 3


FORMATS = """
[mqtt:agent]
url = mqtt://127.0.0.1:{port}
start = oldest
topic_prefix = citygw/agent
format = iota-json
apikey = all
[mqtt:entities]
url = mqtt://127.0.0.1:{port}
start = oldest
topic_prefix = citygw/ld
format = ngsi-ld
[ngsi-ld:orion]
url = http://127.0.0.1:{orion}
start = oldest
"""
PLACES = """
[zone:lot]
kind = parking
category = offStreet
name = 梅田駐車場
latitude = 34.7
longitude = 135.5
bands = 0.5 1
[zone:plaza]
kind = crowd
area = 10 m2
hold = 0 s
[sensor:bay-1]
kind = parking
source = coap
zone = lot
[sensor:bay-2]
kind = parking
source = coap
zone = lot
[sensor:east]
kind = crowd
source = coap
zone = plaza
[sensor:west]
kind = crowd
source = coap
zone = plaza
stale_after = 0 s
[sensor:air]
kind = environment
source = coap
stale_after = 1 s
"""
TREE = "citygw/v1/271004/test-01/"


@pytest.fixture
def city(gateway, broker, context_broker):
    """A gateway that speaks to all that there is."""
    gateway.orion = context_broker
    gateway.configure(PLACES + FORMATS.format(port=broker.port, orion=context_broker.server_port))
    gateway.start()
    return gateway


def post(gateway, values):
    pack = [{"n": name, "vb" if isinstance(value, bool) else "v": value} for name, value in values.items()]
    assert coap.once(gateway.coap_port, "readings", json.dumps(pack).encode()).code == "2.04"


def below(subscriber, topic):
    """What came there, parsed; None for an empty one."""
    with subscriber.changed:
        return [json.loads(m.payload) if m.payload else None for m in subscriber.messages if m.topic == topic]


def kept(broker, topic):
    """What the broker has retained there."""
    late = peers.Subscriber(broker.port)
    late.client.publish("marker", b"all that is retained came before", qos=1)
    late.wait(lambda s: s.last("marker"), "what is retained")
    found = below(late, topic)
    late.close()
    return found


def test_a_car_park_counts_its_bays_in_every_format(city, broker, influx, subscriber):
    post(city, {"bay-2:occupied": False})
    post(city, {"bay-1:occupied": True})
    zone = TREE + "zone/lot"
    subscriber.wait(lambda s: any(z["values"]["occupied"] == 1 for z in below(s, zone)), "one is free")
    told = below(subscriber, zone)[-1]
    assert told["zone"] == "lot" and told["kind"] == "parking" and "sensor" not in told
    assert told["values"] == {"capacity": 2, "occupied": 1, "free": 1, "unknown": 0, "occupancy": 0.5, "band": 1, "fill": "free",
                              "out_of_service": 0, "silent": 0, "cause": "bay-1"}
    assert kept(broker, zone) == [told]
    seqs = [z["seq"] for z in below(subscriber, zone)]
    assert seqs == list(range(1, len(seqs) + 1))

    peers.wait_until(lambda: any(p["occupied"] == 1 for p in influx.points("zone")), "the zone's point")
    point = [p for p in influx.points("zone") if p["zone"] == "lot"][-1]
    assert (point["kind"], point["capacity"], point["occupied"], point["seq"]) == ("parking", 2, 1, told["seq"])
    subscriber.wait(lambda s: any(m["seq"] == told["seq"] for m in below(s, "/json/all/zone:lot/attrs")), "the measure")
    measure = below(subscriber, "/json/all/zone:lot/attrs")[-1]
    validate("iota-json", measure)
    assert measure["free"] == 1 and measure["kind"] == "parking" and "status" not in measure
    for entity in (below(subscriber, "citygw/ld/271004/test-01/zone/lot")[-1],
                   peers.wait_until(lambda: city.orion.entities.get("urn:ngsi-ld:OffStreetParking:271004:test-01:lot"), "the entity")):
        validate("ngsi-ld", entity)
        assert entity["type"] == "OffStreetParking" and entity["totalSpotNumber"]["value"] == 2 and entity["name"]["value"] == "梅田駐車場"


def test_a_crowd_that_is_too_dense_is_an_alert_until_it_is_not(city, broker, influx, subscriber):
    alert = TREE + "alert/crowd/plaza"
    post(city, {"east:people": 15, "west:people": 10})
    subscriber.wait(lambda s: below(s, alert), "a warning")
    post(city, {"east:people": 45})
    subscriber.wait(lambda s: len(below(s, alert)) == 2, "a critical one")
    first, second = below(subscriber, alert)
    assert first["values"]["level"] == "warning" and first["values"]["density_per_m2"] == 2.5 and first["values"]["active"]
    assert second["values"]["level"] == "critical" and second["values"]["condition"] == "density" and second["alert"] == "plaza"
    assert kept(broker, alert) == [second]
    subscriber.wait(lambda s: below(s, TREE + "zone/plaza")[-1]["values"]["people"] == 55, "the sum of both")
    assert below(subscriber, TREE + "zone/plaza")[-1]["values"]["los"] == "F"

    post(city, {"east:people": 1})
    subscriber.wait(lambda s: len(below(s, alert)) >= 4, "the end")
    assert below(subscriber, alert)[2] is None and below(subscriber, alert)[3]["values"] == {"active": False}
    assert not subscriber.last(alert).retain and below(subscriber, alert)[3]["seq"] == 3
    assert kept(broker, alert) == []

    peers.wait_until(lambda: len([p for p in influx.points("alert") if p["id"] == "plaza"]) == 3, "three points")
    points = [p for p in influx.points("alert") if p["id"] == "plaza"]
    assert [p["active"] for p in points] == [True, True, False] and points[1]["kind"] == "crowd" and points[1]["level"] == "critical"
    subscriber.wait(lambda s: len(below(s, "/json/all/alert:crowd:plaza/attrs")) == 3, "three measures")
    for measure in below(subscriber, "/json/all/alert:crowd:plaza/attrs"):
        validate("iota-json", measure)
    entities = [e for e in below(subscriber, "citygw/ld/271004/test-01/alert/crowd/plaza") if e]
    assert [e["seq"]["value"] for e in entities] == [1, 2, 3]
    for entity in entities + [peers.wait_until(lambda: city.orion.entities.get("urn:ngsi-ld:Alert:271004:test-01:crowd:plaza"), "the entity")]:
        validate("ngsi-ld", entity)
    assert entities[1]["subCategory"]["value"] == "crowdRisk" and entities[1]["severity"]["value"] == "critical"
    assert "validTo" in entities[2] and kept(broker, "citygw/ld/271004/test-01/alert/crowd/plaza") == []


def test_a_silent_sensor_is_an_alert_and_one_word_ends_it(city, broker, subscriber):
    alert = TREE + "alert/environment/air"
    post(city, {"air:temperature_c": 20.5})
    subscriber.wait(lambda s: below(s, alert), "it is stale")
    told = below(subscriber, alert)[0]
    assert told["kind"] == "environment" and told["alert"] == "air" and told["values"]["condition"] == "stale" and told["values"]["silent_s"] >= 1
    post(city, {"air:temperature_c": 20.6})
    subscriber.wait(lambda s: len(below(s, alert)) >= 3, "its end")
    assert below(subscriber, alert)[1] is None and below(subscriber, alert)[2]["values"] == {"active": False}


def test_an_alert_that_ends_while_the_broker_is_away_is_emptied_afterwards(gateway, broker, context_broker, subscriber):
    gate = gateway.broker = peers.Gate(broker.port)
    gateway.configure(PLACES)
    gateway.start()
    alert = TREE + "alert/crowd/plaza"
    post(gateway, {"east:people": 60})
    subscriber.wait(lambda s: below(s, alert), "an alert")
    gate.shut()
    peers.wait_until(lambda: not all(o["connected"] for o in gateway.api("status")["outlets"] if o["type"] == "mqtt"), "away")
    post(gateway, {"east:people": 1})
    gateway.kill()
    gateway.start()
    gate.open()
    subscriber.wait(lambda s: {"active": False} in [a["values"] for a in below(s, alert) if a], "its end")
    subscriber.wait(lambda s: None in below(s, alert), "emptied")
    assert kept(broker, alert) == []


def test_zones_and_alerts_are_the_same_after_a_restart(city, broker, subscriber):
    post(city, {"bay-1:occupied": True, "bay-2:occupied": True, "east:people": 60})
    subscriber.wait(lambda s: below(s, TREE + "alert/crowd/plaza") and any(z["values"]["free"] == 0 and z["values"]["unknown"] == 0 for z in below(s, TREE + "zone/lot")), "told")
    zone, alert = below(subscriber, TREE + "zone/lot")[-1], below(subscriber, TREE + "alert/crowd/plaza")[-1]
    city.kill()
    city.start()
    assert kept(broker, TREE + "alert/crowd/plaza")[0]["values"] == alert["values"]
    post(city, {"bay-1:occupied": False})
    subscriber.wait(lambda s: below(s, TREE + "zone/lot")[-1]["values"]["free"] == 1, "one is free")
    assert below(subscriber, TREE + "zone/lot")[-1]["values"]["occupied"] == zone["values"]["occupied"] - 1
    post(city, {"east:people": 1})
    subscriber.wait(lambda s: (below(s, TREE + "alert/crowd/plaza")[-1] or {}).get("values") == {"active": False}, "its end")
    assert kept(broker, TREE + "alert/crowd/plaza") == []
    seqs = [z["seq"] for z in below(subscriber, TREE + "alert/crowd/plaza") if z]
    assert sorted(set(seqs)) == list(range(1, max(seqs) + 1))


UNITS = """
[serial:unit-{0}]
device = {1}
codec = csv
columns = time ax ay az latitude longitude speed_mps
[sensor:van-{0}]
kind = bump
source = serial:unit-{0}
map.acceleration_x_mps2 = ax g
map.acceleration_y_mps2 = ay g
map.acceleration_z_mps2 = az g
private_area = 34.6990 135.5000 30 m
"""


def drive(seed):
    """Northward at 10 m/s and 100 Hz, through a private place, over one hole 300 m from the start."""
    lines = ["time,ax,ay,az,latitude,longitude,speed_mps"]
    for row in range(4500):
        time = row / 100
        noise = 0.01 * math.sin(row * 12.9898 + seed) + 0.008 * math.sin(row * 0.71 * (seed + 1))
        after = time - 30
        jolt = 0.9 * math.exp(-after / 0.12) * -math.sin(after * 2 * math.pi / 0.22) if after > 0 else 0
        lines.append(f"{time:.3f},0.01,-0.02,{1 + noise + jolt:.4f},{34.7 - 0.0010 + time * 10 / 111320:.7f},135.5000000,10.0")
    return "".join(line + "\n" for line in lines)


def test_a_hole_that_three_vehicles_felt_is_confirmed_and_the_road_has_its_roughness(gateway, broker, context_broker, influx, subscriber, tmp_path):
    units = [peers.Line(tmp_path / f"unit-{i}") for i in (1, 2, 3)]
    config = "".join(UNITS.format(i + 1, unit.path) for i, unit in enumerate(units))
    gateway.configure(config + FORMATS.format(port=broker.port, orion=context_broker.server_port))
    gateway.start()
    for i, unit in enumerate(units):
        unit.write(drive(i))
        subscriber.wait(lambda s: any("severity" in v["values"] for v in below(s, f"{TREE}bump/van-{i + 1}")), "the hole")
    jolts = [next(v for v in below(subscriber, f"{TREE}bump/van-{i}") if "severity" in v["values"]) for i in (1, 2, 3)]
    assert [j["values"]["passes"] for j in jolts] == [1, 2, 3]
    assert ["confirmed" in j["values"] for j in jolts] == [False, False, True]
    assert len({j["values"]["place"] for j in jolts}) == 1
    for jolt in jolts:
        values = jolt["values"]
        assert abs(values["latitude"] - (34.699 + 300 / 111320)) < 10 / 111320 and values["speed_mps"] == pytest.approx(10, abs=0.5)
        assert values["severity"] in (1, 2, 3) and re.match("[a-z-]+ zpeak=2.5 ", values["detector"])
    rough = [v for v in below(subscriber, f"{TREE}bump/van-1") if "roughness_mps2" in v["values"]]
    assert len(rough) >= 3 and all(abs(v["values"]["length_m"] - 100) < 15 for v in rough)
    # The depot, 30 m around: no position from there.
    with subscriber.changed:
        places = [float(x) for m in subscriber.messages for x in re.findall(r'"(?:start_)?latitude":(?:{[^}]*"value":)?([\d.]+)', m.payload.decode())]
    assert places and all(p > 34.699 + 29 / 111320 for p in places)
    assert kept(broker, f"{TREE}bump/van-1") == []

    last = f"urn:ngsi-ld:Alert:271004:test-01:van-3:{jolts[2]['epoch']}:{jolts[2]['seq']}"
    entity = peers.wait_until(lambda: context_broker.entities.get(last), "the entity")
    validate("ngsi-ld", entity)
    assert entity["subCategory"]["value"] == ("hazardOnRoad" if jolts[2]["values"]["shape"] == "hump" else "pothole")
    subscriber.wait(lambda s: any(m.get("confirmed") for m in below(s, "/json/all/van-3/attrs")), "the measure")
    for measure in below(subscriber, "/json/all/van-3/attrs"):
        validate("iota-json", measure)
    peers.wait_until(lambda: len([p for p in influx.points("bump") if p.get("severity")]) >= 3, "three points")
    for unit in units:
        unit.close()


def test_a_bump_that_three_devices_found_themselves_is_confirmed(mqtt_gateway, subscriber):
    mqtt_gateway.configure("".join(f"[sensor:cart-{i}]\nkind = bump\n" for i in (1, 2, 3)))
    mqtt_gateway.start()
    for i in (1, 2, 3):
        values = (("peak_mps2", 7), ("severity", 2), ("latitude", 34.7), ("longitude", 135.5), ("speed_mps", 10))
        body = json.dumps([{"n": f"cart-{i}:{name}", "v": value} for name, value in values]).encode()
        assert coap.once(mqtt_gateway.coap_port, "readings", body).code == "2.04"
    subscriber.wait(lambda s: len(s.readings()) == 3, "three bumps")
    values = [r["values"] for _, r in subscriber.readings()]
    assert [v["passes"] for v in values] == [1, 2, 3] and ["confirmed" in v for v in values] == [False, False, True]
    assert len({v["place"] for v in values}) == 1 and all(v["peak_mps2"] == 7 for v in values)


def test_another_gateway_of_the_same_name_is_an_alert(mqtt_gateway, broker, subscriber, tmp_path):
    mqtt_gateway.configure(BAY.format(""))
    mqtt_gateway.start()
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["connected"], "connected")
    (tmp_path / "copy").mkdir()
    copy = Gateway(tmp_path / "copy", broker)
    copy.configure(BAY.format(""), mqtt="client_id = copy")
    copy.start()
    try:
        subscriber.wait(lambda s: below(s, TREE + "alert/gateway/duplicate"), "the alert")
    finally:
        assert copy.stop() == 0
    told = below(subscriber, TREE + "alert/gateway/duplicate")[0]
    assert told["kind"] == "gateway" and told["alert"] == "duplicate" and told["values"]["level"] == "critical"


SIMULATED = """
[zone:lot]
kind = parking
latitude = 34.7
longitude = 135.5
[zone:plaza]
kind = crowd
area = 20 m2
hold = 0 s
[zone:road]
kind = traffic
""" + "".join(f"[sensor:{name}]\nkind = {kind}\nsource = coap\nzone = {zone}\n" for name, kind, zone in (
    ("bay-1", "parking", "lot"), ("bay-2", "parking", "lot"), ("east", "crowd", "plaza"), ("west", "crowd", "plaza"), ("loop-1", "traffic", "road"))) + """
[sensor:van-1]
kind = bump
source = coap
[sensor:air-1]
kind = environment
source = coap
[sensor:tank-1]
kind = generic
source = coap
"""
STREAMS = {"parking/bay-1", "crowd/east", "traffic/loop-1", "bump/van-1", "environment/air-1", "generic/tank-1", "zone/lot", "zone/plaza", "zone/road",
           "alert/crowd/plaza"}


@pytest.mark.skipif(not shims.can_fake_time(), reason="no fake time: libfaketime is not installed")
def test_what_is_simulated_arrives_everywhere_with_its_meaning(gateway, broker, context_broker, influx, subscriber, tmp_path):
    clock = shims.Clock(gateway, tmp_path)
    clock.set(0, synchronised=True)
    gateway.configure(SIMULATED + FORMATS.format(port=broker.port, orion=context_broker.server_port), coap="rate_limit = 1000/s")
    gateway.start()
    played = gateway.tool("simulate", "-c", gateway.config, "--count", "600", "--rate", "300/s", "--mixed", "--quiet")
    assert played.returncode == 0, played
    clock.set(90, synchronised=True)  # the minute is over
    trees = {"citygw/v1/271004/test-01/": lambda s: s, "citygw/ld/271004/test-01/": lambda s: s,
             "/json/all/": lambda s: f"{s.split('/')[-1] if s.split('/')[0] not in ('zone', 'alert') else s.replace('/', ':')}/attrs"}
    wanted = {tree + name(stream) for tree, name in trees.items() for stream in STREAMS}
    subscriber.wait(lambda s: wanted <= {m.topic for m in s.messages}, f"{wanted}")
    peers.wait_until(lambda: {p["measurement"] for p in influx.points()} >= {"parking", "crowd", "traffic", "bump", "environment", "generic", "zone", "alert"}, "all measurements")
    models = {"Device", "CrowdFlowObserved", "TrafficFlowObserved", "OnStreetParking", "Alert"}
    peers.wait_until(lambda: {e["type"] for e in context_broker.entities.values()} >= models, "all models")
    for entity in list(context_broker.entities.values()):
        validate("ngsi-ld", entity)
    road = below(subscriber, TREE + "zone/road")[-1]["values"]
    assert road["sensors"] == 1 and road["vehicles"] > 0 and 3 <= road["speed_mps"] <= 17


@pytest.mark.skipif(not shims.can_fake_time(), reason="no fake time: libfaketime is not installed")
@pytest.mark.parametrize("restart", [False, True])
def test_a_sensor_whose_clock_was_ahead_is_heard_at_once_when_it_is_right(mqtt_gateway, subscriber, tmp_path, restart):
    clock = shims.Clock(mqtt_gateway, tmp_path)
    clock.set(0, synchronised=True)
    mqtt_gateway.configure(PLACES)
    mqtt_gateway.start()
    ahead = [{"bver": 10, "bt": time.time() + 9 * 3600, "n": "bay-1:occupied", "vb": True}, {"n": "bay-2:occupied", "vb": True}]
    assert coap.once(mqtt_gateway.coap_port, "readings", json.dumps(ahead).encode()).code == "2.04"
    subscriber.wait(lambda s: any(z["values"]["occupied"] == 2 for z in below(s, TREE + "zone/lot")), "both are taken")
    if restart:
        mqtt_gateway.kill()
        mqtt_gateway.start()
    right = [{"bver": 10, "bt": time.time(), "n": "bay-1:occupied", "vb": False}, {"n": "bay-2:occupied", "vb": False}]
    assert coap.once(mqtt_gateway.coap_port, "readings", json.dumps(right).encode()).code == "2.04"
    subscriber.wait(lambda s: below(s, TREE + "zone/lot")[-1]["values"]["free"] == 2, "both are free")
    assert below(subscriber, TREE + "parking/bay-1")[-1]["values"]["state"] == "free"
    assert below(subscriber, TREE + "parking/bay-1")[0]["time"] > below(subscriber, TREE + "parking/bay-1")[-1]["time"]  # as they were told
