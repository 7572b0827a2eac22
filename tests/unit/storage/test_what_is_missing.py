"""Storages in repositories say which of repository, ref and file could not be had: their servers say "not found"."""

from __future__ import annotations

import logging
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import requests

from prefect import Flow, context
from prefect.engine.results import AzureResult
from prefect.storage import GCS, S3, Azure, Bitbucket, CodeCommit, Git, GitHub, GitLab, Webhook

SCRIPT = b"from prefect import Flow\nflow = Flow('f')\n"


class Gone(Exception):
    """What a client of a third party raises."""


def put(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> None:
    module = ModuleType(name)
    module.__dict__.update(content)
    monkeypatch.setitem(sys.modules, name, module)


def gone_if(missing: bool, value: Any, error: BaseException | None = None) -> Any:
    if missing:
        raise error or Gone("404")
    return value


def errors_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize(
    ("missing", "ref", "told"),
    [
        ("repo", None, "Repo 'o/r' not found. Check that it exists"),
        ("ref", None, "Ref 'main' not found in repo 'o/r'."),
        ("ref", "v1", "Ref 'v1' not found in repo 'o/r'."),
        ("file", "v1", "File 'f.py' not found in repo 'o/r', ref 'v1'"),
        (None, "v1", None),
    ],
)
def test_github(missing: str | None, ref: str | None, told: str | None, monkeypatch: Any, caplog: Any) -> None:
    repository = SimpleNamespace(
        default_branch="main",
        get_commit=lambda ref: gone_if(missing == "ref", SimpleNamespace(sha="1a2b")),
        get_contents=lambda path, ref: gone_if(missing == "file", SimpleNamespace(decoded_content=SCRIPT)),
    )
    client = SimpleNamespace(get_repo=lambda name: gone_if(missing == "repo", repository))
    put(monkeypatch, "github", Github=lambda **options: client, UnknownObjectException=Gone)
    storage = GitHub("o/r", "f.py", ref=ref)
    storage.add_flow(Flow("f"))

    if told is None:
        assert storage.get_flow("f").name == "f"
        assert not errors_of(caplog)
        return
    with pytest.raises(Gone):
        storage.get_flow("f")
    (message,) = errors_of(caplog)
    assert message.startswith(told)


class Refused(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Refused("401"), "Unable to authenticate GitLab account. Please check your credentials."),
        (Gone("404"), "Error retrieving file contents at f.py in o/r@master. Ensure the project and file exist."),
    ],
)
def test_gitlab(error: Exception, told: str, monkeypatch: Any, caplog: Any) -> None:
    client = SimpleNamespace(projects=SimpleNamespace(get=lambda name: gone_if(True, None, error)))
    put(monkeypatch, "gitlab", Gitlab=lambda *args, **options: client)
    put(monkeypatch, "gitlab.exceptions", GitlabAuthenticationError=Refused, GitlabGetError=Gone)
    storage = GitLab("o/r", path="f.py")
    storage.add_flow(Flow("f"))

    with pytest.raises(type(error)):
        storage.get_flow("f")
    assert errors_of(caplog) == [told]


@pytest.mark.parametrize("workspace", [None, "w"])
@pytest.mark.parametrize(("status", "told"), [(403, "Access denied to repository"), (404, "f.py in {}p/r@dev.")])
def test_bitbucket(workspace: str | None, status: int, told: str, monkeypatch: Any, caplog: Any) -> None:
    error = requests.HTTPError(str(status), response=SimpleNamespace(status_code=status))

    def refuse(*args: Any, **options: Any) -> Any:
        raise error

    client = SimpleNamespace(get_content_of_file=refuse, workspaces=SimpleNamespace(get=refuse))
    put(monkeypatch, "atlassian", Bitbucket=lambda **options: client)
    put(monkeypatch, "atlassian.bitbucket", Cloud=lambda **options: client)
    storage = Bitbucket("p", "r", workspace=workspace, path="f.py", ref="dev")
    storage.add_flow(Flow("f"))

    wanted = told.format(f"{workspace}/" if workspace else "")
    with pytest.raises(RuntimeError, match=wanted) as raised:
        storage.get_flow("f")
    assert raised.value.__cause__ is error
    (message,) = errors_of(caplog)
    assert wanted in message


