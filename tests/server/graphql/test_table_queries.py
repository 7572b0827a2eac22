# ruff: noqa: E501 - a question and its answer stand side by side
"""Reading tables: a question, the answer, the same on both databases."""

from __future__ import annotations

import json
import re

import pytest
from graphql import build_client_schema, get_introspection_query, parse, validate

from support.rows import CHECK, DEMO, ETL_2, EXTRACT, LOAD, OTHER_TENANT, RUN, TENANT, TRANSFORM, uid


def names(rows, key="name"):
    return [row[key] for row in rows]


FILTERS = {
    "eq": ('state: {_eq: "Success"}', "alpha epsilon"),
    "neq": ('state: {_neq: "Success"}', "beta gamma delta"),
    "gt and lte": ("version: {_gt: 1, _lte: 3}", "gamma delta"),
    "in": ('state: {_in: ["Failed", "Running"]}', "beta gamma"),
    "in, one value": ('state: {_in: "Failed"}', "beta"),
    "in nothing": ("state: {_in: []}", ""),
    "nin nothing": ("start_time: {_nin: []}", "alpha beta gamma delta epsilon"),
    "nin": ('state: {_nin: ["Failed", "Running"]}', "alpha delta epsilon"),
    "nin does not match null": ('start_time: {_nin: ["2026-01-01T00:01:00"]}', "beta gamma"),
    "neq does not match null": ('start_time: {_neq: "2026-01-01T00:01:00+00:00"}', "beta gamma"),
    "not does not match null": ('_not: {start_time: {_eq: "2026-01-01T00:01:00Z"}}', "beta gamma"),
    "is null": ("start_time: {_is_null: true}", "delta epsilon"),
    "is not null": ("start_time: {_is_null: false}", "alpha beta gamma"),
    "boolean": ("auto_scheduled: {_eq: true}", "delta"),
    "time in another zone": ('scheduled_start_time: {_eq: "2026-01-01T03:00:00+02:00"}', "beta"),
    "time without a zone is UTC": ('scheduled_start_time: {_lt: "2026-01-01T01:00:00"}', "alpha"),
    "times in a list": ('scheduled_start_time: {_in: ["2026-01-01", "2026-01-01 02:00:00"]}', "alpha gamma"),
    "id in upper case": (f'id: {{_eq: "{RUN["delta"].upper()}"}}', "delta"),
    "like": ('name: {_like: "%a"}', "alpha beta gamma delta"),
    "like minds case": ('name: {_like: "A%"}', ""),
    "ilike": ('name: {_ilike: "ALP%"}', "alpha"),
    "nilike": ('name: {_nilike: "%A"}', "epsilon"),
    "similar": ('name: {_similar: "(al|be)%"}', "alpha beta"),
    "nsimilar": ('name: {_nsimilar: "(al|be)%"}', "gamma delta epsilon"),
    "regex": ('name: {_regex: "^[a-c].*a$"}', "alpha beta"),
    "nregex": ('name: {_nregex: "^[a-c]"}', "gamma delta epsilon"),
    "iregex": ('name: {_iregex: "^ALPHA"}', "alpha"),
    "niregex": ('name: {_niregex: "A"}', "epsilon"),
    "or": ('_or: [{state: {_eq: "Failed"}}, {version: {_eq: 4}}]', "beta epsilon"),
    "or nothing": ("_or: []", ""),
    "and nothing": ("_and: []", "alpha beta gamma delta epsilon"),
    "and an object": ('_and: {state: {_eq: "Success"}, version: {_gt: 0}}', "epsilon"),
    "empty objects": ("_and: {}, _or: [{}], state: {}", "alpha beta gamma delta epsilon"),
    "not nothing": ("_not: {}", ""),
    "null operand": ("name: {_eq: null}", "alpha beta gamma delta epsilon"),
    "null list": ("name: {_in: null}", "alpha beta gamma delta epsilon"),
    "null comparison": ("name: null, state: {_eq: \"Failed\", _ilike: null}", "beta"),
    "not null operand": ("_not: {name: {_eq: null}}", ""),
    "null combinators": ("_and: null, _or: null, _not: null", "alpha beta gamma delta epsilon"),
    "related row": ('flow: {name: {_eq: "report"}}', "epsilon"),
    "related row, two away": ('flow: {project: {name: {_eq: "demo"}, description: {_is_null: false}}}', "alpha beta gamma delta"),
    "related row beside a key": (f'id: {{_in: ["{RUN["beta"]}"]}}, flow: {{name: {{_eq: "etl"}}}}', "beta"),
    "no related row": ("agent: {}", ""),
    "not a related row": ('_not: {agent: {name: {_eq: "x"}}}', "alpha beta gamma delta epsilon"),
    "some related row": ('task_runs: {map_index: {_gte: 0}}', "gamma"),
    "some related row at all": ("task_runs: {}", "gamma"),
    "no such related row": ('_not: {logs: {level: {_eq: "ERROR"}}}', "alpha beta delta epsilon"),
    "json eq": ("labels: {_eq: [\"b\"]}", "beta"),
    "json eq minds no order of keys": ("parameters: {_eq: {deep: {list: [1, {x: null}]}, n: 2}}", "gamma"),
    "json neq": ("labels: {_neq: []}", "beta gamma delta epsilon"),
    "json in": ("labels: {_in: [[], [\"b\"]]}", "alpha beta"),
    "json nin": ("labels: {_nin: [[], [\"b\"]]}", "gamma delta epsilon"),
    "json gt": ("parameters: {_gt: {n: 2, deep: {list: [1, {x: null}]}}}", "delta epsilon"),
    "json contains": ("parameters: {_contains: {n: 3}}", "delta"),
    "json contains deep": ("parameters: {_contains: {deep: {list: [{x: null}]}}}", "alpha beta gamma delta epsilon"),
    "json contains in a list": ('labels: {_contains: "a"}', "gamma delta epsilon"),
    "json contained in": ('labels: {_contained_in: ["b", "c"]}', "alpha beta"),
    "json has key": ('labels: {_has_key: "a"}', "gamma delta epsilon"),
    "json has any": ('labels: {_has_keys_any: ["a", "z"]}', "gamma delta epsilon"),
    "json has any, one": ('parameters: {_has_keys_any: "n"}', "alpha beta gamma delta epsilon"),
    "json has all": ('labels: {_has_keys_all: ["a", "b"]}', "gamma delta epsilon"),
    "json as text": ('labels: {_cast: {String: {_like: "%\\"a\\"%"}}}', "gamma delta epsilon"),
    "json text is PostgreSQL's": ('parameters: {_cast: {String: {_eq: "{\\"n\\": 1, \\"deep\\": {\\"list\\": [1, {\\"x\\": null}]}}"}}}', "beta"),
    "json null column": ("context: {_is_null: true}", "alpha"),
}  # fmt: skip


