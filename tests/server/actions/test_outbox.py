"""Cloud hooks and automations: entered with the state, sent at least once, done once, and never telling a secret."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import logging
import socket
import threading
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from prefect.server.actions import agents, automations, delivery, events, flows, hooks, notices, queue, tenants
from prefect.server.catalogue import metadata
from prefect.server.errors import ApiError
from prefect.server.services import loop, outbox, retention, sla
from prefect.server.services.loop import Service
from support.sinks import http_sink, mail_sink
from support.world import flow_document

TWILIO = {"account_sid": "AC1", "auth_token": "hush-token", "messaging_service_sid": "MG1", "to": ["+1", "+2"]}
PAGERDUTY = {"api_token": "hush-api", "routing_key": "hush-key", "severity": "error"}
HOURLY = {"type": "Schedule", "clocks": [{"type": "IntervalClock", "interval": 3_600_000_000}]}


@pytest.fixture
def sink():
    with http_sink() as made:
        yield made


@pytest.fixture(autouse=True)
def addresses(world, sink):
    world.settings = dataclasses.replace(world.settings, twilio_url=sink.url, pagerduty_url=sink.url)


def send(world):
    return world.run_async(outbox.run_once(world.database, world.settings, world.now))


def hook(world, kind, config, states=("SUCCESS",), **more):
    return world.do(hooks.create_hook, tenant_id=world.tenant_id, type=kind, states=list(states), config=config, **more)


def action(world, kind, config=None, **more):
    given = {"tenant_id": world.tenant_id, "action_type": kind, "action_config": config, **more}
    return world.do(automations.create_action, **given)


def when(world, action_id, *states, **more):
    return world.do(
        automations.create_flow_run_state_changed_hook,
        tenant_id=world.tenant_id,
        action_id=action_id,
        states=list(states) or ["Failed"],
        **more,
    )


def test_a_webhook_tells_of_the_state_with_all_around_it(world, sink):
    hook(world, "WEBHOOK", {"url": f"{sink.url}/here"})
    run_id = world.running()
    assert send(world) == 0
    world.set_flow_run(run_id, {"type": "Success", "message": "well done"})

    assert send(world) == 1
    (kept,) = sink.requests
    event = kept.json["event"]
    assert kept.path == "/here"
    assert kept.headers["x-prefect-event-id"] == event["id"]
    assert (event["type"], event["is_test_event"]) == ("FlowRunStateChange", False)
    assert (event["flow_run"]["id"], event["flow_run"]["state"], event["flow_run"]["version"]) == (run_id, "Running", 3)
    state = event["state"]
    assert (state["state"], state["version"], state["message"]) == ("Success", 4, "well done")
    assert state["id"] in {row["id"] for row in world.rows("flow_run_state", flow_run_id=run_id)}
    assert event["flow"]["name"] == "flow"
    assert event["tenant"]["slug"] == "default"
    assert event["flow_run"]["logs"] is None
    assert world.rows("outbox") == []
    assert send(world) == 0


def test_slack_gets_four_sections(world, sink):
    hook(world, "SLACK_WEBHOOK", {"url": f"{sink.url}/slack"})
    run_id = world.running(flow_run_name="a <b> & c")
    world.set_flow_run(run_id, {"type": "Success", "message": "well done"})
    send(world)

    texts = [block["text"]["text"] for block in sink.requests[0].json["blocks"]]
    assert texts == [
        "*a &lt;b&gt; &amp; c* of flow *flow*",
        "*State*: Success",
        "*Message*: well done",
        f"<http://127.0.0.1:4200/default/flow-run/{run_id}|Open the flow run>",
    ]


def test_twilio_gets_a_message_for_each_number(world, sink):
    hook(world, "TWILIO", TWILIO)
    world.set_flow_run(world.running(), "Success")
    send(world)

    assert [request.path for request in sink.requests] == ["/2010-04-01/Accounts/AC1/Messages.json"] * 2
    forms = [parse_qs(request.body.decode()) for request in sink.requests]
    assert [(form["To"], form["From"]) for form in forms] == [(["+1"], ["MG1"]), (["+2"], ["MG1"])]
    login = sink.requests[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(login) == b"AC1:hush-token"


def test_pagerduty_gets_an_incident(world, sink):
    hook(world, "PAGERDUTY", PAGERDUTY)
    world.set_flow_run(world.running(), "Success")
    send(world)

    (kept,) = sink.requests
    assert kept.path == "/v2/enqueue"
    assert kept.headers["authorization"] == "Token token=hush-api"
    assert (kept.json["routing_key"], kept.json["event_action"]) == ("hush-key", "trigger")
    assert (kept.json["payload"]["severity"], kept.json["payload"]["component"]) == ("error", "flow")
    assert kept.json["links"][0]["href"].startswith("http://127.0.0.1:4200/default/flow-run/")


def test_a_message_lies_in_the_inbox(world):
    hook(world, "PREFECT_MESSAGE", None)
    run_id = world.running()
    world.set_flow_run(run_id, "Success")
    send(world)

    message = world.row("message")
    assert (message["type"], message["content"]["type"], message["read"]) == ("CLOUD_HOOK", "CLOUD_HOOK", False)
    assert message["content"]["event"]["flow_run"]["id"] == run_id
    assert message["text"] == f"Flow run {world.flow_run(run_id)['name']} is Success"


def test_a_hook_hears_of_its_states_its_flow_and_its_own_tenant_only(world, sink):
    flow_id = world.register()
    group = world.row("flow", id=flow_id)["version_group_id"]
    hook(world, "WEBHOOK", {"url": f"{sink.url}/mine"}, ["Running", "Failed"], version_group_id=group)
    hook(world, "WEBHOOK", {"url": f"{sink.url}/other"}, ["Running", "Failed"], version_group_id="another")
    off = hook(world, "WEBHOOK", {"url": f"{sink.url}/off"}, ["Running"])
    world.do(hooks.set_hook_active, cloud_hook_id=off, active=False)
    world.set_flow_run(world.running(flow_id), "Success")
    world.running(world.register(flow_document("second")))
    send(world)

    assert [(request.path, request.json["event"]["state"]["state"]) for request in sink.requests] == [
        ("/mine", "Running")
    ]


def test_the_first_state_of_a_run_is_told_as_well(world, sink):
    hook(world, "WEBHOOK", {"url": sink.url}, ["Scheduled"])
    run_id = world.create(world.register())
    send(world)

    assert sink.requests[0].json["event"]["flow_run"]["id"] == run_id


def test_a_refused_state_tells_nobody(world, sink):
    hook(world, "WEBHOOK", {"url": sink.url}, ["Running"])
    run_id = world.create(world.register())
    with pytest.raises(ApiError):
        world.set_flow_run(run_id, "Running", version=7)

    assert world.rows("outbox") == []


def test_what_fails_is_tried_again_with_growing_pauses_and_the_same_id(world, sink):
    sink.answers += [500, 503, 429]
    hook(world, "WEBHOOK", {"url": sink.url})
    world.set_flow_run(world.running(), "Success")
    for pause in (5, 10, 20):
        send(world)
        world.pass_time(pause - 1)
        assert send(world) == 0
        world.pass_time(1)
    assert send(world) == 1

    assert len(sink.requests) == 4
    assert len({request.headers["x-prefect-event-id"] for request in sink.requests}) == 1
    assert world.rows("outbox") == []


def test_it_is_given_up_after_the_attempts_that_are_set_and_at_once_when_told_so(world, sink, caplog):
    world.settings = dataclasses.replace(world.settings, outbox_attempts=2)
    hook(world, "WEBHOOK", {"url": sink.url})
    sink.answers += [500, 500]
    world.set_flow_run(world.running(), "Success")
    send(world)
    world.pass_time(5)
    send(world)
    sink.answers.append(404)
    world.set_flow_run(world.running(), "Success")
    send(world)

    assert world.rows("outbox") == []
    given_up = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert ["after 2 attempts" in given_up[0], "after 1 attempts: Webhook answered 404" in given_up[1]] == [True, True]


def test_what_is_given_up_is_one_message_a_day_and_unread_again_when_it_is_newer(world, sink):
    world.settings = dataclasses.replace(world.settings, outbox_attempts=1)
    hook_id = hook(world, "WEBHOOK", {"url": sink.url + "/hush"})
    when(world, action(world, "WEBHOOK", {"url": sink.url + "/hush"}), "Failed")

    def fail(state, *answers):
        sink.answers += answers
        run_id = world.running()
        world.set_flow_run(run_id, state)
        send(world)
        return run_id

    fail("Success", 500)
    [first] = world.rows("message")
    world.do(hooks.set_message_read, message_id=first["id"], read=True)
    second = fail("Success", 404)

    [told] = world.rows("message")
    assert (told["id"], told["read"], told["tenant_id"]) == (first["id"], False, world.tenant_id)
    assert told["text"] == "Cloud hook WEBHOOK was given up after 1 attempt: Webhook answered 404"
    content = {"subject": "cloud_hook", "subject_id": hook_id, "kind": "WEBHOOK", "attempts": 1, "flow_run_id": second}
    assert told["content"] == {**content, "type": "DELIVERY_FAILED", "reason": "Webhook answered 404"}

    fail("Failed", 404)
    assert sorted(row["content"]["subject"] for row in world.rows("message")) == ["action", "cloud_hook"]
    world.pass_time(86_400)
    fail("Success", 404)
    assert len(world.rows("message")) == 3


def test_no_log_and_no_outbox_row_tells_a_secret(world, sink, caplog):
    caplog.set_level(logging.DEBUG)
    sink.answers += [500] * 20
    hook(world, "TWILIO", TWILIO)
    hook(world, "PAGERDUTY", PAGERDUTY)
    hook(world, "WEBHOOK", {"url": "http://127.0.0.1:1/hush-path"})
    hook(world, "SLACK_WEBHOOK", {"url": "http://169.254.169.254/hush-path"})
    when(world, action(world, "EMAIL", {"to": ["hush@example.com"]}), "Success")
    world.set_flow_run(world.running(), "Success")
    send(world)

    assert len(caplog.records) >= 5
    assert "hush" not in caplog.text
    assert all("hush" not in str(row["payload"]) for row in world.rows("outbox"))


def test_many_senders_send_each_row_once(world, sink):
    hook(world, "WEBHOOK", {"url": sink.url})
    for _ in range(30):
        world.set_flow_run(world.running(), "Success")

    async def together():
        await asyncio.gather(*(outbox.run_once(world.database, world.settings, world.now) for _ in range(4)))

    world.run_async(together())
    ids = [request.headers["x-prefect-event-id"] for request in sink.requests]
    assert len(ids) == len(set(ids)) == 30


def test_a_row_of_a_sender_that_died_is_sent_by_another(world, sink):
    hook(world, "WEBHOOK", {"url": sink.url})
    world.set_flow_run(world.running(), "Success")
    world.run_async(outbox._take(world.database, world.now, {}, 1))
    assert send(world) == 0

    world.pass_time(outbox.LEASE.total_seconds())
    assert send(world) == 1
    assert len(sink.requests) == 1


# ------------------------------------------------------------------------------------------ automations


@pytest.mark.parametrize(
    ("kind", "path"), [("WEBHOOK", "/w"), ("SLACK", "/s"), ("TEAMS", "/t")], ids=["webhook", "slack", "teams"]
)
def test_an_action_says_its_message_with_the_fields_filled_in(world, sink, kind, path):
    template = "{flow_name}/{flow_run_name} went {previous_state} -> {state}: {state_message} {unknown}"
    when(world, action(world, kind, {"url": sink.url + path, "message": template}))
    run_id = world.running(flow_run_name="brave-otter")
    world.set_flow_run(run_id, {"type": "Failed", "message": "no luck"})
    send(world)

    (kept,) = sink.requests
    said = kept.json.get("message") or kept.json["text"]
    assert said == "flow/brave-otter went Running -> Failed: no luck {unknown}"


def test_every_field_of_a_template_has_a_value_or_is_empty(world):
    fields = notices.fields_of({}, "http://x")
    assert tuple(fields) == notices.FIELDS
    assert set(fields.values()) == {""}


def test_a_mail_goes_to_the_mail_server(world):
    with mail_sink() as (port, mails):
        world.settings = dataclasses.replace(world.settings, email_host="127.0.0.1", email_port=port)
        when(world, action(world, "EMAIL", {"to": ["a@example.com"], "subject": "{state}!", "message": "{flow_name}"}))
        world.set_flow_run(world.running(), "Failed")
        send(world)

        (mail,) = mails
    assert "Subject: Failed!" in mail
    assert "To: a@example.com" in mail
    assert mail.rstrip().endswith("flow")


def test_a_run_is_cancelled_started_or_its_schedule_paused(world):
    cancelled, started = world.register(flow_document("a")), world.register(flow_document("b"))
    scheduled = world.register(flow_document("c", schedule=HOURLY), set_schedule_active=True)
    groups = {row["id"]: row["flow_group_id"] for row in world.rows("flow")}
    when(world, action(world, "CANCEL_RUN"), "Submitted", flow_group_ids=[groups[cancelled]])
    start = {"flow_group_id": groups[started], "parameters": {"x": 1}, "name": "after {flow_run_name}"}
    when(world, action(world, "START_RUN", start), flow_group_ids=[groups[cancelled]])
    when(world, action(world, "PAUSE_SCHEDULE"), flow_group_ids=[groups[scheduled]])
    when(world, action(world, "MESSAGE", {"message": "{flow_name} failed"}))
    first = world.create(cancelled)
    world.set_flow_run(first, "Submitted")
    second = world.create(cancelled, flow_run_name="one")
    world.set_flow_run(second, "Failed")
    world.set_flow_run(world.create(scheduled), "Failed")
    assert world.row("flow", id=scheduled)["is_schedule_active"]
    send(world)

    assert world.flow_run(first)["state"] == "Cancelled"
    assert world.row("flow_run", flow_id=started)["name"] == "after one"
    assert world.row("flow_run", flow_id=started)["parameters"] == {"x": 1}
    assert not world.row("flow", id=scheduled)["is_schedule_active"]
    assert sorted(row["text"] for row in world.rows("message")) == ["a failed", "c failed"]


def test_an_action_that_can_never_be_done_is_dropped_with_a_line_in_the_log(world, caplog):
    flow_id = world.register()
    group = world.row("flow", id=flow_id)["flow_group_id"]
    other = world.register(flow_document("other"))
    when(world, action(world, "START_RUN", {"flow_id": other}), flow_group_ids=[group])
    run_id = world.create(flow_id)
    world.do(flows.archive_flow, flow_id=other)
    world.set_flow_run(run_id, "Failed")
    send(world)

    assert world.rows("outbox") == []
    assert "is archived" in caplog.text
    [told] = world.rows("message")
    assert told["type"] == "DELIVERY_FAILED"
    assert "is archived" in told["text"]


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("WEBHOOK", {}),
        ("WEBHOOK", {"url": "http://x", "other": 1}),
        ("EMAIL", {"to": []}),
        ("START_RUN", {"flow_id": "no id"}),
        ("PAGERDUTY", {**PAGERDUTY, "severity": "loud"}),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(world, kind, config):
    with pytest.raises(ApiError, match="action_config"):
        action(world, kind, config)


def test_a_late_start_and_a_run_that_takes_too_long_are_told_once(world, sink):
    flow_id = world.register()
    group = world.row("flow", id=flow_id)["flow_group_id"]
    action_id = action(world, "WEBHOOK", {"url": sink.url})
    for kind in ("SCHEDULED_NOT_STARTED", "STARTED_NOT_FINISHED"):
        given = {"tenant_id": world.tenant_id, "kind": kind, "duration_seconds": 60}
        sla_id = world.do(automations.create_flow_sla_config, **given)
        pair = {"tenant_id": world.tenant_id, "sla_config_id": sla_id}
        first = world.do(automations.create_flow_group_sla, flow_group_id=group, **pair)
        assert world.do(automations.create_flow_group_sla, flow_group_id=group, **pair) == first
        world.do(automations.create_flow_sla_failed_hook, action_id=action_id, **pair)
    late, long = world.create(flow_id), world.running(flow_id)
    other = world.create(world.register(flow_document("other")))

    def look():
        told = world.run_async(sla.run_once(world.database, world.settings, world.now))
        send(world)
        return told

    world.pass_time(59)
    assert look() == 0
    world.pass_time(2)
    assert look() == 2
    assert look() == 0
    told = {(r.json["event"]["kind"], r.json["event"]["flow_run"]["id"]) for r in sink.requests}
    assert told == {("SCHEDULED_NOT_STARTED", late), ("STARTED_NOT_FINISHED", long)}
    assert other not in {run_id for _, run_id in told}
    assert "broke its SLA (SCHEDULED_NOT_STARTED, 60 s)" in " ".join(r.json["message"] for r in sink.requests)


def test_an_agent_that_asks_no_more_is_told_once_for_each_silence(world, sink):
    agent_id = world.do(agents.register_agent, tenant_id=world.tenant_id, type="LocalAgent", name="one")
    action_id = action(world, "WEBHOOK", {"url": sink.url})
    world.do(
        automations.create_agent_sla_failed_hook, tenant_id=world.tenant_id, action_id=action_id, duration_seconds=60
    )
    counts = []
    for _ in range(2):
        world.pass_time(61)
        counts += [world.run_async(sla.run_once(world.database, world.settings, world.now)) for _ in range(2)]
        world.do(queue.mark_queried, agent_id=agent_id)
    send(world)

    assert counts == [1, 0, 1, 0]
    assert [request.json["message"] for request in sink.requests] == [
        f"Agent one ({agent_id}) has not asked for work for 60 s."
    ] * 2


# -------------------------------------------------------------------------------------------- retention


def test_old_finished_runs_go_in_small_batches_once_days_are_set(world):
    flow_id = world.register()
    old = [world.running(flow_id) for _ in range(5)]
    for run_id in old:
        world.log(run_id)
        world.set_flow_run(run_id, "Success")
    waiting = world.create(flow_id)
    world.pass_time(10 * 86_400)
    fresh = world.running(flow_id)
    world.set_flow_run(fresh, "Success")

    def clean():
        return world.run_async(retention.run_once(world.database, world.settings, world.now))

    assert clean() == 0
    world.settings = dataclasses.replace(world.settings, retention_days=11.0, retention_batch=2)
    assert clean() == 0
    world.settings = dataclasses.replace(world.settings, retention_days=9.0)
    assert clean() == 5
    assert {row["id"] for row in world.rows("flow_run")} == {waiting, fresh}
    assert world.rows("log") == []


@pytest.fixture
def stranger(world):
    """Another tenant, with a flow that runs and a project of the same name."""
    tenant_id = world.do(tenants.create_tenant, name="Other", slug="other")
    project_id = world.do(tenants.create_project, tenant_id=tenant_id, name="project")
    flow_id = world.register(project_id=project_id)
    run_id = world.running(flow_id)
    return {"tenant_id": tenant_id, "flow_id": flow_id, "run_id": run_id}


def spoil(world, table, row_id, **values):
    """Write what no action writes, as a fault or an import may leave it."""
    source = metadata.tables[table]
    world.do(lambda tx, now: tx.run(source.update().where(source.c.id == row_id).values(**values)))


@pytest.mark.parametrize("what", ["cloud_hook", "action"])
def test_a_row_that_waits_is_not_sent_by_another_tenants_hook_or_action(world, sink, stranger, what):
    if what == "cloud_hook":
        row_id = hook(world, "WEBHOOK", {"url": sink.url})
    else:
        row_id = action(world, "WEBHOOK", {"url": sink.url})
        when(world, row_id, "Success")
    world.set_flow_run(world.running(), "Success")
    assert len(world.rows("outbox")) == 1
    spoil(world, what, row_id, tenant_id=stranger["tenant_id"])

    send(world)

    assert sink.requests == []
    assert world.rows("outbox") == []


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("CANCEL_RUN", {}),
        ("START_RUN", {"flow_id": True}),
        ("START_RUN", {"flow_group_id": True}),
        ("PAUSE_SCHEDULE", {"flow_id": True}),
    ],
)
def test_an_automation_does_nothing_to_what_is_another_tenants(world, stranger, kind, config):
    action_id = action(world, kind)
    when(world, action_id, "Success")
    world.set_flow_run(world.running(), "Success")
    theirs = {"flow_id": stranger["flow_id"]}
    theirs["flow_group_id"] = world.row("flow", id=stranger["flow_id"])["flow_group_id"]
    spoil(world, "action", action_id, action_config={name: theirs[name] for name in config})
    (row,) = world.rows("outbox")
    event = dict(row["payload"]["event"])
    event["flow_run"] = {**event["flow_run"], "id": stranger["run_id"]}
    spoil(world, "outbox", row["id"], payload={**row["payload"], "event": event})
    before = [world.rows(name, tenant_id=stranger["tenant_id"]) for name in ("flow_run", "flow", "flow_run_state")]

    send(world)

    after = [world.rows(name, tenant_id=stranger["tenant_id"]) for name in ("flow_run", "flow", "flow_run_state")]
    assert after == before
    assert world.rows("outbox") == []


def test_an_sla_tells_of_no_run_of_another_tenant(world, sink, stranger):
    action_id = action(world, "WEBHOOK", {"url": sink.url})
    given = {"tenant_id": world.tenant_id, "kind": "STARTED_NOT_FINISHED", "duration_seconds": 60}
    sla_id = world.do(automations.create_flow_sla_config, **given)
    group = world.row("flow", id=world.register())["flow_group_id"]
    pair = {"tenant_id": world.tenant_id, "sla_config_id": sla_id}
    pair_id = world.do(automations.create_flow_group_sla, flow_group_id=group, **pair)
    world.do(automations.create_flow_sla_failed_hook, action_id=action_id, **pair)
    theirs = world.row("flow", id=stranger["flow_id"])["flow_group_id"]
    world.pass_time(600)

    for values in ({"flow_group_id": theirs}, {"flow_group_id": theirs, "tenant_id": stranger["tenant_id"]}):
        spoil(world, "flow_group_sla", pair_id, **values)
        assert world.run_async(sla.run_once(world.database, world.settings, world.now)) == 0
    assert world.rows("alarm") == []


class Drip:
    """A receiver that sends a byte of its answer from time to time, until it is hung up on or let go."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.called, self.let_go, self.hung_up = threading.Event(), threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        caller, _ = self.listener.accept()
        with caller:
            caller.recv(65_536)
            self.called.set()
            try:
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
                while not self.let_go.wait(0.05):
                    caller.sendall(b"x")
            except OSError:
                self.hung_up.set()

    def close(self):
        self.let_go.set()
        self.thread.join()
        self.listener.close()


