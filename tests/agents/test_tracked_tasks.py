"""How the tasks of a tracked run are told of: in few requests, and with the promises that each had alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, context, task
from prefect.client import Client, transport
from prefect.contract import operations
from prefect.engine.cloud import CloudFlowRunner
from prefect.engine.results import PrefectResult
from prefect.engine.state import Failed, Pending, Running, Scheduled, Skipped, State
from prefect.executors import LocalDaskExecutor, LocalExecutor
from prefect.storage import Local
from prefect.utilities.configuration import set_temporary_config
from support.rough_proxy import RoughProxy

pytestmark = [
    pytest.mark.process,
    pytest.mark.filterwarnings("ignore:No result handler was specified on your Flow:UserWarning"),
]

PROJECT = "tracked"
HISTORY = """query($id: uuid!) { flow_run_by_pk(id: $id) { state task_runs(order_by: {map_index: asc}) {
    map_index state version state_message task { name }
    states(order_by: {version: asc}) { state version } } } }"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Which documents were sent, and how often."""
    names = {text: name for name, text in operations.documents().items()}
    counted: Counter[str] = Counter()
    send = transport.send

    def count(method: str, url: str, *, body: bytes | None, **how: Any) -> Any:
        document = json.loads(body or b"{}").get("query", "")
        counted[names.get(document, document)] += 1
        return send(method, url, body=body, **how)

    monkeypatch.setattr(transport, "send", count)
    return counted


class Made:
    """A flow run of this process, and what the server knows of it."""

    def __init__(self, client: Client, flow: Flow) -> None:
        if not client.ask('{ project(where: {name: {_eq: "tracked"}}) { id } }')["project"]:
            client.create_project(PROJECT)
        self.client = client
        self.flow = flow
        flow.storage = Local(path="nowhere.py", stored_as_script=True)
        flow.result = None
        flow_id = client.register(flow, project_name=PROJECT, no_url=True, build=False)
        self.id = client.create_flow_run(flow_id=flow_id)

    def run(self) -> State:
        with context(flow_run_id=self.id, run_process=f"{self.id}/this"):
            return CloudFlowRunner(self.flow).run()

    def told(self) -> list[dict[str, Any]]:
        return self.client.ask(HISTORY, id=self.id)["flow_run_by_pk"]["task_runs"]

    def states(self, name: str) -> list[str]:
        return [one["state"] for one in self.told() if one["task"]["name"] == name]

    def task_run_id(self, name: str) -> str:
        where = {"flow_run_id": {"_eq": self.id}, "task": {"name": {"_eq": name}}}
        found = self.client.ask("query($where: task_run_bool_exp) { task_run(where: $where) { id } }", where=where)
        return str(found["task_run"][0]["id"])

    def check_histories(self) -> None:
        for one in self.told():
            assert [line["version"] for line in one["states"]] == list(range(1, one["version"] + 1))
            assert one["states"][-1]["state"] == one["state"]


def chain(count: int) -> Flow:
    @task
    def add(value: int) -> int:
        return value + 1

    with Flow("tracked chain") as flow:
        value: Any = 0
        for _ in range(count):
            value = add(value)
    return flow


def mapped(count: int, called: list[int], executor: Any = None) -> Flow:
    @task
    def numbers() -> list[int]:
        return list(range(count))

    @task
    def body(number: int) -> int:
        called.append(number)
        return number * 2

    @task
    def total(values: list[int]) -> int:
        return sum(values)

    with Flow("tracked map", executor=executor) as flow:
        total(body.map(numbers()))
    return flow