@pytest.mark.parametrize(("where", "expected"), FILTERS.values(), ids=FILTERS.keys())
def test_filters(ask, where, expected):
    rows = ask(f"{{ flow_run(where: {{{where}}}, order_by: {{version: asc}}) {{ name }} }}")["flow_run"]
    assert names(rows) == expected.split()
    count = ask(f"{{ flow_run_aggregate(where: {{{where}}}) {{ aggregate {{ count }} }} }}")
    assert count["flow_run_aggregate"]["aggregate"]["count"] == len(rows)


ORDERS = {
    "asc has nulls last": ("{start_time: asc}, limit: 4", "alpha beta gamma"),
    "desc has nulls first": ("[{start_time: desc}, {version: asc}]", "delta epsilon gamma beta alpha"),
    "desc nulls last": ("[{start_time: desc_nulls_last}, {version: desc}]", "gamma beta alpha epsilon delta"),
    "asc nulls first": ("[{start_time: asc_nulls_first}, {version: desc}]", "epsilon delta alpha beta gamma"),
    "several keys of one object": ("{state: asc, version: desc}", "beta gamma delta epsilon alpha"),
    "the order of keys counts": ("{version: desc, state: asc}", "epsilon delta gamma beta alpha"),
    "a list": ("[{state: desc}, {version: asc}]", "alpha epsilon delta gamma beta"),
    "a null direction": ("{state: null, version: desc}", "epsilon delta gamma beta alpha"),
    "over a related row": ("[{flow: {name: desc}}, {version: asc}]", "epsilon alpha beta gamma delta"),
    "over two": ("[{flow: {project: {name: desc}}}, {version: asc}]", "epsilon alpha beta gamma delta"),
    "by a count": ("[{logs_aggregate: {count: desc}}, {version: asc}]", "gamma alpha beta delta epsilon"),
    "by a maximum": ("[{states_aggregate: {max: {timestamp: desc}}}]", "epsilon delta gamma beta alpha"),
    "by json": ("[{labels: asc}, {version: desc}]", "alpha beta epsilon delta gamma"),
    "limit and offset": ("{version: asc}, limit: 2, offset: 1", "beta gamma"),
    "offset alone": ("{version: asc}, offset: 3", "delta epsilon"),
    "limit 0": ("{version: asc}, limit: 0", ""),
    "null limit": ("{version: desc}, limit: null, offset: null", "epsilon delta gamma beta alpha"),
    "distinct": ("[{state: asc}, {version: desc}], distinct_on: state", "beta gamma delta epsilon"),
    "distinct by a list": ("[{state: asc}, {version: asc}], distinct_on: [state], limit: 2, offset: 2", "delta alpha"),
    "null distinct": ("{version: asc}, distinct_on: null", "alpha beta gamma delta epsilon"),
}


