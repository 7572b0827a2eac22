"""Fill a server with a made-up but lifelike week: for screenshots, for trying the UI, and for its tests.

    python tools/ui_data.py --api http://127.0.0.1:4200 --database-url sqlite:///path/to/proctor.db [--children 10000]

Flows, schedules, limits, agents, hooks, values and secrets are made through the API, as a user would.  The past (runs,
their states, task runs, log lines) is written into the database, since nobody can run a week in a second.  The same
seed gives the same week, counted back from now.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

NOW = datetime.now(UTC).replace(microsecond=0)
#: By flow and number of the run, the newest first: so that something needs a person, whatever the time of day.
ALWAYS_FAIL = {("invoices", 0), ("train-model", 0), ("nightly-load", 2)}
TRACEBACK = """Unexpected error: KeyError('vat_id')
Traceback (most recent call last):
  File "/opt/flows/nightly.py", line 41, in clean
    row["vat_id"] = normalise(row["vat_id"])
            ~~~^^^^^^^^^^
KeyError: 'vat_id'"""
README = """# Nightly load

Loads the day's sales from the **raw** bucket into the warehouse.

| step | what it does |
|---|---|
| extract | lists the parts of the day |
| clean | normalises each part; a part without `vat_id` fails |
| load | one transaction into `warehouse.sales` |

