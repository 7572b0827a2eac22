"""The same limits on each way in: what one takes the others take, and an empty text for an optional input is none."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from prefect.client.client import _run_values
from prefect.contract import limits

RUN = "name labels idempotency_key parameters context scheduled_start_time"


def by_mutation(api, **given):
    return api.do("create_flow_run", **given)["id"]


def by_list(api, **given):
    return api.do("create_flow_runs", "flow_run_ids", flow_runs=[given])["flow_run_ids"][0]


def by_document(api, **given):
    fields = ", ".join(
        f"{name}: {json.dumps(json.dumps(value) if isinstance(value, dict) else value)}"
        for name, value in given.items()
    )
    return api.ask(f"mutation {{ create_flow_run(input: {{ {fields} }}) {{ id }} }}").data["create_flow_run"]["id"]


def by_client(api, **given):
    return by_mutation(api, **_run_values(**given))


WAYS = [by_mutation, by_list, by_document, by_client]
LARGE = {
    "name": {"flow_run_name": "n" * 5_000},
    "wide name": {"flow_run_name": "\U0001f600" * 5_000},
    "key": {"idempotency_key": "k" * 5_000},
    "wide key": {"idempotency_key": "\U0001f600" * 5_000},
    "labels": {"labels": [f"{number:03}" + "l" * 300 for number in range(150)]},
    "parameters": {"parameters": {"x": "p" * 1_500_000}},
    "context": {"context": {"x": "c" * 1_500_000}},
    "far": {"scheduled_start_time": "9999-12-31T23:59:59+00:00"},
    "early": {"scheduled_start_time": "1066-10-14T09:00:00+00:00"},
}


# A document has a bound of its own; what is larger travels as variables.
PAIRS = [
    (given, way) for given in LARGE for way in WAYS if way is not by_document or given not in ("parameters", "context")
]


@pytest.mark.parametrize(("given", "way"), PAIRS)
def test_large_values_are_taken_on_each_way_in(api, given, way):
    given = LARGE[given]
    run_id = way(api, flow_id=api.register(), **given)

    run = api.row("flow_run", run_id, RUN)
    for name, value in given.items():
        kept = run["name" if name == "flow_run_name" else name]
        if name == "scheduled_start_time":
            kept, value = datetime.fromisoformat(kept), datetime.fromisoformat(value)
        expected = {"flow_run_name": limits.short_name, "idempotency_key": limits.short_key}.get(
            name, lambda same: same
        )
        assert kept == expected(value)


@pytest.mark.parametrize("way", WAYS)
def test_a_long_key_makes_one_run_on_each_way_in(api, way):
    flow_id = api.register()
    keys = ["k" * 5_000 + end for end in "aab"]

    first, second, other = (way(api, flow_id=flow_id, idempotency_key=key) for key in keys)

    assert first == second != other


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_text_for_an_optional_input_is_none(api, way):
    flow_id = api.register()
    empty = {"idempotency_key": "", "flow_run_name": "", "version_group_id": ""}
    if way is not by_document:
        empty["scheduled_start_time"] = ""

    first, second = (way(api, flow_id=flow_id, **empty) for _ in range(2))

    assert first != second
    run = api.row("flow_run", first, RUN)
    assert run["name"].strip()
    assert run["idempotency_key"] != ""


def test_other_ways_take_what_creating_a_run_takes(api):
    flow_id = api.register(
        name="f" * 300,
        run_config={"type": "UniversalRun", "labels": ["l" * 300]},
        parameters=[{"name": "p", "required": False, "default": "d" * 1_500_000}],
    )
    flow = api.row("flow", flow_id, "name flow_group_id")
    labels = [f"{number:03}" + "l" * 300 for number in range(150)]
    api.do("set_flow_group_labels", "success", flow_group_id=flow["flow_group_id"], labels=labels)
    api.do(
        "set_flow_group_default_parameters",
        "success",
        flow_group_id=flow["flow_group_id"],
        parameters={"p": "g" * 1_500_000},
    )
    run_id = api.do("create_flow_run", flow_id=flow_id)["id"]

    run = api.row("flow_run", run_id, "labels parameters task_runs { id }")
    assert (run["labels"], len(run["parameters"]["p"])) == (labels, 1_500_000)
    assert api.do("create_project", name="p" * 300)["id"]
    assert api.do("register_agent", type="LocalAgent", name="", labels=labels)["id"]
    for mutation, row_id in (("set_flow_run_name", run_id), ("set_task_run_name", run["task_runs"][0]["id"])):
        place = {f"{mutation[4:-5]}_id": row_id}
        assert api.do(mutation, "success", name="n\x00" * 1_000, **place)["success"] is True
        assert len(api.row(mutation[4:-5], row_id, "name")["name"]) == limits.RUN_NAME_CHARACTERS


# ------------------------------------------------------------------------------------- states that are too large

SET_TASK_RUN = (
    "mutation($input: set_task_run_states_input!) { set_task_run_states(input: $input) { states { id status } } }"
)


@pytest.mark.parametrize(
    "state",
    [
        {"type": "Failed", "message": "INSERT " * 200_000},
        {"type": "Failed", "message": "a\x00" * 600_000},
        {"type": "Retrying", "message": "z" * 1_500_000},
        {
            "type": "Failed",
            "message": "m",
            "cached_inputs": {"x": {"type": "PrefectResult", "location": "y" * 1_500_000}},
        },
        {"type": "Failed", "message": "nul \x00", "context": {"x": "\x00"}},
    ],
    ids=["message", "nul", "retrying", "inputs", "short nul"],
)
@pytest.mark.parametrize("kind", ["flow", "task"])
def test_a_state_is_kept_as_far_as_it_can_be(api, state, kind):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    running = {"type": "Running"}
    api.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": running}])
    row_id = run_id
    if kind == "task":
        row_id = api.row("flow_run", run_id, "task_runs { id }")["task_runs"][0]["id"]

    api.do(f"set_{kind}_run_states", "states { id }", states=[{f"{kind}_run_id": row_id, "state": state}])

    kept = api.row(f"{kind}_run", row_id, "state state_message serialized_state")
    assert kept["state"] == state["type"]
    assert kept["state_message"] == kept["serialized_state"]["message"]
    assert limits.json_bytes(kept["serialized_state"]) <= limits.STATE_PAYLOAD_BYTES
    assert "\x00" not in kept["state_message"]


def test_a_text_that_speaks_of_a_nul_is_no_nul(api):
    run_id = api.do("create_flow_run", flow_id=api.register(), parameters={"x": r"\u0000", "y": "\\\\u0000"})["id"]

    assert api.row("flow_run", run_id, "parameters")["parameters"] == {"x": r"\u0000", "y": "\\\\u0000"}
