from __future__ import annotations

import pytest

from prefect.agent import process_ends
from prefect.agent.process_ends import MemoryKills, describe_end


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """The kernel's files; gives a function that writes one of them."""
    monkeypatch.setattr(process_ends, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(process_ends, "_OF_THIS_PROCESS", tmp_path / "self")
    monkeypatch.setattr(process_ends, "_OF_THE_MACHINE", tmp_path / "vmstat")

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return write


@pytest.mark.parametrize(
    ("exit_code", "text"),
    [
        (7, "ended with exit code 7"),
        (1, "ended with exit code 1"),
        (-9, "was killed by SIGKILL"),
        (-15, "was killed by SIGTERM"),
        (137, "was killed by SIGKILL (exit code 137)"),
        (255, "ended with exit code 255"),
        (-200, "ended with exit code -200"),
    ],
)
def test_the_end_is_told_in_words(exit_code, text):
    assert describe_end(exit_code) == f"The process of this flow run {text}"


VERSION_1 = ("9:memory:/runs\n3:cpu,cpuacct:/\n", "cgroup/memory/runs/memory.oom_control", "under_oom 0\noom_kill {}\n")
INSIDE = ("9:memory:/outside/abc\n", "cgroup/memory/memory.oom_control", "oom_kill_disable 0\noom_kill {}\n")
VERSION_2 = ("0::/runs\n", "cgroup/runs/memory.events", "low 0\noom 9\noom_kill {}\noom_group_kill 0\n")
HYBRID = ("0::/runs\n", "cgroup/unified/runs/memory.events", "oom_kill {}\n")


@pytest.mark.parametrize(
    ("group", "path", "text"), [VERSION_1, INSIDE, VERSION_2, HYBRID], ids=["1", "1 inside", "2", "hybrid"]
)
def test_a_kill_for_want_of_memory_in_the_group_is_told(kernel, group, path, text):
    kernel("self", group)
    kernel(path, text.format(2))
    kernel("vmstat", "nr_free_pages 5\noom_kill 10\n")
    kills = MemoryKills()
    assert describe_end(-9, kills).endswith("SIGKILL")

    kernel(path, text.format(3))
    kernel("vmstat", "nr_free_pages 5\noom_kill 11\n")

    assert describe_end(-9, kills).endswith("SIGKILL, because the memory ran out")
    assert describe_end(-15, kills).endswith("SIGTERM")


def test_a_kill_elsewhere_on_the_machine_is_told_as_possible(kernel):
    kernel("vmstat", "oom_kill 10\n")
    kills = MemoryKills()
    kernel("vmstat", "oom_kill 11\n")

    assert describe_end(-9, kills).endswith(", perhaps because the memory of the machine ran out")


def test_a_kernel_that_counts_nothing_is_no_error(kernel):
    assert describe_end(-9, MemoryKills()).endswith("SIGKILL")
