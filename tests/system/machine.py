# SPDX-License-Identifier: Apache-2.0
"""A small computer whose power can be cut: QEMU in software, Debian's cloud kernel, busybox, the daemon and its libraries.

It reaches this machine's loopback at 10.0.2.2, and its CoAP port is forwarded from one here. Its disk is the only thing
that outlives a cut.
"""
import pathlib
import re
import shutil
import signal
import subprocess
import textwrap

import peers
from conftest import BUILD, ROOT

QEMU = "qemu-system-x86_64"
# In the order in which they need each other.
MODULES = ("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk", "failover",
           "net_failover", "virtio_net")

INIT = textwrap.dedent("""\
    #!/bin/busybox sh
    busybox mount -t proc proc /proc; busybox mount -t sysfs sys /sys; busybox mount -t devtmpfs dev /dev
    for module in /modules/*.ko; do busybox insmod $module; done
    busybox ip link set lo up
    busybox ip addr add 10.0.2.15/24 dev eth0; busybox ip link set eth0 up; busybox ip route add default via 10.0.2.2
    busybox mount -t ext4 /dev/vda /data || echo MOUNT FAILED
    exec citygwd -c /citygw.ini
    """)


def missing():
    """Why no machine can be made here; None when one can."""
    if not shutil.which(QEMU) or not pathlib.Path("/bin/busybox").exists():
        return "no power cuts: qemu-system-x86 and busybox-static are not installed"
    return None if kernel() else "no power cuts: there is no kernel under build/kernel (scripts/test fetches it)"


def kernel():
    return next((ROOT / "build/kernel").glob("boot/vmlinuz-*"), None)


def _modules():
    found = {path.stem: path for path in (ROOT / "build/kernel").rglob("*.ko")}
    return [found[name] for name in MODULES]


def _libraries(program):
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", linked)


def initramfs(folder, config):
    """Everything but the disk; made once for all boots."""
    root = folder / "root"
    for name in ("bin", "proc", "sys", "dev", "data", "modules", "run", "tmp"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    shutil.copy(BUILD / "citygwd", root / "bin/citygwd")
    for library in _libraries(BUILD / "citygwd"):
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library[1:])
    for number, module in enumerate(_modules()):
        shutil.copy(module, root / f"modules/{number:02d}.ko")
    (root / "citygw.ini").write_text(config)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    image = folder / "initramfs"
    with open(image, "wb") as out:
        names = subprocess.run(["find", "."], cwd=root, capture_output=True, check=True).stdout
        subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], cwd=root, input=names, stdout=out,
                       stderr=subprocess.DEVNULL, check=True)
    shutil.rmtree(root)
    return image


def disk(folder, size_mb=64):
    image = folder / "disk"
    with open(image, "wb") as file:
        file.truncate(size_mb << 20)
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
    return image


class Machine:
    def __init__(self, folder, config, coap_port):
        self.console, self.coap_port = folder / "console", coap_port
        self.argv = [QEMU, "-machine", "q35", "-accel", "tcg", "-cpu", "qemu64", "-m", "256", "-nographic", "-no-reboot", "-nodefaults",
                     "-serial", "stdio", "-kernel", str(kernel()), "-initrd", str(initramfs(folder, config)),
                     "-append", "console=ttyS0 panic=-1 quiet edd=off mitigations=off nokaslr rdinit=/init",
                     "-drive", f"file={disk(folder)},if=virtio,format=raw,cache=writeback",
                     "-netdev", f"user,id=net,hostfwd=udp:127.0.0.1:{coap_port}-:5683",
                     "-device", "virtio-net-pci,netdev=net,romfile="]
        self.process = None

    def said(self):
        return self.console.read_text(errors="replace") if self.console.exists() else ""

    def boot(self):
        before = len(self.said())
        self.process = peers.Process(self.argv, self.console)
        self.process.wait_ready(lambda: "ready:" in self.said()[before:], "boot", 60)

    def cut(self):
        """Power is gone."""
        self.process.end(signal.SIGKILL)
