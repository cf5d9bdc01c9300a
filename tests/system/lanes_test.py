# SPDX-License-Identifier: Apache-2.0
"""Live first: new readings go out at once while a backlog drains beside them. CITYGW_BACKLOG=200000 for the long form."""
import json
import os
import pathlib
import subprocess
import sys

import oracle
import peers
import shims

BACKLOG = int(os.environ.get("CITYGW_BACKLOG", "8000"))  # readings
PROBE = "bay-9999"
WITHIN_S = 1.0
SENSORS = oracle.Sensors(bays=40, vans=4, width=30)
SECTIONS = SENSORS.sections() + f"[sensor:{PROBE}]\nkind = parking\nsource = coap\n"
pytestmark = shims.needs("lanes")


def is_behind(gateway):
    return gateway.api("status")["outlets"][0]["lag_readings"] > 100


def wait_connected(gateway, connected):
    peers.wait_until(lambda: gateway.api("status")["outlets"][0]["connected"] == connected, f"connected: {connected}")


class Probe:
    """Posts single readings, and says how long each took to its subscriber (probe.py)."""

    def __init__(self, gateway, port):
        self.took = []
        self.process = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("probe.py"), str(gateway.coap_port),
                                         str(port), PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.took.append(answer["took"])
        assert not answer["backlog"]

    def close(self):
        self.process.communicate(timeout=peers.WAIT)
        assert self.process.returncode == 0


def pile_up(load, readings):
    packs = readings // 30
    load.wait(lambda load: len(load.acknowledged) >= packs, f"{packs} packs acknowledged", 60 + readings / 1000)


def others(recorder):
    return [a for a in recorder.arrivals if a.sensor != PROBE]


def test_a_new_reading_is_there_within_a_second_while_a_backlog_drains(mqtt_gateway, broker):
    gate = mqtt_gateway.broker = peers.Gate(broker.port)
    gate.shut()
    recorder, probe = oracle.Recorder(broker.port), Probe(mqtt_gateway, broker.port)
    mqtt_gateway.configure(SECTIONS, mqtt=f"backlog_rate = {max(BACKLOG // 20, 2000)}/s", buffer="commit_interval = 5 ms")
    mqtt_gateway.start()
    with oracle.Load(mqtt_gateway.coap_port, SENSORS, 2000, window=200) as load:
        pile_up(load, BACKLOG)
    gate.open()
    wait_connected(mqtt_gateway, True)
    told = []
    while is_behind(mqtt_gateway):
        probe.go()
        told.append(mqtt_gateway.api("status")["outlets"][0]["drained_in_s"])
    print(f"figures: {len(probe.took)} new readings meanwhile, median {sorted(probe.took)[len(probe.took) // 2] * 1e3:.1f} ms, "
          f"worst {max(probe.took) * 1e3:.0f} ms")
    assert len(probe.took) >= 3 and max(probe.took) < WITHIN_S, probe.took
    assert any(seconds and 0 < seconds < 60 for seconds in told), "nobody was told when the backlog will have drained"
    oracle.wait_for_all(load, recorder, 60 + BACKLOG / 1000)  # the subscriber here is slower than the broker
    probes = [a for a in recorder.arrivals if a.sensor == PROBE]
    figures = oracle.judge(load, recorder, others(recorder))
    late = [a for a in others(recorder) if a.marked]
    assert len({a[:3] for a in late}) == figures["readings"] and len(probes) >= len(probe.took)
    assert len([a for a in late if a.retained]) <= SENSORS.bays, "backlog is retained beyond one state a sensor"
    probe.close()
    recorder.close()
    gate.shut()
    print(f"figures: backlog {figures['readings']}, {figures}")


def test_what_is_pending_survives_an_outage_within_an_outage_and_a_kill(mqtt_gateway, broker):
    gate = mqtt_gateway.broker = peers.Gate(broker.port)
    gate.shut()
    recorder, probe = oracle.Recorder(broker.port), Probe(mqtt_gateway, broker.port)
    mqtt_gateway.configure(SECTIONS, mqtt="backlog_rate = 2000/s\nin_flight = 100", buffer="commit_interval = 5 ms")
    mqtt_gateway.start()
    with oracle.Load(mqtt_gateway.coap_port, SENSORS, 1000, window=200) as load:
        pile_up(load, 3000)
        load.rate = 10
        for how in ("outage", "kill"):
            gate.open()
            wait_connected(mqtt_gateway, True)  # what is committed before is backlog
            seen = len(recorder.arrivals)
            recorder.wait(lambda r: len(r.arrivals) > seen + 500, "some of the backlog")
            probe.go()
            gate.shut()
            if how == "kill":
                mqtt_gateway.kill()
                mqtt_gateway.start()
            wait_connected(mqtt_gateway, False)
            load.more_acknowledged(5)
        gate.open()
    oracle.wait_for_all(load, recorder, 60)
    peers.wait_until(lambda: mqtt_gateway.api("status")["outlets"][0]["lag_readings"] == 0, "no lag")
    figures = oracle.judge(load, recorder, others(recorder), in_flight=100)
    assert max(probe.took) < WITHIN_S
    probe.close()
    recorder.close()
    gate.shut()
    print(f"figures: {figures}, new readings within {max(probe.took) * 1e3:.0f} ms")