@pytest.mark.usefixtures("server")
def test_the_end_of_a_task_and_the_beginning_of_the_next_are_one_request(client: Client, asked: Counter[str]) -> None:
    made = Made(client, chain(20))
    asked.clear()

    assert made.run().is_successful()

    # The first begins alone, the last ends alone; what takes longer than a moment is told by itself.
    assert 21 <= asked["SET_TASK_RUN_STATES"] < 40
    assert asked["GET_OR_CREATE_TASK_RUN"] == 0
    assert made.states("add") == ["Success"] * 20
    made.check_histories()


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("is_running", [False, True], ids=["set Running by its process", "Running before"])
def test_a_run_says_once_that_it_lives_when_it_begins(client: Client, asked: Counter[str], is_running: bool) -> None:
    made = Made(client, chain(1))
    if is_running:
        client.set_flow_run_state(made.id, Running())
    asked.clear()

    assert made.run().is_successful()

    # The Running is a beat itself.
    assert asked["UPDATE_FLOW_RUN_HEARTBEAT"] == is_running
    run = client.ask("query($id: uuid!) { flow_run_by_pk(id: $id) { heartbeat } }", id=made.id)["flow_run_by_pk"]
    assert run["heartbeat"] is not None


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    "executor", [LocalExecutor(), LocalDaskExecutor(scheduler="threads", num_workers=8)], ids=["local", "threads"]
)
def test_the_children_of_a_map_are_told_of_in_one_answer(client: Client, asked: Counter[str], executor: Any) -> None:
    called: list[int] = []
    made = Made(client, mapped(60, called, executor))
    asked.clear()

    assert made.run().is_successful()

    assert sorted(called) == list(range(60)), "each body ran once"
    assert asked["GET_OR_CREATE_MAPPED_TASK_RUNS"] == 1
    assert asked["GET_OR_CREATE_TASK_RUN"] == 0
    assert asked["SET_TASK_RUN_STATES"] < 100
    children = [one for one in made.told() if one["task"]["name"] == "body" and one["map_index"] >= 0]
    assert [one["map_index"] for one in children] == list(range(60))
    assert {tuple(line["state"] for line in one["states"]) for one in children} == {("Pending", "Running", "Success")}
    made.check_histories()


@pytest.mark.usefixtures("server")
def test_a_map_of_more_children_than_one_answer_tells_of(
    client: Client, asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefect.engine.cloud.task_runner.MOST_CHILDREN_TOLD", 7)
    called: list[int] = []
    made = Made(client, mapped(20, called))
    asked.clear()

    assert made.run().is_successful()

    assert asked["GET_OR_CREATE_MAPPED_TASK_RUNS"] == 3
    assert called == list(range(20))
    made.check_histories()


@pytest.mark.usefixtures("server")
def test_a_task_begins_when_everything_upstream_of_it_is_durable(client: Client) -> None:
    seen: list[list[str]] = []

    @task
    def first() -> int:
        return 1

    @task
    def second(value: int) -> int:
        seen.append([made.states("first")[0], made.states("second")[0]])
        return value

    with Flow("tracked order") as flow:
        second(first())
    made = Made(client, flow)
    made.run()

    assert seen == [["Success", "Running"]]


@pytest.mark.usefixtures("server")
def test_an_end_that_nothing_follows_is_told_a_moment_later(client: Client) -> None:
    def until_it_is_told(upstream_states: Any) -> bool:
        # The test's own time limit ends this, should it never be told.
        while made.states("first") != ["Success"]:
            pass
        return True

    @task
    def first() -> int:
        return 1

    @task(trigger=until_it_is_told)
    def second() -> None:
        pass

    with Flow("tracked moment") as flow:
        second(upstream_tasks=[first])
    made = Made(client, flow)

    assert made.run().is_successful()


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("decided", "then"), [(Failed("no"), "TriggerFailed"), (Skipped("enough"), "Skipped")])
@pytest.mark.parametrize(
    "executor", [LocalExecutor(), LocalDaskExecutor(scheduler="threads")], ids=["local", "threads"]
)
def test_what_was_decided_while_a_task_worked_holds_for_all_that_comes_after_it(
    client: Client, decided: State, then: str, executor: Any
) -> None:
    called: list[str] = []

    @task
    def first() -> int:
        # Another process than the run's own.
        with context(run_process=None):
            Client().set_task_run_state(made.task_run_id("first"), decided)
        return 1

    @task
    def second(value: int) -> int:
        called.append("second")
        return value

    with Flow("tracked decision", executor=executor) as flow:
        second(first())
    made = Made(client, flow)
    ended = made.run()

    assert made.states("first") == [type(decided).__name__]
    assert called == []
    assert made.states("second") == [then]
    assert ended.is_failed() == decided.is_failed()
    made.check_histories()


