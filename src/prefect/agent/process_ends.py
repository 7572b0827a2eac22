"""How a process ended, in words; whether the memory ran out is what the kernel has counted meanwhile."""

from __future__ import annotations

import signal
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OF_THIS_PROCESS = Path("/proc/self/cgroup")
_OF_THE_MACHINE = Path("/proc/vmstat")


class MemoryKills:
    """Whether the kernel has ended a process for want of memory since this was made, as far as can be seen."""

    def __init__(self) -> None:
        self._in_group = _count_in_group()
        self._on_machine = _count(_OF_THE_MACHINE)

    def describe(self) -> str:
        """Give the end of a sentence about a process that was killed; empty when there was nothing of the kind."""
        if _count_in_group() > self._in_group:
            return ", because the memory ran out"
        if _count(_OF_THE_MACHINE) > self._on_machine:
            return ", perhaps because the memory of the machine ran out"
        return ""


def describe_end(exit_code: int, kills: MemoryKills | None = None) -> str:
    """Say how the process of a flow run ended.

    Args:
        exit_code: negative: the number of the signal that ended it; a shell or an engine adds 128 to that.
        kills: what was counted since the process began.
    """
    number = -exit_code if exit_code < 0 else exit_code - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"The process of this flow run ended with exit code {exit_code}"
    memory = kills.describe() if kills is not None and number == signal.SIGKILL else ""
    code = f" (exit code {exit_code})" if exit_code > 0 else ""
    return f"The process of this flow run was killed by {name}{code}{memory}"


def _count_in_group() -> int:
    return max((_count(path) for path in _group_files()), default=0)


def _group_files() -> list[Path]:
    """Give where the kills of this process's control group are counted, by either version of them."""
    try:
        lines = _OF_THIS_PROCESS.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        inner = path.lstrip("/")
        if not controllers:
            found += [_CGROUPS / inner / "memory.events", _CGROUPS / "unified" / inner / "memory.events"]
        elif "memory" in controllers.split(","):
            # Inside a container the path may be one of the machine outside.
            found += [_CGROUPS / "memory" / part / "memory.oom_control" for part in (inner, "")]
    return found


def _count(path: Path) -> int:
    try:
        for line in path.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value)
    except (OSError, ValueError):
        pass
    return 0
