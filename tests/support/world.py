"""A small backend for tests of actions: a tenant, a project, and short ways to flows and runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from prefect.server import catalogue
from prefect.server.actions import create_run, logs, queue, registration, run_events, runs, set_state, tenants
from prefect.server.rules.proposal import read_proposal
from prefect.server.settings import Settings, load_settings
from prefect.server.store.database import Database

if TYPE_CHECKING:
    from support.twins import Twins

START = datetime(2030, 1, 1, 12, tzinfo=UTC)


def flow_document(name: str = "flow", **changes: Any) -> dict[str, Any]:
    """A flow of two tasks, as a client serializes it."""
    return {
        "name": name,
        "tasks": [
            {"slug": "one-1", "name": "one", "tags": []},
            {"slug": "two-1", "name": "two", "max_retries": 2, "retry_delay": 30, "cache_key": "kept"},
        ],
        "edges": [
            {"upstream_task": {"slug": "one-1"}, "downstream_task": {"slug": "two-1"}, "key": "x", "mapped": False}
        ],
        "parameters": [],
        "reference_tasks": [],
        "storage": {"type": "Local"},
        "run_config": {"type": "UniversalRun", "labels": []},
        "schedule": None,
        "__version__": "1.4.1",
        **changes,
    }


class World:
    """One backend with a clock that moves only when told to."""

    def __init__(self, database: Database, run_async: Callable[[Coroutine[Any, Any, Any]], Any]):
        self.database = database
        self.run_async = run_async
        self.now = START
        self.settings: Settings = load_settings({}, environment={})
        self.announced: list[str] = []
        database.on_announce = self._note
        self.twins: Twins | None = None
        self.tenant_id = self.do(tenants.ensure_default_tenant)
        self.project_id = self.do(tenants.create_project, tenant_id=self.tenant_id, name="project")

    def beside(self, twins: Twins) -> None:
        """Let others live in the same database: the rows of twins are not read as the world's own."""
        self.twins = twins

    def _note(self, topics: Collection[str]) -> None:
        # Which tables were written is told by the statements, not by the actions.
        self.announced += [topic for topic in topics if not topic.startswith("table:")]

    def pass_time(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def do(self, action: Callable[..., Any], **inputs: Any) -> Any:
        """Call an action in a transaction of its own, now."""
        return self.run_async(self.database.write(lambda tx: action(tx, self.now, **inputs)))

    def see(self, reader: Callable[..., Any], **inputs: Any) -> Any:
        """Call a reading action."""
        return self.run_async(self.database.read(lambda tx: reader(tx, **inputs)))

    def rows(self, table: str, **where: Any) -> list[Mapping[str, Any]]:
        """Read all rows of a table with these values, all columns, the oldest first; but for those of twins."""
        source = catalogue.metadata.tables[table]
        times = (source.c[name] for name in ("timestamp", "created", "version") if name in source.c)
        statement = select(source).order_by(*times)
        for name, value in where.items():
            statement = statement.where(source.c[name] == value)
        found = self.run_async(self.database.read(lambda tx: tx.all(statement)))
        return [row for row in found if self.twins is None or not self.twins.is_one(row)]

    def row(self, table: str, **where: Any) -> Mapping[str, Any]:
        (found,) = self.rows(table, **where)
        return found

    # ---------------------------------------------------------------------------------- shorter ways

    def register(self, document: Mapping[str, Any] | None = None, **inputs: Any) -> str:
        given = {"serialized_flow": document or flow_document(), "project_id": self.project_id, **inputs}
        return self.do(registration.create_flow, settings=self.settings, **given)

    def create(self, flow_id: str | None = None, **inputs: Any) -> str:
        return self.do(create_run.create_flow_run, flow_id=flow_id, **inputs)

    def set_flow_run(self, run_id: str, state: str | Mapping[str, Any], **inputs: Any) -> set_state.Outcome:
        return self.do(set_state.set_flow_run_state, flow_run_id=run_id, proposed=self.propose(state), **inputs)

    def set_task_run(self, run_id: str, state: str | Mapping[str, Any], **inputs: Any) -> set_state.Outcome:
        return self.do(set_state.set_task_run_state, task_run_id=run_id, proposed=self.propose(state), **inputs)

    def propose(self, state: str | Mapping[str, Any]) -> Any:
        return read_proposal({"type": state} if isinstance(state, str) else dict(state), self.now)

    def flow_run(self, run_id: str) -> Mapping[str, Any]:
        return self.row("flow_run", id=run_id)

    def task_run(self, flow_run_id: str, slug: str = "one-1", map_index: int = -1) -> Mapping[str, Any]:
        flow_id = self.flow_run(flow_run_id)["flow_id"]
        task = self.row("task", flow_id=flow_id, slug=slug)
        return self.row("task_run", flow_run_id=flow_run_id, task_id=task["id"], map_index=map_index)

    def history(self, run_id: str, table: str = "flow_run_state") -> list[str]:
        """Name the states of a run in order, and check that its versions have no gap."""
        key = "flow_run_id" if table == "flow_run_state" else "task_run_id"
        found = sorted(self.rows(table, **{key: run_id}), key=lambda row: row["version"])
        assert [row["version"] for row in found] == list(range(1, len(found) + 1))
        return [row["state"] for row in found]

    def queue(self, *labels: str, before: datetime | None = None, **more: Any) -> list[str]:
        return self.look_at_queue(*labels, before=before, **more).ids

    def look_at_queue(self, *labels: str, before: datetime | None = None, **more: Any) -> queue.Due:
        given = {"tenant_id": self.tenant_id, "before": before or self.now, "labels": labels, **more}
        return self.see(queue.due_runs, **given)

    def log(self, run_id: str, message: str = "line", **more: Any) -> None:
        self.do(logs.write_run_logs, logs_given=[{"flow_run_id": run_id, "message": message, **more}])

    def events(self, run_id: str, after: int = 0, limit: int = 1000, **more: Any) -> run_events.Events:
        return self.see(run_events.events_after, flow_run_id=run_id, after=after, limit=limit, **more)

    def running(self, flow_id: str | None = None, **inputs: Any) -> str:
        """Make a flow run that is Running."""
        run_id = self.create(flow_id or self.register(), **inputs)
        self.set_flow_run(run_id, "Submitted", version=1)
        self.set_flow_run(run_id, "Running", version=2)
        return run_id

    def cancel(self, run_id: str) -> str | None:
        return self.do(runs.cancel_flow_run, flow_run_id=run_id)