def test_codecommit(monkeypatch: Any, caplog: Any) -> None:
    client = SimpleNamespace(get_file=lambda **options: gone_if(True, None))
    monkeypatch.setattr("prefect.utilities.aws.get_boto_client", lambda **options: client)
    storage = CodeCommit("r", "f.py", commit="c")
    storage.add_flow(Flow("f"))

    with pytest.raises(Gone):
        storage.get_flow("f")
    assert errors_of(caplog) == ["Error retrieving contents at f.py in r@c."]


# --- how Azure is reached ---------------------------------------------------------------------------------------------


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the service was asked with."""
    asked: list[Any] = []
    service = SimpleNamespace(from_connection_string=lambda **options: asked.append(options))
    put(monkeypatch, "azure", storage=None)
    put(monkeypatch, "azure.storage", blob=None)
    put(monkeypatch, "azure.storage.blob", BlobServiceClient=service)
    put(monkeypatch, "azure.identity", DefaultAzureCredential=lambda: "the machine's")
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    return asked


@pytest.mark.parametrize(
    ("connection", "credential"),
    [
        ("AccountName=a;AccountKey=b", None),
        ("BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=1", None),
        ("UseDevelopmentStorage=true", None),
        ("DefaultEndpointsProtocol=https;AccountName=a;EndpointSuffix=core.windows.net", "the machine's"),
        ("BlobEndpoint=https://a.blob.core.windows.net", "the machine's"),
    ],
)
def test_a_connection_string_without_a_key_is_used_with_the_default_credential(
    connection: str, credential: str | None, azure: list[Any]
) -> None:
    AzureResult("c", connection_string=connection).initialize_service()
    assert azure == [{"conn_str": connection, "credential": credential}]


def test_where_the_connection_string_comes_from(azure: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with context(secrets={"MINE": "AccountKey=secret"}):
        AzureResult("c", connection_string_secret="MINE").initialize_service()
        assert Azure("c", connection_string_secret="MINE").connection_string == "AccountKey=secret"
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountKey=variable")
        AzureResult("c", connection_string_secret="MINE").initialize_service()
        AzureResult("c", "AccountKey=given", "MINE").initialize_service()
    assert [options["conn_str"].partition("=")[2] for options in azure] == ["secret", "variable", "given"]
    assert Azure("c").connection_string == "AccountKey=variable"

    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    for ask in (lambda: Azure("c").connection_string, AzureResult("c").initialize_service):
        with pytest.raises(ValueError, match="Azure connection string not provided"):
            ask()


@pytest.mark.parametrize(
    "make",
    [
        lambda **options: GitHub(repo="o/r", path="f.py", **options),
        lambda **options: GitLab(repo="o/r", path="f.py", **options),
        lambda **options: Bitbucket(project="p", repo="r", path="f.py", **options),
        lambda **options: CodeCommit(repo="r", path="f.py", **options),
        lambda **options: Git(repo="o/r", flow_path="f.py", **options),
    ],
    ids=["GitHub", "GitLab", "Bitbucket", "CodeCommit", "Git"],
)
def test_whoever_says_that_a_repository_holds_scripts_may(make: Any) -> None:
    assert make(stored_as_script=True).stored_as_script
    assert not make().stored_as_script


def test_git_warns_of_what_it_ignores(caplog: Any) -> None:
    Git(flow_path="f.py", git_clone_url_secret_name="S")
    Git(flow_path="f.py", repo="o/r", git_token_secret_name="T", use_ssh=True)
    first, second = (record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert "ignoring `repo`" in first
    assert "`git_token_secret_name` will be ignored" in second


def test_an_unknown_method_is_logged_before_it_is_refused(caplog: Any) -> None:
    with pytest.raises(RuntimeError, match="HTTP method 'NOPE' not recognized"):
        Webhook({}, "NOPE", {}, "GET")
    assert [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"] == [
        "HTTP method 'NOPE' not recognized"
    ]


@pytest.mark.parametrize(
    "make", [lambda: S3(bucket="b", stored_as_script=True), lambda: GCS("b", stored_as_script=True)]
)
def test_a_script_without_a_place_is_refused_when_it_is_stored(make: Any) -> None:
    storage = make()
    storage.add_flow(Flow("f"))
    with pytest.raises(ValueError, match=r"A `key` must be provided .* or provide a `local_script_path`"):
        storage.build()
