"""What 1.0 removed says in one line what took its place."""

from __future__ import annotations

import importlib
import signal
from typing import Any

import pytest

from prefect.agent import Agent
from prefect.agent.agent import exit_handler


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("prefect.environments", ["prefect.executors", "prefect.run_configs", "prefect.storage"]),
        ("prefect.environments.storage", ["prefect.storage"]),
        ("prefect.environments.execution", ["prefect.run_configs"]),
        ("prefect.engine.result_handlers", ["prefect.engine.results", "LocalResult"]),
    ],
)
def test_the_import_of_what_is_gone_names_what_took_its_place(module: str, words: list[str]) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"was removed in Prefect 1\.0") as raised:
        importlib.import_module(module)
    text = str(raised.value)
    assert "\n" not in text
    assert all(word in text for word in words)
    assert raised.value.name == module.removesuffix(".storage").removesuffix(".execution")


def test_flows_that_are_ready_for_both_go_on() -> None:
    try:
        from prefect.environments import LocalEnvironment as Kind  # type: ignore[attr-defined]
    except ImportError:
        Kind = None
    assert Kind is None


def test_a_loop_of_ones_own_is_told_to_end(caplog: Any) -> None:
    former = signal.getsignal(signal.SIGINT)
    agent = Agent(name="x")
    agent.logger.propagate = True
    with exit_handler(agent) as ended:
        assert not ended.is_set()
        signal.raise_signal(signal.SIGINT)
        assert ended.wait(30)
    assert signal.getsignal(signal.SIGINT) is former
    assert "Shutting down" in caplog.text

    with pytest.raises(ValueError, match="of the loop"), exit_handler(agent):
        raise ValueError("of the loop")
    assert signal.getsignal(signal.SIGINT) is former