@pytest.mark.parametrize(("order", "expected"), ORDERS.values(), ids=ORDERS.keys())
def test_orders_and_paging(ask, order, expected):
    rows = names(ask(f"{{ flow_run(order_by: {order}) {{ name }} }}")["flow_run"])
    if "start_time: asc}" in order:
        rows = rows[:3]
    assert rows == expected.split()


def test_distinct_without_order_gives_one_of_each(ask):
    rows = ask("{ flow_run(distinct_on: state) { state } }")["flow_run"]
    assert sorted(names(rows, "state")) == ["Failed", "Running", "Scheduled", "Success"]


def test_every_kind_of_value(ask):
    run = ask(
        "query($id: uuid!) { flow_run_by_pk(id: $id) { id name version parameters labels context start_time"
        " auto_scheduled heartbeat state_result } }",
        {"id": RUN["gamma"]},
    )["flow_run_by_pk"]
    assert run == {
        "id": RUN["gamma"],
        "name": "gamma",
        "version": 2,
        "parameters": {"n": 2, "deep": {"list": [1, {"x": None}]}},
        "labels": ["b", "a"],
        "context": {},
        "start_time": "2026-01-01T02:01:00.000000+00:00",
        "auto_scheduled": False,
        "heartbeat": None,
        "state_result": None,
    }
    delays = ask("{ task(order_by: {max_retries: asc}) { retry_delay } }")["task"]
    assert names(delays, "retry_delay") == [None, "00:00:30", "1 day 00:01:00", "2 days 00:01:30"]
    assert ask('{ project(where: {name: {_eq: "demo"}}) { description } }')["project"] == [
        {"description": 'say "hé"\n\t\\'}
    ]


def test_intervals_are_compared(ask):
    rows = ask('{ task(where: {retry_delay: {_gte: "1 day 00:01:00"}}, order_by: {retry_delay: desc}) { slug } }')[
        "task"
    ]
    assert names(rows, "slug") == ["task-3", "task-2"]


def test_an_unknown_key_is_null_without_error(ask):
    assert ask(f'{{ flow_run_by_pk(id: "{uid(9999)}") {{ id }} }}') == {"flow_run_by_pk": None}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.deep.list[0]", 1),
        ("deep.list[1]", {"x": None}),
        ("$['deep']", {"list": [1, {"x": None}]}),
        ("$.deep.list[1].x", None),
        ("$.nothing.there", None),
        ("$", {"n": 0, "deep": {"list": [1, {"x": None}]}}),
    ],
)
def test_paths_into_json(ask, path, expected):
    for argument, variables in ((f'"{path}"', None), ("$path", {"path": path})):
        head = "query($path: String)" if variables else ""
        query = f'{head}{{ flow_run(where: {{name: {{_eq: "alpha"}}}}) {{ parameters(path: {argument}) }} }}'
        assert ask(query, variables)["flow_run"] == [{"parameters": expected}]


