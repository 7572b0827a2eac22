"""What actions refuse, each in its words, and that nothing is changed then."""

from __future__ import annotations

import dataclasses
import logging
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from prefect.server.actions import agents, delivery, registration, runs, schedules, slots, tenants, why
from prefect.server.actions.delivery import Mail, Undeliverable
from prefect.server.errors import ApiError
from prefect.server.settings import load_settings
from support.world import START, World

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("action", "inputs", "said"),
    [
        (tenants.create_tenant, {"name": "", "slug": "x"}, "Invalid name"),
        (tenants.create_tenant, {"name": "x", "slug": "X y"}, "slugified"),
        (tenants.update_tenant_name, {"tenant_id": "mine", "name": ""}, "Invalid name"),
        (tenants.update_tenant_name, {"tenant_id": UNKNOWN, "name": "x"}, "Update failed"),
        (tenants.update_tenant_slug, {"tenant_id": "mine", "slug": "X y"}, "slugified"),
        (tenants.update_tenant_slug, {"tenant_id": UNKNOWN, "slug": "x"}, "Update failed"),
        (tenants.update_tenant_settings, {"tenant_id": "mine", "settings": [1]}, "Invalid settings"),
        (tenants.update_tenant_settings, {"tenant_id": UNKNOWN, "settings": {}}, "Invalid tenant id"),
        (tenants.create_project, {"tenant_id": "mine", "name": " "}, "Invalid name"),
        (tenants.create_project, {"tenant_id": "mine", "name": "x", "description": "\x00"}, "Invalid description"),
        (tenants.set_project_name, {"project_id": "mine", "name": ""}, "Invalid name"),
        (tenants.set_project_name, {"project_id": UNKNOWN, "name": "x"}, "Update failed"),
        (tenants.set_project_description, {"project_id": "mine", "description": "\x00"}, "Invalid description"),
        (tenants.set_project_description, {"project_id": UNKNOWN, "description": "x"}, "Update failed"),
        (tenants.delete_tenant, {"tenant_id": "mine", "confirm": False}, "confirm=True"),
        (agents.register_agent, {"type": "LocalAgent"}, "No tenant found"),
        (agents.register_agent, {"tenant_id": "mine", "type": ""}, "Invalid type"),
        (agents.register_agent, {"tenant_id": "mine", "type": "L", "name": ""}, "Invalid name"),
        (agents.register_agent, {"tenant_id": "mine", "type": "L", "labels": [""]}, "label in labels"),
        (runs.set_flow_run_name, {"flow_run_id": "mine", "name": " "}, "Invalid name"),
        (runs.set_flow_run_labels, {"flow_run_id": "mine", "labels": [""]}, "label"),
        (runs.cancel_flow_run, {"flow_run_id": UNKNOWN}, f"Invalid flow run ID: {UNKNOWN}"),
        (runs.get_or_create_task_run, {"flow_run_id": UNKNOWN, "task_id": UNKNOWN}, "Foreign key violation"),
        (runs.get_or_create_task_run, {"flow_run_id": "mine", "task_id": UNKNOWN}, "Invalid task ID"),
        (registration.register_edges, {"flow_id": UNKNOWN, "serialized_edges": []}, "Invalid flow ID"),
        (registration.register_tasks, {"flow_id": UNKNOWN, "serialized_tasks": []}, "Invalid flow ID"),
        (
            registration.register_edges,
            {"flow_id": "mine", "serialized_edges": [{}]},
            "Invalid serialized_edges[0].upstream_task: expected",
        ),
        (
            registration.register_edges,
            {"flow_id": "mine", "serialized_edges": [{"upstream_task": {"slug": "one-1"}, "downstream_task": 5}]},
            "Invalid serialized_edges[0].downstream_task: expected",
        ),
        (registration.register_edges, {"flow_id": "mine", "serialized_edges": {}}, "Invalid serialized_edges"),
        (
            registration.register_tasks,
            {"flow_id": "mine", "serialized_tasks": [{}]},
            "Invalid serialized_tasks[0].slug: expected",
        ),
        (registration.register_tasks, {"flow_id": "mine", "serialized_tasks": "x"}, "Invalid serialized_tasks"),
        (
            registration.register_tasks,
            {"flow_id": "mine", "serialized_tasks": [{"slug": "s", "tags": [1]}]},
            "Invalid serialized_tasks[0].tags: expected",
        ),
    ],
)
def test_a_refusal_says_what_was_wrong_and_changes_nothing(
    world: World, action: Any, inputs: dict[str, Any], said: str
) -> None:
    run_id = world.create(world.register())
    flow_id = world.flow_run(run_id)["flow_id"]
    own = {"tenant_id": world.tenant_id, "project_id": world.project_id, "flow_run_id": run_id, "flow_id": flow_id}
    given = {name: own[name] if value == "mine" else value for name, value in inputs.items()}

    def everything() -> dict[str, list[Any]]:
        tables = (
            "agent",
            "tenant",
            "project",
            "flow",
            "flow_group",
            "task",
            "edge",
            "flow_run",
            "task_run",
            "flow_run_state",
        )
        return {table: sorted(map(str, world.rows(table))) for table in tables}

    before = everything()
    with pytest.raises(ApiError) as caught:
        world.do(action, **given)
    assert said in str(caught.value)
    assert everything() == before


