"""What the agent asks a cluster about its jobs; the cluster itself is played."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from prefect.agent.kubernetes.watching import AT_ONCE, IDENTIFIER, JobWatcher


def page(*names: str, more: str | None = None) -> Any:
    return SimpleNamespace(items=list(names), metadata=SimpleNamespace(_continue=more))


@pytest.mark.parametrize("pages", [[page()], [page("a", "b")], [page("a", more="x"), page("b", more="y"), page()]])
def test_all_pages_of_the_jobs_of_its_namespace_are_read(pages: list[Any]) -> None:
    asked: list[dict[str, Any]] = []

    def listed(**question: Any) -> Any:
        asked.append(question)
        return pages[len(asked) - 1]

    watcher = JobWatcher(
        kubernetes=None,
        batch=SimpleNamespace(list_namespaced_job=listed),
        core=None,
        client=None,  # type: ignore[arg-type]
        namespace="ours",
        deletes=True,
        logger=logging.getLogger("x"),
        timeout_seconds=(1.0, 2.0),
    )

    assert list(watcher._jobs()) == [name for one in pages for name in one.items]
    plain = {
        "namespace": "ours",
        "label_selector": IDENTIFIER,
        "limit": AT_ONCE,
        "_request_timeout": (1.0, 2.0),
    }
    tokens = [None, *[one.metadata._continue for one in pages[:-1]]]
    assert asked == [plain | ({"_continue": token} if token else {}) for token in tokens]
