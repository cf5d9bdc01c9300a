# SPDX-License-Identifier: Apache-2.0
"""What readings mean to a city, from a sensor to a subscriber: the state of a bay, and states that go out only when they change."""
import json

import coap

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
