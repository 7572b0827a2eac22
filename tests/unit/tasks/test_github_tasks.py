"""Tasks for GitHub, against a fake that speaks its REST API (version 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prefect import context
from prefect.tasks import github
from prefect.tasks.authoring.web import ServiceFailed
from prefect.tasks.github.client import GitHubTask
from support.fake_service import FakeService


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    with FakeService() as service:
        monkeypatch.setattr(GitHubTask, "address", service.url)
        yield service


def test_what_tasks_write(fake: FakeService) -> None:
    fake.on("POST", (201, {"number": 1}))
    github.OpenGitHubIssue("o/r", title="t", labels=["l"]).run(body="b", token="s3cr3t-token")
    github.CreateIssueComment("o/r", 7).run(body="b", token="s3cr3t-token")
    github.CreateGitHubPR("o/r", "t", "b", "h", "main").run(token="s3cr3t-token")

    assert [(request.path, request.json) for request in fake.asked] == [
        ("/repos/o/r/issues", {"title": "t", "body": "b", "labels": ["l"]}),
        ("/repos/o/r/issues/7/comments", {"body": "b"}),
        ("/repos/o/r/pulls", {"title": "t", "body": "b", "head": "h", "base": "main"}),
    ]
    assert fake.asked[0].headers["Authorization"] == "token s3cr3t-token"
    assert fake.asked[0].headers["Accept"] == "application/vnd.github.v3+json"


def test_facts_of_a_repository(fake: FakeService) -> None:
    fake.on("GET /repos/o/r", {"forks": 1, "size": 2})

    with context(secrets={"GITHUB_ACCESS_TOKEN": "of-the-secret"}):
        assert github.GetRepoInfo("o/r", ["forks"]).run() == {"forks": 1}
    assert github.GetRepoInfo("o/r").run(info_keys=["size"]) == {"size": 2}
    assert [request.headers.get("Authorization") for request in fake.asked] == ["token of-the-secret", None]


def test_branch_begins_where_another_ends(fake: FakeService) -> None:
    fake.on("GET", [{"ref": "refs/heads/master", "object": {"sha": "S"}}]).on("POST", (201, {"ref": "refs/heads/new"}))

    assert github.CreateBranch("o/r", branch_name="new").run() == {"ref": "refs/heads/new"}
    assert fake.asked[1].json == {"ref": "refs/heads/new", "sha": "S"}
    with pytest.raises(ValueError, match="Base branch other not found"):
        github.CreateBranch("o/r", "other", "new").run()


@pytest.mark.parametrize("repo", ["alone", "o/..", "/r", "o/", "../x/y/.."])
def test_a_repository_that_is_none_is_refused(fake: FakeService, repo: str) -> None:
    with pytest.raises(ValueError, match="owner/name"):
        github.GetRepoInfo(repo).run()
    assert fake.asked == []


@pytest.mark.parametrize("repo", ["o/r?x=1", "o/{}", "o/r#y"])
def test_a_name_stays_a_name(fake: FakeService, repo: Any) -> None:
    fake.on("GET", {})
    github.GetRepoInfo(repo).run()
    assert fake.asked[0].query == {}
    assert fake.asked[0].path.count("/") == 3


def test_a_token_that_is_refused_is_not_shown(fake: FakeService) -> None:
    fake.on("POST", lambda asked: (401, {"message": "Bad credentials", "sent": asked.headers["Authorization"]}))

    with pytest.raises(ServiceFailed, match=r"OpenGitHubIssue: 401 .*Bad credentials") as caught:
        github.OpenGitHubIssue("o/r", "t").run(token="s3cr3t-token")
    assert "s3cr3t" not in str(caught.value)