Whom to ask: *data platform*, see [the runbook](https://runbooks.example/nightly).
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--api", default="http://127.0.0.1:4200")
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--children", type=int, default=2_000, help="mapped children of the run that goes on")
    parser.add_argument("--days", type=int, default=7)
    args = parser.parse_args()
    os.environ |= {"PREFECT__BACKEND": "server", "PREFECT__CLOUD__API": args.api, "PREFECT__SERVER__ENDPOINT": args.api}
    week = Week(Api(args.api), sa.create_engine(args.database_url), random.Random(7))
    week.make_flows()
    week.make_surroundings()
    run_id = week.make_past(args.days, args.children)
    print(f"{args.api}/flow-run/{run_id}")
    return 0


class Api:
    """The few requests that are needed, as a program would send them."""

    def __init__(self, address: str):
        self._address = f"{address}/graphql"

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._address, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as refused:
            said = json.load(refused)
        if said.get("errors"):
            raise RuntimeError(said["errors"][0]["message"])
        return said["data"]

    def do(self, name: str, what: str, /, **given: Any) -> Any:
        return self.ask(f"mutation($input: {name}_input!) {{ {name}(input: $input) {{ {what} }} }}", input=given)[name]


class Week:
    """One invented week of one tenant."""

    def __init__(self, api: Api, engine: sa.Engine, chance: random.Random):
        self.api, self.engine, self.chance = api, engine, chance
        self.tables = sa.MetaData()
        self.flows: dict[str, Any] = {}

    def make_flows(self) -> None:
        for project, flows in invented_flows().items():
            self.api.do("create_project", "id", name=project, description=f"Flows of {project}")
            for flow in flows:
                flow.register(project_name=project, add_default_labels=False, no_url=True)
        for _ in range(3):  # newer code of one flow
            nightly_load().register(project_name="warehouse", add_default_labels=False, no_url=True)
        found = self.api.ask(
            "{ flow(where: {archived: {_eq: false}}) { id name version flow_group_id"
            " tasks { id name slug mapped } edges { upstream_task_id downstream_task_id } } tenant { id } }"
        )
        self.flows = {flow["name"]: flow for flow in found["flow"]}
        self.tenant_id = found["tenant"][0]["id"]
        self.api.do(
            "set_flow_group_description", "success", flow_group_id=self.group("nightly-load"), description=README
        )
        self.api.do(
            "set_flow_group_default_parameters",
            "success",
            flow_group_id=self.group("nightly-load"),
            parameters={"options": {"regions": ["eu"], "dry_run": False}},
        )

    def group(self, name: str) -> str:
        return str(self.flows[name]["flow_group_id"])

    def make_surroundings(self) -> None:
        do = self.api.do
        # Invented runs that go on have no process; nobody is to look for one.
        for flow in self.flows.values():
            do("disable_flow_heartbeat", "success", flow_id=flow["id"])
        for name, labels in (("eu-1", ["eu"]), ("eu-2", ["eu"]), ("gpu-1", ["gpu"]), ("docker-1", ["docker", "eu"])):
            agent_type = "DockerAgent" if name.startswith("docker") else "LocalAgent"
            do("register_agent", "id", type=agent_type, name=name, labels=labels, tenant_id=self.tenant_id)
        do("update_task_tag_limit", "id", tag="warehouse", limit=8)
        do("update_task_tag_limit", "id", tag="rates-api", limit=2)
        do("update_flow_concurrency_limit", "id", label="eu", limit=20)
        for key, value in (
            ("last-load", {"day": "2026-11-27", "rows": 1_204_331}),
            ("rates-source", "ecb"),
            ("holidays", [1, 6]),
        ):
            do("set_key_value", "id", key=key, value=value)
        self.make_automations()
        for name, role in (("ci", "run"), ("dashboard", "read")):
            do("create_api_key", "id", name=name, role=role, expires_at=(NOW + timedelta(days=90)).isoformat())
        for name in ("WAREHOUSE_PASSWORD", "SLACK_URL", "S3_CREDENTIALS"):
            do("set_secret", "success", name=name, value="invented")

    def make_automations(self) -> None:
        do = self.api.do
        inbox = do("create_action", "id", name="Tell the team", action_type="MESSAGE", action_config={})["id"]
        late = do("create_action", "id", name="Cancel it", action_type="CANCEL_RUN", action_config={})["id"]
        groups = [self.group("nightly-load"), self.group("invoices")]
        do("create_flow_run_state_changed_hook", "id", states=["Failed"], flow_group_ids=groups, action_id=inbox)
        limit = do(
            "create_flow_sla_config", "id", kind="STARTED_NOT_FINISHED", duration_seconds=7_200, name="two hours"
        )["id"]
        do("create_flow_sla_failed_hook", "id", sla_config_id=limit, action_id=late)
        address = {"url": "https://hooks.example/proctor"}
        do("create_cloud_hook", "id", type="WEBHOOK", name="status page", states=["FAILED", "SUCCESS"], config=address)

    # --- the past

    def table(self, name: str) -> sa.Table:
        return sa.Table(name, self.tables, autoload_with=self.engine)

    def stored(self, moment: datetime | None) -> Any:
        """A time as the database keeps it."""
        if moment is None or self.engine.dialect.name == "postgresql":
            return moment
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")

    def value(self, value: Any) -> Any:
        return value if self.engine.dialect.name == "postgresql" else json.dumps(value)

    def make_past(self, days: int, children: int) -> str:
        rows: dict[str, list[dict[str, Any]]] = {
            "flow_run": [],
            "flow_run_state": [],
            "task_run": [],
            "task_run_state": [],
            "log": [],
        }
        for name, every, hour, usual, failing in (
            ("nightly-load", 24, 2, 840, 0.12),
            ("hourly-orders", 1, None, 95, 0.04),
            ("invoices", 6, None, 300, 0.08),
            ("customer-report", 12, None, 45, 0.0),
            ("train-model", 24, 22, 5_400, 0.15),
            ("backup", 24, 3, 1_800, 0.02),
            ("ingest-events", 2, None, 20, 0.02),
        ):
            start = NOW - timedelta(hours=2) - timedelta(minutes=self.chance.randrange(50))
            if hour is not None:
                start = NOW.replace(hour=hour, minute=0, second=0)
                start -= timedelta(days=1) if start > NOW - timedelta(hours=2) else timedelta()
            index = 0
            while start > NOW - timedelta(days=days):
                fails = self.chance.random() < failing or (name, index) in ALWAYS_FAIL
                self.run(rows, name, start, usual * self.chance.uniform(0.8, 1.3), "Failed" if fails else "Success")
                start -= timedelta(hours=every, seconds=0 if hour is not None else self.chance.randrange(40))
                index += 1
        self.run(rows, "customer-report", NOW - timedelta(minutes=90), 1_800, "Paused")
        self.run(rows, "ingest-events", NOW - timedelta(hours=5), 40, "Cancelled")
        running = self.run(rows, "nightly-load", NOW - timedelta(minutes=12, seconds=4), 724, "Running", children)
        self.run(rows, "hourly-orders", NOW - timedelta(minutes=2), 120, "Running")
        with self.engine.begin() as connection:
            for name, all_rows in rows.items():
                table = self.table(name)
                for at in range(0, len(all_rows), 500):
                    connection.execute(table.insert(), all_rows[at : at + 500])
        for label, minutes in (("gpu", 26), ("gpu", 9)):
            self.api.do(
                "create_flow_run",
                "id",
                flow_id=self.flows["train-model"]["id"],
                labels=[label],
                scheduled_start_time=(NOW - timedelta(minutes=minutes)).isoformat(),
            )
        self.make_shown(rows, running)
        return running

    def make_shown(self, rows: dict[str, list[dict[str, Any]]], run_id: str) -> None:
        """What a run leaves for people: artifacts, and messages in the inbox."""
        clean = next(row["id"] for row in rows["task_run"] if row["flow_run_id"] == run_id and row["map_index"] < 0)
        table = "| country | rows |\n|---|---|\n| AT | 120,331 |\n| DE | 804,912 |\n| FR | 279,088 |"
        for kind, data in (
            ("markdown", {"markdown": f"### Rows by country\n\n{table}"}),
            ("link", {"link": "https://warehouse.example/sales"}),
        ):
            self.api.do("create_task_run_artifact", "id", task_run_id=clean, kind=kind, data=data)
        with self.engine.begin() as connection:
            for hours, text in ((3, "invoices: misty-hare is Failed."), (27, "nightly-load: lively-ibis is Failed.")):
                row = {
                    "id": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)),
                    "tenant_id": self.tenant_id,
                    "created": self.stored(NOW - timedelta(hours=hours)),
                    "updated": self.stored(NOW - timedelta(hours=hours)),
                    "read": hours > 24,
                    "type": "automation",
                    "text": text,
                    "content": self.value({}),
                }
                connection.execute(self.table("message").insert(), [row])
        self.make_deliveries(rows)

    def make_deliveries(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        """What the hook and the automation sent of the newest runs: most was taken, at once or later."""
        hook = self.api.ask("{ cloud_hook { id } }")["cloud_hook"][0]["id"]
        action = self.api.ask('{ action(where: {name: {_eq: "Tell the team"}}) { id } }')["action"][0]["id"]
        ended = [row for row in rows["flow_run"] if row["state"] in ("Failed", "Success")]
        newest = sorted(ended, key=lambda row: row["end_time"], reverse=True)
        failed = [row for row in newest if row["state"] == "Failed"]
        taken, later = ("DELIVERED", 1, None), ("DELIVERED", 3, None)
        ends = [("RETRYING", 2, "Webhook answered 503"), taken, taken, later, taken]
        ends += [("GIVEN_UP", 8, "Webhook could not be reached (TimeoutError)"), taken, taken]
        told = [("cloud_hook_id", hook, *pair) for pair in zip(newest, ends, strict=False)]
        told += [("action_id", action, run, taken) for run in failed[:3]]
        with self.engine.begin() as connection:
            for sender, sender_id, run, (outcome, attempts, reason) in told:
                row = {
                    "id": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)),
                    "tenant_id": self.tenant_id,
                    "created": run["end_time"],
                    "updated": run["end_time"],
                    sender: sender_id,
                    "outcome": outcome,
                    "attempts": attempts,
                    "next_time": self.stored(NOW + timedelta(minutes=12)) if outcome == "RETRYING" else None,
                    "reason": reason,
                    "event_type": "FlowRunStateChange",
                    "subject": run["name"],
                    "state": run["state"],
                    "flow_run_id": run["id"],
                }
                connection.execute(self.table("delivery").insert(), [row])

    def run(
        self,
        rows: dict[str, list[dict[str, Any]]],
        name: str,
        start: datetime,
        seconds: float,
        state: str,
        children: int = 0,
    ) -> str:
        """Invent one flow run: its states, its task runs and what they said."""
        flow, run_id = self.flows[name], str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        end = start + timedelta(seconds=seconds)
        has_ended = state in ("Success", "Failed", "Cancelled")
        events: list[tuple[datetime, str, str, dict[str, Any]]] = []
        message = {
            "Success": "All reference tasks succeeded.",
            "Failed": "Some reference tasks failed.",
            "Running": "Running flow.",
            "Cancelled": "Cancelled by a person.",
            "Paused": "Waits for an approval.",
        }[state]
        path = [
            ("Scheduled", start - timedelta(hours=1), "Flow run scheduled."),
            ("Submitted", start, "Submitted for execution"),
            ("Running", start, "Running flow."),
        ]
        if state != "Running":
            path.append((state, end if has_ended else start + timedelta(seconds=40), message))
        for version, (one, moment, said) in enumerate(path):
            events.append(
                (moment, "flow_run_state", run_id, self.state_row("flow_run_id", run_id, version, one, moment, said))
            )
        for line in self.tasks_of(rows, flow, run_id, start, seconds, state, children):
            events.append((line["at"], "log", run_id, line))
        events.sort(key=lambda event: event[0])
        for seq, (_, table, _, row) in enumerate(events, 1):
            row.pop("at", None)
            rows[table].append(row | {"seq": seq})
        rows["flow_run"].append(
            {
                "id": run_id,
                "tenant_id": self.tenant_id,
                "created": self.stored(start - timedelta(hours=1)),
                "updated": self.stored(end),
                "flow_id": flow["id"],
                "flow_group_id": self.group(name),
                "parameters": self.value(
                    {"day": str((start - timedelta(days=1)).date()), "limit": self.chance.choice([100, 100, 500])}
                    if name == "nightly-load"
                    else {}
                ),
                "labels": self.value([] if name == "backup" else ["gpu"] if name == "train-model" else ["eu"]),
                "context": self.value({}),
                "name": run_name(self.chance),
                "scheduled_start_time": self.stored(start),
                "auto_scheduled": self.chance.random() < 0.9,
                "heartbeat": self.stored(NOW if not has_ended else end),
                "start_time": self.stored(start),
                "end_time": self.stored(end) if has_ended else None,
                "version": len(path) - 1,
                "state": state,
                "state_timestamp": self.stored(path[-1][1]),
                "state_message": message,
                "serialized_state": self.value({"type": state, "message": message}),
                "event_seq": len(events),
                "times_resurrected": 0,
            }
        )
        return run_id

    def state_row(
        self, owner: str, run_id: str, version: int, state: str, moment: datetime, message: str
    ) -> dict[str, Any]:
        return {
            "id": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)),
            "tenant_id": self.tenant_id,
            owner: run_id,
            "version": version,
            "state": state,
            "timestamp": self.stored(moment),
            "message": message,
            "serialized_state": self.value({"type": state, "message": message}),
        }

    def tasks_of(
        self,
        rows: dict[str, list[dict[str, Any]]],
        flow: Any,
        run_id: str,
        start: datetime,
        seconds: float,
        state: str,
        children: int,
    ) -> Iterator[dict[str, Any]]:
        names = {task["id"]: task for task in flow["tasks"]}
        order = [
            task for task in ordered(flow) if task["name"] not in ("day", "limit", "options", "target", "full", "note")
        ]
        at, share = start, seconds / max(1, len(order))
        yield self.line(run_id, None, start, "INFO", "CloudFlowRunner", f"Beginning Flow run for '{flow['name']}'")
        fails_at = len(order) // 2 if state == "Failed" else None
        for index, task in enumerate(order):
            begun, ended = at, at + timedelta(seconds=share * self.chance.uniform(0.6, 1.0))
            at = ended
            now = "Success"
            if fails_at is not None:
                now = "Failed" if index == fails_at else "TriggerFailed" if index > fails_at else now
            if state == "Cancelled" and index >= len(order) // 2:
                now = "Cancelled"
            if state == "Paused" and index == len(order) - 1:
                now = "Paused"
            if state == "Running":
                now = "Success" if index < 2 else "Mapped" if task["mapped"] else "Running" if index < 5 else "Pending"
            task_id = self.task_run(rows, run_id, task, -1, now, begun, ended)
            if now in ("Running", "Success", "Failed"):
                yield self.line(
                    run_id, task_id, begun, "INFO", "CloudTaskRunner", f"Task '{task['name']}': Starting task run..."
                )
            if now == "Failed":
                yield self.line(run_id, task_id, ended, "ERROR", "CloudTaskRunner", TRACEBACK)
            elif now == "Success":
                yield self.line(
                    run_id,
                    task_id,
                    ended,
                    "INFO",
                    "CloudTaskRunner",
                    f"Task '{names[task['id']]['name']}': Finished task run for task with final state: 'Success'",
                )
            if children and task["mapped"]:
                yield from self.children_of(rows, run_id, task, begun, NOW, children)

    def children_of(
        self,
        rows: dict[str, list[dict[str, Any]]],
        run_id: str,
        task: Any,
        begun: datetime,
        until: datetime,
        children: int,
    ) -> Iterator[dict[str, Any]]:
        span = (until - begun).total_seconds()
        for index in range(children):
            start = begun + timedelta(seconds=span * index / children * 1.04 + self.chance.uniform(0, 5))
            end = start + timedelta(seconds=0.4 + self.chance.random() * self.chance.random() * 14)
            part = (start - begun).total_seconds() / span
            # How the dice fall depends on the hour of the day; one fails at any.
            fails = self.chance.random() < (0.2 if 0.3 < part < 0.38 else 0.002) or index == children // 3
            state = "Failed" if fails else "Success"
            if end > until:
                state = "Running" if start < until else "Pending"
                if state == "Running" and self.chance.random() < 0.2:
                    state = "Retrying"
            child = self.task_run(rows, run_id, task, index, state, start, end)
            if state == "Pending":
                continue
            name = f"part-{index:05d}.parquet"
            yield self.line(
                run_id,
                child,
                start,
                "INFO",
                "CloudTaskRunner",
                f"read {self.chance.randrange(900, 1500):,} rows from s3://raw/2026-11-27/{name}",
            )
            if state == "Failed":
                yield self.line(run_id, child, end, "ERROR", "CloudTaskRunner", TRACEBACK)
            elif state == "Success":
                yield self.line(
                    run_id,
                    child,
                    end,
                    "INFO",
                    "CloudTaskRunner",
                    f"wrote the rows of {name} in {self.chance.randrange(300, 900)} ms",
                )
            elif state == "Retrying":
                yield self.line(
                    run_id,
                    child,
                    min(end, until),
                    "WARNING",
                    "CloudTaskRunner",
                    "attempt 2 of 5 failed: 503 from rates.example; next in 30 s",
                )

    def task_run(
        self,
        rows: dict[str, list[dict[str, Any]]],
        run_id: str,
        task: Any,
        index: int,
        state: str,
        start: datetime,
        end: datetime,
    ) -> str:
        task_run_id = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        has_begun, has_ended = (
            state not in ("Pending", "Scheduled", "TriggerFailed"),
            state in ("Success", "Failed", "Cancelled", "TriggerFailed"),
        )
        message = {
            "Success": "Task run succeeded.",
            "Failed": "Unexpected error: KeyError('vat_id')",
            "Running": "Starting task run.",
            "Retrying": "Retrying Task (after attempt 2 of 5)",
            "TriggerFailed": 'Trigger was "all_successful" but some of the upstream tasks failed.',
            "Mapped": "Mapped tasks submitted for execution.",
            "Paused": "Waits for an approval.",
        }.get(state, "")
        path = [("Pending", start, "")]
        if has_begun:
            path.append(("Running", start, "Starting task run."))
        if path[-1][0] != state:
            path.append((state, end, message))
        for version, (one, moment, said) in enumerate(path, 1):
            rows["task_run_state"].append(self.state_row("task_run_id", task_run_id, version, one, moment, said))
        rows["task_run"].append(
            {
                "id": task_run_id,
                "tenant_id": self.tenant_id,
                "created": self.stored(start),
                "updated": self.stored(min(end, NOW)),
                "flow_run_id": run_id,
                "task_id": task["id"],
                "map_index": index,
                "name": f"{task['name']}[{index}]" if index >= 0 else task["name"],
                "heartbeat": self.stored(NOW if not has_ended else end),
                "start_time": self.stored(start) if has_begun else None,
                "end_time": self.stored(end) if has_ended else None,
                "version": len(path),
                "state": state,
                "state_timestamp": self.stored(path[-1][1]),
                "state_message": message,
                "serialized_state": self.value({"type": state, "message": message}),
            }
        )
        return task_run_id

    def line(
        self, run_id: str, task_run_id: str | None, at: datetime, level: str, name: str, message: str
    ) -> dict[str, Any]:
        return {
            "at": at,
            "id": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)),
            "tenant_id": self.tenant_id,
            "flow_run_id": run_id,
            "task_run_id": task_run_id,
            "timestamp": self.stored(at),
            "name": f"prefect.{name}",
            "level": level,
            "message": message,
        }


