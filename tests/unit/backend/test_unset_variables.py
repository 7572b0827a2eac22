"""Variables whose value is None (``os.environ.get`` of one that is not set) are left out of what is started."""

from __future__ import annotations

from typing import Any

import pytest

from prefect.backend.environ import container_environ, local_agent_environ
from prefect.run_configs import DockerRun, LocalRun

COMMON: dict[str, Any] = {"labels": [], "api_key": None, "tenant_id": None, "send_logs": True}


@pytest.mark.parametrize("place", ["agent", "run"])
def test_a_variable_without_a_value_is_left_out(place: str) -> None:
    given = {"UNSET": None, "NUMBER": 5}
    agent_env: Any = given if place == "agent" else {}
    for environ in (
        local_agent_environ(
            "r", "f", LocalRun(env=given if place == "run" else None), agent_env=agent_env, import_paths=[], **COMMON
        ),
        container_environ(
            "r", "f", DockerRun(env=given if place == "run" else None), image="i", agent_env=agent_env, **COMMON
        ),
    ):
        assert "UNSET" not in environ
        assert environ["NUMBER"] == "5"
        assert all(isinstance(value, str) for value in environ.values())
