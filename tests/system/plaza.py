# SPDX-License-Identifier: Apache-2.0
"""A car park of two bays and a square that fills with people: what makes zones and an alert."""
import json

import coap

SECTIONS = """[zone:lot]
kind = parking
capacity = 2
name = 梅田駐車場
[zone:plaza]
kind = crowd
area = 10 m2
limits = 1 2 4
hold = 0 s
[sensor:bay-1]
kind = parking
zone = lot
[sensor:eye]
kind = crowd
zone = plaza
"""
ALERT = "alert/crowd/plaza"


def say(gateway, name, **value):
    """One value: say(gateway, "eye:people", v=30)."""
    assert coap.once(gateway.coap_port, "readings", json.dumps([{"n": name, **value}]).encode()).code == "2.04"


def everything(subscriber):
    """All readings as (topic, object), also of zones and alerts."""
    with subscriber.changed:
        return [(m.topic, json.loads(m.payload)) for m in subscriber.messages if b'"seq"' in m.payload]


def of(subscriber, below):
    """The readings at a topic below the gateway's tree, each once, by their numbers."""
    return {r["seq"]: r for t, r in everything(subscriber) if t == f"citygw/v1/271004/test-01/{below}"}


def fill(gateway, subscriber):
    """The bay is taken; people come, so many that there is an alert. 25 on 10 m2 are dense."""
    say(gateway, "bay-1:occupied", vb=True)
    say(gateway, "eye:people", v=25)
    subscriber.wait(lambda s: of(s, ALERT) and of(s, "zone/plaza") and of(s, "zone/lot"), "zones and the alert")


def empty(gateway, subscriber):
    """They go, so that it ends."""
    say(gateway, "eye:people", v=5)
    subscriber.wait(lambda s: any(not r["values"]["active"] for r in of(s, ALERT).values()), "the alert's end")
    subscriber.wait(lambda s: any(r["values"].get("people") == 5 for r in of(s, "zone/plaza").values()), "the zone's news")
