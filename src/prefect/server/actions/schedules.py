"""Schedules: which runs they ask for, and making them ahead of time."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from prefect.contract import limits
from prefect.schedules import Schedule
from prefect.schedules.clocks import ClockEvent
from prefect.schedules.steps import Steps, TooManySteps, bounded
from prefect.server.actions import chores, flow_document
from prefect.server.actions.checks import check_object
from prefect.server.actions.clearing import clear_runs
from prefect.server.actions.create_run import create_flow_runs, is_key_used, labels_key
from prefect.server.actions.parameters import required_names
from prefect.server.errors import ApiError, shorten
from prefect.server.settings import Settings
from prefect.server.store import clearing, flows
from prefect.server.store.database import Transaction

__all__ = [
    "FEW_STEPS",
    "MOST_STEPS",
    "WantedRun",
    "delete_group_schedule",
    "group_clock",
    "missing_runs",
    "reschedule_group",
    "schedule_flow_runs",
    "set_group_schedule",
    "set_schedule_active",
    "set_schedule_inactive",
    "start_date",
    "unschedule",
    "wanted_runs",
]

logger = logging.getLogger("prefect.server.schedules")

#: Runs made ahead for one flow, however many clocks its schedule has.
MOST_AHEAD = 1000
#: So many are made in one transaction; the scheduler makes the others in further ones.
MOST_TOGETHER = 100
#: Steps (``prefect.schedules.steps``) of finding the next runs of one schedule: one to two seconds.
MOST_STEPS = limits.SCHEDULE_STEPS
#: In a transaction, which others wait for: some milliseconds. A schedule that needs more is left to the scheduler.
FEW_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class WantedRun:
    """A run that a schedule asks for."""

    start: datetime
    key: str
    parameters: Mapping[str, Any]
    labels: tuple[str, ...] | None


def set_schedule_active(tx: Transaction, now: datetime, *, flow_id: str, settings: Settings) -> bool:
    """Switch the flow's schedule on and make its next runs; False when there is no schedule.

    Raises:
        ApiError: a required parameter has no value from the group or from every clock.
    """
    flow = tx.one(flows.flow_for_schedule, flow_id=flow_id)
    if flow is None or (flow["schedule"] is None and flow["group_schedule"] is None):
        return False
    _check_required_parameters(flow)
    tx.run(flows.set_schedule_active, flow_id=flow_id, is_schedule_active=True, now=now)
    active = {**flow, "is_schedule_active": True}
    schedule_flow_runs(tx, now, active, settings)
    return True


def set_schedule_inactive(tx: Transaction, now: datetime, *, flow_id: str) -> bool:
    """Switch the flow's schedule off; the runs that it made and that have not begun go away."""
    if not tx.run(flows.set_schedule_active, flow_id=flow_id, is_schedule_active=False, now=now):
        return False
    if not unschedule(tx, flow_id=flow_id, made_until=now):
        chores.begin(tx, now, "unschedule_flow", flow_id)
    return True


def unschedule(tx: Transaction, *, flow_id: str, made_until: datetime) -> bool:
    """Delete waiting runs that the flow's schedule made; True when none is left, or it is switched on again."""
    flow = tx.one(flows.flow_by_id, flow_id=flow_id)
    if flow is None or flow["is_schedule_active"]:
        return True
    return clear_runs(tx, clearing.waiting_auto_scheduled_of_flow, flow_id=flow_id, made_until=made_until)


