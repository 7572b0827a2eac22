"""``prefect run`` on a real server, with a real agent where a run has to happen."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.commands import PREFECT, clean_environment, told
from support.servers import ServerProcess

pytestmark = pytest.mark.process

FLOWS = """
import os, time
from prefect import Flow, Parameter, task

@task(log_stdout=True)
def show(x):
    print(f"x is {x}")

@task
def boom():
    raise ValueError("no")

@task(log_stdout=True)
def wait_for(path):
    print("waiting")
    while not os.path.exists(path):
        time.sleep(0.01)

with Flow("shows") as shows:
    show(Parameter("x", default=1))
with Flow("booms") as booms:
    boom()
with Flow("waits") as waits:
    wait_for(Parameter("path"))
"""


@pytest.fixture(scope="module")
def script(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A script whose flows are registered in the project ``runs``."""
    folder = tmp_path_factory.mktemp("script")
    (folder / "flows.py").write_text(FLOWS)
    for arguments in (["create", "project", "runs"], ["register", "--project", "runs", "--path", "flows.py"]):
        subprocess.run(
            [*PREFECT, *arguments],
            env=clean_environment(folder) | server.settings,
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=60,
        )
    return folder / "flows.py"


@pytest.fixture(scope="module")
def agent(server: ServerProcess, script: Path) -> Iterator[None]:
    """A local agent that takes their runs."""
    with running(["agent", "local", "start"], server, script.parent) as process:
        assert process.stdout is not None
        while "Waiting for flow runs" not in process.stdout.readline():
            assert process.poll() is None
        with (script.parent / "rest.log").open("w") as sink:
            # Nobody reads its output from here on: a full pipe would stop it.
            drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=sink)
            yield
            process.send_signal(signal.SIGINT)
            process.wait(20)
            drain.wait(20)


@contextmanager
def running(arguments: list[str], server: ServerProcess, folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*PREFECT, *arguments],
        env=clean_environment(folder) | server.settings,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def ask(server: ServerProcess, document: str, **variables: Any) -> dict[str, Any]:
    from prefect.client.client import Client

    return Client(api_server=server.url).ask(document, **variables)


def row(server: ServerProcess, run_id: str) -> dict[str, Any]:
    document = """query($id: uuid!) { flow_run_by_pk(id: $id) {
        name state labels parameters context run_config idempotency_key priority flow { id name flow_group_id }
        states(order_by: {version: asc}) { state } } }"""
    return ask(server, document, id=run_id)["flow_run_by_pk"]


def flow_row(server: ServerProcess, name: str) -> dict[str, Any]:
    document = """query($name: String!) { flow(where: {name: {_eq: $name}, archived: {_eq: false}}) {
        id flow_group_id version_group_id } }"""
    return ask(server, document, name=name)["flow"][0]


def state_when(server: ServerProcess, run_id: str, is_wanted: Any) -> str:
    """Wait for a state of the run, pushed by the server."""
    from prefect.backend.watching import watch_flow_run
    from prefect.utilities.configuration import set_temporary_config

    with set_temporary_config({"cloud.api": server.url, "backend": "server"}):
        for _ in watch_flow_run(run_id, stream_logs=False):
            if is_wanted(state := row(server, run_id)["state"]):
                return state
    return row(server, run_id)["state"]


# ----- creating