def ordered(flow: Any) -> list[Any]:
    """The tasks of a flow, each after those it needs."""
    needs: dict[str, set[str]] = {task["id"]: set() for task in flow["tasks"]}
    for edge in flow["edges"]:
        needs[edge["downstream_task_id"]].add(edge["upstream_task_id"])
    done: list[Any] = []
    while len(done) < len(flow["tasks"]):
        known = {task["id"] for task in done}
        done += sorted(
            (task for task in flow["tasks"] if task["id"] not in known and needs[task["id"]] <= known),
            key=lambda task: str(task["slug"]),
        )
    return done


FIRST = [
    "amber",
    "brisk",
    "calm",
    "dapper",
    "eager",
    "fancy",
    "golden",
    "hushed",
    "ivory",
    "jolly",
    "keen",
    "lively",
    "misty",
    "noble",
    "olive",
    "proud",
    "quick",
    "rosy",
]
SECOND = [
    "fox",
    "heron",
    "otter",
    "lynx",
    "ibis",
    "badger",
    "crane",
    "dolphin",
    "egret",
    "falcon",
    "gecko",
    "hare",
    "jackal",
    "koala",
    "lemur",
    "marten",
    "newt",
    "owl",
]


def run_name(chance: random.Random) -> str:
    return f"{chance.choice(FIRST)}-{chance.choice(SECOND)}"


