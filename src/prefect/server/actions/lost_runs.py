"""Settling what a process has left behind that is gone: the task runs that it worked on, and its flow run.

That it is gone is found by its silence (``services``), or told by whoever saw it end.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from prefect.model.state_facts import IN_WORK
from prefect.server.actions.checks import check_name
from prefect.server.actions.logs import write_run_logs
from prefect.server.actions.set_state import count_retries, set_flow_run_state, set_task_run_state
from prefect.server.errors import ApiError
from prefect.server.rules.proposal import propose
from prefect.server.settings import Settings
from prefect.server.store import lost, runs
from prefect.server.store.database import Transaction

__all__ = ["cancel_flow_run", "report_process_end", "restart_flow_run", "settle_task_run"]

logger = logging.getLogger("prefect.server.lost_runs")


def settle_task_run(tx: Transaction, now: datetime, run: Mapping[str, Any], why: str) -> bool:
    """Try a task run again that nobody works on any more, or end it; False when a rule refuses.

    Args:
        run: the row of one of the finders.
        why: how it is known that nobody does.
    """
    retries = count_retries(tx, run["id"])
    allowed = run["max_retries"] or 0
    if run["flow_run_state"] == "Running" and retries < allowed:
        message = f"{why}; retrying the run.This will be retry {retries + 1} of {allowed}."
        start_time = now + (run["retry_delay"] or timedelta())
        state = propose("Retrying", message, start_time=start_time, run_count=retries + 1)
    else:
        wanted, word = ("Cancelled", "cancelled") if run["flow_run_state"] == "Cancelling" else ("Failed", "failed")
        message = f"{why}; marking the run as {word}."
        state = propose(wanted, message)
    try:
        set_task_run_state(tx, now, task_run_id=run["id"], proposed=state)
    except ApiError as error:
        logger.warning("Task run %s, which nobody works on, could not be settled: %s", run["id"], error)
        return False
    _log(tx, now, run["flow_run_id"], "ZombieKiller.TaskRun", message, task_run_id=run["id"])
    return True


def cancel_flow_run(tx: Transaction, now: datetime, flow_run_id: str, message: str) -> None:
    """Set a flow run Cancelled that was to be, and whose process is gone."""
    set_flow_run_state(tx, now, flow_run_id=flow_run_id, proposed=propose("Cancelled", message))
    _log(tx, now, flow_run_id, "ZombieKiller.FlowRun", message)


def restart_flow_run(
    tx: Transaction, now: datetime, run: Mapping[str, Any], limit: int, because: str | None = None
) -> bool:
    """Start a flow run again that nobody works on any more, or fail it; False when a rule refuses.

    Args:
        run: its ``id`` and how often that was done before, ``times_resurrected``.
        limit: the most often that it is done.
        because: how it is known that nobody does; absent means by its silence.
    """
    attempt = (run["times_resurrected"] or 0) + 1
    tail = f" {because}." if because else ""
    if attempt <= limit:
        state = propose("Scheduled", f"Rescheduled by a Lazarus process.{tail}", start_time=now)
        level, message = "INFO", f"Rescheduled by a Lazarus process. This is attempt {attempt}."
    else:
        message = (
            f"A Lazarus process attempted to reschedule this run {limit} times without success. Marking as failed."
        )
        state, level = propose("Failed", f"{message}{tail}"), "ERROR"
    try:
        if attempt <= limit:
            tx.run(runs.set_resurrections, flow_run_id=run["id"], times_resurrected=attempt, now=now)
        set_flow_run_state(tx, now, flow_run_id=run["id"], proposed=state)
    except ApiError as error:
        logger.warning("Lost flow run %s could not be settled: %s", run["id"], error)
        return False
    _log(tx, now, run["id"], "Lazarus.FlowRun", message, level=level)
    return True


def report_process_end(
    tx: Transaction,
    now: datetime,
    *,
    settings: Settings,
    flow_run_id: str,
    process_id: str,
    how: str,
    agent_id: str | None = None,
) -> bool:
    """Settle a flow run whose process was seen to end before its work was done.

    Args:
        process_id: the name of the process; a run that another one has by now is left alone.
        how: how the process ended, as the beginning of a sentence, e.g. ``The process was killed by SIGKILL``.
        agent_id: who saw it: that agent speaks for a run that it has taken and that has not begun.

    Returns:
        Whether there was something to settle.
    """
    how = check_name("how", how)
    run = tx.one(lost.flow_run_of_process, flow_run_id=flow_run_id)
    if run is None or run["state"] not in IN_WORK:
        return False
    speaks_for_it = run["process_id"] is None and agent_id is not None and run["agent_id"] == agent_id
    if run["process_id"] != process_id and not (speaks_for_it and run["state"] == "Submitted"):
        return False
    _log(tx, now, flow_run_id, "process", f"{how}. It sends no heartbeat any more.")
    if run["state"] == "Cancelling":
        cancel_flow_run(tx, now, flow_run_id, f"{how}, when the flow run was to be cancelled")
        return True
    for task_run in tx.all(lost.task_runs_in_work, flow_run_id=flow_run_id):
        settle_task_run(tx, now, task_run, how)
    if tx.one(lost.flow_run_with_pending_work, flow_run_id=flow_run_id) is not None:
        return True
    if run["lazarus_is_off"]:
        set_flow_run_state(tx, now, flow_run_id=flow_run_id, proposed=propose("Failed", how))
    else:
        restart_flow_run(tx, now, run, settings.resurrection_attempt_limit, how)
    return True


def _log(
    tx: Transaction,
    now: datetime,
    flow_run_id: str,
    name: str,
    message: str,
    *,
    level: str = "ERROR",
    task_run_id: str | None = None,
) -> None:
    line = {"flow_run_id": flow_run_id, "task_run_id": task_run_id, "name": name, "level": level, "message": message}
    write_run_logs(tx, now, logs_given=[line])
