"""Every refusal of an action is met by a test that reads its text, and every action also works where it is not met."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import prefect.server.actions as actions_package
from prefect.contract.limits import LABELS
from prefect.server.actions import (
    agents,
    artifacts,
    automations,
    delivery,
    first_key,
    limits,
    registration,
    run_events,
    runs,
    secrets,
    tenants,
    trial,
)
from prefect.server.errors import ApiError
from prefect.server.services import retention
from prefect.server.settings import load_settings
from support.refusals import Texts, refusals
from support.sinks import mail_sink
from support.world import World

NOBODY = "00000000-0000-0000-0000-00000000abcd"
ACTIONS = Path(next(iter(actions_package.__path__)))
TESTS = Path(__file__).parents[2]
#: Refusals whose text is made elsewhere (by a rule, by what was caught, of words alone); by file and function.
PASSED_ON = {
    ("automations.py", "_ids"),
    ("checks.py", "check_labels"),
    ("checks.py", "found"),
    ("create_run.py", "create_flow_runs"),
    ("first_key.py", "make_key"),
    ("flow_document.py", "_refuse"),
    ("secrets.py", "_ready_key"),
    ("secrets.py", "stored_secret"),
    ("set_state.py", "set_flow_run_state"),
    ("set_state.py", "_judge"),
    ("receivers.py", "read_receiver"),
    ("receivers.py", "read_mail_address"),
    ("schedule_preview.py", "preview"),
    ("delivery.py", "_mail"),
    ("delivery.py", "_post"),
    ("keys.py", "create_key"),
    ("runs.py", "get_or_create_task_run"),
    ("set_state.py", "_move_flow_run"),
}


def refused(text: str) -> Any:
    return pytest.raises(ApiError, match=f"^{re.escape(text)}$")


# --- tenants and projects ----------------------------------------------------------------


def test_a_tenant_is_deleted_only_when_that_is_confirmed(world: World) -> None:
    other = world.do(tenants.create_tenant, name="Other", slug="other-one")

    with refused("Must pass `confirm=True` to proceed."):
        world.do(tenants.delete_tenant, tenant_id=other, confirm=False)
    assert {row["id"] for row in world.rows("tenant")} == {world.tenant_id, other}

    assert world.do(tenants.delete_tenant, tenant_id=other, confirm=True)
    assert [row["id"] for row in world.rows("tenant")] == [world.tenant_id]
    assert world.do(tenants.delete_tenant, tenant_id=other, confirm=True) is False


def test_a_tenant_that_is_not_there_is_not_changed(world: World) -> None:
    for action, given in (
        (tenants.update_tenant_name, {"name": "new"}),
        (tenants.update_tenant_slug, {"slug": "new"}),
    ):
        with refused("Update failed."):
            world.do(action, tenant_id=NOBODY, **given)
        assert world.do(action, tenant_id=world.tenant_id, **given) == world.tenant_id
    row = world.row("tenant", id=world.tenant_id)
    assert (row["name"], row["slug"]) == ("new", "new")

    with refused("Invalid tenant id."):
        world.do(tenants.update_tenant_settings, tenant_id=NOBODY, settings={"a": 1})
    for settings in ({"a": 1, "b": 2}, {"b": 3}):
        world.do(tenants.update_tenant_settings, tenant_id=world.tenant_id, settings=settings)
    assert world.row("tenant", id=world.tenant_id)["settings"] == {"a": 1, "b": 3}


def test_a_project_that_is_not_there_is_not_changed(world: World) -> None:
    for action, given in (
        (tenants.set_project_name, {"name": "new"}),
        (tenants.set_project_description, {"description": "new"}),
    ):
        with refused("Update failed"):
            world.do(action, project_id=NOBODY, **given)
        assert world.do(action, project_id=world.project_id, **given) == world.project_id
    row = world.row("project", id=world.project_id)
    assert (row["name"], row["description"]) == ("new", "new")


# --- agents, artifacts, values ----------------------------------------------------------------


def test_an_agent_belongs_to_a_tenant(world: World) -> None:
    with refused("No tenant found."):
        world.do(agents.register_agent, type="local", tenant_id=None)
    assert world.rows("agent") == []

    assert world.do(agents.register_agent, type="local", tenant_id=world.tenant_id)


def test_an_artifact_belongs_to_the_tenant_of_its_task_run(world: World) -> None:
    given = {"task_run_id": world.task_run(world.running())["id"], "kind": "link", "data": {"a": 1}}
    given["settings"] = world.settings

    with refused("Invalid tenant ID."):
        world.do(artifacts.create_artifact, tenant_id=NOBODY, **given)
    assert world.rows("task_run_artifact") == []

    for tenant_id in (None, world.tenant_id):
        assert world.do(artifacts.create_artifact, tenant_id=tenant_id, **given)
    assert {row["tenant_id"] for row in world.rows("task_run_artifact")} == {world.tenant_id}


def test_a_key_has_a_value(world: World) -> None:
    with pytest.raises(ApiError, match="value: expected a JSON value other than null"):
        world.do(limits.set_key_value, tenant_id=world.tenant_id, key="k", value=None)
    assert world.rows("key_value") == []

    for value in (False, 0, "", [], {}):
        world.do(limits.set_key_value, tenant_id=world.tenant_id, key="k", value=value)
        assert world.row("key_value")["value"] == value


def test_a_hook_that_is_not_there_is_not_tried(world: World) -> None:
    with refused("Invalid cloud hook ID."):
        world.do(trial.try_hook, settings=world.settings, cloud_hook_id=NOBODY)


def test_an_sla_that_is_not_there_is_not_used(world: World) -> None:
    action_id = world.do(automations.create_action, tenant_id=world.tenant_id, name="a", action_type="CANCEL_RUN")
    sla = {"kind": "STARTED_NOT_FINISHED", "duration_seconds": 60}
    sla_id = world.do(automations.create_flow_sla_config, tenant_id=world.tenant_id, **sla)
    group_id = world.row("flow", id=world.register())["flow_group_id"]

    for action, given in (
        (automations.create_flow_sla_failed_hook, {"action_id": action_id}),
        (automations.create_flow_group_sla, {"flow_group_id": group_id}),
    ):
        with refused("Invalid SLA config ID."):
            world.do(action, tenant_id=world.tenant_id, sla_config_id=NOBODY, **given)
        assert world.do(action, tenant_id=world.tenant_id, sla_config_id=sla_id, **given)


def test_a_task_run_that_is_not_there_is_not_told(world: World) -> None:
    with refused("Invalid task run ID"):
        world.see(runs.task_run_info, task_run_id=NOBODY)


def test_lists_have_a_bound(world: World) -> None:
    action_id = world.do(automations.create_action, tenant_id=world.tenant_id, name="a", action_type="CANCEL_RUN")
    hook = {"tenant_id": world.tenant_id, "action_id": action_id, "duration_seconds": 60}
    most = automations.MOST_IDS
    for count, error in ((most, "Invalid agent ID."), (most + 1, f"agent_ids: expected at most {most} ids")):
        with pytest.raises(ApiError, match=re.escape(error)):
            world.do(automations.create_agent_sla_failed_hook, agent_ids=[NOBODY] * count, **hook)

    flow_id = world.register()
    labels = [f"l{number}" for number in range(LABELS + 1)]
    with pytest.raises(ApiError, match=f"labels: expected at most {LABELS} labels"):
        world.create(flow_id, labels=labels)
    assert world.flow_run(world.create(flow_id, labels=labels[1:]))["labels"] == sorted(labels[1:])


@pytest.mark.parametrize("field", ["max_retries", "retry_delay"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-1, "a number from 0 to 2147483647"),
        (True, "a number from 0 to 2147483647"),
        ("5", "a number from 0 to 2147483647"),
        (2**31, "a number from 0 to 2147483647"),
        (2**31 - 1, ""),
        (0, ""),
    ],
)
def test_counts_of_a_task_have_a_bound(world: World, field: str, value: Any, expected: str) -> None:
    document = {"name": "f", "tasks": [{"slug": "one-1", "name": "one", field: value}], "edges": []}
    if not expected:
        assert world.register(document)
        return
    with pytest.raises(ApiError, match=rf"tasks\[0\]\.{field}: expected {expected}, got "):
        world.register(document)


def test_a_packed_flow_is_whole() -> None:
    packed = gzip.compress(b'{"name": "f"}')

    assert registration.decompress(base64.b64encode(packed).decode()) == {"name": "f"}
    with pytest.raises(ApiError, match=r"expected base64 of gzip of JSON \(cut off\)"):
        registration.decompress(base64.b64encode(packed[:-4]).decode())


@pytest.mark.parametrize("value", [5, "tag", ["a", 5], {"a": 1}], ids=str)
def test_lists_of_texts_are_lists_of_texts(world: World, value: Any) -> None:
    task = {"slug": "one-1", "name": "one", "tags": value}

    with pytest.raises(ApiError, match=r"tasks\[0\]\.tags: expected a list of texts, got "):
        world.register({"name": "f", "tasks": [task], "edges": []})
    for tags in (None, [], ["a"]):
        assert world.register({"name": f"f{tags}", "tasks": [{**task, "tags": tags}], "edges": []})


@pytest.mark.parametrize("value", [5, "x", [5], {"a": 1}], ids=str)
def test_lists_of_objects_are_lists_of_objects(world: World, value: Any) -> None:
    flow_id = world.register()

    with pytest.raises(ApiError, match="expected a list of JSON objects"):
        world.do(registration.register_tasks, flow_id=flow_id, serialized_tasks=value)


# --- keys and secrets ----------------------------------------------------------------


def test_the_first_key_is_for_one_tenant_or_for_all(databases: Any, tmp_path: Path) -> None:
    settings = load_settings({"database_url": databases.fresh("sqlite")}, environment={}, home=tmp_path)
    given: dict[str, Any] = {"name": "k", "role": "run", "expire": None}

    with pytest.raises(ValueError, match=r"^Give --tenant or --all-tenants, not both\.$"):
        first_key.make_key(settings, tenant_slug="default", all_tenants=True, **given)
    with pytest.raises(ValueError, match=r"There is no tenant with the slug 'nowhere'"):
        first_key.make_key(settings, tenant_slug="nowhere", all_tenants=False, **given)
    for slug, everywhere in (("default", False), (None, True), (None, False)):
        assert first_key.make_key(settings, tenant_slug=slug, all_tenants=everywhere, **given)


def test_the_key_of_secrets_has_its_length_and_is_nobody_elses(tmp_path: Path) -> None:
    key = bytes(range(32))
    for text in (base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode() + "\n"):
        assert secrets.read_key(text) == key
    for text in ("", "short", base64.b64encode(key[:-1]).decode(), base64.b64encode(key + b"x").decode(), "ü"):
        with pytest.raises(ValueError, match=r"^secrets\.key must be 32 bytes in base64$"):
            secrets.read_key(text)

    path = tmp_path / "secrets.key"
    made = secrets._key_of_file(path)
    assert secrets._key_of_file(path) == made
    for mode in (0o640, 0o604):
        path.chmod(mode)
        with pytest.raises(ValueError, match=rf"can be read by others \(mode {mode:o}\); make it 600"):
            secrets._key_of_file(path)


# --- mails, retention ----------------------------------------------------------------


def mail_settings(world: World, port: int, **changes: Any) -> Any:
    return dataclasses.replace(world.settings, email_host="127.0.0.1", email_port=port, **changes)


def test_a_mail_server_that_asks_for_a_login_gets_it(world: World) -> None:
    mail = delivery.Mail(to=["a@example.com"], subject="s", text="t")

    with mail_sink(("me", "pass word")) as (port, mails):
        known = mail_settings(world, port, email_username="me", email_password="pass word")
        delivery.deliver(mail, known)
        assert len(mails) == 1
        for settings in (mail_settings(world, port), dataclasses.replace(known, email_password="other")):
            with pytest.raises(delivery.Undeliverable, match="The mail server did not take a mail"):
                delivery.deliver(mail, settings)
        assert len(mails) == 1


def test_without_a_mail_server_there_is_no_mail(world: World) -> None:
    with pytest.raises(delivery.Undeliverable, match=r"^Mail cannot be sent: the setting email\.host is empty$"):
        delivery.deliver(delivery.Mail(to=["a@example.com"], subject="s", text="t"), world.settings)


def test_old_messages_go_with_old_runs_and_young_ones_stay(world: World) -> None:
    settings = dataclasses.replace(world.settings, retention_days=7)
    keep = {"tenant_id": world.tenant_id, "content": {}}
    world.do(automations.keep_message, text="old", **keep)
    world.pass_time(timedelta(days=7).total_seconds())
    world.do(automations.keep_message, text="young", **keep)

    def run_once(settings: Any) -> int:
        return world.run_async(retention.run_once(world.database, settings, world.now))

    assert run_once(settings) == 0
    assert {row["text"] for row in world.rows("message")} == {"old", "young"}
    world.pass_time(1)
    assert run_once(world.settings) == 0
    assert {row["text"] for row in world.rows("message")} == {"old", "young"}
    run_once(settings)
    assert {row["text"] for row in world.rows("message")} == {"young"}


# --- all of them ----------------------------------------------------------------


def test_every_refusal_is_read_by_a_test() -> None:
    """A text that no test has in it belongs to a guard that nobody tries."""
    found = refusals(ACTIONS.glob("*.py"), called=["found"])
    assert len(found) > 80
    texts = Texts(TESTS)
    unread = [one for one in found if (one.file, one.function) not in PASSED_ON and not texts.have(one.texts)]
    assert unread == []
    assert {(one.file, one.function) for one in found} >= PASSED_ON


@pytest.mark.parametrize(
    "kinds", [{"log"}, {"state"}, {"log", "state"}, set()], ids=lambda kinds: "+".join(sorted(kinds))
)
def test_events_of_a_run_that_is_not_there_are_refused(world: World, kinds: tuple[str, ...]) -> None:
    given = {"after": 0, "limit": 10, "kinds": kinds}
    run_id = world.create(world.register())
    world.see(run_events.events_after, flow_run_id=run_id, **given)

    with pytest.raises(ApiError, match="Flow run 00000000-0000-0000-0000-00000000abcd not found"):
        world.see(run_events.events_after, flow_run_id="00000000-0000-0000-0000-00000000abcd", **given)
