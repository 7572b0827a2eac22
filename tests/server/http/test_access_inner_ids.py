"""Ids inside of lists, of nested inputs and of documents: one of another tenant among one's own.

The places are found in the operations themselves, so that an operation not yet written is tried as well.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.server.graphql import access, mutations
from prefect.server.graphql.operations import INPUT_TYPES, SUCCESS, Operation
from support.access import Keyed, inputs_of, snapshot

NOTHING = "00000000-0000-0000-0000-00000000dead"
#: Of single operations, by name, where they are elements of a list.
INNER = {**INPUT_TYPES, **{f"{operation.name}_input": operation.inputs for operation in mutations.MUTATIONS}}


@pytest.fixture
def keyed(shared_database: Any, tmp_path: Path) -> Keyed:
    return Keyed(*shared_database, tmp_path)


Place = tuple[str | int, ...]


def names_a_row(field: str) -> bool:
    return bool(access._tables_of(field))


def places(operation: Operation) -> list[Place]:
    """Give where the inputs of an operation name rows: the way there, with 0 for the first member of a list."""
    found: list[Place] = []
    for field, kind in operation.inputs.items():
        inner = INNER.get(kind.strip("[]!"))
        if inner is not None:
            found += [(field, 0, name) for name in inner if names_a_row(name)]
        elif names_a_row(field):
            found.append((field, 0) if kind.startswith("[") else (field,))
    return found


def own_inputs(operation: Operation, ids: dict[str, str], tenant_id: str) -> dict[str, Any]:
    """Give inputs that name own rows at every place."""
    given = inputs_of(operation, ids, tenant_id)
    for place in places(operation):
        field = place[0]
        name = str(place[-1] or field)
        if len(place) == 3:
            members = given.setdefault(field, [])
            if not members:
                members.append({})
            members[0].setdefault(name, ids[name])
        elif len(place) == 2:
            given[field] = [ids[str(field).removesuffix("s")]]
        else:
            given.setdefault(str(field), ids[str(field)])
    return given


def with_one_other(given: dict[str, Any], place: Place, other: str) -> Iterator[dict[str, Any]]:
    """Give the inputs with one id exchanged; in lists beside a good member, before it and behind it."""
    if len(place) == 1:
        yield {**given, str(place[0]): other}
        return
    good = given[str(place[0])][0]
    bad: Any = other
    if len(place) == 3:
        bad = copy.deepcopy(good)
        bad[place[2]] = other
    for members in ([good, bad], [bad, good], [bad]):
        yield {**given, str(place[0]): copy.deepcopy(members)}


MANY = [
    operation
    for operation in mutations.MUTATIONS
    if len(places(operation)) > 1 or any(len(place) > 1 for place in places(operation))
]


def test_the_places_of_ids_are_found_in_the_operations():
    found = {(operation.name, place) for operation in MANY for place in places(operation)}

    assert ("set_flow_run_states", ("states", 0, "flow_run_id")) in found
    assert ("write_run_logs", ("logs", 0, "task_run_id")) in found
    assert ("create_flow_runs", ("flow_runs", 0, "flow_group_id")) in found
    assert ("create_flow_run_state_changed_hook", ("flow_group_ids", 0)) in found
    assert ("create_agent_sla_failed_hook", ("agent_ids", 0)) in found
    assert ("create_flow_group_sla", ("flow_group_id",)) in found
    assert ("update_flow_project", ("project_id",)) in found


@pytest.mark.parametrize("operation", MANY, ids=[operation.name for operation in MANY])
def test_one_id_of_another_tenant_among_ones_own_is_as_one_of_nothing(keyed, operation):
    theirs = keyed.fill(keyed.other)
    ours = keyed.fill(keyed.admin)
    given = own_inputs(operation, ours, keyed.tenant_id)
    before = snapshot(keyed, keyed.other_tenant_id)
    for place in places(operation):
        field = str(place[-1] or str(place[0]).removesuffix("s"))
        pairs = zip(with_one_other(given, place, NOTHING), with_one_other(given, place, theirs[field]), strict=True)
        for with_nothing, with_theirs in pairs:
            mine = snapshot(keyed, keyed.tenant_id)
            of_nothing = keyed.admin.try_to(operation.name, "__typename", **with_nothing)
            of_theirs = keyed.admin.try_to(operation.name, "__typename", **with_theirs)

            told = json.loads(of_theirs.body.decode().replace(theirs[field], NOTHING))
            assert (of_theirs.status, told) == (of_nothing.status, of_nothing.json), place
            assert snapshot(keyed, keyed.other_tenant_id) == before, place
            if "errors" in told:
                assert snapshot(keyed, keyed.tenant_id) == mine, f"half done: {place}"
            else:
                assert theirs[field] not in str(snapshot(keyed, keyed.tenant_id)), place


@pytest.mark.parametrize("kind", ["START_RUN", "PAUSE_SCHEDULE"])
@pytest.mark.parametrize("field", ["flow_id", "flow_group_id"])
def test_an_action_names_no_flow_of_another_tenant(keyed, kind, field):
    theirs = keyed.fill(keyed.other)
    ours = keyed.fill(keyed.admin)

    def answer(**config: str) -> Any:
        return keyed.admin.try_to("create_action", "id", action_type=kind, action_config=config)

    assert answer(**{field: ours[field]}).data
    assert answer(flow_id=ours["flow_id"], flow_group_id=ours["flow_group_id"]).data
    refused = answer(**{field: theirs[field]})
    assert refused.messages == answer(**{field: NOTHING}).messages
    assert "Invalid flow" in refused.messages[0]
    for mixed in (
        {"flow_id": ours["flow_id"], "flow_group_id": theirs["flow_group_id"]},
        {"flow_id": theirs["flow_id"], "flow_group_id": ours["flow_group_id"]},
        {"flow_id": ours["flow_id"], "flow_group_id": NOTHING},
    ):
        assert "id" not in str(answer(**mixed).json.get("data") or {})


def test_a_tenant_named_in_two_places_must_be_one(keyed):
    theirs = keyed.fill(keyed.other)
    before = snapshot(keyed, keyed.other_tenant_id)
    for operation in mutations.MUTATIONS:
        if "tenant_id" not in operation.inputs or operation.name in access.ALL_TENANTS_OPERATIONS:
            continue
        given = inputs_of(operation, theirs, keyed.other_tenant_id)

        selected = "success" if operation.output is SUCCESS else "__typename"
        answer = keyed.admin.ask(
            f"mutation($i: {operation.name}_input!) {{ {operation.name}(input: $i) {{ {selected} }} }}",
            {"i": given},
            x_prefect_tenant_id=keyed.tenant_id,
        )

        # Whoever looks into the queue of no tenant finds nothing there.
        is_refused = "errors" in answer.json or answer.data[operation.name] == {"success": False}
        assert is_refused or operation.name == "get_runs_in_queue", operation.name
        assert snapshot(keyed, keyed.other_tenant_id) == before, operation.name


def test_of_the_owners_of_many_rows_only_some_are_remembered(keyed: Keyed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "OWNERS_KEPT", 2)
    ids = keyed.fill(keyed.admin)
    others = [keyed.admin.do("create_flow_run", flow_id=ids["flow_id"])["id"] for _ in range(5)]
    for run_id in (*others, *others):
        assert keyed.admin.do("set_flow_run_name", "success", flow_run_id=run_id, name="x") == {"success": True}
        assert len(keyed.app.owners) <= 2
