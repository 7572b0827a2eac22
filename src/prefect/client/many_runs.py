"""What a client asks about many flow runs at once: changes of all that a filter finds, and how many there are.

Only this package's own server knows this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prefect.client.log_files import LogFiles
from prefect.contract import operations

if TYPE_CHECKING:
    from prefect.model.state import State

__all__ = ["ManyRuns"]

#: Runs that one request changes.
RUNS_A_REQUEST = 200


class ManyRuns(LogFiles):
    """Asks for changes and sums of many flow runs.

    ``where`` is a filter as GraphQL takes it (``flow_run_bool_exp``): ``{"state": {"_eq": "Failed"}}``; an empty one
    means all runs.
    """

    def restart_flow_runs(
        self,
        flow_run_ids: Iterable[str],
        start_from: str = "failed",
        task_run_ids: Iterable[str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        message: str | None = None,
        dry_run: bool = False,
    ) -> list[dict[str, Any]]:
        """Set flow runs that have ended going again; whatever else has finished in them keeps its result.

        Args:
            flow_run_ids: at most 1,000; each is restarted as a whole, or refused.
            start_from: ``failed``: task runs that failed, and all after them; ``start``: all task runs; ``task``: those
                in ``task_run_ids``, and all after them.
            parameters: values that replace those of the runs; what is not named stays.
            message: of the new states.
            dry_run: only tell what would be done.

        Returns:
            For each run, in order: ``flow_run_id``, ``restarted``, ``state``, ``task_runs`` (how many are run again),
            and ``code`` and ``reason`` when it was refused.
        """
        if parameters is not None and not isinstance(parameters, Mapping):
            raise TypeError(f"`parameters` must be a dictionary. Got {parameters!r}.")
        values: dict[str, Any] = {
            "flow_run_ids": list(flow_run_ids),
            "from": start_from.upper(),
            "task_run_ids": None if task_run_ids is None else list(task_run_ids),
            "parameters": None if parameters is None else dict(parameters),
            "message": message,
            "dry_run": dry_run,
        }
        given = {key: value for key, value in values.items() if value is not None}
        # Sent again after a lost answer it would be refused: the run has not ended any more.
        answer = self.change(operations.RESTART_FLOW_RUNS, given, retry_on_api_error=False)
        return list(answer["flow_runs"])

    def cancel_flow_runs(
        self,
        where: Mapping[str, Any],
        *,
        created_before: datetime | str | None = None,
        dry_run: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> dict[str, Any]:
        """Ask all flow runs that a filter finds to end.

        Args:
            created_before: leave out those that were made later; absent means now. What a trial gave stands for the
                same runs as the trial counted.
            dry_run: change nothing, and count.
            progress: called after each request with how many runs have been handled so far.

        Returns:
            ``created_before``; of a trial ``count``, ``states`` (how many are in each) and ``examples`` (five runs with
            ``id``, ``name``, ``state`` and ``created``); else ``changed`` (ids), and ``refused``: for each run that was
            left as it was ``flow_run_id``, ``code`` and ``reason``.

        Raises:
            ClientError: the API refused the filter, or could not be reached; runs of earlier requests stay changed.
        """
        return self._change_found(operations.CANCEL_FLOW_RUNS, where, created_before, dry_run, progress)

    def delete_flow_runs(
        self,
        where: Mapping[str, Any],
        *,
        created_before: datetime | str | None = None,
        dry_run: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> dict[str, Any]:
        """Delete all flow runs that a filter finds, with their task runs and logs; see :meth:`cancel_flow_runs`."""
        return self._change_found(operations.DELETE_FLOW_RUNS, where, created_before, dry_run, progress)

    def set_flow_runs_state(
        self,
        where: Mapping[str, Any],
        state: State,
        *,
        created_before: datetime | str | None = None,
        dry_run: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> dict[str, Any]:
        """Move all flow runs that a filter finds to a state; see :meth:`cancel_flow_runs`."""
        document, more = operations.SET_FLOW_RUNS_STATE, {"state": state.serialize()}
        return self._change_found(document, where, created_before, dry_run, progress, more)

    def _change_found(
        self,
        document: str,
        where: Mapping[str, Any],
        created_before: datetime | str | None,
        dry_run: bool,
        progress: Callable[[int], object] | None,
        more: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        values: dict[str, Any] = {"where": dict(where), "limit": RUNS_A_REQUEST, **(more or {})}
        if created_before is not None:
            values["created_before"] = _text_of(created_before)
        if dry_run:
            told = self.change(document, values | {"dry_run": True})
            return {name: told[name] for name in ("created_before", "count", "states", "examples")}
        changed: list[str] = []
        refused: list[dict[str, str]] = []
        while True:
            told = self.change(document, values)
            changed += told["changed"]
            refused += told["refused"]
            if progress is not None:
                progress(len(changed) + len(refused))
            # The following pages are about the runs that there were at the first.
            values |= {"created_before": told["created_before"], "after": told["cursor"]}
            if not told["has_more"]:
                return {"created_before": told["created_before"], "changed": changed, "refused": refused}

    # ----- sums

    def flow_run_counts(
        self, where: Mapping[str, Any] | None = None, by: Sequence[str] = ("state",), limit: int = 1000
    ) -> list[dict[str, Any]]:
        """Count the flow runs that a filter finds, the largest groups first.

        Args:
            by: some of ``state``, ``flow_id``, ``flow_group_id``, ``project_id``, ``agent_id`` and ``auto_scheduled``.
            limit: of groups, at most 1,000.

        Returns:
            For each group its keys and ``count``.
        """
        keys = [by] if isinstance(by, str) else list(by)
        found = self.ask(operations.FLOW_RUN_COUNTS, where=dict(where or {}), by=keys, limit=limit)["flow_run_counts"]
        return [{name: group[name] for name in (*keys, "count")} for group in found]

    def flow_run_history(
        self,
        begin: datetime | str,
        end: datetime | str,
        bucket_seconds: int,
        where: Mapping[str, Any] | None = None,
        time: str = "scheduled_start_time",
    ) -> list[dict[str, Any]]:
        """Count the flow runs of a period by state, in stretches of equal length; at most 1,000 of them.

        Args:
            begin: the period's first moment; ``end``: what comes after its last.
            time: which time of a run counts: ``scheduled_start_time``, ``start_time``, ``end_time``, ``created`` or
                ``updated``.

        Returns:
            For each stretch its first ``time``, ``total``, and ``counts`` by state.
        """
        period = {"from": _text_of(begin), "to": _text_of(end)}
        given = {"seconds": bucket_seconds, "where": dict(where or {}), "time": time}
        return list(self.ask(operations.FLOW_RUN_HISTORY, **period, **given)["flow_run_history"]["buckets"])

    def log_volume(self, flow_run_id: str, where: Mapping[str, Any] | None = None, buckets: int = 1) -> dict[str, Any]:
        """Count the log lines of a flow run by level.

        Args:
            where: a filter of lines (``log_bool_exp``).
            buckets: stretches of equal length, from the first line to the last; at most 1,000.

        Returns:
            ``total``, ``counts`` by level, ``from``, ``to``, and the same for each of the ``buckets``.
        """
        return self.ask(operations.LOG_VOLUME, id=flow_run_id, where=dict(where or {}), buckets=buckets)["log_volume"]

    # ----- times to come, and what holds a run up

    def schedule_preview(
        self,
        clocks: Iterable[Mapping[str, Any]] | None = None,
        *,
        timezone: str | None = None,
        schedule: Mapping[str, Any] | None = None,
        count: int = 5,
    ) -> dict[str, Any]:
        """Tell when the runs of a schedule would start, before anybody saves it.

        Args:
            clocks: each with ``cron`` or ``interval`` (seconds), and ``parameter_defaults`` if wanted.
            timezone: of the clocks; absent means UTC.
            schedule: instead of them a schedule in its serialized form.
            count: of times, of all clocks together and of each; at most 100.

        Returns:
            ``times``: the next ones (``time``, ``local``, ``clock``); ``clocks``: of each its ``times`` or its
            ``error``; ``clock_changes``: when clocks are set in the coming year, and what becomes of the runs then.
        """
        given = {
            "clocks": None if clocks is None else [dict(clock) for clock in clocks],
            "timezone": timezone,
            "schedule": schedule,
            "count": count,
        }
        values = {name: value for name, value in given.items() if value is not None}
        return self.ask(operations.SCHEDULE_PREVIEW, **values)["schedule_preview"]

    def why_not_running(self, flow_run_id: str) -> dict[str, Any]:
        """Tell what a flow run waits for.

        Returns:
            ``ready``, ``state``, ``reasons`` (sentences), ``causes`` (the same taken apart, each with a ``code``) and
            ``queue_position``: how many runs are handed out before it; None: it is not in the queue.
        """
        return self.ask(operations.WHY_NOT_RUNNING_CAUSES, id=flow_run_id)["why_not_running"]


def _text_of(time: datetime | str) -> str:
    if isinstance(time, str):
        return time  # the server says what is wrong with one that is no time
    return (time.replace(tzinfo=UTC) if time.tzinfo is None else time).isoformat()
