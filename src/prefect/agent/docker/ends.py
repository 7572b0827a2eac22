"""Seeing how the containers of flow runs end: the engine tells of it as it happens."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from prefect.agent.process_ends import describe_end

PAUSE_SECONDS = 5.0


class ContainerEnds:
    """Listens to an engine, from the first container on, and tells which of them ended badly.

    Args:
        engine: the client of the engine.
        failures: the exceptions with which that fails.
        tell: called with the key that a container was expected under, and how it ended.
    """

    def __init__(
        self,
        engine: Any,
        failures: tuple[type[Exception], ...],
        tell: Callable[[tuple[str, str], str], None],
        logger: logging.Logger,
    ) -> None:
        self._engine = engine
        self._failures = failures
        self._tell = tell
        self._logger = logger
        self._lock = threading.Lock()
        self._expected: dict[str, tuple[str, str]] = {}
        self._out_of_memory: set[str] = set()
        self._since = 0
        self._thread: threading.Thread | None = None
        self._stopped = False

    def expect(self, container_id: str, key: tuple[str, str]) -> None:
        """Tell how this container ends; said before it starts."""
        with self._lock:
            self._expected[container_id] = key
            if self._thread is None:
                # A second earlier: the engine's clock may be another machine's.
                self._since = int(time.time()) - 1
                self._thread = threading.Thread(target=self._listen, name="container-ends", daemon=True)
                self._thread.start()

    def forget(self, container_id: str) -> None:
        with self._lock:
            self._expected.pop(container_id, None)

    def stop(self) -> None:
        self._stopped = True

    def _listen(self) -> None:
        wanted = {"type": "container", "event": ["oom", "die"], "label": "io.prefect.flow-run-id"}
        while not self._stopped:
            try:
                # What happened while nobody listened is told first.
                for event in self._engine.events(since=self._since, filters=wanted, decode=True):
                    self._hear(event)
            except self._failures as error:
                if not self._stopped:
                    self._logger.debug("The engine does not tell of its containers: %s", error)
            time.sleep(PAUSE_SECONDS)

    def _hear(self, event: Mapping[str, Any]) -> None:
        self._since = max(self._since, int(event.get("time") or 0))
        container_id = str((event.get("Actor") or {}).get("ID") or event.get("id"))
        action = event.get("Action") or event.get("status")
        if action == "oom":
            self._out_of_memory.add(container_id)
            return
        with self._lock:
            key = self._expected.pop(container_id, None)
        lacked_memory = container_id in self._out_of_memory
        self._out_of_memory.discard(container_id)
        exit_code = int(event["Actor"]["Attributes"].get("exitCode") or 0)
        if key is None or not exit_code:
            return
        memory = ", after the memory of its container ran out" if lacked_memory else ""
        # Not here: while it is told, other containers may end.
        threading.Thread(target=self._tell, args=(key, describe_end(exit_code) + memory), daemon=True).start()