@pytest.fixture
def drip():
    made = Drip()
    yield made
    made.close()


def test_a_receiver_that_never_ends_its_answer_is_hung_up_on(world, drip):
    hook(world, "WEBHOOK", {"url": drip.url})
    world.set_flow_run(world.running(), "Success")

    assert send(world) == 1

    assert drip.hung_up.wait(30)
    assert world.rows("outbox") == []  # its status said that it had taken it


def test_nobody_waits_for_the_receiver_of_another(world, drip, monkeypatch):
    monkeypatch.setattr(delivery, "_limit", lambda seconds, socket_of: threading.Timer(0, print))
    hook(world, "WEBHOOK", {"url": drip.url})
    run_id = world.running()
    world.set_flow_run(run_id, "Success")

    async def sent_beside():
        sending = asyncio.ensure_future(outbox.run_once(world.database, world.settings, world.now))
        await asyncio.to_thread(drip.called.wait, 30)
        # It comes while the other is under way.
        await world.database.write(
            lambda tx: events.enter(
                tx,
                world.now,
                tenant_id=world.tenant_id,
                kind=events.DO_ACTION,
                payload={"action_id": quick, "event": {"flow_run": {"id": run_id}}},
            )
        )
        async with asyncio.timeout(60):
            while not await world.database.read(lambda tx: tx.all(select(metadata.tables["message"].c.id))):
                await asyncio.sleep(0.01)
        assert not sending.done()
        drip.let_go.set()
        await sending

    quick = action(world, "MESSAGE", {"message": "hello"})
    world.run_async(sent_beside())


