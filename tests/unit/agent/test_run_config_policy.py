"""Which run configs an agent takes from whom: every cell of the security guide's table, and what the words mean."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.agent import agent as agents
from prefect.agent.policy import LOCKED_VARIABLES, RunConfigPolicy, RunConfigRefused
from prefect.model import codec
from prefect.run_configs import DockerRun, ECSRun, KubernetesRun, LocalRun, RunConfig, UniversalRun, VertexRun

GUIDE = Path(__file__).parents[3] / "docs/guides/security.md"
KINDS: dict[str, type[RunConfig]] = {
    "local": LocalRun,
    "docker": DockerRun,
    "kubernetes": KubernetesRun,
    "ecs": ECSRun,
    "vertex": VertexRun,
}
#: Column of the table -> the role with which the run config was given, and the agent's policy.
GIVERS: dict[str, tuple[str | None, str | None]] = {
    "the flow's or its group's": (None, None),
    "no keys": ("any", None),
    "`admin`": ("admin", None),
    "`run`": ("run", None),
    "`run`, with `env`": ("run", "env"),
    "`run`, with `all`": ("run", "all"),
    "`trigger`": ("trigger", None),
}
VALUES: dict[str, Any] = {
    "labels": {"a"},
    "env": {"WORD": "secret value"},
    "env, a locked variable": {"PYTHONPATH": "secret value"},
    "ports": [80],
    "host_config": {"privileged": True},
    "job_template": {"spec": {}},
    "image_pull_secrets": ["a"],
    "image_pull_policy": "Always",
    "task_definition": {"containerDefinitions": []},
    "run_task_kwargs": {"cluster": "theirs"},
    "scheduling": {"timeout": "1s"},
    "worker_pool_specs": [{"container_spec": {}}],
}


def table() -> Iterator[tuple[str, str, str, str]]:
    """Give the cells of the guide's table: field, agent, column, what happens."""
    lines = iter(GUIDE.read_text().splitlines())
    header = next(line for line in lines if line.startswith("| field of a run config "))
    columns = [part.strip() for part in header.strip("|").split("|")][2:]
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        fields, kinds, *outcomes = [part.strip() for part in line.strip("|").split("|")]
        names = [fields.replace("`", "")] if "locked" in fields else re.findall(r"`(\w+)`", fields)
        for name in names:
            for kind in kinds.split(", "):
                for column, outcome in zip(columns, outcomes, strict=True):
                    yield name, kind, column, outcome


CELLS = list(table())


def config_with(kind: str, field: str) -> dict[str, Any]:
    made = KINDS[kind]()
    setattr(made, field.partition(",")[0], VALUES.get(field, "theirs"))
    return made.serialize()


@pytest.mark.parametrize(("field", "kind", "column", "outcome"), CELLS, ids=[" ".join(cell[:3]) for cell in CELLS])
def test_what_counts_of_a_run_config(field: str, kind: str, column: str, outcome: str) -> None:
    role, allowed = GIVERS[column]
    given = config_with(kind, field)
    own = {"type": "UniversalRun", "labels": [], "env": None}
    policy = RunConfigPolicy(allowed)

    if outcome == "counts":
        admitted = policy.admit(given, own=given if role is None else own, role=role)
        assert admitted is not None
        name = field.partition(",")[0]
        if field != "labels":
            assert getattr(codec.load("run_config", admitted), name) == VALUES.get(field, "theirs")
        return
    # A role that cannot give one is refused by the server: see the test of access. The agent does not rely on it.
    assert outcome in ("refused", "not created")
    if (field, outcome) == ("labels", "not created"):
        return
    with pytest.raises(RunConfigRefused) as refusal:
        policy.admit(given, own=own, role=role)
    told = "PYTHONPATH" if "locked" in field and allowed == "env" else field.partition(",")[0]
    assert told in str(refusal.value)
    assert "secret value" not in str(refusal.value)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_has_every_field_and_giver(kind: str) -> None:
    told = {field for field, of_kind, _, _ in CELLS if of_kind == kind}

    assert told == {"labels", "env", "env, a locked variable", *KINDS[kind].fields}
    assert {column for _, _, column, _ in CELLS} == set(GIVERS)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("local", "LocalAgent"),
        ("docker", "DockerAgent"),
        ("kubernetes", "KubernetesAgent"),
        ("ecs", "ECSAgent"),
        ("vertex", "VertexAgent"),
    ],
)
def test_every_agent_starts_runs_by_the_road_that_asks_the_policy(module: str, name: str) -> None:
    kind = getattr(pytest.importorskip(f"prefect.agent.{module}"), name)

    assert kind._deploy_flow_run is agents.Agent._deploy_flow_run
    assert kind._admitted is agents.Agent._admitted
    source = inspect.getsource(agents.Agent._deploy_flow_run)
    assert source.index("self._admitted(run)") < source.index("self.deploy_flow(")


def test_with_env_the_flows_own_run_config_is_kept() -> None:
    own = DockerRun(image="own:1", host_config={"read_only": True}, env={"A": "own", "B": "own"}).serialize()

    for given in (UniversalRun(env={"B": "run", "C": "run"}), DockerRun(env={"B": "run", "C": "run"})):
        admitted = RunConfigPolicy("env").admit(given.serialize(), own=own, role="run")

        assert codec.load("run_config", admitted or {}) == DockerRun(
            image="own:1", host_config={"read_only": True}, env={"A": "own", "B": "run", "C": "run"}
        )