@pytest.mark.usefixtures("server")
def test_handlers_of_the_runner_hear_of_what_the_server_has_agreed_to(client: Client) -> None:
    heard: list[tuple[str, list[str]]] = []

    def hear(runner: Any, old: State, new: State) -> None:
        heard.append((type(new).__name__, made.states("add")))

    made = Made(client, chain(1))
    with context(flow_run_id=made.id, run_process=f"{made.id}/this"):
        CloudFlowRunner(made.flow).run(task_runner_state_handlers=[hear])

    assert heard == [("Running", ["Running"]), ("Success", ["Success"])]


@pytest.mark.usefixtures("server")
def test_a_value_that_cannot_be_kept_fails_its_own_task(client: Client) -> None:
    @task(result=PrefectResult())
    def large() -> str:
        return "x" * 2_000_000

    @task
    def after(value: str) -> int:
        return len(value)

    with Flow("tracked values") as flow:
        after(large())
    made = Made(client, flow)

    assert made.run().is_failed()
    assert made.states("large") == ["Failed"]
    assert made.states("after") == ["TriggerFailed"]


@pytest.mark.parametrize(
    "executor", [LocalExecutor(), LocalDaskExecutor(scheduler="threads", num_workers=8)], ids=["local", "threads"]
)
def test_requests_that_are_lost_and_doubled_change_nothing(server: Any, executor: Any) -> None:
    chances = {"lose_request": 0.1, "lose_reply": 0.1, "twice": 0.1, "race": 0.1}
    with RoughProxy(int(server.url.rpartition(":")[2]), 7, **chances) as proxy:
        with set_temporary_config({"cloud.api": proxy.url, "cloud.retry_seconds": 60}):
            called: list[int] = []
            made = Made(Client(), mapped(40, called, executor))
            ended = made.run()
            assert ended.is_successful()
        assert sum(proxy.counts.values()) > 5
    made.client = Client()
    assert sorted(called) == list(range(40))
    assert made.states("body").count("Success") == 40
    made.check_histories()


KILLED = """
import os, signal, sys
from prefect import Flow, task
from prefect.executors import LocalDaskExecutor

@task
def numbers():
    return list(range(12))

@task
def body(number):
    with open({folder!r} + "/calls", "a") as file:
        file.write(f"{{number}}\\n")
    if number == 5 and not os.path.exists({folder!r} + "/killed"):
        open({folder!r} + "/killed", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return number

with Flow("tracked killed") as flow:
    body.map(numbers())
"""


