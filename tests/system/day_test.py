# SPDX-License-Identifier: Apache-2.0
"""A day of a city, told in order, shuffled, doubled, and with the power gone in the middle, ends in the same states, totals and zones."""
import json
import random
import time

import coap
import pytest

CITY = """
[zone:street]
kind = parking
bands = 0.5 0.85
[zone:tower]
kind = parking
capacity = 40
[zone:plaza]
kind = crowd
area = 50 m2
hold = 0 s
""" + "".join(f"[sensor:bay-{i}]\nkind = parking\nsource = coap\nzone = street\nstale_after = 0 s\nfrozen_after = 0 s\n" for i in range(12)) + """
[sensor:ramp-in]
kind = traffic
source = coap
zone = tower
counts = in
stale_after = 0 s
frozen_after = 0 s
[sensor:ramp-out]
kind = traffic
source = coap
zone = tower
counts = out
stale_after = 0 s
frozen_after = 0 s
[sensor:east]
kind = crowd
source = coap
zone = plaza
stale_after = 0 s
frozen_after = 0 s
[sensor:west]
kind = crowd
source = coap
zone = plaza
stale_after = 0 s
frozen_after = 0 s
"""
RAMPS = {"ramp-in": 65500, "ramp-out": 100}  # totals that were there before
PACK = 18


def day():
    """SenML records of a day that ended a minute ago, in order."""
    dice, end = random.Random(43), time.time() - 60
    records, totals, occupied = [], dict(RAMPS), {}
    for i in range(300):
        at = round(end - 85000 + i * 280 + dice.random() * 100, 3)  # of what is older than a day a sensor may have lost its clock
        bay = f"bay-{dice.randrange(12)}"
        occupied[bay] = not occupied.get(bay, False)
        records.append({"n": f"{bay}:occupied", "vb": occupied[bay], "t": at})
        inside = totals["ramp-in"] - RAMPS["ramp-in"] - totals["ramp-out"] + RAMPS["ramp-out"]
        ramp = "ramp-in" if inside < 2 or (inside < 38 and dice.random() < 0.55) else "ramp-out"
        totals[ramp] += 1
        records.append({"n": f"{ramp}:vehicles_total", "v": totals[ramp], "t": at + 1})
        records.append({"n": f"{dice.choice(['east', 'west'])}:people", "v": dice.randrange(120), "t": at + 2})
    # In the evening all is far from any limit: what a limit says near it depends on how it was come to.
    records += [{"n": f"bay-{i}:occupied", "vb": i < 3, "t": end + i} for i in range(12)]
    return records + [{"n": f"{side}:people", "v": 5, "t": end + 20} for side in ("east", "west")]


def expected(records):
    """The last word of each sensor and zone, reckoned from the records alone."""
    last, ramps = {}, {ramp: [r["v"] for r in records if r["n"].startswith(ramp)] for ramp in RAMPS}
    for record in records:
        sensor, quantity = record["n"].split(":")
        last[sensor] = {quantity: record.get("vb", record.get("v"))}
    bays = {f"parking/{s}": {**v, "state": "occupied" if v["occupied"] else "free"} for s, v in last.items() if s.startswith("bay")}
    inside = sum(sign * (max(ramps[ramp]) - min(ramps[ramp])) for ramp, sign in (("ramp-in", 1), ("ramp-out", -1)))
    zones = {"zone/street": {"capacity": 12, "occupied": 3, "free": 9, "unknown": 0, "occupancy": 0.25, "band": 0, "fill": "free"},
             "zone/tower": {"capacity": 40, "occupied": inside, "free": 40 - inside, "unknown": 0, "occupancy": inside / 40, "fill": "free", "drift": 0},
             "zone/plaza": {"people": 10, "density_per_m2": 0.2, "los": "A", "level": "normal"}}
    return {**bays, **{f"traffic/{ramp}": last[ramp] for ramp in RAMPS}, "crowd/east": {"people": 5}, "crowd/west": {"people": 5}, **zones}


def send(gateway, records):
    for first in range(0, len(records), PACK):
        body = json.dumps([{"bver": 10, **records[first]}, *records[first + 1:first + PACK]]).encode()
        answer = coap.once(gateway.coap_port, "readings", body)
        assert answer.code == "2.04", answer


class Told:
    """The newest reading of each sensor, by its own time, and the last of each zone."""

    def __init__(self):
        self.looked_at, self.newest = 0, {}

    def values(self, subscriber):
        for message in subscriber.messages[self.looked_at:]:  # each is parsed once
            if b'"seq"' in message.payload and "/alert/" not in message.topic:
                self.take(message.topic, json.loads(message.payload))
        self.looked_at = len(subscriber.messages)
        return {key: values for key, (_, values) in self.newest.items()}

    def take(self, topic, reading):
        order = (reading["seq"],) if "/zone/" in topic else (reading["time"], -reading["seq"])
        key = topic.split("/", 4)[4]
        if key not in self.newest or self.newest[key][0] < order:
            aside = ("cause", "duration_s", "silent", "out_of_service")
            self.newest[key] = order, {k: v for k, v in reading["values"].items() if k not in aside}


@pytest.mark.parametrize("how", ["in order", "shuffled", "doubled", "restarted", "shuffled, doubled and restarted"])
def test_a_day_is_the_same_however_it_comes(mqtt_gateway, subscriber, how):
    records = day()
    wanted = expected(records)
    dice = random.Random(how)
    if "doubled" in how:
        records = [again for record in records for again in (record, record)]
    if "shuffled" in how:
        dice.shuffle(records)
    mqtt_gateway.configure(CITY, coap="rate_limit = 10000/s", buffer="commit_interval = 0 s", mqtt="backlog_rate = 10000/s")
    mqtt_gateway.start()
    middle = len(records) // 2 if "restarted" in how else 0
    send(mqtt_gateway, records[:middle])
    if middle:
        mqtt_gateway.kill()
        mqtt_gateway.start()
    send(mqtt_gateway, records[middle:])
    told = Told()
    subscriber.wait(lambda s: told.values(s) == wanted, f"{wanted}")
