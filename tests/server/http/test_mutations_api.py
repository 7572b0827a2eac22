"""Mutations through the whole server: what unpacking and packing must do."""

import asyncio
import base64
import gzip
import json
from uuid import uuid4

import pytest

from prefect.server.graphql import mutations
from support.access import Keyed, any_value
from support.asgi import graphql
from support.rows import insert, uid
from support.world import flow_document

UNKNOWN = "00000000-0000-4000-8000-000000000000"
SET_STATES = (
    "mutation($input: set_flow_run_states_input!) "
    "{ set_flow_run_states(input: $input) { states { id status message } } }"
)


def test_a_project_that_is_there_already_is_told_in_the_words_the_client_matches(api):
    api.do("create_project", name="p")

    answer = api.ask('mutation { create_project(input: {name: "p"}) { id } }')

    assert answer.status == 200
    assert answer.json["data"] == {"create_project": None}
    assert answer.messages == ["Uniqueness violation."]


def test_the_documents_example_of_creating_a_run_works(api):
    flow_id = api.register(parameters=[{"name": "a", "required": True}])

    answer = api.ask(
        f'mutation {{ create_flow_run(input: {{ flow_id: "{flow_id}", parameters: "{{\\"a\\": 2}}", '
        'scheduled_start_time: "2021-05-07T15:09:16.815228-05:00" }) { id } }'
    )

    run_id = answer.data["create_flow_run"]["id"]
    run = api.row("flow_run", run_id, "parameters scheduled_start_time state version task_runs { version }")
    assert run == {
        "parameters": {"a": 2},
        "scheduled_start_time": "2021-05-07T20:09:16.815228+00:00",
        "state": "Scheduled",
        "version": 1,
        "task_runs": [{"version": 1}, {"version": 1}],
    }


def test_parameters_in_variables_are_objects_or_texts_that_hold_one(api):
    flow_id = api.register()

    for given in ({"a": 1}, '{"a": 1}'):
        run_id = api.do("create_flow_run", flow_id=flow_id, parameters=given)["id"]
        assert api.row("flow_run", run_id, "parameters") == {"parameters": {"a": 1}}


def test_states_tasks_and_edges_in_variables_may_be_texts_too(api):
    flow_id = api.register()
    run_id = api.do("create_flow_run", flow_id=flow_id)["id"]
    edge = {"upstream_task": "more-1", "downstream_task": {"slug": "one-1"}}

    api.do("register_tasks", "success", flow_id=flow_id, serialized_tasks=json.dumps([{"slug": "more-1"}]))
    api.do("register_edges", "success", flow_id=flow_id, serialized_edges=json.dumps([edge]))
    state = json.dumps({"type": "Failed", "message": "{}"})
    api.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": state}])

    row = api.row("flow_run", run_id, "state state_message flow { tasks { slug } edges { id } }")
    assert (row["state"], row["state_message"]) == ("Failed", "{}")
    assert "more-1" in {task["slug"] for task in row["flow"]["tasks"]}
    assert len(row["flow"]["edges"]) == 2


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('parameters: "not json"', "Invalid value at create_flow_run.input.parameters: Could not parse JSON: "),
        ('parameters: "{"', "Could not parse JSON: Expecting property name"),
        ('flow_id: "x"', "Invalid value at create_flow_run.input.flow_id: Could not parse UUID: 'x'"),
        ("labels: [1]", "Invalid value at create_flow_run.input.labels"),
        (
            'scheduled_start_time: "soon"',
            "create_flow_run.input.scheduled_start_time: Could not parse DateTime: 'soon'",
        ),
        ("nonsense: 1", "Invalid value at create_flow_run.input"),
    ],
)
def test_a_value_written_wrongly_in_a_document_is_named_with_its_place(api, written, said):
    answer = api.ask(f"mutation {{ create_flow_run(input: {{ {written} }}) {{ id }} }}")

    assert answer.status == 400
    assert said in answer.messages[0]
    assert answer.json["errors"][0]["locations"][0]["line"] == 1


