"""What can be found out about the server that commands ask: whether it answers, what it is, who works for it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["Found", "look_at_server"]

ALIVE = timedelta(seconds=150)
"""An agent that asked so lately is taken to live, as the server takes it."""
LATE = timedelta(seconds=60)


@dataclass
class Found:
    """What the server told.

    Attributes:
        health: ``ok``, or what is wrong.
        clock_seconds: by how much its clock is ahead of this machine's, None when it is not known.
        agents: those that asked for work lately.
        refusal: why it did not say more than its health.
    """

    address: str
    health: str = ""
    version: str = ""
    answer_seconds: float = 0.0
    clock_seconds: float | None = None
    agents: list[dict[str, Any]] = field(default_factory=list)
    running: int | None = None
    late: int | None = None
    refusal: Exception | None = None

    @property
    def is_healthy(self) -> bool:
        return self.health == "ok" and self.refusal is None


def look_at_server() -> Found:
    """Ask the server for its health, then, as the user, for agents and runs.

    Raises:
        ClientError: it cannot be reached, or is no API.
    """
    from prefect.client.client import Client
    from prefect.contract import operations
    from prefect.exceptions import ClientError

    client = Client()
    found = Found(client.api_server)
    begun = time.perf_counter()
    _read_health(client, found)
    found.answer_seconds = time.perf_counter() - begun
    if found.health != "ok":
        return found
    now = client.server_time()
    try:
        work = client.ask(operations.SERVER_WORK, alive=(now - ALIVE).isoformat(), late=(now - LATE).isoformat())
    except ClientError as error:
        found.refusal = error
        return found
    found.agents = [dict(agent) for agent in work["agent"]]
    found.running = work["running"]["aggregate"]["count"]
    found.late = work["late"]["aggregate"]["count"]
    return found


def _read_health(client: Any, found: Found) -> None:
    import json

    from prefect.exceptions import ClientError

    answer = client.look("health")
    if told := answer.headers.get("date"):
        found.clock_seconds = _ahead(told)
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = None
    if isinstance(said, dict) and "status" in said:
        found.version = str(said.get("version", ""))
        problem = str(said.get("problem") or "")
        found.health = "ok" if answer.status == 200 else f"{said['status']}: {problem}".rstrip(": ")
        return
    if answer.status < 400:
        other = ClientError(f"What answers at {found.address} is no API of ours (status {answer.status}).")
        other.code = "NOT_AN_API"
        raise other
    # Servers of 1.x have no such page.
    found.health = "ok" if answer.status in (404, 405) else f"it answers {answer.status}"


def _ahead(told: str) -> float | None:
    """Say by how many seconds a clock is ahead that told whole seconds; None within what that can mean."""
    from email.utils import parsedate_to_datetime

    try:
        ahead = (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
    except ValueError:
        return None
    return 0.0 if -2.0 <= ahead <= 1.0 else round(ahead, 1)
