# SPDX-License-Identifier: Apache-2.0
"""Libraries preloaded into the daemon: a disk that fails or hangs, a clock that lies."""
import ctypes
import fcntl
import glob
import mmap
import os
import pathlib
import re
import subprocess

import pytest

import peers
from conftest import BUILD

HERE = pathlib.Path(__file__).resolve().parent


def build(name, folder):
    library = folder / f"{name}.so"
    if not library.exists():
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, HERE / f"{name}.c", "-ldl"], check=True)
    return library


def preload(gateway, *libraries):
    """Sanitizers want their own library first."""
    linked = subprocess.run(["ldd", BUILD / "citygwd"], capture_output=True, text=True).stdout
    first = re.findall(r"=> (\S*lib[at]san\S*)", linked)
    before = gateway.env.get("LD_PRELOAD", "").split()
    gateway.env["LD_PRELOAD"] = " ".join(dict.fromkeys([*first, *before, *map(str, libraries)]))


class _Control(ctypes.Structure):
    _fields_ = [("calls", ctypes.c_uint64), ("first", ctypes.c_uint64), ("last", ctypes.c_uint64),
                ("failed", ctypes.c_uint64), ("error", ctypes.c_int64), ("names", ctypes.c_char * 4000)]


class FailingDisk:
    """The switches of fail_disk.c. Calls are counted from 1; `fail(n, count, error)` begins at the n-th from now on."""

    def __init__(self, gateway, folder):
        path = folder / "fail_disk.control"
        path.write_bytes(bytes(ctypes.sizeof(_Control)))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), ctypes.sizeof(_Control))
        self.control = _Control.from_buffer(self.page)
        preload(gateway, build("fail_disk", folder))
        gateway.env.update(FAIL_DISK_CONTROL=str(path), FAIL_DISK_FOLDER=f"{gateway.folder}/buffer")

    def fail(self, after, count, error):
        self.control.error = error
        self.control.first = self.control.calls + after
        self.control.last = min(self.control.first + count, 1 << 63)

    def heal(self):
        self.control.last = 0

    def called(self, number):
        return chr(self.page[_Control.names.offset + number]) if number < 4000 else "?"


class HangingDisk:
    """The lock of hold_sync.c: no sync ends while it is held."""

    def __init__(self, gateway, folder):
        self.file = open(folder / "hold_sync.lock", "w")
        preload(gateway, build("hold_sync", folder))
        gateway.env["HOLD_SYNC"] = self.file.name

    def hang(self):
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def go_on(self):
        fcntl.flock(self.file, fcntl.LOCK_UN)


class Clock:
    """Wall time shifted by libfaketime, and the kernel's word for whether it is synchronised. Both may change at run."""

    def __init__(self, gateway, folder, shift_s=0, synchronised=False):
        self.shift_file, self.word_file = folder / "faketime", folder / "synchronised"
        self.set(shift_s, synchronised)
        library, = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        preload(gateway, library, build("fake_sync", folder))
        gateway.env.update(FAKETIME_TIMESTAMP_FILE=str(self.shift_file), FAKETIME_NO_CACHE="1", DONT_FAKE_MONOTONIC="1",
                           FAKETIME_FORCE_MONOTONIC_FIX="0",  # or it meddles with waits by the monotonic clock
                           FAKE_SYNC=str(self.word_file))

    def set(self, shift_s=None, synchronised=None):
        """The time first, then the word, as a time service does it. Files change by renaming: never half."""
        if shift_s is not None:
            self.shift_s = shift_s
            self._write(self.shift_file, f"{shift_s:+.6f}")
        if synchronised is not None:
            self._write(self.word_file, "1" if synchronised else "0")

    @staticmethod
    def _write(path, text):
        fresh = path.with_suffix(".new")
        fresh.write_text(text)
        os.replace(fresh, path)


def can_fake_time():
    return bool(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))


# What the proofs of a feature wait for: the key that `citygw keys` calls "not built yet" until it is there.
FEATURES = {"clock_wait": ("gateway", "clock_wait"), "lanes": ("mqtt", "drain"), "ledger": ("mqtt", "drain"),
            "replay": ("mqtt", "drain"), "report": ("mqtt", "drain"), "batch": ("mqtt", "batch")}


def has_feature(name):
    """Whether this build has it. CITYGW_FEATURES=name,name (or all) says so against the key."""
    told = os.environ.get("CITYGW_FEATURES", "").split(",")
    if name in told or "all" in told:
        return True
    section, key = FEATURES[name]
    lines = subprocess.run([BUILD / "citygw", "keys", section], capture_output=True, text=True,
                           env={**os.environ, "LC_ALL": "C"}, timeout=peers.WAIT).stdout.splitlines()
    index = next(i for i, line in enumerate(lines) if line.split()[:1] == [key])
    return "(not built yet)" not in lines[index + 1]


def needs(name):
    """For the tests of a feature: skipped, with a word, by a build without it."""
    return pytest.mark.skipif(not has_feature(name), reason=f"this build has no {name} yet")
