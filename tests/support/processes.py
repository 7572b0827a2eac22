"""Processes that tests start: each ends with the test, or with the fixture, that started it.

A test that leaves one fails, whether or not it passed otherwise, and what it left is ended, so that no innocent later
test meets it. A process is known by a mark in its environment, which what it starts inherits, or by its parent. Needs
``/proc``; elsewhere nobody looks.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

STOP_SECONDS = 15.0
# So long what has been told to end may take.
LEAVE_SECONDS = 10.0
MARK = "PROCTOR_TEST_SESSION"
PLACE = "PROCTOR_TEST_PLACE"
PROC = Path("/proc")
# What Python keeps for itself until the interpreter ends.
PYTHONS_OWN = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


def end(process: subprocess.Popen[Any], by: signal.Signals = signal.SIGTERM, seconds: float = STOP_SECONDS) -> int:
    """End a process by a signal, if it runs; gives its exit code.

    Raises:
        AssertionError: it did not end in time; it was killed.
    """
    try:
        if process.poll() is None:
            process.send_signal(by)
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"did not stop within {seconds:.0f} s of {by.name}: {process.args!r}") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def end_group(process: subprocess.Popen[Any], by: signal.Signals = signal.SIGTERM) -> int:
    """End a process that leads a group (``start_new_session=True``), and kill what then is left of the group.

    Raises:
        AssertionError: it did not end in time; the group was killed.
    """
    try:
        return end(process, by)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def marked(folder: Path) -> dict[str, str]:
    """Give the environment variable by which ``end_marked`` knows what works in a folder, and what that starts."""
    return {PLACE: str(folder)}


def end_marked(folder: Path) -> None:
    """Kill what was started for a folder and is left: the runs of an agent lead groups of their own, and outlive it."""
    variable = f"{PLACE}={folder}".encode()
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and variable in _environment_of(int(entry.name)):
            with suppress(ProcessLookupError):
                os.kill(int(entry.name), signal.SIGKILL)


class Watch:
    """Knows the processes that belong to this session, and which of them may outlive a test."""

    def __init__(self, mark: str) -> None:
        self._mark = f"{MARK}={mark}".encode()
        self._ours: set[int] = set()
        self._foreign: set[int] = set()
        self._kept: set[int] = set()

    def keep(self, pids: set[int]) -> None:
        """Let these processes, and what they start, outlive the tests."""
        self._kept |= pids

    def let_go(self, pids: set[int]) -> None:
        self._kept -= pids

    def not_kept(self, pids: set[int]) -> set[int]:
        return pids - self._kept

    def left(self) -> set[int]:
        """Find the processes that no test and no fixture owns."""
        parents = self.living()

        def is_kept(pid: int | None) -> bool:
            while pid is not None and pid not in self._kept:
                pid = parents.get(pid)
            return pid is not None

        return {pid for pid in parents if not is_kept(pid) and not any(part in command_of(pid) for part in PYTHONS_OWN)}

    def living(self) -> dict[int, int]:
        """Give all processes of this session that run, each with its parent."""
        found = {int(entry) for entry in os.listdir(PROC) if entry.isdigit()}
        # Most processes of a machine are not ours: each of those is looked at once.
        self._foreign &= found
        self._ours &= found
        parents = {}
        for pid in sorted(found - self._foreign - {os.getpid()}):
            parent = _parent_of(pid)
            if parent is None:
                continue
            if pid in self._ours or parent in self._ours | {os.getpid()} or self._mark in _environment_of(pid):
                self._ours.add(pid)
                parents[pid] = parent
            else:
                self._foreign.add(pid)
        self._kept &= parents.keys()
        return parents


def _environment_of(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _parent_of(pid: int) -> int | None:
    """Give the parent of a process that runs; none for one that has ended."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[1])


def command_of(pid: int) -> str:
    """Give the command line of a process, shortened."""
    try:
        said = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return "?"
    return said.replace(b"\0", b" ").decode(errors="replace").strip()[:200]


# --- the plugin -------------------------------------------------------------------------------------------------------

WATCH: Watch | None = None


def outlives_tests(pid: int) -> None:
    """Say that a process, with what it starts, is ended by the session and not by the test that started it."""
    if WATCH is not None:
        WATCH.keep({pid})


def pytest_configure() -> None:
    global WATCH
    # A shell without job control lets what it starts in the background ignore Ctrl-C, and so would all that we start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if PROC.is_dir() and WATCH is None:
        os.environ[MARK] = uuid4().hex
        WATCH = Watch(os.environ[MARK])


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
    """What a fixture for several tests starts is its own."""
    if WATCH is None or fixturedef.scope == "function":
        return (yield)
    before = WATCH.living().keys()
    try:
        return (yield)
    finally:
        # What a narrower fixture started, or what is kept to the end of the session, is not this one's to let go.
        started = WATCH.not_kept(WATCH.living().keys() - before)
        WATCH.keep(started)
        fixturedef.addfinalizer(lambda: WATCH.let_go(started))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    try:
        yield
    finally:
        left = _end_what_is_left()
    if left:
        pytest.fail(f"{item.nodeid} left processes, which were killed:\n" + "\n".join(left), pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    left = _end_what_is_left()
    if left:
        session.config.get_terminal_writer().line("\nleft by the session and killed:\n" + "\n".join(left), red=True)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def _end_what_is_left() -> list[str]:
    """Give the command lines of the processes that nobody ended, and kill them."""
    if WATCH is None:
        return []
    give_up = time.monotonic() + LEAVE_SECONDS
    # No child of this process, perhaps: there is no event to wait for.
    while (left := WATCH.left()) and time.monotonic() < give_up:
        time.sleep(0.02)
    said = [f"  {pid}: {command_of(pid)}" for pid in sorted(left)]
    for pid in left:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return said