def test_one_and_the_same_text_of_a_hook_is_refused_by_both_databases(api):
    given = {"type": "WEBHOOK", "states": ["SUCCESS"], "config": {"url": "http://x"}, "version_group_id": "v\x00"}
    document = "mutation($input: create_cloud_hook_input!) { create_cloud_hook(input: $input) { id } }"

    assert "Invalid version_group_id: expected" in api.ask(document, {"input": given}).messages[0]


@pytest.mark.parametrize(
    ("inputs", "status", "said"),
    [
        ({"flow_id": "x"}, 400, "Could not parse UUID"),
        ({"flow_id": UNKNOWN, "scheduled_start_time": "soon"}, 400, "scheduled_start_time"),
        ({"flow_id": UNKNOWN, "labels": 5}, 400, "labels"),
        ({"flow_id": UNKNOWN, "nonsense": 1}, 400, "nonsense"),
        ({"flow_id": UNKNOWN, "parameters": "{"}, 200, "Invalid parameters: expected a JSON object"),
        ({"flow_id": UNKNOWN}, 200, f"Flow {UNKNOWN} not found"),
    ],
)
def test_bad_input_is_one_clear_error(api, inputs, status, said):
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"

    answer = api.ask(document, {"input": inputs})

    assert answer.status == status
    assert said in answer.messages[0]
    assert "Traceback" not in answer.body.decode()


def test_a_flow_comes_compressed_as_clients_send_it(api):
    project_id = api.do("create_project", name="p")["id"]
    packed = base64.b64encode(gzip.compress(json.dumps(flow_document()).encode())).decode()

    flow_id = api.do("create_flow_from_compressed_string", project_id=project_id, serialized_flow=packed)["id"]

    tasks = api.ask(
        f'{{ flow_by_pk(id: "{flow_id}") {{ name version tasks(order_by: {{slug: asc}}) {{ slug }} }} }}'
    ).data
    assert tasks["flow_by_pk"] == {"name": "flow", "version": 1, "tasks": [{"slug": "one-1"}, {"slug": "two-1"}]}


def test_states_are_set_as_one_object_or_a_list_and_answered_in_order(api):
    flow_id = api.register()
    one, two = (api.do("create_flow_run", flow_id=flow_id)["id"] for _ in range(2))

    answer = api.ask(
        SET_STATES,
        {
            "input": {
                "states": [{"flow_run_id": run, "state": {"type": "Submitted"}, "version": 1} for run in (two, one)]
            }
        },
    )
    assert answer.data["set_flow_run_states"]["states"] == [
        {"id": two, "status": "SUCCESS", "message": None},
        {"id": one, "status": "SUCCESS", "message": None},
    ]
    single = api.ask(
        SET_STATES, {"input": {"states": {"flow_run_id": one, "state": {"type": "Running"}, "version": 2}}}
    )
    assert single.data["set_flow_run_states"]["states"][0]["id"] == one
    failed = json.dumps(json.dumps({"type": "Failed"}))
    states = f'{{flow_run_id: "{one}", state: {failed}}}'
    assert api.ask(f"mutation {{ set_flow_run_states(input: {{states: {states}}}) {{ states {{ id }} }} }}").data


def test_of_states_set_together_all_or_none_count(api):
    flow_id = api.register()
    run_id = api.do("create_flow_run", flow_id=flow_id)["id"]
    states = [
        {"flow_run_id": run_id, "state": {"type": "Success"}},
        {"flow_run_id": run_id, "state": {"type": "Nonsense"}},
    ]

    answer = api.ask(SET_STATES, {"input": {"states": states}})

    assert "State update failed" in answer.messages[0]
    assert "unknown state type" in answer.messages[0]
    row = api.row("flow_run", run_id, "state version")
    assert row == {"state": "Scheduled", "version": 1}


