# SPDX-License-Identifier: Apache-2.0
"""Power cuts: a machine dies under load, boots again, and everything it had acknowledged is there. CITYGW_POWER_CUTS=200."""
import os

import pytest

import machine
import oracle
import peers

CUTS = int(os.environ.get("CITYGW_POWER_CUTS", "3"))
RATE = 40
CURSOR_SYNC_S = 5 + 1  # and what the daemon needs to do it

CONFIG = """\
[gateway]
id = test-01
municipality = 271004
clock_wait = 0 s
[buffer]
path = /data/buffer
max_size = 40 MB
keep_delivered = 0 s
commit_interval = 20 ms
[mqtt]
url = mqtt://10.0.2.2:%d
start = oldest
[coap]
listen = 0.0.0.0:5683
allow_plain = yes
rate_limit = 100000/s
[http]
listen =
socket = /run/http.sock
"""


@pytest.fixture
def computer(tmp_path, broker):
    if machine.missing():
        pytest.skip(machine.missing())
    computer = machine.Machine(tmp_path, CONFIG % broker.port + oracle.Sensors().sections(), peers.free_port())
    yield computer
    if computer.process:
        computer.cut()


def one_life(computer, load, rng):
    """From a boot to a cut; one in five is long enough for the cursors to be synced."""
    computer.boot()
    load.more_acknowledged(rng.randrange(10, 300))
    oracle.moment(rng, 2 * CURSOR_SYNC_S if rng.random() < 0.2 else 0.1)
    computer.cut()


def catch_up(computer, load, recorder):
    """A life without a cut. A cursor has 64 ranges, and each life that ends with a backlog adds one: where there are more,
    some are joined, and what lies between comes again, however long ago it was sent."""
    computer.boot()
    load.rest()
    oracle.wait_for_all(load, recorder, 300)
    load.rate = RATE
    computer.cut()


def test_a_power_cut_loses_nothing_acknowledged(computer, broker):
    rng, recorder = oracle.seeded("power cuts"), oracle.Recorder(broker.port)
    with oracle.Load(computer.coap_port, oracle.Sensors(), RATE, patience=300, window=50) as load:
        for cut in range(CUTS):
            one_life(computer, load, rng)
            if cut % 20 == 19:
                catch_up(computer, load, recorder)
        computer.boot()
        load.more_acknowledged(100)
    assert not load.refused and not load.unanswered
    # Most lives end before the backlog of the one before is through: at the end much may wait.
    oracle.wait_for_all(load, recorder, 60 + len(load.acknowledged) / 50)
    figures = oracle.judge(load, recorder)
    oracle.check_repeats_are_recent(recorder.arrivals, CURSOR_SYNC_S)
    recorder.close()
    print(f"figures: {CUTS} power cuts, {figures}")