def test_run_is_created_told_and_left(served, server: ServerProcess, script: Path) -> None:
    done = served(
        "run",
        *("--name", "shows", "--param", "x=2", "--context", 'who="me"', "--label", "nobody", "--run-name", "a name"),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    run_id = lines[3].removeprefix("└── UUID: ")
    assert lines == [
        "Looking up flow metadata... Done",
        "Creating run for flow 'shows'... Done",
        "└── Name: a name",
        f"└── UUID: {run_id}",
        "└── Labels: ['nobody']",
        "└── Parameters: {'x': 2}",
        "└── Context: {'who': 'me'}",
        f"└── URL: {server.url}/default/flow-run/{run_id}",
    ]
    assert row(server, run_id)["run_config"] is not None
    assert row(server, run_id)["state"] == "Scheduled"


def test_quiet_prints_the_id_and_nothing_else(served, server: ServerProcess, script: Path) -> None:
    done = served("run", "--name", "shows", "--label", "nobody", "--quiet")

    assert re.fullmatch(r"[0-9a-f-]{36}\n", done.stdout)
    assert row(server, done.stdout.strip())["flow"]["name"] == "shows"


def test_priority_is_that_of_the_run(served, server: ServerProcess, script: Path) -> None:
    done = served("run", "--name", "shows", "--label", "nobody", "--quiet", "--priority", "1")

    assert row(server, done.stdout.strip())["priority"] == 1
    assert served("run", "--name", "shows", "--priority", "3").returncode == 2


def test_log_level_becomes_part_of_the_run_config(served, server: ServerProcess, script: Path) -> None:
    done = served("run", "--name", "shows", "--label", "nobody", "--quiet", "--log-level", "debug")

    run = row(server, done.stdout.strip())
    assert run["run_config"]["type"] == "UniversalRun"
    assert run["run_config"]["env"] == {"PREFECT__LOGGING__LEVEL": "DEBUG"}
    assert run["labels"] == ["nobody"]


@pytest.mark.parametrize("by", ["id", "flow_group_id"])
def test_flow_or_group_id_with_a_key_gives_one_run(served, server: ServerProcess, script: Path, by: str) -> None:
    arguments = ["run", "--id", flow_row(server, "shows")[by], "--label", "nobody", "--quiet"]

    ids = [served(*arguments, "--idempotency-key", f"key-{by}").stdout for _ in range(2)]

    assert ids[0] == ids[1]
    assert row(server, ids[0].strip())["flow"]["id"] == flow_row(server, "shows")["id"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--id", "no-uuid"], "Failed to find flow id or flow group id matching 'no-uuid'"),
        (
            ["--id", "00000000-0000-0000-0000-000000000000"],
            "Failed to find flow id or flow group id matching '00000000-0000-0000-0000-000000000000'",
        ),
        (
            ["--name", "nowhere"],
            "No results found while querying for flows where {'name': {'_eq': 'nowhere'}, 'archived': {'_eq': False}}",
        ),
        (
            ["--project", "runs"],
            "Missing required option `--name`. Cannot look up a flow by project without also passing a name.",
        ),
    ],
)
def test_flow_that_cannot_be_found_is_told(served, script: Path, arguments: list[str], text: str) -> None:
    loud = served("run", *arguments)
    quiet = served("run", *arguments, "--quiet")

    assert (loud.stdout, told(loud.stderr), loud.returncode) == (
        "Looking up flow metadata... Error\n",
        f"{text}\n",
        1,
    )
    assert (quiet.stdout, told(quiet.stderr), quiet.returncode) == ("", f"{text}\n", 1)


def test_a_flow_that_was_meant_is_suggested(served, script: Path) -> None:
    done = served("run", "--name", "show", "--project", "runs")

    assert (done.returncode, "hint: did you mean 'shows'?" in done.stderr) == (1, True)


def test_flow_of_several_projects_needs_the_project(served, server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "twin.py").write_text("from prefect import Flow\nflow = Flow('twin')\n")
    for project in ("left", "right"):
        served("create", "project", project)
        served("register", "--project", project, "--path", "twin.py")

    ambiguous = served("run", "--name", "twin")
    chosen = served("run", "--name", "twin", "--project", "left", "--quiet")

    assert ambiguous.returncode == 1
    assert "Found multiple flows named 'twin'. Give the project of the one to run with `--project`" in ambiguous.stderr
    assert row(server, chosen.stdout.strip())["flow"]["name"] == "twin"


def test_what_the_flow_does_not_take_is_refused_and_no_run_is_made(served, server: ServerProcess, script: Path) -> None:
    before = ask(server, "query { flow_run_aggregate { aggregate { count } } }")

    unknown = served("run", "--name", "shows", "--param", "xx=1")
    none = served("run", "--name", "booms", "--param", "x=1", "--json")

    assert (unknown.returncode, none.returncode, none.stdout) == (1, 1, "")
    assert "has no parameter 'xx' (did you mean 'x'?); its parameters are x." in unknown.stderr
    assert "has no parameter 'x'; it has none." in none.stderr
    assert ask(server, "query { flow_run_aggregate { aggregate { count } } }") == before


