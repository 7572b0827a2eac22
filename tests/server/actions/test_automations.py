"""Automations of one tenant beside those of another: what they may name, what they do, and that they do it once."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from prefect.server.actions import agents, automations, hooks, tenants
from prefect.server.catalogue import metadata
from prefect.server.errors import ApiError
from prefect.server.services import outbox, sla
from prefect.server.services.outbox import Work
from support.world import START, World, flow_document


@dataclasses.dataclass
class Side:
    """What one tenant has."""

    world: World
    tenant_id: str

    def __post_init__(self) -> None:
        self.project_id = self.world.do(tenants.create_project, tenant_id=self.tenant_id, name="twin")
        self.flow_id = self.world.register(flow_document("twin"), project_id=self.project_id)
        self.group_id = self.world.row("flow", id=self.flow_id)["flow_group_id"]
        self.action_id = self.action("MESSAGE")
        self.sla_id = self.do("create_flow_sla_config", kind="STARTED_NOT_FINISHED", duration_seconds=60)

    def do(self, name: str, **inputs: Any) -> Any:
        return self.world.do(getattr(automations, name), tenant_id=self.tenant_id, **inputs)

    def action(self, kind: str, **config: Any) -> str:
        return str(self.do("create_action", action_type=kind, action_config=config))

    def perform(self, kind: str, event: dict[str, Any] | None = None, **config: Any) -> Any:
        action = {"action_type": kind, "action_config": config}
        given = {"tenant_id": self.tenant_id, "outbox_id": "row-1", "event": event or {}, "action": action}

        def perform(tx: Any, now: Any) -> None:
            automations.perform(tx, now, settings=self.world.settings, **given)

        return self.world.do(perform)


@pytest.fixture
def sides(world: World) -> tuple[Side, Side]:
    other = world.do(tenants.create_tenant, name="other", slug="other")
    return Side(world, world.tenant_id), Side(world, other)


CALLS: list[tuple[str, dict[str, str], dict[str, Any], str]] = [
    ("create_flow_run_state_changed_hook", {"action_id": "action_id"}, {"states": ["Failed"]}, "Invalid action ID"),
    ("create_agent_sla_failed_hook", {"action_id": "action_id"}, {"duration_seconds": 60}, "Invalid action ID"),
    ("create_flow_sla_failed_hook", {"action_id": "action_id", "sla_config_id": "sla_id"}, {}, "Invalid"),
    ("create_flow_group_sla", {"sla_config_id": "sla_id", "flow_group_id": "group_id"}, {}, "Invalid"),
]


@pytest.mark.parametrize(("call", "names", "more", "said"), CALLS, ids=[call for call, *_ in CALLS])
def test_an_automation_names_only_what_its_tenant_has(
    sides: tuple[Side, Side], call: str, names: dict[str, str], more: dict[str, Any], said: str
) -> None:
    mine, theirs = sides
    own = {name: getattr(mine, kind) for name, kind in names.items()}
    for name, kind in names.items():
        for foreign in (getattr(theirs, kind), "00000000-0000-4000-8000-000000000000"):
            with pytest.raises(ApiError, match=said):
                mine.do(call, **{**own, name: foreign}, **more)
    assert mine.world.rows("hook") == mine.world.rows("flow_group_sla") == []
    assert mine.do(call, **own, **more)


def test_a_hook_of_states_hears_of_flow_groups_of_its_tenant_only(sides: tuple[Side, Side]) -> None:
    mine, theirs = sides
    given = {"action_id": mine.action_id, "states": ["Failed"]}
    for groups in ([theirs.group_id], [mine.group_id, theirs.group_id]):
        with pytest.raises(ApiError, match="Invalid flow group ID"):
            mine.do("create_flow_run_state_changed_hook", flow_group_ids=groups, **given)
    assert mine.world.rows("hook") == []
    assert mine.do("create_flow_run_state_changed_hook", flow_group_ids=[mine.group_id], **given)


def test_what_belongs_to_another_is_not_deleted(sides: tuple[Side, Side]) -> None:
    mine, theirs = sides
    hook_id = theirs.do("create_agent_sla_failed_hook", action_id=theirs.action_id, duration_seconds=60)

    assert mine.do("delete_hook", hook_id=hook_id) is False
    assert mine.do("delete_action", action_id=theirs.action_id) is False
    assert theirs.do("delete_hook", hook_id=hook_id) is True
    assert [row["id"] for row in mine.world.rows("action")] != []
    assert theirs.do("delete_action", action_id=theirs.action_id) is True
    assert [row["id"] for row in mine.world.rows("action")] == [mine.action_id]


@pytest.mark.parametrize("kind", ["START_RUN", "PAUSE_SCHEDULE"])
@pytest.mark.parametrize("field", ["flow_id", "flow_group_id"])
def test_an_action_works_on_flows_of_its_tenant_only(sides: tuple[Side, Side], kind: str, field: str) -> None:
    mine, theirs = sides
    foreign = theirs.flow_id if field == "flow_id" else theirs.group_id
    with pytest.raises(ApiError, match="Invalid flow"):
        mine.perform(kind, **{field: foreign})
    with pytest.raises(ApiError, match="Invalid flow"):
        mine.perform(kind, {"flow": {"flow_group_id": theirs.group_id}})
    assert mine.world.rows("flow_run") == []


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("START_RUN", "The event is about no flow, and the action names none."),
        ("PAUSE_SCHEDULE", "The event is about no flow, and the action names none."),
        ("CANCEL_RUN", "The event is about no flow run."),
    ],
)
def test_an_event_about_no_flow_cannot_be_acted_on(sides: tuple[Side, Side], kind: str, said: str) -> None:
    with pytest.raises(ApiError) as caught:
        sides[0].perform(kind)
    assert str(caught.value) == said


def test_a_run_is_started_once_for_each_row_with_what_the_action_says(sides: tuple[Side, Side]) -> None:
    mine, _ = sides
    about = {"flow": {"flow_group_id": mine.group_id, "name": "twin"}}
    for _ in range(2):
        mine.perform("START_RUN", about, parameters={"x": 1}, labels=["b"], name="after {flow_name}")

    run = mine.world.row("flow_run")
    assert (run["flow_id"], run["name"], run["parameters"], run["labels"]) == (
        mine.flow_id,
        "after twin",
        {"x": 1},
        ["b"],
    )
    assert run["idempotency_key"] == "automation:row-1"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"labels": ["x" * 2001]}, "label"),
        ({"labels": "x"}, "labels (expected a list)"),
        ({"parameters": []}, "parameters (expected an object)"),
        ({"flow_id": 5}, "flow_id (expected a uuid)"),
        ({"flow_group_id": None}, "flow_group_id (expected a uuid)"),
        ({"name": ""}, "name (expected a text"),
        ({"nonsense": 1}, "wrong: nonsense"),
    ],
)
def test_what_an_action_may_not_hold_is_named(sides: tuple[Side, Side], config: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError) as caught:
        sides[0].action("START_RUN", **config)
    assert said in str(caught.value)


def test_a_kind_of_action_names_what_it_wants(sides: tuple[Side, Side]) -> None:
    for kind, said in (("EMAIL", "to, subject (optional), message (optional)"), ("CANCEL_RUN", "nothing")):
        with pytest.raises(ApiError) as caught:
            sides[0].action(kind, x=1)
        assert f"for {kind}: {said}" in str(caught.value)


def test_an_alarm_is_forgotten_after_400_days_and_not_before(sides: tuple[Side, Side]) -> None:
    mine, _ = sides
    world = mine.world
    hook_id = mine.do("create_agent_sla_failed_hook", action_id=mine.action_id, duration_seconds=60)
    hook = {"id": hook_id, "action_id": mine.action_id, "tenant_id": mine.tenant_id}

    def tell() -> bool:
        return bool(world.do(automations.tell_once, hook=hook, subject="s", event={}))

    def look() -> int:
        return int(world.run_async(sla.run_once(world.database, world.settings, world.now)))

    assert tell() is True
    assert tell() is False
    world.now += timedelta(days=400)
    look()
    assert len(world.rows("alarm")) == 1
    assert tell() is False
    world.pass_time(1)
    look()
    assert world.rows("alarm") == []
    assert tell() is True
    assert len(world.rows("outbox")) == 2


@pytest.mark.parametrize(("silence", "told"), [(0, 0), (59, 0), (60, 1)])
def test_an_agent_is_told_of_when_its_silence_is_as_long_as_is_allowed(
    sides: tuple[Side, Side], silence: int, told: int
) -> None:
    mine, theirs = sides
    world = mine.world
    agent_id, other_id = (
        world.do(agents.register_agent, tenant_id=side.tenant_id, type="LocalAgent", name="al") for side in sides
    )
    mine.do("create_agent_sla_failed_hook", action_id=mine.action_id, duration_seconds=60)
    theirs.do("create_agent_sla_failed_hook", action_id=theirs.action_id, duration_seconds=61, agent_ids=[other_id])
    world.pass_time(silence)

    assert world.run_async(sla.run_once(world.database, world.settings, world.now)) == told
    events = [row["payload"]["event"] for row in world.rows("outbox")]
    assert [event["agent"]["id"] for event in events] == [agent_id] * told
    assert all(event["type"] == "AgentSLAFailed" and event["duration_seconds"] == 60 for event in events)
    assert all(event["tenant"]["id"] == mine.tenant_id and event["is_test_event"] is False for event in events)
    assert world.run_async(sla.run_once(world.database, world.settings, world.now)) == 0


def look_at_slas(world: World) -> int:
    return int(world.run_async(sla.run_once(world.database, world.settings, world.now)))


@pytest.mark.parametrize("late_by", [-1, 0], ids=["not yet", "as late as is allowed"])
@pytest.mark.parametrize("kind", ["SCHEDULED_NOT_STARTED", "STARTED_NOT_FINISHED"])
def test_a_run_is_told_of_when_it_is_as_late_as_is_allowed(sides: tuple[Side, Side], kind: str, late_by: int) -> None:
    mine, _ = sides
    world = mine.world
    flow_id = world.register(flow_document("watched"))
    group_id = world.row("flow", id=flow_id)["flow_group_id"]
    sla_id = mine.do("create_flow_sla_config", kind=kind, duration_seconds=60)
    mine.do("create_flow_group_sla", sla_config_id=sla_id, flow_group_id=group_id)
    mine.do("create_flow_sla_failed_hook", action_id=mine.action_id, sla_config_id=sla_id)
    run_id = world.running(flow_id) if kind == "STARTED_NOT_FINISHED" else world.create(flow_id)
    world.pass_time(60 + late_by)

    assert look_at_slas(world) == (late_by >= 0)
    told = [row["payload"]["event"]["flow_run"]["id"] for row in world.rows("outbox")]
    assert told == [run_id] * (late_by >= 0)


def set_tags(world: World, hook_id: str, tags: Any) -> None:
    hook = metadata.tables["hook"]
    world.do(lambda tx, now: tx.run(hook.update().where(hook.c.id == hook_id).values(event_tags=tags)))


def test_a_hook_whose_sla_is_gone_tells_of_nothing(sides: tuple[Side, Side]) -> None:
    mine, _ = sides
    hook_id = mine.do("create_flow_sla_failed_hook", action_id=mine.action_id, sla_config_id=mine.sla_id)
    set_tags(mine.world, hook_id, {"sla_config_id": str(UUID(int=1))})
    mine.world.pass_time(1000)

    assert look_at_slas(mine.world) == 0
    assert mine.world.rows("outbox") == []


@pytest.mark.spoils
@pytest.mark.parametrize("tags", [{}, {"duration_seconds": "long"}, {"duration_seconds": []}], ids=str)
def test_a_hook_that_cannot_be_read_is_named_and_keeps_no_other(
    sides: tuple[Side, Side], caplog: pytest.LogCaptureFixture, tags: Any
) -> None:
    mine, theirs = sides
    for side in sides:
        mine.world.do(agents.register_agent, tenant_id=side.tenant_id, type="LocalAgent", name="al")
    broken, whole = (
        side.do("create_agent_sla_failed_hook", action_id=side.action_id, duration_seconds=60) for side in sides
    )
    set_tags(mine.world, broken, tags)
    mine.world.pass_time(60)

    assert look_at_slas(mine.world) == 1
    assert [row["payload"]["event"]["tenant"]["id"] for row in mine.world.rows("outbox")] == [theirs.tenant_id]
    assert f"names, watched for by hook {broken} could not be dealt with: " in caplog.text
    assert whole not in caplog.text


@pytest.mark.parametrize(
    ("event", "name"),
    [({"flow_run": {"id": "r-1"}}, "r-1"), ({"flow_run": None}, "None"), ({}, "None")],
    ids=str,
)
@pytest.mark.parametrize(("of_hook", "word"), [(True, "Cloud hook"), (False, "Action")])
def test_a_row_is_named_by_what_it_does_and_for_which_run(
    event: dict[str, Any], name: str, of_hook: bool, word: str
) -> None:
    work = Work("o", "t", "h-1", 1, "WEBHOOK", of_hook, {}, event, START)
    assert work.title == f"{word} WEBHOOK (h-1) for flow run {name}"


def test_a_row_whose_hook_is_gone_or_off_is_taken_away_unsent(world: World) -> None:
    config = {"url": "http://127.0.0.1:9/never"}
    given = {"tenant_id": world.tenant_id, "type": "WEBHOOK", "states": ["Success"], "config": config}
    off, gone = (world.do(hooks.create_hook, **given) for _ in range(2))
    action_id = world.do(automations.create_action, tenant_id=world.tenant_id, action_type="MESSAGE")
    world.do(
        automations.create_flow_run_state_changed_hook,
        tenant_id=world.tenant_id, action_id=action_id, states=["Success"],
    )  # fmt: skip
    world.set_flow_run(world.running(), "Success")
    assert len(world.rows("outbox")) == 3
    world.do(hooks.set_hook_active, cloud_hook_id=off, active=False)
    world.do(hooks.delete_hook, cloud_hook_id=gone)
    world.do(automations.delete_action, tenant_id=world.tenant_id, action_id=action_id)

    assert world.run_async(outbox.run_once(world.database, world.settings, world.now)) == 0
    assert world.rows("outbox") == []
    assert world.rows("message") == []


def test_the_states_of_a_hook_are_kept_in_one_order_and_each_once(world: World) -> None:
    side = Side(world, world.tenant_id)
    wanted = ["Success", "Failed", "Cancelled", "Failed"]
    for states in (wanted, wanted[::-1], sorted(wanted)):
        hook_id = side.do("create_flow_run_state_changed_hook", action_id=side.action_id, states=states)
        tags = world.row("hook", id=hook_id)["event_tags"]
        assert tags["states"] == ["CANCELLED", "FAILED", "SUCCESS"]
