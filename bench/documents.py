"""What people's pages ask of a full database: documents with their values, from three sources.

`ISSUE`: pages with filters, one for each kind of question that is slow when it is answered by looking at everything.
`web_ui`: every query and subscription of `ui/src/operations`, with values as its screens give them; one without values
here is an error, so that a new one is measured too.  `old_ui`: what the pages of 1.x ask (`tests/support/documents.py`).

Subscriptions are asked as queries: what a subscription reads after a commit is the same document.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OPERATIONS = ROOT / "ui/src/operations"
Ask = Callable[..., Any]


@dataclass(frozen=True)
class Page:
    """One document with its values; `source` is issue, web or 1.x."""

    name: str
    source: str
    text: str
    variables: dict[str, Any] = field(default_factory=dict)


class Samples:
    """Ids that the pages ask for: of things that are there, and large where that matters.

    Args:
        ask: sends a document with its variables and gives the data.
        facts: what the database says of itself (`world.Facts`).
    """

    def __init__(self, ask: Ask, facts: Any) -> None:
        self.facts = facts
        self.now = datetime.fromisoformat(facts.now)
        self.group, self.flow = facts.flow_groups[5], facts.flows[5]
        self.groups, self.flows = facts.flow_groups, facts.flows
        self.project, self.tenant = facts.projects[2], facts.tenants[0]
        self.large, self.long_log = facts.large_run, facts.long_log_run
        found = ask(
            """query($large: uuid!, $log: uuid!, $group: uuid!) {
                large: flow_run_by_pk(id: $large) { flow_id flow { flow_group_id tasks(order_by: {slug: asc}) { id } }
                    task_runs(where: {map_index: {_lt: 0}}, order_by: {task: {slug: asc}}) { id task_id } }
                long: flow_run_by_pk(id: $log) { flow_id start_time end_time task_runs(limit: 1) { id } }
                log(where: {flow_run_id: {_eq: $log}}, order_by: {seq: desc}, limit: 1) { id seq timestamp }
                failed: flow_run(where: {state: {_eq: "Failed"}}, limit: 50) { id }
                done: flow_run(where: {flow: {flow_group_id: {_eq: $group}}, state: {_eq: "Success"}}, limit: 20) { id }
                late: flow_run(where: {state: {_eq: "Scheduled"}}, order_by: {scheduled_start_time: asc}, limit: 1) { id }
                tasks: task(where: {flow: {flow_group_id: {_eq: $group}}}, limit: 20) { id slug }
                agent(limit: 1) { id }
            }""",
            {"large": self.large, "log": self.long_log, "group": self.group},
        )
        self.large_flow, self.large_group = found["large"]["flow_id"], found["large"]["flow"]["flow_group_id"]
        self.large_tasks = [row["id"] for row in found["large"]["flow"]["tasks"]]
        self.mapped = found["large"]["task_runs"][1]["id"]
        self.task_run = found["large"]["task_runs"][0]["id"]
        self.line, self.agent = found["log"][0], found["agent"][0]["id"]
        self.failed = [row["id"] for row in found["failed"]]
        self.done = [row["id"] for row in found["done"]]
        self.late = found["late"][0]["id"]
        self.tasks, self.slug = [row["id"] for row in found["tasks"]], found["tasks"][0]["slug"]

    def before(self, **ago: float) -> str:
        return (self.now - timedelta(**ago)).isoformat()


# ------------------------------------------------------------------------------------------------ filtered pages

RUN = "id name state start_time scheduled_start_time flow { id name project { name } }"
LINE = "id timestamp level name message task_run_id"


def filtered(s: Samples) -> Iterator[Page]:
    """Pages with filters over everything there is."""

    def page(name: str, text: str, **variables: Any) -> Page:
        return Page(name, "issue", text, variables)

    day, hour = s.before(days=1), s.before(hours=1)
    run = {"run": s.long_log}
    count = "{ aggregate { count } }"
    yield page(
        "states of a flow by time",
        "query($f: uuid!) { flow_run_state(where: {flow_run: {flow_id: {_eq: $f}}}, order_by: {timestamp: desc}, limit: 50)"
        " { id state timestamp message flow_run { id name } } }",
        f=s.flow,
    )
    yield page(
        "states of a flow group by time",
        "query($f: uuid!) { flow_run_state(where: {flow_run: {flow: {flow_group_id: {_eq: $f}}}}, order_by: {timestamp: desc},"
        " limit: 50) { id state timestamp message flow_run { id name } } }",
        f=s.group,
    )
    for what, where in (
        ("label that few have", {"labels": {"_contains": [s.facts.rare_label]}}),
        ("label that nobody has", {"labels": {"_contains": ["no-such-label"]}}),
        ("parameter that few have", {"parameters": {"_contains": {"customer": s.facts.rare_parameter}}}),
        ("parameter that nobody has", {"parameters": {"_contains": {"customer": "nobody"}}}),
    ):
        text = f"query($w: flow_run_bool_exp!) {{ flow_run(where: $w, order_by: {{created: desc}}, limit: 50) {{ {RUN} }} }}"
        yield page(what, text, w=where)
        yield page(
            f"{what}, counted", f"query($w: flow_run_bool_exp!) {{ flow_run_aggregate(where: $w) {count} }}", w=where
        )
    yield page(
        "log text in a long run",
        f"query($run: uuid!, $t: String!) {{ log(where: {{flow_run_id: {{_eq: $run}}, message: {{_ilike: $t}}}},"
        f" order_by: {{timestamp: desc}}, limit: 100) {{ {LINE} }} }}",
        t=f"%{s.facts.rare_text}%",
        **run,
    )
    yield page(
        "log text in a long run, by 1.x's page",
        "query($run: uuid!, $t: String!) { flow_run_by_pk(id: $run) { logs(limit: 100, offset: 0, order_by: {timestamp: desc},"
        f" where: {{message: {{_ilike: $t}}}}) {{ {LINE} }} logs_aggregate(where: {{message: {{_ilike: $t}}}}) {count} }} }}",
        t=f"%{s.facts.rare_text}%",
        **run,
    )
    levels = " ".join(
        f'{level}: log_aggregate(where: {{flow_run_id: {{_eq: $run}}, level: {{_eq: "{level}"}}}}) {count}'
        for level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    )
    yield page("log lines by level, counted", f"query($run: uuid!) {{ {levels} }}", **run)
    yield page(
        "log volume of a long run",
        "query($run: UUID!) { log_volume(flow_run_id: $run, buckets: 200) { total counts buckets { time total counts } } }",
        **run,
    )
    for what, level in (("level without lines", s.facts.absent_level), ("level with few lines", "ERROR")):
        yield page(
            what,
            "query($run: uuid!, $l: [String!]) { log(where: {flow_run_id: {_eq: $run}, level: {_in: $l}},"
            f" order_by: {{timestamp: desc}}, limit: 100) {{ {LINE} }} }}",
            l=[level],
            **run,
        )
    newest = "flow_runs(order_by: {created: desc}, limit: 12) { id state start_time end_time }"
    yield page("last 12 runs of each of 200 flows, by created", f"{{ flow(where: {{archived: {{_eq: false}}}}) {{ id {newest} }} }}")
    yield page("last 12 runs of each flow group, by created", f"{{ flow_group {{ id {newest} }} }}")
    for what, where, order in (
        ("runs of a flow by created", {"flow_id": {"_eq": s.flow}}, {"created": "desc"}),
        ("runs of a flow group by created", {"flow": {"flow_group_id": {"_eq": s.group}}}, {"created": "desc"}),
        ("failed runs by created", {"state": {"_eq": "Failed"}}, {"created": "desc"}),
        ("failed runs of a project by created", {"state": {"_eq": "Failed"}, "flow": {"project_id": {"_eq": s.project}}}, {"created": "desc"}),
        ("failed runs by start", {"state": {"_eq": "Failed"}}, {"start_time": "desc_nulls_last"}),
        ("failed runs of a project by start", {"state": {"_eq": "Failed"}, "flow": {"project_id": {"_eq": s.project}}}, {"start_time": "desc_nulls_last"}),
        ("runs of a project by schedule", {"flow": {"project_id": {"_eq": s.project}}}, {"scheduled_start_time": "desc"}),
        ("all runs by start, none last", {}, {"start_time": "desc_nulls_last"}),
        ("all runs by created", {}, {"created": "desc"}),
        ("all runs by end", {}, {"end_time": "desc_nulls_last"}),
        ("all runs by change of state", {}, {"state_timestamp": "desc"}),
        ("runs of an agent by start", {"agent_id": {"_eq": s.agent}}, {"start_time": "desc_nulls_last"}),
        ("runs of a tenant by created", {"tenant_id": {"_eq": s.facts.tenants[1]}}, {"created": "desc"}),
    ):  # fmt: skip
        yield page(
            what,
            f"query($w: flow_run_bool_exp!, $o: [flow_run_order_by!]) {{ flow_run(where: $w, order_by: $o, limit: 50) {{ {RUN} }} }}",
            w=where, o=[order],
        )  # fmt: skip
    task = "id name state start_time map_index task { name } flow_run { id name }"
    yield page("newest task runs of all", f"{{ task_run(order_by: {{start_time: desc_nulls_last}}, limit: 50) {{ {task} }} }}")
    yield page("newest task runs by created", f"{{ task_run(order_by: {{created: desc}}, limit: 50) {{ {task} }} }}")
    yield page(
        "failed task runs by change",
        f'{{ task_run(where: {{state: {{_eq: "Failed"}}}}, order_by: {{state_timestamp: desc}}, limit: 50) {{ {task} }} }}',
    )
    yield page(
        "newest states of flow runs",
        "{ flow_run_state(order_by: {timestamp: desc}, limit: 50) { id state timestamp flow_run { id name } } }",
    )
    yield page(
        "newest states of task runs",
        "{ task_run_state(order_by: {timestamp: desc}, limit: 50) { id state timestamp task_run { id name } } }",
    )
    name = "query($n: String!) { flow_run(where: {name: {_ilike: $n}}, order_by: {created: desc}, limit: 5) { id name } }"
    yield page("search of an absent name", name, n="%zzyzzx%")
    yield page("search of a name that some have", name, n="%stoic-marm%")
    yield page(
        "search of an absent name of a task run",
        "query($n: String!) { task_run(where: {name: {_ilike: $n}}, limit: 5) { id name } }",
        n="%zzyzzx%",
    )
    for what, where in (
        ("of a day by change of state", {"state_timestamp": {"_gte": day}}),
        ("of a day by start", {"start_time": {"_gte": day}}),
        ("of an hour by start", {"start_time": {"_gte": hour}}),
        ("of a day by schedule and state", {"scheduled_start_time": {"_gte": day}, "state": {"_eq": "Failed"}}),
        ("of a project", {"flow": {"project_id": {"_eq": s.project}}}),
        ("of a flow", {"flow_id": {"_eq": s.flow}}),
        ("of a state", {"state": {"_eq": "Success"}}),
        ("of all", {}),
        ("that are not done", {"state": {"_neq": "Success"}}),
        ("of 90 days but one", {"scheduled_start_time": {"_gte": s.before(days=89), "_lt": day}}),
    ):
        yield page(f"runs {what}, counted", f"query($w: flow_run_bool_exp!) {{ flow_run_aggregate(where: $w) {count} }}", w=where)
    yield page("task runs of all, counted", f"{{ task_run_aggregate {count} }}")
    yield page(
        "runs by day, 30 days",
        "query($f: DateTime!, $t: DateTime!) { flow_run_history(from: $f, to: $t, bucket_seconds: 86400)"
        " { buckets { time total counts } } }",
        f=s.before(days=30),
        t=s.now.isoformat(),
    )
    far = s.facts.runs // 2
    yield page(
        "half of all runs skipped",
        f"{{ flow_run(order_by: {{created: desc}}, limit: 50, offset: {far}) {{ {RUN} }} }}",
    )
    yield page(
        "half of all runs skipped, by schedule",
        f"{{ flow_run(order_by: {{scheduled_start_time: desc}}, limit: 50, offset: {far}) {{ {RUN} }} }}",
    )
    yield page(
        "all task runs of a large run",
        "query($id: uuid!) { task_run(where: {flow_run_id: {_eq: $id}}) { id state map_index start_time end_time } }",
        id=s.large,
    )
    yield page(
        "task runs of a large run, a page by start",
        f"query($id: uuid!) {{ task_run(where: {{flow_run_id: {{_eq: $id}}}}, order_by: {{start_time: desc}}, limit: 50) {{ {task} }} }}",
        id=s.large,
    )
    yield page("one run by its id", f"query($id: uuid!) {{ flow_run_by_pk(id: $id) {{ {RUN} }} }}", id=s.done[0])


# --------------------------------------------------------------------------------------------------- the web UI


def web_values(s: Samples) -> dict[str, list[dict[str, Any]]]:
    """The values of each document of the web UI, as its screens give them; several where a filter changes the plan."""
    iso = s.now.isoformat()
    day, week = s.before(days=1), s.before(days=7)
    within = {"flow": {"project_id": {"_eq": s.project}}}
    soon = {"state": {"_eq": "Scheduled"}, "scheduled_start_time": {"_gt": iso}}
    failed = {"state": {"_in": ["Failed", "TimedOut", "TriggerFailed"]}}
    near = {"scheduled_start_time": {"_lt": s.before(minutes=-2)}}
    of_group = {"flow": {"flow_group_id": {"_eq": s.group}}}
    up = [{"timestamp": "asc"}, {"seq": "asc"}, {"id": "asc"}]
    down = [{"timestamp": "desc"}, {"seq": "desc"}, {"id": "desc"}]
    log = {"flow_run_id": {"_eq": s.long_log}}
    errors = {"_and": [log, {"level": {"_in": ["ERROR", "CRITICAL"]}}]}
    none = {"_and": [log, {"level": {"_in": ["CRITICAL"]}}]}
    text = {"_and": [log, {"message": {"_ilike": f"%{s.facts.rare_text}%"}}]}
    beyond = {
        "_and": [
            log,
            {"timestamp": {"_lte": s.line["timestamp"]}},
            {"_or": [{"timestamp": {"_lt": s.line["timestamp"]}}, {"seq": {"_lt": s.line["seq"]}}]},
        ]
    }
    searched = {"_or": [{"name": {"_ilike": "%zzyzzx%"}}, {"flow": {"name": {"_ilike": "%zzyzzx%"}}}]}
    lists = [
        near,
        {"_and": [failed, {"scheduled_start_time": {"_gte": week}}, near]},
        {"state": {"_in": ["Submitted", "Running", "Cancelling"]}},
        {"_and": [{"state": {"_eq": "Scheduled"}}, {"scheduled_start_time": {"_lt": s.before(seconds=20)}}]},
        {"_and": [of_group, near]},
        {"_and": [within, near]},
        {"_and": [{"state": {"_in": ["Failed"]}}, within, near]},
        {"_and": [{"labels": {"_contains": [s.facts.rare_label]}}, near]},
        {"_and": [{"parameters": {"_contains": {"customer": s.facts.rare_parameter}}}, near]},
        {"_and": [{"agent_id": {"_eq": s.agent}}, near]},
        {"_and": [{"auto_scheduled": {"_eq": True}}, near]},
        searched,
        {},
    ]
    orders = [{"scheduled_start_time": "desc"}, {"start_time": "desc_nulls_last"}, {"created": "desc"}]
    pages = [
        {"where": where, "order": [order], "limit": 60, "offset": 0, "parameters": False}
        for where in lists
        for order in orders
    ]
    pages.append({"where": {}, "order": [orders[0]], "limit": 60, "offset": s.facts.runs // 2, "parameters": True})
    days = [{"where": {"scheduled_start_time": {"_gte": s.before(days=n + 1), "_lt": s.before(days=n)}}} for n in (0, 3)]
    search = {"like": "%zzyzzx%"}
    history = {"from": day, "to": iso, "seconds": 3600}
    month = {"from": s.before(days=30), "to": iso, "seconds": 43_200}
    frozen = {"_and": [{}, {"created": {"_lte": iso}}]}
    return {
        "AgentsLive": [{}], "AgentsDue": [{"before": iso}], "AgentOne": [{"id": s.agent}],
        "AllAutomations": [{}], "CloudHooks": [{"where": {}}], "Deliveries": [{"where": {}}], "HookFlows": [{}],
        "CalendarCell": [*days, {"where": days[0]["where"] | of_group}], "CalendarFlows": [{"ids": s.groups}],
        "CompareRuns": [{"a": s.done[0], "b": s.failed[0]}],
        "CompareTasks": [{"a": s.large, "b": s.failed[0]}], "CompareChildren": [{"id": s.mapped}],
        "CompareWith": [{"group": s.group, "not": s.done[0]}], "CompareOne": [{"id": s.done[0]}],
        "CompareLogs": [{"taskRun": s.task_run}],
        "FlowGroup": [{"id": s.group}],
        "FlowVersions": [{"where": {"flow_group_id": {"_eq": s.group}, "version": {"_lt": 100}}, "limit": 100}],
        "FlowVersion": [{"id": s.flow}], "FlowHistory": [{"group": s.group}], "FlowUpcoming": [{"group": s.group}],
        "FlowFailures": [{"runs": s.failed}],
        "FlowRuns": [
            {"where": of_group | where, "limit": 51, "offset": offset}
            for where in ({"state": {"_neq": "Scheduled"}}, {"state": {"_eq": "Failed"}}, {"name": {"_ilike": "%zzyzzx%"}})
            for offset in (0, 500)
        ],
        "FlowShape": [{"flow": s.flow}], "FlowLastRuns": [{"ids": s.flows[:100]}],
        "FlowDone": [{"flow": s.flow, "limit": 20}], "FlowTaskTimes": [{"runs": s.done}], "FlowProjects": [{}],
        "FlowPreview": [{"clocks": [{"cron": "0 * * * *"}], "timezone": "UTC"}], "FlowPreviewOf": [{"schedule": {"type": "Schedule", "clocks": [{"type": "CronClock", "cron": "7 * * * *"}]}}],
        "FlowList": [{"where": {"archived": {"_eq": False}}}, {"where": {"project_id": {"_eq": s.project}}}],
        "FlowRows": [{"ids": s.groups[:100]}], "FlowsProject": [{"id": s.project}],
        "FormGroup": [{"id": s.group}], "FormVersionNamed": [{"group": s.group, "version": 1}],
        "FormVersion": [{"id": s.flow}], "FormPast": [{"group": s.group}], "FormRun": [{"id": s.done[0]}],
        "FormFind": [{"group": s.group} | search], "FormAgents": [{}], "FormLimits": [{"labels": ["prod"]}],
        "Me": [{}], "NavCounts": [{"since": day}], "NavUnread": [{}],
        "Jump": [search, {"like": "%stoic-marm%"}], "JumpMore": [{"id": s.done[0], "text": "group-5"}],
        "JumpAdmin": [{"id": s.done[0]}], "JumpId": [{"id": s.done[0]}], "Version": [{"id": s.flow, "text": "group-5"}],
        "HomeFailures": [{"since": day}], "NewestEnded": [{"groups": s.groups[:100]}],
        "FailureReasons": [{"ids": s.failed}], "HomePaused": [{}],
        "HomeLate": [{"before": s.before(seconds=20), "limit": 50}], "WhyNot": [{"id": s.late}], "HomeAgents": [{}],
        "HomeUnread": [{}], "HomeTrouble": [{}],
        "HomeCounts": [
            {"where": {"_and": [where, {"state": {"_in": ["Running", "Submitted", "Cancelling"]}}]}, "soon": {"_and": [where, soon]}}
            for where in ({}, within)
        ],
        "RunHistory": [{"where": where} | time for where in ({}, within, of_group) for time in (history, month)],
        "HomeFlows": [
            {"where": {"flows": {"archived": {"_eq": False}}}, "limit": 25},
            {"where": {"flows": {"archived": {"_eq": False}, "project_id": {"_eq": s.project}}}, "limit": 25},
        ],
        "InboxMessages": [{"where": {"read": {"_eq": False}}, "limit": 50}], "InboxTypes": [{}],
        "KeptDocuments": [{"kind": "view", "shared": True}], "AllLimits": [{}],
        "SlotUsage": [{"labels": ["prod"], "tags": ["db"]}],
        "QueueRuns": [{"before": iso, "limit": 100}], "QueueNext": [{"after": iso}], "QueueState": [{"id": s.tenant}],
        "QueueWhy": [{"id": s.late}],
        "RunHead": [{"id": s.large}, {"id": s.long_log}], "RunShape": [{"flow": s.large_flow}],
        "RunTaskRuns": [{"id": s.large}], "RunAttempts": [{"ids": [s.mapped, s.task_run]}],
        "RunTaskEvents": [{"id": s.large, "after": 0, "since": None}],
        "RunLogEvents": [{"id": s.long_log, "after": s.line["seq"] - 500, "since": None}],
        "RunFailures": [{"id": s.large, "limit": 10}], "RunDurations": [{"group": s.group}], "RunWhy": [{"id": s.late}],
        "RunFlow": [{"flow": s.flow}], "RunArtifacts": [{"id": s.large, "limit": 100}],
        "RunArtifactCount": [{"id": s.large}], "RunState": [{"id": s.large}],
        "LogPage": [
            {"where": where, "order": order, "limit": 500}
            for where, order in (({"_and": [log]}, down), (errors, down), (none, down), (text, down), (beyond, down), ({"_and": [log]}, up))
        ],
        "LogHits": [{"where": text, "order": down, "limit": 1001}, {"where": none, "order": up, "limit": 1}],
        "LogVolume": [
            {"id": s.long_log, "where": {"_and": [log]}, "buckets": 200},
            {"id": s.long_log, "where": text, "buckets": 200},
        ],
        "RunsPage": pages,
        "RunsTotal": [*({"where": where} for where in lists), {"where": frozen}],
        "RunIds": [{"where": {"_and": [{}, {"updated": {"_lte": iso}}]}, "limit": 500}],
        "FilterChoices": [{}], "NamesOf": [{"groups": s.groups[:100], "projects": [s.project], "agents": [s.agent]}],
        "RunsNamed": [{"ids": s.failed[:5]}], "SecretNames": [{}], "AllProjects": [{}], "AllKeys": [{}],
        "AuditPage": [{"where": {}, "limit": 100}], "TenantPage": [{"id": s.tenant}], "StartSteps": [{"since": day}],
        "TaskOne": [{"id": s.tasks[0]}], "TaskVersions": [{"group": s.group, "slug": s.slug}],
        "TaskHistory": [{"tasks": s.tasks}], "TaskLimits": [{"tags": ["db"]}],
        "TaskRunHead": [{"id": s.mapped}], "TaskRunAround": [{"run": s.large, "tasks": s.large_tasks}],
        "TaskRunChildren": [{"run": s.large, "task": s.large_tasks[1], "limit": 100, "offset": 5000}],
        "TaskRunSums": [{"id": s.mapped}], "AllValues": [{"where": {}, "limit": 100}],
    }  # fmt: skip


def operations() -> Iterator[tuple[str, str]]:
    """Name and text of each query and subscription of the web UI, the latter as a query, with its fragments."""
    from graphql import parse, print_ast, visit
    from graphql.language import FragmentDefinitionNode, OperationDefinitionNode, Visitor

    fragments: dict[str, FragmentDefinitionNode] = {}
    found: list[OperationDefinitionNode] = []
    for path in sorted(OPERATIONS.glob("*.graphql")):
        for node in parse(path.read_text()).definitions:
            if isinstance(node, FragmentDefinitionNode):
                fragments[node.name.value] = node
            elif isinstance(node, OperationDefinitionNode) and node.operation.value != "mutation":
                found.append(node)

    class Spreads(Visitor):
        def __init__(self) -> None:
            super().__init__()
            self.names: list[str] = []

        def enter_fragment_spread(self, node: Any, *_: Any) -> None:
            self.names.append(node.name.value)

    def used(node: Any, known: dict[str, None]) -> dict[str, None]:
        spreads = Spreads()
        visit(node, spreads)
        for name in spreads.names:
            if name not in known:
                known[name] = None
                used(fragments[name], known)
        return known

    for node in found:
        assert node.name is not None
        text = re.sub(r"^subscription\b", "query", print_ast(node))
        parts = [text, *(print_ast(fragments[name]) for name in used(node, {}))]
        yield node.name.value, "\n".join(parts)


def web_ui(s: Samples) -> Iterator[Page]:
    """Every document of the web UI.

    Raises:
        LookupError: one has no values here.
    """
    values = web_values(s)
    for name, text in operations():
        if name not in values:
            raise LookupError(f"the web UI's {name} has no values in {Path(__file__).name}")
        for variables in values[name]:
            yield Page(name if len(values[name]) == 1 else f"{name} {short(variables)}", "web", text, variables)


def short(variables: dict[str, Any]) -> str:
    """Values as a name that tells them from others of the same document: ids and times are left out."""
    text = json.dumps({"order": variables.get("order"), **variables})
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "id", text)
    text = re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+]+", "time", text)
    text = re.sub(r', "(limit|offset)": 0|, "(limit)": [0-9]+|"scheduled_start_time": {"_lt": "time"}', "", text)
    text = re.sub(r'"(offset|seq|_lt)": [0-9]+', r'"\1"', text)
    text = re.sub(r'"parameters": false|"order": null|"_and"|"where"|"order"|"_eq"|"_contains"|["{}\[\],]', " ", text)
    return " ".join(text.replace(":", "").split())[:100]


# ------------------------------------------------------------------------------------------------ the pages of 1.x


def old_ui(s: Samples) -> Iterator[Page]:
    """What the pages of 1.x ask, in the shapes of the tests, of what is there."""
    tests = str(ROOT / "tests")
    if tests not in sys.path:
        sys.path.append(tests)
    from support import rows
    from support.documents import PAGES

    ids = {
        rows.RUN["gamma"]: s.large, rows.DEMO: s.project, rows.ETL_2: s.large_flow, rows.GROUP: s.group,
        rows.EXTRACT: s.large_tasks[0], rows.LOAD: s.large_tasks[2], rows.TENANT: s.tenant,
    }  # fmt: skip

    def put(text: str) -> str:
        for known, other in ids.items():
            text = text.replace(known, other)
        return text.replace("2026-01-01T00:00:00", s.before(days=1)[:19]).replace("2026-01-01", s.before(days=1)[:10])

    for name, (text, variables, _) in PAGES.items():
        yield Page(f"1.x: {name}", "1.x", put(text), json.loads(put(json.dumps(variables or {}))))
    text, variables, _ = PAGES["logs"]
    yield Page("1.x: logs of a long run", "1.x", text, {**variables, "id": s.long_log, "text": "%needle%", "levels": None})
    text, _, _ = PAGES["counts by state"]
    yield Page("1.x: counts by state of a project, a week", "1.x", text, {"p": s.project, "d": s.before(days=7)})
    text, _, _ = PAGES["search by name"]
    yield Page("1.x: search of an absent name", "1.x", text, {"n": "%zzyzzx%"})
    counted = "{ aggregate { count } }"
    for what, where in (
        ("runs of all", "{}"),
        ("runs of a project", f'{{flow: {{project_id: {{_eq: "{s.project}"}}}}}}'),
    ):
        yield Page(
            f"1.x: history of {what}",
            "1.x",
            f'{{ flow_run(where: {{_and: [{where}, {{state: {{_nin: ["Scheduled"]}}}}]}}, order_by: {{scheduled_start_time: desc}},'
            " limit: 100) { id name state state_message start_time end_time scheduled_start_time flow { id name } }"
            f' upcoming: flow_run(where: {{_and: [{where}, {{state: {{_eq: "Scheduled"}}}}]}}, order_by: {{scheduled_start_time: asc}},'
            f" limit: 10) {{ id name }} flow_run_aggregate(where: {where}) {counted} }}",
        )


# ------------------------------------------------------------------------------------------------ the command line


def terminal(s: Samples) -> Iterator[Page]:
    """What the command line asks, by the functions that it asks with."""
    from prefect.cli.which_runs import Conditions, last_questions, listing_questions, task_runs_where, where_of
    from prefect.contract import operations

    def page(name: str, text: str, **variables: Any) -> Page:
        return Page(f"terminal: {name}", "terminal", text, variables)

    for what, given in (
        ("all", Conditions()),
        ("failed ones", Conditions(states=("Failed",))),
        ("scheduled ones", Conditions(states=("Scheduled",))),
        ("those of a day", Conditions(since="1d")),
    ):
        where = where_of(given, s.now) if given else {}
        for kind in ("", "started", "upcoming"):
            if (what, kind) == ("scheduled ones", "started"):
                continue  # what nobody has is looked for everywhere
            questions = listing_questions(where, 10, s.now, is_started=kind == "started", is_upcoming=kind == "upcoming")
            yield page(f"get flow-runs, {what} {kind}".strip(), operations.LIST_FLOW_RUNS_AND_UPCOMING, **questions)
    yield page("@last", operations.LAST_FLOW_RUN, **last_questions("", s.now))
    yield page("task runs of a run", operations.LIST_TASK_RUNS, where=task_runs_where([s.large], None), limit=100)
    yield page(
        "task runs of a task", operations.LIST_TASK_RUNS, where=task_runs_where([s.large], s.slug, ["Failed"]), limit=100
    )
    log = {"flow_run_id": {"_eq": s.long_log}}
    yield page("the last lines", operations.LAST_LOGS, where=log, limit=50)
    yield page("a page of lines", operations.LOG_PAGE, where={"_and": [log, {"seq": {"_gt": 100}}]}, limit=1000)
    yield page("agents", operations.LIST_AGENTS, limit=10)


def pages(s: Samples) -> list[Page]:
    """All of them."""
    return [*filtered(s), *web_ui(s), *old_ui(s), *terminal(s)]
