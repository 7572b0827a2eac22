"""The process that has loaded what flow runs need, and forks one for each: the warm start of a local agent.

It loads nothing of a user's, has one thread, and talks to the agent that started it over one socket; it ends when that
does. The flow runs go on: they are its children only so that it can say how they ended.

Each message is a line of JSON. The agent asks ``{"id", "environ", "working_dir"}``; the answers are ``{"id", "pid"}``,
``{"id", "refused"}`` where a new interpreter is needed, ``{"id", "outdated"}`` where files that were loaded have
changed, ``{"id", "error"}``, and ``{"pid", "status"}`` at an end.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import select
import signal
import socket
from importlib import import_module
from typing import Any

from prefect.backend.forked import Origin

CHANNEL = "PREFECT_WARM_PARENT"
"""The variable that makes a process for flow runs such a parent: the number of its end of the socket."""

# What runs load of themselves. Not what a flow of a user's loads: it may bring its own.
LOADED = (
    "cloudpickle",
    "encodings.idna",
    "httptools",
    "prefect",
    "prefect.backend.execution",
    "prefect.cli.flow_run_process",
    "prefect.client.direct",
    "prefect.client.secrets",
    "prefect.core.cache_validators",
    "prefect.core.flow",
    "prefect.core.function",
    "prefect.engine.cloud.flow_runner",
    "prefect.engine.cloud.heartbeat",
    "prefect.engine.cloud.watcher",
    "prefect.engine.defaults",
    "prefect.engine.results.local_result",
    "prefect.executors.local",
    "prefect.model.user_time",
    "prefect.run_configs.base",
    "prefect.storage.loading",
    "prefect.storage.local",
    "prefect.storage.module",
    "prefect.utilities.log_sending",
    "prefect.utilities.tasks",
    "runpy",
    "urllib3",
    "zoneinfo",
)
_READ_BYTES = 1 << 16


def serve_until_forked(channel_fd: int) -> None:
    """Fork a process for each flow run that is asked for. Only a fork comes back, as a process of its own.

    Args:
        channel_fd: the socket to the agent.
    """
    os.environ.pop(CHANNEL, None)
    for name in LOADED:
        import_module(name)
    origin = Origin()
    origin.note_files()
    # As for a run: the agent may have been started with interrupts ignored, but handles them when it starts runs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What is there now is never looked at again by a collection, which would copy it for each fork.
    gc.collect()
    gc.freeze()
    WarmParent(socket.socket(fileno=channel_fd), origin).serve()


class WarmParent:
    """One end of the channel, and the processes that were forked."""

    def __init__(self, channel: socket.socket, origin: Origin) -> None:
        self._channel = channel
        self._origin = origin
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)
        self._pids: dict[int, int] = {}
        """By the descriptor that tells of its end, the number of a process."""
        self._received = b""

    def serve(self) -> None:
        """Do what is asked for, until the agent has ended; comes back only in a fork."""
        while True:
            for fd, _ in self._poll.poll():
                if fd in self._pids:
                    self._tell_end(fd)
                elif self._read_and_fork():
                    return

    def _read_and_fork(self) -> bool:
        """Read what the agent asks for; says whether this is a fork that has to go on."""
        try:
            data = self._channel.recv(_READ_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            os._exit(0)
        *lines, self._received = (self._received + data).split(b"\n")
        return any(self._fork(json.loads(line)) for line in lines)

    def _fork(self, asked: dict[str, Any]) -> bool:
        environ, working_dir = asked["environ"], asked["working_dir"]
        if self._origin.is_outdated():
            self._say(id=asked["id"], outdated=True)
            return False
        if refused := self._origin.needs_interpreter(environ, working_dir):
            self._say(id=asked["id"], refused=refused)
            return False
        try:
            if working_dir and not os.access(working_dir, os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), working_dir)
            pid = os.fork()
        except OSError as error:
            self._say(id=asked["id"], error=str(error))
            return False
        if not pid:
            self._leave()
            self._origin.begin_anew(environ, working_dir)
            return True
        fd = os.pidfd_open(pid)
        self._pids[fd] = pid
        self._poll.register(fd, select.POLLIN)
        self._say(id=asked["id"], pid=pid)
        return False

    def _leave(self) -> None:
        """Have nothing of this process, in a fork of it."""
        os.setsid()
        for fd in self._pids:
            os.close(fd)
        self._channel.close()

    def _tell_end(self, fd: int) -> None:
        pid = self._pids.pop(fd)
        self._poll.unregister(fd)
        os.close(fd)
        _, status = os.waitpid(pid, 0)
        self._say(pid=pid, status=os.waitstatus_to_exitcode(status))

    def _say(self, **message: Any) -> None:
        try:
            self._channel.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            # The agent has ended: the next read says so.
            return
