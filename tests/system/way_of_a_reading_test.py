# SPDX-License-Identifier: Apache-2.0
"""One reading, all the way: what a sensor says arrives at the broker and in InfluxDB, in the vocabulary's words."""
import json
import re
import subprocess

import cbor
import coap
import peers

SENSORS = """
[sensor:bay-0123]
kind = parking
source = coap
address = urn:dev:mac:0024befffe804ff1:
name = 梅田駅前 1番
latitude = 34.702500
longitude = 135.495900
[sensor:van-1]
kind = bump
source = coap
[sensor:gate-1]
kind = crowd
source = serial:kerb
[serial:kerb]
device = {line}
baud = 256000
codec = senml
"""


def start(gateway, tmp_path):
    """With the broker connected, so that what comes is live and not backlog."""
    line = peers.Line(tmp_path / "kerb")
    gateway.configure(SENSORS.format(line=line.path))
    gateway.start()
    peers.wait_until(lambda: next(o for o in gateway.api("status")["outlets"] if o["type"] == "mqtt")["connected"], "connected")
    return line


def test_a_json_pack_arrives_by_mqtt_and_in_influxdb(gateway, subscriber, influx, tmp_path):
    line = start(gateway, tmp_path)
    pack = [{"bn": "urn:dev:mac:0024befffe804ff1:", "bt": 1700000000, "n": "3431/0/1", "vb": True},
            {"n": "battery_v", "u": "mV", "bver": 10, "v": 3610}, {"n": "temperature_c", "u": "Cel", "v": 18.5}]
    answer = coap.once(gateway.coap_port, "readings", json.dumps(pack).encode())
    assert answer.code == "2.04", answer

    topic = "citygw/v1/271004/test-01/parking/bay-0123"
    subscriber.wait(lambda s: s.last(topic), "the reading")
    message = subscriber.last(topic)
    reading = json.loads(message.payload)
    epoch = reading.pop("epoch")
    assert re.fullmatch("[a-z0-9]{4}", epoch)
    assert reading == {"sensor": "bay-0123", "kind": "parking", "seq": 1, "time": "2023-11-14T22:13:20.000Z",
                       "time_quality": "sensor", "quality": "good",
                       "values": {"occupied": True, "battery_v": 3.61, "temperature_c": 18.5, "state": "occupied"}}
    assert message.qos == 1
    properties = message.properties
    assert properties.ContentType == "application/json"
    assert dict(properties.UserProperty) == {"epoch": epoch, "seq": "1", "gateway": "test-01"}

    def whole_point():  # InfluxDB shows a point's fields one by one while it writes them
        points = influx.points("parking")
        return points if points and None not in points[0].values() else None
    point, = peers.wait_until(whole_point, "the point")
    assert point["time"] == 1700000000000000
    assert {k: point[k] for k in ("municipality", "gateway", "sensor", "zone", "occupied", "battery_v", "epoch", "seq")} == {
        "municipality": "271004", "gateway": "test-01", "sensor": "bay-0123", "zone": "-", "occupied": True,
        "battery_v": 3.61, "epoch": epoch, "seq": 1}
    line.close()


def test_cbor_and_serial_arrive_too_and_states_are_retained(gateway, subscriber, broker, tmp_path):
    line = start(gateway, tmp_path)
    bump = cbor.senml([{"bn": "van-1:", "n": "peak_mps2", "u": "m/s2", "v": 7.25}, {"n": "speed_mps", "v": 8}])
    assert coap.once(gateway.coap_port, "readings", bump, coap.SENML_CBOR).code == "2.04"
    line.write('[{"bn":"gate-1/","n":"people","v":12},{"n":"in_total","v":345}]\r\n')
    subscriber.wait(lambda s: s.last("bump/van-1") and s.last("crowd/gate-1"), "both readings")
    assert json.loads(subscriber.last("bump/van-1").payload)["values"] == {"peak_mps2": 7.25, "speed_mps": 8}
    assert json.loads(subscriber.last("crowd/gate-1").payload)["values"] == {"people": 12, "in_total": 345}

    late = peers.Subscriber(broker.port)
    late.wait(lambda s: s.last("crowd/gate-1") and s.last("/health") and s.last("about/van-1"), "what is retained")
    assert late.last("crowd/gate-1").retain and not late.last("bump/van-1")
    late.close()
    line.close()


def test_one_sensor_by_path_with_libcoaps_own_client(gateway, subscriber, tmp_path):
    line = start(gateway, tmp_path)
    client = subprocess.run(["coap-client-notls", "-m", "post", "-t", "0", "-e", "true", "-v", "6",
                             f"coap://127.0.0.1:{gateway.coap_port}/readings/bay-0123"],
                            capture_output=True, text=True, timeout=peers.WAIT)
    assert "2.04" in client.stdout + client.stderr, client
    subscriber.wait(lambda s: s.last("parking/bay-0123"), "the reading")
    assert json.loads(subscriber.last("parking/bay-0123").payload)["values"] == {"occupied": True, "state": "occupied"}
    line.close()


def test_documents_are_retained_and_emptied_when_their_sensor_leaves(gateway, subscriber, broker, tmp_path):
    line = start(gateway, tmp_path)
    tree = "citygw/v1/271004/test-01/"
    subscriber.wait(lambda s: s.last("/status") and s.last("/info") and s.last("/health") and s.last("about/bay-0123"),
                    "the documents")
    status = json.loads(subscriber.last(tree + "status").payload)
    assert status["state"] == "online" and status["session"] and status["since"]
    info = json.loads(subscriber.last(tree + "info").payload)
    assert info["sensors"] == {"parking": 1, "bump": 1, "crowd": 1} and info["version"] and info["epoch"]
    about = json.loads(subscriber.last(tree + "about/bay-0123").payload)
    assert about["name"] == "梅田駅前 1番" and about["latitude"] == 34.7025

    assert coap.once(gateway.coap_port, "readings/bay-0123", b"true", coap.TEXT).code == "2.04"
    subscriber.wait(lambda s: s.last("parking/bay-0123"), "the reading")
    subscriber.wait(lambda s: b"occupied" in s.last("about/bay-0123").payload, "about with the quantity seen")
    gateway.stop()
    subscriber.wait(lambda s: json.loads(s.last(tree + "status").payload)["state"] == "stopped", "stopped")

    gateway.configure("[sensor:van-1]\nkind = bump\nsource = coap\n")
    gateway.start()
    subscriber.wait(lambda s: all(s.last(tree + t).payload == b"" for t in
                                  ("parking/bay-0123", "about/bay-0123", "about/gate-1")), "emptied topics")
    fresh = peers.Subscriber(broker.port)
    fresh.wait(lambda s: s.last("about/van-1"), "what is retained now")
    assert not fresh.last("bay-0123")
    fresh.close()
    line.close()


def test_a_dead_gateway_is_announced_by_its_will(mqtt_gateway, subscriber):
    mqtt_gateway.configure("[sensor:van-1]\nkind = bump\nsource = coap\n", mqtt="version = 3.1.1")
    mqtt_gateway.start()
    subscriber.wait(lambda s: s.last("/status"), "online")
    online = json.loads(subscriber.last("/status").payload)
    mqtt_gateway.kill()
    subscriber.wait(lambda s: json.loads(s.last("/status").payload)["state"] == "offline", "the will")
    assert json.loads(subscriber.last("/status").payload)["session"] == online["session"]