def test_a_process_that_is_killed_leaves_no_task_that_began_unsaid(server: Any, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text(KILLED.format(folder=str(tmp_path)))
    if not client.ask('{ project(where: {name: {_eq: "tracked"}}) { id } }')["project"]:
        client.create_project(PROJECT)
    env = {**os.environ, **server.settings}
    prefect = [sys.executable, "-m", "prefect"]
    subprocess.run([*prefect, "register", "--project", PROJECT, "--path", str(path)], env=env, check=True, timeout=120)
    done = subprocess.run(
        [*prefect, "run", "--name", "tracked killed", "--execute"], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0
    calls = (tmp_path / "calls").read_text().split()
    assert calls == [str(number) for number in range(6)]
    found = client.ask(
        'query { task_run(where: {task: {name: {_eq: "body"}}, map_index: {_gte: 0}, flow_run: {flow: {name: '
        '{_eq: "tracked killed"}}}}, order_by: {map_index: asc}) { state states(order_by: {version: asc}) { state } } }'
    )["task_run"]
    # Whoever began is known to have begun, and all before it are known to have ended.
    assert [one["state"] for one in found[:5]] == ["Success"] * 5
    assert [line["state"] for line in found[5]["states"]][:2] == ["Pending", "Running"]
    assert not any(line["state"] == "Running" for one in found[6:] for line in one["states"])


POINTS = """
import os, signal, sys
from prefect import Flow, context, task
from prefect.client import transport
from prefect.engine.cloud import CloudFlowRunner
from prefect.executors import LocalDaskExecutor

run_id, folder, point, nth = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
send, count = transport.send, 0

def rough(method, url, *, body, **how):
    global count
    if b"_task_run" in (body or b""):
        count += 1
        if (point, nth) == ("before", count):
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(method, url, body=body, **how)
        if (point, nth) == ("after", count):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    return send(method, url, body=body, **how)

def note(what):
    with open(folder + "/calls", "a") as file:
        file.write(what + "\\n")

@task
def numbers():
    note("numbers -1")
    return [0, 1, 2, 3]

@task
def body(number):
    note(f"body {number}")
    return number

@task
def total(values):
    note("total -1")
    return sum(values)

with Flow("tracked points") as flow:
    total(body.map(numbers()))

def run():
    if run_id == "register":
        from prefect import Client
        from prefect.storage import Local
        from prefect.engine.results import LocalResult
        flow.storage = Local(path="nowhere.py", stored_as_script=True)
        flow.result = LocalResult(dir=folder)
        print(Client().register(flow, project_name="tracked", no_url=True, build=False))
        return
    from prefect.engine.results import LocalResult
    flow.result = LocalResult(dir=folder)
    flow.executor = LocalDaskExecutor(scheduler="threads", num_workers=2) if "threads" in sys.argv else None
    transport.send = rough
    with context(flow_run_id=run_id, run_process=f"{run_id}/{os.getpid()}"):
        print(CloudFlowRunner(flow).run())

run()
"""


@pytest.mark.parametrize(("point", "executor"), [("before", "threads"), ("after", "local")])
def test_a_kill_at_any_request_leaves_what_can_go_on(
    server: Any, client: Client, tmp_path: Path, point: str, executor: str
) -> None:
    script = tmp_path / "points.py"
    script.write_text(POINTS)
    if not client.ask('{ project(where: {name: {_eq: "tracked"}}) { id } }')["project"]:
        client.create_project(PROJECT)
    env = {**os.environ, **server.settings}

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), *arguments, executor]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)

    registered = python("register", str(tmp_path), "never", "0")
    assert registered.returncode == 0, registered.stderr
    flow_id = registered.stdout.split()[-1]
    killed = 0
    for nth in range(1, 12):
        folder = tmp_path / str(nth)
        folder.mkdir()
        run_id = client.create_flow_run(flow_id=flow_id)
        first = python(run_id, str(folder), point, str(nth))
        killed += first.returncode == -9
        known = told(client, run_id)
        calls = called(folder)
        for name, index in calls:
            # Whoever was called is known to have begun, and so is all that it came after, and how that ended.
            assert "Running" in known[name, index]
            if name != "numbers":
                assert known["numbers", -1][-1] == "Success"
            if name == "total":
                assert all(known["body", place][-1] == "Success" for place in range(4))
        if first.returncode == 0:
            break
        client.set_flow_run_state(run_id, Scheduled("again"))
        for task_run in client.ask(STATES, id=run_id)["flow_run_by_pk"]["task_runs"]:
            if task_run["state"] == "Running":
                client.set_task_run_state(task_run["id"], Pending("again"))
        second = python(run_id, str(folder), "never", "0")
        assert "Success" in second.stdout, second.stdout + second.stderr
        known, calls = told(client, run_id), called(folder)
        assert {states[-1] for (name, index), states in known.items() if (name, index) != ("body", -1)} == {"Success"}
        for place, count in Counter(calls).items():
            assert 1 <= count <= known[place].count("Running") <= 2, f"{place}: {known[place]}"
        assert {index for name, index in calls if name == "body"} == {0, 1, 2, 3}
    assert killed >= 4, "enough of its requests were tried"


STATES = """query($id: uuid!) { flow_run_by_pk(id: $id) { task_runs {
    id state map_index task { name } states(order_by: {version: asc}) { state version } } } }"""


def told(client: Client, run_id: str) -> dict[tuple[str, int], list[str]]:
    found = {}
    for one in client.ask(STATES, id=run_id)["flow_run_by_pk"]["task_runs"]:
        assert [line["version"] for line in one["states"]] == list(range(1, len(one["states"]) + 1))
        found[one["task"]["name"], one["map_index"]] = [line["state"] for line in one["states"]]
    return found


def called(folder: Path) -> list[tuple[str, int]]:
    path = folder / "calls"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines]
