"""What seldom happens to an action: refusals at a bound, what was gone meanwhile, and two who come at one moment."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prefect.contract import limits
from prefect.server.actions import (
    chore_kinds,
    documents,
    flows,
    hooks,
    registration,
    restart,
    runs,
    schedule_preview,
    schedules,
    secrets,
    trial,
    unpacking,
)
from prefect.server.actions.checks import size_of
from prefect.server.actions.receivers import is_allowed
from prefect.server.errors import ApiError
from prefect.server.graphql.queries_sums import condition_of
from prefect.server.graphql.times import read_time
from support.world import World, flow_document

NOBODY = "00000000-0000-0000-0000-00000000abcd"


def many(count: int) -> list[str]:
    return [f"00000000-0000-4000-8000-{number:012x}" for number in range(count)]


def restarted(world: World, *run_ids: str, **given: Any) -> Any:
    def work(tx: Any, now: Any) -> list[dict[str, Any]]:
        wish = restart.read_wish(tx, flow_run_ids=run_ids, **given)
        return [restart.restart_flow_run(tx, now, flow_run_id=run_id, wish=wish) for run_id in run_ids]

    return world.do(work)


def ended(world: World, **inputs: Any) -> str:
    run_id = world.running(**inputs)
    world.set_flow_run(run_id, "Failed")
    return run_id


# ----- setting runs going again


@pytest.mark.parametrize("more", [0, 1])
def test_so_many_runs_are_set_going_again_at_once(world: World, more: int) -> None:
    ids = many(limits.RUNS_AT_ONCE + more)
    said = f"Invalid flow_run_ids: expected at most {limits.RUNS_AT_ONCE} ids, got '{len(ids)} ids'."
    if more:
        with pytest.raises(ApiError, match=re.escape(said)):
            restarted(world, *ids)
    else:
        assert {one["code"] for one in restarted(world, *ids)} == {"NOT_FOUND"}


@pytest.mark.parametrize("more", [0, 1])
def test_so_many_task_runs_are_named_at_once(world: World, more: int) -> None:
    ids = many(limits.RUNS_AT_ONCE + more)
    said = (
        f"Invalid task_run_ids: expected at most {limits.RUNS_AT_ONCE} ids, got '{len(ids)} ids'."
        if more
        else "Invalid task_run_ids: "
    )
    with pytest.raises(ApiError, match=re.escape(said)) as refused:
        restarted(world, ended(world), begin=restart.TASK, task_run_ids=ids)
    assert ("at most" in str(refused.value)) == bool(more)


def test_a_task_run_of_another_run_is_none_to_begin_with(world: World) -> None:
    flow = world.register()
    run_id, other = ended(world, flow_id=flow), ended(world, flow_id=flow)
    own, theirs = world.task_run(run_id)["id"], world.task_run(other)["id"]

    told = restarted(world, run_id, other, begin=restart.TASK, task_run_ids=[theirs])

    assert [(one["restarted"], one.get("code")) for one in told] == [(False, "NO_TASK_RUN"), (True, None)]
    assert told[0]["reason"] == "None of the task runs that were given is one of its own."
    assert own != theirs


@pytest.mark.parametrize("more", [0, 1])
def test_parameters_with_those_of_the_run_have_a_bound_as_well(world: World, more: int) -> None:
    names = ("a", "b")
    flow = world.register(flow_document(parameters=[{"name": n, "slug": n, "required": False} for n in names]))
    half = limits.JSON_BYTES // 2
    run_id = ended(world, flow_id=flow, parameters={"a": "x" * half})
    rest = limits.JSON_BYTES - half - size_of("parameters", {"a": "", "b": ""})

    [told] = restarted(world, run_id, begin=restart.START, parameters={"b": "x" * (rest + more)})

    assert (told["restarted"], told.get("code")) == ((False, "TOO_LARGE") if more else (True, None))
    if more:
        assert told["reason"] == f"Its parameters would be larger than {limits.JSON_BYTES} bytes."


# ----- what is gone, or over, when its turn comes


def test_work_on_what_is_gone_is_done(world: World) -> None:
    flow = world.register()
    assert world.do(chore_kinds.do_part, chore_id=NOBODY, settings=world.settings) is True
    assert world.do(flows.end_waiting_runs, flow_id=NOBODY) is True
    # It was not archived, or is not any more: its runs are left alone.
    run_id = world.create(flow)
    assert world.do(flows.end_waiting_runs, flow_id=flow) is True
    assert world.flow_run(run_id)["state"] == "Scheduled"


def test_a_task_run_that_is_new_in_a_run_that_ended_ends_with_it(world: World) -> None:
    run_id = ended(world)
    task_id = world.task_run(run_id)["task_id"]

    made = world.do(runs.get_or_create_task_run, flow_run_id=run_id, task_id=task_id, map_index=7)

    row = world.row("task_run", id=made["id"])
    assert row["state"] not in ("Pending", "Running", None)
    assert row["state"] == made["state"]


@pytest.mark.parametrize("name", ["", " ", "\t\n"], ids=repr)
def test_a_task_run_needs_a_name(world: World, name: str) -> None:
    task_run = world.task_run(world.create(world.register()))
    with pytest.raises(ApiError, match=r"^Invalid name$"):
        world.do(runs.set_task_run_name, task_run_id=task_run["id"], name=name)
    assert world.row("task_run", id=task_run["id"])["name"] == task_run["name"]


# ----- registering in several transactions


def a_large_flow(world: World, name: str = "large") -> tuple[registration.Prepared, str]:
    flow = world.register(flow_document(name))
    project = world.row("flow", id=flow)["project_id"]
    return registration.prepare(flow_document(name, description="another"), settings=world.settings), project


def test_a_registration_that_took_too_long_is_none(world: World) -> None:
    prepared, project_id = a_large_flow(world)
    begun = world.do(registration.begin_large_flow, prepared=prepared, project_id=project_id)
    world.pass_time(registration.UNDONE_AFTER.total_seconds() + 1)
    for _ in range(5):
        if not world.rows("chore", id=begun.undoing_id):
            break
        world.do(chore_kinds.do_part, chore_id=begun.undoing_id, settings=world.settings)

    with pytest.raises(ApiError, match=r"^The flow could not be registered: its registration took too long\.$"):
        world.do(
            registration.complete_large_flow,
            begun=begun,
            prepared=prepared,
            settings=world.settings,
            project_id=project_id,
        )
    assert world.rows("flow", id=begun.flow_id) == []


def test_a_flow_that_cannot_be_read_in_time_is_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = tmp_path / "endless"
    endless.write_text("#!/bin/sh\nexec sleep 600\n")
    endless.chmod(0o755)
    monkeypatch.setattr(unpacking, "LONGEST_SECONDS", 0.05)
    monkeypatch.setattr(sys, "executable", str(endless))
    with pytest.raises(ApiError, match=r"^The serialized flow could not be read within 0\.05 s\.$"):
        unpacking.ask(b"{}", world.settings)


def test_a_schedule_whose_runs_cannot_be_made_is_kept_and_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    needed = [{"name": "day", "slug": "day", "required": True}]
    flow = world.register(flow_document(parameters=needed))
    group = world.row("flow", id=flow)["flow_group_id"]
    hourly = [{"interval": 3600}]
    world.do(flows.set_group_default_parameters, flow_group_id=group, parameters={"day": 1})
    world.do(schedules.set_group_schedule, flow_group_id=group, settings=world.settings, interval_clocks=hourly)
    world.do(schedules.set_schedule_active, flow_id=flow, settings=world.settings)
    assert world.rows("flow_run", flow_id=flow)
    world.do(flows.set_group_default_parameters, flow_group_id=group, parameters={})

    made_until = world.pass_time(1)
    which = {"flow_group_id": group, "made_until": made_until, "settings": world.settings}
    assert world.do(schedules.reschedule_group, **which) is True

    assert f"Flow {flow}: no runs can be scheduled: " in caplog.text
    assert "day" in caplog.text
    assert world.rows("flow_run", flow_id=flow) == []


# ----- documents, hooks and addresses


def test_a_document_holds_something(world: World) -> None:
    with pytest.raises(ApiError, match="value: expected a JSON value other than null, got None"):
        world.do(documents.set_document, tenant_id=world.tenant_id, key_id=None, kind="view", name="a", value=None)


def test_a_trial_of_a_hook_of_the_inbox_leaves_a_message(world: World) -> None:
    hook = world.do(
        hooks.create_hook,
        tenant_id=world.tenant_id,
        type="PREFECT_MESSAGE",
        name="inbox",
        states=["FAILED"],
        config={},
    )

    sent = world.do(trial.try_hook, settings=world.settings, cloud_hook_id=hook)

    [message] = world.rows("message", tenant_id=world.tenant_id, text="Test of a cloud hook")
    assert message["content"]["type"] == "CLOUD_HOOK"
    assert sent == []


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("2001:0:4136:e378:8000:63bf:5601:5601", "169.254.169.254"),  # teredo: the caller's, each bit turned round
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", "10.0.0.1"),
        ("2002:a00:1::1", "10.0.0.1"),
        ("64:ff9b::a00:1", "10.0.0.1"),
        ("::a00:1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
    ],
)
def test_an_address_within_another_is_looked_at_as_well(address: str, inside: str) -> None:
    assert not is_allowed(address, "", f"{inside}/32")
    assert is_allowed(address, "", "192.0.2.0/24")


def test_clocks_of_a_zone_that_is_only_an_offset_change_nothing() -> None:
    now = datetime(2026, 11, 28, 15, tzinfo=UTC)
    begin = {"dt": "2026-01-01T00:00:00", "tz": "+01:00"}
    berlin = {"dt": "2026-01-01T00:00:00", "tz": "Europe/Berlin"}
    clocks = [{"type": "IntervalClock", "interval": 3_600_000_000, "start_date": one} for one in (begin, berlin)]

    told = schedule_preview.preview(now, schedule={"type": "Schedule", "clocks": clocks})

    assert {change["timezone"] for change in told["clock_changes"]} == {"Europe/Berlin"}


def test_of_two_that_make_the_key_at_one_moment_both_use_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is quicker between the look and the link."""
    path = tmp_path / "folder" / "secrets.key"
    link, first = secrets.os.link, []

    def quicker(fresh: Any, target: Any) -> None:
        monkeypatch.setattr(secrets.os, "link", link)
        first.append(secrets._key_of_file(path))
        link(fresh, target)

    monkeypatch.setattr(secrets.os, "link", quicker)

    assert secrets._key_of_file(path) == first[0]
    assert [one.name for one in path.parent.iterdir()] == ["secrets.key"]


def test_a_key_is_on_the_disk_before_anybody_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real, found = tmp_path / "secrets.key", secrets.os.fsync, []

    def fsync(fd: int) -> None:
        found.append((path.exists(), os.fstat(fd).st_size > 0))
        real(fd)

    monkeypatch.setattr(secrets.os, "fsync", fsync)
    assert secrets._key_of_file(path) == secrets._key_of_file(path)
    assert found == [(False, True)]


# ----- questions


def test_a_filter_of_an_operation_that_is_too_deep_is_refused_as_one(world: World) -> None:
    where: dict[str, Any] = {}
    for _ in range(500):
        where = {"_and": [where]}
    with pytest.raises(ApiError) as refused:
        condition_of("flow_run", where)
    assert refused.value.code == "BAD_USER_INPUT"


@pytest.mark.parametrize(("text", "day"), [("20260228", "2026-02-28"), ("20240229 12:00", "2024-02-29")])
def test_a_day_in_one_number_is_read(text: str, day: str) -> None:
    assert f"{read_time(text):%Y-%m-%d}" == day


@pytest.mark.parametrize("text", ["20260229", "20261301"])
def test_a_day_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|month"):
        read_time(text)