def test_a_stale_version_is_told_with_the_code_that_clients_match(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    stale = {"flow_run_id": run_id, "state": {"type": "Running"}, "version": 7}

    answer = api.ask(SET_STATES, {"input": {"states": [stale]}})

    assert answer.status == 200
    assert answer.json["errors"][0]["extensions"]["code"] == "VERSION_LOCKING_ERROR"


def test_a_state_whose_result_is_too_large_is_refused(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    result = {"type": "PrefectResult", "location": json.dumps("x" * 1_000_000)}
    large = {"flow_run_id": run_id, "state": {"type": "Success", "_result": result}}

    assert api.ask(SET_STATES, {"input": {"states": [large]}}).messages == ["State payload is too large."]


def test_submitted_by_an_agent_names_it_on_the_run(api):
    agent_id = api.do("register_agent", type="LocalAgent", name="a", labels=["x"])["id"]
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]

    submit = {"states": [{"flow_run_id": run_id, "state": {"type": "Submitted"}, "version": 1}]}
    api.ask(SET_STATES, {"input": submit}, headers={"X-PREFECT-AGENT-ID": agent_id})

    assert api.row("flow_run", run_id, "agent { id name }")["agent"] == {"id": agent_id, "name": "a"}


def test_an_agent_is_registered_with_the_version_of_its_core(api):
    register = 'mutation { register_agent(input: {type: "LocalAgent"}) { id } }'

    api.ask(register, headers={"X-PREFECT-CORE-VERSION": "1.4.1"})

    assert api.ask("{ agent { core_version } }").data == {"agent": [{"core_version": "1.4.1"}]}


def test_task_run_info_is_asked_inline_as_runners_do(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    task = api.ask('{ task(where: {slug: {_eq: "one-1"}}) { id } }').data["task"][0]["id"]

    info = api.ask(
        f'mutation {{ get_or_create_task_run_info(input: {{flow_run_id: "{run_id}", task_id: "{task}", map_index: 0}}) '
        "{ id version state serialized_state } }"
    ).data["get_or_create_task_run_info"]

    assert (info["version"], info["state"]) == (1, "Pending")
    asked = api.ask(
        '{{ get_task_run_info(task_run_id: "{}") {{ id version state serialized_state }} }}'.format(info["id"])
    ).data
    assert asked["get_task_run_info"] == info
    missing = api.ask(f'{{ get_task_run_info(task_run_id: "{UNKNOWN}") {{ id }} }}')
    assert missing.messages == ["Invalid task run ID"]


def write_logs(api, lines):
    return api.ask(
        "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }",
        {"input": {"logs": lines}},
    )


def test_logs_come_one_or_many_and_once(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    line = {"flow_run_id": run_id, "message": "é\x00!", "level": "ERROR", "name": "n", "id": str(uuid4())}

    for _ in range(2):
        assert write_logs(api, [line, {**line, "id": str(uuid4()), "message": "more"}]).data["write_run_logs"][
            "success"
        ]
    assert write_logs(api, {"flow_run_id": run_id, "message": "single"}).data["write_run_logs"]["success"]

    logs = api.ask("{ log(order_by: {created: asc}) { message level name info tenant_id } }").data["log"]
    assert sorted(log["message"] for log in logs) == ["more", "more", "single", "é\ufffd!"]
    assert {log["level"] for log in logs} == {"ERROR", "INFO"}
    assert all(log["tenant_id"] for log in logs)


def test_a_level_of_the_users_own_becomes_a_standard_one(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    given = {"SUCCESS": "INFO", "Level 25": "INFO", "Level 35": "WARNING", "warn": "WARNING", "TRACE": "DEBUG"}
    # The names that logging gives to numbers; one of ten digits is none of its.
    given |= {"5": "DEBUG", "Level 999999999": "CRITICAL", "Level 1000000000": "INFO"}

    lines = [{"flow_run_id": run_id, "message": level, "level": level} for level in given]

    assert write_logs(api, lines).data["write_run_logs"]["success"]
    logs = api.ask("{ log { message level } }").data["log"]
    assert {log["message"]: log["level"] for log in logs} == given


def test_logs_of_a_run_that_is_not_there_refuse_the_whole_batch(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]

    answer = write_logs(api, [{"flow_run_id": run_id, "message": "a"}, {"flow_run_id": UNKNOWN, "message": "b"}])

    assert answer.messages == ["Foreign key violation."]
    assert api.ask("{ log { id } }").data == {"log": []}


def test_artifacts_are_kept_changed_and_deleted(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    task_run = api.ask(f'{{ task_run(where: {{flow_run_id: {{_eq: "{run_id}"}}}}, limit: 1) {{ id }} }}').data[
        "task_run"
    ][0]

    made = api.do("create_task_run_artifact", task_run_id=task_run["id"], kind="link", data={"link": "x"})["id"]
    assert api.do("update_task_run_artifact", "success", task_run_artifact_id=made, data={"link": "y"}) == {
        "success": True
    }
    assert api.ask("{ task_run_artifact { kind data } }").data["task_run_artifact"] == [
        {"kind": "link", "data": {"link": "y"}}
    ]
    assert api.do("delete_task_run_artifact", "success", task_run_artifact_id=made) == {"success": True}
    assert api.do("delete_task_run_artifact", "success", task_run_artifact_id=made) == {"success": False}

    create = "mutation($input: create_task_run_artifact_input!) { create_task_run_artifact(input: $input) { id } }"
    too_large = {"task_run_id": task_run["id"], "kind": "k", "data": {"x": "a" * 1_000_000}}
    assert api.ask(create, {"input": too_large}).messages == ["Artifact data payload exceeds 1000000 bytes limit."]
    missing = {"task_run_id": UNKNOWN, "kind": "k", "data": {}}
    assert api.ask(create, {"input": missing}).messages == [f"Task run {UNKNOWN} not found"]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"type": "WEBHOOK", "states": ["nonsense"], "config": {"url": "x"}}, "Invalid states"),
        ({"type": "WEBHOOK", "states": ["success"], "config": {}}, "Invalid config"),
        ({"type": "WEBHOOK", "states": ["success"], "config": {"url": "x", "more": 1}}, "Invalid config"),
        (
            {
                "type": "PAGERDUTY",
                "states": ["failed"],
                "config": {"api_token": "a", "routing_key": "b", "severity": "bad"},
            },
            "severity",
        ),
    ],
)
def test_a_hook_must_be_configured_exactly(api, inputs, said):
    create = "mutation($input: create_cloud_hook_input!) { create_cloud_hook(input: $input) { id } }"

    assert said in api.ask(create, {"input": inputs}).messages[0]


def test_hooks_are_made_switched_and_deleted(api):
    hook = api.do(
        "create_cloud_hook", type="WEBHOOK", states=["success", "FAILED"], config={"url": "http://x"}, name="h"
    )["id"]

    api.do("set_cloud_hook_inactive", "success", cloud_hook_id=hook)

    row = api.ask("{ cloud_hook { states active config } }").data["cloud_hook"]
    assert row == [{"states": ["SUCCESS", "FAILED"], "active": False, "config": {"url": "http://x"}}]
    assert api.do("delete_cloud_hook", "success", cloud_hook_id=hook) == {"success": True}


def of_hook(api, hook):
    shown = "{ cloud_hook { id name type states config version_group_id active updated } }"
    [row] = [row for row in api.ask(shown).data["cloud_hook"] if row["id"] == hook]
    return row


UPDATE_HOOK = "mutation($input: update_cloud_hook_input!) { update_cloud_hook(input: $input) { success error } }"


def test_what_is_given_of_a_hook_is_changed_and_the_rest_stays(api):
    config = {"api_token": "a", "routing_key": "b", "severity": "error"}
    hook = api.do("create_cloud_hook", type="PAGERDUTY", states=["failed"], config=config, name="h")["id"]
    api.do("set_cloud_hook_inactive", "success", cloud_hook_id=hook)
    before = of_hook(api, hook)

    def changed(**given):
        assert api.do("update_cloud_hook", "success error", cloud_hook_id=hook, **given)["success"] is True
        row = of_hook(api, hook)
        return {key: value for key, value in row.items() if value != before[key] and key != "updated"}

    assert changed(config={"severity": "critical"}) == {"config": {**config, "severity": "critical"}}
    assert changed(config='{"severity": "error"}') == {}
    assert changed(states=["success", "SUCCESS"], version_group_id="v") == {
        "states": ["SUCCESS"],
        "version_group_id": "v",
    }
    assert changed(states=["Failed"], config=None, name="other") == {"name": "other", "version_group_id": "v"}
    assert changed(name=None, version_group_id=None) == {"name": None}
    assert of_hook(api, hook)["updated"] > before["updated"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"states": []}, "Invalid states: none given"),
        ({"states": ["nonsense"]}, "Invalid states: NONSENSE"),
        ({"config": {"url": "ftp://x"}}, "Invalid config for a WEBHOOK hook"),
        ({"config": {"url": "http://x", "more": 1}}, "wrong: more"),
        ({"config": "["}, "Invalid config: expected a JSON object"),
        ({"name": "x" * 10_000}, "Invalid name"),
        ({"version_group_id": "v\x00"}, "Invalid version_group_id"),
        ({}, "Invalid input: expected one of name, version_group_id, states and config"),
        ({"states": None}, "Invalid input: expected one of"),
    ],
)
def test_what_cannot_be_used_changes_nothing_of_a_hook(api, given, said):
    hook = api.do("create_cloud_hook", type="WEBHOOK", states=["failed"], config={"url": "http://hush"})["id"]
    before = of_hook(api, hook)

    answer = api.ask(UPDATE_HOOK, {"input": {"cloud_hook_id": hook, **given}})

    assert said in answer.messages[0]
    assert "hush" not in answer.messages[0]
    assert of_hook(api, hook) == before


