"""What is written once: of two who write it the second is passed over, and whatever else is taken is a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Table, select

from prefect.server import catalogue
from prefect.server.store import flows, logs, retention, runs, tenants
from prefect.server.store.database import UniquenessViolation
from support.rows import insert, uid
from support.statement_world import (
    FLOW,
    MINE,
    NOW,
    OFF_FLOW,
    OTHER_TASK,
    RUN,
    TASK,
    THEIR_FLOW,
    at,
    opened_world,
)

A, B, E = uid(1000), uid(1001), uid(1004)
PROJECT, THEIR_PROJECT = uid(11), uid(12)
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def opened(request: Any, databases: Any) -> Iterator[Any]:
    with opened_world(databases, request.param) as inside:
        yield inside


def ids(tx: Any, table: Table) -> list[str]:
    return [row["id"] for row in tx.all(select(table.c.id))]


def _new_task(task_id: str, slug: str) -> dict[str, Any]:
    names = ("name", "type", "trigger", "cache_key")
    flags = ("mapped", "auto_generated", "is_root_task", "is_terminal_task", "is_reference_task")
    made = {**dict.fromkeys(names, "x"), **dict.fromkeys(flags, False), "tags": [], "max_retries": 0}
    times = {"created": NOW, "updated": NOW, "retry_delay": None}
    return {"id": task_id, "tenant_id": MINE, "flow_id": FLOW, "slug": slug, **made, **times}


def _new_edge(edge_id: str, upstream: str) -> dict[str, Any]:
    ends = {"upstream_task_id": upstream, "downstream_task_id": OTHER_TASK, "key": None, "mapped": False}
    return {"id": edge_id, "tenant_id": MINE, "flow_id": FLOW, **ends, "created": NOW, "updated": NOW}


def _new_group(group_id: str, name: str) -> dict[str, Any]:
    given = {"settings": {}, "default_parameters": {}, "created": NOW, "updated": NOW}
    return {"id": group_id, "tenant_id": MINE, "name": name, **given}


def _new_task_run(task_run_id: str, place: int) -> dict[str, Any]:
    state = {"state": "Pending", "state_timestamp": NOW, "state_message": "", "serialized_state": {}, "version": 1}
    of = {"tenant_id": MINE, "flow_run_id": RUN, "task_id": TASK, "map_index": place, "cache_key": None}
    return {"id": task_run_id, **of, **state, "created": NOW, "updated": NOW}


def _new_tenant(tenant_id: str, slug: str) -> dict[str, Any]:
    return {"id": tenant_id, "name": "x", "slug": slug, "settings": {}, "created": NOW, "updated": NOW}


ONCE = {
    "a task": (flows.insert_task, catalogue.task, _new_task, ("s", "t")),
    "an edge": (flows.insert_edge, catalogue.edge, _new_edge, (TASK, OTHER_TASK)),
    "a group": (flows.insert_flow_group, catalogue.flow_group, _new_group, ("g", "h")),
    "a task run": (runs.insert_task_run_once, catalogue.task_run, _new_task_run, (90, 91)),
    "the first tenant": (tenants.insert_first_tenant, catalogue.tenant, _new_tenant, ("s", "t")),
}


@pytest.mark.parametrize(("statement", "table", "make", "places"), ONCE.values(), ids=ONCE.keys())
def test_what_is_there_already_is_passed_over_and_nothing_else(
    opened: Any, statement: Any, table: Table, make: Callable[..., dict[str, Any]], places: Sequence[Any]
) -> None:
    first, second = places

    def twice(*more: tuple[str, Any]) -> Callable[[Any], set[str]]:
        def work(tx: Any) -> set[str]:
            for row, place in ((A, first), *more):
                tx.run(statement, **make(row, place))
            return {row for row in ids(tx, table) if row in (A, B)}

        return work

    assert opened(twice((B, first))) == {A}
    assert opened(twice((B, second))) == {A, B}

    # An id that is taken is a fault: the row would be lost without a word.
    def with_its_id(tx: Any) -> None:
        twice()(tx)
        with pytest.raises(UniquenessViolation), tx.savepoint():
            tx.run(statement, **make(A, second))

    opened(with_its_id)


def test_a_line_that_is_there_already_is_passed_over(opened: Any) -> None:
    def work(tx: Any) -> list[Any]:
        for message in ("first", "second"):
            tx.run(logs.insert_log, **_line(tx, message))
        return [row["message"] for row in tx.all(select(catalogue.log.c.message).where(catalogue.log.c.id == A))]

    def _line(tx: Any, message: str) -> dict[str, Any]:
        given = dict.fromkeys(logs.insert_log.get_execution_options()["inserted_columns"])
        at_once = {"created": NOW, "updated": NOW, "timestamp": NOW}
        return {**given, **at_once, "id": A, "tenant_id": MINE, "flow_run_id": RUN, "message": message, "seq": 1}

    assert opened(work) == ["first"]


def test_of_old_messages_only_so_many_go_at_once(opened: Any) -> None:
    def work(tx: Any) -> list[int]:
        for number, created in enumerate((-9, -8, -6, -5)):
            message = {"id": uid(1000 + number), "tenant_id": MINE, "type": "x", "text": "t", "content": {}}
            insert(tx, "message", created=at(created), **message)
        return [tx.run(retention.delete_old_messages, tenant_id=MINE, before=at(-5), most=most) for most in (2, 2, 2)]

    assert opened(work) == [2, 1, 0]


def test_a_project_and_a_flow_of_one_tenant_belong_together(opened: Any) -> None:
    def work(tx: Any) -> list[bool]:
        pairs = ((FLOW, PROJECT), (FLOW, THEIR_PROJECT), (THEIR_FLOW, PROJECT), (OFF_FLOW, PROJECT), (E, PROJECT))
        return [tx.one(flows.move_is_allowed, flow_id=one, project_id=two) is not None for one, two in pairs]

    assert opened(work) == [True, False, False, True, False]
