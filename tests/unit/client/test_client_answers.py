"""What the methods of a client make of answers, and of answers that hold nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.client import Client
from prefect.client import connection as connection_module
from prefect.exceptions import ClientError, ObjectNotFoundError
from prefect.model.state import Cached, Pending, Success
from prefect.utilities.configuration import set_temporary_config
from support.graphql_stub import Stub, StubServer

ID, OTHER = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001", "6d5b3ab5-6f3d-4f3d-a8a8-000000000002"


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ID}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        yield stub
        connection_module._plain_servers.discard(stub.url)


@pytest.mark.parametrize(("slug", "made"), [(None, "my-new-tenant"), ("short", "short")])
def test_a_tenant_gets_the_slug_that_is_given_or_one_of_its_name(stub: Stub, slug: str | None, made: str) -> None:
    stub.data("create_tenant(", create_tenant={"id": "t-1"})

    assert Client().create_tenant("My new tenant", slug) == "t-1"

    assert stub.asked[-1].variables["input"] == {"name": "My new tenant", "slug": made}


def test_a_cloud_makes_no_tenants(stub: Stub) -> None:
    with (
        set_temporary_config({"backend": "cloud"}),
        pytest.raises(ValueError, match="To create a tenant with Prefect Cloud, please signup"),
    ):
        Client().create_tenant("x")


def test_the_slug_is_that_of_the_current_tenant(stub: Stub) -> None:
    stub.data("tenant", tenant=[{"id": "other", "slug": "other"}, {"id": ID, "slug": "mine"}])
    assert Client().get_default_tenant_slug() == "mine"

    stub.data("tenant", tenant=[{"id": "other", "slug": "other"}])
    with pytest.raises(ValueError, match=f"Failed to find current tenant '{ID}' in"):
        Client().get_default_tenant_slug()


def test_a_tenant_is_switched_to_by_its_slug(stub: Stub) -> None:
    stub.data("slug: {_eq", tenant=[{"id": OTHER}])
    client = Client()

    assert client.switch_tenant(tenant_slug="two") == OTHER
    assert (client.tenant_id, stub.asked[-1].variables) == (OTHER, {"slug": "two"})


@pytest.mark.parametrize("method", ["create_project", "delete_project"])
def test_a_project_has_a_name(stub: Stub, method: str) -> None:
    with pytest.raises(TypeError, match="'project_name' is a required field for"):
        getattr(Client(), method)(None)
    assert stub.asked == []


def test_a_project_that_is_deleted_while_it_is_looked_up_is_told(stub: Stub) -> None:
    taken = {"errors": [{"message": "Uniqueness violation."}]}
    stub.on("create_project(", taken)
    stub.data("project(where", project=[])
    with pytest.raises(ObjectNotFoundError, match="Project x was deleted while it was being looked up"):
        Client().create_project("x")

    stub.data("project(where", project=[{"id": "p-1"}])
    assert Client().create_project("x") == "p-1"


def test_another_error_of_a_project_is_raised(stub: Stub) -> None:
    stub.on("create_project(", {"errors": [{"message": "no room"}]})
    with pytest.raises(ClientError, match="no room"):
        Client().create_project("x")
    assert len(stub.asked) == 1


def test_a_task_run_that_is_not_there_has_no_state(stub: Stub) -> None:
    stub.data("get_task_run_info(", get_task_run_info=None)
    with pytest.raises(ObjectNotFoundError, match="Task run 't-1' not found"):
        Client().get_task_run_state("t-1")


@pytest.mark.parametrize("serialized", [None, Success("fine").serialize()])
def test_a_run_without_a_state_is_pending(stub: Stub, serialized: Any) -> None:
    stub.data("get_task_run_info(", get_task_run_info={"serialized_state": serialized})
    found = Client().get_task_run_state("t-1")

    assert type(found) is (Pending if serialized is None else Success)


def test_an_agent_that_gets_no_id_is_not_registered(stub: Stub) -> None:
    stub.data("register_agent(", register_agent={"id": None})
    with pytest.raises(ValueError, match="Error registering agent"):
        Client().register_agent("local", labels=["a"], agent_config_id="c-1")

    stub.data("register_agent(", register_agent={"id": "a-1"})
    assert Client().register_agent("local", "name", ["a"], "c-1") == "a-1"
    assert stub.asked[-1].variables["input"].items() >= {
        "type": "local", "name": "name", "labels": ["a"], "tenant_id": ID, "agent_config_id": "c-1",
    }.items()  # fmt: skip


def test_the_settings_of_an_agent_are_read(stub: Stub) -> None:
    stub.data("agent_config(", agent_config=[{"settings": {"a": 1}}])
    assert Client().get_agent_config("c-1") == {"a": 1}
    assert stub.asked[-1].variables == {"id": "c-1"}

    stub.data("agent_config(", agent_config=[])
    with pytest.raises(ObjectNotFoundError, match="Agent config 'c-1' not found"):
        Client().get_agent_config("c-1")


@pytest.mark.parametrize(("found", "limit"), [([{"limit": 0}], 0), ([{"limit": 3}], 3), ([], None)])
def test_a_tag_has_a_limit_or_none(stub: Stub, found: list[Any], limit: int | None) -> None:
    stub.data("task_tag_limit(", task_tag_limit=found)

    assert Client().get_task_tag_limit("gpu") == limit
    assert stub.asked[-1].variables == {"tag": "gpu"}


@pytest.mark.parametrize("method", ["update_task_run_artifact", "delete_task_run_artifact"])
def test_an_artifact_is_named(stub: Stub, method: str) -> None:
    more = {"data": {}} if method.startswith("update") else {}
    with pytest.raises(ValueError, match="The ID of an existing task run artifact must be provided"):
        getattr(Client(), method)(None, **more)
    assert stub.asked == []


def test_a_state_whose_context_is_no_json_is_told_without_it(stub: Stub) -> None:
    stub.data("set_task_run_states(", set_task_run_states={"states": [{"status": "SUCCESS", "id": "t-1"}]})
    unsayable = object()
    state = Cached("kept", cached_parameters={"x": unsayable})
    state.context = {"of": unsayable}

    Client().set_task_run_state("t-1", state)

    told = stub.asked[-1].variables["input"]["states"][0]["state"]
    assert told["message"].startswith("kept [left out: ")
    assert (told["context"], told["cached_parameters"]) == ({}, None)
    assert state.context == {"of": unsayable}, "the state itself stays"


@pytest.mark.parametrize(
    ("api", "pages"),
    [
        ("https://api.prefect.io", "https://cloud.prefect.io"),
        ("https://api-dev.prefect.io", "https://dev.prefect.io"),
        ("http://127.0.0.1:5123", "http://127.0.0.1:5123"),
    ],
)
def test_pages_of_the_cloud_have_another_host(stub: Stub, api: str, pages: str) -> None:
    from prefect.client import client as module

    assert module._ui_address(api) == pages


def test_another_place_of_the_pages_is_used(stub: Stub) -> None:
    from prefect.client import client as module

    with set_temporary_config({"server.ui.endpoint": "https://pages.example/"}):
        assert module._ui_address("http://127.0.0.1:5123") == "https://pages.example"
