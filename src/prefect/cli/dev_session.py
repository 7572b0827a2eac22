"""What goes on in ``prefect dev`` beside the server: files are watched and registered, an agent starts runs.

Everything is told in one terminal, a line at a time, by whichever thread has something to tell.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from prefect.cli import building
from prefect.cli.dev_registrar import Fault, Registered, Registrar, Report
from prefect.cli.failures import TerminalError

if TYPE_CHECKING:
    from prefect.agent.local import LocalAgent

#: Between two looks at the files.
LOOK_SECONDS = 0.1
#: So long a run's process may take to end by itself.
END_SECONDS = 3.0

_terminal = threading.Lock()


def say(what: str, text: str, colour: str | None = None) -> None:
    """Print a line: when, about what, and what there is to say."""
    with _terminal, suppress(OSError):
        click.echo(f"{time.strftime('%H:%M:%S')}  {click.style(what, bold=True)}  {click.style(text, fg=colour)}")


@dataclass(frozen=True)
class Wanted:
    """What the user asked for.

    Attributes:
        paths: files and folders.
        runs: run what was registered.
    """

    paths: tuple[str, ...]
    project: str
    runs: bool


class Session:
    """Watches, registers and runs, from ``begin`` to ``end``.

    Args:
        environ: variables with which a process uses the server.
    """

    def __init__(self, wanted: Wanted, registrar: Registrar, environ: Callable[[str], dict[str, str]]) -> None:
        self._wanted = wanted
        self._registrar = registrar
        self._environ_at = environ
        self._environ: dict[str, str] = {}
        self._files = Files(wanted.paths)
        self._named = {os.path.normpath(path) for path in wanted.paths}
        self._is_over = threading.Event()
        self._agent: LocalAgent | None = None
        self._threads: list[threading.Thread] = []

    def begin(self, address: str) -> None:
        """Start the agent and the watch, each in a thread of its own."""
        self._environ = self._environ_at(address)
        for work in (self._watch, self._start_runs):
            thread = threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Let nothing begin any more, and cancel the runs that are under way."""
        self._is_over.set()
        agent = self._agent
        if agent is None:
            return
        agent.stop()
        _cancel_all()  # before their processes end: a run that only lost its process would be started again
        running = list(agent.processes)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in running:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, number)  # each leads a group of its own
            until = time.monotonic() + END_SECONDS
            while agent.processes and time.monotonic() < until:
                time.sleep(0.02)
            if not agent.processes:
                break

    # ----- files

    def _watch(self) -> None:
        is_first = True
        while not self._is_over.is_set():
            for path in self._files.changed():
                if self._is_over.is_set():
                    return
                try:
                    self._register(path, may_run=not is_first or path in self._named)
                except Exception as error:  # the watch goes on, whatever is wrong with a file
                    say(path, f"{type(error).__name__}: {error}", "red")
            is_first = False
            self._is_over.wait(LOOK_SECONDS)

    def _register(self, path: str, *, may_run: bool) -> None:
        begun = time.monotonic()
        report = self._registrar.register(path, self._wanted.project, self._environ)
        if self._is_over.is_set():
            return
        self._files.note(path, report)
        took = round((time.monotonic() - begun) * 1000)
        for fault in report.faults:
            _tell_fault(fault)
        for flow in report.flows:
            what = f"registered, version {flow.version}" if flow.is_new else f"unchanged, version {flow.version}"
            say(_shown(path), f"{flow.name!r} {what} ({took} ms)", "green" if flow.is_new else None)
        if not report.flows and not report.faults and path in self._named:
            say(_shown(path), "holds no flow", "yellow")
        if self._wanted.runs and may_run:
            for flow in report.flows:
                threading.Thread(target=self._run, args=(flow,), name=f"run-{flow.name}", daemon=True).start()

    # ----- runs

    def _start_runs(self) -> None:
        from prefect.agent.local import LocalAgent
        from prefect.agent.local.warm import is_possible

        folders = dict.fromkeys([os.getcwd(), *self._files.folders()])
        try:
            self._agent = LocalAgent(name="dev", import_paths=list(folders), warm=is_possible())
            self._agent.show_banner = False
            self._agent.start()
        except Exception as error:
            if not self._is_over.is_set():
                say("agent", f"{type(error).__name__}: {error}", "red")

    def _run(self, flow: Registered) -> None:
        from prefect.backend.watching import watch_flow_run
        from prefect.cli import render
        from prefect.client.client import Client
        from prefect.exceptions import ClientError

        try:
            client = Client()
            run_id = client.create_flow_run(flow_id=flow.flow_id)
            name = client.get_flow_run_info(run_id).name
            for event in watch_flow_run(run_id):
                say(f"{flow.name}/{name}", event.message, render.log_colour(event.level).get("fg"))
        except (ClientError, ValueError, RuntimeError) as error:
            if not self._is_over.is_set():
                say(flow.name, f"was not run: {error}", "red")


