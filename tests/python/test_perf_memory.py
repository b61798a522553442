"""`swallow perf`: how it measures memory."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from swallow.perf import memory, process

HERE = sys.executable

SMAPS = b"""\
55d0c0000000-55d0c0001000 r--p 00000000 fe:00 1234 /usr/bin/python3.11
Size:                  4 kB
Pss:                   2 kB
Pss_Dirty:             1 kB
Shared_Clean:          4 kB
Private_Clean:         8 kB
Private_Dirty:        16 kB
7f0000000000-7f0000001000 rw-p 00000000 00:00 0 Private_Clean: 99 kB
Pss:                  30 kB
Private_Clean:         0 kB
Private_Dirty:       100 kB
Private_Hugetlb:    2048 kB
"""

MAPS = """\
55d0c0000000-55d0c0001000 r--p 00000000 fe:00 1234                       /usr/bin/python3.11
7f0000000000-7f0000010000 r-xp 00000000 00:01 {}                       /memfd:swallow-code (deleted)
7f0000010000-7f0000020000 r--p 00010000 00:01 {}                       /memfd:swallow-code (deleted)
"""


def test_smaps():
    assert memory.parse(SMAPS) == (8 + 16 + 100 + 2048, 2 + 30)
    assert memory.parse(b"") == (0, 0)


def test_the_kernels_sum_is_that_of_all_mappings():
    with subprocess.Popen([HERE, "-c", "print(flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        for _ in range(20):
            # What it shares with others becomes its own when they end.
            time.sleep(0.05)
            with open(f"/proc/{child.pid}/smaps", "rb") as smaps:
                private, pss = memory.parse(smaps.read())
            found = memory.usage(child.pid)
            if found[0] == private:
                break
        child.stdin.close()
    assert private > 1000 and found[0] == private
    # It rounds once for each mapping.
    assert pss <= found[1] + 1 and found[1] <= pss + 200
    assert memory.usage(child.pid) is None


def test_arenas():
    assert memory.arenas(MAPS.format(7, 8).encode()) == {(b"00:01", b"7"), (b"00:01", b"8")}


def test_the_helper_is_told_by_its_memory(monkeypatch):
    processes = {10: "old", 11: memory.HELPER}
    maps = {11: "1", 20: "5", 21: "6", 22: "5"}
    monkeypatch.setattr(memory.psutil, "pids", lambda: list(processes))
    monkeypatch.setattr(memory.psutil, "Process", lambda pid: SimpleNamespace(name=lambda: processes[pid]))
    monkeypatch.setattr(memory, "_read", lambda pid, name: MAPS.format(maps[pid], maps[pid]).encode() if pid in maps else b"")
    helpers = memory.Helpers()
    processes |= {20: "python"}
    helpers.pid = 20
    # Another program's, and ours, which for a moment has the name of the program.
    processes |= {21: memory.HELPER, 22: "python", 23: "make"}
    assert helpers.look() == set()
    processes[22] = memory.HELPER
    assert helpers.look() == {22}
    for _ in range(memory.LOOKS):
        helpers.look()
    assert 23 in helpers.strangers and helpers.look() == {22}
    del processes[22]
    assert helpers.look() == set()


def test_steady_state():
    usage = memory.Usage(seconds=[0.0, 0.5, 1.5, 1.8], length=2.0)
    # In the second half: 20 for 0.5 s, 30 for 0.3 s, 10 for 0.2 s.
    assert usage.steady([1000, 20, 30, 10]) == pytest.approx(21.0)
    assert memory.Usage(seconds=[0.0], length=0.0).steady([5]) == 5


def test_sampling_the_jit(python):
    """The code generator is found, though it is nobody's child."""
    program = """
def f(n):
    x = 0.5
    for i in range(n):
        x = x * 0.5 + i
    return x
for _ in range(2000):
    f(20)
import time
time.sleep(0.4)
"""
    sampler = memory.Sampler()
    process.run([python, "-Xjit=whenhot", "-X", "jit-wait", "-c", program], process.environment(), 60, sampler)
    usage = sampler.usage
    assert len(usage.seconds) >= 10 and max(usage.private) > 1000
    assert max(usage.helper_private) > 1000 and max(usage.with_helper()) > max(usage.private)
    assert max(usage.pss_with_helper()) > max(usage.pss) > max(usage.private)