def test_relations_nest(ask):
    data = ask(
        """{ project(order_by: {name: asc}) { name flows(where: {archived: {_eq: false}}) { name version
             flow_group { labels } flow_runs(order_by: {version: asc}, limit: 2) { name states { state } }
             flow_runs_aggregate(where: {state: {_eq: "Success"}}) { aggregate { count } } } } }"""
    )
    assert data == {
        "project": [
            {
                "name": "demo",
                "flows": [
                    {
                        "name": "etl",
                        "version": 2,
                        "flow_group": {"labels": ["x", "y"]},
                        "flow_runs": [
                            {"name": "alpha", "states": [{"state": "Success"}]},
                            {"name": "beta", "states": [{"state": "Failed"}]},
                        ],
                        "flow_runs_aggregate": {"aggregate": {"count": 1}},
                    }
                ],
            },
            {
                "name": "late",
                "flows": [
                    {
                        "name": "report",
                        "version": 1,
                        "flow_group": {"labels": None},
                        "flow_runs": [{"name": "epsilon", "states": [{"state": "Success"}]}],
                        "flow_runs_aggregate": {"aggregate": {"count": 1}},
                    }
                ],
            },
        ]
    }


def test_empty_relations_are_empty_lists_and_null(ask):
    data = ask(
        '{ flow_run(where: {name: {_eq: "alpha"}}) { logs { id } agent { name } logs_aggregate { nodes { id } } } }'
    )
    assert data == {"flow_run": [{"logs": [], "agent": None, "logs_aggregate": {"nodes": []}}]}


def test_aggregates(ask):
    data = ask(
        """{ flow_run_aggregate { aggregate { count by_state: count(columns: [state]) states: count(columns: state, distinct: true)
             pairs: count(columns: [state, flow_id], distinct: true) started: count(columns: [start_time])
             max { version name start_time id } min { version scheduled_start_time }
             sum { version } avg { version } stddev { version } stddev_pop { version } stddev_samp { version }
             var_pop { version } var_samp { version } variance { version } } } }"""
    )["flow_run_aggregate"]["aggregate"]
    deviation = data.pop("stddev")["version"]
    assert deviation == pytest.approx(2.5**0.5)
    assert data.pop("stddev_samp")["version"] == pytest.approx(2.5**0.5)
    assert data.pop("stddev_pop")["version"] == pytest.approx(2**0.5)
    assert data == {
        "count": 5, "by_state": 5, "states": 4, "pairs": 5, "started": 3,
        "max": {"version": 4, "name": "gamma", "start_time": "2026-01-01T02:01:00.000000+00:00", "id": RUN["epsilon"]},
        "min": {"version": 0, "scheduled_start_time": "2026-01-01T00:00:00.000000+00:00"},
        "sum": {"version": 10}, "avg": {"version": 2}, "var_pop": {"version": 2}, "var_samp": {"version": 2.5},
        "variance": {"version": 2.5},
    }  # fmt: skip


def test_aggregates_of_nothing(ask):
    data = ask(
        '{ flow_run_aggregate(where: {name: {_eq: "nobody"}}) { aggregate { count max { version } avg { version } } nodes { id } } }'
    )
    assert data["flow_run_aggregate"] == {
        "aggregate": {"count": 0, "max": {"version": None}, "avg": {"version": None}},
        "nodes": [],
    }


def test_aggregates_mind_paging_and_distinct(ask):
    data = ask(
        """{ a: flow_run_aggregate(limit: 2, order_by: {version: desc}) { aggregate { count sum { version } } nodes { name } }
             b: flow_run_aggregate(distinct_on: state, order_by: [{state: asc}, {version: asc}]) { aggregate { count sum { version } }
                nodes { name } }
             project(order_by: {name: asc}) { flows_aggregate(distinct_on: name) { aggregate { count } } } }"""
    )
    assert data["a"] == {
        "aggregate": {"count": 2, "sum": {"version": 7}},
        "nodes": [{"name": "epsilon"}, {"name": "delta"}],
    }
    assert data["b"]["aggregate"] == {"count": 4, "sum": {"version": 6}}
    assert names(data["b"]["nodes"]) == ["beta", "gamma", "delta", "alpha"]
    assert [project["flows_aggregate"]["aggregate"]["count"] for project in data["project"]] == [1, 1]


