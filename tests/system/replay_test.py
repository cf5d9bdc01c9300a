# SPDX-License-Identifier: Apache-2.0
"""Replays and commands over MQTT and HTTP, outlets that come and go, readings in batches."""
import json

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import coap
import conftest
import contract
import peers
import plaza
import shims

TREE = "citygw/v1/271004/test-01"
WIDE = {"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}


def post(gateway, *numbers, sensor="bay-0000"):
    for number in numbers:
        answer = coap.once(gateway.coap_port, "readings", json.dumps([{"n": f"{sensor}:magnetic_x_ut", "v": number}]).encode())
        assert answer.code == "2.04", answer


def found(subscriber, start):
    """The values that came below a topic, in order of arrival."""
    return [r["values"]["magnetic_x_ut"] for t, r in subscriber.readings() if t.startswith(start)]


def wait_for(subscriber, start, wanted):
    return subscriber.wait(lambda s: set(found(s, start)) >= set(wanted), f"{wanted} below {start}")


class Operator(peers.Subscriber):
    """Sends commands as a platform does, and reads the answers at a topic of its own."""

    def __init__(self, port):
        super().__init__(port, "operator/#")

    def _on_arrival(self, client, data, message):
        contract.note(message, f"{TREE}/reply/{message.topic.removeprefix('operator/')}")
        self._on_message(client, data, message)

    def send(self, verb, arguments, retain=False, tag=b""):
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = f"operator/{verb}"
        properties.CorrelationData = tag
        payload = json.dumps(arguments) if arguments is not None else ""
        self.client.publish(f"{TREE}/cmd/{verb}", payload, qos=1, retain=retain, properties=properties).wait_for_publish()

    def answers(self, tag):
        with self.changed:
            return [json.loads(m.payload) for m in self.messages if getattr(m.properties, "CorrelationData", None) == tag]

    def ask(self, verb, arguments, tag):
        self.send(verb, arguments, tag=tag)
        return self.wait(lambda s: s.answers(tag), f"an answer to {verb}")[0]


@pytest.fixture
def operator(broker):
    operator = Operator(broker.port)
    yield operator
    operator.close()


@shims.needs("replay")
def test_a_replay_by_mqtt_comes_under_its_own_topics_and_is_answered_where_it_was_asked(mqtt_gateway, subscriber, operator, broker):
    mqtt_gateway.configure(conftest.parking(2))
    mqtt_gateway.start()
    post(mqtt_gateway, 1, 2, 3)
    post(mqtt_gateway, 4, sensor="bay-0001")
    wait_for(subscriber, f"{TREE}/parking/", (1, 2, 3, 4))
    answer = operator.ask("replay", {**WIDE, "sensor": "bay-0000", "id": 17}, b"first")
    assert answer["ok"] and answer["id"] == 17 and answer["result"]["outlets"] == ["mqtt"]
    assert answer["result"]["readings_at_most"] >= 3
    wait_for(subscriber, f"{TREE}/replay/parking/bay-0000", (1, 2, 3))
    assert operator.ask("ping", {}, b"later")["ok"]
    assert not found(subscriber, f"{TREE}/replay/parking/bay-0001")
    before, again = ({r["seq"]: r for t, r in subscriber.readings() if t == f"{TREE}/{way}bay-0000"}
                     for way in ("parking/", "replay/parking/"))
    for seq, reading in again.items():
        assert reading.pop("replay") is True
        before[seq].pop("backlog", None)
        assert reading == before[seq]
    late = peers.Subscriber(broker.port, f"{TREE}/#")
    late.wait(lambda s: s.last("/bay-0000"), "what is retained")
    late.close()
    assert not [m for m in late.messages if "/replay/" in m.topic]


@shims.needs("replay")
def test_zones_and_alerts_are_replayed_by_their_names(mqtt_gateway, subscriber, operator):
    mqtt_gateway.configure(plaza.SECTIONS)
    mqtt_gateway.start()
    plaza.fill(mqtt_gateway, subscriber)
    plaza.empty(mqtt_gateway, subscriber)
    for name in ("zone/lot", plaza.ALERT):
        answer = operator.ask("replay", {**WIDE, "sensor": name}, name.encode())
        assert answer["ok"], answer
        subscriber.wait(lambda s: set(plaza.of(s, f"replay/{name}")) >= set(plaza.of(s, name)), f"{name} again")
    tool = mqtt_gateway.tool("replay", "--from", WIDE["from"], "--to", WIDE["to"], "--sensor", "zone/plaza", "--socket", mqtt_gateway.socket)
    assert tool.returncode == 0, tool.stderr
    subscriber.wait(lambda s: set(plaza.of(s, "replay/zone/plaza")) >= set(plaza.of(s, "zone/plaza")), "the square again")
    again = {t for t, r in plaza.everything(subscriber) if r.get("replay")}
    assert again == {f"{TREE}/replay/{name}" for name in ("zone/lot", plaza.ALERT, "zone/plaza")}
    assert not [m for m in subscriber.messages if m.retain]
    assert len([m for m in subscriber.messages if m.topic.endswith(plaza.ALERT) and not m.payload]) == 1  # emptied once, by its end
    seqs = operator.ask("replay", {"from_seq": 2, "to_seq": 2, "sensor": plaza.ALERT}, b"seqs")
    assert seqs["ok"], seqs
    assert operator.ask("replay", {**WIDE, "sensor": "zone/nowhere"}, b"none")["ok"] is False


@shims.needs("replay")
@pytest.mark.rubbish("cmd/replay")
def test_a_retained_command_is_ignored_and_a_wrong_one_is_told_why(mqtt_gateway, subscriber, operator):
    mqtt_gateway.configure(conftest.parking(1))
    operator.send("replay", WIDE, retain=True, tag=b"retained")
    mqtt_gateway.start()
    post(mqtt_gateway, 1)
    wait_for(subscriber, f"{TREE}/parking/", (1,))
    wrong = operator.ask("replay", {"from": "yesterday", "to": "today"}, b"wrong")
    assert wrong["ok"] is False and wrong["message"]
    assert operator.ask("nonsense", {}, b"unknown")["ok"] is False
    assert not operator.answers(b"retained") and not found(subscriber, f"{TREE}/replay/")


@shims.needs("replay")
def test_a_replay_by_http_needs_the_header(mqtt_gateway, subscriber):
    mqtt_gateway.configure(conftest.parking(1))
    mqtt_gateway.start()
    post(mqtt_gateway, 1, 2)
    wait_for(subscriber, f"{TREE}/parking/", (1, 2))
    body = json.dumps(WIDE)
    status, _ = mqtt_gateway.get("/api/v1/replay", "POST", {"Content-Type": "application/json"}, body)
    assert status == 403
    status, answer = mqtt_gateway.get("/api/v1/replay", "POST", {"X-Requested-With": "citygw"}, body)
    assert status == 200 and json.loads(answer)["outlets"] == ["mqtt"], answer
    wait_for(subscriber, f"{TREE}/replay/parking/", (1, 2))


def second(broker, name, start):
    return f"[mqtt:{name}]\nurl = mqtt://127.0.0.1:{broker.port}\ntopic_prefix = {name}\nstart = {start}\nbacklog_rate = 10000/s\n"


def test_a_new_outlet_begins_now_or_with_the_oldest_and_a_broker_is_migrated_by_running_two(mqtt_gateway, subscriber, broker):
    mqtt_gateway.configure(conftest.parking(1))
    mqtt_gateway.start()
    post(mqtt_gateway, 1, 2)
    wait_for(subscriber, "citygw/", (1, 2))
    assert mqtt_gateway.stop() == 0
    mqtt_gateway.configure(second(broker, "old", "oldest") + second(broker, "fresh", "now") + conftest.parking(1))
    mqtt_gateway.start()
    post(mqtt_gateway, 3)
    for start, wanted in (("citygw/", (3,)), ("old/", (1, 2, 3)), ("fresh/", (3,))):
        wait_for(subscriber, start, wanted)
    assert mqtt_gateway.stop() == 0
    text = mqtt_gateway.config.read_text()
    mqtt_gateway.config.write_text(text[:text.index("[mqtt]")] + text[text.index("[coap]"):])  # the first one leaves
    mqtt_gateway.start()
    post(mqtt_gateway, 4)
    for start in ("old/", "fresh/"):
        wait_for(subscriber, start, (4,))
    assert 4 not in found(subscriber, "citygw/")
    assert sorted(set(found(subscriber, "fresh/"))) == [3, 4] and sorted(set(found(subscriber, "old/"))) == [1, 2, 3, 4]


@shims.needs("batch")
def test_in_batches_every_reading_is_an_element_and_each_state_is_still_retained(mqtt_gateway, subscriber, broker):
    mqtt_gateway.configure(conftest.parking(20), mqtt="batch = always")
    mqtt_gateway.start()
    for number in range(40):
        post(mqtt_gateway, number, sensor=f"bay-{number % 20:04d}")

    def elements(subscriber):
        with subscriber.changed:
            batches = [m for m in subscriber.messages if m.topic == f"{TREE}/batch"]
        assert all(not m.retain and len(m.payload) <= 256 << 10 for m in batches)
        got = [r for m in batches for r in json.loads(m.payload)]
        return len({(r["sensor"], r["seq"]) for r in got}) == 40 and got
    got = subscriber.wait(elements, "40 readings in batches")
    assert sorted({r["values"]["magnetic_x_ut"] for r in got}) == list(range(40))
    subscriber.wait(lambda s: {r["seq"] for t, r in s.readings() if t == f"{TREE}/parking/bay-0019"} >= {2}, "its last state")
    late = peers.Subscriber(broker.port, f"{TREE}/parking/+")
    late.wait(lambda s: len({m.topic for m in s.messages}) == 20, "every state is retained")
    late.close()
