"""A number that a caller sends comes back equal, or is refused with its place; on no way it becomes another one."""

import json

import pytest

NUMBERS = [
    2**53,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
    2**64,
    -(2**63),
    -(2**63) - 1,
    10**30,
    -(10**200),
    0.1,
    1.5,
]
SENT = [*NUMBERS, {"deep": [2**64 + 1, {"deeper": -(2**70)}]}]
CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"


def _exactly(left, right):
    return json.dumps(left) == json.dumps(right)


@pytest.fixture
def flow_id(api):
    return api.register(parameters=[{"name": "x", "required": False, "default": 2**64 + 3, "slug": "x", "type": "P"}])


@pytest.mark.parametrize("as_text", [False, True], ids=["object", "text"])
def test_numbers_of_a_run_come_back_equal(api, flow_id, as_text):
    given = {"x": SENT, "more": {"y": SENT}}
    inputs = {
        "flow_id": flow_id,
        "parameters": given,
        "context": given,
        "run_config": {"type": "LocalRun", "env": given},
    }
    variables = json.dumps({"input": inputs}) if as_text else {"input": inputs}
    run_id = api.ask(CREATE, variables).data["create_flow_run"]["id"]

    row = api.row("flow_run", run_id, 'parameters context run_config deep: parameters(path: "$.x[12].deep[0]")')

    assert _exactly(row["parameters"], given)
    assert _exactly(row["context"], given)
    assert _exactly(row["run_config"]["env"], given)
    assert row["deep"] == 2**64 + 1


def test_so_do_those_written_in_the_document(api, flow_id):
    written = ", ".join(str(number) for number in NUMBERS if isinstance(number, int))
    inputs = f'flow_id: "{flow_id}", parameters: "{{\\"x\\": [{written}]}}", context: {{y: [{written}], z: 1}}'
    run_id = api.ask(f"mutation {{ create_flow_run(input: {{{inputs}}}) {{ id }} }}").data["create_flow_run"]["id"]

    row = api.row("flow_run", run_id, "parameters context")

    whole = [number for number in NUMBERS if isinstance(number, int)]
    assert row == {"parameters": {"x": whole}, "context": {"y": whole, "z": 1}}


def test_a_default_a_key_value_an_artifact_and_a_state_keep_theirs(api, flow_id):
    run_id = api.do("create_flow_run", flow_id=flow_id)["id"]
    assert api.row("flow_run", run_id, "parameters") == {"parameters": {"x": 2**64 + 3}}
    api.do("set_key_value", key="k", value=SENT)
    assert _exactly(api.ask("{ key_value { value } }").data["key_value"][0]["value"], SENT)
    task_run = api.ask("{ task_run { id } }").data["task_run"][0]["id"]
    artifact = api.do("create_task_run_artifact", task_run_id=task_run, kind="x", data={"n": SENT})["id"]
    assert _exactly(api.row("task_run_artifact", artifact, "data")["data"], {"n": SENT})
    state = {"type": "Running", "message": "m", "context": {"n": 2**64 + 5}}
    api.do("set_flow_run_states", "states { status }", states=[{"flow_run_id": run_id, "version": 1, "state": state}])
    found = api.row("flow_run", run_id, "serialized_state")["serialized_state"]
    assert found["context"] == {"n": 2**64 + 5}


def test_filters_tell_large_numbers_apart(api, flow_id):
    for number in (2**64, 2**64 + 1):
        api.do("create_flow_run", flow_id=flow_id, parameters={"n": number})
    query = "query($p: jsonb) { flow_run(where: {parameters: {_contains: $p}}) { parameters } }"

    found = api.ask(query, {"p": {"n": 2**64 + 1}}).data["flow_run"]

    assert found == [{"parameters": {"n": 2**64 + 1, "x": 2**64 + 3}}]


REFUSED = ["1e999", "-1e400", "9" * 5_000]


@pytest.mark.parametrize("number", REFUSED, ids=["infinite", "minus infinite", "5000 digits"])
def test_what_no_number_can_be_is_refused_in_a_document(api, flow_id, number):
    for value in (f"{{n: {number}}}", f"[{number}]"):
        answer = api.ask(f'mutation {{ create_flow_run(input: {{flow_id: "{flow_id}", context: {value}}}) {{ id }} }}')
        assert answer.status == 400
        assert "Expected a number that JSON can hold" in answer.messages[0]
    assert api.ask("{ flow_run { id } }").data["flow_run"] == []


@pytest.mark.parametrize("number", ["1e999", "NaN", "Infinity", "-Infinity", "9" * 5_000])
@pytest.mark.parametrize("as_text", [False, True], ids=["object", "text"])
def test_and_in_a_body(api, flow_id, number, as_text):
    inputs = f'{{"input": {{"flow_id": "{flow_id}", "parameters": {{"n": {number}}}}}}}'
    body = f'{{"query": {json.dumps(CREATE)}, "variables": {json.dumps(inputs) if as_text else inputs}}}'

    answer = api.call("POST", "/", body.encode())

    assert answer.status == 400
    assert answer.messages
    assert api.ask("{ flow_run { id } }").data["flow_run"] == []