def set_group_schedule(
    tx: Transaction,
    now: datetime,
    *,
    flow_group_id: str,
    settings: Settings,
    cron_clocks: Sequence[Mapping[str, Any]] | None = None,
    interval_clocks: Sequence[Mapping[str, Any]] | None = None,
    timezone: str | None = None,
) -> bool:
    """Give all versions of a group this schedule in the place of their own; runs of the old one go away."""
    begin = start_date(now, timezone)
    clocks = [group_clock(clock["cron"], None, clock.get("parameter_defaults"), begin) for clock in cron_clocks or ()]
    clocks += [
        group_clock(None, clock["interval"], clock.get("parameter_defaults"), begin) for clock in interval_clocks or ()
    ]
    schedule = {"type": "Schedule", "clocks": clocks}
    flow_document.check(flow_document.SCHEDULE, "schedule", schedule)
    try:
        Schedule.deserialize(schedule)
    except Exception as error:  # whatever a clock says against its input is the caller's to hear
        raise ApiError(f"Invalid clock provided for schedule: {error}", "BAD_USER_INPUT") from None
    return _replace_group_schedule(tx, now, flow_group_id, schedule, settings)


def delete_group_schedule(tx: Transaction, now: datetime, *, flow_group_id: str, settings: Settings) -> bool:
    """Let the versions of a group follow their own schedules again."""
    return _replace_group_schedule(tx, now, flow_group_id, None, settings)


def _replace_group_schedule(
    tx: Transaction, now: datetime, flow_group_id: str, schedule: Mapping[str, Any] | None, settings: Settings
) -> bool:
    if not tx.run(flows.set_group_column["schedule"], flow_group_id=flow_group_id, schedule=schedule, now=now):
        raise ApiError("Invalid flow group ID.", "NOT_FOUND")
    if not reschedule_group(tx, now, flow_group_id=flow_group_id, made_until=now, settings=settings):
        chores.begin(tx, now, "reschedule_group", flow_group_id)
    return True


def reschedule_group(
    tx: Transaction, now: datetime, *, flow_group_id: str, made_until: datetime, settings: Settings
) -> bool:
    """Delete waiting runs that schedules made up to a time, then make those that are wanted; True when that is done."""
    which = {"flow_group_id": flow_group_id, "made_until": made_until}
    if not clear_runs(tx, clearing.waiting_auto_scheduled_of_group, **which):
        return False
    for version in tx.all(flows.flows_of_group, flow_group_id=flow_group_id):
        if version["is_schedule_active"] and not version["archived"]:
            flow = tx.one(flows.flow_for_schedule, flow_id=version["id"])
            try:
                with tx.savepoint():
                    schedule_flow_runs(tx, now, flow or {}, settings)
            except ApiError as error:
                # The schedule itself is saved; what keeps its runs from being made is told at each pass.
                logger.warning("Flow %s: no runs can be scheduled: %s", version["id"], error)
    return True


def schedule_flow_runs(
    tx: Transaction,
    now: datetime,
    flow: Mapping[str, Any],
    settings: Settings,
    wanted: Sequence[WantedRun] | None = None,
) -> list[str]:
    """Make the next runs of an active flow that are not made yet, not too many at one time; gives their ids.

    Args:
        flow: a row of ``store.flows.flow_for_schedule``.
        wanted: what ``wanted_runs`` gave for it, when it was asked outside of the transaction.
    """
    if wanted is None:
        wanted = wanted_runs(flow, now, settings, Steps(FEW_STEPS))
    missing = missing_runs(tx, now, flow, wanted)
    if not missing:
        return []
    asked = [
        {
            "flow_id": flow["id"],
            "parameters": dict(run.parameters),
            "labels": run.labels,
            "scheduled_start_time": run.start,
            "idempotency_key": run.key,
        }
        for run in missing[:MOST_TOGETHER]
    ]
    return create_flow_runs(tx, now, flow_runs=asked, auto_scheduled=True)


def missing_runs(
    tx: Transaction, now: datetime, flow: Mapping[str, Any], wanted: Sequence[WantedRun]
) -> list[WantedRun]:
    """Give those of the runs that a schedule asks for which are still to be made; only looks."""
    if not wanted:
        return []
    latest = (tx.one(flows.latest_auto_scheduled, flow_id=flow["id"]) or {}).get("start") or now
    # Of several at the latest instant some may be missing; their keys tell which.
    first = latest if sum(run.start == latest for run in wanted) > 1 else latest + timedelta(microseconds=1)
    due = [run for run in wanted if run.parameters or run.labels is not None or run.start >= first]
    return [run for run in due if not is_key_used(tx, flow["id"], run.key)]


