# ruff: noqa: E501 - a document stands in a line
"""What the 1.4.1 client, its agents and command line, and the 1.x web pages ask, in the shapes in which they ask it.

The ids are those of ``support.rows``.
"""

from __future__ import annotations

from typing import Any

from support.rows import DEMO, ETL_2, EXTRACT, GROUP, LOAD, RUN, TENANT, uid

G = RUN["gamma"]

#: By who asks: the document, its variables, what is expected of the data, or None.
CLIENT: dict[str, tuple[str, Any, Any]] = {
    "default tenant": ("query { tenant { id } }", None, None),
    "tenant by slug": (
        "query($slug: String) { tenant(where: { slug: { _eq: $slug } }) { id } }",
        {"slug": "default"},
        {"tenant": [{"id": TENANT}]},
    ),
    "tenants": ("query { tenant(order_by: { slug: asc }) { id slug name } }", None, None),
    "project": ('query { project(where: { name: { _eq: "demo" } }) { id } }', None, {"project": [{"id": DEMO}]}),
    "flow group": (
        f'query {{ flow_by_pk(id: "{ETL_2}") {{ flow_group_id }} }}',
        None,
        {"flow_by_pk": {"flow_group_id": GROUP}},
    ),
    "agent config": (
        f'query {{ agent_config(where: {{ id: {{ _eq: "{uid(9)}" }} }}) {{ settings }} }}',
        None,
        {"agent_config": []},
    ),
    "heartbeat": (
        f'query {{ flow_run_by_pk(id: "{G}") {{ flow {{ settings }} }} }}',
        None,
        {"flow_run_by_pk": {"flow": {"settings": {}}}},
    ),
    "cached by key": (
        'query { task_run(where: { state: { _eq: "Cached" }, _or: [{ _and: [{ cache_key: { _eq: "k" } }, { state_timestamp: { _gte: "2026-01-01T00:00:00.123456" } }] }] }, order_by: { state_timestamp: desc }, limit: 100) { serialized_state } }',
        None,
        {"task_run": []},
    ),
    "cached by task": (
        f'query {{ task_run(where: {{ state: {{ _eq: "Cached" }}, state_timestamp: {{ _gte: "2026-01-01T00:00:00" }}, task_id: {{ _eq: "{EXTRACT}" }} }}, order_by: {{ state_timestamp: desc }}, limit: 100) {{ serialized_state }} }}',
        None,
        {"task_run": []},
    ),
    "metadata of due runs": (
        f'query {{ flow_run(where: {{ id: {{ _in: ["{RUN["delta"]}", "{G}"] }}, _or: [{{ state: {{ _eq: "Scheduled" }} }}, {{ state: {{ _eq: "Running" }}, task_runs: {{ state_start_time: {{ _lte: "2026-01-01T05:00:00+00:00" }} }} }}] }}) {{ id version state serialized_state parameters scheduled_start_time run_config name flow {{ id name environment storage version core_version }} task_runs(where: {{ state_start_time: {{ _lte: "2026-01-01T05:00:00+00:00" }} }}) {{ id version task_id serialized_state }} }} }}',
        None,
        None,
    ),
    "flow by name": (
        'query { flow(where: { name: { _eq: "etl" }, archived: { _eq: false }, project: { name: { _eq: "demo" } } }, order_by: { created: desc }) { id settings run_config serialized_flow name archived project { name } core_version storage flow_group { labels } } }',
        None,
        None,
    ),
    "flow without a project": (
        'query { flow(where: { name: { _eq: "etl" }, archived: { _eq: false }, project: { name: { _is_null: true } } }, order_by: { created: desc }) { id } }',
        None,
        {"flow": []},
    ),
    "flow run": (
        f'query {{ flow_run(where: {{ id: {{ _eq: "{G}" }} }}) {{ id name flow_id serialized_state states {{ timestamp serialized_state }} labels parameters context updated run_config }} }}',
        None,
        None,
    ),
    "task runs of a run": (f'query {{ task_run(where: {{ flow_run_id: {{ _eq: "{G}" }} }}) {{ id }} }}', None, None),
    "task run by slug": (
        f'query {{ task_run(where: {{ task: {{ slug: {{ _eq: "task-1" }} }}, flow_run_id: {{ _eq: "{G}" }}, map_index: {{ _eq: -1 }} }}) {{ id name task {{ id slug }} map_index serialized_state flow_run_id }} }}',
        None,
        None,
    ),
    "mapped task runs": (
        f'query {{ task_run(where: {{ task: {{ slug: {{ _eq: "task-1" }} }}, flow_run_id: {{ _eq: "{G}" }}, map_index: {{ _neq: -1 }} }}, order_by: {{ map_index: asc }}) {{ map_index }} }}',
        None,
        {"task_run": [{"map_index": 0}]},
    ),
    "task runs but none": (
        f'query {{ task_run(where: {{ flow_run_id: {{ _eq: "{G}" }}, map_index: {{ _eq: -1 }}, id: {{ _nin: [] }} }}, order_by: {{ id: asc }}) {{ map_index }} }}',
        None,
        {"task_run": [{"map_index": -1}] * 2},
    ),
    "agents": ("query { agent { last_queried labels name id } }", None, None),
    "next task run": (
        f'query {{ task_run(where: {{ state_start_time: {{ _is_null: false }}, flow_run_id: {{ _eq: "{G}" }}, flow_run: {{ state: {{ _eq: "Running" }} }} }}) {{ state_start_time }} }}',
        None,
        {"task_run": []},
    ),
    "scheduled start": (
        f'query {{ flow_run(where: {{ id: {{ _eq: "{RUN["delta"]}" }} }}) {{ states(where: {{ state: {{ _eq: "Scheduled" }} }}) {{ start_time created }} scheduled_start_time }} }}',
        None,
        None,
    ),
    "StartFlowRun": (
        'query { flow(where: { name: { _eq: "etl" }, archived: { _eq: false }, project: { name: { _eq: "demo" } } }, order_by: { version: desc }, limit: 1) { id } }',
        None,
        {"flow": [{"id": ETL_2}]},
    ),
    "register": (
        f'query {{ flow(where: {{ _and: {{ name: {{ _eq: "etl" }}, project: {{ id: {{ _eq: "{DEMO}" }} }} }} }}, order_by: {{ version: desc }}, limit: 1) {{ id version }} }}',
        None,
        {"flow": [{"id": ETL_2, "version": 2}]},
    ),
    "get flows": (
        "query { flow(where: { _and: { name: { _eq: null }, version: { _eq: null }, project: { name: { _eq: null } } } }, order_by: { name: asc, version: desc }, distinct_on: name, limit: 10) { name version created id project { name } } }",
        None,
        None,
    ),
    "get flows, all versions": (
        "query { flow(where: { _and: { name: { _eq: null }, version: { _eq: null }, project: { name: { _eq: null } } } }, order_by: { name: asc, version: desc }, distinct_on: null, limit: 10) { name version } }",
        None,
        {"flow": [{"name": "etl", "version": 2}, {"name": "etl", "version": 1}, {"name": "report", "version": 1}]},
    ),
    "get projects": (
        "query { project(where: { _and: { name: { _eq: null } } }, order_by: { name: asc }) { name created description flows_aggregate(distinct_on: name) { aggregate { count } } } }",
        None,
        None,
    ),
    "get flow-runs": (
        "query { flow_run(where: { flow: { _and: { name: { _eq: null }, project: { name: { _eq: null } } } }, start_time: { _is_null: false } }, limit: 10, order_by: { start_time: desc }) { flow { name } id created state name start_time } }",
        None,
        None,
    ),
    "get tasks": (
        "query { task(where: { _and: { name: { _eq: null }, flow: { name: { _eq: null }, version: { _eq: null }, project: { name: { _eq: null } } } } }, limit: 10, order_by: { created: desc }) { name created flow { name version } mapped type } }",
        None,
        None,
    ),
    "get logs": (
        'query { flow_run(where: { name: { _eq: "gamma" }, id: { _eq: null } }, order_by: { start_time: desc }) { logs(order_by: { timestamp: asc }) { timestamp info } start_time } }',
        None,
        None,
    ),
    "describe tasks": (
        'query { flow(where: { _and: { name: { _eq: "etl" }, version: { _eq: null }, project: { name: { _eq: null } } } }, order_by: { name: asc, version: desc }, distinct_on: name) { tasks { name created slug description type max_retries retry_delay mapped } } }',
        None,
        None,
    ),
    "describe flow-runs": (
        'query { flow_run(where: { _and: { name: { _eq: "gamma" }, flow: { name: { _eq: null } } } }) { name flow { name } created parameters auto_scheduled scheduled_start_time start_time end_time serialized_state } }',
        None,
        None,
    ),
    "execute": (
        f'query {{ flow_run(where: {{ id: {{ _eq: "{G}" }} }}) {{ flow {{ name storage run_config }} version }} }}',
        None,
        None,
    ),
    "tag limit": ('query { task_tag_limit(where: { tag: { _eq: "t" } }) { limit } }', None, {"task_tag_limit": []}),
    "key value": ('query { key_value(where: { key: { _eq: "k" } }) { id value } all: key_value { key } }', None, None),
    "api keys": ("query { auth_api_key { id name expires_at } }", None, None),
}