def test_who_saw_a_hook_before_another_changed_it_is_refused(api):
    hook = api.do("create_cloud_hook", type="PREFECT_MESSAGE", states=["failed"])["id"]
    seen = of_hook(api, hook)["updated"]
    api.do("update_cloud_hook", "success", cloud_hook_id=hook, name="of the first", seen_updated=seen)

    late = {"cloud_hook_id": hook, "name": "of the second", "seen_updated": seen}
    answer = api.ask(UPDATE_HOOK, {"input": late})

    assert answer.json["errors"][0]["extensions"]["code"] == "CHANGED_MEANWHILE"
    assert of_hook(api, hook)["name"] == "of the first"
    now = of_hook(api, hook)["updated"]
    assert api.ask(UPDATE_HOOK, {"input": {**late, "seen_updated": now}}).data["update_cloud_hook"]["success"] is True


def test_a_slug_must_be_one(api):
    answer = api.ask('mutation { create_tenant(input: {name: "x", slug: "Not A Slug"}) { id } }')

    assert answer.messages == ['Slug must be "slugified" (lowercase; no spaces)']


def test_tenant_settings_are_merged(api):
    api.do("update_tenant_settings", settings={"a": 1, "b": 1})
    api.do("update_tenant_settings", settings={"b": 2})

    assert api.ask("{ tenant { settings } }").data == {"tenant": [{"settings": {"a": 1, "b": 2}}]}