def wanted_runs(
    flow: Mapping[str, Any], now: datetime, settings: Settings, steps: Steps | None = None
) -> list[WantedRun]:
    """Ask the flow's schedule, or its group's which wins, for its next runs after ``now``.

    So many as are set, and beyond that all that come before the next looks of the scheduler: a schedule of many clocks
    may have more at one instant. A schedule that cannot be read gives none, and a warning in the log.

    Args:
        steps: count the work; a schedule that needs more gives what was found by then, and a warning in the log.
    """
    document = flow.get("group_schedule") or flow.get("schedule")
    if not document or flow["archived"] or not flow["is_schedule_active"]:
        return []
    events: list[Any] = []
    steps = steps or Steps(MOST_STEPS)
    try:
        with bounded(steps):
            for event in _events(Schedule.deserialize(document), now, settings):
                events.append(event)
    except TooManySteps:
        logger.warning(
            "Flow %s has a schedule whose next runs are not found within %d steps: %d found",
            flow["id"],
            steps.most,
            len(events),
        )
    except Exception:  # a schedule is a user's text: whatever is wrong with it must not stop the others
        logger.warning("Flow %s has a schedule that cannot be read", flow["id"], exc_info=True)
        return []
    wanted = []
    for event in events:
        start = _plain(event.start_time)
        parameters = event.parameter_defaults or {}
        labels = None if event.labels is None else tuple(event.labels)
        key = f"auto-scheduled:{start.isoformat(timespec='seconds')}"
        if parameters or labels is not None:
            key += ":" + labels_key(parameters, labels)
        wanted.append(WantedRun(start, key, parameters, labels))
    return wanted


def _events(schedule: Schedule, now: datetime, settings: Settings) -> Iterator[ClockEvent]:
    least = settings.max_scheduled_runs_per_flow
    horizon = now + timedelta(seconds=max(settings.scheduler_horizon_seconds, 3 * settings.scheduler_seconds))
    for place, event in enumerate(schedule.upcoming(now), 1):
        if place > least and event.time > horizon:
            return
        yield event
        if place >= max(least, MOST_AHEAD):
            return


def _plain(time: datetime) -> datetime:
    utc = time.astimezone(UTC)
    return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)


def _check_required_parameters(flow: Mapping[str, Any]) -> None:
    required = required_names(flow["parameters"]) - (flow["group_parameters"] or {}).keys()
    if not required:
        return
    clocks = ((flow["group_schedule"] or flow["schedule"]) or {}).get("clocks") or []
    if not clocks or not all(required <= (clock.get("parameter_defaults") or {}).keys() for clock in clocks):
        raise ApiError("Can not schedule a flow that has required parameters.")


def group_clock(
    cron: str | None, interval: int | None, parameter_defaults: Any, begin: dict[str, str] | None
) -> dict[str, Any]:
    """Give a clock of a flow group as it is stored: of a cron, or of an interval in seconds."""
    kind: dict[str, Any] = {"type": "CronClock", "cron": cron}
    if interval is not None:
        kind = {"type": "IntervalClock", "interval": interval * 1_000_000}
    defaults = check_object("parameter_defaults", parameter_defaults)
    return {**kind, "parameter_defaults": defaults, "start_date": begin}


def start_date(now: datetime, timezone: str | None) -> dict[str, str] | None:
    """Give the beginning of a clock of this zone, as it is stored.

    Raises:
        ApiError: there is no such zone.
    """
    if timezone is None:
        return None
    try:
        zone = ZoneInfo(timezone)
    except (OSError, ValueError, KeyError):
        raise ApiError(f"Invalid timezone provided for schedule: {shorten(timezone)}", "BAD_USER_INPUT") from None
    return {"dt": now.astimezone(zone).replace(tzinfo=None).isoformat(), "tz": timezone}
