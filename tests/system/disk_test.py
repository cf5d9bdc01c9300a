# SPDX-License-Identifier: Apache-2.0
"""The disk under the daemon fails: one call once, or every call from there on. CITYGW_DISK_STRIDE=1 for every call."""
import errno
import os

import pytest

import conftest
import oracle
import peers
import shims

STRIDE = int(os.environ.get("CITYGW_DISK_STRIDE", "0"))  # 0: a few calls, spread evenly from a random first one
RATE, PACKS = 500, 40
EVER = 1 << 62
# Refusing: a full disk then never drops what was not delivered. Small segments, so that many are made and removed.
BUFFER = "max_size = 4 MB\nkeep_delivered = 0 s\ncommit_interval = 5 ms\nwhen_full = refuse"


class Script:
    """Two lives under one failure: kill -9 between them, an orderly stop after the disk is well again."""

    def __init__(self, folder, broker, name):
        self.folder = folder / name
        self.folder.mkdir()
        self.gateway = conftest.Gateway(self.folder, broker)
        self.disk = shims.FailingDisk(self.gateway, self.folder)
        self.sensors = oracle.Sensors(bays=40, vans=4, width=30)  # packs that fill a segment in time
        self.recorder = oracle.Recorder(broker.port, f"{name}/#")
        self.gateway.configure(self.sensors.sections(), mqtt=f"topic_prefix = {name}\nbacklog_rate = 20000/s",
                               buffer=BUFFER)
        self.refused_starts = 0

    def start(self):
        """A daemon that cannot write may refuse to start, with a word; a supervisor starts it again."""
        said = len(self.gateway.said())
        self.gateway.start(ready=False)
        peers.wait_until(lambda: not self.gateway.running() or "ready:" in self.gateway.said()[said:], "start")
        if not self.gateway.running():
            assert self.gateway.process.process.returncode == 1, self.gateway.said()
            assert "buffer" in self.gateway.said()[said:]
            self.refused_starts += 1
            self.disk.heal()
            self.gateway.start()

    def life(self, load):
        self.start()
        load.more_sent(PACKS)

    def run(self, after, count, error):
        self.disk.fail(after, count, error)
        with oracle.Load(self.gateway.coap_port, self.sensors, RATE, patience=15.0, window=100) as load:
            self.life(load)
            assert self.gateway.running(), self.gateway.said()
            self.gateway.kill()
            self.life(load)
            peers.wait_until(lambda: self.disk.control.failed or count == 0, "the call that fails")
            self.disk.heal()
            load.more_acknowledged(5)
        assert self.gateway.stop() == 0, self.gateway.said()
        self.gateway.start()
        oracle.wait_for_all(load, self.recorder)
        figures = oracle.judge(load, self.recorder)
        assert self.gateway.stop() == 0
        self.recorder.close()
        conftest.no_findings(self.gateway)
        return figures


def places(calls, few):
    """Which calls to fail: every STRIDE-th, or a few from a random first one."""
    stride = STRIDE or max(1, calls // few)
    first = 1 if STRIDE == 1 else oracle.seeded("failing disk").randrange(1, stride + 1)
    return range(first, calls + 1, stride)


@pytest.mark.parametrize("count, few", [(1, 5), (EVER, 4)], ids=["once", "for ever"])
def test_whichever_call_to_the_disk_fails_nothing_acknowledged_is_lost(tmp_path, broker, count, few):
    healthy = Script(tmp_path, broker, "healthy")
    healthy.run(1, 0, 0)
    calls, failed = healthy.disk.control.calls, 0
    for place in places(calls, few):
        script = Script(tmp_path, broker, f"call-{place}")
        figures = script.run(place, count, (errno.EIO, errno.ENOSPC)[place % 2])
        failed += script.disk.control.failed
        print(f"call {place} ({script.disk.called(place)}): {script.disk.control.failed} failed, "
              f"{script.refused_starts} starts refused, {figures}")
    print(f"figures: {len(places(calls, few))} of {calls} calls, {failed} failures, nothing acknowledged lost")


@pytest.mark.parametrize("error, code", [(errno.EIO, "5.00"), (errno.ENOSPC, "5.03"), (errno.EROFS, "5.00")],
                         ids=["EIO", "ENOSPC", "EROFS"])
def test_sensors_are_refused_while_nothing_can_be_stored_and_served_again_after(tmp_path, broker, error, code):
    script = Script(tmp_path, broker, "refused")
    script.gateway.start()
    with oracle.Load(script.gateway.coap_port, script.sensors, 50) as load:
        load.more_acknowledged(5)
        script.disk.fail(1, EVER, error)
        load.wait(lambda load: load.refused[code], f"refused with {code}")
        assert script.gateway.running() and script.gateway.api("status")["buffer"]["failing"]
        script.disk.heal()
        load.more_acknowledged(5)
    assert set(load.refused) == {code} and not load.unanswered
    oracle.wait_for_all(load, script.recorder)
    figures = oracle.judge(load, script.recorder)
    text = script.gateway.said()
    assert text.count("buffer: readings cannot be stored") == 1 and text.count("buffer: readings can be stored again") == 1
    assert script.gateway.stop() == 0
    script.recorder.close()
    print(f"figures: {sum(load.refused.values())} refused, {figures}")