UNDER_WAY = """\
query { flow_run(where: {state: {_in: ["Submitted", "Running", "Cancelling"]}}) { id } }"""


def _cancel_all() -> None:
    from prefect.client.client import Client
    from prefect.exceptions import ClientError
    from prefect.model.state import Cancelled

    client = Client()
    client.retry_seconds = 0.0
    with suppress(ClientError):
        for row in client.ask(UNDER_WAY)["flow_run"]:
            with suppress(ClientError):  # it has ended meanwhile
                client.set_flow_run_state(row["id"], state=Cancelled("`prefect dev` was stopped."))


def _tell_fault(fault: Fault) -> None:
    place = _shown(fault.file) + (f":{fault.line}" if fault.line else "")
    say(place, fault.text, "red")
    if fault.details:
        with _terminal, suppress(OSError):
            click.echo(fault.details)


def _shown(path: str) -> str:
    return os.path.relpath(path) if os.path.abspath(path).startswith(os.getcwd() + os.sep) else path


class Files:
    """The watched files, how they were when they were last looked at, and what each is made of."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._known: dict[str, tuple[int, int, int]] = {}
        #: By a file of flows, the modules that it imported.
        self._parts: dict[str, list[str]] = {}

    def present(self) -> list[str]:
        """Give the files of flows that are there."""
        found: list[str] = []
        for path in self._paths:
            with suppress(TerminalError):  # it may come back
                found += [file for file in building.expand_paths([path]) if file == path or not _is_aside(file)]
        return [os.path.normpath(file) for file in dict.fromkeys(found)]

    def folders(self) -> Iterable[str]:
        """Give the folders that files of flows lie in."""
        return dict.fromkeys(os.path.dirname(os.path.abspath(path)) for path in self.present())

    def changed(self) -> list[str]:
        """Give the files of flows that are new or changed, or a part of which changed, since the last look."""
        due = []
        seen: dict[str, bool] = {}
        for path in self.present():
            parts = [path, *self._parts.get(path, ())]
            changed = [self._has_changed(os.path.abspath(part), seen) for part in parts]  # each is looked at
            if any(changed):
                due.append(path)
        return due

    def note(self, path: str, report: Report) -> None:
        """Remember what a file of flows is made of."""
        for file in report.files:
            if file not in self._known and (state := _state(file)) is not None:
                self._known[file] = state
        if report.files or not report.faults:  # one that failed early may have imported less than it needs
            self._parts[path] = report.files

    def _has_changed(self, file: str, seen: dict[str, bool]) -> bool:
        if file not in seen:
            state = _state(file)
            # One that is missing is deleted, or being replaced at this moment.
            seen[file] = state is not None and self._known.get(file) != state
            if state is not None:
                self._known[file] = state
        return seen[file]


def _is_aside(file: str) -> bool:
    """Tell whether a file of a folder is none of flows: hidden, or a test."""
    return os.path.basename(file).startswith((".", "test_", "conftest"))


def _state(file: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
