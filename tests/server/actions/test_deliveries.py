"""What is kept of the newest deliveries of hooks and actions."""

from __future__ import annotations

import dataclasses
import logging

import pytest

from prefect.server.actions import automations, deliveries, flows, hooks
from prefect.server.actions.checks import new_id
from prefect.server.services import outbox
from support.sinks import http_sink
from support.world import START, flow_document

HUSH = "/hush-hush"


@pytest.fixture
def sink():
    with http_sink() as made:
        yield made


def send(world):
    return world.run_async(outbox.run_once(world.database, world.settings, world.now))


def hook(world, sink, **more):
    given = {"type": "WEBHOOK", "states": ["SUCCESS"], "config": {"url": sink.url + HUSH}, **more}
    return world.do(hooks.create_hook, tenant_id=world.tenant_id, **given)


def automation(world, action_type, config=None):
    tenant = {"tenant_id": world.tenant_id}
    action_id = world.do(automations.create_action, action_type=action_type, action_config=config, **tenant)
    world.do(automations.create_flow_run_state_changed_hook, action_id=action_id, states=["Success"], **tenant)
    return action_id


def succeed(world, **more):
    run_id = world.running(**more)
    world.set_flow_run(run_id, "Success")
    return run_id


def test_a_delivery_tells_of_what_it_was_and_how_each_attempt_ended(world, sink):
    world.settings = dataclasses.replace(world.settings, outbox_attempts=3)
    hook_id = hook(world, sink)
    sink.answers += [503]
    run_id = succeed(world, flow_run_name="told")
    assert world.rows("delivery") == []

    send(world)
    retrying = world.row("delivery", cloud_hook_id=hook_id)
    assert (retrying["outcome"], retrying["attempts"], retrying["reason"]) == ("RETRYING", 1, "Webhook answered 503")
    assert (retrying["next_time"] - world.now).total_seconds() == 5
    assert (retrying["event_type"], retrying["subject"], retrying["state"]) == ("FlowRunStateChange", "told", "Success")
    assert (retrying["flow_run_id"], retrying["created"]) == (run_id, START)
    assert (retrying["tenant_id"], retrying["action_id"]) == (world.tenant_id, None)

    world.pass_time(5)
    send(world)
    delivered = world.row("delivery", cloud_hook_id=hook_id)
    assert (delivered["outcome"], delivered["attempts"], delivered["reason"]) == ("DELIVERED", 2, None)
    assert (delivered["next_time"], delivered["updated"], delivered["created"]) == (None, world.now, START)
    assert delivered["id"] == retrying["id"]


def test_what_is_given_up_says_why_and_tells_no_secret(world, sink, caplog):
    caplog.set_level(logging.DEBUG)
    hook_id = hook(world, sink)
    action_id = automation(world, "WEBHOOK", {"url": "http://169.254.169.254" + HUSH})
    sink.answers += [404]
    succeed(world)
    send(world)

    of_hook, of_action = world.row("delivery", cloud_hook_id=hook_id), world.row("delivery", action_id=action_id)
    assert (of_hook["outcome"], of_hook["reason"]) == ("GIVEN_UP", "Webhook answered 404")
    assert of_action["outcome"] == "GIVEN_UP"
    assert "denied_networks" in of_action["reason"]
    assert "hush" not in str([of_hook, of_action]) + caplog.text


def test_what_is_done_in_the_database_is_told_of_as_well(world, sink):
    told = hook(world, sink, type="PREFECT_MESSAGE", config=None)
    done = automation(world, "MESSAGE")
    gone = world.register(flow_document("gone"))
    never = automation(world, "START_RUN", {"flow_id": gone})
    world.do(flows.delete_flow, flow_id=gone)
    succeed(world)
    send(world)

    assert world.row("delivery", cloud_hook_id=told)["outcome"] == "DELIVERED"
    assert world.row("delivery", action_id=done)["outcome"] == "DELIVERED"
    assert world.row("delivery", action_id=never)["outcome"] == "GIVEN_UP"


def test_the_newest_of_each_are_kept_and_no_more(world, sink):
    hook_id, other_id = hook(world, sink), hook(world, sink)
    flow_id = world.register()
    for _ in range(deliveries.KEPT + 3):
        world.pass_time(1)
        succeed(world, flow_id=flow_id)
        send(world)
    runs = [row["id"] for row in world.rows("flow_run")][3:]

    for each in (hook_id, other_id):
        kept = world.rows("delivery", cloud_hook_id=each)
        assert sorted(row["flow_run_id"] for row in kept) == sorted(runs)


def test_what_goes_takes_its_deliveries_along_and_keeps_none_afterwards(world, sink):
    hook_id, action_id = hook(world, sink), automation(world, "MESSAGE")
    run_id = succeed(world)
    send(world)
    assert len(world.rows("delivery")) == 2
    world.do(hooks.delete_hook, cloud_hook_id=hook_id)
    world.do(automations.delete_action, tenant_id=world.tenant_id, action_id=action_id)
    assert world.rows("delivery") == []

    given = {"outbox_id": new_id(), "tenant_id": world.tenant_id, "entered": world.now, "attempts": 1}
    event = {"flow_run": {"id": run_id}}
    world.do(deliveries.keep, sender="cloud_hook_id", sender_id=hook_id, event=event, outcome="DELIVERED", **given)
    assert world.rows("delivery") == []


@pytest.mark.parametrize("event", [[], {"flow_run": 5}, {"flow_run": {"id": "no id", "name": 7}, "state": "x"}])
def test_an_event_that_somebody_spoiled_is_told_of_as_far_as_it_can_be_read(world, sink, event):
    hook_id = hook(world, sink)
    given = {"outbox_id": new_id(), "tenant_id": world.tenant_id, "entered": world.now, "attempts": 1}
    world.do(deliveries.keep, sender="cloud_hook_id", sender_id=hook_id, event=event, outcome="GIVEN_UP", **given)

    row = world.row("delivery", cloud_hook_id=hook_id)
    assert (row["outcome"], row["flow_run_id"], row["subject"], row["state"]) == ("GIVEN_UP", None, None, None)