def test_followers_of_tasks(ask):
    query = """query($ids: _uuid, $run: uuid) { utility_downstream_tasks(args: {start_task_ids: $ids}, order_by: [{depth: asc}, {task_id: asc}])
               { depth task_id task { slug task_runs(where: {flow_run_id: {_eq: $run}}, order_by: {map_index: asc}) { map_index } } } }"""
    rows = ask(query, {"ids": f"{{{EXTRACT}}}", "run": RUN["gamma"]})["utility_downstream_tasks"]
    # load is reached directly and over transform: the longest way counts
    assert [(row["depth"], row["task_id"]) for row in rows] == [(0, EXTRACT), (1, TRANSFORM), (2, LOAD), (2, CHECK)]
    assert rows[1]["task"] == {"slug": "task-1", "task_runs": [{"map_index": -1}, {"map_index": 0}]}
    up = ask(
        f'{{ utility_upstream_tasks(args: {{start_task_ids: "{{{LOAD}, {CHECK}}}", depth_limit: 1}}, order_by: [{{depth: asc}}, {{task_id: asc}}])'
        " { depth task_id } utility_upstream_tasks_aggregate(args: {start_task_ids: null}) { aggregate { count } } }"
    )
    assert [(row["depth"], row["task_id"]) for row in up["utility_upstream_tasks"]] == [
        (0, LOAD), (0, CHECK), (1, EXTRACT), (1, TRANSFORM),
    ]  # fmt: skip
    assert up["utility_upstream_tasks_aggregate"] == {"aggregate": {"count": 0}}


def test_aliases_fragments_directives_and_typename(ask):
    data = ask(
        """query Runs($deep: Boolean!, $no: Boolean = true) {
             __typename
             first: flow_run(order_by: {version: asc}, limit: 1) { ...Short label: name ... on flow_run { state } }
             flow_run(order_by: {version: asc}, limit: 1) { ...Short }
             flow_run(order_by: {version: asc}, limit: 1) { state }
             skipped: flow @skip(if: $no) { id }
           }
           fragment Short on flow_run { __typename name flow @include(if: $deep) { __typename name } }""",
        {"deep": True},
    )
    flow = {"__typename": "flow", "name": "etl"}
    assert data == {
        "__typename": "query_root",
        "first": [{"__typename": "flow_run", "name": "alpha", "flow": flow, "label": "alpha", "state": "Success"}],
        "flow_run": [{"__typename": "flow_run", "name": "alpha", "flow": flow, "state": "Success"}],
    }
    assert list(data) == ["__typename", "first", "flow_run"]


def test_the_same_document_with_other_variables(ask):
    query = """query($where: flow_run_bool_exp, $order: [flow_run_order_by!], $limit: Int = 2, $name: String, $deep: Boolean!) {
                 flow_run(where: $where, order_by: $order, limit: $limit) { name flow @include(if: $deep) { name } }
                 named: flow_run_aggregate(where: {name: {_ilike: $name}}) { aggregate { count } } }"""

    def run(**variables):
        data = ask(query, variables)
        return data["flow_run"], data["named"]["aggregate"]["count"]

    newest = [{"version": "desc"}]
    success = {"state": {"_eq": "Success"}}
    everybody = [{"name": n} for n in ("beta", "gamma", "delta", "epsilon", "alpha")]
    assert run(where={}, order=newest, deep=False, name="BETA") == ([{"name": "epsilon"}, {"name": "delta"}], 1)
    assert run(where=success, order={"version": "asc"}, deep=False, limit=1, name="%A") == ([{"name": "alpha"}], 4)
    assert run(where=success, order=newest, limit=1, deep=True) == (
        [{"name": "epsilon", "flow": {"name": "report"}}],
        5,
    )
    assert run(where=None, name=None, order={"state": "asc", "version": "desc"}, limit=None, deep=False) == (
        everybody,
        5,
    )
    assert run(where={"state": {"_in": ["Failed"]}}, deep=False) == ([{"name": "beta"}], 5)


