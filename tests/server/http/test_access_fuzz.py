"""Anything at all sent to every query and mutation: never a 5xx, a stack trace, a foreign row or a changed one."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from prefect.server import catalogue
from prefect.server.graphql import mutations, queries
from prefect.server.graphql.operations import ENUMS, INPUT_TYPES
from support.access import Holder, Keyed

# The same in every run; more by PROCTOR_FUZZ_SEEDS and PROCTOR_FUZZ_ROUNDS.
SEEDS = range(1, 1 + int(os.environ.get("PROCTOR_FUZZ_SEEDS", "1")))
ROUNDS = int(os.environ.get("PROCTOR_FUZZ_ROUNDS", "2"))
#: What a refused mutation may write all the same: who was refused, and that an agent or a key was used.
NOTES = frozenset({"audit"})
INTERNAL = "An internal API error"

HUGE = "é" * 70_000
TEXTS = (
    "", " ", "x", "\x00", "\ud800", "\u202e\U0001f600", "a" * 5000, HUGE, "' OR 1=1 --", '"; DROP TABLE tenant; --',
    "{{7*7}}", "../../etc/passwd", "null", "NaN", "%s%d", "\r\nSet-Cookie: a=b", "[1", '{"a":', "-1", "1e999",
    "2030-01-01", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
NUMBERS = (0, -1, 1, 2**31 - 1, 2**31, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e308, 1e-320)
OTHERS = (None, True, False, [], {}, [[]], [None], {"": None}, {"__proto__": {}}, {"type": "Success"}, {"type": []})


#: Inputs that stand inside others.
NESTED_INPUTS = {
    **INPUT_TYPES,
    **{f"{operation.name}_input": operation.inputs for operation in mutations.MUTATIONS if operation.inputs},
}


def deep(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


class Fuzz:
    """Makes values, the same for the same seed."""

    def __init__(self, seed: int, ids: list[str]):
        self.random = random.Random(seed)
        self.ids = ids

    def anything(self) -> Any:
        pick = self.random
        kind = pick.randrange(8)
        if kind < 3:
            return pick.choice(TEXTS)
        if kind == 3:
            return pick.choice(NUMBERS)
        if kind == 4:
            return pick.choice(self.ids)
        if kind == 5:
            return deep(pick.choice((1, 5, 60, 900)))
        if kind == 6:
            return [self.random.choice(TEXTS[:8])] * pick.choice((1, 101, 1500))
        return pick.choice(OTHERS)

    def fitting(self, kind: str) -> Any:
        """Give a value of a type, so that more than the reading of types is reached."""
        pick, plain = self.random, kind.rstrip("!").partition(" =")[0].rstrip("!")
        if plain.startswith("["):
            return [self.fitting(plain.strip("[]!")) for _ in range(pick.choice((0, 1, 3)))]
        if plain in NESTED_INPUTS:
            fields = NESTED_INPUTS[plain].items()
            return {name: self.fitting(inner) for name, inner in fields if inner[-1] == "!" or pick.random() < 0.5}
        if plain in ENUMS:
            return pick.choice(ENUMS[plain])
        if plain.endswith("_bool_exp"):
            tests = (
                {},
                {"id": {"_in": self.ids}},
                {"tenant_id": {"_neq": pick.choice(self.ids)}},
                {"_not": {"_or": []}},
            )
            return pick.choice(tests)
        return {
            "UUID": lambda: pick.choice(self.ids),
            "String": lambda: pick.choice(TEXTS),
            "Int": lambda: pick.choice((0, 1, -1, 2**31 - 1)),
            "Float": lambda: pick.choice((0.0, -1.0, 1e308)),
            "Boolean": lambda: pick.random() < 0.5,
            "DateTime": lambda: pick.choice(("2030-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00")),
            "JSON": self.anything,
        }[plain]()

    def inputs(self, fields: Any) -> Any:
        pick = self.random
        if pick.random() < 0.1:
            return self.anything()
        wild = pick.choice((0.0, 0.0, 0.3))
        found = {
            field: self.anything() if pick.random() < wild else self.fitting(kind)
            for field, kind in fields.items()
            if pick.random() < (0.97 if kind.endswith("!") else 0.6)
        }
        if pick.random() < 0.05:
            found[pick.choice(("more", "__typename", ""))] = 1
        if "wait_seconds" in found:
            found["wait_seconds"] = 0
        return found


@pytest.fixture
def keyed(shared_database: Any, tmp_path: Path) -> Keyed:
    return Keyed(*shared_database, tmp_path)


def _foreign(keyed: Keyed) -> dict[str, Any]:
    def work(tx: Any) -> dict[str, Any]:
        found = {}
        for name, table in catalogue.metadata.tables.items():
            if "tenant_id" in table.c:
                rows = tx.all(table.select().where(table.c.tenant_id == keyed.other_tenant_id))
                found[name] = sorted(repr({k: v for k, v in row.items() if k != "last_used"}) for row in rows)
        found["tenant"] = repr(tx.all(catalogue.tenant.select().where(catalogue.tenant.c.id == keyed.other_tenant_id)))
        return found

    return keyed.run_async(keyed.database.read(work))


def _written(database: Any, run_async: Any) -> dict[str, tuple[Any, ...]]:
    """Tell of each table how many rows it has, and when the last of them was changed."""

    def work(tx: Any) -> dict[str, tuple[Any, ...]]:
        found = {}
        for name, table in catalogue.metadata.tables.items():
            if name not in NOTES:
                seen = func.max(table.c.updated) if "updated" in table.c else func.count()
                found[name] = tuple(
                    (tx.one(select(func.count().label("n"), seen.label("last")).select_from(table)) or {}).values()
                )
        return found

    return run_async(database.read(work))


class Judge:
    """Looks at each answer."""

    def __init__(self, theirs: set[str], caplog: Any):
        self.theirs = theirs
        self.caplog = caplog
        self.executed = self.refused = 0

    def look(self, holder: Holder, body: Any, *, may_name: bool = True) -> Any:
        answer = holder.post(body)
        shown = json.dumps(body)[:600]
        assert answer.status in (200, 400, 401, 413), shown
        text = answer.body.decode()
        assert "Traceback" not in text, shown
        assert 'File "' not in text, shown
        assert INTERNAL not in text, f"{shown}\n{self.caplog.text[-3000:]}"
        assert "Unable to connect" not in text, f"{shown}\n{text}\n{self.caplog.text[-3000:]}"
        found = json.loads(text)
        for error in found.get("errors", ()):
            assert len(error["message"]) < 10_000, shown
        named = json.dumps(body)
        leaked = [one for one in self.theirs if one in text and not (may_name and one in named)]
        assert not leaked, f"{shown}\n{text[:1000]}"
        self.executed += answer.status == 200
        return found


@pytest.mark.parametrize("seed", SEEDS)
def test_no_input_of_an_operation_breaks_in(keyed, caplog, seed):
    theirs = keyed.fill(keyed.other)
    ours = keyed.fill(keyed.admin)
    before = _foreign(keyed)
    print(f"seed {seed}")
    fuzz = Fuzz(seed, [*theirs.values(), *ours.values(), keyed.other_tenant_id, keyed.tenant_id, TEXTS[-1]])
    judge = Judge({"hidden words", *(v for k, v in theirs.items() if k != "tenant_id")}, caplog)
    mine = keyed.key("run")[1]
    holders = [keyed.admin, keyed.admin, keyed.with_key(mine)]

    for number in range(ROUNDS):
        for operation in (*mutations.MUTATIONS, *queries.QUERIES):
            holder = holders[(number + seed) % len(holders)]
            if operation.name in ("delete_tenant", "secret_value"):
                holder = keyed.read  # ours would be gone; its words are ours to read
            seen = _written(keyed.database, keyed.run_async)
            body = (_call, _written_call)[fuzz.random.random() < 0.3](operation, fuzz)
            answer = judge.look(holder, body)
            if operation.is_mutation and "errors" in answer:
                judge.refused += 1
                assert _written(keyed.database, keyed.run_async) == seen, json.dumps(body)[:600]

    assert _foreign(keyed) == before
    assert judge.executed > 20
    assert judge.refused > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_no_input_breaks_in_where_no_keys_are_asked_for(api, caplog, seed):
    """There everything is allowed, so that more of it is reached."""
    fuzz = Fuzz(seed, [])
    judge = Judge(set(), caplog)
    for _ in range(ROUNDS):
        fuzz.ids = [*_fill(api), TEXTS[-1]]
        for operation in (*mutations.MUTATIONS, *queries.QUERIES):
            if operation.name == "delete_tenant":
                continue
            seen = _written(api.app.database, api.run_async)
            body = (_call, _written_call)[fuzz.random.random() < 0.3](operation, fuzz)
            answer = judge.look(Open(api), body)
            if operation.is_mutation and "errors" in answer:
                judge.refused += 1
                assert _written(api.app.database, api.run_async) == seen, json.dumps(body)[:600]

    assert judge.executed > 50
    assert judge.refused > 50


class Open:
    """A caller of a server that asks for no key."""

    def __init__(self, api: Any):
        self.api = api

    def post(self, body: Any) -> Any:
        return self.api.call("POST", "/", json.dumps(body).encode())


def _fill(api: Any) -> list[str]:
    flow_id = api.register(parameters=[{"name": "x", "required": True}])
    run_id = api.do("create_flow_run", flow_id=flow_id, parameters={"x": 1})["id"]
    api.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": "Running"}}])
    row = api.row("flow_run", run_id, "tenant_id flow { project_id flow_group_id tasks { id } } task_runs { id }")
    flow, task_run_id = row["flow"], row["task_runs"][0]["id"]
    return [
        flow_id, run_id, row["tenant_id"], flow["project_id"], flow["flow_group_id"], flow["tasks"][0]["id"],
        task_run_id,
        api.do("register_agent", type="local")["id"],
        api.do("create_cloud_hook", type="PREFECT_MESSAGE", states=["Failed"])["id"],
        api.do("create_task_run_artifact", task_run_id=task_run_id, kind="link", data={"a": 1})["id"],
        api.do("set_key_value", key="key", value=1)["id"],
        api.do("update_task_tag_limit", tag="tag", limit=5)["id"],
        api.do("create_action", action_type="CANCEL_RUN")["id"],
    ]  # fmt: skip


def _literal(value: Any, kind: str) -> str:
    """Write a value into a document, as far as its type allows."""
    plain = kind.rstrip("!").partition(" =")[0].strip("[]!")
    if isinstance(value, dict) and plain in NESTED_INPUTS:
        fields = NESTED_INPUTS[plain]
        return (
            "{"
            + ", ".join(f"{key}: {_literal(item, fields[key])}" for key, item in value.items() if key in fields)
            + "}"
        )
    if isinstance(value, list) and kind.startswith("["):
        return "[" + ", ".join(_literal(item, plain) for item in value) + "]"
    if plain in ENUMS and isinstance(value, str) and value in ENUMS[plain]:
        return value
    # JSON is a text that holds it; anything else that is no plain value is taken for a text as well.
    text = json.dumps(value)
    return json.dumps(text) if plain == "JSON" or isinstance(value, dict | list) else text


def _written_call(operation: Any, fuzz: Fuzz) -> dict[str, Any]:
    """As ``_call``, with the inputs in the document itself."""
    given = fuzz.inputs(operation.inputs)
    if not operation.is_mutation or not isinstance(given, dict):
        return _call(operation, fuzz)
    inputs = {key: value for key, value in given.items() if key in operation.inputs}
    written = ", ".join(f"{key}: {_literal(value, operation.inputs[key])}" for key, value in inputs.items())
    return {"query": f"mutation {{ {operation.name}(input: {{{written}}}) {{ __typename }} }}"}


def _call(operation: Any, fuzz: Fuzz) -> dict[str, Any]:
    name = operation.name
    inner = (
        ""
        if isinstance(operation.output, str) and operation.output.strip("[]!") in ("String", "JSON")
        else "{ __typename }"
    )
    given = fuzz.inputs(operation.inputs)
    if operation.is_mutation:
        return {
            "query": f"mutation($input: {name}_input!) {{ {name}(input: $input) {inner} }}",
            "variables": {"input": given},
        }
    given = given if isinstance(given, dict) else {}
    given = {field: value for field, value in given.items() if field in operation.inputs}
    kinds = {field: operation.inputs[field].partition(" =")[0] for field in given}
    declared = ", ".join(f"${field}: {kind}" for field, kind in kinds.items())
    used = ", ".join(f"{field}: ${field}" for field in given)
    head = f"query({declared})" if declared else "query"
    return {"query": f"{head} {{ {name}{f'({used})' if used else ''} {inner} }}", "variables": given}


MORE = {
    "String": ("_like", "_ilike", "_similar", "_regex", "_iregex"),
    "jsonb": ("_contains", "_contained_in", "_has_key", "_has_keys_any", "_cast"),
}
OPERATORS = ("_eq", "_neq", "_gt", "_lt", "_in", "_nin", "_is_null", *MORE["String"], *MORE["jsonb"])


@pytest.mark.parametrize("seed", SEEDS)
def test_no_filter_order_or_page_of_a_table_breaks_in(keyed, caplog, seed):
    theirs = keyed.fill(keyed.other)
    keyed.fill(keyed.admin)
    before = _foreign(keyed)
    fuzz = Fuzz(seed, list(theirs.values()))
    judge = Judge(set(theirs.values()) | {keyed.other_tenant_id}, caplog)
    pick = fuzz.random

    def condition(table: Any, left: int) -> Any:
        found: dict[str, Any] = {}
        for _ in range(pick.randrange(1, 4)):
            kind = pick.randrange(6)
            if kind == 0 and left:
                found[pick.choice(("_and", "_or"))] = [condition(table, left - 1) for _ in range(pick.randrange(3))]
            elif kind == 1 and left:
                found["_not"] = condition(table, left - 1)
            elif kind == 2 and left and table.relations:
                relation = pick.choice(sorted(table.relations))
                found[relation] = condition(catalogue.PUBLIC[table.relations[relation].target], left - 1)
            else:
                column = pick.choice(sorted(table.columns))
                wild = pick.random() < 0.04
                found[column] = {pick.choice(OPERATORS): fuzz.anything()} if wild else fitting(table.columns[column])
        return found

    def fitting(column: Any) -> Any:
        kind = catalogue.graphql_type(column)
        of_column = {"uuid": "UUID", "timestamptz": "DateTime", "jsonb": "JSON", "interval": "Int"}.get(kind, kind)
        operator = pick.choice(("_eq", "_neq", "_gt", "_lt", "_in", "_nin", "_is_null", *MORE.get(kind, ())))
        if operator == "_is_null":
            return {operator: pick.random() < 0.5}
        if operator in ("_has_key", "_has_keys_any", "_cast"):
            text = pick.choice(TEXTS)
            return {operator: {"String": {"_like": text}} if operator == "_cast" else text}
        many = operator in ("_in", "_nin")
        return {
            operator: [fuzz.fitting(of_column) for _ in range(pick.randrange(3))] if many else fuzz.fitting(of_column)
        }

    tables = [table for name, table in catalogue.PUBLIC.items() if name != "utility_traversal"]
    for _ in range(ROUNDS * 4):
        for table in tables:
            name = table.name
            variables = {
                "where": condition(table, pick.choice((1, 2, 6))),
                "order": [{pick.choice(sorted(table.columns)): pick.choice(("asc", "desc", None))}],
                "limit": pick.choice((None, 0, 1, 5, -1, 2**31, "x")) if pick.random() < 0.2 else 5,
            }
            if pick.random() < 0.1:
                variables["where"] = fuzz.anything()
            query = f"query($where: {name}_bool_exp, $order: [{name}_order_by!], $limit: Int)"
            fields = f"{{ rows: {name}(where: $where, order_by: $order, limit: $limit) {{ id }} "
            fields += f"figures: {name}_aggregate(where: $where) {{ aggregate {{ count }} }} }}"
            judge.look(keyed.admin, {"query": query + fields, "variables": variables})

    assert _foreign(keyed) == before
    assert judge.executed > 25


def test_json_nested_too_deeply_for_a_filter_is_refused(keyed):
    nested: Any = 1
    for _ in range(900):
        nested = [nested]
    query = "query($where: flow_run_bool_exp) { flow_run(where: $where) { id } }"

    answer = keyed.admin.post({"query": query, "variables": {"where": {"context": {"_contains": nested}}}})

    assert answer.status in (200, 400)
    assert "An internal API error" not in answer.body.decode()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_document_breaks_in(keyed, caplog, seed):
    keyed.fill(keyed.other)
    judge = Judge({"hidden words"}, caplog)
    pick = random.Random(seed)
    pieces = ["{", "}", "(", ")", "[", "]", ":", "$", "@", "!", "...", "flow", "flow_run", "where", "id", "_eq", "null",
              "query", "mutation", "fragment", "on", '"x"', '"""', "1", "-", "1.5e400", "#", "__schema", "é", "\ud83d",
              "\x00", "include", "if", "true", "input", "subscription", "&", "|", "="]  # fmt: skip
    documents = [" ".join(pick.choices(pieces, k=pick.choice((1, 5, 30, 200)))) for _ in range(150)]
    documents += ["{" * n for n in (10, 1000, 14_000)] + ["{ flow { flow_runs " * 3000, "[" * 20_000, "a" * 400_000]
    documents += [
        "{ " + " ".join(f"a{n}: hello" for n in range(3000)) + " }",
        "{ ...a } fragment a on query_root { ...a }",
    ]
    documents += ["query($a: " + "[" * 500 + "Int" + "]" * 500 + ") { hello }", "{ hello @include(if: $no) }"]
    documents += ['{ flow(where: {name: {_regex: "(((((a+)+)+)+)+)$"}}) { id } }', '{ tenant_by_pk(id: "x") { id } }']

    for document in documents:
        judge.look(keyed.admin, {"query": document})
        judge.look(keyed.with_key(None), {"query": document})
    for body in (None, [], [1], {}, {"query": {}}, [{"query": 1}] * 3, {"query": "{ hello }", "variables": deep(900)}):
        answer = keyed.admin.post(body)
        assert answer.status in (200, 400), body


def test_a_key_that_ended_or_is_of_another_tenant_opens_nothing(keyed):
    made = keyed.fill(keyed.other)
    key_id, key = keyed.key()
    table = catalogue.metadata.tables["auth_api_key"]
    from datetime import UTC, datetime

    ended = table.update().where(table.c.id == key_id).values(expires_at=datetime(2001, 1, 1, tzinfo=UTC))
    keyed.run_async(keyed.database.write(lambda tx: tx.run(ended)))
    before = _foreign(keyed)

    for holder in (keyed.with_key(key), keyed.with_key(None)):
        for operation in (*mutations.MUTATIONS, *queries.QUERIES):
            answer = holder.post(_call(operation, Fuzz(1, list(made.values()))))
            assert answer.status == 401, operation.name
            assert answer.json["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"

    assert _foreign(keyed) == before