def test_another_kind_of_run_config_is_more_than_variables() -> None:
    own = DockerRun(host_config={"read_only": True}).serialize()

    with pytest.raises(RunConfigRefused, match="does not take type of"):
        RunConfigPolicy("env").admit(KubernetesRun(env={"A": "1"}).serialize(), own=own, role="run")


def test_what_says_nothing_new_counts_as_the_flows_own() -> None:
    own = DockerRun(image="own:1", labels=["a"]).serialize()

    for given in (UniversalRun(labels=["b"]), DockerRun(image="own:1"), DockerRun(), UniversalRun(env={})):
        assert RunConfigPolicy("none").admit(given.serialize(), own=own, role="run") == own
    assert RunConfigPolicy("none").admit(None, own=own, role="run") is None


def test_an_explicit_word_holds_for_everybody() -> None:
    given = LocalRun(working_dir="/theirs").serialize()

    for role in ("any", "admin", "run"):
        with pytest.raises(RunConfigRefused, match="--allow-run-config none"):
            RunConfigPolicy("none").admit(given, own=None, role=role)
    with pytest.raises(RunConfigRefused, match="has the role of-tomorrow"):
        RunConfigPolicy().admit(given, own=None, role="of-tomorrow")


@pytest.mark.parametrize(
    "name",
    [
        *("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "PYTHONINSPECT", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"),
        *("PATH", "Path", "path", "BASH_ENV", "BASH_FUNC_x%%", "ENV", "IFS", "GIT_SSH_COMMAND", "GIT_EXEC_PATH"),
        *("DYLD_INSERT_LIBRARIES", "NODE_OPTIONS", "PERL5LIB", "PERL5OPT", "RUBYOPT", "RUBYLIB", "HTTPS_PROXY"),
        *("https_proxy", "PREFECT__CLOUD__API", "PREFECT__CLOUD__API_KEY", "PREFECT__BACKEND", "PREFECT__HOME_DIR"),
        *("PREFECT__ENGINE__EXECUTOR__DEFAULT_CLASS", "PREFECT__USER_CONFIG_PATH", "HOME", "SSL_CERT_FILE"),
        *("AWS_CONFIG_FILE", "KUBECONFIG", "DASK_DISTRIBUTED__WORKER__PRELOAD", "JAVA_TOOL_OPTIONS"),
    ],
)
def test_locked_variables(name: str) -> None:
    with pytest.raises(RunConfigRefused, match=re.escape(name)):
        RunConfigPolicy("env").admit(UniversalRun(env={name: "x", "FINE": "y"}).serialize(), own=None, role="run")


@pytest.mark.parametrize("name", ["TZ", "DEBUG", "MY_PATH", "PREFECT__LOGGING__LEVEL", "ENVIRONMENT"])
def test_variables_that_are_not_locked(name: str) -> None:
    admitted = RunConfigPolicy("env").admit(UniversalRun(env={name: "x"}).serialize(), own=None, role="run")

    assert admitted is not None
    assert admitted["env"] == {name: "x"}
    assert all(pattern == pattern.upper() for pattern in LOCKED_VARIABLES)


def test_what_the_agent_sets_a_creator_may_not_set_otherwise() -> None:
    policy = RunConfigPolicy("env")

    with pytest.raises(RunConfigRefused, match="This agent sets token itself"):
        policy.admit(UniversalRun(env={"token": "x"}).serialize(), own=None, role="run", locked={"TOKEN"})


@pytest.mark.parametrize(("mode", "is_refused"), [("env", True), ("all", False)])
def test_what_an_operator_sets_for_each_run_is_the_operators(mode: Any, is_refused: bool) -> None:
    agent = agents.Agent(env_vars={"TOKEN": "mine"})
    agent.policy = RunConfigPolicy(mode)
    run = {"run_config": UniversalRun(env={"TOKEN": "theirs"}).serialize(), "run_config_role": "run", "flow": {}}

    if is_refused:
        with pytest.raises(RunConfigRefused, match=r"^This agent sets TOKEN itself"):
            agent._admitted(run)
    else:
        assert agent._admitted(run) == run["run_config"]
    given = {**run, "run_config": UniversalRun(env={"MINE": "x"}).serialize()}
    admitted = agent._admitted(given)
    assert admitted is not None
    assert admitted["env"] == {"MINE": "x"}


def test_a_denied_variable_is_set_by_no_run_config() -> None:
    policy = RunConfigPolicy(None, ["my_*", "PREFECT__LOGGING__LEVEL"])
    given = UniversalRun(env={"MY_KEY": "x"}).serialize()

    for role in (None, "admin", "any"):
        with pytest.raises(RunConfigRefused, match="lets no run set MY_KEY"):
            policy.admit(given, own=given, role=role)
    with pytest.raises(RunConfigRefused, match="lets no run set MY_KEY"):
        RunConfigPolicy("env", ["MY_KEY"]).admit(UniversalRun(env={"A": "1"}).serialize(), own=given, role="run")
    with pytest.raises(RunConfigRefused, match="PREFECT__LOGGING__LEVEL"):
        policy.admit(UniversalRun(env={"PREFECT__LOGGING__LEVEL": "x"}).serialize(), own=None, role=None)


def test_another_word_is_refused() -> None:
    with pytest.raises(ValueError, match="allow_run_config: expected one of all, env, none, got 'some'"):
        RunConfigPolicy("some")