def test_so_many_deliveries_are_under_way_at_one_time(world, drip, monkeypatch):
    monkeypatch.setattr(delivery, "_limit", lambda seconds, socket_of: threading.Timer(0, print))
    monkeypatch.setattr(outbox, "MOST_SENT", 1)
    hook(world, "WEBHOOK", {"url": drip.url})
    run_id = world.running()
    world.set_flow_run(run_id, "Success")
    quick = action(world, "MESSAGE", {"message": "hello"})
    payload = {"action_id": quick, "event": {"flow_run": {"id": run_id}}}
    take, looks = outbox._take, []

    async def look(*given):
        found = await take(*given)
        looks.append(len(found))
        if len(looks) == 2:  # the first is under way, and nobody may take the next
            drip.let_go.set()
        return found

    async def sent():
        sending = asyncio.ensure_future(outbox.run_once(world.database, world.settings, world.now))
        await asyncio.to_thread(drip.called.wait, 60)
        await world.database.write(
            lambda tx: events.enter(tx, world.now, tenant_id=world.tenant_id, kind=events.DO_ACTION, payload=payload)
        )
        monkeypatch.setattr(outbox, "_take", look)
        await sending

    world.run_async(sent())

    assert looks[:2] == [0, 0]
    assert sum(looks) == len(world.rows("message")) == 1


def test_a_delivery_under_way_at_the_stop_is_left_and_tried_again_soon(world, drip, monkeypatch):
    monkeypatch.setattr(delivery, "_limit", lambda seconds, socket_of: threading.Timer(0, print))
    monkeypatch.setattr(loop, "LAST_TURN_SECONDS", 0.05)
    hook(world, "WEBHOOK", {"url": drip.url})
    world.set_flow_run(world.running(), "Success")
    [before] = world.rows("outbox")

    async def stopped():
        service = Service("outbox", lambda _: outbox.run_once(world.database, world.settings, world.now), 0.0)
        service.start()
        await asyncio.to_thread(drip.called.wait, 30)
        await asyncio.wait_for(service.stop(), 30)

    world.run_async(stopped())

    assert not drip.let_go.is_set()
    [left] = world.rows("outbox")
    assert (left["id"], left["attempts"]) == (before["id"], 1)
    # Not after the lease, which is for senders that died.
    assert left["due_time"] == world.now + outbox.FIRST_PAUSE