def test_key_values_are_put_in_each_others_place(api):
    first = api.do("set_key_value", key="k", value={"x": 1})["id"]

    assert api.do("set_key_value", key="k", value="two")["id"] == first
    assert api.ask('{ key_value(where: {key: {_eq: "k"}}) { value } }').data == {"key_value": [{"value": "two"}]}
    assert api.do("delete_key_value", "success", key_value_id=first) == {"success": True}


def test_reference_data_tells_the_tree_of_states(api):
    found = api.ask("{ reference_data { state_hierarchy state_info } }").data["reference_data"]

    assert set(found["state_hierarchy"]["Success"]) == {"Success", "Cached", "Mapped", "Skipped"}
    assert found["state_hierarchy"]["Queued"] == ["Queued"]
    assert found["state_info"]["Failed"] == {"color": "#eb0000"}


def test_every_mutation_of_what_is_not_there_says_so(api):
    nothing = "00000000-0000-0000-0000-00000000dead"
    told = {}
    for operation in mutations.MUTATIONS:
        ids = [field for field in operation.inputs if field.endswith("_id")]
        if "success" not in operation.output or not ids:
            continue
        given = {field: any_value(kind) for field, kind in operation.inputs.items() if kind.endswith("!")}
        given |= dict.fromkeys(ids, nothing) | ({"confirm": True} if "confirm" in given else {})
        document = f"mutation($i: {operation.name}_input!) {{ {operation.name}(input: $i) {{ success error }} }}"

        answer = api.ask(document, {"i": given}).json

        if "errors" in answer:
            told[operation.name] = answer["errors"][0]["message"]
        elif operation.name.endswith("_heartbeat"):
            assert answer["data"][operation.name] == {"success": True, "error": None}  # as in 1.x: done later
        else:
            assert answer["data"][operation.name]["success"] is False, operation.name
            told[operation.name] = answer["data"][operation.name]["error"]
            # A trial says it in its own words.
            assert nothing in told[operation.name] or operation.name.startswith("test_"), operation.name

    assert all(told.values()), told
    assert told["delete_flow_run"] == f"There is no flow run {nothing}."
    assert told["delete_api_key"] == f"There is no API key {nothing}."
    assert told["delete_action"] == f"There is no action {nothing}."
    assert told["set_schedule_active"] == f"There is no flow {nothing}, or it has no schedule."