def nightly_load() -> Any:
    from prefect import Flow, Parameter, task
    from prefect.run_configs import LocalRun
    from prefect.schedules import CronSchedule

    @task(tags=["warehouse"])
    def connect() -> str:
        return "warehouse"

    @task(max_retries=3, retry_delay=timedelta(seconds=30))
    def extract(day: str, limit: int) -> list[int]:
        return list(range(limit))

    @task(max_retries=2, retry_delay=timedelta(seconds=10), tags=["warehouse"])
    def clean(part: int, options: dict[str, Any]) -> int:
        return part

    @task(tags=["rates-api"], max_retries=4, retry_delay=timedelta(seconds=60))
    def rates(day: str) -> dict[str, float]:
        return {}

    @task(name="check-vat")
    def check_vat(parts: list[int]) -> None: ...

    @task
    def load(connection: str, parts: list[int], rates: dict[str, float], target: str) -> int:
        return len(parts)

    @task
    def report(rows: int, full: bool) -> None: ...

    @task
    def notify(rows: int, note: str | None) -> None: ...

    with Flow("nightly-load", schedule=CronSchedule("0 2 * * *"), run_config=LocalRun(labels=["eu"])) as flow:
        day, limit = Parameter("day", default="yesterday"), Parameter("limit", default=100)
        options, full = Parameter("options", default={"regions": ["eu"]}), Parameter("full", default=False)
        target, note = Parameter("target", default="warehouse.sales"), Parameter("note", default=None)
        from prefect import unmapped

        parts = clean.map(extract(day, limit), options=unmapped(options))
        check_vat(parts)
        rows = load(connect(), parts, rates(day), target)
        report(rows, full)
        notify(rows, note)
    return flow


