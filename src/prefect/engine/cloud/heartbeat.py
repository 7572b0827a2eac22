"""Telling the API regularly that the process of a flow run is alive.

The first beat is the Running that the run sets, or is sent by the run where it was Running before. Later ones come from
the process that watches it (mode ``process``), because a task that keeps the interpreter busy for minutes would hold up
a thread; or from a thread, as in mode ``thread``.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack

from prefect.client.client import Client
from prefect.contract import limits
from prefect.engine.cloud.beating import beat, beat_on
from prefect.engine.cloud.watcher import Watcher, watched
from prefect.utilities.context import context


class Heartbeat:
    """The heartbeat of one flow run, from entering the ``with`` block until leaving it.

    Args:
        mode: ``process``, ``thread`` or ``off``; absent means as configured.
        interval_seconds: absent means as configured.
        has_begun: the run was set Running a moment ago, which says that it lives.

    Attributes:
        watcher: the process that watches this one; None where a thread beats, or nobody.
    """

    def __init__(
        self,
        client: Client,
        flow_run_id: str,
        mode: str | None = None,
        interval_seconds: float | None = None,
        *,
        has_begun: bool = False,
    ) -> None:
        settings = context.config.cloud
        self._client = client
        self._flow_run_id = flow_run_id
        self._mode = mode or str(settings.heartbeat_mode)
        wanted = float(settings.heartbeat_interval if interval_seconds is None else interval_seconds)
        self._interval = min(wanted, limits.HEARTBEAT_SECONDS)
        self._has_begun = has_begun
        self._over = threading.Event()
        self._ending = ExitStack()
        self.watcher: Watcher | None = None

    def __enter__(self) -> Heartbeat:
        if self._mode == "off":
            return self
        if not self._has_begun:
            beat(self._client, self._flow_run_id)
        if self._mode == "process":
            self.watcher = self._ending.enter_context(watched(self._flow_run_id))
        if self.watcher is None:
            threading.Thread(target=self._run, name="heartbeat", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ending.close()

    def _run(self) -> None:
        if not self._over.wait(self._interval / 2):
            beat_on(self._client, self._flow_run_id, self._interval, self._over)
