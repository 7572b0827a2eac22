"""From a run that is due to one that was started, or told why not; the server and what is started are played."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect.agent import polling
from prefect.agent.agent import ENDING, Agent, exit_handler
from prefect.client import connection as connection_module
from prefect.contract import errors
from prefect.exceptions import ClientError
from prefect.model.state import Pending, Retrying, Scheduled
from prefect.run_configs import DockerRun, LocalRun, UniversalRun
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.graphql import GraphQLResult
from support.graphql_stub import Asked, Stub, StubServer

ID, RUN, TASK_RUN = (f"6d5b3ab5-6f3d-4f3d-a8a8-00000000000{number}" for number in (1, 2, 3))
NONE = {"data": {"get_runs_in_queue": {"flow_run_ids": []}}}


def run(**more: Any) -> dict[str, Any]:
    return {
        "id": RUN,
        "name": "otter",
        "version": 3,
        "state": "Scheduled",
        "serialized_state": Scheduled(start_time=datetime(2020, 1, 1, tzinfo=UTC)).serialize(),
        "scheduled_start_time": "2020-01-01T00:00:00+00:00",
        "parameters": {},
        "run_config": None,
        "flow": {"id": ID, "name": "f", "run_config": None, "flow_group": {"run_config": None}},
        "task_runs": [],
        **more,
    }


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr(connection_module, "API_ERROR_RESENDS", 0)
    monkeypatch.setattr(polling, "LOST_PAUSES_SECONDS", (0.0,))
    monkeypatch.setattr("prefect.agent.agent.RETRY_SECONDS", 0.0)
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ID}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        stub.data("register_agent", register_agent={"id": ID})
        stub.data("hello", hello="hi")
        stub.data("write_run_logs", write_run_logs={"success": True})
        stub.data("set_flow_run_states", set_flow_run_states={"states": [{"status": "SUCCESS", "id": RUN}]})
        stub.data("set_task_run_states", set_task_run_states={"states": [{"status": "SUCCESS", "id": TASK_RUN}]})
        stub.data("flow_run(", flow_run=[run()])
        stub.on("get_runs_in_queue", {"data": {"get_runs_in_queue": {"flow_run_ids": [RUN]}}}, NONE)
        yield stub
        connection_module._plain_servers.discard(stub.url)


class Starting(Agent):
    """Starts nothing, and keeps what it was asked to start."""

    def __init__(self, deploy: Callable[[Any], str] | None = None, **given: Any):
        super().__init__(**given)
        self.deploy = deploy or (lambda flow_run: "process 7")
        self.deployed: list[Any] = []
        self.said: list[str] = []

    def on_startup(self) -> None:
        self.said.append("startup")

    def on_shutdown(self) -> None:
        self.said.append("shutdown")

    def deploy_flow(self, flow_run: Any) -> str:
        self.deployed.append(flow_run)
        return self.deploy(flow_run)


def asked(stub: Stub, text: str) -> list[Asked]:
    return [one for one in stub.asked if text in one.query]


def states(stub: Stub) -> list[tuple[str, str | None, int | None]]:
    """Every state that was set: its type, message and the version it is based on."""
    found = []
    for one in asked(stub, "set_flow_run_states"):
        (given,) = one.variables["input"]["states"]
        found.append((given["state"]["type"], given["state"]["message"], given.get("version")))
    return found


def lines(stub: Stub) -> list[tuple[str, str]]:
    return [
        (line["level"], line["message"])
        for one in asked(stub, "write_run_logs")
        for line in one.variables["input"]["logs"]
    ]


def test_a_run_that_is_due_is_taken_and_started_and_its_log_says_where(stub: Stub) -> None:
    agent = Starting(max_polls=2)
    agent.start()

    (flow_run,) = agent.deployed
    assert isinstance(flow_run, GraphQLResult)
    assert (flow_run.id, flow_run.flow.name) == (RUN, "f")
    assert states(stub) == [("Submitted", "Submitted for execution", 3)]
    assert lines(stub) == [("INFO", "Submitted for execution: process 7")]
    assert agent.said == ["startup", "shutdown"]
    assert agent.submitting_flow_runs == set()
    assert agent.agent_config is None


def test_the_configuration_that_it_was_given_is_read(stub: Stub) -> None:
    stub.data("agent_config(", agent_config=[{"settings": {"a": 1}}])
    agent = Starting(max_polls=1, agent_config_id=ID)
    agent.start()

    assert agent.agent_config == {"a": 1}
    assert asked(stub, "register_agent")[0].variables["input"]["agent_config_id"] == ID


def test_task_runs_that_wait_are_taken_with_their_run_and_others_are_not(stub: Stub) -> None:
    waits = Retrying(start_time=datetime(2020, 1, 1, tzinfo=UTC)).serialize()
    task_runs = [
        {"id": TASK_RUN, "version": 5, "serialized_state": waits},
        {"id": "other", "version": 6, "serialized_state": Pending().serialize()},
    ]
    stub.data("flow_run(", flow_run=[run(state="Running", task_runs=task_runs)])
    Starting(max_polls=2).start()

    assert states(stub) == [], "a running run is nobody's to take"
    (one,) = asked(stub, "set_task_run_states")
    (given,) = one.variables["input"]["states"]
    assert (given["task_run_id"], given["version"], given["state"]["type"]) == (TASK_RUN, 5, "Submitted")
    assert given["state"]["state"]["type"] == "Retrying"


def test_an_older_server_that_does_not_know_who_gave_a_run_config_is_asked_without(stub: Stub) -> None:
    stub.on(
        "run_config_role",
        {"errors": [{"message": "Cannot query field 'run_config_role' on type 'flow_run'."}]},
    )
    agent = Starting()
    assert agent.client.knows_extras

    for _ in range(2):
        found = agent._read_runs(ids=[RUN], before="b", states=["Scheduled"])
        assert [one["id"] for one in found] == [RUN]

    documents = [one.query for one in asked(stub, "flow_run(")]
    assert ["run_config_role" in text for text in documents] == [True, False, False]


def test_another_error_of_that_question_is_raised(stub: Stub) -> None:
    stub.on("flow_run(", {"errors": [{"message": "no room"}]})

    with pytest.raises(ClientError, match="no room"):
        Starting()._read_runs(ids=[RUN], before="b", states=["Scheduled"])
    assert len(asked(stub, "flow_run(")) == 1


def test_of_several_runs_the_earliest_are_started_as_far_as_there_is_room(stub: Stub) -> None:
    goes_on = threading.Event()

    class Small(Starting):
        def room(self) -> int:
            return 2 - len(self.deployed)

    starts = {"late": 3, "early": 1, "middle": 2}
    due = [
        run(id=name, serialized_state=Scheduled(start_time=datetime(2020, 1, day, tzinfo=UTC)).serialize())
        for name, day in starts.items()
    ]
    stub.data("flow_run(", flow_run=due)
    stub.on("get_runs_in_queue", {"data": {"get_runs_in_queue": {"flow_run_ids": list(starts)}}}, NONE)
    agent = Small(lambda flow_run: goes_on.set() or "here", max_polls=1)
    agent.start()

    assert sorted(flow_run.id for flow_run in agent.deployed) == ["early", "middle"]


# ----- what goes wrong


def told(agent: Agent, caplog: pytest.LogCaptureFixture) -> str:
    agent.logger.addHandler(caplog.handler)
    caplog.set_level(logging.DEBUG, agent.logger.name)
    try:
        agent.start()
    finally:
        agent.logger.removeHandler(caplog.handler)
    return caplog.text


def refuse(error: Exception) -> Callable[[Any], str]:
    def deploy(flow_run: Any) -> str:
        raise error

    return deploy


@pytest.mark.parametrize(
    ("error", "message"), [(ValueError("no image"), "no image"), (ValueError(), "ValueError()"), (KeyError("x"), "'x'")]
)
def test_a_run_that_cannot_be_started_is_failed_with_the_reason(
    stub: Stub, caplog: pytest.LogCaptureFixture, error: Exception, message: str
) -> None:
    agent = Starting(refuse(error), max_polls=2)

    assert f"Deployment of {RUN} aborted!" in told(agent, caplog)

    assert states(stub)[1:] == [("Failed", message, 3)]
    assert lines(stub) == [("ERROR", message)]
    assert agent.submitting_flow_runs == set()


def test_where_neither_log_nor_state_can_be_told_the_agent_tells_it_and_goes_on(
    stub: Stub, caplog: pytest.LogCaptureFixture
) -> None:
    refused = {"errors": [{"message": "refused"}]}
    stub.on("write_run_logs", refused)
    ok = {"data": {"set_flow_run_states": {"states": [{"status": "SUCCESS", "id": RUN}]}}}
    stub.on("set_flow_run_states", ok, refused)

    text = told(Starting(refuse(ValueError("no image")), max_polls=2), caplog)

    assert f"Failed to write a log of flow run {RUN}: no image" in text
    assert f"Flow run {RUN} could not be made Failed" in text
    assert f"Deployment of {RUN} aborted!" in text
    assert len(asked(stub, "get_runs_in_queue")) == 2


def test_a_run_that_another_agent_took_is_left_to_it(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    stub.on("set_flow_run_states", {"errors": [{"message": f"{errors.STATE_UPDATE_FAILED}: taken"}]})
    agent = Starting(max_polls=2)

    assert f"Flow run {RUN} was taken by another agent." in told(agent, caplog)

    assert (agent.deployed, lines(stub), len(states(stub))) == ([], [], 1)


def test_a_run_whose_server_is_lost_meanwhile_is_not_failed(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    stub.on("set_flow_run_states", (503, b""))
    agent = Starting(max_polls=2)

    text = told(agent, caplog)

    assert f"Flow run {RUN} was taken by another agent." not in text
    assert f"Flow run {RUN} could not be taken: " in text
    assert "aborted" not in text
    assert [state for state, *_ in states(stub)[1:] if state == "Failed"] == []
    assert agent.deployed == []
    assert agent.submitting_flow_runs == set()


@pytest.mark.parametrize("outcome", ["taken", "fails", "cannot be told"])
def test_a_run_that_was_not_started_is_set_aside_for_a_while(stub: Stub, outcome: str) -> None:
    aside: list[str] = []
    if outcome == "taken":
        stub.on("set_flow_run_states", {"errors": [{"message": f"{errors.STATE_UPDATE_FAILED}: taken"}]})
    agent = Starting(refuse(ValueError("no")) if outcome == "fails" else None)
    agent._set_aside = aside.append  # type: ignore[method-assign]
    if outcome == "cannot be told":
        from prefect.exceptions import ServerUnreachable

        agent._mark_flow_as_submitted = refuse(ServerUnreachable("http://x"))  # type: ignore[assignment]
    agent._deploy_flow_run(run())

    assert aside == [RUN]


# ----- waiting for the start


def test_a_server_of_1_x_gives_out_runs_ahead_of_their_time_and_they_wait(stub: Stub) -> None:
    agent = Starting()
    waited: list[float] = []
    agent._finished.wait = lambda seconds=None: waited.append(seconds) or False  # type: ignore[assignment]
    now = agent.client.server_time()

    connection_module._plain_servers.add(stub.url)
    assert not agent.client.knows_extras
    agent._wait_until(now - timedelta(seconds=5))
    assert waited == []
    agent._wait_until(now + timedelta(seconds=500))

    assert len(waited) == 1
    assert 400 < waited[0] <= 500


# ----- how a process ended


def test_how_a_process_ended_is_told(stub: Stub) -> None:
    stub.data("report_process_end", report_process_end={"settled": True})

    Starting()._tell_end(RUN, "start/4711", "it was killed")

    (one,) = asked(stub, "report_process_end")
    assert "4711" in str(one.variables)
    assert "it was killed" in str(one.variables)
    assert lines(stub) == []


@pytest.mark.parametrize(
    ("message", "written"),
    [("Cannot query field 'report_process_end'", [("ERROR", "it was killed.")]), ("refused", [])],
    ids=["a server of 1.x", "another error"],
)
def test_where_it_cannot_be_told_it_is_written_into_the_log(
    stub: Stub, caplog: pytest.LogCaptureFixture, message: str, written: list[Any]
) -> None:
    stub.on("report_process_end", {"errors": [{"message": message}]})
    agent = Starting()
    agent.logger.addHandler(caplog.handler)
    agent._tell_end(RUN, "start/4711", "it was killed")
    agent.logger.removeHandler(caplog.handler)

    assert lines(stub) == written
    assert ("The end of the process of flow run" in caplog.text) == (not written)


# ----- stopping, and small things


def test_a_stop_ends_it_after_its_present_look(stub: Stub) -> None:
    agent = Starting()
    agent.stop()  # before its start it means nothing
    agent.deploy = lambda flow_run: agent.stop() or "here"
    agent.start()

    assert agent.said == ["startup", "shutdown"]


def test_a_kind_of_agent_says_how_it_starts_runs(stub: Stub) -> None:
    with pytest.raises(NotImplementedError):
        Agent().deploy_flow(None)
    assert Agent().room() is None


def test_the_run_config_is_read_as_the_agents_kind(stub: Stub) -> None:
    agent = Agent()

    def read(config: Any, kind: type[Any]) -> Any:
        return agent._get_run_config(GraphQLResult({"id": RUN, "run_config": config and config.serialize()}), kind)

    assert isinstance(read(None, LocalRun), LocalRun)
    found = read(UniversalRun(env={"A": "1"}, labels=["x"]), LocalRun)
    assert (type(found), found.env, found.labels) == (LocalRun, {"A": "1"}, {"x"})
    assert read(LocalRun(env={"B": "2"}), LocalRun).env == {"B": "2"}
    with pytest.raises(TypeError, match=f"Flow run {RUN} has a `run_config` of type `DockerRun`, only `LocalRun` is"):
        read(DockerRun(), LocalRun)


def test_an_agent_with_a_loop_of_its_own_hears_of_ctrl_c(stub: Stub) -> None:
    former = signal.getsignal(signal.SIGINT)
    with exit_handler(Agent()) as ended:
        assert not ended.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert ended.wait(30)
    assert signal.getsignal(signal.SIGINT) is former


def test_an_agent_in_a_thread_handles_no_signals_and_works(stub: Stub) -> None:
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    agent, failed = Starting(max_polls=2), []

    def start() -> None:
        try:
            agent.start()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join(60)

    assert (failed, len(agent.deployed), agent.said) == ([], 1, ["startup", "shutdown"])
    assert {number: signal.getsignal(number) for number in former} == former


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_an_agent_in_order(stub: Stub, caplog: pytest.LogCaptureFixture, number: signal.Signals) -> None:
    former = signal.getsignal(number)
    agent = Starting()
    # Between two requests: one that is interrupted leaves its connection to the collector.
    agent._find = lambda excluded, wait: os.kill(os.getpid(), number) or []  # type: ignore[method-assign,func-returns-value]

    assert ENDING[number.name] in told(agent, caplog)

    assert agent.said == ["startup", "shutdown"]
    assert agent._finished.is_set()
    assert signal.getsignal(number) is former


def test_a_run_that_became_due_this_moment_is_left_to_its_own_process_for_a_while(stub: Stub) -> None:
    agent = Starting()
    asked_at = agent.client.server_time()
    agent._runs_to_start([RUN])

    (one,) = [one for one in stub.asked if "before" in one.variables]
    assert datetime.fromisoformat(one.variables["before"]) < asked_at


@pytest.mark.parametrize("labels", [[], ["mine"]])
def test_an_agent_with_labels_leaves_runs_without_to_others(stub: Stub, labels: list[str]) -> None:
    stub.on("get_runs_in_queue", NONE)
    Starting(max_polls=1, labels=labels).start()

    (question,) = asked(stub, "get_runs_in_queue")
    assert question.variables["input"]["labels"] == labels
    assert question.variables["input"]["unlabelled"] is False
