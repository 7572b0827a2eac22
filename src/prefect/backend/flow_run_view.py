"""Flow runs as values: what the API knows about one, its log lines and its task runs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from prefect.contract import operations
from prefect.model import codec
from prefect.model.state import Pending, State
from prefect.utilities.graphql import GraphQLResult

if TYPE_CHECKING:
    from prefect.backend.flow import FlowView
    from prefect.backend.task_run import TaskRunView
    from prefect.run_configs.base import RunConfig

MOST_TASK_RUNS = 1_000


class FlowRunLog(NamedTuple):
    """One line about a flow run, at a ``logging`` level."""

    timestamp: datetime
    level: int
    message: str

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FlowRunLog:
        """Read a line as the API gives it; an unknown level's name counts as INFO."""
        level = logging.getLevelNamesMapping().get(data["level"], logging.INFO)
        return cls(_user_time(data["timestamp"]), level, data["message"] or "")


class FlowRunView:
    """A flow run as the API knew it when it was asked.

    Args:
        parameters: can be read as keys and as attributes, like the ``context``.
        states: every state until then, oldest first, each with its ``timestamp``.
        task_runs: task runs that are known already; finished ones are not read again.
    """

    def __init__(
        self,
        flow_run_id: str,
        name: str,
        flow_id: str,
        labels: list[str],
        parameters: dict[str, Any],
        context: dict[str, Any],
        state: State,
        states: list[State],
        updated_at: datetime,
        run_config: RunConfig | None,
        task_runs: Iterable[TaskRunView] | None = None,
    ) -> None:
        self.flow_run_id = flow_run_id
        self.name = name
        self.flow_id = flow_id
        self.labels = labels
        self.parameters = parameters
        self.context = context
        self.state = state
        self.states = states
        self.updated_at = updated_at
        self.run_config = run_config
        self._finished_task_runs: dict[str, TaskRunView] = {}
        self._flow: FlowView | None = None
        for task_run in task_runs or ():
            self._keep(task_run)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in ("flow_run_id", "name", "state", "labels"))
        return f"{type(self).__name__}({values}, cached_task_runs={len(self._finished_task_runs)})"

    def _repr_html_(self) -> str:
        """What a notebook shows: what is known already, nothing is asked of the API."""
        from prefect.model.state_html import Html, badge, facts, table

        about = facts(
            [
                ("flow run", self.name),
                ("id", self.flow_run_id),
                ("labels", ", ".join(self.labels)),
                ("state", Html(badge(self.state))),
                ("message", self.state.message),
            ]
        )
        past = table(
            ("at", "state", "message"),
            ((str(getattr(state, "timestamp", "")), state) for state in self.states),
            len(self.states),
        )
        return f"<div>{about}{past}</div>"

    # ----- reading

    @classmethod
    def from_flow_run_id(
        cls, flow_run_id: str, load_static_tasks: bool = False, _cached_task_runs: Iterable[TaskRunView] | None = None
    ) -> FlowRunView:
        """Read a flow run by its id.

        Args:
            load_static_tasks: read its finished task runs too, but for mapped children.

        Raises:
            TypeError: the id is no text.
            ValueError: there is no such flow run.
        """
        if not isinstance(flow_run_id, str):
            raise TypeError(f"Unexpected type {type(flow_run_id)!r} for `flow_run_id`, expected 'str'.")
        where = {"id": {"_eq": flow_run_id}}
        rows = _ask(operations.FLOW_RUN_VIEW, where=where)["flow_run"]
        if not rows:
            raise ValueError(f"No flow runs found while querying for flow runs where {where!r}")
        task_runs = list(_cached_task_runs or ())
        if load_static_tasks:
            from prefect.backend.task_run import TaskRunView

            static = {
                "flow_run_id": {"_eq": flow_run_id},
                "map_index": {"_eq": -1},
                "id": {"_nin": [task_run.task_run_id for task_run in task_runs]},
            }
            found = _ask(operations.TASK_RUN_VIEW, where=static, order_by=None)["task_run"]
            task_runs += map(TaskRunView._from_row, found)
        return cls._from_row(rows[0], task_runs)

    @classmethod
    def _from_row(cls, row: Mapping[str, Any], task_runs: Iterable[TaskRunView]) -> FlowRunView:
        serialized = row["serialized_state"]
        unknown = Pending(message="A state for this flow run is not yet available.")
        return cls(
            flow_run_id=row["id"],
            name=row["name"],
            flow_id=row["flow_id"],
            labels=row["labels"] or [],
            parameters=GraphQLResult(row["parameters"] or {}),
            context=GraphQLResult(row["context"] or {}),
            state=State.deserialize(serialized) if serialized else unknown,
            states=_states(row["states"]),
            updated_at=_user_time(row["updated"]),
            run_config=row["run_config"] and codec.load("run_config", row["run_config"]),
            task_runs=task_runs,
        )

    def get_latest(self, load_static_tasks: bool = False) -> FlowRunView:
        """Read the flow run again; task runs that are known to be finished are kept."""
        return type(self).from_flow_run_id(
            self.flow_run_id,
            load_static_tasks=load_static_tasks,
            _cached_task_runs=self._finished_task_runs.values(),
        )

    def get_logs(self, start_time: datetime | None = None, end_time: datetime | None = None) -> list[FlowRunLog]:
        """Read its log lines after ``start_time`` and up to and including ``end_time``, oldest first.

        Args:
            end_time: absent means the time when this view was last updated.
        """
        bounds = {"timestamp": {"_lte": (end_time or self.updated_at).isoformat()}}
        after = {"timestamp": {"_gt": start_time.isoformat()}} if start_time else {}
        rows = _ask(operations.FLOW_RUN_LOGS, id=self.flow_run_id, timestamps={"_and": [bounds, after]})["flow_run"]
        if not rows:
            raise ValueError(f"No flow run found with id {self.flow_run_id!r}")
        return [FlowRunLog.from_dict(row) for row in rows[0]["logs"]]

    def get_flow_metadata(self, no_cache: bool = False) -> FlowView:
        """Read the flow that it is a run of; it is read once unless ``no_cache``."""
        if self._flow is None or no_cache:
            from prefect.backend.flow import FlowView

            self._flow = FlowView.from_flow_id(self.flow_id)
        return self._flow

    # ----- task runs

    def get_task_run(
        self, task_slug: str | None = None, task_run_id: str | None = None, map_index: int | None = None
    ) -> TaskRunView:
        """Read one of its task runs, by id or by the task's slug.

        Args:
            map_index: the index of a mapped child; absent means the unmapped run.

        Raises:
            ValueError: neither was given, or what was given contradicts the task run of that id.
        """
        from prefect.backend.task_run import TaskRunView

        if task_run_id is not None:
            task_run = self._finished_task_runs.get(task_run_id) or TaskRunView.from_task_run_id(task_run_id)
            if task_slug is not None and task_slug != task_run.task_slug:
                raise ValueError(
                    "Both `task_slug` and `task_run_id` were provided but the task found using `task_run_id` has a "
                    f"different slug! `task_slug == {task_slug!r}` and `result.task_slug == {task_run.task_slug!r}`"
                )
            if map_index is not None and map_index != task_run.map_index:
                raise ValueError(
                    "Both `map_index` and `task_run_id` were provided but the task found using `task_run_id` has a "
                    f"different map index! `map_index == {map_index!r}` and "
                    f"`result.map_index == {task_run.map_index!r}`"
                )
            return self._keep(task_run)
        if task_slug is None:
            raise ValueError("One of `task_run_id`, `task`, or `task_slug` must be provided!")
        index = -1 if map_index is None else map_index
        for known in self._finished_task_runs.values():
            if known.task_slug == task_slug and known.map_index == index:
                return known
        return self._keep(TaskRunView.from_task_slug(task_slug, self.flow_run_id, index))

    def get_all_task_runs(self) -> list[TaskRunView]:
        """Read all its task runs, mapped children too.

        Raises:
            ValueError: there are more than 1,000.
        """
        from prefect.backend.task_run import TaskRunView

        if len(self.get_task_run_ids()) > MOST_TASK_RUNS:
            raise ValueError(
                f"Refusing to `get_all_task_runs` for a flow run with more than {MOST_TASK_RUNS} tasks. "
                "Read them one by one with `get_task_run`."
            )
        known = list(self._finished_task_runs.values())
        where = {
            "flow_run_id": {"_eq": self.flow_run_id},
            "id": {"_nin": [task_run.task_run_id for task_run in known]},
        }
        rows = _ask(operations.TASK_RUN_VIEW, where=where, order_by=None)["task_run"]
        return known + [self._keep(TaskRunView._from_row(row)) for row in rows]

    def get_task_run_ids(self) -> list[str]:
        """Read the ids of all its task runs."""
        rows = _ask(operations.TASK_RUN_IDS, flow_run_id=self.flow_run_id)["task_run"]
        return [row["id"] for row in rows]

    def _keep(self, task_run: TaskRunView) -> TaskRunView:
        if task_run.state.is_finished():
            self._finished_task_runs[task_run.task_run_id] = task_run
        return task_run


def _states(rows: Iterable[Mapping[str, Any]]) -> list[State]:
    """Read the history, oldest first; each state gets the ``timestamp`` at which it was entered."""
    states = []
    for row in sorted(rows, key=lambda row: datetime.fromisoformat(row["timestamp"])):
        state = State.deserialize(row["serialized_state"])
        state.timestamp = _user_time(row["timestamp"])  # type: ignore[attr-defined]
        states.append(state)
    return states


def _ask(document: str, **variables: Any) -> dict[str, Any]:
    from prefect.client.client import Client

    return Client().ask(document, **variables)


def _user_time(text: str) -> datetime:
    # pendulum takes 40 ms to import.
    from prefect.model.user_time import user_time

    return user_time(datetime.fromisoformat(text))
