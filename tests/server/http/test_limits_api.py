"""Limits, locks, hooks and automations as a client calls them."""

from __future__ import annotations

import asyncio

import pytest

from support.sinks import http_sink

PROCESS = "X-PREFECT-RUN-PROCESS"


def running(api, flow_id, **inputs):
    run_id = api.do("create_flow_run", flow_id=flow_id, **inputs)["id"]
    return run_id, set_state(api, run_id, "Running")


def set_state(api, run_id, state, **headers):
    document = (
        "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) "
        "{ states { id status message } } }"
    )
    change = {"flow_run_id": run_id, "state": {"type": state}}
    return api.ask(document, {"input": {"states": [change]}}, headers=headers)


def test_a_full_limit_answers_queued_and_tells_who_holds_it(api):
    flow_id = api.register()
    limit_id = api.do("update_flow_concurrency_limit", label="gpu", limit=1)["id"]
    first, _ = running(api, flow_id, labels=["gpu"])
    _, answer = running(api, flow_id, labels=["gpu"])

    (told,) = answer.data["set_flow_run_states"]["states"]
    assert told["status"] == "QUEUED"
    assert "gpu" in told["message"]
    asked = api.ask(
        '{ flow_concurrency(labels: ["gpu", "no"]) { label usage } slot_holders { kind name run_id flow_run_name }'
        " flow_concurrency_limit { id name limit } task_concurrency { name usage } }"
    ).data
    assert asked["flow_concurrency"] == [{"label": "gpu", "usage": 1}, {"label": "no", "usage": 0}]
    assert [(row["kind"], row["name"], row["run_id"]) for row in asked["slot_holders"]] == [("flow", "gpu", first)]
    assert asked["flow_concurrency_limit"] == [{"id": limit_id, "name": "gpu", "limit": 1}]
    assert asked["task_concurrency"] == []
    assert api.do("delete_flow_concurrency_limit", "success", limit_id=limit_id)["success"] is True
    assert api.do("delete_flow_concurrency_limit", "success", limit_id=limit_id)["success"] is False


def test_both_names_of_a_tags_limit_mean_the_same(api):
    first = api.do("update_task_tag_limit", tag="db", limit=3)["id"]
    assert api.do("update_task_concurrency_limit", name="db", limit=4)["id"] == first

    found = api.ask("{ task_tag_limit { id tag limit } task_concurrency_limit { id name limit } }").data
    assert found["task_tag_limit"] == [{"id": first, "tag": "db", "limit": 4}]
    assert found["task_concurrency_limit"] == [{"id": first, "name": "db", "limit": 4}]
    assert api.do("delete_task_concurrency_limit", "success", limit_id=first)["success"] is True