@pytest.mark.parametrize("form", [["--json"], ["-o", "yaml"], ["-o", "jsonl"], ["--json", "--quiet"]])
def test_a_program_gets_the_run_and_nothing_else(served, server: ServerProcess, script: Path, form: list[str]) -> None:
    import yaml

    done = served("run", "--name", "shows", "--label", "nobody", "--start", "in 2 hours", *form)

    told = yaml.safe_load(done.stdout)  # which JSON is, too
    assert (done.returncode, done.stderr) == (0, "")
    assert told["url"] == f"{server.url}/default/flow-run/{told['id']}"
    assert (told["flow"], told["project"], told["state"], told["parameters"]) == (
        "shows",
        "runs",
        "Scheduled",
        {"x": 1},
    )
    made, due = (datetime.fromisoformat(told[key]) for key in ("created", "scheduled_start_time"))
    assert timedelta(minutes=118) < due - made < timedelta(minutes=122)


def test_events_of_a_watched_run_are_not_for_the_program(served, script: Path, agent: None) -> None:
    done = served("run", "--name", "shows", "--param", "x=5", "--watch", "--json", "--wait-for-agent")

    assert (done.returncode, json.loads(done.stdout)["state"]) == (0, "Success")
    assert "x is 5" in done.stderr


def test_it_is_waited_for_an_agent_and_one_that_does_not_come_is_told(served, script: Path, agent: None) -> None:
    taken = served("run", "--name", "shows", "--wait-for-agent")
    waiting = served("run", "--name", "shows", "--label", "nobody", "--wait-for-agent", "1s", "--quiet")

    assert (taken.returncode, taken.stdout.splitlines()[-1]) == (0, "An agent has taken the run.")
    assert (waiting.returncode, len(waiting.stdout.split())) == (1, 1)
    assert "do not have an agent with labels {'nobody'}" in waiting.stderr


def test_refusal_of_the_server_is_its_message(served, script: Path) -> None:
    done = served("run", "--name", "waits")

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[1] == "Creating run for flow 'waits'... Error"
    assert len(lines) == 2
    assert done.stderr.startswith("Required parameters were not supplied")
    assert "code: MISSING_PARAMETERS " in done.stderr


# ----- following


def test_watch_shows_states_and_logs_and_ends_with_0(served, script: Path, agent: None) -> None:
    done = served("run", "--name", "shows", "--param", "x=5", "--watch")

    assert done.returncode == 0, done.stdout + done.stderr
    shown = [line.split(" | ", 2)[2] for line in done.stdout.splitlines() if line.count(" | ") >= 2]
    in_order = [
        "Entered state <Scheduled>: Flow run scheduled.",
        "Entered state <Submitted>: Submitted for execution",
        "Entered state <Running>: Running flow.",
        "x is 5",
        "Entered state <Success>: All reference tasks succeeded.",
    ]
    assert [text for text in shown if text in in_order] == in_order
    assert done.stdout.splitlines()[-1] == "Flow run succeeded!"


def test_watch_without_logs_shows_states_only_and_a_failure_ends_with_1(served, script: Path, agent: None) -> None:
    done = served("run", "--name", "booms", "--watch", "--no-logs")

    assert done.returncode == 1
    lines = done.stdout.split("Watching flow run execution...\n")[1].splitlines()
    assert lines[-1] == "Flow run failed!"
    assert all("Entered state <" in line for line in lines[:-1])


@pytest.mark.parametrize(
    ("answer", "code", "state"), [("y\n", 0, "Cancelled"), ("\n", 0, "Cancelled"), ("n\n", 1, "Success")]
)
def test_interrupted_watch_asks_whether_to_cancel(
    server: ServerProcess, script: Path, agent: None, tmp_path: Path, answer: str, code: int, state: str
) -> None:
    go = tmp_path / "go"
    with running(["run", "--name", "waits", "--watch", "--param", f"path={go}"], server, tmp_path) as process:
        assert process.stdout is not None
        seen = ""
        while "| waiting\n" not in seen:
            seen += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(answer, timeout=30)
    run_id = re.search(r"UUID: (\S+)", seen)
    assert run_id

    assert process.returncode == code, rest
    assert "Keyboard interrupt detected!" in rest
    assert ("Exiting without cancelling flow run!" in rest) is (state == "Success")
    if state == "Success":
        go.touch()
    assert state_when(server, run_id[1], lambda name: name == state) == state


