"""A local agent, its server and its flow runs, all as real processes."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from datetime import UTC, datetime, timedelta

import pytest

from prefect.agent.agent import ENDING
from prefect.agent.local.agent import LocalAgent, usual_max_processes
from prefect.agent.polling import INTERVALS_SECONDS
from prefect.backend import FlowRunView
from prefect.backend.flow_run import watch_flow_run
from prefect.client import Client
from prefect.core.flow import Flow
from prefect.model.state import Resume, Submitted
from prefect.run_configs import DockerRun, LocalRun, UniversalRun
from prefect.storage import Local
from prefect.storage.loading import extract_flow_from_file
from prefect.utilities.configuration import set_temporary_config
from support.agents import READY, AgentProcess, running_agent
from support.servers import ServerProcess, free_port, running_server

pytestmark = pytest.mark.process

PROJECT = "agents"
LONGEST = timedelta(seconds=60)

FLOWS = textwrap.dedent(
    """
    import os, time
    from datetime import timedelta
    from prefect import Flow, Parameter, context, task
    from prefect.engine import signals

    @task
    def say(name):
        context.logger.info("hello %s", name)

    @task(max_retries=1, retry_delay=timedelta(seconds=0))
    def flaky():
        if context.task_run_count < 2:
            raise ValueError("first attempt")

    @task(max_retries=1, retry_delay=timedelta(minutes=20))
    def much_later():
        raise ValueError("not now")

    @task
    def paused():
        if not context.get("resume"):
            raise signals.PAUSE("approve me")

    @task
    def environment():
        return {name: os.environ.get(name) for name in ("FROM_AGENT", "FROM_RUN", "BOTH")} | {"cwd": os.getcwd()}

    @task
    def slow(folder):
        open(os.path.join(folder, "started"), "w").close()
        while not os.path.exists(os.path.join(folder, "go on")):
            time.sleep(0.02)

    @task
    def plus_one(x):
        return x + 1

    with Flow("says hello") as says_hello:
        say(Parameter("name", default="world"))
    with Flow("flaky") as is_flaky:
        flaky()
    with Flow("much later") as is_much_later:
        much_later()
    with Flow("paused") as is_paused:
        paused()
    with Flow("environment") as has_environment:
        environment()
    with Flow("slow") as is_slow:
        slow(Parameter("folder"))
    with Flow("mapped") as is_mapped:
        plus_one.map([1, 2, 3])
    """
)


@pytest.fixture(scope="module")
def script(server):
    path = server.folder / "flows.py"
    path.write_text(FLOWS)
    Client().create_project(PROJECT)
    return path


@pytest.fixture(scope="module", params=[(), ("--warm",)], ids=["fresh", "warm"])
def mode(request):
    """Each flow run with an interpreter of its own, or forked: everything else is the same."""
    return request.param


@pytest.fixture(scope="module")
def agent(server, script, mode):
    with running_agent(server, server.folder, *mode, "--env", "FROM_AGENT=1", "--env", "BOTH=agent") as agent:
        yield agent


@pytest.fixture(scope="module")
def registered(server, script):
    """Gives the id of a flow of the script, registered once."""
    known = {}

    def register(name):
        if name not in known:
            flow: Flow = extract_flow_from_file(file_path=str(script), flow_name=name)
            flow.storage = Local(path=str(script), stored_as_script=True)
            flow.result = flow.storage.result
            flow.run_config = UniversalRun()
            known[name] = Client().register(flow, PROJECT, no_url=True)
        return known[name]

    return register


def lines_of(run_id):
    return [log.message for log in watch_flow_run(run_id, max_duration=LONGEST)]


def wait_for(what, probe):
    """Another process gives no event to wait for."""
    end = time.monotonic() + LONGEST.total_seconds()
    while not (found := probe()):
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.02)
    return found


def test_a_run_is_taken_run_and_told_in_order(client, agent, registered):
    run_id = client.create_flow_run(flow_id=registered("says hello"), parameters={"name": "you"})

    lines = lines_of(run_id)

    states = [line for line in lines if line.startswith("Entered state")]
    assert states == [
        "Entered state <Scheduled>: Flow run scheduled.",
        "Entered state <Submitted>: Submitted for execution",
        "Entered state <Running>: Running flow.",
        "Entered state <Success>: All reference tasks succeeded.",
    ]
    running, success = lines.index(states[2]), lines.index(states[3])
    assert lines.index("Beginning Flow run for 'says hello'") < running
    assert running < lines.index("hello you") < success
    assert any(line.startswith("Submitted for execution: PID: ") for line in lines)
    agent.wait_for(f"Completed deployment of flow run {run_id}")


def test_an_idle_agent_takes_a_run_within_a_moment_of_its_creation(client, agent, registered):
    flow_id = registered("says hello")
    delays, beside = [], []
    for _ in range(5):
        begun = time.monotonic()
        client.create_project(f"beside {begun}")
        beside.append(time.monotonic() - begun)
        run_id = client.create_flow_run(flow_id=flow_id)
        list(watch_flow_run(run_id, max_duration=LONGEST))
        created, submitted = FlowRunView.from_flow_run_id(run_id).states[:2]
        assert submitted.is_submitted()
        delays.append((submitted.timestamp - created.timestamp).total_seconds())

    # It is woken, and makes no pause of its own: that takes as long as a few requests do at this moment. The median,
    # because this machine may stand still.
    assert sorted(delays)[2] < 0.05 + 10 * sorted(beside)[2]


def test_a_run_of_the_future_starts_at_its_time(client, agent, registered):
    start = datetime.now(UTC) + timedelta(seconds=1.5)
    run_id = client.create_flow_run(flow_id=registered("says hello"), scheduled_start_time=start)

    lines_of(run_id)

    submitted = FlowRunView.from_flow_run_id(run_id).states[1]
    # And not only after the longest pause between two questions.
    assert 0 <= (submitted.timestamp - start).total_seconds() < INTERVALS_SECONDS[-1]


def test_a_failed_task_is_tried_again_in_the_same_process(client, agent, registered):
    run_id = client.create_flow_run(flow_id=registered("flaky"))

    lines = lines_of(run_id)

    assert FlowRunView.from_flow_run_id(run_id).state.is_successful()
    assert sum(line.startswith("Beginning Flow run") for line in lines) == 1
    assert sum("Starting task run" in line for line in lines) == 2


def test_children_of_a_mapped_task_have_runs_and_values_of_their_own(client, agent, registered):
    run_id = client.create_flow_run(flow_id=registered("mapped"))
    lines_of(run_id)

    view = FlowRunView.from_flow_run_id(run_id)

    assert view.get_task_run("plus_one-1").get_result() == [2, 3, 4]
    assert view.get_task_run("plus_one-1", map_index=2).get_result() == 4
    indices = sorted(run.map_index for run in view.get_all_task_runs() if run.task_slug == "plus_one-1")
    assert indices == [-1, 0, 1, 2]


def test_a_distant_retry_ends_the_process_and_leaves_the_run_running(client, agent, registered):
    run_id = client.create_flow_run(flow_id=registered("much later"))

    for log in watch_flow_run(run_id, max_duration=LONGEST):
        if "terminal tasks are incomplete" in log.message:
            break

    [task_run] = FlowRunView.from_flow_run_id(run_id).get_all_task_runs()
    assert task_run.state.is_retrying()
    assert FlowRunView.from_flow_run_id(run_id).state.is_running()


def test_a_paused_run_goes_on_when_it_is_approved(client, agent, registered):
    run_id = client.create_flow_run(flow_id=registered("paused"))
    lines = watch_flow_run(run_id, max_duration=LONGEST)
    assert any("terminal tasks are incomplete" in log.message for log in lines)
    [task_run] = FlowRunView.from_flow_run_id(run_id).get_all_task_runs()

    client.set_task_run_state(task_run.task_run_id, Resume())
    lines_of(run_id)

    assert FlowRunView.from_flow_run_id(run_id).state.is_successful()


def test_the_runs_own_variables_win_over_the_agents(client, agent, registered, tmp_path):
    run_config = LocalRun(env={"FROM_RUN": "2", "BOTH": "run"}, working_dir=str(tmp_path))
    run_id = client.create_flow_run(flow_id=registered("environment"), run_config=run_config)
    lines_of(run_id)

    seen = FlowRunView.from_flow_run_id(run_id).get_task_run("environment-1").get_result()

    assert seen == {"FROM_AGENT": "1", "FROM_RUN": "2", "BOTH": "run", "cwd": str(tmp_path)}


@pytest.mark.parametrize(
    ("run_config", "message"),
    [
        pytest.param(DockerRun(), "of type `DockerRun`, only `LocalRun` is supported", id="other-kind"),
        pytest.param(LocalRun(working_dir="/proc/nowhere"), "a nonexistent `working_dir`", id="no-folder"),
    ],
)
def test_a_run_that_cannot_be_started_is_failed_with_the_reason(client, agent, registered, run_config, message):
    run_id = client.create_flow_run(flow_id=registered("says hello"), run_config=run_config)

    lines = lines_of(run_id)

    state = FlowRunView.from_flow_run_id(run_id).state
    assert state.is_failed()
    assert message in state.message
    assert any(message in line and not line.startswith("Entered") for line in lines)


def test_a_flow_that_cannot_be_loaded_fails_its_run_with_the_reason(client, agent, registered, server):
    path = server.folder / "gone.py"
    path.write_text(FLOWS)
    flow = extract_flow_from_file(file_path=str(path), flow_name="says hello")
    flow.name = "gone"
    flow.storage = Local(path=str(path), stored_as_script=True)
    flow.run_config = UniversalRun()
    flow.result = flow.storage.result
    flow_id = client.register(flow, PROJECT, no_url=True)
    path.unlink()

    run_id = client.create_flow_run(flow_id=flow_id)
    lines_of(run_id)

    assert (
        "Failed to load and execute flow run: FileNotFoundError" in FlowRunView.from_flow_run_id(run_id).state.message
    )


def test_a_run_with_other_labels_is_left_alone(client, agent, registered):
    run_id = client.create_flow_run(flow_id=registered("says hello"), labels=["elsewhere"])
    taken = client.create_flow_run(flow_id=registered("says hello"))

    lines_of(taken)

    assert FlowRunView.from_flow_run_id(run_id).state.is_scheduled()


def test_a_run_that_another_agent_has_submitted_is_not_started(client, agent, registered):
    run_id = client.create_flow_run(
        flow_id=registered("says hello"), scheduled_start_time=datetime.now(UTC) + timedelta(seconds=1)
    )
    state = client.get_flow_run_state(run_id)
    client.set_flow_run_state(run_id, Submitted("by another", state=state))
    later = client.create_flow_run(
        flow_id=registered("says hello"), scheduled_start_time=datetime.now(UTC) + timedelta(seconds=1.2)
    )

    lines_of(later)

    assert client.get_flow_run_state(run_id).is_submitted()
    assert run_id not in agent.log


def test_a_running_flow_run_can_be_cancelled(client, agent, registered, tmp_path):
    run_id = client.create_flow_run(flow_id=registered("slow"), parameters={"folder": str(tmp_path)})
    wait_for("start", (tmp_path / "started").exists)

    assert client.cancel_flow_run(run_id) == "Cancelling"
    lines_of(run_id)

    view = FlowRunView.from_flow_run_id(run_id)
    assert type(view.state).__name__ == "Cancelled"
    assert {type(run.state).__name__ for run in view.get_all_task_runs() if run.task_slug == "slow-1"} == {"Cancelled"}


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_flow_runs_go_on_when_their_agent_ends(server, client, registered, tmp_path, by, mode):
    with running_agent(server, tmp_path, *mode, "--label", by.name) as agent:
        run_id = client.create_flow_run(
            flow_id=registered("slow"), parameters={"folder": str(tmp_path)}, labels=[by.name]
        )
        wait_for("start", (tmp_path / "started").exists)

        code = agent.stop(by)

        assert code == (-signal.SIGKILL if by is signal.SIGKILL else 0)
        (tmp_path / "go on").touch()
        lines_of(run_id)
        assert FlowRunView.from_flow_run_id(run_id).state.is_successful()


def test_no_more_runs_have_a_process_than_there_are_places_and_the_others_wait_in_the_queue(
    server, client, registered, tmp_path, mode
):
    flow_id, label = registered("slow"), "few"
    folders = [tmp_path / f"{number}" for number in range(5)]
    for folder in folders:
        folder.mkdir()
    ids = [
        client.create_flow_run(flow_id=flow_id, parameters={"folder": str(folder)}, labels=[label])
        for folder in folders
    ]

    def started():
        return [folder for folder in folders if (folder / "started").exists()]

    def states():
        return sorted(type(client.get_flow_run_state(run_id)).__name__ for run_id in ids)

    with running_agent(server, tmp_path, *mode, "--label", label, "--max-processes", "2") as agent:
        wait_for("two", lambda: len(started()) == 2)
        agent.wait_for("2 flow runs have a process, as many as --max-processes allows")
        # Not taken: another agent may have them.
        assert states() == ["Running", "Running", "Scheduled", "Scheduled", "Scheduled"]
        (started()[0] / "go on").touch()
        wait_for("a third", lambda: len(started()) == 3)
        assert states().count("Scheduled") == 2
        with running_agent(server, tmp_path, *mode, "--label", label):
            wait_for("all", lambda: len(started()) == 5)
            for folder in folders:
                (folder / "go on").touch()
            wait_for("the end of all", lambda: not {"Running", "Scheduled", "Submitted"} & {*states()})
    assert states() == ["Success"] * 5


def test_the_settings_tell_how_many_processes_too(server, client, registered, tmp_path, mode):
    first, second = (tmp_path / name for name in ("first", "second"))
    with running_agent(server, tmp_path, *mode, "--label", "one", PREFECT__CLOUD__AGENT__MAX_PROCESSES="1") as agent:
        for folder in (first, second):
            folder.mkdir()
            client.create_flow_run(flow_id=registered("slow"), parameters={"folder": str(folder)}, labels=["one"])
        wait_for("the first", (first / "started").exists)
        agent.wait_for("1 flow runs have a process")
        assert not (second / "started").exists()
        for folder in (first, second):
            (folder / "go on").touch()
        wait_for("the second", (second / "started").exists)


@pytest.mark.parametrize("given", [0, -1, 100_001, 1.5, True, "many"])
def test_what_is_no_number_of_processes_is_refused(given):
    with set_temporary_config({"cloud.api": "http://127.0.0.1:1"}):
        with pytest.raises(ValueError, match="max_processes must be a whole number from 1 to 100000; got"):
            LocalAgent(max_processes=given)
        with (
            set_temporary_config({"cloud.agent.max_processes": given or -5}),
            pytest.raises(ValueError, match="max_processes must be"),
        ):
            LocalAgent()


def test_the_usual_number_of_processes_grows_with_the_machine(monkeypatch):
    found = []
    for processors in (None, 1, 2, 8):
        monkeypatch.setattr(os, "cpu_count", lambda processors=processors: processors)
        found.append(usual_max_processes())
    assert found == [50, 50, 50, 200]


def test_agent_and_flow_run_outlive_a_server_that_is_killed_and_started_again(script, tmp_path, mode):
    with running_server(tmp_path) as server, set_temporary_config({"cloud.api": server.url}):
        client = Client()
        client.create_project(PROJECT)
        flow = extract_flow_from_file(file_path=str(script), flow_name="slow")
        flow.storage = Local(path=str(script), stored_as_script=True)
        flow.run_config, flow.result = UniversalRun(), flow.storage.result
        flow_id = client.register(flow, PROJECT, no_url=True)
        with running_agent(server, tmp_path, *mode) as agent:
            run_id = client.create_flow_run(flow_id=flow_id, parameters={"folder": str(tmp_path)})
            wait_for("start", (tmp_path / "started").exists)

            server.stop(signal.SIGKILL)
            (tmp_path / "go on").touch()
            agent.wait_for("Trying again until it answers.")
            server.start()

            lines_of(run_id)
            assert FlowRunView.from_flow_run_id(run_id).state.is_successful()
            second = client.create_flow_run(flow_id=flow_id, parameters={"folder": str(tmp_path)})
            lines_of(second)
            assert FlowRunView.from_flow_run_id(second).state.is_successful()
            assert agent.log.count("Trying again until it answers.") == 1


def test_an_agent_ends_after_the_number_of_questions_it_was_given(server, client, tmp_path, mode):
    with running_agent(server, tmp_path, *mode, "--max-polls", "1", "--label", "nobody") as agent:
        assert agent.process.wait(30) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_agent_in_the_background_of_a_script_can_be_interrupted(server, tmp_path, number, mode):
    # As a shell without job control does for `command &`; the tests themselves may run under nohup.
    handled = {signal.SIGINT: signal.SIG_IGN, signal.SIGHUP: signal.SIG_DFL}
    former = {one: signal.signal(one, handler) for one, handler in handled.items()}
    try:
        agent = AgentProcess(server, tmp_path, *mode, "--label", "background")
    finally:
        for one, handler in former.items():
            signal.signal(one, handler)
    try:
        agent.wait_for(READY)

        agent.process.send_signal(number)

        assert agent.process.wait(30) == 0
        assert agent.log.rstrip().endswith(ENDING[number.name])
    finally:
        agent.stop()


def test_an_agent_says_that_it_is_alive(server, tmp_path, mode):
    import urllib.request

    address = f"http://127.0.0.1:{free_port()}"
    with running_agent(server, tmp_path, *mode, "--agent-address", address, "--label", "health"):
        with urllib.request.urlopen(f"{address}/api/health", timeout=60) as answer:
            assert answer.read() == b"{}"
        with urllib.request.urlopen(f"{address}/api/poke", timeout=60) as answer:
            assert answer.status == 200


def test_an_agent_address_without_a_host_is_answered_at_every_address_of_the_machine():
    import socket
    import urllib.request

    from prefect.agent.health import HealthServer

    with HealthServer(f"http://:{free_port()}", lambda: None) as health:
        with urllib.request.urlopen(f"http://127.0.0.2:{health.port}/api/health", timeout=60) as answer:
            assert answer.read() == b"{}"
        if socket.has_dualstack_ipv6():
            with urllib.request.urlopen(f"http://[::1]:{health.port}/api/health", timeout=60) as answer:
                assert answer.read() == b"{}"


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({}, "/api/health", 200),
        ({}, "/api/health/", 200),
        ({}, "/api/health?probe=1", 200),
        ({"Host": "agent-pod:8080"}, "/api/health", 200),
        ({"Host": "192.0.2.1"}, "/api/health", 200),
        ({"Origin": "http://localhost:8080"}, "/api/health", 200),
        ({"Host": "evil.example"}, "/api/health", 403),
        ({"Host": "evil.example:8080"}, "/api/poke", 403),
        ({"Host": "localhost@evil.example"}, "/api/poke", 403),
        ({"Origin": "http://evil.example"}, "/api/poke", 403),
        ({"Origin": "null"}, "/api/poke", 403),
        ({}, "//api/poke", 404),
        ({}, "/x/api/poke", 404),
        ({}, "/api/poke//", 404),
        ({}, "/api/health/../poke", 404),
    ],
)
def test_a_page_in_a_browser_cannot_call_an_agent(headers, path, status):
    import http.client

    from prefect.agent.health import HealthServer

    pokes: list[int] = []
    with HealthServer(f"http://127.0.0.1:{free_port()}", lambda: pokes.append(1)) as health:
        connection = http.client.HTTPConnection("127.0.0.1", health.port, timeout=30)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        connection.close()

        assert answer.status == status
        assert pokes == []
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/api/poke", "/api/poke/", "/api/poke?now"])
def test_who_pokes_an_agent_makes_it_look(path):
    import urllib.request

    from prefect.agent.health import HealthServer

    pokes: list[int] = []
    with (
        HealthServer(f"http://127.0.0.1:{free_port()}", lambda: pokes.append(1)) as health,
        urllib.request.urlopen(f"http://127.0.0.1:{health.port}{path}", timeout=60) as answer,
    ):
        assert (answer.status, answer.read()) == (200, b"")
    assert pokes == [1]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("nonsense", "Must specify port in agent address, as in http://:8080. Got 'nonsense'"),
        ("http://127.0.0.1", "Must specify port in agent address, as in http://:8080. Got 'http://127.0.0.1'"),
        ("http://127.0.0.1:99999", "Invalid agent address 'http://127.0.0.1:99999': Port out of range 0-65535"),
        (
            "http://127.0.0.1:{taken}",
            "Cannot listen at the agent address 'http://127.0.0.1:{taken}': Address already in use",
        ),
    ],
)
def test_an_agent_address_that_cannot_be_used_is_refused(server, tmp_path, address, text):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        agent = AgentProcess(server, tmp_path, "--agent-address", address.format(taken=taken))

        assert agent.process.wait(30) == 1
        assert agent.log.splitlines()[0] == f"LocalAgent cannot be started: {text.format(taken=taken)}"


def test_without_a_server_an_agent_says_where_it_looked(tmp_path):
    server = ServerProcess(tmp_path)
    agent = AgentProcess(server, tmp_path)

    assert agent.process.wait(30) == 1
    assert server.url in agent.log
    assert "prefect server start" in agent.log
    assert "Traceback" not in agent.log
    assert os.path.exists(agent.path)
