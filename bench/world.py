"""A full database: ninety days of many flows, with all their states and lines, made by SQL in minutes.

    .venv/bin/python bench/world.py --into URL [--scale 0.1] [--seed 1] [--now 2026-11-29T12:00:00+00:00]
                                    [--revision 0012 --keep-revision]

URL: sqlite:////path/of/file.db (must not exist) or postgresql://user@host/name (a database without tables).  Scale 1 is
1,000,000 flow runs of 200 flows in ten projects, 10,000,000 task runs, all their states and 5,500,000 log lines; the
same seed and moment give the same rows, on either database.  Prints one JSON line: counts, seconds, and what is rare
(`facts`), which is also in the database: the key `world` of the table key_value.

The rows are written at revision 0012, whose columns never change, without its secondary indexes; those are built after,
and the server's own migration brings all to the newest: what later revisions keep beside is filled as it is for anybody
who upgrades.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from world_sql import Postgres, Sqlite  # noqa: E402

PROJECTS, DAYS = 10, 90
WIDE, MAPPED, WORDY = 0, 1, 2  # flows: of 100 tasks, with a mapped task, whose newest run speaks
TASKS = (1, 5, 10, 16, 18)
RARE = 20
CHUNK = 20_000
REVISION = "0012"
DAY = 86_400_000
_END = '"context":{},"cached_inputs":{},"_result":{"type":"NoResultType","__version__":"1.5.0"}'
_SETTINGS = '{"heartbeat_enabled":true,"lazarus_enabled":true,"version_locking_enabled":false}'


@dataclass
class Shape:
    """How many of what; of a scale below a tenth the largest run and the longest log shrink too, unless they are given.

    A tenth of the flows, the last ones, and the last project are the second tenant's.
    """

    scale: float
    seed: int
    now_ms: int
    runs: int = 0
    ended: int = 0
    running: int = 0
    submitted: int = 0
    late: int = 0
    upcoming: int = 0
    children: int = 0
    lines: int = 5
    long_log: int = 0
    flows: int = 200

    def __post_init__(self) -> None:
        self.runs = max(1_000, round(1_000_000 * self.scale))
        self.running, self.late = max(20, self.runs // 500), max(10, self.runs // 500)
        self.submitted, self.upcoming = max(3, self.runs // 5_000), max(50, self.runs // 100)
        self.ended = self.runs - self.running - self.submitted - self.late - self.upcoming
        small = min(1.0, 10 * self.scale)
        self.children = self.children or max(50, round(10_000 * small))
        self.long_log = self.long_log or max(500, round(500_000 * small))

    @property
    def of_second_tenant(self) -> int:
        """The first flow of the second tenant."""
        return self.flows - self.flows // 10


@dataclass
class Facts:
    """What a bench asks for by name."""

    now: str
    runs: int
    flows: list[str] = field(default_factory=list)
    flow_groups: list[str] = field(default_factory=list)
    projects: list[str] = field(default_factory=list)
    tenants: list[str] = field(default_factory=list)
    large_run: str = ""
    long_log_run: str = ""
    rare_label: str = "rare-label"
    rare_parameter: str = "rare-customer"
    rare_text: str = "needle"
    absent_level: str = "CRITICAL"


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="microseconds")


class Maker:
    """Writes a world of one shape."""

    def __init__(self, url: str, shape: Shape) -> None:
        self.url, self.shape = url, shape
        self.db: Any = (Sqlite if url.startswith("sqlite") else Postgres)(url)
        self.begun = time.monotonic()
        self.long_log_time = (0, 0)
        self.facts = Facts(now=iso(shape.now_ms), runs=shape.runs)

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.begun:7.1f} s  {text}", file=sys.stderr, flush=True)

    def id_of(self, kind: int, x: int) -> str:
        return str(self.db.rows(f"SELECT {self.db.text(self.db.uid(kind, str(x), self.shape.seed))}")[0][0])

    def make(self) -> Facts:
        dropped = self.db.indexes()
        for name, _ in dropped:
            self.db.run(f'DROP INDEX "{name}"')
        self.db.begin()
        self.few_rows()
        self.db.commit()
        shape = self.shape
        for first in range(0, shape.runs, CHUNK):
            self.db.begin()
            self.runs(first, min(first + CHUNK, shape.runs) - 1)
            self.db.commit()
            self.say(f"{min(first + CHUNK, shape.runs):,} of {shape.runs:,} runs")
        self.db.begin()
        self.long_log()
        self.db.insert(
            "key_value",
            [
                {
                    "id": self.id_of(14, 1),
                    "tenant_id": self.facts.tenants[0],
                    "key": "world",
                    "value": json.dumps(asdict(self.facts)),
                }
            ],
        )
        self.db.commit()
        for name, ddl in dropped:
            self.db.run(ddl)
            self.say(name)
        return self.facts

    # --------------------------------------------------------------------- what there is little of

    def few_rows(self) -> None:
        """Tenants, projects, flows with their tasks and edges, agents: as registrations leave them."""
        facts, shape = self.facts, self.shape
        known = self.db.rows("SELECT id FROM tenant ORDER BY created")
        facts.tenants = [str(row[0]) for row in known]
        old = iso(shape.now_ms - (DAYS + 1) * DAY)
        times = {"created": old, "updated": old}
        for number in range(len(facts.tenants), 2):
            facts.tenants.append(self.id_of(1, number))
            name = ("default", "second")[number]
            row = {"id": facts.tenants[-1], "name": name, "slug": name, "settings": "{}", **times}
            self.db.insert("tenant", [row])
        facts.projects = [self.id_of(2, number) for number in range(PROJECTS)]
        tenant_of = [facts.tenants[number == PROJECTS - 1] for number in range(PROJECTS)]
        self.db.insert(
            "project",
            [
                {"id": facts.projects[n], "tenant_id": tenant_of[n], "name": f"project {n}", **times}
                for n in range(PROJECTS)
            ],
        )
        self.db.insert(
            "agent",
            [
                {
                    "id": self.id_of(3, n), "tenant_id": facts.tenants[n // 8], "name": f"agent-{n}",
                    "type": "LocalAgent", "labels": '["prod"]', "last_queried": iso(shape.now_ms), **times,
                }
                for n in range(16)
            ],
        )  # fmt: skip
        self.flows(times)

    def flows(self, times: dict[str, str]) -> None:
        facts = self.facts
        groups, flows, tasks, edges, of_flow = [], [], [], [], []
        for number in range(self.shape.flows):
            second = number >= self.shape.of_second_tenant
            tenant = facts.tenants[second]
            project = facts.projects[PROJECTS - 1 if second else number % (PROJECTS - 1)]
            group = self.id_of(4, number)
            facts.flow_groups.append(group)
            version_group = f"group-{number}"
            settings = _SETTINGS.replace("}", ',"idempotency_key":null}')
            groups.append(
                {
                    "id": group, "tenant_id": tenant, "name": version_group, "settings": settings,
                    "labels": '["prod"]' if number % 3 == 0 else None, "default_parameters": "{}", **times,
                }
            )  # fmt: skip
            last = 2 if number % 4 == 0 else 1
            for version in range(1, last + 1):
                flow = self.id_of(5, number * 4 + version)
                document = flow_document(number)
                flows.append(
                    {
                        "id": flow, "tenant_id": tenant, "version": version, "name": document["name"],
                        "run_config": json.dumps(document["run_config"]), "storage": '{"type":"Local"}',
                        "parameters": json.dumps(document["parameters"]), "project_id": project,
                        "archived": version < last, "version_group_id": version_group, "core_version": "1.4.1",
                        "settings": _SETTINGS, "serialized_flow": json.dumps(document),
                        "is_schedule_active": False, "flow_group_id": group, **times,
                    }
                )  # fmt: skip
                of_flow.append((number, version, flow, group, tenant))
                ids = [self.id_of(6, (number * 4 + version) * 128 + place) for place in range(len(document["tasks"]))]
                last_place = len(ids) - 1
                for place, task in enumerate(document["tasks"]):
                    tasks.append(
                        {
                            "id": ids[place], "tenant_id": tenant, "flow_id": flow, "name": task["name"],
                            "slug": task["slug"], "type": "prefect.tasks.core.function.FunctionTask", "max_retries": 0,
                            "mapped": number == MAPPED and place == 1, "is_root_task": place == 0,
                            "is_terminal_task": place == last_place, "is_reference_task": place == last_place,
                            "tags": "[]", **times,
                        }
                    )  # fmt: skip
                for place in range(1, len(ids)):
                    edges.append(
                        {
                            "id": self.id_of(7, (number * 4 + version) * 128 + place), "tenant_id": tenant,
                            "flow_id": flow, "upstream_task_id": ids[place - 1], "downstream_task_id": ids[place],
                            "mapped": number == MAPPED and place == 1, **times,
                        }
                    )  # fmt: skip
            facts.flows.append(flow)
        for table, rows in (("flow_group", groups), ("flow", flows), ("task", tasks), ("edge", edges)):
            self.db.insert(table, rows)
        kind = "UUID" if isinstance(self.db, Postgres) else "TEXT"
        self.db.run(
            f"CREATE TEMP TABLE w_flow (no INTEGER, version INTEGER, id {kind}, group_id {kind}, tenant_id {kind})"
        )
        names = ("no", "version", "id", "group_id", "tenant_id")
        self.db.insert("w_flow", [dict(zip(names, row, strict=True)) for row in of_flow])
        self.words()

    def words(self) -> None:
        from prefect.server.actions.names import ADJECTIVES, ANIMALS

        for table, words in (("w_adjective", ADJECTIVES), ("w_animal", ANIMALS)):
            self.db.run(f"CREATE TEMP TABLE {table} (no INTEGER PRIMARY KEY, word TEXT)")
            self.db.insert(table, [{"no": number, "word": word} for number, word in enumerate(words)])
        self.adjectives, self.animals = len(ADJECTIVES), len(ANIMALS)

    # -------------------------------------------------------------------- what there is much of

    def mixed(self, x: str, factor: int, below: int) -> str:
        """A whole number that seems to be chosen by chance, from 0 to less than ``below``."""
        return f"((((({x} + {self.shape.seed}) * {factor}) & 4294967295) >> 12) % {below})"

    def runs(self, first: int, last: int) -> None:
        db, shape = self.db, self.shape
        self.stage_runs(first, last)
        salt = shape.seed
        rare = f"r.i % {shape.runs // RARE} = 17"
        labels = (
            f"""CASE WHEN {rare} THEN '["prod","{self.facts.rare_label}"]' WHEN r.flow_no % 3 = 0 THEN '["prod"]' """
            """WHEN r.flow_no % 3 = 1 THEN '["dev","gpu"]' ELSE '[]' END"""
        )
        parameters = (
            f"""'{{"n":' || (r.i % 1000) || ',"region":"' || CASE r.i % 3 WHEN 0 THEN 'eu' WHEN 1 THEN 'us' ELSE 'ap' END"""
            f""" || CASE WHEN {rare} THEN '","customer":"{self.facts.rare_parameter}"}}' ELSE '"}}' END"""
        )
        db.run(f"""
            INSERT INTO flow_run (id, tenant_id, created, updated, flow_id, flow_group_id, parameters, labels, run_config,
                context, name, idempotency_key, scheduled_start_time, auto_scheduled, heartbeat, start_time, end_time,
                version, state, state_timestamp, state_message, state_start_time, serialized_state, times_resurrected,
                agent_id, event_seq, process_id, priority)
            SELECT r.id, r.tenant_id, r.created, r.changed, r.flow_id, r.group_id, {db.json(parameters)},
                {db.json(labels)}, {db.json("'" + '{"type":"UniversalRun","labels":[]}' + "'")}, {db.json("'{}'")},
                a.word || '-' || b.word, CASE WHEN r.i % 10 = 0 THEN 'key-' || r.i END, r.scheduled, r.auto,
                CASE WHEN r.version > 2 THEN r.changed END, CASE WHEN r.version > 2 THEN r.started END,
                CASE WHEN r.version = 4 THEN r.changed END, r.version, r.state, r.changed, r.message,
                CASE WHEN r.version = 1 THEN r.scheduled END, {self.state_json("r.state", "r.message", "r.scheduled_text")},
                0, CASE WHEN r.version > 1 THEN {db.uid(3, "r.agent_no", salt)} END, r.event_seq,
                CASE WHEN r.version > 2 THEN {db.text(db.uid(9, "r.i", salt))} END, 0
            FROM w_run r JOIN w_adjective a ON a.no = {self.mixed("r.i", 2654435761, self.adjectives)}
                JOIN w_animal b ON b.no = {self.mixed("r.i", 40503, self.animals)}""")
        db.run(
            "INSERT INTO run_key (scope, key, flow_run_id)"
            f" SELECT 'flow:' || {db.text('flow_id')}, 'key-' || i, id FROM w_run WHERE i % 10 = 0"
        )
        self.flow_run_states()
        self.task_runs()
        self.logs()
        db.run("DROP TABLE w_run")
        db.run("DROP TABLE w_task_run")

    def stage_runs(self, first: int, last: int) -> None:
        """The columns of runs that others are made from; each its own line of time."""
        db, shape = self.db, self.shape
        now, salt = shape.now_ms, shape.seed
        began = now - DAYS * DAY
        step = (DAYS * DAY - 2 * 3_600_000) // shape.ended
        running, submitted = shape.ended + shape.running, shape.ended + shape.running + shape.submitted
        late = submitted + shape.late
        ended_state = self.mixed("n", 3266489917, 1000)
        large, long_log = shape.ended - 1, shape.ended - 2
        self.db.run(f"""
            CREATE TEMP TABLE w_run AS
            SELECT t.*, f.id AS flow_id, f.group_id, f.tenant_id, {db.uid(8, "t.i", salt)} AS id,
                CASE WHEN f.no >= {self.shape.of_second_tenant} THEN 8 ELSE 0 END + t.i % 8 AS agent_no,
                {db.time("t.created_ms")} AS created, {db.time("t.scheduled_ms")} AS scheduled,
                {db.time("t.started_ms")} AS started, {db.time("t.changed_ms")} AS changed,
                {self.iso_text("t.scheduled_ms")} AS scheduled_text,
                CASE t.version WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 3 + {shape.lines}
                    ELSE 4 + {shape.lines} END AS event_seq,
                CASE t.state WHEN 'Success' THEN 'All reference tasks succeeded.'
                    WHEN 'Failed' THEN 'Some reference tasks failed.' WHEN 'Cancelled' THEN 'Cancelled by a user'
                    WHEN 'TimedOut' THEN 'Execution timed out.' WHEN 'Running' THEN 'Running flow.'
                    WHEN 'Submitted' THEN 'Submitted for execution' ELSE 'Flow run scheduled.' END AS message
            FROM (
                SELECT s.*, CASE s.version WHEN 1 THEN s.created_ms WHEN 2 THEN s.scheduled_ms + 500
                    WHEN 3 THEN s.started_ms ELSE s.started_ms + s.lasted_ms END AS changed_ms
                FROM (
                    SELECT q.*, q.scheduled_ms + 1000 + {self.mixed("q.i", 668265263, 20000)} AS started_ms
                    FROM (
                        SELECT n AS i, CASE n WHEN {large} THEN {MAPPED} WHEN {long_log} THEN {WORDY}
                                ELSE {self.mixed("n", 2246822519, self.shape.flows)} END AS flow_no,
                            CASE WHEN n < {shape.ended} THEN 4 WHEN n < {running} THEN 3 WHEN n < {submitted} THEN 2
                                ELSE 1 END AS version,
                            CASE WHEN n IN ({large}, {long_log}) THEN 'Success'
                                WHEN n < {shape.ended} THEN CASE WHEN {ended_state} < 878 THEN 'Success'
                                    WHEN {ended_state} < 961 THEN 'Failed' WHEN {ended_state} < 993 THEN 'Cancelled'
                                    ELSE 'TimedOut' END
                                WHEN n < {running} THEN 'Running' WHEN n < {submitted} THEN 'Submitted'
                                ELSE 'Scheduled' END AS state,
                            CASE WHEN n >= {late} OR n % 2 = 0 THEN {self.true} ELSE {self.false} END AS auto,
                            CASE WHEN n < {shape.ended} THEN {began} + n * {step}
                                WHEN n < {running} THEN {now - 4 * 3_600_000} + (n - {shape.ended}) % 10800 * 1000
                                WHEN n < {submitted} THEN {now - 120_000} + (n - {running}) % 60 * 1000
                                ELSE {now - 3 * 3_600_000} + (n - {submitted}) % 3600 * 1000 END AS created_ms,
                            CASE WHEN n < {shape.ended} THEN {began} + n * {step} + (n % 2) * 3000000
                                WHEN n < {running} THEN {now - 4 * 3_600_000} + (n - {shape.ended}) % 10800 * 1000
                                WHEN n < {submitted} THEN {now - 120_000} + (n - {running}) % 60 * 1000
                                WHEN n < {late} THEN {now} - 60000 - (n - {submitted}) % 7200 * 1000
                                ELSE {now} + 60000 + (n - {late}) * {10 * DAY // shape.upcoming} END AS scheduled_ms,
                            5000 + {self.mixed("n", 374761393, 1700)} * 1000 AS lasted_ms
                        FROM {db.series(first, last)} AS numbers
                    ) AS q
                ) AS s
            ) AS t
            JOIN w_flow f ON f.no = t.flow_no AND f.version = CASE
                WHEN t.flow_no % 4 <> 0 THEN 1 WHEN t.i < {shape.runs // 3} THEN 1 ELSE 2 END""")
        if first <= large <= last:
            self.facts.large_run = self.id_of(8, large)
            self.facts.long_log_run = self.id_of(8, long_log)
            self.long_log_time = db.rows(f"SELECT started_ms, lasted_ms FROM w_run WHERE i = {long_log}")[0]

    @property
    def true(self) -> str:
        return "1" if isinstance(self.db, Sqlite) else "true"

    @property
    def false(self) -> str:
        return "0" if isinstance(self.db, Sqlite) else "false"

    def iso_text(self, ms: str) -> str:
        if isinstance(self.db, Sqlite):
            return str(self.db.time(ms))
        text = f"to_char(to_timestamp(({ms}) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
        return f"{text} || '+00:00'"

    def state_json(self, state: str, message: str, start_text: str | None = None) -> str:
        """The stored form of a state of this type, as the server writes it."""
        said = f"COALESCE('\"' || {message} || '\"', 'null')"
        start = ""
        if start_text is not None:
            start = (
                f""" || CASE {state} WHEN 'Scheduled' THEN ',"start_time":"' || {start_text} || '"' """
                """WHEN 'Submitted' THEN ',"state":null' ELSE '' END"""
            )
        text = f"""'{{"type":"' || {state} || '","message":' || {said} || ',{_END}'{start} || ',"__version__":"1.5.0"}}'"""
        return str(self.db.json(text))

    def flow_run_states(self) -> None:
        db, salt = self.db, self.shape.seed
        db.run(f"""
            INSERT INTO flow_run_state (id, tenant_id, flow_run_id, timestamp, state, message, start_time,
                serialized_state, created, updated, version, seq)
            SELECT {db.later_uid(10, "l.i * 8 + l.version", salt, "l.ms")}, l.tenant_id, l.flow_run_id, l.at, l.state,
                l.message, CASE l.version WHEN 1 THEN l.scheduled END,
                {self.state_json("l.state", "l.message", "l.scheduled_text")}, l.at, l.at, l.version,
                CASE l.version WHEN 4 THEN 4 + {self.shape.lines} ELSE l.version END
            FROM (
                SELECT r.i, r.tenant_id, r.id AS flow_run_id, r.scheduled, r.scheduled_text, v.n AS version,
                    CASE v.n WHEN 1 THEN 'Scheduled' WHEN 2 THEN 'Submitted' WHEN 3 THEN 'Running'
                        ELSE r.state END AS state,
                    CASE v.n WHEN 1 THEN 'Flow run scheduled.' WHEN 2 THEN 'Submitted for execution'
                        WHEN 3 THEN 'Running flow.' ELSE r.message END AS message,
                    CASE v.n WHEN 1 THEN r.created_ms WHEN 2 THEN r.scheduled_ms + 500 WHEN 3 THEN r.started_ms
                        ELSE r.changed_ms END AS ms,
                    CASE v.n WHEN 1 THEN r.created WHEN 2 THEN {db.time("r.scheduled_ms + 500")} WHEN 3 THEN r.started
                        ELSE r.changed END AS at
                FROM w_run r JOIN {db.series(1, 4)} AS v ON v.n <= r.version
            ) AS l""")

    def task_runs(self) -> None:
        """One for each task of the flow, and the children of the mapped one; all with their states."""
        db, shape = self.db, self.shape
        salt, large = shape.seed, shape.ended - 1
        count = f"CASE r.flow_no WHEN {WIDE} THEN 100 WHEN {MAPPED} THEN 3 ELSE {self.task_count('r.flow_no')} END"
        flow_version = f"CASE WHEN r.flow_no % 4 <> 0 OR r.i < {shape.runs // 3} THEN 1 ELSE 2 END"
        places = f"""
            SELECT r.i * 128 + p.n AS x, r.i, p.n AS place, -1 AS map_index, {count} AS tasks, {flow_version} AS flow_version
            FROM w_run r JOIN {db.series(0, 99)} AS p ON p.n < {count}
            UNION ALL
            SELECT r.i * 128 + 3 + c.n, r.i, 1, c.n, 3, 1 FROM w_run r JOIN {db.series(0, 2)} AS c ON r.flow_no = {MAPPED}
                AND r.version > 2 AND r.i <> {large}
            UNION ALL
            SELECT 1073741824 + c.n, r.i, 1, c.n, 3, 1 FROM w_run r JOIN {db.series(0, shape.children - 1)} AS c
                ON r.i = {large}"""
        done = "(r.version = 4 OR (r.version = 3 AND p.place < p.tasks / 2))"
        at_work = "(r.version = 3 AND p.place = p.tasks / 2)"
        last = "p.place = p.tasks - 1"
        share = "r.lasted_ms * p.place / p.tasks"
        db.run(f"""
            CREATE TEMP TABLE w_task_run AS
            SELECT d.*, {db.uid(12, "d.x", salt)} AS id, {db.uid(6, "(d.flow_no * 4 + d.flow_version) * 128 + d.place", salt)}
                    AS task_id,
                {db.time("d.begun_ms")} AS begun, {db.time("d.ended_ms")} AS done
            FROM (
                SELECT p.x, p.place, p.map_index, p.flow_version, r.flow_no, r.id AS flow_run_id, r.tenant_id, r.created,
                    r.created_ms,
                    CASE WHEN {done} THEN 3 WHEN {at_work} THEN 2 ELSE 1 END AS version,
                    CASE WHEN {done} THEN CASE WHEN r.flow_no = {MAPPED} AND p.place = 1 AND p.map_index < 0 THEN 'Mapped'
                            WHEN r.version = 3 OR NOT {last} THEN 'Success' ELSE r.state END
                        WHEN {at_work} THEN 'Running' ELSE 'Pending' END AS state,
                    r.started_ms + {share} AS begun_ms,
                    r.started_ms + {share} + r.lasted_ms / p.tasks AS ended_ms
                FROM ({places}) AS p JOIN w_run r ON r.i = p.i
            ) AS d""")
        changed = "CASE t.version WHEN 1 THEN t.created WHEN 2 THEN t.begun ELSE t.done END"
        message = "CASE t.version WHEN 1 THEN 'Task run created' WHEN 2 THEN 'Starting task run.' ELSE 'Task run ended.' END"
        db.run(f"""
            INSERT INTO task_run (id, tenant_id, created, updated, flow_run_id, task_id, map_index, heartbeat, start_time,
                end_time, version, state, state_timestamp, state_message, serialized_state)
            SELECT t.id, t.tenant_id, t.created, {changed}, t.flow_run_id, t.task_id, t.map_index,
                CASE WHEN t.version > 1 THEN t.begun END, CASE WHEN t.version > 1 THEN t.begun END,
                CASE WHEN t.version > 2 THEN t.done END, t.version, t.state, {changed}, {message},
                {self.state_json("t.state", message)}
            FROM w_task_run t""")
        changed = "CASE v.n WHEN 1 THEN t.created WHEN 2 THEN t.begun ELSE t.done END"
        message = "CASE v.n WHEN 1 THEN 'Task run created' WHEN 2 THEN 'Starting task run.' ELSE 'Task run ended.' END"
        state = "CASE v.n WHEN 1 THEN 'Pending' WHEN 2 THEN 'Running' ELSE t.state END"
        ms = "CASE v.n WHEN 2 THEN t.begun_ms ELSE t.ended_ms END"
        x = "t.x * 4 + v.n"
        db.run(f"""
            INSERT INTO task_run_state (id, tenant_id, task_run_id, timestamp, state, message, serialized_state, created,
                updated, version)
            SELECT CASE v.n WHEN 1 THEN {db.uid(13, x, salt)} ELSE {db.later_uid(13, x, salt, ms)} END,
                t.tenant_id, t.id, {changed}, {state}, {message},
                {self.state_json(state, message)}, {changed}, {changed}, v.n
            FROM w_task_run t JOIN {db.series(1, 3)} AS v ON v.n <= t.version""")

    def task_count(self, flow_no: str) -> str:
        return f"CASE {flow_no} % 5 " + " ".join(f"WHEN {n} THEN {count}" for n, count in enumerate(TASKS)) + " END"

    def logs(self) -> None:
        """A few lines of each run that has begun; the first is the flow run's own, the others its first task run's."""
        db, shape = self.db, self.shape
        level = f"""CASE {self.mixed("l.x", 2246822519, 50)} WHEN 0 THEN 'ERROR' WHEN 1 THEN 'WARNING' WHEN 2 THEN 'WARNING'
            WHEN 3 THEN 'DEBUG' WHEN 4 THEN 'DEBUG' ELSE 'INFO' END"""
        db.run(f"""
            INSERT INTO log (id, tenant_id, flow_run_id, task_run_id, timestamp, name, level, message, created, updated, seq)
            SELECT {db.later_uid(11, "l.x", shape.seed, "l.ms")}, l.tenant_id, l.flow_run_id, l.task_run_id, l.at,
                CASE WHEN l.n = 1 THEN 'prefect.CloudFlowRunner' ELSE 'prefect.CloudTaskRunner' END, {level},
                'Task ''step'': read ' || {self.mixed("l.x", 374761393, 100000)} || ' rows of part ' || l.n, l.at, l.at,
                3 + l.n
            FROM (
                SELECT r.i * 8 + v.n AS x, r.tenant_id, r.id AS flow_run_id, v.n,
                    CASE WHEN v.n > 1 THEN {db.uid(12, "r.i * 128", shape.seed)} END AS task_run_id,
                    r.started_ms + v.n * 700 AS ms, {db.time("r.started_ms + v.n * 700")} AS at
                FROM w_run r JOIN {db.series(1, shape.lines)} AS v ON r.version > 2
            ) AS l""")

    def long_log(self) -> None:
        """The run with a long log: all its lines come before its end, which moves behind them."""
        db, shape = self.db, self.shape
        run_id, count = self.facts.long_log_run, shape.long_log
        level = "CASE n % 1000 WHEN 0 THEN 'ERROR' WHEN 1 THEN 'WARNING' WHEN 2 THEN 'DEBUG' ELSE 'INFO' END"
        needle = f"CASE WHEN n = {count // 2} THEN ' {self.facts.rare_text}' ELSE '' END"
        started, lasted = self.long_log_time
        ms = f"{started} + n * {lasted} / {count}"
        last = 3 + shape.lines
        db.run(f"""
            INSERT INTO log (id, tenant_id, flow_run_id, timestamp, name, level, message, created, updated, seq)
            SELECT {db.later_uid(11, f"{8 * shape.runs + 8} + n", shape.seed, ms)}, '{self.facts.tenants[0]}', '{run_id}',
                {db.time(ms)}, 'prefect.speaker', {level},
                'read ' || (n * 7919 % 1501) || ' rows from s3://raw/part-' || n || {needle}, {db.time(ms)}, {db.time(ms)},
                {last} + n
            FROM {db.series(1, count)} AS numbers""")
        new = last + count + 1
        db.run(f"UPDATE flow_run_state SET seq = {new} WHERE flow_run_id = '{run_id}' AND version = 4")
        db.run(f"UPDATE flow_run SET event_seq = {new} WHERE id = '{run_id}'")
        self.say(f"{count:,} lines of one run")


def flow_document(number: int) -> dict[str, Any]:
    """A flow as a client serializes it: a chain, whose second task is mapped in one of them."""
    count = 100 if number == WIDE else 3 if number == MAPPED else TASKS[number % 5]
    slugs = [f"step-{place:03d}-1" for place in range(count)]
    edges = [
        {
            "upstream_task": {"slug": slugs[place - 1]},
            "downstream_task": {"slug": slugs[place]},
            "key": None,
            "mapped": number == MAPPED and place == 1,
        }
        for place in range(1, count)
    ]
    return {
        "name": f"flow-{number:03d}",
        "tasks": [{"slug": slug, "name": slug[:8], "tags": []} for slug in slugs],
        "edges": edges,
        "parameters": [{"name": "n", "slug": "n", "required": False, "default": 0}],
        "storage": {"type": "Local"},
        "run_config": {"type": "UniversalRun", "labels": []},
        "__version__": "1.4.1",
    }


def make(url: str, shape: Shape, *, upgrade: bool = True) -> tuple[Facts, dict[str, float]]:
    """Fill an empty database; gives what to ask for, and how long each part took in seconds."""
    from prefect.server.store import opening
    from prefect.server.store.migrations import HEAD, downgrade

    opening.migrate(url)
    if HEAD != REVISION:
        downgrade(url, REVISION)
    begun = time.monotonic()
    maker = Maker(url, shape)
    facts = maker.make()
    maker.db.finish()
    seconds = {"fill_s": round(time.monotonic() - begun, 1)}
    begun = time.monotonic()
    maker.db.analyze(url)
    seconds["analyze_s"] = round(time.monotonic() - begun, 1)
    if upgrade and HEAD != REVISION:
        begun = time.monotonic()
        opening.migrate(url)
        seconds["upgrade_s"] = round(time.monotonic() - begun, 1)
        maker.db.analyze(url)
    return facts, seconds


def read_facts(url: str) -> Facts:
    """Read what a world says of itself."""
    sql = "SELECT value FROM key_value WHERE key = 'world'"
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        value = json.loads(connection.execute(sql).fetchone()[0])
        connection.close()
    else:
        import psycopg

        with psycopg.connect(url) as opened:
            row = opened.execute(sql).fetchone()
            assert row is not None
            value = row[0]
    return Facts(**value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", required=True, metavar="URL")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--now", type=datetime.fromisoformat, help="when the ninety days end; now, if left out")
    parser.add_argument("--no-upgrade", action="store_true", help=f"leave it at revision {REVISION}")
    args = parser.parse_args()
    if args.into.startswith("sqlite") and Path(args.into.removeprefix("sqlite:///")).exists():
        parser.error(f"{args.into} is there already")
    now = args.now or datetime.now(UTC).replace(second=0, microsecond=0)
    shape = Shape(args.scale, args.seed, int(now.timestamp() * 1000))
    facts, seconds = make(args.into, shape, upgrade=not args.no_upgrade)
    told = {"bench": "world", "scale": args.scale, **seconds, "facts": {**asdict(facts), "flows": len(facts.flows)}}
    del told["facts"]["flow_groups"]
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
