# SPDX-License-Identifier: Apache-2.0
"""kill -9 again and again: one buffer that meets many ends. CITYGW_KILL_ROUNDS=1000 for the long form."""
import os

import pytest

import oracle
import peers

ROUNDS = int(os.environ.get("CITYGW_KILL_ROUNDS", "20"))
RATE = int(os.environ.get("CITYGW_TEST_RATE", "400"))
IN_FLIGHT = 100


def one_life(gateway, load, rng):
    """From a start to a kill; one in ten dies before it is ready."""
    if rng.random() < 0.1:
        gateway.start(ready=False)
        oracle.moment(rng, 0.05)
    else:
        gateway.start()
        load.more_sent(rng.randrange(RATE // 10, RATE))
        oracle.moment(rng, 0.01)
    gateway.kill()


def kill_again_and_again(gateway, gate, load, rng, rounds):
    """The broker comes and goes between the kills."""
    here, away = True, 0
    for _ in range(rounds):
        if rng.random() < 0.3:
            here = not here
            (gate.open if here else gate.shut)()
        away += not here
        one_life(gateway, load, rng)
    if not here:
        gate.open()
    return away


@pytest.mark.parametrize("drain, share", [("live-first", 0.7), ("in-order", 0.3)])
def test_kill_9_again_and_again_loses_nothing_acknowledged(mqtt_gateway, broker, drain, share):
    rng, rounds = oracle.seeded(f"kill -9, {drain}"), round(ROUNDS * share)
    gate = mqtt_gateway.broker = peers.Gate(broker.port)
    sensors, recorder = oracle.Sensors(), oracle.Recorder(broker.port)
    mqtt_gateway.configure(sensors.sections(), mqtt=f"in_flight = {IN_FLIGHT}\ndrain = {drain}\nbacklog_rate = 100000/s",
                           buffer="commit_interval = 20 ms")
    with oracle.Load(mqtt_gateway.coap_port, sensors, RATE, window=1000) as load:
        away = kill_again_and_again(mqtt_gateway, gate, load, rng, rounds)
        mqtt_gateway.start()
    assert len(load.acknowledged) == load.sent, f"{load.refused} {len(load.unanswered)} unanswered"
    oracle.wait_for_all(load, recorder, 60)
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["lag_readings"] == 0, "no lag", 60)
    figures = oracle.judge(load, recorder, in_flight=IN_FLIGHT, ordered=drain == "in-order")
    recorder.close()
    gate.shut()
    print(f"figures: {rounds} kills ({away} with the broker away), {figures}")