def test_execute_runs_here_without_any_agent(served, server: ServerProcess, script: Path) -> None:
    done = served("run", "--name", "shows", "--param", "x=7", "--execute")

    assert done.returncode == 0, done.stdout + done.stderr
    told = re.findall(r"└── \d\d:\d\d:\d\d \| INFO    \| (.*)\n", done.stdout)
    assert told[0] == "Creating subprocess to execute flow run..."
    assert "x is 7" in told
    assert done.stdout.splitlines()[-1] == "Flow run succeeded!"
    run_id = re.search(r"UUID: (\S+)", done.stdout)
    assert run_id
    run = row(server, run_id[1])
    assert [state["state"] for state in run["states"]] == ["Scheduled", "Running", "Success"]
    assert any(re.fullmatch(r"agentless-run-[0-9a-f]{8}", label) for label in run["labels"])


def test_execute_of_a_failing_flow_ends_with_1(served, script: Path) -> None:
    done = served("run", "--name", "booms", "--execute", "--no-logs")

    assert done.returncode == 1
    assert done.stdout.splitlines()[-2:] == ["Executing flow run...", "Flow run failed!"]


def test_execute_of_a_run_that_exists_already_is_refused(served, script: Path) -> None:
    arguments = ["run", "--name", "shows", "--execute", "--quiet", "--idempotency-key", "executed-once"]
    first = served(*arguments)
    again = served(*arguments)

    assert first.returncode == 0, first.stdout + first.stderr
    assert again.returncode == 1
    assert again.stdout.startswith(first.stdout)
    assert "Success" in again.stderr
    assert "Traceback" not in again.stdout + again.stderr


def test_interrupted_execution_fails_the_run(server: ServerProcess, script: Path, tmp_path: Path) -> None:
    arguments = ["run", "--name", "waits", "--execute", "--param", f"path={tmp_path}/never"]
    with running(arguments, server, tmp_path) as process:
        assert process.stdout is not None
        seen = ""
        while "| waiting\n" not in seen:
            seen += process.stdout.readline()
        # As at a terminal: the whole group gets it.
        subprocess.run(["kill", "-INT", "--", f"-{process.pid}"], check=True)
        rest, _ = process.communicate(timeout=30)
    run_id = re.search(r"UUID: (\S+)", seen)
    assert run_id

    assert process.returncode == 1, rest
    assert "Keyboard interrupt detected! Aborting..." in rest
    assert "Aborted!" in rest
    assert "Traceback" not in rest
    assert row(server, run_id[1])["state"] in ("Failed", "Cancelled")


# ----- lists, on the real schema


@pytest.mark.parametrize(
    "arguments",
    [
        ["get", "flows", "--name", "shows"],
        ["get", "flows", "--version", "1", "--project", "runs", "--all-versions"],
        ["get", "projects", "--name", "runs"],
        ["get", "flow-runs", "--flow", "shows"],
        ["get", "flow-runs", "--started", "--project", "runs"],
        ["get", "tasks", "--name", "show", "--flow-name", "shows", "--flow-version", "1"],
        ["describe", "flows", "--name", "shows", "--version", "1"],
        ["describe", "tasks", "--name", "shows", "--output", "yaml"],
    ],
)
def test_list_fits_the_schema_of_the_server(served, script: Path, arguments: list[str]) -> None:
    done = served(*arguments)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["get", "logs", "--name", "nobody has this name"],
        ["describe", "flow-runs", "--name", "x", "--flow-name", "shows"],
    ],
)
def test_what_is_not_there_is_told_by_the_exit_code_too(served, script: Path, arguments: list[str]) -> None:
    done = served(*arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == f"{arguments[3]} not found"
    assert done.stderr.splitlines()[-1] == "code: NOT_FOUND (`prefect explain NOT_FOUND`)"


def test_logs_of_a_run_are_listed(served, server: ServerProcess, script: Path) -> None:
    run_id = served("run", "--name", "shows", "--param", "x=11", "--execute", "--quiet").stdout.split()[0]

    done = served("get", "logs", "--id", run_id)

    assert done.stdout.splitlines()[0].split() == ["TIMESTAMP", "LEVEL", "MESSAGE"]
    assert row(server, run_id)["state"] == "Success"
    described = served("describe", "flow-runs", "--name", row(server, run_id)["name"])
    assert json.loads(described.stdout)["serialized_state"]["type"] == "Success"
