"""What the client refuses of itself, and what it makes of a server that answers no."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.client import Client, Secret
from prefect.client import connection as connection_module
from prefect.core.flow import Flow
from prefect.exceptions import ClientError
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context
from support.graphql_stub import Stub, StubServer

ID = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ID}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        yield stub
        connection_module._plain_servers.discard(stub.url)


NOT_DONE: list[tuple[str, dict[str, Any], str, str]] = [
    ("create_task_run_artifact", {"task_run_id": ID, "kind": "link", "data": {}}, "create_task_run_artifact",
     "Creating the task run artifact failed."),
    ("update_task_run_artifact", {"task_run_artifact_id": ID, "data": {}}, "update_task_run_artifact",
     "Updating the task run artifact failed."),
    ("delete_task_run_artifact", {"task_run_artifact_id": ID}, "delete_task_run_artifact",
     "Deleting the task run artifact failed."),
    ("set_secret", {"name": "n", "value": 1}, "set_secret", "Setting secret failed."),
    ("update_task_tag_limit", {"tag": "t", "limit": 0}, "update_task_tag_limit",
     "Updating the task tag concurrency limit failed."),
    ("delete_task_tag_limit", {"limit_id": ID}, "delete_task_tag_limit",
     "Deleting the task tag concurrency limit failed."),
]  # fmt: skip


@pytest.mark.parametrize(("method", "given", "mutation", "said"), NOT_DONE, ids=[case[0] for case in NOT_DONE])
def test_a_server_that_has_not_done_it_is_told(
    stub: Stub, method: str, given: dict[str, Any], mutation: str, said: str
) -> None:
    stub.data(mutation, **{mutation: {"id": None, "success": False}})
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        getattr(Client(), method)(**given)

    stub.data(mutation, **{mutation: {"id": ID, "success": True}})
    getattr(Client(), method)(**given)
    assert stub.asked[-1].variables["input"].items() >= given.items()


@pytest.mark.parametrize(
    ("method", "given", "said"),
    [
        ("update_task_tag_limit", {"tag": "t", "limit": -1}, "Concurrency limits must be >= 0"),
        (
            "create_task_run_artifact",
            {"task_run_id": None, "kind": "link", "data": {}},
            "The ID of an existing task run must be provided.",
        ),
    ],
)
def test_what_cannot_be_is_not_asked_for(stub: Stub, method: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        getattr(Client(), method)(**given)
    assert stub.asked == []


@pytest.mark.parametrize("sign", ["\n", "\r", "\r\n"])
def test_a_header_with_a_line_break_is_named_and_its_value_not_shown(stub: Stub, sign: str) -> None:
    with pytest.raises(ClientError, match=r"^The header 'X-Mine' holds a line break\.$") as refused:
        Client().graphql("{ hello }", headers={"X-Mine": f"hidden{sign}words"})
    assert "hidden" not in str(refused.value)
    assert stub.asked == []


def test_a_file_of_keys_with_a_text_where_a_section_belongs_names_it(stub: Stub, tmp_path: Path) -> None:
    (tmp_path / "auth.toml").write_text('strange = "text"\n')
    with pytest.raises(ClientError, match=r"auth\.toml cannot be read: strange is no section\."):
        Client()


# ----- secrets


@pytest.fixture
def of_api(stub: Stub) -> Iterator[Stub]:
    with set_temporary_config({"cloud.use_local_secrets": False}), context(secrets={"here": "1"}):
        yield stub


def test_no_secret_is_read_while_a_flow_is_built(of_api: Stub) -> None:
    expected = "Secrets should only be retrieved during a Flow run, not while building a Flow."
    with Flow("f"), pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Secret("here").get()
    assert Secret("here").get() == 1


@pytest.mark.parametrize(
    ("backend", "error", "said"),
    [
        ("server", ValueError, 'Local Secret "away" was not found.'),
        ("cloud", KeyError, "The secret away was not found. Please ensure that it was set."),
    ],
)
def test_a_secret_that_the_api_does_not_have_is_named(
    of_api: Stub, backend: str, error: type[Exception], said: str
) -> None:
    of_api.on("secret_value", {"errors": [{"message": "No value found for the requested key"}]})
    with set_temporary_config({"backend": backend, "cloud.api_key": "k"}), pytest.raises(error) as told:
        Secret("away").get()
    assert told.value.args == (said,)


def test_another_refusal_of_the_cloud_is_no_missing_secret(of_api: Stub) -> None:
    of_api.on("secret_value", {"errors": [{"message": "something else"}]})
    with set_temporary_config({"backend": "cloud", "cloud.api_key": "k"}), pytest.raises(ClientError, match="else"):
        Secret("away").get()


def test_only_local_secrets_are_looked_for_where_that_is_set(stub: Stub) -> None:
    with set_temporary_config({"cloud.use_local_secrets": True}), context(secrets={"here": '{"a": 1}'}):
        assert Secret("here").get() == {"a": 1}
        assert Secret("here").exists()
        assert not Secret("away").exists()
        with pytest.raises(ValueError, match=r'^Local Secret "away" was not found\.$'):
            Secret("away").get()
    assert stub.asked == []


@pytest.mark.parametrize("names", [["away"], [], None])
def test_the_api_says_which_secrets_there_are(of_api: Stub, names: Any) -> None:
    of_api.data("secret_names", secret_names=names)
    assert Secret("away").exists() == bool(names)
    assert Secret("here").exists()


@pytest.mark.parametrize("value", ["text", "5", '{"a": [1]}', "{broken", b"[1]", 5, None])
def test_a_text_that_holds_json_is_decoded(stub: Stub, value: Any) -> None:
    with set_temporary_config({"cloud.use_local_secrets": True}), context(secrets={"s": value}):
        found = Secret("s").get()
    try:
        expected = json.loads(value) if isinstance(value, str | bytes) else value
    except ValueError:
        expected = value
    assert found == expected
