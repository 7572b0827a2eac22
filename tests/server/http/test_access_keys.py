"""Keys, roles and tenants, over a server that asks for keys, on both databases."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect.server import auth as auth_module
from prefect.server import catalogue
from prefect.server.auth import Auth, hash_of, new_key
from prefect.server.errors import Refused, StartUpError
from prefect.server.graphql import access, mutations, queries
from prefect.server.settings import load_settings
from prefect.server.store.database import DatabaseUnavailable
from support.access import Keyed, any_value, inputs_of, snapshot

UNKNOWN = new_key("00000000-0000-0000-0000-000000000001")


@pytest.fixture
def keyed(shared_database: Any, tmp_path: Path) -> Keyed:
    return Keyed(*shared_database, tmp_path)


# ------------------------------------------------------------------------------------------- the door


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic abc", f"Bearer {UNKNOWN}", "Bearer x", f"Token {UNKNOWN}", "Bearer é"],
    ids=lambda header: str(header).replace(UNKNOWN, "unknown"),  # the key is another one in each process
)
def test_without_a_good_key_nothing_is_answered(keyed, header):
    caller = keyed.with_key(None, **({} if header is None else {"authorization": header}))

    asked = caller.ask("{ hello }")
    got = caller.call("GET", "/graphql?query={hello}")

    for answer in (asked, got):
        assert answer.status == 401
        assert answer.json["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "data" not in answer.json


def test_a_client_of_1_x_gets_the_refusal_in_the_form_that_it_reads(keyed):
    answer = keyed.with_key(UNKNOWN).ask("{ hello }", x_prefect_core_version="1.4.1")

    assert answer.status == 200
    assert "UNAUTHENTICATED" in str(answer.json["errors"])


def test_health_and_the_page_are_the_only_things_without_a_key(keyed):
    nobody = keyed.with_key(None)
    html = {"accept": "text/html"}

    assert nobody.call("GET", "/health").status == 200
    assert nobody.call("GET", "/health/live").status == 200
    assert nobody.call("GET", "/.well-known/apollo/server-health").status == 200
    assert nobody.call("GET", "/graphql", **html).status == 200
    assert nobody.call("OPTIONS", "/graphql").status == 204
    assert nobody.call("GET", "/metrics?x=/health").status == 401
    assert nobody.call("POST", "/health").status == 401


PUBLIC = ("/health", "/health/live", "/.well-known/apollo/server-health")
AROUND = (
    "{}/",
    "/x{}",
    "/{}",
    "{}//",
    "{}/../graphql",
    "/..{}",
    "/./{}",
    "{}.",
    "{};x",
    "{}\x00",
    "{}%2f",
    "{} ",
    "/x/..{}",
)


def without_hints(page):
    return re.sub(rb'<link rel="(modulepreload|stylesheet)" crossorigin href="[./\w-]+">', b"", page)


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_public_paths_are_whole_paths(keyed, accept):
    """A browser gets the page at all of them, which is the same for everybody and holds nothing.

    Only which of its own files the browser is to fetch first differs from screen to screen.
    """
    page = without_hints(keyed.with_key(None).call("GET", "/", accept="text/html").body)
    paths = [shape.format(path) for path in PUBLIC for shape in AROUND]
    paths += [path.upper() for path in PUBLIC] + ["/graphql/health", "/graphql/../health", "/graphql/../metrics"]
    paths += [
        "/metrics",
        "/metrics/",
        "//metrics",
        "/elsewhere",
        "//",
        "//graphql",
        "/graphql//",
        "/graphql/x",
        "/.well-known",
    ]
    for path in paths:
        for method in ("GET", "HEAD", "POST", "PUT"):
            body = b'{"query": "{ hello }"}' if method == "POST" else b""
            answer = keyed.with_key(None).call(method, path, body, accept=accept)
            if method == "GET" and answer.status == 200:
                assert accept == "text/html"
                assert without_hints(answer.body) == page
                continue
            assert answer.status in ((200,) if method == "HEAD" and accept == "text/html" else ()) + (401, 405), path
            assert b'"data"' not in answer.body


@pytest.mark.parametrize("root", ["/sub", "/health", "/graphql"])
def test_a_server_below_a_path_is_asked_for_its_key_all_the_same(keyed, root):
    async def status(path: str) -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": path, "root_path": root, "query_string": b"", "headers": []}
        await keyed.app(scope, None, send)
        return int(sent[0]["status"])

    for path in (f"{root}/metrics", f"{root}/x/health", f"{root}//health", f"{root}/live", f"{root}/elsewhere"):
        assert keyed.run_async(status(path)) in (400, 401), path


def test_the_figures_count_all_tenants_and_are_for_their_keys_alone(keyed):
    for holder in (keyed.admin, keyed.read, keyed.other):
        assert holder.call("GET", "/metrics").status == 403
    for role in ("read", "admin"):
        assert keyed.holder(role, all_tenants=True).call("GET", "/metrics").status == 200


def test_a_key_works_at_once_and_a_revoked_one_no_more(keyed):
    made = keyed.admin.do("create_api_key", "id key", name="new", role="read")
    holder = keyed.with_key(made["key"])
    assert holder.ask("{ hello }").status == 200

    assert keyed.admin.do("delete_api_key", "success", key_id=made["id"]) == {"success": True}

    assert holder.ask("{ hello }").status == 401
    assert keyed.admin.do("delete_api_key", "success", key_id=made["id"]) == {"success": False}


def test_a_key_ends_at_its_time(keyed):
    soon = datetime.now(UTC) + timedelta(hours=1)
    _, key = keyed.key(expires_at=soon)
    headers = {"authorization": f"Bearer {key}"}

    async def caller_at(now):
        return await keyed.app.auth.caller(headers, "10.0.0.1", now)

    assert keyed.run_async(caller_at(soon - timedelta(seconds=1))).role == "admin"
    with pytest.raises(Refused, match="expired"):
        keyed.run_async(caller_at(soon))
    late = keyed.admin.try_to("create_api_key", "id", name="x", expires_at="2001-01-01T00:00:00Z")
    assert "expected a time to come" in late.messages[0]


def test_only_hashes_of_keys_are_kept_and_no_table_shows_them(keyed):
    key_id, key = keyed.key()
    table = catalogue.metadata.tables["auth_api_key"]
    rows = keyed.run_async(keyed.database.read(lambda tx: tx.all(table.select())))
    (row,) = [row for row in rows if row["id"] == key_id]

    assert row["key_hash"] == hash_of(key)
    assert key[-20:] not in str(rows)  # its secret is 43 signs long
    assert keyed.admin.ask("{ auth_api_key { key_hash } }").status == 400
    listed = keyed.admin.data("{ auth_api_key { id name role expires_at default_tenant_id user_id last_used } }")
    assert key_id in {row["id"] for row in listed["auth_api_key"]}


def test_after_many_unknown_keys_nobody_looks_at_one_any_more(keyed):
    assert keyed.admin.ask("{ hello }").status == 200
    for _ in range(20):
        assert keyed.with_key(UNKNOWN).ask("{ hello }").status == 401

    limited = keyed.with_key(UNKNOWN).ask("{ hello }")

    assert limited.status == 429
    assert int(limited.headers["retry-after"]) <= 61
    assert keyed.admin.ask("{ hello }").status == 200, "a key that was good before is not held up by others"


def test_failures_are_counted_by_address_and_forgotten_after_a_minute():
    clock = [0.0]
    looked = []

    async def find(key_id):
        looked.append(key_id)

    auth = Auth("t", required=True, find_key=find, clock=lambda: clock[0])

    def tries(address):
        try:
            auth.caller({"authorization": f"Bearer {UNKNOWN}"}, address, datetime.now(UTC)).send(None)
        except Refused as refused:
            return refused.code
        return None

    codes = [tries("10.0.0.1") for _ in range(22)]
    assert codes == ["UNAUTHENTICATED"] * 20 + ["RATE_LIMITED"] * 2
    assert len(looked) == 20
    assert tries("10.0.0.2") == "UNAUTHENTICATED"
    assert {tries(f"2001:db8::{n}") for n in range(1, 21)} == {"UNAUTHENTICATED"}
    assert tries("2001:db8::ffff") == "RATE_LIMITED", "one network of IPv6 is one caller"
    clock[0] = 61.0
    assert tries("10.0.0.1") == "UNAUTHENTICATED"


def test_a_wrong_secret_with_a_known_id_is_no_key_and_no_use_of_it(keyed):
    key_id, key = keyed.key()
    wrong = key[:-1] + ("A" if key[-1] != "A" else "B")

    def last_used() -> Any:
        document = "query($i: uuid!) { auth_api_key_by_pk(id: $i) { last_used } }"
        return keyed.admin.data(document, {"i": key_id})["auth_api_key_by_pk"]["last_used"]

    for other in (wrong, new_key(key_id), key[:40], key + "A", key.upper(), key[:-1]):
        assert keyed.with_key(other).ask("{ hello }").status == 401
    assert last_used() is None
    assert keyed.with_key(key).ask("{ hello }").status == 200
    assert last_used() is not None


def test_an_expired_key_is_not_noted_as_used(keyed):
    soon = datetime.now(UTC) + timedelta(hours=1)
    key_id, key = keyed.key(expires_at=soon)

    with pytest.raises(Refused, match="expired"):
        keyed.run_async(keyed.app.auth.caller({"authorization": f"Bearer {key}"}, None, soon + timedelta(seconds=1)))

    document = "query($i: uuid!) { auth_api_key_by_pk(id: $i) { last_used } }"
    assert keyed.admin.data(document, {"i": key_id}) == {"auth_api_key_by_pk": {"last_used": None}}


def test_a_good_key_is_let_in_although_its_use_cannot_be_written_down(keyed, monkeypatch):
    _, key = keyed.key()

    class ReadOnly:
        def __getattr__(self, name: str) -> Any:
            return getattr(keyed.database, name)

        async def write(self, _: Any) -> None:
            raise DatabaseUnavailable("read-only")

    monkeypatch.setattr(keyed.app, "database", ReadOnly())

    assert keyed.with_key(key).ask("{ hello }").status == 200


def test_the_comparison_happens_for_unknown_ids_as_for_known_ones_and_in_constant_time(monkeypatch):
    compared = []

    def compare(left, right):
        compared.append((left, right))
        return hmac_compare(left, right)

    hmac_compare = auth_module.hmac.compare_digest
    monkeypatch.setattr(auth_module.hmac, "compare_digest", compare)

    async def unknown(key_id):
        return None

    async def known(key_id):
        return {"key_hash": "f" * 64}

    for key, find in ((UNKNOWN, unknown), (UNKNOWN, known), ("no key at all", known)):
        auth = Auth("t", required=True, find_key=find)
        with pytest.raises(Refused, match="not known here"):
            auth.caller({"authorization": f"Bearer {key}"}, "10.0.0.1", datetime.now(UTC)).send(None)
    assert [(len(left), len(right)) for left, right in compared] == [(64, 64)] * 3


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::FFFF:a00:1", "10.0.0.1", True),
        ("64:ff9b::10.0.0.1", "64:ff9b::10.0.0.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("", "10.0.0.1", False),
        ("no address", "another", False),
    ],
)
def test_callers_are_counted_by_what_one_of_them_can_send_from(one, other, is_same):
    async def find(key_id):
        return None

    auth = Auth("t", required=True, find_key=find, clock=lambda: 0.0)

    def tries(address):
        with pytest.raises(Refused) as refused:
            auth.caller({"authorization": f"Bearer {UNKNOWN}"}, address, datetime.now(UTC)).send(None)
        return refused.value.code

    assert {tries(one) for _ in range(20)} == {"UNAUTHENTICATED"}
    assert tries(one) == "RATE_LIMITED"
    assert (tries(other) == "RATE_LIMITED") == is_same


def test_unknown_keys_that_come_together_are_not_looked_at_together():
    looked = []

    async def find(key_id):
        looked.append(key_id)
        await asyncio.sleep(0)

    async def scene():
        auth = Auth("t", required=True, find_key=find)
        headers = {"authorization": f"Bearer {UNKNOWN}"}
        tries = (auth.caller(headers, "10.0.0.1", datetime.now(UTC)) for _ in range(100))
        return await asyncio.gather(*tries, return_exceptions=True)

    codes = [refused.code for refused in asyncio.run(scene())]

    assert len(looked) == 20
    assert codes.count("UNAUTHENTICATED") == 20
    assert codes.count("RATE_LIMITED") == 80


def test_keys_or_a_word_are_needed_to_listen_elsewhere():
    from prefect.server.origins import check_exposure

    with pytest.raises(StartUpError, match="--require-keys"):
        check_exposure(load_settings({"host": "0.0.0.0"}, environment={}))
    check_exposure(load_settings({"host": "0.0.0.0", "require_keys": True}, environment={}))
    check_exposure(load_settings({"host": "0.0.0.0", "expose": True}, environment={}))


def test_without_keys_a_key_is_neither_needed_nor_looked_at(api):
    assert api.ask("{ hello }", headers={"authorization": f"Bearer {UNKNOWN}"}).status == 200
    info = api.ask("{ auth_info { tenant_id user_id role permissions } }").data["auth_info"]
    assert info["role"] == "admin"
    assert info["user_id"]


# ------------------------------------------------------------------------------------------------ roles


def test_auth_info_says_who_calls(keyed):
    info = keyed.run.data("{ auth_info { tenant_id user_id key_id role permissions license role_id } }")["auth_info"]

    assert info["tenant_id"] == keyed.tenant_id
    assert info["role"] == "run"
    assert info["permissions"] == ["read", "trigger", "run"]
    assert info["user_id"]
    assert info["key_id"]


def test_every_mutation_has_a_role_and_only_agents_and_runs_get_by_with_run():
    names = {operation.name: operation for operation in (*mutations.MUTATIONS, *queries.QUERIES)}

    assert set(names) >= access.RUN_OPERATIONS
    assert {m.name for m in mutations.MUTATIONS} >= access.NEVER_AUDITED
    assert access.needed_role(names["delete_flow"]) == "admin"
    assert access.needed_role(names["hello"]) == "read"


def test_every_id_that_an_operation_takes_is_known_to_name_a_row():
    from prefect.server.graphql.operations import INPUT_TYPES

    fields = {
        (operation.name, field)
        for operation in (*mutations.MUTATIONS, *queries.QUERIES)
        for field in operation.inputs
        if field.endswith(("_id", "_ids"))
    } | {(name, field) for name, inner in INPUT_TYPES.items() for field in inner if field.endswith(("_id", "_ids"))}

    assert [place for place in sorted(fields) if access._tables_of(place[1]) == ("",)] == []


def test_nested_inputs_that_name_rows_stand_where_the_border_looks():
    from prefect.server.graphql.operations import INPUT_TYPES

    nested = {
        field
        for operation in mutations.MUTATIONS
        for field, kind in operation.inputs.items()
        for name, inner in INPUT_TYPES.items()
        if name in kind and any(key.endswith("_id") for key in inner)
    }

    assert nested <= access._NESTED


def test_a_role_that_is_too_low_is_told_which_it_needs(keyed):
    for given in mutations.MUTATIONS:
        inputs = {field: any_value(kind) for field, kind in given.inputs.items() if kind.endswith("!")}

        refused = keyed.read.try_to(given.name, "__typename", **inputs)
        by_run = keyed.run.try_to(given.name, "__typename", **inputs)

        assert refused.status == 200, refused.json
        assert refused.json["errors"][0]["extensions"]["code"] == "FORBIDDEN", given.name
        codes = [error["extensions"]["code"] for error in by_run.json.get("errors", ())]
        assert ("FORBIDDEN" in codes) == (given.name not in access.RUN_OPERATIONS), given.name


def test_the_rows_of_keys_hooks_and_audit_are_for_admins(keyed):
    for table in ("auth_api_key", "audit", "cloud_hook"):
        for document in (f"{{ {table} {{ id }} }}", f"{{ {table}_aggregate {{ aggregate {{ count }} }} }}"):
            answer = keyed.run.ask(document)
            assert answer.json["errors"][0]["extensions"]["code"] == "FORBIDDEN", document
            assert keyed.admin.ask(document).data
    by_key = keyed.read.ask('{ audit_by_pk(id: "00000000-0000-0000-0000-000000000001") { id } hello }')
    assert by_key.json["data"] == {"audit_by_pk": None, "hello": "👋"}
    assert by_key.json["errors"][0]["path"] == ["audit_by_pk"]


def test_a_key_cannot_make_one_for_another_tenant(keyed):
    mine = {"name": "x", "tenant_id": keyed.other_tenant_id}

    assert "no such tenant" in keyed.admin.try_to("create_api_key", "id", **mine).messages[0]
    by_default = keyed.admin.try_to("create_api_key", "id", name="x", default_tenant_id=keyed.other_tenant_id)
    assert "no such tenant" in by_default.messages[0]
    made = keyed.server.do("create_api_key", "key", **mine)
    info = keyed.with_key(made["key"]).data("{ auth_info { tenant_id } }")
    assert info["auth_info"]["tenant_id"] == keyed.other_tenant_id
    unknown = keyed.admin.try_to("create_api_key", "id", name="x", role="god")
    assert "expected one of read, trigger, run, admin" in unknown.messages[0]


# ---------------------------------------------------------------------------------------------- tenants


def test_a_key_of_one_tenant_may_not_name_another(keyed):
    answer = keyed.admin.ask("{ hello }", x_prefect_tenant_id=keyed.other_tenant_id)
    assert answer.status == 401
    assert keyed.admin.ask("{ hello }", x_prefect_tenant_id=keyed.tenant_id).status == 200


def test_a_key_for_all_tenants_acts_in_the_one_that_it_names(keyed):
    keyed.fill(keyed.other)
    asked = "{ auth_info { tenant_id } tenant { slug } project { tenant_id } }"

    here = keyed.server.data(asked)
    there = keyed.server.ask(asked, x_prefect_tenant_id=keyed.other_tenant_id).data

    assert here == {
        "auth_info": {"tenant_id": keyed.tenant_id},
        "tenant": [{"slug": "default"}, {"slug": "other"}],
        "project": [],
    }
    assert there["project"] == [{"tenant_id": keyed.other_tenant_id}]
    assert keyed.admin.data("{ tenant { slug } }") == {"tenant": [{"slug": "default"}]}
    for mutation, inputs in (("create_tenant", {"name": "a", "slug": "a"}),):
        assert "for all tenants" in keyed.admin.try_to(mutation, **inputs).messages[0]


def _selections(depth: int = 2) -> list[str]:
    """Every table with all its columns, and what is related to it, two levels deep."""

    def fields(table: str, left: int) -> str:
        public = catalogue.PUBLIC[table]
        told = list(public.columns)
        if left:
            for name, relation in public.relations.items():
                told.append(f"{name} {{ {fields(relation.target, left - 1)} }}")
                if relation.is_array:
                    told.append(f"{name}_aggregate {{ aggregate {{ count }} nodes {{ __typename }} }}")
        return " ".join(told)

    tables = [name for name in catalogue.PUBLIC if name != "utility_traversal"]
    return [f"{{ {name} {{ {fields(name, depth)} }} }}" for name in tables]


def test_no_table_shows_a_row_of_another_tenant(keyed):
    theirs = keyed.fill(keyed.other)
    keyed.fill(keyed.admin)
    hidden = {*theirs.values(), keyed.other_tenant_id}

    for document in _selections():
        answer = keyed.admin.ask(document)
        assert answer.status == 200, answer.body
        text = json.dumps(answer.data)
        assert not [one for one in hidden if one in text], document
        assert keyed.other.ask(document).status == 200


def test_no_aggregate_filter_or_order_counts_rows_of_another_tenant(keyed):
    theirs = keyed.fill(keyed.other)
    # A foreign row that points at ours, as a fault or an import may leave it: nothing of it is shown.
    ours = keyed.fill(keyed.admin)
    run, flow = catalogue.metadata.tables["flow_run"], catalogue.metadata.tables["flow"]
    keyed.run_async(keyed.database.write(lambda tx: tx.run(
        run.update().where(run.c.id == theirs["flow_run_id"]).values(flow_id=ours["flow_id"]))))  # fmt: skip
    keyed.run_async(keyed.database.write(lambda tx: tx.run(
        flow.update().where(flow.c.id == ours["flow_id"]).values(project_id=theirs["project_id"]))))  # fmt: skip

    found = keyed.admin.data(
        """query($theirs: uuid!, $flow: uuid!) {
            flow_run_aggregate { aggregate { count max { id } } nodes { id } }
            flow_by_pk(id: $flow) { flow_runs { id } flow_runs_aggregate { aggregate { count } } project { name } }
            one: flow_run_by_pk(id: $theirs) { id }
            by_relation: project(where: {flows: {flow_runs: {id: {_eq: $theirs}}}}) { id }
            negated: flow(where: {_not: {flow_runs: {id: {_eq: $theirs}}}}) { id }
            in_project: flow(where: {project: {name: {_is_null: false}}}) { id }
            ordered: flow(order_by: [{flow_runs_aggregate: {count: desc}}, {project: {name: asc}}]) { id }
            distinct: flow_run(distinct_on: tenant_id) { tenant_id }
            logs: log_aggregate { aggregate { count } }
        }""",
        {"theirs": theirs["flow_run_id"], "flow": ours["flow_id"]},
    )

    mine = ours["flow_run_id"]
    assert found["flow_run_aggregate"] == {
        "aggregate": {"count": 1, "max": {"id": mine}},
        "nodes": [{"id": mine}],
    }
    assert found["flow_by_pk"] == {
        "flow_runs": [{"id": mine}],
        "flow_runs_aggregate": {"aggregate": {"count": 1}},
        "project": None,
    }
    assert found["one"] is None
    assert found["by_relation"] == []
    assert found["negated"] == [{"id": ours["flow_id"]}]
    assert found["in_project"] == []
    assert found["ordered"] == [{"id": ours["flow_id"]}]
    assert found["distinct"] == [{"tenant_id": keyed.tenant_id}]
    assert found["logs"] == {"aggregate": {"count": 1}}


def test_task_walks_end_at_the_border(keyed):
    theirs = keyed.fill(keyed.other)
    ours = keyed.fill(keyed.admin)
    document = "query($ids: _uuid) { utility_downstream_tasks(args: {start_task_ids: $ids}) { task_id task { id } } }"

    assert keyed.admin.data(document, {"ids": f"{{{theirs['task_id']}}}"}) == {"utility_downstream_tasks": []}
    assert keyed.admin.data(document, {"ids": f"{{{ours['task_id']}}}"})["utility_downstream_tasks"]


def test_naming_rows_of_another_tenant_changes_nothing_and_says_what_naming_nothing_says(keyed):
    theirs = keyed.fill(keyed.other)
    nothing = dict.fromkeys(theirs, "00000000-0000-0000-0000-00000000dead")
    for operation in mutations.MUTATIONS:
        before = snapshot(keyed, keyed.other_tenant_id)

        with_theirs = keyed.admin.try_to(
            operation.name, "__typename", **inputs_of(operation, theirs, keyed.other_tenant_id)
        )
        with_nothing = keyed.admin.try_to(
            operation.name, "__typename", **inputs_of(operation, nothing, nothing["flow_id"])
        )

        assert snapshot(keyed, keyed.other_tenant_id) == before, operation.name
        told = with_theirs.body.decode()
        for field, row_id in {**theirs, "tenant_id": keyed.other_tenant_id}.items():
            told = told.replace(row_id, nothing.get(field, nothing["flow_id"]))
        assert (with_theirs.status, json.loads(told)) == (with_nothing.status, with_nothing.json), operation.name


def test_reading_operations_find_nothing_of_another_tenant(keyed):
    theirs = keyed.fill(keyed.other)
    run, task_run = theirs["flow_run_id"], theirs["task_run_id"]

    events = keyed.admin.ask(f'{{ flow_run_events(flow_run_id: "{run}") {{ events }} }}')
    info = keyed.admin.ask(f'{{ get_task_run_info(task_run_id: "{task_run}") {{ id }} }}')
    children = keyed.admin.data(f'{{ mapped_children(task_run_id: "{task_run}") {{ state_counts }} }}')

    assert events.messages == [f"Flow run {run} not found"]
    assert info.messages == ["Invalid task run ID"]
    assert children == {"mapped_children": {"state_counts": {}}}


def test_a_version_group_of_the_same_name_in_another_tenant_is_another_one(keyed):
    theirs = keyed.fill(keyed.other)
    document = {"name": "flow", "tasks": [], "edges": []}
    keyed.other.do("create_flow", project_id=theirs["project_id"], serialized_flow=document, version_group_id="group")

    nothing = keyed.admin.try_to("create_flow_run", version_group_id="group")
    ours = keyed.fill(keyed.admin)
    run = keyed.admin.do("create_flow_run", version_group_id="group")["id"]

    assert nothing.messages == ["Version group group has no unarchived flows."]
    row = keyed.admin.data(f'{{ flow_run_by_pk(id: "{run}") {{ flow_id }} }}')["flow_run_by_pk"]
    assert row["flow_id"] == ours["flow_id"]


def test_an_agent_of_another_tenant_cannot_be_said_to_have_called(keyed):
    theirs = keyed.fill(keyed.other)
    before = snapshot(keyed, keyed.other_tenant_id)
    ours = keyed.fill(keyed.admin)
    run = keyed.admin.do("create_flow_run", flow_id=ours["flow_id"])["id"]
    agent = {"x_prefect_agent_id": theirs["agent_id"]}
    states = [{"flow_run_id": run, "state": {"type": "Submitted"}}]

    keyed.run.ask("mutation { get_runs_in_queue(input: {}) { flow_run_ids } }", **agent)
    document = (
        "mutation($s: [set_flow_run_state_input!]!) { set_flow_run_states(input: {states: $s}) { states { id } } }"
    )
    assert keyed.run.ask(document, {"s": states}, **agent).data

    assert snapshot(keyed, keyed.other_tenant_id) == before
    found = keyed.admin.data(f'{{ flow_run_by_pk(id: "{run}") {{ agent_id state }} }}')["flow_run_by_pk"]
    assert found == {"agent_id": None, "state": "Submitted"}
    mine = {"x_prefect_agent_id": ours["agent_id"]}
    states[0]["flow_run_id"] = keyed.admin.do("create_flow_run", flow_id=ours["flow_id"])["id"]
    assert keyed.run.ask(document, {"s": states}, **mine).data
    taken = keyed.admin.data(f'{{ flow_run_by_pk(id: "{states[0]["flow_run_id"]}") {{ agent_id }} }}')
    assert taken["flow_run_by_pk"]["agent_id"] == ours["agent_id"]


def test_every_row_that_the_server_makes_says_its_tenant(keyed):
    keyed.fill(keyed.admin)

    def work(tx: Any) -> list[str]:
        of_the_server = ("auth_api_key", "audit")
        tables = [
            t for name, t in catalogue.metadata.tables.items() if "tenant_id" in t.c and name not in of_the_server
        ]
        return [table.name for table in tables if tx.all(table.select().where(table.c.tenant_id.is_(None)))]

    assert keyed.run_async(keyed.database.read(work)) == []


# --------------------------------------------------------------------------------------------- sockets


def _converse(keyed: Keyed, payload: Any, query: str) -> list[Any]:
    """Open a WebSocket, ask one thing and give what came back."""
    up = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": json.dumps({"type": "connection_init", "payload": payload})},
        {
            "type": "websocket.receive",
            "text": json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}),
        },
    ]
    down: list[Any] = []
    answered = asyncio.Event()

    async def receive() -> Any:
        if up:
            return up.pop(0)
        await answered.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Any) -> None:
        down.append(message)
        if message["type"] == "websocket.close" or '"id":"1"' in message.get("text", ""):
            answered.set()

    scope = {"type": "websocket", "path": "/graphql", "query_string": b"", "headers": [], "client": ("10.0.0.1", 1)}

    async def scene() -> None:
        await keyed.app({**scope, "subprotocols": ["graphql-transport-ws"]}, receive, send)

    keyed.run_async(scene())
    return down


def test_a_socket_needs_a_key_and_is_held_to_its_tenant(keyed):
    keyed.fill(keyed.other)
    query = "subscription { project { name } }"
    _, key = keyed.key("read")

    good = _converse(keyed, {"Authorization": f"Bearer {key}"}, query)
    refused = _converse(keyed, {"Authorization": f"Bearer {UNKNOWN}"}, query)
    nobody = _converse(keyed, None, query)

    assert json.loads(good[2]["text"])["payload"] == {"data": {"project": []}}
    for answers in (refused, nobody):
        assert answers[1]["type"] == "websocket.close"
        assert answers[1]["code"] == 4403


def test_a_list_of_new_runs_stays_inside_the_tenant(keyed):
    theirs = keyed.fill(keyed.other)
    ours = keyed.fill(keyed.admin)
    runs = [{"flow_id": ours["flow_id"]}, {"flow_id": theirs["flow_id"]}]

    refused = keyed.run.try_to("create_flow_runs", "flow_run_ids", flow_runs=runs)
    by_group = keyed.run.try_to("create_flow_runs", "flow_run_ids", flow_runs=[{"version_group_id": "group"}])

    assert refused.json["errors"][0]["message"] == f"flow_runs[1]: Flow {theirs['flow_id']} not found"
    (run_id,) = by_group.json["data"]["create_flow_runs"]["flow_run_ids"]
    found = keyed.admin.data(f'{{ flow_run_by_pk(id: "{run_id}") {{ flow_id }} }}')["flow_run_by_pk"]
    assert found == {"flow_id": ours["flow_id"]}
    assert keyed.admin.data("{ flow_run_aggregate { aggregate { count } } }")["flow_run_aggregate"] == {
        "aggregate": {"count": 2}
    }