def test_a_paused_queue_wakes_its_waiters_when_it_is_resumed(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    assert api.do("pause_tenant_work_queue", "success")["success"] is True
    assert api.do("get_runs_in_queue", "flow_run_ids")["flow_run_ids"] == []

    from support.asgi import graphql

    document = "mutation { get_runs_in_queue(input: {wait_seconds: 30}) { flow_run_ids } }"

    async def wait_and_resume():
        waiting = asyncio.create_task(graphql(api.app, document))
        while api.app.live.waiting == 0:
            await asyncio.sleep(0)
        await graphql(api.app, "mutation { resume_tenant_work_queue(input: {}) { success } }")
        return await asyncio.wait_for(waiting, 10)

    assert api.run_async(wait_and_resume()).data["get_runs_in_queue"]["flow_run_ids"] == [run_id]


@pytest.mark.parametrize("switch", ["enable", "disable"])
def test_the_version_lock_is_a_setting_of_the_group(api, switch):
    flow_id = api.register()
    assert api.do(f"{switch}_flow_version_lock", "success error", flow_id=flow_id) == {"success": True, "error": None}

    settings = api.row("flow", flow_id, "settings flow_group { settings }")
    assert settings["settings"]["version_locking_enabled"] is (switch == "enable")
    assert settings["flow_group"]["settings"]["version_locking_enabled"] is (switch == "enable")


def test_a_process_names_itself_in_a_header_and_another_is_refused(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    mine, other = {PROCESS: f"{run_id}/one"}, {PROCESS: f"{run_id}/two"}
    assert set_state(api, run_id, "Running", **mine).data
    refused = set_state(api, run_id, "Success", **other)

    assert refused.json["errors"][0]["extensions"]["code"] == "VERSION_LOCKING_ERROR"
    assert set_state(api, run_id, "Success", **mine).data


def test_why_not_running_is_answered(api):
    run_id = api.do("create_flow_run", flow_id=api.register(), labels=["x"])["id"]
    found = api.ask(f'{{ why_not_running(flow_run_id: "{run_id}") {{ ready state reasons }} }}').data["why_not_running"]

    assert found["ready"] is False
    assert found["reasons"] == ["No agent asks for work. Start one that takes runs with labels x."]


def test_a_hook_is_tried_out_and_what_goes_wrong_is_told(api):
    with http_sink() as sink:
        hook = {"type": "WEBHOOK", "states": ["SUCCESS"], "config": {"url": sink.url}}
        hook_id = api.do("create_cloud_hook", **hook)["id"]
        assert api.do("test_cloud_hook", "success error", cloud_hook_id=hook_id) == {"success": True, "error": None}
        run_id, _ = running(api, api.register())
        api.do("test_cloud_hook", "success", cloud_hook_id=hook_id, flow_run_id=run_id, state_type="FAILED")
        sink.answers.append(500)
        failed = api.do("test_cloud_hook", "success error", cloud_hook_id=hook_id)

    made_up, real, _ = (request.json["event"] for request in sink.requests)
    assert (made_up["is_test_event"], made_up["flow"]["name"]) == (True, "Cloud Hook Test Flow")
    assert (made_up["state"]["state"], made_up["state"]["message"]) == ("Success", "Test success state")
    assert (real["flow_run"]["id"], real["state"]["state"]) == (run_id, "Failed")
    assert failed == {"success": False, "error": "Webhook answered 500"}


def test_an_automation_is_made_read_back_tried_and_deleted(api):
    action_id = api.do("create_action", name="tell", action_type="MESSAGE", action_config={"message": "{state}"})["id"]
    hook_id = api.do("create_flow_run_state_changed_hook", action_id=action_id, states=["failed"])["id"]

    found = api.ask("{ hook { id event_type event_tags action { id name action_type action_config } } }").data["hook"]
    assert found == [
        {
            "id": hook_id,
            "event_type": "FLOW_RUN_STATE_CHANGED",
            "event_tags": {"states": ["FAILED"], "flow_group_ids": []},
            "action": {
                "id": action_id,
                "name": "tell",
                "action_type": "MESSAGE",
                "action_config": {"message": "{state}"},
            },
        }
    ]
    assert api.do("test_action", "success error", action_id=action_id) == {"success": True, "error": None}
    assert [row["text"] for row in api.ask("{ message { text } }").data["message"]] == ["Success"]
    cancel = api.do("create_action", action_type="CANCEL_RUN")["id"]
    assert "would change runs" in api.do("test_action", "success error", action_id=cancel)["error"]
    assert api.do("delete_hook", "success", hook_id=hook_id)["success"] is True
    assert api.do("delete_action", "success", action_id=action_id)["success"] is True
    assert api.do("delete_action", "success", action_id=action_id)["success"] is False


def test_an_sla_shows_the_groups_that_are_held_to_it(api):
    group_id = api.row("flow", api.register(), "flow_group_id")["flow_group_id"]
    sla_id = api.do("create_flow_sla_config", kind="STARTED_NOT_FINISHED", duration_seconds=60)["id"]
    pair_id = api.do("create_flow_group_sla", sla_config_id=sla_id, flow_group_id=group_id)["id"]

    assert api.row("flow_sla_config", sla_id, "kind duration_seconds flow_groups { id flow_group_id }") == {
        "kind": "STARTED_NOT_FINISHED",
        "duration_seconds": 60,
        "flow_groups": [{"id": pair_id, "flow_group_id": group_id}],
    }


def test_an_error_does_not_repeat_all_of_what_was_wrong(api):
    hook = "mutation($input: create_cloud_hook_input!) { create_cloud_hook(input: $input) { id } }"
    wrong = {"type": "WEBHOOK", "config": {"k" * 70_000: 1}}

    of_states = api.ask(hook, {"input": {**wrong, "states": ["x" * 70_000, "nope"]}}).messages[0]
    of_config = api.ask(hook, {"input": {**wrong, "states": ["Failed"]}}).messages[0]

    assert of_states == "Invalid states: a text of 70000 characters, NOPE"
    assert of_config.startswith("Invalid config for a WEBHOOK hook: expected exactly url; wrong: kkk")
    assert len(of_config) < 5000