def chain(name: str, steps: list[str], schedule: Any = None, labels: list[str] | None = None) -> Any:
    from prefect import Flow, task
    from prefect.run_configs import UniversalRun

    with Flow(name, schedule=schedule, run_config=UniversalRun(labels=labels or [])) as flow:
        before = None
        for step in steps:

            @task(name=step)
            def work(before: Any = None) -> Any:
                return before

            before = work(before) if before is not None else work()
    return flow


def invented_flows() -> dict[str, list[Any]]:
    from prefect import Flow, Parameter, task
    from prefect.schedules import CronSchedule, IntervalSchedule
    from prefect.triggers import manual_only

    hourly = IntervalSchedule(
        start_date=NOW.replace(minute=20, second=0) - timedelta(days=30), interval=timedelta(hours=1)
    )
    with Flow("customer-report") as customer_report:

        @task
        def collect(customer: str) -> dict[str, int]:
            return {}

        @task(trigger=manual_only)
        def approve(found: dict[str, int]) -> None: ...

        approve(collect(Parameter("customer")))
    return {
        "warehouse": [
            nightly_load(),
            chain("hourly-orders", ["fetch", "validate", "store"], hourly, ["eu"]),
            chain("backup", ["lock", "dump", "upload", "verify"], CronSchedule("30 3 * * *")),
        ],
        "finance": [
            chain("invoices", ["select", "render", "sign", "send", "book"], CronSchedule("0 */6 * * 1-5"), ["eu"]),
            customer_report,
        ],
        "research": [
            chain(
                "train-model", ["fetch", "split", "train", "evaluate", "publish"], CronSchedule("0 22 * * *"), ["gpu"]
            ),
            chain("ingest-events", ["poll", "parse", "store"], IntervalSchedule(interval=timedelta(hours=2)), ["eu"]),
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
