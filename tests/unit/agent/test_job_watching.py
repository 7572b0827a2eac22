"""What the agent asks a cluster about its jobs; the cluster itself is played."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from prefect.agent.kubernetes.jobs import FLOW_RUN_ID
from prefect.agent.kubernetes.watching import AT_ONCE, IDENTIFIER, JobWatcher
from prefect.exceptions import ClientError


def page(*names: str, more: str | None = None) -> Any:
    return SimpleNamespace(items=list(names), metadata=SimpleNamespace(_continue=more))


class Refused(Exception):
    """What a cluster answers that does not want to say."""


def watcher_of(list_jobs: Any) -> JobWatcher:
    """Give a watcher over the jobs that this lists."""
    return JobWatcher(
        kubernetes=SimpleNamespace(client=SimpleNamespace(rest=SimpleNamespace(ApiException=Refused))),
        batch=SimpleNamespace(list_namespaced_job=list_jobs),
        core=None,
        client=None,  # type: ignore[arg-type]
        namespace="ours",
        deletes=True,
        logger=logging.getLogger("x"),
        timeout_seconds=(1.0, 2.0),
    )


@pytest.mark.parametrize("pages", [[page()], [page("a", "b")], [page("a", more="x"), page("b", more="y"), page()]])
def test_all_pages_of_the_jobs_of_its_namespace_are_read(pages: list[Any]) -> None:
    asked: list[dict[str, Any]] = []

    def listed(**question: Any) -> Any:
        asked.append(question)
        return pages[len(asked) - 1]

    watcher = watcher_of(listed)

    assert list(watcher._jobs()) == [name for one in pages for name in one.items]
    plain = {
        "namespace": "ours",
        "label_selector": IDENTIFIER,
        "limit": AT_ONCE,
        "_request_timeout": (1.0, 2.0),
    }
    tokens = [None, *[one.metadata._continue for one in pages[:-1]]]
    assert asked == [plain | ({"_continue": token} if token else {}) for token in tokens]


@pytest.mark.parametrize("error", [Refused("forbidden"), ClientError("no API")], ids=["the cluster", "our API"])
def test_a_job_that_cannot_be_looked_at_keeps_none_of_the_others(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = [
        SimpleNamespace(metadata=SimpleNamespace(name=name, labels={FLOW_RUN_ID: name}, creation_timestamp=None))
        for name in ("bad", "good")
    ]
    watcher = watcher_of(lambda **_: page(*jobs))
    seen = []

    def look(job: Any, run_id: str | None) -> None:
        seen.append(run_id)
        if run_id == "bad":
            raise error

    watcher._look_at = look  # type: ignore[method-assign]
    watcher.look(busy=())

    assert seen == ["bad", "good"]
    assert f"Job bad could not be looked after: {error}" in caplog.text
