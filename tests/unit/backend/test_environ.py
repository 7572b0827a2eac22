"""The environment of a flow-run process: who wins over whom."""

from __future__ import annotations

import os

import pytest

from prefect.backend.environ import generate_flow_run_environ, local_agent_environ
from prefect.run_configs import LocalRun
from prefect.utilities.configuration import set_temporary_config


@pytest.fixture(autouse=True)
def config():
    settings = {"backend": "server", "cloud.api": "http://x:1", "cloud.api_key": "", "cloud.tenant_id": ""}
    with set_temporary_config({**settings, "logging.level": "INFO", "cloud.send_flow_run_logs": True}):
        yield


def of_agent(run_config=None, **options):
    defaults = {
        "agent_env": {},
        "labels": ["a"],
        "import_paths": [],
        "api_key": None,
        "tenant_id": None,
        "send_logs": True,
    }
    return local_agent_environ("run", "flow", run_config, **{**defaults, **options})


def test_the_run_wins_over_the_agent_and_the_agent_over_its_own_variables(monkeypatch):
    monkeypatch.setenv("A", "process")
    monkeypatch.setenv("B", "process")
    monkeypatch.setenv("C", "process")

    environ = of_agent(LocalRun(env={"C": "run"}), agent_env={"B": "agent", "C": "agent"})

    assert [environ[name] for name in "ABC"] == ["process", "agent", "run"]


def test_nobody_may_change_what_ties_the_process_to_its_run():
    names = ("PREFECT__CONTEXT__FLOW_RUN_ID", "PREFECT__CLOUD__API", "PREFECT__ENGINE__FLOW_RUNNER__DEFAULT_CLASS")

    environ = of_agent(LocalRun(env=dict.fromkeys(names, "x")), agent_env=dict.fromkeys(names, "y"))

    assert [environ[name] for name in names] == ["run", "http://x:1", "prefect.engine.cloud.CloudFlowRunner"]
    assert environ["PREFECT__CLOUD__USE_LOCAL_SECRETS"] == "false"
    assert environ["PREFECT__CLOUD__AGENT__LABELS"] == "['a']"
    assert environ["PREFECT__BACKEND"] == "server"


@pytest.mark.parametrize(
    ("agent", "run", "expected"),
    [(True, None, "true"), (True, "false", "false"), (False, "true", "false"), (False, None, "false")],
)
def test_a_run_may_forbid_logs_but_not_allow_them(agent, run, expected):
    env = {} if run is None else {"PREFECT__CLOUD__SEND_FLOW_RUN_LOGS": run}

    environ = of_agent(LocalRun(env=env), send_logs=agent)

    assert environ["PREFECT__CLOUD__SEND_FLOW_RUN_LOGS"] == expected


def test_modules_are_found_in_the_working_directory_first(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/known")

    assert of_agent(LocalRun(working_dir="/work"), import_paths=["/more"])["PYTHONPATH"] == os.pathsep.join(
        ["/work", "/known", "/more"]
    )
    assert of_agent()["PYTHONPATH"] == os.pathsep.join([os.getcwd(), "/known"])


def test_the_tenant_is_passed_on_with_a_key_only():
    assert "PREFECT__CLOUD__TENANT_ID" not in of_agent(tenant_id="t")
    environ = of_agent(tenant_id="t", api_key="k")
    assert (environ["PREFECT__CLOUD__TENANT_ID"], environ["PREFECT__CLOUD__API_KEY"]) == ("t", "k")


def test_a_process_without_an_agent_logs_like_its_parent_unless_its_run_says_else():
    environ = generate_flow_run_environ("run", "flow", LocalRun(env={"PREFECT__LOGGING__LEVEL": "DEBUG"}), "key")

    assert environ["PREFECT__LOGGING__LEVEL"] == "DEBUG"
    assert environ["PREFECT__LOGGING__FORMAT"].startswith("[%(asctime)s]")
    assert environ["PREFECT__CLOUD__API_KEY"] == environ["PREFECT__CLOUD__AUTH_TOKEN"] == "key"
    assert environ["PREFECT__CONTEXT__FLOW_ID"] == "flow"
    assert "HOME" not in environ
    assert "HOME" in generate_flow_run_environ("run", "flow", None, include_local_env=True)
