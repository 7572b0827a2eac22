"""Sending heartbeats of a flow run, from wherever that is done."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from prefect.contract import operations
from prefect.utilities.logging import get_logger

if TYPE_CHECKING:
    from prefect.client.client import Client


def beat(client: Client, flow_run_id: str) -> None:
    """Send one heartbeat; a failure is logged, since the next one may arrive."""
    try:
        client.update_flow_run_heartbeat(flow_run_id)
    except Exception as error:  # also what nobody foresaw: were it to end the beating, a living run would be found dead
        get_logger("Heartbeat").warning("Failed to send heartbeat: %s", error)


def beat_on(client: Client, flow_run_id: str, interval_seconds: float, over: threading.Event) -> None:
    """Send a heartbeat in each interval until ``over``, if the run's flow wants them."""
    if not _are_wanted(client, flow_run_id):
        return
    while not over.is_set():
        beat(client, flow_run_id)
        over.wait(interval_seconds)


def _are_wanted(client: Client, flow_run_id: str) -> bool:
    try:
        run = client.ask(operations.FLOW_RUN_FLOW_SETTINGS, id=flow_run_id)["flow_run_by_pk"]
        settings: dict[str, Any] = (run and run["flow"]["settings"]) or {}
        return settings.get("heartbeat_enabled", True) is not False
    except Exception as error:
        get_logger("Heartbeat").warning("Failed to read whether heartbeats are wanted: %s", error)
        return True