def test_what_was_done_needs_no_reason_and_a_missing_secret_is_named(api):
    api.ask('mutation { set_secret(input: {name: "s", value: "1"}) { success error } }')
    document = 'mutation { delete_secret(input: {name: "s"}) { success error } }'

    assert api.ask(document).data["delete_secret"] == {"success": True, "error": None}
    assert api.ask(document).data["delete_secret"] == {"success": False, "error": "There is no secret 's'."}


def test_the_reason_names_the_id_that_was_asked_for_also_when_it_is_another_tenants(shared_database, tmp_path):
    keyed = Keyed(*shared_database, tmp_path)
    theirs = keyed.fill(keyed.other)

    answer = keyed.admin.do("delete_flow_run", "success error", flow_run_id=theirs["flow_run_id"])

    assert answer == {"success": False, "error": f"There is no flow run {theirs['flow_run_id']}."}


def test_flows_that_are_registered_at_once_get_versions_of_their_own(api):
    project_id = api.do("create_project", name="together")["id"]
    document = "mutation($i: create_flow_input!) { create_flow(input: $i) { id } }"

    async def register(number: int) -> str:
        given = {"serialized_flow": flow_document(description=str(number)), "project_id": project_id}
        answer = await graphql(api.app, document, {"i": given})
        return str(answer.data["create_flow"]["id"])

    async def together() -> list[str]:
        return await asyncio.gather(*(register(number) for number in range(8)))

    ids = api.run_async(together())

    rows = api.ask("{ flow(order_by: {version: asc}) { id version } }").data["flow"]
    assert [row["version"] for row in rows] == list(range(1, 9))
    assert {row["id"] for row in rows} == set(ids)