def test_settings_of_a_tenant_that_are_not_given_stay(world: World) -> None:
    world.do(tenants.update_tenant_settings, tenant_id=world.tenant_id, settings={"a": 1, "b": 1})
    world.do(tenants.update_tenant_settings, tenant_id=world.tenant_id, settings={"b": 2})
    assert world.row("tenant", id=world.tenant_id)["settings"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("holders", "more"),
    [(1, ""), (3, ""), (4, " and 1 more"), (5, " and 2 more")],
    ids=["one", "three", "four", "five"],
)
def test_three_holders_of_a_limit_are_named_and_the_others_counted(world: World, holders: int, more: str) -> None:
    flow_id = world.register()
    held = [world.running(flow_id, labels=["gpu"], flow_run_name=f"h{n}") for n in range(holders)]
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.FLOW, name="gpu", limit=1)
    run_id = world.create(flow_id, labels=["gpu"])

    told = world.see(lambda tx: why.why_not_running(tx, world.now, settings=world.settings, flow_run_id=run_id))

    (limit,) = [reason for reason in told["reasons"] if "limit of 1" in reason]
    named, _, rest = limit.partition("held by ")[2].rstrip(".").partition(" and ")
    assert (f" and {rest}" if rest else "") == more
    names = {f"h{n} ({run})" for n, run in enumerate(held)}
    assert set(named.split(", ")) <= names
    assert len(named.split(", ")) == min(holders, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"schedule": None},
        {"archived": True},
        {"is_schedule_active": False},
        {"schedule": {"clocks": "nonsense"}},
        {"schedule": {"type": "Schedule", "clocks": [{"type": "CronClock", "cron": "no cron"}], "filters": []}},
    ],
    ids=["none", "archived", "off", "nonsense", "bad cron"],
)
def test_a_flow_without_a_schedule_that_can_be_read_wants_no_runs(
    changes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    clock = {"type": "CronClock", "cron": "0 3 * * *"}
    schedule = {
        "type": "Schedule",
        "clocks": [clock],
        "filters": [],
        "not_filters": [],
        "or_filters": [],
        "adjustments": [],
    }
    flow = {"id": "f-1", "archived": False, "is_schedule_active": True, "schedule": schedule, "group_schedule": None}
    settings = load_settings({}, environment={})

    with caplog.at_level(logging.WARNING):
        assert schedules.wanted_runs({**flow, **changes}, START, settings) == []
    is_unreadable = bool(changes.get("schedule"))
    assert ("Flow f-1 has a schedule that cannot be read" in caplog.text) == is_unreadable


# ----- mails


@contextmanager
def bad_mail_server(*answers: bytes) -> Iterator[int]:
    """Say these answers, one to each line that comes, and hang up."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for answer in answers:
                self.wfile.write(answer)
                if not self.rfile.readline():
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(60)


def send_mail(port: int, **more: Any) -> Undeliverable:
    settings = dataclasses.replace(
        load_settings({}, environment={}), email_host="127.0.0.1", email_port=port, email_sender="me@x", **more
    )
    with pytest.raises(Undeliverable) as caught:
        delivery.deliver(Mail(("you@x",), "s", "t", seconds=5), settings)
    return caught.value


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ((b"554 no\r\n",), "SMTPConnectError"),
        ((b"220 hi\r\n", b"250 ok\r\n", b"550 no\r\n"), "SMTPSenderRefused"),
        ((b"220 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"550 no\r\n", b"250 ok\r\n"), "SMTPRecipientsRefused"),
        ((), "SMTPServerDisconnected"),
    ],
    ids=["greeting", "sender", "receiver", "hangs up"],
)
def test_a_mail_that_is_not_taken_is_told_by_the_kind_of_error_and_tried_again(
    answers: tuple[bytes, ...], kind: str
) -> None:
    with bad_mail_server(*answers) as port:
        error = send_mail(port)
    assert str(error) == f"The mail server did not take a mail ({kind})"
    assert error.again


def test_a_mail_server_that_is_not_there_is_told_as_well() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = send_mail(closed.getsockname()[1])
    assert str(error) == "The mail server did not take a mail (ConnectionRefusedError)"
    assert error.again


def test_a_login_that_the_server_does_not_know_is_an_error_of_the_mail_server() -> None:
    with bad_mail_server(b"220 hi\r\n", b"250-here\r\n250 AUTH PLAIN\r\n", b"535 no\r\n") as port:
        error = send_mail(port, email_username="u", email_password="hush")
    assert str(error) == "The mail server did not take a mail (SMTPAuthenticationError)"
    assert "hush" not in str(error)


def test_without_a_mail_server_no_mail_is_tried_twice() -> None:
    with pytest.raises(Undeliverable, match=r"the setting email\.host is empty") as caught:
        delivery.deliver(Mail(("you@x",), "s", "t"), load_settings({}, environment={}))
    assert not caught.value.again
