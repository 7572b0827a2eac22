"""Being process 1 of a container whose command is a flow run.

The kernel protects process 1 from every signal that it has no handler for, so that neither its watcher nor ``docker
stop`` could end it; and with it everything in the container ends, the watcher included, before a last word is said.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress

LAST_WORDS_SECONDS = 12.0
"""How long what the run has left behind, its watcher above all, may take to end after a run that was killed."""

_FORWARDED = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def go_on_below_init(flow_run_id: str, run_process: str) -> None:
    """Go on in a child of this process, which ends as that does; only the child comes back.

    Args:
        run_process: the name of the process, as it is sent to the API; may be empty.
    """
    from prefect.agent.process_ends import MemoryKills, describe_end

    kills = MemoryKills()
    pid = os.fork()
    if not pid:
        return
    exit_code = _see_out(pid)
    if exit_code:
        _reap_all()
        _report(flow_run_id, run_process, describe_end(exit_code, kills))
    os._exit(128 - exit_code if exit_code < 0 else exit_code)


def _see_out(pid: int) -> int:
    """Pass signals on and reap what ends, until the child does; gives its exit code, negative for a signal."""

    def forward(number: int, frame: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    for name in _FORWARDED:
        # Ctrl-C at a terminal reaches the child of itself.
        if not (name == "SIGINT" and sys.stdin is not None and sys.stdin.isatty()):
            signal.signal(getattr(signal, name), forward)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return os.waitstatus_to_exitcode(status)


def _reap_all() -> None:
    deadline = time.monotonic() + LAST_WORDS_SECONDS
    while time.monotonic() < deadline:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.02)


def _report(flow_run_id: str, run_process: str, how: str) -> None:
    from prefect.client.client import Client
    from prefect.exceptions import ClientError

    client = Client()
    client.retry_seconds = LAST_WORDS_SECONDS
    # Otherwise the silence of the run tells.
    with suppress(ClientError, ValueError):
        client.report_process_end(flow_run_id, run_process.partition("/")[2], how)
