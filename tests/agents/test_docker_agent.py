"""The Docker agent with a real engine, which the tests start: its containers run flows of a real server."""

from __future__ import annotations

import gc
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect._version import __version__
from prefect.agent.docker import DockerAgent
from prefect.agent.docker.agent import MOST_FAILED_PINGS
from prefect.agent.docker.volumes import parse_volume
from prefect.run_configs import DockerRun, LocalRun, RunConfig, UniversalRun
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.graphql import GraphQLResult
from support.engines import Engine, NoEngine, borrowed_volumes, docker_engine
from support.road import Road, wait_until

pytestmark = pytest.mark.process

HOST_IMAGE = "host-python:1"
STAND_IN_IMAGE = "stand-in:1"
# Stands in for the command `prefect` where only the container itself is looked at.
STAND_IN = """\
#!/bin/sh
echo "arguments: $*"
env | sort
[ -z "$STAYS" ] || exec sleep 60
"""

FLOWS = textwrap.dedent(
    """
    import os, time
    from prefect import Flow, context, task

    @task
    def where():
        context.logger.info("below process %s, image %s, own %s", os.getppid(), context.get("image"), os.environ["OWN"])
        return os.path.exists("/.dockerenv")

    @task
    def fail():
        raise ValueError("no")

    @task
    def wait():
        time.sleep(600)

    @task
    def eat():
        eaten = []
        while True:
            eaten.append(b"x" * 10_000_000)

    with Flow("waits") as waits:
        wait()
    with Flow("eats") as eats:
        eat()
    with Flow("in a container") as in_a_container:
        where()
    with Flow("fails") as fails:
        fail()
    """
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        with docker_engine() as engine:
            engine.make_image(HOST_IMAGE)
            engine.make_image(STAND_IN_IMAGE, {"opt/bin/prefect": STAND_IN})
            yield engine
    except NoEngine as why:
        pytest.skip(str(why))


@pytest.fixture
def collected() -> Iterator[None]:
    """Collects sockets that could not be connected: the package docker does not close them."""
    yield
    gc.collect()


# ----- the whole road


@pytest.fixture(scope="module")
def road(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    with Road(tmp_path_factory.mktemp("road"), PREFECT__CLOUD__AGENT__IMAGE=HOST_IMAGE) as road:
        road.server()
        path = road.write("flows.py", FLOWS)
        road.prefect("create", "project", "docker")
        road.python(
            textwrap.dedent(
                f"""
                from prefect.client import Client
                from prefect.run_configs import DockerRun, LocalRun
                from prefect.storage import Local
                from prefect.storage.loading import extract_flow_from_file
                for name in ("in a container", "fails", "waits", "eats"):
                    flow = extract_flow_from_file(file_path={str(path)!r}, flow_name=name)
                    flow.storage = Local(path={str(path)!r}, stored_as_script=True, add_default_labels=False)
                    flow.run_config = DockerRun(env={{"OWN": "of the run"}}, host_config={{"mem_limit": "150m"}})
                    flow.result = flow.storage.result
                    Client().register(flow, "docker", no_url=True)
                """
            )
        )
        volumes = [*borrowed_volumes(), str(road.folder)]
        options = [part for volume in volumes for part in ("--volume", volume)]
        options += ["--env", f"PREFECT__HOME_DIR={road.folder}/home", "--env", "OWN=of the agent"]
        road.start(
            *("agent", "docker", "start", "--base-url", engine.url, "--no-pull", "--network", "host", "-f", *options)
        )
        wait_until("agent", lambda: "Waiting for flow runs" in road.log("agent"), 30)
        yield road


def test_a_run_runs_in_a_container_and_succeeds(road: Road, engine: Engine) -> None:
    run_id = road.new_run("--name", "in a container")

    run = road.final(run_id)

    assert run["state"] == "Success", run["logs"]
    assert [state["state"] for state in run["states"]] == ["Scheduled", "Submitted", "Running", "Success"]
    messages = [log["message"] for log in run["logs"]]
    assert f"below process 1, image {HOST_IMAGE}, own of the run" in messages
    assert any(message.startswith("Submitted for execution: Container ID: ") for message in messages)
    agent_log = wait_until(
        "output of the container", lambda: "Flow run SUCCESS" in road.log("agent") and road.log("agent")
    )
    assert "Starting DockerAgent with labels []" in agent_log
    wait_until("removal of the container", lambda: not engine.client.containers(all=True))


def test_a_flow_runs_in_the_image_that_its_storage_built(road: Road, engine: Engine) -> None:
    road.write(
        "pickled.py",
        FLOWS.replace(
            "from prefect import Flow, context, task", "import prefect\nfrom prefect import Flow, task"
        ).replace("context.", "prefect.context."),
    )
    road.python(
        textwrap.dedent(
            f"""
            import warnings
            from prefect.client import Client
            from prefect.run_configs import DockerRun
            from prefect.storage import Docker
            from prefect.storage.loading import extract_flow_from_file
            warnings.filterwarnings("ignore", "This Docker storage object has no `registry_url`")
            flow = extract_flow_from_file(file_path="pickled.py", flow_name="in a container")
            flow.name = "in an image"
            # No program of the host is there while an image is built: a Dockerfile of its own asks for none.
            with open("Dockerfile", "w") as file:
                file.write("FROM {HOST_IMAGE}")
            flow.storage = Docker(
                dockerfile="Dockerfile", base_url={engine.url!r}, image_name="built", image_tag="1",
                env_vars={{"BUILT": "a b"}}, ignore_healthchecks=True,
            )
            flow.run_config = DockerRun(env={{"OWN": "of the run"}})
            Client().register(flow, "docker", no_url=True)
            """
        )
    )
    run = road.final(road.new_run("--name", "in an image"))

    assert run["state"] == "Success", run["logs"]
    assert "below process 1, image built:1, own of the run" in [log["message"] for log in run["logs"]]
    settings = engine.client.inspect_image("built:1")["Config"]["Env"]
    assert "BUILT=a b" in settings


def test_a_run_that_fails_in_its_container_is_failed(road: Road) -> None:
    run = road.final(road.new_run("--name", "fails"))

    assert run["state"] == "Failed"
    assert run["state_message"] == "Some reference tasks failed."


def messages_of_task_runs(road: Road, run_id: str) -> list[str]:
    document = "query($id: uuid!) { flow_run_by_pk(id: $id) { task_runs { states { message } } } }"
    runs = road.graphql(document, {"id": run_id})["data"]["flow_run_by_pk"]["task_runs"]
    return [state["message"] for run in runs for state in run["states"]]


def test_how_a_container_that_is_killed_ended_is_told(road: Road, engine: Engine) -> None:
    run_id = road.new_run("--name", "waits")
    wait_until("the task to begin", lambda: any("Starting task run" in m for m in logged(road, run_id)))
    [container] = engine.client.containers(filters={"label": f"io.prefect.flow-run-id={run_id}"})

    engine.client.kill(container["Id"])

    run = road.final(run_id, 90)
    assert run["times_resurrected"] == 1
    how = "The process of this flow run was killed by SIGKILL (exit code 137)"
    assert any(message.startswith(how) for message in messages_of_task_runs(road, run_id))
    assert any(message.startswith(how) for message in logged(road, run_id))


def test_a_run_whose_memory_ran_out_says_so(road: Road) -> None:
    run_id = road.new_run("--name", "eats")

    road.final(run_id, 90)

    assert any("SIGKILL" in m and "memory" in m for m in messages_of_task_runs(road, run_id))
    assert any("SIGKILL" in m and "memory" in m for m in logged(road, run_id))


def logged(road: Road, run_id: str) -> list[str]:
    return [line["message"] for line in road.run(run_id)["logs"]]


@pytest.mark.parametrize(
    ("run_config", "reason"),
    [
        (DockerRun(image="not-there:1"), "The Docker engine has no image not-there:1"),
        (LocalRun(), "of type `LocalRun`, only `DockerRun` is supported"),
    ],
    ids=["no-image", "other-kind"],
)
def test_a_run_that_cannot_be_started_is_failed_with_the_reason(road: Road, run_config: RunConfig, reason: str) -> None:
    text = (
        "from prefect.client import Client; from prefect.backend import FlowView; from prefect.run_configs import *; "
    )
    text += "print(Client().create_flow_run(flow_id=FlowView.from_flow_name('fails', last_updated=True).flow_id, "
    text += f"run_config=RunConfig.deserialize({run_config.serialize()!r})))"
    text = text.replace("import *", "import RunConfig")

    run = road.final(road.python(text).strip())

    assert run["state"] == "Failed"
    assert reason in run["state_message"]


# ----- one container at a time


@pytest.fixture
def agent_of(engine: Engine) -> Iterator[Callable[..., DockerAgent]]:
    """Makes agents of this process; what they started is removed."""
    agents = []

    def make(**settings: Any) -> DockerAgent:
        settings = {"base_url": engine.url, "no_pull": True, "networks": ["host"], **settings}
        settings["volumes"] = [*(settings.get("volumes") or []), "/usr:/usr:ro"]
        agents.append(DockerAgent(**settings))
        return agents[-1]

    with set_temporary_config({"cloud.api": "http://localhost:4200", "cloud.api_key": "", "cloud.tenant_id": ""}):
        yield make
    for agent in agents:
        agent.on_shutdown()
    engine.remove_containers()


def flow_run(run_config: RunConfig | None = None, name: str = "quiet fox") -> GraphQLResult:
    flow = {"id": "flow-id", "name": "My flow", "storage": {"type": "Local"}, "core_version": __version__}
    return GraphQLResult(
        {"id": "run-id", "name": name, "flow": flow, "run_config": run_config and run_config.serialize()}
    )


def stays(**settings: Any) -> DockerRun:
    """A run whose container stays until it is removed."""
    return DockerRun(image=STAND_IN_IMAGE, env={"STAYS": "1", "BOTH": "run"}, **settings)


def container_of(engine: Engine, told: str) -> dict[str, Any]:
    return dict(engine.client.inspect_container(told.removeprefix("Container ID: ")))


def test_container_has_name_labels_command_and_environment(
    engine: Engine, agent_of: Callable[..., DockerAgent]
) -> None:
    agent = agent_of(env_vars={"BOTH": "agent", "AGENTS": "1"}, labels=["b", "a"])

    container = container_of(engine, agent.deploy_flow(flow_run(stays(), "Quiet fox/1!")))

    assert container["Name"] == "/Quiet-fox-1"
    config = container["Config"]
    assert config["Labels"] == {
        "io.prefect.flow-name": "My flow",
        "io.prefect.flow-id": "flow-id",
        "io.prefect.flow-run-id": "run-id",
    }
    assert config["Cmd"] == ["prefect", "execute", "flow-run"]
    env = dict(item.split("=", 1) for item in config["Env"])
    assert (
        env.items()
        >= {
            "BOTH": "run",
            "AGENTS": "1",
            "PREFECT__CLOUD__API": "http://localhost:4200",
            "PREFECT__CLOUD__AGENT__LABELS": "['b', 'a']",
            "PREFECT__CONTEXT__FLOW_RUN_ID": "run-id",
            "PREFECT__CONTEXT__FLOW_ID": "flow-id",
            "PREFECT__CONTEXT__IMAGE": STAND_IN_IMAGE,
            "PREFECT__CLOUD__USE_LOCAL_SECRETS": "false",
        }.items()
    )
    assert "PREFECT__CLOUD__API_KEY" not in env
    assert container["HostConfig"]["AutoRemove"] is True
    assert container["HostConfig"]["NetworkMode"] == "host"


def test_a_name_in_use_gets_a_number(engine: Engine, agent_of: Callable[..., DockerAgent]) -> None:
    agent = agent_of()

    names = [container_of(engine, agent.deploy_flow(flow_run(stays())))["Name"] for _ in range(3)]

    assert names == ["/quiet-fox", "/quiet-fox-1", "/quiet-fox-2"]


def test_a_name_of_which_nothing_is_left_becomes_the_runs_id(
    engine: Engine, agent_of: Callable[..., DockerAgent]
) -> None:
    container = container_of(engine, agent_of().deploy_flow(flow_run(stays(), "→ ←")))

    assert container["Name"] == "/run-id"


def test_volumes_are_mounted_and_named_ones_made(
    engine: Engine, agent_of: Callable[..., DockerAgent], tmp_path: Path
) -> None:
    agent = agent_of(volumes=[f"{tmp_path}:/in:ro", str(tmp_path), "kept-here:/kept"])
    assert agent.named_volumes == ["kept-here"]
    assert {"/in", str(tmp_path), "/kept"} <= set(agent.container_mount_paths)
    assert agent.host_spec["kept-here"] == {"bind": "/kept", "mode": "rw"}

    container = container_of(engine, agent.deploy_flow(flow_run(stays())))

    mounts = {(mount["Type"], mount["Destination"], mount["RW"]) for mount in container["Mounts"]}
    assert mounts >= {("bind", "/in", False), ("bind", str(tmp_path), True), ("volume", "/kept", True)}
    assert engine.client.inspect_volume("kept-here")["Labels"] == {"prefect_created": "true"}


def test_the_runs_host_config_wins(engine: Engine, agent_of: Callable[..., DockerAgent]) -> None:
    settings = {"network_mode": "none", "auto_remove": False, "mem_limit": "64m"}

    container = container_of(engine, agent_of().deploy_flow(flow_run(stays(host_config=settings, ports=[8080]))))

    host = container["HostConfig"]
    assert (host["NetworkMode"], host["AutoRemove"], host["Memory"]) == ("none", False, 64 << 20)
    assert list(container["Config"]["ExposedPorts"]) == ["8080/tcp"]


def test_output_of_containers_is_shown_when_asked_for(
    agent_of: Callable[..., DockerAgent], capsys: pytest.CaptureFixture[str]
) -> None:
    agent = agent_of(show_flow_logs=True)
    agent.deploy_flow(flow_run(stays()))
    shown: list[str] = []

    def output() -> str:
        shown.append(capsys.readouterr().out)
        return "".join(shown)

    wait_until("output", lambda: "arguments: execute flow-run" in output(), 20)


def test_a_container_that_cannot_start_leaves_nothing(engine: Engine, agent_of: Callable[..., DockerAgent]) -> None:
    agent = agent_of()
    agent.volumes = []
    with pytest.raises(agent.docker.errors.APIError, match="prefect"):
        agent.deploy_flow(flow_run(DockerRun(image=HOST_IMAGE)))

    assert engine.client.containers(all=True) == []


def test_an_image_that_is_not_there_is_named_with_what_to_do(agent_of: Callable[..., DockerAgent]) -> None:
    with pytest.raises(RuntimeError, match=r"^The Docker engine has no image none:1, and it was not pulled: build or"):
        agent_of().deploy_flow(flow_run(DockerRun(image="none:1")))


def test_images_are_pulled_only_from_allowed_registries(agent_of: Callable[..., DockerAgent]) -> None:
    agent = agent_of(no_pull=False, reg_allow_list=["registry.example:5000/team", "docker.io/mine"])

    for image in ("registry.example:5000/other/x:1", "theirs/x", "registry.example:5000/teams/x"):
        with pytest.raises(ValueError, match="none of the registries"):
            agent.deploy_flow(flow_run(DockerRun(image=image)))


@pytest.mark.parametrize(
    ("networks", "host_config", "expected"),
    [
        ([], None, "http://host.docker.internal:4200"),
        (["prefect-server"], None, "http://apollo:4200"),
        (["host"], None, None),
        ([], {"network_mode": "host"}, None),
        (["host"], {"network_mode": "bridge"}, "http://host.docker.internal:4200"),
    ],
)
def test_a_loopback_api_is_reached_through_the_host(
    agent_of: Callable[..., DockerAgent], networks: list[str], host_config: dict[str, Any] | None, expected: str | None
) -> None:
    assert agent_of(networks=networks).api_address(DockerRun(host_config=host_config)) == expected


@pytest.mark.parametrize(
    ("networks", "mode", "joined"),
    [
        (["a"], None, []),
        (["a", "b", "c"], None, ["b", "c"]),
        (["a", "b"], "b", ["a"]),
        (["a"], "of-the-run", ["a"]),
        (["a"], "host", []),
    ],
)
def test_a_container_joins_the_networks_of_the_agent_that_it_does_not_begin_in(
    agent_of: Callable[..., DockerAgent],
    monkeypatch: pytest.MonkeyPatch,
    networks: list[str],
    mode: str | None,
    joined: list[str],
) -> None:
    agent, found = agent_of(networks=networks), []
    monkeypatch.setattr(
        agent.docker_client, "connect_container_to_network", lambda container, net_id: found.append(net_id)
    )

    agent._join_further_networks("c", DockerRun(host_config=None if mode is None else {"network_mode": mode}))

    assert found == joined


@pytest.mark.parametrize(
    ("networks", "mode", "named"),
    [
        ([], None, None),
        (["a", "b"], None, {"a"}),
        (["a", "b"], "b", {"b"}),
        (["a"], "of-the-run", None),
        (["a"], "host", None),
        (["host"], None, None),
    ],
)
def test_a_container_has_an_address_in_a_network_of_the_agent_or_none(
    agent_of: Callable[..., DockerAgent], networks: list[str], mode: str | None, named: set[str] | None
) -> None:
    run_config = DockerRun(host_config=None if mode is None else {"network_mode": mode})
    config = agent_of(networks=networks)._networking_config(run_config)
    assert (config if config is None else set(config["EndpointsConfig"])) == named


def test_an_api_elsewhere_keeps_its_address(agent_of: Callable[..., DockerAgent]) -> None:
    agent = agent_of(networks=[])
    with set_temporary_config({"cloud.api": "https://prefect.example"}):
        assert (
            agent.populate_env_vars(flow_run(), "i", UniversalRun())["PREFECT__CLOUD__API"] == "https://prefect.example"
        )


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("collected")
def test_an_engine_that_stays_away_ends_the_agent() -> None:
    try:
        with docker_engine() as engine:
            agent = DockerAgent(base_url=engine.url, docker_client_timeout=2)
            assert agent.failed_connections == 0
            agent.failed_connections = 1
            agent.heartbeat()
            assert agent.failed_connections == 0
    except NoEngine as why:
        pytest.skip(str(why))
    stopped = []
    agent.stop = lambda: stopped.append(True)  # type: ignore[method-assign]

    for _ in range(MOST_FAILED_PINGS - 1):
        agent.heartbeat()
    assert not stopped
    agent.heartbeat()

    assert stopped


# ----- without an engine


@pytest.mark.parametrize(
    ("spec", "volume"),
    [
        ("/a", ("/a", "/a", "rw")),
        ("/a:/b", ("/a", "/b", "rw")),
        ("/a:/b:ro", ("/a", "/b", "ro")),
        ("/a:ro", ("/a", "/a", "ro")),
        ("name:/b", ("name", "/b", "rw")),
        ("name:/b:rw", ("name", "/b", "rw")),
    ],
)
def test_volumes_are_understood(spec: str, volume: tuple[str, str, str]) -> None:
    assert parse_volume(spec) == volume


@pytest.mark.parametrize(
    "spec", ["", "name", "a/b", "/a:b", "/a:/b:xx", "/a::ro", "name:/b:ro", "-x:/b", "/a:/b:/c:rw"]
)
def test_volumes_that_make_no_sense_are_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="Invalid volume"):
        parse_volume(spec)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("collected")
def test_an_engine_that_is_not_there_is_told() -> None:
    pytest.importorskip("docker", reason="needs the extra docker")
    with pytest.raises(RuntimeError, match="The Docker engine at unix:///nowhere does not answer"):
        DockerAgent(base_url="unix:///nowhere")