def test_variables_inside_lists_and_operators(ask):
    query = """query($a: uuid!, $ids: [uuid!], $since: timestamptz_comparison_exp, $labels: jsonb) {
                 one: flow_run(where: {id: {_in: [$a]}}) { name }
                 some: flow_run(where: {id: {_in: $ids}}, order_by: {version: asc}) { name }
                 since: flow_run(where: {start_time: $since}, order_by: {version: asc}) { name }
                 labelled: flow_run(where: {labels: {_contains: $labels}}, order_by: {version: asc}) { name } }"""
    data = ask(
        query,
        {"a": RUN["beta"], "ids": [RUN["beta"], RUN["alpha"]], "since": {"_gte": "2026-01-01T01:01"}, "labels": ["a"]},
    )
    assert [names(data[key]) for key in ("one", "some", "since", "labelled")] == [
        ["beta"], ["alpha", "beta"], ["beta", "gamma"], ["gamma", "delta", "epsilon"],
    ]  # fmt: skip
    data = ask(query, {"a": RUN["beta"], "ids": None, "since": None})
    assert [len(data[key]) for key in ("one", "some", "since", "labelled")] == [1, 5, 5, 5]
    assert len(ask(query, {"a": RUN["beta"], "ids": []})["some"]) == 0


def test_documents_that_differ_only_in_literals_do_not_share_values(ask):
    for name, limit in (("alpha", 1), ("beta", 5), ("nobody", 1), ('a"b\\u0041\\n', 1)):
        rows = ask(f"{{ flow_run(where: {{name: {{_eq: {json.dumps(name)}}}}}, limit: {limit}) {{ name }} }}")[
            "flow_run"
        ]
        assert names(rows) == ([name] if name in RUN else [])
    for limit in (1, 2, 0):
        assert len(ask(f"{{ flow_run(limit: {limit}) {{ name }} }}")["flow_run"]) == limit
    for label in ("a", "b"):
        rows = ask(f'{{ flow_run(where: {{labels: {{_contains: ["{label}"]}}}}) {{ name }} }}')["flow_run"]
        assert len(rows) == {"a": 3, "b": 4}[label]


def test_tenants_come_oldest_first(ask):
    assert names(ask("{ tenant { id } }")["tenant"], "id") == [TENANT, OTHER_TENANT]


def test_what_the_1_4_1_client_sends(ask):
    run, flow = RUN["gamma"], ETL_2
    data = ask(
        f"""query {{
    flow_run_by_pk(id: "{run}") {{
        id
        flow_id
        parameters
        serialized_state
        task_runs(where: {{ map_index: {{ _eq: -1 }} }}) {{
            id
            task {{
                id
                slug
            }}
        }}
        flow {{
            project {{
                name
                id
            }}
        }}
    }}
}}"""
    )["flow_run_by_pk"]
    assert data["flow_id"] == flow
    assert data["flow"] == {"project": {"name": "demo", "id": DEMO}}
    assert sorted(names([task_run["task"] for task_run in data["task_runs"]], "slug")) == ["task-0", "task-1"]
    logs = ask(
        f"""query {{ flow_run(where: {{ id: {{ _eq: "{run}" }} }}) {{
            logs(order_by: {{ timestamp: asc }}, where: {{ _and: [{{ timestamp: {{ _lte: "2026-01-01T02:09:00+00:00" }} }}, {{}}] }})
            {{ timestamp message level }} }} }}"""
    )["flow_run"][0]["logs"]
    assert names(logs, "message") == [f"line {n} 100%_" for n in (3, 2, 1)]
    flows = ask(
        """query { flow(where: { _and: { name: { _eq: "etl" }, version: { _eq: null }, project: { name: { _eq: null } } } },
           order_by: { name: asc, version: desc }, distinct_on: name, limit: 10) { name version created id project { name } } }"""
    )["flow"]
    assert [(flow["name"], flow["version"], flow["project"]["name"]) for flow in flows] == [("etl", 2, "demo")]


