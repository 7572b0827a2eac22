"""Settings of agents that come as texts."""

from __future__ import annotations

from typing import Any

import pytest

from prefect.agent.agent import Agent
from prefect.utilities.configuration import set_temporary_config


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("prod", ["prod"]),
        ("prod, eu ,", ["prod", "eu"]),
        (["prod", "eu"], ["prod", "eu"]),
        ("", []),
        ([], []),
    ],
)
def test_labels_may_be_a_text(labels: Any, expected: list[str]) -> None:
    assert Agent(labels=labels).labels == expected
    with set_temporary_config({"cloud.agent.labels": labels}):
        assert Agent().labels == expected