PAGES: dict[str, tuple[str, Any, Any]] = {
    "counts by state": (
        "query($p: uuid, $d: timestamptz) { "
        + " ".join(
            f'{state}: flow_run_aggregate(where: {{flow: {{project_id: {{_eq: $p}}}}, scheduled_start_time: {{_gte: $d}}, state: {{_eq: "{state}"}}}}) {{ aggregate {{ count }} }}'
            for state in ("Success", "Failed", "Running")
        )
        + " }",
        {"p": None, "d": "2026-01-01T00:00:00"},
        {state: {"aggregate": {"count": count}} for state, count in (("Success", 2), ("Failed", 1), ("Running", 1))},
    ),
    "other counts": (
        "query($w: flow_bool_exp) { flow_aggregate(where: $w) { aggregate { count } } project_aggregate { aggregate { count } } message_aggregate(where: {read: {_eq: false}}) { aggregate { count } } task_run_state_aggregate { aggregate { count } } flow_run_state_aggregate { aggregate { count } } task_run_artifact_aggregate { aggregate { count } } }",
        {"w": {"_and": [{"archived": {"_eq": False}}, {"name": {"_ilike": "%e%"}}]}},
        None,
    ),
    "flows page": (
        "query Flows($where: flow_bool_exp, $order: [flow_order_by!], $limit: Int, $offset: Int) { flow(where: $where, order_by: $order, limit: $limit, offset: $offset) { id created name flow_group { id created name schedule settings } project { id name } flow_runs(limit: 10, order_by: {start_time: desc_nulls_last}) { id state } } }",
        {"where": {"project_id": {"_eq": DEMO}}, "order": {"project": {"name": "asc"}, "name": "desc"}, "limit": 25, "offset": 0},
        None,
    ),
    "flow group": (
        "query($id: uuid!) { flow_group_by_pk(id: $id) { id name settings schedule labels default_parameters run_config flows(order_by: {version: desc}) { id version archived } flows_aggregate { aggregate { count } } } }",
        {"id": GROUP},
        None,
    ),
    "versions": ("{ flow(distinct_on: flow_group_id, order_by: [{flow_group_id: asc}, {version: desc}]) { id } v: flow(distinct_on: [version_group_id]) { id } }", None, None),
    "last runs": (
        'query($s: [String!]) { flow_run(distinct_on: flow_id, order_by: [{flow_id: asc}, {updated: desc}], where: {state: {_in: $s}}) { id flow { id name failed_runs_count: flow_runs_aggregate(where: {state: {_eq: "Failed"}}) { aggregate { count } } } } }',
        {"s": ["Failed"]},
        None,
    ),
    "logs": (
        "query($id: uuid!, $log: uuid, $levels: [String!], $text: String, $from: timestamptz, $to: timestamptz) { flow_run_by_pk(id: $id) { id logs(limit: 100, offset: 0, order_by: {timestamp: desc}, where: {id: {_eq: $log}, level: {_in: $levels}, message: {_ilike: $text}, timestamp: {_gte: $from, _lte: $to}}) { id level message name timestamp task_run_id } logs_after: logs_aggregate(where: {timestamp: {_gt: $to}}) { aggregate { count } } logs_before: logs(limit: 1) { id } } }",
        {"id": G, "log": None, "levels": ["INFO", "ERROR"], "text": "%line%", "from": None, "to": None},
        None,
    ),
    "task runs": (
        "query($id: uuid!, $states: [String!], $name: String) { flow_run_by_pk(id: $id) { task_run_states: task_runs(distinct_on: state) { state } task_runs_aggregate(where: {state: {_in: $states}}) { aggregate { count } } task_runs(order_by: [{start_time: asc}, {task: {name: desc}}], where: {state: {_in: $states}, task: {name: {_ilike: $name}, auto_generated: {_eq: false}}}, limit: 15, offset: 0) { id name map_index state task { id name } } } }",
        {"id": G, "states": None, "name": "%task%"},
        None,
    ),
    "dependencies": (
        "query($id: uuid!, $run: uuid) { task_by_pk(id: $id) { upstream_edges { upstream_task { id name } } downstream_edges { downstream_task { id name task_runs(where: {flow_run_id: {_eq: $run}}) { state } } } } }",
        {"id": LOAD, "run": G},
        None,
    ),
    "schematic": (
        "query($id: uuid!) { flow_by_pk(id: $id) { tasks_aggregate { aggregate { count } } tasks { id name edges: downstream_edges { id upstream_task_id downstream_task_id key } } edges { id key } } }",
        {"id": ETL_2},
        None,
    ),
    "agents": ("{ agent { id agent_config_id core_version created name labels last_queried type } }", None, None),
    "hooks": ("query($p: [cloud_hook_bool_exp!]) { cloud_hook(where: {_or: $p}) { id active config name states type version_group_id } }", {"p": [{"version_group_id": {"_is_null": True}}]}, None),
    "messages": ('query($t: message_bool_exp) { message(where: $t, order_by: {created: desc}, limit: 20) { id content read text type created } }', {"t": {"type": {"_eq": "CLOUD_HOOK"}}}, None),
    "search by name": (
        'query($n: String) { flow(where: {name: {_ilike: $n}, archived: {_eq: false}}, limit: 5) { id: flow_group_id name } flow_run(where: {name: {_ilike: $n}}, limit: 5) { id name flow { name } } project(where: {name: {_ilike: $n}}, limit: 5) { id name } task(where: {name: {_ilike: $n}}, limit: 5) { id name } task_run(where: {name: {_ilike: $n}}, limit: 5) { id name } }',
        {"n": "%a%"},
        None,
    ),
    "search by id": (
        "query($id: uuid) { flow(where: {id: {_eq: $id}}, limit: 5) { id } flow_group(where: {id: {_eq: $id}}) { id } flow_run(where: {id: {_eq: $id}}, limit: 5) { id } task_run(where: {id: {_eq: $id}}, limit: 5) { id } }",
        {"id": G},
        {"flow": [], "flow_group": [], "flow_run": [{"id": G}], "task_run": []},
    ),
    "activity": (
        "query($h: flow_run_state_bool_exp, $t: timestamptz_comparison_exp) { flow_run_by_pk(id: \"" + G + "\") { states(limit: 10, where: $h, order_by: {timestamp: desc_nulls_last}) { state } states_aggregate(where: {timestamp: $t}) { aggregate { count } } } }",
        {"h": {"timestamp": {"_gte": "2026-01-01T00:00:00"}, "state": {"_eq": "Running"}}, "t": {"_gte": "2026-01-01"}},
        {"flow_run_by_pk": {"states": [{"state": "Running"}], "states_aggregate": {"aggregate": {"count": 1}}}},
    ),
    "restart": (
        "query($taskIds: _uuid, $f: uuid) { utility_downstream_tasks(args: {start_task_ids: $taskIds}) { depth task { task_runs(where: {flow_run_id: {_eq: $f}}) { id map_index version } } task_id } }",
        {"taskIds": "{" + EXTRACT + ", " + LOAD + "}", "f": G},
        None,
    ),
    "artifacts": ("query($id: uuid) { task_run_artifact(where: {task_run: {flow_run_id: {_eq: $id}}}, order_by: {created: desc}) { id kind data task_run { id task { name } } } }", {"id": G}, None),
}  # fmt: skip

OPERATIONS_ASKED = (
    "query { auth_info { tenant_id user_id } }",
    "query { hello }",
    "query { api { backend mode version core_version release_timestamp } }",
    "query { reference_data { state_hierarchy state_info } }",
    "query($id: UUID!) { mapped_children(task_run_id: $id) { min_start_time max_end_time state_counts } }",
    "query($id: UUID!) { get_task_run_info(task_run_id: $id) { id version serialized_state state } }",
    "query { secret_names }",
    "query($name: String!) { secret_value(name: $name) }",
    "query { flow_concurrency(labels: [\"a\"]) { label usage } task_concurrency(names: [\"a\"]) { name usage } }",
    "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }",
    "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id status message } } }",
)  # fmt: skip

ASKED = CLIENT | PAGES
