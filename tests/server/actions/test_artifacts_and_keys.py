"""Artifacts of task runs and API keys: what is kept, refused and noted."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from prefect.server.actions import agents, artifacts, keys, tenants
from prefect.server.errors import ApiError
from support.world import START, World

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def create(world: World, **more: Any) -> str:
    task_run_id = world.task_run(world.create(world.register()))["id"]
    given = {"settings": world.settings, "task_run_id": task_run_id, "kind": "link", "data": {"a": 1}, **more}
    return call(world, artifacts.create_artifact, **given)


def call(world: World, action: Any, **given: Any) -> Any:
    return world.run_async(world.database.write(lambda tx: action(tx, world.now, **given)))


def test_an_artifact_is_kept_changed_and_taken_away(world: World) -> None:
    artifact_id = create(world, tenant_id=world.tenant_id)
    row = world.row("task_run_artifact")
    assert (row["id"], row["kind"], row["data"], row["tenant_id"]) == (artifact_id, "link", {"a": 1}, world.tenant_id)

    other = create(world)
    given = {"settings": world.settings, "task_run_artifact_id": artifact_id}
    assert call(world, artifacts.update_artifact, data=[1], **given) is True
    assert {row["id"]: row["data"] for row in world.rows("task_run_artifact")} == {artifact_id: [1], other: {"a": 1}}
    assert call(world, artifacts.delete_artifact, task_run_artifact_id=artifact_id) is True
    assert [row["id"] for row in world.rows("task_run_artifact")] == [other]
    assert call(world, artifacts.update_artifact, data=[1], **given) is False
    assert call(world, artifacts.delete_artifact, task_run_artifact_id=artifact_id) is False


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": ""}, "Invalid kind"),
        ({"data": None}, "Artifact data must not be null."),
        ({"data": "x" * 1999}, "Artifact data payload exceeds 2000 bytes limit."),
        ({"data": {1, 2}}, "Invalid data"),
        ({"task_run_id": UNKNOWN}, f"Task run {UNKNOWN} not found"),
        ({"tenant_id": UNKNOWN}, "Invalid tenant ID."),
    ],
)
def test_an_artifact_that_cannot_be_kept_is_refused(world: World, given: dict[str, Any], said: str) -> None:
    world.settings = dataclasses.replace(world.settings, artifacts_max_payload_bytes=2000)
    with pytest.raises(ApiError) as caught:
        create(world, **given)
    assert said in str(caught.value)
    assert world.rows("task_run_artifact") == []


def test_an_artifact_may_be_as_large_as_is_set_and_stays_so_when_changed(world: World) -> None:
    world.settings = dataclasses.replace(world.settings, artifacts_max_payload_bytes=2000)
    artifact_id = create(world, data="x" * 1998)
    for data in ("x" * 1999, None):
        with pytest.raises(ApiError, match="Artifact data"):
            call(world, artifacts.update_artifact, settings=world.settings, task_run_artifact_id=artifact_id, data=data)
    assert world.row("task_run_artifact")["data"] == "x" * 1998


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "Invalid name"),
        ({"role": "king"}, "Invalid role: expected one of "),
        ({"expires_at": START}, "Invalid expires_at: expected a time to come"),
        ({"tenant_id": UNKNOWN}, "Invalid tenant_id: there is no such tenant."),
        ({"default_tenant_id": UNKNOWN}, "Invalid default_tenant_id: there is no such tenant."),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(world: World, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError) as caught:
        call(world, keys.create_key, **{"name": "k", "tenant_id": None, **given})
    assert said in str(caught.value)
    assert world.rows("auth_api_key") == []


def test_a_key_is_kept_as_it_was_asked_for(world: World) -> None:
    other = world.do(tenants.create_tenant, name="o", slug="o")
    end = START + timedelta(seconds=1)
    key_id, text = call(world, keys.create_key, name="k", tenant_id=other, role="read", user_id=UNKNOWN, expires_at=end)
    plain, _ = call(world, keys.create_key, name="k", tenant_id=None, default_tenant_id=other)

    row = world.see(keys.key_by_id, key_id=key_id)
    assert (row["name"], row["role"], row["tenant_id"], row["user_id"]) == ("k", "read", other, UNKNOWN)
    assert row["expires_at"] == end
    assert text not in str(world.rows("auth_api_key"))
    row = world.see(keys.key_by_id, key_id=plain)
    assert (row["role"], row["tenant_id"], row["default_tenant_id"]) == ("admin", None, other)
    assert row["user_id"] not in (None, UNKNOWN)
    assert world.see(keys.key_by_id, key_id=UNKNOWN) is None

    assert call(world, keys.delete_key, key_id=UNKNOWN) is False
    assert call(world, keys.delete_key, key_id=plain) is True
    assert [row["id"] for row in world.rows("auth_api_key")] == [key_id]


@pytest.mark.parametrize(("seconds", "noted"), [(0, False), (59, False), (60, True), (3600, True)])
def test_the_use_of_a_key_is_noted_once_a_minute(seconds: int, noted: bool) -> None:
    assert keys.is_use_worth_a_note({"last_used": START}, START + timedelta(seconds=seconds)) is noted
    assert keys.is_use_worth_a_note({"last_used": None}, START)


def test_a_configuration_of_agents_is_changed_as_far_as_it_is_given(world: World) -> None:
    given = {"tenant_id": world.tenant_id, "name": "a", "settings": {"x": 1}}
    mine, other = (call(world, agents.create_agent_config, **given) for _ in range(2))

    def change(config_id: str, **values: Any) -> Any:
        return call(world, agents.update_agent_config, agent_config_id=config_id, **values)

    assert change(mine) is False
    assert change(mine, name="b") is True
    assert change(mine, settings={"y": 2}) is True
    assert change(UNKNOWN, name="b") is False
    for values in ({"name": ""}, {"settings": [1]}):
        with pytest.raises(ApiError, match="Invalid"):
            change(mine, **values)
    rows = {row["id"]: (row["name"], row["settings"]) for row in world.rows("agent_config")}
    assert rows == {mine: ("b", {"y": 2}), other: ("a", {"x": 1})}
    assert call(world, agents.delete_agent_config, agent_config_id=mine) is True
    assert call(world, agents.delete_agent_config, agent_config_id=mine) is False
    assert [row["id"] for row in world.rows("agent_config")] == [other]
