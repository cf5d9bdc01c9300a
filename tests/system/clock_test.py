# SPDX-License-Identifier: Apache-2.0
"""A wall clock that lies, stands in 1970, jumps, or is set late. The clock since boot goes on as ever."""
import calendar
import json
import time

import pytest

import coap
import conftest
import peers
import shims

DAY = 86400
Y2038 = 1 << 31
pytestmark = pytest.mark.skipif(not shims.can_fake_time(), reason="no fake time: libfaketime is not installed")


@pytest.fixture
def clock(mqtt_gateway, tmp_path):
    return shims.Clock(mqtt_gateway, tmp_path)


def at(moment):
    """The shift that makes it that moment now."""
    return moment - time.time()


def seconds(text):
    """Since 1970, of a time as a reading carries it."""
    base, _, fraction = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(base, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")


def post(gateway, number, **more):
    pack = json.dumps([{"n": "bay-0000:magnetic_x_ut", "v": number, **more}]).encode()
    answer = coap.once(gateway.coap_port, "readings", pack)
    assert answer.code == "2.04", answer


def readings(subscriber, count):
    """The first `count` readings of the bay in order of arrival, whatever comes twice left out."""
    def found(subscriber):
        by_seq = {}
        for _, reading in subscriber.readings():
            before = by_seq.setdefault(reading["seq"], reading)
            assert (before["time"], before["values"]) == (reading["time"], reading["values"]), "a stored time moved"
        return len(by_seq) >= count and list(by_seq.values())
    return subscriber.wait(found, f"{count} readings")


def about(text, moment, within=20):
    return abs(seconds(text) - moment) < within


def values(found):
    return [r["values"]["magnetic_x_ut"] for r in found]


def test_a_clock_in_1970_does_not_stop_anything(mqtt_gateway, clock, subscriber):
    clock.set(at(60))
    mqtt_gateway.configure(conftest.parking(1), mqtt="drain = in-order")
    mqtt_gateway.start()
    for number in range(5):
        post(mqtt_gateway, number)
    found = readings(subscriber, 5)
    assert values(found) == list(range(5)) and [r["seq"] for r in found] == [1, 2, 3, 4, 5]
    assert all(r["time"].startswith("1970-01-01") and r["time_quality"] == "estimated" for r in found)


@pytest.mark.parametrize("step", [DAY, -DAY], ids=["a day on", "a day back"])
def test_a_step_of_the_clock_moves_no_stored_time_and_stops_no_timeout(mqtt_gateway, clock, subscriber, broker, step):
    gate = mqtt_gateway.broker = peers.Gate(broker.port)
    clock.set(0, synchronised=True)
    mqtt_gateway.configure(conftest.parking(1), mqtt="drain = in-order", gateway="status_interval = 1 s")
    mqtt_gateway.start()
    post(mqtt_gateway, 0)
    readings(subscriber, 1)
    gate.shut()
    post(mqtt_gateway, 1)
    clock.set(step)
    post(mqtt_gateway, 2)
    gate.open()  # the back-off of the connection ends, and the backlog goes out in order
    found = readings(subscriber, 3)
    assert values(found) == [0, 1, 2] and [r["seq"] for r in found] == [1, 2, 3]
    assert [about(r["time"], time.time() + shift) for r, shift in zip(found, (0, 0, step))] == [True] * 3
    before = len([m for m in subscriber.messages if m.topic.endswith("/health")])
    subscriber.wait(lambda s: len([m for m in s.messages if m.topic.endswith("/health")]) > before, "health goes on")
    mqtt_gateway.kill()
    mqtt_gateway.start()
    post(mqtt_gateway, 3)
    assert values(readings(subscriber, 4)) == [0, 1, 2, 3]
    gate.shut()


def test_2038_is_a_second_like_any_other(mqtt_gateway, clock, subscriber):
    clock.set(at(Y2038) - 1, synchronised=True)
    mqtt_gateway.configure(conftest.parking(1), mqtt="drain = in-order", gateway="status_interval = 1 s")
    mqtt_gateway.start()
    number = 0

    def crossed():
        nonlocal number
        post(mqtt_gateway, number)
        number += 1
        return time.time() + clock.shift_s > Y2038 + 0.2
    peers.wait_until(crossed, "the year 2038 goes on")
    found = readings(subscriber, number)
    assert values(found) == list(range(number)) and [r["seq"] for r in found] == list(range(1, number + 1))
    times = [seconds(r["time"]) for r in found]
    assert times == sorted(times) and times[0] < Y2038 < times[-1] < Y2038 + 20
    subscriber.wait(lambda s: s.last("/health") and b"2038-01-19" in s.last("/health").payload, "health tells 2038")


@shims.needs("clock_wait")
def test_readings_wait_for_the_clock_and_are_corrected_once(mqtt_gateway, clock, subscriber):
    """Nothing goes out before the clock is set; then all of it, with the times that it really was."""
    clock.set(at(60))
    mqtt_gateway.configure(conftest.parking(1), gateway="clock_wait = 1 h")
    mqtt_gateway.start()
    sent = []
    for number in range(5):
        sent.append(time.time())
        post(mqtt_gateway, number)
    sensor_time = time.time() - 5
    post(mqtt_gateway, 5, bt=sensor_time)  # waits for nobody, though it comes last
    first = readings(subscriber, 1)[0]
    assert first["time_quality"] == "sensor" and about(first["time"], sensor_time, 0.01)
    mqtt_gateway.kill()  # a restart of the daemon is not one of the machine
    mqtt_gateway.start()
    assert len(readings(subscriber, 1)) == 1
    clock.set(0, synchronised=True)
    found = readings(subscriber, 6)
    assert sorted(values(found)) == [0, 1, 2, 3, 4, 5]
    corrected = [r for r in found if r["time_quality"] == "corrected"]
    assert values(corrected) == [0, 1, 2, 3, 4]
    assert all(about(r["time"], moment, 2) for r, moment in zip(corrected, sent))
    post(mqtt_gateway, 6)
    assert readings(subscriber, 7)[-1]["time_quality"] == "synced"
    assert len([r for _, r in subscriber.readings() if r["time_quality"] == "corrected"]) == 5


@shims.needs("clock_wait")
def test_without_clock_wait_readings_go_at_once_as_estimated_and_are_never_moved(mqtt_gateway, clock, subscriber):
    clock.set(at(60))
    mqtt_gateway.configure(conftest.parking(1), gateway="clock_wait = 0 s")
    mqtt_gateway.start()
    post(mqtt_gateway, 0)
    first = readings(subscriber, 1)[0]
    assert first["time_quality"] == "estimated" and first["time"].startswith("1970-01-01")
    clock.set(0, synchronised=True)
    post(mqtt_gateway, 1)
    second = readings(subscriber, 2)[1]
    assert second["time_quality"] == "synced" and about(second["time"], time.time())
    mqtt_gateway.kill()
    mqtt_gateway.start()
    post(mqtt_gateway, 2)
    readings(subscriber, 3)  # whatever came twice has the same times: readings() compares them


@shims.needs("report")
def test_yesterdays_account_is_published_after_midnight(mqtt_gateway, clock, subscriber, broker):
    clock.set(0, synchronised=True)
    mqtt_gateway.configure(conftest.parking(2))
    mqtt_gateway.start()
    for number in range(3):
        post(mqtt_gateway, number)
    readings(subscriber, 3)
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["lag_readings"] == 0, "no lag")
    clock.set(DAY)
    report = json.loads(subscriber.wait(lambda s: s.last("/report"), "yesterday's account").payload)
    bay, silent = report["sensors"]["bay-0000"], report["sensors"]["bay-0001"]
    assert (bay["first_seq"], bay["last_seq"], bay["committed"], bay["delivered"], bay["lost"]) == (1, 3, 3, {"mqtt": 3}, 0)
    assert silent["committed"] == 0 and mqtt_gateway.api("report") == report
    late = peers.Subscriber(broker.port, "+/+/+/+/report")
    assert json.loads(late.wait(lambda s: s.messages, "it is retained")[0].payload) == report
    late.close()
