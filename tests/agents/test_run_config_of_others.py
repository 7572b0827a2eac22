"""A key that may create runs does not choose what the agent's machine executes: real server with keys, real agent."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.road import FINAL_STATES, Road, wait_until

pytestmark = pytest.mark.process

EVIL = textwrap.dedent(
    """
    import os, pathlib
    if os.environ.get("PREFECT__CONTEXT__FLOW_RUN_ID"):
        pathlib.Path(os.environ["MARK"]).touch()
    """
)
REGISTER = textwrap.dedent(
    """
    import sys
    from prefect import Client, Flow, task
    from prefect.run_configs import LocalRun
    from prefect.storage import Local

    @task
    def say():
        import os
        print("WORD", os.environ.get("WORD"))

    Client().create_project("p")
    with Flow("plain") as flow:
        say()
    flow.storage = Local(directory=sys.argv[1], add_default_labels=False)
    print(flow.register("p", no_url=True, labels=[]))
    """
)
CREATE = textwrap.dedent(
    """
    import json, sys
    from prefect import Client
    from prefect.model import codec
    flow_id, config = json.loads(sys.argv[1])
    config = codec.load("run_config", config) if config else None
    print(Client().create_flow_run(flow_id=flow_id, run_config=config))
    """
)
STATE = textwrap.dedent(
    """
    import sys
    from prefect import Client
    state = Client().get_flow_run_state(sys.argv[1])
    print(type(state).__name__, state.message)
    """
)


class Site:
    """A server that asks for keys, with one flow."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.admin, self.run = self._key("admin"), self._key("run")
        road.start("server", "start", "--port", str(road.port), "--require-keys")
        wait_until("server", road.is_healthy, 60)
        self.flow_id = self.python(self.admin, REGISTER, str(road.folder / "flows")).split()[-1]

    def _key(self, role: str) -> str:
        arguments = [sys.executable, "-m", "prefect", "server", "create-key", "--quiet", "--role", role]
        return self._out(arguments, {})

    def python(self, key: str, script: str, *arguments: str) -> str:
        return self._out([sys.executable, "-c", script, *arguments], self.settings(key))

    def settings(self, key: str) -> dict[str, str]:
        return {"PREFECT__CLOUD__API_KEY": key, "PREFECT__CLOUD__API": self.road.api}

    def _out(self, command: list[str], settings: dict[str, str]) -> str:
        env = self.road.env | settings
        done = subprocess.run(command, env=env, cwd=self.road.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def create(self, key: str, run_config: dict[str, Any] | None = None) -> str:
        return self.python(key, CREATE, json.dumps([self.flow_id, run_config])).split()[-1]

    def end_of(self, run_id: str) -> str:
        def look() -> str | None:
            told = self.python(self.admin, STATE, run_id)
            return told if told.split()[0] in FINAL_STATES else None

        return str(wait_until(f"the end of the run\n{self.road.log('agent')}", look, 120))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Road(tmp_path_factory.mktemp("site"), PREFECT__CLOUD__USE_LOCAL_SECRETS="false") as road:
        yield Site(road)


@pytest.fixture
def evil(tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """A run config that lets Python load a module of its own, and what that leaves behind."""
    (tmp_path / "sitecustomize.py").write_text(EVIL)
    mark = tmp_path / "was here"
    return {"type": "LocalRun", "env": {"PYTHONPATH": str(tmp_path), "MARK": str(mark)}, "labels": []}, mark


@pytest.fixture
def agent(site: Site) -> Iterator[Callable[..., None]]:
    started = []

    def start(*options: str) -> None:
        settings = site.settings(site.run)
        started.append(site.road.agent("--no-hostname-label", *options, **settings))

    yield start
    for process in started:
        site.road.stop(process)


@pytest.mark.parametrize("options", [(), ("--allow-run-config", "env")], ids=["by default", "env"])
def test_a_run_key_gets_no_code_onto_the_agents_machine(
    site: Site, agent: Callable[..., None], evil: tuple[dict[str, Any], Path], options: tuple[str, ...]
) -> None:
    config, mark = evil
    agent(*options)

    refused = site.end_of(site.create(site.run, config))
    plain = site.end_of(site.create(site.run))

    assert refused.startswith("Failed This agent ")
    assert ("PYTHONPATH" if options else "env") in refused
    assert not mark.exists()
    assert plain.startswith("Success")


def test_where_the_agent_takes_everything_it_is_as_in_1_x(
    site: Site, agent: Callable[..., None], evil: tuple[dict[str, Any], Path]
) -> None:
    config, mark = evil
    agent("--allow-run-config", "all")

    assert site.end_of(site.create(site.run, config)).startswith("Success")
    assert mark.exists()


def test_an_admins_run_config_counts_unless_a_variable_is_denied(
    site: Site, agent: Callable[..., None], evil: tuple[dict[str, Any], Path]
) -> None:
    config, mark = evil
    agent("--deny-env", "SPECIAL_*")

    denied = site.end_of(site.create(site.admin, {"type": "UniversalRun", "env": {"SPECIAL_A": "1"}}))
    assert denied.startswith("Failed This agent lets no run set SPECIAL_A")
    assert site.end_of(site.create(site.admin, config)).startswith("Success")
    assert mark.exists()
