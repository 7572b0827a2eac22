"""What agents add to the environment of a flow run's container."""

from __future__ import annotations

import pytest

from prefect.backend.environ import RUN_PROCESS, container_environ
from prefect.run_configs import UniversalRun
from prefect.utilities.configuration import set_temporary_config


def environ(run_env=None, **settings):
    given = {"image": "i", "agent_env": {}, "labels": [], "api_key": None, "tenant_id": None, "send_logs": True}
    return container_environ("run", "flow", UniversalRun(env=run_env), **{**given, **settings})


def test_the_runs_variables_win_over_the_agents_but_not_over_what_makes_the_run_this_run():
    forced = {"PREFECT__CONTEXT__FLOW_RUN_ID": "other", "PREFECT__CLOUD__AGENT__LABELS": "other"}

    found = environ({"A": 1, **forced}, agent_env={"A": "agent", "B": "agent"}, labels=["x"])

    assert (found["A"], found["B"]) == ("1", "agent")
    assert found["PREFECT__CONTEXT__FLOW_RUN_ID"] == "run"
    assert found["PREFECT__CLOUD__AGENT__LABELS"] == "['x']"


def test_each_start_has_a_name_of_its_own_by_which_the_server_knows_it():
    first, second = environ()[RUN_PROCESS], environ()[RUN_PROCESS]

    assert first.startswith("run/")
    assert first != second


def test_nothing_of_this_process_is_passed_on(monkeypatch):
    monkeypatch.setenv("PREFECT_TEST_SECRET", "1")

    assert "PREFECT_TEST_SECRET" not in environ()
    assert "PATH" not in environ()


@pytest.mark.parametrize(
    ("agent", "run", "sends"),
    [(True, None, "true"), (True, "false", "false"), (False, None, "false"), (False, "true", "false")],
)
def test_logs_are_sent_when_both_agent_and_run_want_it(agent, run, sends):
    found = environ(run and {"PREFECT__CLOUD__SEND_FLOW_RUN_LOGS": run}, send_logs=agent)

    assert found["PREFECT__CLOUD__SEND_FLOW_RUN_LOGS"] == found["PREFECT__LOGGING__LOG_TO_CLOUD"] == sends


def test_key_and_tenant_go_together():
    names = {"PREFECT__CLOUD__API_KEY", "PREFECT__CLOUD__AUTH_TOKEN", "PREFECT__CLOUD__TENANT_ID"}

    assert not names & set(environ(tenant_id="t"))
    assert {environ(api_key="k", tenant_id="t")[name] for name in names} == {"k", "t"}


def test_the_address_of_the_api_can_be_another_one_inside():
    with set_temporary_config({"cloud.api": "http://here:1"}):
        assert environ()["PREFECT__CLOUD__API"] == "http://here:1"
        assert environ(api="http://there:2")["PREFECT__CLOUD__API"] == "http://there:2"
