"""Every field of a state with every wrong kind of value: taken, or refused by an error that names the field."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest

from prefect.model.state_facts import STORABLE
from prefect.server.rules.proposal import read_proposal
from support.world import START

WRONG = [
    *(
        None,
        True,
        0,
        -1,
        2**31,
        2**64,
        0.5,
        1e308,
        "",
        "x",
        "a\x00b",
        "9999-12-31T23:59:59-14:00",
        "2030-01-01",
        [],
        {},
    ),
    *([1], {"type": 5}, [[]], {"a": {"b": [None]}}, "x" * 100_000),
]
OF_ALL = ("type", "message", "context", "cached_inputs", "_result")
OF_SOME = {
    "start_time": ("Scheduled", "Paused", "Resume", "Retrying", "Queued"),
    "run_count": ("Retrying",),
    "loop_count": ("Looped",),
    "n_map_states": ("Mapped",),
    "state": ("Submitted", "Queued", "ClientFailed"),
    "cached_parameters": ("Cached",),
    "cached_result_expiration": ("Cached",),
    "hashed_inputs": ("Cached",),
}
CASES = [
    (name, field, value)
    for name in STORABLE
    for field in (*OF_ALL, *(field for field, names in OF_SOME.items() if name in names))
    for value in WRONG
]
#: Where a state is given, and how one is written there.
WAYS = ("set_flow_run_states", "set_task_run_states")
#: More of them when asked for: ``ALL_FIELDS=1``.
TRIED = 80
#: What the state may not follow, whatever its fields are.
LAW = ("it has ended already", "has already been submitted", "is not in a running state")


def test_every_field_of_every_state_is_tried() -> None:
    """A field that a state gets, and that is not in the lists above."""
    for name in STORABLE:
        fields = set(read_proposal({"type": name}, START).document) - {"__version__"}
        known = {*OF_ALL, *(field for field, names in OF_SOME.items() if name in names)}
        assert fields <= known, name


@pytest.fixture
def runs(api: Any) -> dict[str, str]:
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    task_run_id = api.row("flow_run", run_id, "task_runs { id }")["task_runs"][0]["id"]
    return {"set_flow_run_states": run_id, "set_task_run_states": task_run_id}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(2))
def test_a_field_of_a_state_is_taken_or_refused_by_its_name(api: Any, runs: Any, way: str, seed: int) -> None:
    cases = CASES if os.environ.get("ALL_FIELDS") else Random(f"{seed} {way}").sample(CASES, TRIED)
    document = f"mutation($input: {way}_input!) {{ {way}(input: $input) {{ states {{ id status message }} }} }}"
    key = way.removeprefix("set_").removesuffix("_states") + "_id"
    count = refused = 0
    for name, field, value in cases:
        state = {"type": name, field: value}
        answer = api.ask(document, {"input": {"states": [{key: runs[way], "state": state}]}})
        case = (name, field, str(value)[:100], answer.body[:500])
        assert answer.status in (200, 400), case
        count += 1
        for error in answer.json.get("errors", ()):
            if any(law in error["message"] for law in LAW):
                continue
            refused += 1
            assert "internal" not in error["message"].lower(), case
            assert len(error["message"]) < 2_000, case
            assert field in error["message"], case
    assert 0.1 < refused / count < 0.9
