"""Which engines run. Linux only, as the machines that test are."""

import os
from pathlib import Path


def engine_processes(parent: int | None = None, task: bytes = b"serve") -> list[int]:
    """Process numbers of the engines that *parent* (default: this process) started to do *task*."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            started_by = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended while we looked
            continue
        if command[1:4] == [b"-m", b"engine", task] and started_by == (parent or os.getpid()):
            found.append(int(entry.name))
    return found