def test_a_schedule_can_be_looked_at_before_it_is_saved(api):
    answer = api.ask(
        '{ schedule_preview(clocks: [{cron: "0 2 * * *"}, {cron: "x"}], timezone: "Europe/Berlin", count: 2) '
        "{ times { time local clock } clocks { error times { time } } clock_changes { text is_affected } } }"
    )

    told = answer.data["schedule_preview"]
    assert [time["local"][11:16] for time in told["times"]] == ["02:00", "02:00"]
    assert [clock["error"] for clock in told["clocks"]] == [None, "Invalid cron string: x"]
    assert len(told["clock_changes"]) == 2


def test_runs_of_all_versions_are_found_by_their_group_and_by_what_changed(api):
    first = api.do("create_flow_run", flow_id=api.register())["id"]
    second = api.do("create_flow_run", flow_id=api.register())["id"]
    since = api.row("flow_run", second, "updated")["updated"]

    group = api.ask("{ flow_group { flow_runs(order_by: {created: asc}) { id } } }").data["flow_group"]
    assert [[run["id"] for run in one["flow_runs"]] for one in group] == [[first, second]]

    api.do("write_run_logs", "success", logs=[{"flow_run_id": second, "message": "line"}])
    api.do("update_flow_run_heartbeat", "success", flow_run_id=second)
    assert api.row("flow_run", second, "updated")["updated"] == since
    api.do("set_flow_run_name", "success", flow_run_id=second, name="other")
    assert api.row("flow_run", second, "updated")["updated"] > since


def test_only_the_process_that_has_a_run_keeps_it_alive(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]

    def tell(process, mutation, selected, **given):
        document = f"mutation($input: {mutation}_input!) {{ {mutation}(input: $input) {{ {selected} }} }}"
        headers = {"x-prefect-run-process": f"{run_id}/{process}"}
        assert api.ask(document, {"input": given}, headers=headers).data[mutation]
        return api.row("flow_run", run_id, "heartbeat")["heartbeat"]

    states = [{"flow_run_id": run_id, "state": {"type": "Running"}}]
    begun = tell("mine", "set_flow_run_states", "states { status }", states=states)
    assert tell("theirs", "update_flow_run_heartbeat", "success", flow_run_id=run_id) == begun
    assert tell("mine", "update_flow_run_heartbeat", "success", flow_run_id=run_id) > begun


def test_who_creates_a_run_hears_whether_it_was_made_or_found_by_its_key(api):
    flow_id = api.register()
    asked = [api.do("create_flow_run", "id created", flow_id=flow_id, idempotency_key="key") for _ in range(2)]

    assert [answer["created"] for answer in asked] == [True, False]
    assert asked[0]["id"] == asked[1]["id"]


#: What switches something on, what switches it off, which row tells, and what of it.
SWITCHES = {
    "a hook": ("set_cloud_hook_active", "set_cloud_hook_inactive", "cloud_hook", "active"),
    "a message": ("mark_message_as_read", "mark_message_as_unread", "message", "read"),
    "a schedule": ("set_schedule_active", "set_schedule_inactive", "flow", "is_schedule_active"),
}


@pytest.mark.parametrize(("on", "off", "table", "column"), SWITCHES.values(), ids=SWITCHES)
def test_what_is_switched_on_is_on_and_what_is_switched_off_is_off(api, on, off, table, column):
    if table == "flow":
        clocks = [{"type": "IntervalClock", "interval": 3_600_000_000}]
        row_id = api.register(schedule={"type": "Schedule", "clocks": clocks})
    elif table == "cloud_hook":
        row_id = api.do("create_cloud_hook", type="PREFECT_MESSAGE", states=["Failed"])["id"]
    else:
        row_id = uid(7)
        tenant_id = api.ask("{ tenant { id } }").data["tenant"][0]["id"]
        given = {"tenant_id": tenant_id, "type": "T", "text": "t", "content": {}, "read": False}
        api.run_async(api.app.database.write(lambda tx: insert(tx, "message", id=row_id, **given)))
    for name, expected in ((off, False), (on, True), (on, True), (off, False)):
        api.do(name, "success", **{f"{table}_id": row_id})
        assert api.row(table, row_id, column) == {column: expected}, name
