# SPDX-License-Identifier: Apache-2.0
"""What may befall the buffer's folder: a full disk, a read-only one, two daemons, removed, damaged and foreign files."""
import os
import shutil
import subprocess

import pytest

import conftest
import oracle
import peers

SENSORS = oracle.Sensors(bays=40, vans=4, width=4, heavy=True)
BUFFER = "max_size = 4 MB\ncommit_interval = 5 ms"  # its segments are small
LOST = 'citygw_readings_lost_total{reason="%s"}'


class Mount:
    """A file system of its own for the buffer."""

    def __init__(self, folder):
        self.folder = folder

    def mount(self, *how):
        self.folder.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *how, str(self.folder)], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"cannot mount here (needs root): {done.stderr.strip()}")

    def end(self):
        if os.path.ismount(self.folder):
            subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def mounted(tmp_path):
    mount = Mount(tmp_path / "buffer")
    yield mount
    mount.end()


def make(folder, broker, buffer=BUFFER):
    gateway = conftest.Gateway(folder, broker)
    gateway.configure(SENSORS.sections(), mqtt=f"topic_prefix = {folder.name}\nbacklog_rate = 20000/s", buffer=buffer)
    return gateway


@pytest.fixture
def daemon(mounted):
    """Makes daemons, and leaves none behind (and only then the file system goes)."""
    made = []

    def make_one(*args):
        made.append(make(*args))
        return made[-1]
    yield make_one
    for gateway in made:
        if gateway.running():
            gateway.kill()


def drained(gateway):
    return peers.wait_until(lambda: gateway.api("status")["outlets"][0]["lag_readings"] == 0, "no lag")


def end(gateway):
    assert gateway.stop() == 0, gateway.said()
    conftest.no_findings(gateway)