REFUSED = {
    "unknown field": ("{ flow_run { nothing } }", None, "Cannot query field 'nothing'"),
    "unknown operator": ('{ flow_run(where: {name: {_is: "x"}}) { id } }', None, "_is"),
    "bad id": ('{ flow_run_by_pk(id: "12") { id } }', None, "Could not parse UUID: '12'"),
    "bad id in a variable": (
        "query($id: uuid!) { flow_run_by_pk(id: $id) { id } }",
        {"id": "12"},
        "Could not parse UUID: '12'",
    ),
    "missing variable": ("query($id: uuid!) { flow_run_by_pk(id: $id) { id } }", {}, r"\$id"),
    "bad time": ('{ flow_run(where: {created: {_gt: "soon"}}) { id } }', None, "Could not parse DateTime: 'soon'"),
    "bad interval": ('{ task(where: {retry_delay: {_gt: "soon"}}) { id } }', None, "Could not parse interval"),
    "text for a number": (
        '{ flow_run(where: {version: {_eq: "1"}}) { id } }',
        None,
        "Int cannot represent non-integer",
    ),
    "too large a number": ("{ flow_run(limit: 99999999999) { id } }", None, "32-bit"),
    "negative limit": ("{ flow_run(limit: -1) { id } }", None, "negative value for limit: -1"),
    "negative offset": ("query($n: Int) { flow_run(offset: $n) { id } }", {"n": -5}, "negative value for offset: -5"),
    "distinct without its order": (
        "{ flow_run(distinct_on: name, order_by: {state: asc}) { id } }",
        None,
        "distinct_on",
    ),
    "bad path": ('{ flow_run { labels(path: "$.[") } }', None, "Invalid path"),
    "bad ids": ('{ utility_downstream_tasks(args: {start_task_ids: "x"}) { depth } }', None, "_uuid"),
    "malformed": ("{ flow_run( }", None, "Syntax Error"),
    "nothing": ("  ", None, "Must provide query string"),
    "bad variables": ("{ hello }", "[", "variables must be a JSON object"),
    "variables of another kind": ("{ hello }", "[1]", "variables must be a JSON object"),
    "unknown variable field": ("query($w: flow_bool_exp) { flow(where: $w) { id } }", {"w": {"nme": {}}}, "nme"),
    "two operations": ("query A { flow { id } } query B { flow { id } }", None, "operation name"),
}


@pytest.mark.parametrize(("query", "variables", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_can_not_be_asked_is_refused_with_one_clear_error(ask, query, variables, message):
    errors = ask(query, variables, status=400)
    assert re.search(message, errors[0]["message"])
    assert errors[0]["extensions"]["code"]


def test_a_malformed_pattern_is_a_clear_error(ask_raw):
    # SQLite's patterns are checked before anything runs, PostgreSQL's by PostgreSQL itself.
    status, answer = ask_raw('{ flow_run(where: {name: {_regex: "("}}) { id } }')
    assert (status, answer.get("data")) in ((400, None), (200, None))
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "regular expression" in answer["errors"][0]["message"] or "pattern" in answer["errors"][0]["message"]


def test_depth_is_limited(ask):
    def nested(levels):
        inner = "id"
        for level in range(levels):
            inner = f"flow {{ {inner} }}" if level % 2 == 0 else f"flow_runs {{ {inner} }}"
        return f"{{ flow_run {{ {inner} }} }}" if levels % 2 else f"{{ flow {{ {inner} }} }}"

    ask(nested(6))
    assert "exceeds maximum operation depth of 7" in ask(nested(7), status=400)[0]["message"]


def test_operations_are_chosen_by_name(ask):
    text = "query A { flow_aggregate { aggregate { count } } } query B { tenant { name } }"
    assert list(ask(text, name="A")) == ["flow_aggregate"]
    assert list(ask(text, name="B")) == ["tenant"]
    assert "Unknown operation" in ask(text, name="C", status=400)[0]["message"]


def test_introspection(ask):
    data = ask(get_introspection_query())
    assert validate(build_client_schema(data), parse("{ flow { id } }")) == []
    mixed = ask("query($n: String!) { __type(name: $n) { name } tenant(limit: 1) { id } }", {"n": "flow_run"})
    assert mixed == {"__type": {"name": "flow_run"}, "tenant": [{"id": TENANT}]}


def test_an_aggregate_tells_its_types(ask):
    data = ask(
        "{ flow_run_aggregate { __typename kind: __typename aggregate { __typename count } nodes { __typename } } }"
    )

    found = data["flow_run_aggregate"]
    count = found["aggregate"]["count"]
    assert count > 1
    assert found == {
        "__typename": "flow_run_aggregate",
        "kind": "flow_run_aggregate",
        "aggregate": {"__typename": "flow_run_aggregate_fields", "count": count},
        "nodes": [{"__typename": "flow_run"}] * count,
    }
