"""Fixtures for tests of flows; pytest finds them wherever this package is installed.

Nothing is imported before a test asks for one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from datetime import datetime

    from prefect.core.flow import Flow
    from prefect.testing import Clock, InProcessServer, TrackedRun

__all__ = ["fake_secrets", "frozen_time", "prefect_server", "run_flow"]


@pytest.fixture
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    """Have a backend of the test's own, in this process: what is registered and run is seen by nobody else."""
    from prefect.testing import in_process_server

    with in_process_server(tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture
def run_flow(prefect_server: InProcessServer) -> Callable[..., TrackedRun]:
    """Run a flow with these parameters, its states kept by a backend: ``run_flow(flow, x=1)``."""

    def run(flow: Flow, /, **parameters: Any) -> TrackedRun:
        return prefect_server.run(flow, parameters)

    return run


@pytest.fixture
def frozen_time() -> Iterator[Callable[[datetime | str], Clock]]:
    """Hold the time of schedules still until the end of the test: ``frozen_time("2026-03-29T00:00")``."""
    from contextlib import ExitStack

    from prefect.testing import frozen

    with ExitStack() as stack:
        yield lambda time: stack.enter_context(frozen(time))


@pytest.fixture
def fake_secrets() -> Iterator[dict[str, Any]]:
    """Have the secrets that are put into this dictionary, and no others: ``fake_secrets["TOKEN"] = "x"``."""
    from prefect.testing import fake_secrets

    with fake_secrets({}) as secrets:
        yield secrets