class Nobody:
    """A broker that is not there."""

    def __init__(self):
        self.port = peers.free_port()


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A buffer of four segments; every reading in it was acknowledged, none was sent. And its load."""
    folder = tmp_path_factory.mktemp("filled")
    gateway = make(folder, Nobody())
    gateway.start()
    with oracle.Load(gateway.coap_port, SENSORS, 1000) as load:
        peers.wait_until(lambda: len(segments(folder)) >= 4, "four segments")
        # Only a later commit proves that an earlier one had been synced: what is spoiled is to have some behind it.
        begun = gateway.api("buffer")["commits"]
        peers.wait_until(lambda: gateway.api("buffer")["commits"] >= begun + 20, "twenty commits")
        load.more_acknowledged(20)
    gateway.kill()
    assert len(load.acknowledged) == load.sent
    return folder, load


@pytest.fixture
def copy(tmp_path, filled):
    folder = tmp_path / "city"
    shutil.copytree(filled[0] / "buffer", folder / "buffer")
    return folder


def segments(folder):
    return sorted((folder / "buffer").glob("*.seg"))


def spoil(path, share=0.4, size=64):
    """Other bytes in the middle of a file."""
    with open(path, "r+b") as file:
        file.seek(int(used(path) * share))
        file.write(os.urandom(size))


def used(path):
    """Up to its last byte that is not zero: the segment in use is made larger than what is in it."""
    return len(path.read_bytes().rstrip(b"\0"))


def wipe(*paths):
    for path in paths:
        path.write_bytes(os.urandom(path.stat().st_size))


def foreign_files(folder):
    (folder / "000000000999.seg").write_bytes(os.urandom(5000))
    (folder / "x.seg").write_bytes(b"no segment")
    (folder / "notes.txt").write_text("keep out")
    (folder / "checkpoint.7").mkdir()


def no_files(folder):
    (folder / "000000000995.seg").mkdir()
    os.mkfifo(folder / "000000000996.seg")
    os.symlink("/dev/zero", folder / "000000000997.seg")


# Nothing behind the last segment tells which sensors a loss in it hit, so that more may be counted as a precaution.
AT_LEAST = "at least"

# What happens to the folder, what the log says of it, and whether readings are lost by it.
DAMAGES = {
    "first segment": (lambda f: spoil(segments(f)[0]), "is damaged:", True),
    "middle segment": (lambda f: spoil(segments(f)[2]), "is damaged:", True),
    "last segment": (lambda f: spoil(segments(f)[-1]), "is damaged:", AT_LEAST),
    "first segment, whole": (lambda f: wipe(segments(f)[0]), "000000000001.seg cannot be read", True),
    "middle segment, whole": (lambda f: wipe(segments(f)[2]), "cannot be read", True),
    "middle segment, gone": (lambda f: segments(f)[2].unlink(), "readings cannot be read", True),
    "header of a segment": (lambda f: spoil(segments(f)[1], 0), "the header of", False),
    "one checkpoint": (lambda f: spoil(f / "buffer/checkpoint.0"), "checkpoint.0 cannot be read", False),
    "both checkpoints": (lambda f: wipe(f / "buffer/checkpoint.0", f / "buffer/checkpoint.1"), "cannot be read", False),
    "no checkpoint": (lambda f: [p.unlink() for p in (f / "buffer").glob("checkpoint.?")], "the checkpoints are missing", False),
    "cursors": (lambda f: wipe(f / "buffer/cursors"), "cursors cannot be read", False),
    "no cursors": (lambda f: (f / "buffer/cursors").unlink(), "how far mqtt had come is not known any more", False),
    "foreign files": (lambda f: foreign_files(f / "buffer"), "", False),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damage_costs_no_more_than_it_hit_and_what_it_cost_is_counted(what, copy, filled, broker, daemon):
    damage, says, costs = DAMAGES[what]
    damage(copy)
    load, recorder, gateway = filled[1], oracle.Recorder(broker.port, "city/#"), daemon(copy, broker)
    gateway.start()
    drained(gateway)
    counted = gateway.metrics()[LOST % "damage"]
    oracle.wait_for_all(load, recorder, but=counted)
    oracle.judge(load, recorder, counted=counted)
    missing = len(oracle.missing(load, recorder.arrivals))
    assert (missing > 0) == bool(costs) and (missing <= counted if costs == AT_LEAST else missing == counted)
    assert says in gateway.said(), gateway.said()
    with oracle.Load(gateway.coap_port, SENSORS, 200) as later:
        later.more_acknowledged(10)
    end(gateway)
    recorder.close()
    print(f"figures: {what}: {missing} of {sum(len(SENSORS.of(n)) for n in load.acknowledged)} readings lost, {counted:.0f} counted")


def test_what_is_no_file_at_all_is_set_aside_and_the_rest_is_sent(copy, filled, broker, daemon):
    no_files(copy / "buffer")
    load, recorder, gateway = filled[1], oracle.Recorder(broker.port, "city/#"), daemon(copy, broker)
    gateway.start()
    oracle.wait_for_all(load, recorder)
    oracle.judge(load, recorder)
    assert "000000000995.seg cannot be read; it was set aside" in gateway.said(), gateway.said()
    assert not [path for path in segments(copy) if path.name.startswith("00000000099")]
    with oracle.Load(gateway.coap_port, SENSORS, 200) as later:
        later.more_acknowledged(10)
    drained(gateway)
    end(gateway)
    recorder.close()


def test_without_cursors_everything_kept_is_sent_again(copy, filled, broker, daemon):
    load, recorder, gateway = filled[1], oracle.Recorder(broker.port, "city/#"), daemon(copy, broker)
    for _ in range(2):
        recorder.arrivals.clear()
        gateway.start()
        oracle.wait_for_all(load, recorder)
        drained(gateway)
        end(gateway)
        oracle.judge(load, recorder)
        wipe(copy / "buffer/cursors")
    recorder.close()


def test_a_second_daemon_on_one_folder_is_refused_by_name(copy, tmp_path, broker, daemon):
    gateway, other = daemon(copy, broker), conftest.Gateway(tmp_path, broker)
    gateway.start()
    other.configure(SENSORS.sections())
    other.config.write_text(other.config.read_text().replace(f"path = {tmp_path}/buffer", f"path = {copy}/buffer"))
    other.start(ready=False)
    assert other.process.process.wait(peers.WAIT) == 1
    assert f"is in use by process {gateway.process.process.pid}" in other.said(), other.said()
    end(gateway)


def test_a_removed_folder_is_made_anew_and_what_went_with_it_is_counted(tmp_path, broker, daemon):
    gate = peers.Gate(broker.port)
    gate.shut()
    gateway, recorder = daemon(tmp_path, gate), oracle.Recorder(broker.port)
    gateway.start()
    with oracle.Load(gateway.coap_port, SENSORS, 200) as load:
        load.more_acknowledged(20)
        shutil.rmtree(tmp_path / "buffer")
        load.more_acknowledged(40)  # at 20 clients, some were sent after it
        peers.wait_until(lambda: "somebody removed" in gateway.said(), "a line about it")
    gate.open()
    counted = peers.wait_until(lambda: gateway.metrics()[LOST % "damage"], "counted")
    drained(gateway)
    oracle.wait_for_all(load, recorder, but=counted)
    figures = oracle.judge(load, recorder, counted=counted)
    assert gateway.said().count("somebody removed") == 1 and figures["readings"] > 0
    assert not load.refused and not load.unanswered
    end(gateway)
    gate.shut()
    recorder.close()


def fill_up(path):
    """Until the last byte."""
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def test_on_a_full_disk_the_oldest_makes_room_and_is_counted(mounted, tmp_path, broker, daemon):
    mounted.mount("-t", "tmpfs", "-o", "size=600k", "citygw-test")
    gate = peers.Gate(broker.port)
    gate.shut()
    gateway, recorder = daemon(tmp_path, gate), oracle.Recorder(broker.port)
    gateway.start()
    with oracle.Load(gateway.coap_port, SENSORS, 500) as load:
        counted = peers.wait_until(lambda: gateway.metrics()[LOST % "full"], "the oldest goes")
        load.more_acknowledged(100)
    assert not load.refused and not load.unanswered
    gate.open()
    drained(gateway)
    counted = gateway.metrics()[LOST % "full"]
    oracle.wait_for_all(load, recorder, but=counted)
    figures = oracle.judge(load, recorder, counted=counted)
    assert figures["lost"] == counted
    end(gateway)
    gate.shut()
    recorder.close()
    print(f"figures: {figures}")


def test_a_disk_that_others_fill_refuses_sensors_until_there_is_room(mounted, tmp_path, broker, daemon):
    mounted.mount("-t", "tmpfs", "-o", "size=600k", "citygw-test")
    gateway, recorder = daemon(tmp_path, broker, BUFFER + "\nwhen_full = refuse"), oracle.Recorder(broker.port)
    gateway.start()
    with oracle.Load(gateway.coap_port, SENSORS, 200) as load:
        load.more_acknowledged(5)
        fill_up(tmp_path / "buffer/filler")
        load.wait(lambda load: load.refused["5.03"], "refused")
        os.unlink(tmp_path / "buffer/filler")
        load.more_acknowledged(5)
    assert set(load.refused) == {"5.03"} and not load.unanswered
    oracle.wait_for_all(load, recorder)
    oracle.judge(load, recorder)
    end(gateway)
    recorder.close()


def test_a_full_disk_does_not_keep_it_from_starting(mounted, copy, filled, tmp_path, broker, daemon):
    needed = sum(path.stat().st_size for path in (copy / "buffer").iterdir())
    mounted.mount("-t", "tmpfs", "-o", f"size={needed + (1 << 19)}", "citygw-test")
    shutil.copytree(copy / "buffer", tmp_path / "buffer", dirs_exist_ok=True)
    fill_up(tmp_path / "buffer/filler")
    load, recorder, gateway = filled[1], oracle.Recorder(broker.port), daemon(tmp_path, broker)
    gateway.start()
    oracle.wait_for_all(load, recorder)
    oracle.judge(load, recorder)
    end(gateway)
    recorder.close()


def test_a_file_system_that_turns_read_only_loses_nothing_acknowledged(mounted, tmp_path, broker, daemon):
    """As ext4 does when a card gives errors. After a repair (a new mount) everything is there.

    The load rests meanwhile: ext4 was seen to call a write into preallocated space synced in the moment in which its
    journal is given up (Linux 6.18, 1 of 10 tries of a program of a dozen lines); no program can know that."""
    image = tmp_path / "image"
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
    mounted.mount("-o", "loop", str(image))
    gateway, recorder = daemon(tmp_path, broker), oracle.Recorder(broker.port)
    gateway.start()
    with oracle.Load(gateway.coap_port, SENSORS, 200) as load:
        load.more_acknowledged(20)
        load.rest()
        subprocess.run(["mount", "-o", "remount,abort", str(mounted.folder)], check=True)
        load.rate = 200
        load.wait(lambda load: load.refused["5.00"], "refused")
        assert "buffer: readings cannot be stored (" in gateway.said(), gateway.said()
        gateway.kill()
        gateway.start(ready=False)
        assert gateway.process.process.wait(peers.WAIT) == 1 and "cannot write into the buffer's folder" in gateway.said()
        mounted.end()
        mounted.mount("-o", "loop", str(image))
        gateway.start()
        load.more_acknowledged(5)
    oracle.wait_for_all(load, recorder)
    oracle.judge(load, recorder)
    end(gateway)
    recorder.close()
