"""Registering the flows of a file for ``prefect dev``, each time in a fork of a process that has loaded the package.

The fork is new each time: nothing of what the file was before is left in it, and the package need not be loaded again.
The process that is forked has one thread, talks over a socket in lines of JSON, and ends with the one that made it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import Any

LOADED = (
    "prefect.cli.building",
    "prefect.cli.registering",
    "prefect.cli.sources",
    "prefect.client.client",
    "prefect.client.direct",
    "prefect.core.as_json",
    "prefect.core.flow",
    "prefect.core.function",
    "prefect.core.parameter_hints",
    "prefect.model.user_time",
    "prefect.run_configs.base",
    "prefect.schedules",
    "prefect.storage.local",
    "prefect.utilities.graphql",
    "prefect.utilities.tasks",
)
#: A file that has not been read by then is given up: it waits for something.
LONGEST_SECONDS = 60.0


@dataclass
class Registered:
    """One flow of a file, as the server has it now."""

    name: str
    flow_id: str
    version: int
    is_new: bool


@dataclass
class Fault:
    """Why a file, or a flow in it, could not be registered.

    Attributes:
        line: of the file, 1 for the first; 0 where none can be named.
        details: further lines for a person, such as a traceback; may be empty.
    """

    file: str
    line: int
    text: str
    details: str = ""


@dataclass
class Report:
    """What became of a file.

    Attributes:
        files: what else it was made of: modules of its own folder or below the present one.
    """

    flows: list[Registered] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, said: bytes) -> Report:
        found = json.loads(said)
        return cls(
            [Registered(**flow) for flow in found["flows"]],
            [Fault(**fault) for fault in found["faults"]],
            found["files"],
        )


class Registrar:
    """The process that is forked for each file, as the one that made it knows it.

    It is made before this process has any thread.
    """

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair()
        self._pid = os.fork()
        if not self._pid:
            code = 1
            try:
                self._channel.close()
                _serve(theirs)
                code = 0
            finally:
                os._exit(code)
        theirs.close()
        self._answers = self._channel.makefile("rb")

    def register(self, path: str, project: str, environ: dict[str, str]) -> Report:
        """Run a file and register its flows.

        Args:
            environ: variables that tell where the server is.
        """
        asked = {"path": path, "project": project, "environ": environ}
        try:
            self._channel.sendall(json.dumps(asked).encode() + b"\n")
            said = self._answers.readline()
        except OSError:
            said = b""
        if not said:
            return Report(faults=[Fault(path, 0, "The process that reads flows has ended; start this command again.")])
        return Report.read(said)

    def close(self) -> None:
        """End the process, and what it is at."""
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._answers.close()
        self._channel.close()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


# ----- in the process that is forked


def _serve(channel: socket.socket) -> None:
    # Ctrl-C ends the one that made this process, and with it this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in LOADED:
        import_module(name)
    received = b""
    while True:
        with suppress(OSError):
            data = channel.recv(1 << 16)
            if not data:
                return
            *lines, received = (received + data).split(b"\n")
            for line in lines:
                channel.sendall(_registered_in_fork(json.loads(line), channel) + b"\n")


def _registered_in_fork(asked: dict[str, Any], channel: socket.socket) -> bytes:
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.setpgid(0, 0)
            os.close(reader)
            channel.close()
            _report_to(writer, asked)
        finally:
            os._exit(0)
    os.close(writer)
    said = _read_until_end(reader, channel)
    os.close(reader)
    if said is None:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if said:
        return said
    text = f"was not read to its end within {LONGEST_SECONDS:g} s" if said is None else f"ended the process ({status})"
    return json.dumps(asdict(Report(faults=[Fault(asked["path"], 0, text)]))).encode()


def _read_until_end(reader: int, channel: socket.socket) -> bytes | None:
    """Read what a fork says; None when it takes too long, or nobody waits for it any more."""
    said = b""
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        ready, _, _ = select.select([reader, channel.fileno()], [], [], max(0.0, deadline - time.monotonic()))
        if reader in ready:
            part = os.read(reader, 1 << 16)
            if not part:
                return said
            said += part
        elif not ready or not channel.recv(1, socket.MSG_PEEK):
            return None


def _report_to(writer: int, asked: dict[str, Any]) -> None:
    """Be the fork: run the file, register what is in it, and say so."""
    from prefect import configuration
    from prefect.utilities import context

    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(asked["environ"])
    configuration.forget()
    context.forget()
    path, before = asked["path"], set(sys.modules)
    sys.argv[:] = [path]
    report = Report()
    try:
        _register(path, asked["project"], report)
    except BaseException as error:
        report.faults.append(fault_of(error, path))
    report.files = _own_files(path, set(sys.modules) - before)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    with os.fdopen(writer, "wb") as sink:
        sink.write(json.dumps(asdict(report)).encode())


def _register(path: str, project: str, report: Report) -> None:
    import io

    from prefect.cli import building, registering, sources
    from prefect.client.client import Client

    full_path = os.path.abspath(path)
    folder = os.path.dirname(full_path)
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    sys.path.insert(0, folder)
    source = building.Source(path, path=full_path, flows=sources.flows_of_script(full_path))
    if not source.flows:
        return
    client = Client()
    project_id = client.create_project(project)
    building.prepare(source, ())
    for flow in source.flows:
        try:
            with redirect_stdout(io.StringIO()):
                kept = registering.register_flow(client, project_id, flow)
        except Exception as error:
            report.faults.append(fault_of(error, full_path, flow.name))
        else:
            report.flows.append(Registered(flow.name, *kept))


def fault_of(error: BaseException, path: str, flow_name: str = "") -> Fault:
    """Say where in the user's own files an error is, and what it is."""
    from prefect.cli.failures import error_text, indented_traceback

    kind = type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        shown = "".join(traceback.format_exception_only(error)).splitlines()[1:-1]
        return Fault(error.filename, error.lineno or 0, f"{kind}: {error.msg}", "\n".join(shown))
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename, path)]
    if not own:
        about = f"{flow_name}: " if flow_name else ""
        return Fault(path, 0, about + (error_text(error) or kind))
    details = indented_traceback(error).rstrip() if isinstance(error, Exception) else ""
    return Fault(own[-1].filename, own[-1].lineno or 0, f"{kind}: {error_text(error)}", details)


def _is_own(file: str, path: str) -> bool:
    return os.path.abspath(file) == os.path.abspath(path) or _is_below(file, os.path.dirname(os.path.abspath(path)))


def _own_files(path: str, modules: set[str]) -> list[str]:
    """Give the files of modules that were imported from beside the file or from below the present folder."""
    roots = {os.path.dirname(os.path.abspath(path)), os.getcwd()}
    found = {getattr(sys.modules.get(name), "__file__", None) or "" for name in modules}
    return sorted(file for file in found if file and any(_is_below(file, root) for root in roots))


def _is_below(file: str, folder: str) -> bool:
    full = os.path.abspath(file)
    rest = full.removeprefix(folder.rstrip(os.sep) + os.sep)
    # An environment in the folder is no work of the user's.
    return rest != full and "site-packages" not in rest.split(os.sep)
