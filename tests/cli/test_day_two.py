"""Day two at the terminal, with a real server on both databases and a real agent: follow, retry, approve, look."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from prefect.cli import cli
from prefect.utilities.configuration import set_temporary_config
from support.agents import running_agent
from support.commands import PREFECT, clean_environment
from support.databases import Databases, NoPostgres
from support.servers import ServerProcess, running_server

pytestmark = pytest.mark.process

FLOWS = """
import os, time
from datetime import timedelta
from prefect import Flow, Parameter, task
from prefect.schedules import IntervalSchedule
from prefect.triggers import manual_only

@task(log_stdout=True)
def say(x):
    print(f"one of {x}")
    print(f"two of {x}")

@task
def at_least_five(x):
    if x < 5:
        raise ValueError("too small")

@task(log_stdout=True)
def each(n):
    print(f"child {n}")

@task(trigger=manual_only)
def publish(x):
    return x

@task(log_stdout=True)
def wait_for(path):
    print("waiting")
    while not os.path.exists(path):
        time.sleep(0.01)
    print("there it is")

with Flow("steps") as steps:
    x = Parameter("x", default=1)
    at_least_five(x, upstream_tasks=[say(x)])
    each.map([1, 2, 3])
with Flow("approval") as approval:
    publish(say("it"))
with Flow("waits") as waits:
    wait_for(Parameter("path"))
with Flow("timed", schedule=IntervalSchedule(interval=timedelta(days=1))) as timed:
    say("time")
"""


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Day:
    """A server with registered flows, and an agent that takes their runs."""

    server: ServerProcess
    folder: Path

    def __call__(self, *arguments: str, **options: Any) -> Done:
        """Call a command, in this process."""
        settings = {
            "backend": "server",
            "cloud.api": self.server.url,
            "cloud.api_key": "",
            "cloud.tenant_id": "",
            "home_dir": str(self.folder / "home"),
        }
        with set_temporary_config(settings):
            done = CliRunner().invoke(cli, list(arguments), **options)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        done = self(*arguments, "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run(self, flow: str, *arguments: str) -> str:
        """Make a run and give its id."""
        done = self("run", "--name", flow, "--quiet", *arguments)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout.splitlines()[0]

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command and leave it; one that does not end is ended by force, whoever reads what it prints."""
        with subprocess.Popen(
            [*PREFECT, *arguments],
            env=clean_environment(self.folder) | self.server.settings,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            force = threading.Timer(100, process.kill)
            force.start()
            try:
                yield process
            finally:
                force.cancel()
                process.kill()


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """Give the messages that a follower prints, up to one that has a text in it."""
    assert process.stdout is not None
    seen: list[str] = []
    while not seen or text not in seen[-1]:
        line = process.stdout.readline()
        assert line, f"it ended with {process.poll()} after {seen}"
        seen.append(json.loads(line)["message"])
    return seen


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def day(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Day]:
    try:
        url = databases.fresh(request.param)
    except NoPostgres as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("day")
    flows = folder / "flows.py"
    flows.write_text(FLOWS)
    with running_server(folder, url) as server:
        made = Day(server, folder)
        assert made("create", "project", "days").returncode == 0
        done = made("register", "--project", "days", "--path", str(flows))
        assert done.returncode == 0, done.stdout
        with running_agent(server, folder, "--hostname-label"):
            yield made
    databases.drop(url)


@pytest.fixture(scope="module")
def failed(day: Day) -> str:
    """A run whose second task failed."""
    run_id = day.run("steps", "--run-name", "a step", "--watch")
    assert day("watch", run_id, "--quiet").returncode == 1
    return run_id


# ----- logs


def messages(done: Done) -> list[str]:
    return [line.split(" | ", 3)[3] for line in done.stdout.splitlines() if line.count(" | ") >= 3]


def test_a_log_is_printed_from_its_first_line_to_its_last(day: Day, failed: str) -> None:
    done = day("logs", "a step")

    said = messages(done)
    assert done.returncode == 0
    assert said.index("one of 1") < said.index("two of 1") < said.index("Flow run FAILED: some reference tasks failed.")
    assert day("logs", failed[:13]).stdout == done.stdout == day("logs", "@last:steps").stdout


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (["--task", "say", "--grep", "one|two"], ["one of 1", "two of 1"]),
        (["--task", "each[1]", "--grep", "^child"], ["child 2"]),
        (["--task", "each", "--grep", "child"], ["child 1", "child 2", "child 3"]),
        (["--grep", "child", "--tail", "2"], ["child 2", "child 3"]),
        (["--grep", "100%_no"], []),
        (["--level", "critical"], []),
        (["--since", "2000-01-01", "--grep", "child 1"], ["child 1"]),
        (["--since", "2999-01-01"], []),
        (["--tail", "0"], []),
    ],
)
def test_lines_are_chosen(day: Day, failed: str, filters: list[str], said: list[str]) -> None:
    done = day("logs", failed, *filters)

    assert (messages(done), done.returncode) == (said, 0 if said else 1)
    assert said or "There is no such line" in done.stderr


def test_a_level_is_the_lowest_and_forms_agree(day: Day, failed: str) -> None:
    lines = day.rows("logs", failed, "--level", "ERROR")

    assert {line["level"] for line in lines} == {"ERROR"}
    assert lines == [
        json.loads(line) for line in day("logs", failed, "--level", "ERROR", "-o", "jsonl").stdout.splitlines()
    ]
    assert lines == day.rows("get", "logs", "--id", failed, "--level", "ERROR")
    assert {line["flow_run_id"] for line in lines} == {failed}
    of_task = {row["id"] for row in day.rows("get", "task-runs", failed, "--task", "at_least_five")}
    assert {line["task_run_id"] for line in lines} == of_task


def test_what_is_no_task_or_no_pattern_is_told(day: Day, failed: str) -> None:
    task, pattern, column = (
        day("logs", failed, *more) for more in (("--task", "sai"), ("--grep", "("), ("--columns", "colour"))
    )

    assert (task.returncode, pattern.returncode, column.returncode) == (1, 2, 2)
    assert "did you mean 'say'?" in task.stderr
    assert "is no regular expression" in pattern.stderr
    assert "there is no column 'colour'" in column.stderr


@pytest.mark.parametrize("more", [(), ("--tail", "1"), ("--task", "wait_for"), ("--level", "INFO")])
def test_lines_are_followed_as_they_come_and_each_comes_once(day: Day, more: tuple[str, ...]) -> None:
    sign = day.folder / f"sign{len(list(day.folder.glob('sign*')))}"
    run_id = day.run("waits", "--param", f"path={sign}")
    with day.started("logs", run_id, "--follow", "--columns", "message", "-o", "jsonl", *more) as follower:
        assert follower.stdout is not None
        seen = read_until(follower, "waiting")  # told while the task is at work
        sign.touch()
        seen += [json.loads(line)["message"] for line in follower.stdout]
        assert follower.wait(60) == 0

    assert [seen.count(text) for text in ("waiting", "there it is")] == [1, 1]
    assert ("Flow run SUCCESS: all reference tasks succeeded" in seen) == ("--task" not in more)


def test_following_is_ended_by_hand_without_a_word(day: Day) -> None:
    sign = day.folder / "ended by hand"
    run_id = day.run("waits", "--param", f"path={sign}")

    with day.started("logs", run_id, "--follow", "--columns", "message", "-o", "jsonl") as follower:
        read_until(follower, "waiting")
        follower.send_signal(signal.SIGINT)
        assert follower.wait(60) == 130
        assert follower.stderr is not None
        told = follower.stderr.read()
    sign.touch()

    assert "bort" not in told
    assert "Traceback" not in told


# ----- going again


def test_a_run_is_watched_and_its_end_is_the_exit_code(day: Day) -> None:
    sign = day.folder / "watched"
    run_id = day.run("waits", "--param", f"path={sign}")

    with day.started("watch", run_id) as watching:
        assert watching.stdout is not None
        seen = [watching.stdout.readline()]
        while not seen[-1].endswith("| waiting\n"):
            assert seen[-1], seen
            seen.append(watching.stdout.readline())
        sign.touch()
        seen += watching.stdout
        assert watching.wait(60) == 0

    assert seen[-1] == "Flow run succeeded!\n"
    assert any("Entered state <Running>: Running flow." in line for line in seen)


def test_what_failed_is_tried_again_with_another_parameter_and_only_what_is_new_is_shown(day: Day) -> None:
    run_id = day.run("steps")
    assert day("watch", run_id, "--quiet").returncode == 1

    trial = day("retry", run_id, "--dry-run", "--from-start")
    done = day("retry", run_id, "--param", "x=8", "--watch")
    again = day("retry", run_id)

    assert "would be restarted" in trial.stdout
    assert (done.returncode, "too small" in done.stdout, "one of" in done.stdout) == (0, False, False)
    assert "Flow run was restarted." in done.stdout
    assert (again.returncode, "nothing in it failed" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("begin", "said"),
    [(["--from-task", "each[1]"], ["child 2"]), (["--from-start"], ["one of 9", "two of 9", "child 1", "child 2"])],
)
def test_a_run_goes_again_from_where_it_is_told(day: Day, begin: list[str], said: list[str]) -> None:
    run_id = day.run("steps", "--param", "x=9")
    assert day("watch", run_id, "--quiet").returncode == 0

    done = day("retry", run_id, *begin, "--watch")

    assert done.returncode == 0, done.stdout + done.stderr
    shown = [line.split(" | ", 2)[-1] for line in done.stdout.splitlines()]
    assert [text for text in ("one of 9", "two of 9", "child 1", "child 2") if text in shown] == said


def test_misuse_of_retry_is_told(day: Day, failed: str) -> None:
    both = day("retry", failed, "--from-start", "--from-task", "say")
    many = day("retry", "--state", "Failed", "--watch", "--yes")
    none = day("retry", failed, "--from-task", "nothing")

    assert (both.returncode, many.returncode, none.returncode) == (2, 2, 1)
    assert "There is no task run of a task 'nothing' in it." in none.stderr


# ----- approval


@pytest.mark.parametrize(("more", "code", "state"), [((), 0, "Success"), (("--refuse",), 1, "Failed")])
def test_a_task_that_waits_for_a_person_is_approved_or_refused(day: Day, more, code: int, state: str) -> None:
    run_id = day.run("approval")
    with day.started("logs", run_id, "--follow", "--columns", "message", "-o", "jsonl") as follower:
        read_until(follower, "Task 'publish': Finished task run for task with final state: 'Paused'")
    told = day("approve", run_id, "--message", "Looked at it.", *more)

    assert told.returncode == 0, told.stderr
    assert day("watch", run_id, "--quiet").returncode == code
    states = day.rows("get", "task-runs", run_id, "--task", "publish")
    assert states[0]["state"] == state
    again = day("approve", run_id)
    assert (again.returncode, "waits for approval" in again.stderr) == (1, True)


def test_a_run_that_is_paused_itself_is_approved(day: Day) -> None:
    run_id = day.run("steps", "--param", "x=9", "--label", "nobody")
    assert day("set-state", "Paused", run_id).returncode == 0

    refused = day("approve", run_id, "--task", "say")
    done = day("approve", run_id)

    assert (refused.returncode, done.returncode) == (1, 0), done.stderr
    assert day.rows("describe", "flow-runs", run_id)["serialized_state"]["type"] == "Resume"
    day("delete", "flow-run", run_id)


# ----- names, lists


def test_a_run_is_renamed(day: Day, failed: str) -> None:
    run_id = day.run("steps", "--label", "nobody")

    done, empty = day("rename", run_id, "another name"), day("rename", run_id, " ")
    unknown = day("rename", "00000000-0000-0000-0000-000000000000", "x")

    assert (done.returncode, empty.returncode, unknown.returncode) == (0, 2, 1)
    assert [row["id"] for row in day.rows("get", "flow-runs", "--where", "name=another name")] == [run_id]
    assert day("delete", "flow-run", "another name").returncode == 0


def test_runs_to_come_are_behind_the_others_and_the_next_of_them_first(day: Day, failed: str) -> None:
    runs = day.rows("get", "flow-runs", "--limit", "50")
    upcoming = day.rows("get", "flow-runs", "--upcoming", "--limit", "3")
    few = day.rows("get", "flow-runs", "--limit", "1")

    made_by_hand = [not run["auto_scheduled"] for run in runs]
    assert made_by_hand == sorted(made_by_hand, reverse=True)
    assert {*made_by_hand} == {True, False}
    due = [run["scheduled_start_time"] for run in runs]
    real, to_come = due[: made_by_hand.count(True)], due[made_by_hand.count(True) :]
    assert (real, to_come) == (sorted(real, reverse=True), sorted(to_come))
    assert [run["scheduled_start_time"] for run in upcoming] == to_come[:3]
    assert few == runs[:1]
    assert day.rows("get", "flow-runs", "--flow", "timed", "--started") == []


def test_every_list_is_the_same_in_each_form(day: Day, failed: str) -> None:
    for words in (
        ("get", "flows"),
        ("get", "projects", "--limit", "5"),
        ("get", "flow-runs", "--state", "failed"),
        ("get", "tasks", "--flow-name", "steps"),
        ("get", "task-runs", failed),
        ("get", "flow-runs", "--counts", "--by", "flow"),
        ("get", "flow-runs", "--per", "1d"),
        ("kv", "list"),
        ("auth", "list-tenants"),
    ):
        rows = day.rows(*words)
        assert [json.loads(line) for line in day(*words, "-o", "jsonl").stdout.splitlines()] == rows, words
        if rows:
            read = list(csv.DictReader(io.StringIO(day(*words, "-o", "csv").stdout)))
            assert [list(row) for row in read] == [list(row) for row in rows], words


def test_one_thing_is_shown_in_each_form(day: Day, failed: str) -> None:
    assert day("kv", "set", "a-key", "a value").returncode == 0

    assert day.rows("kv", "get", "a-key") == {"key": "a-key", "value": "a value"}
    assert day.rows("kv", "list") == [{"key": "a-key"}]
    assert day.rows("auth", "status")["logged_in"] is False
    assert day.rows("why", failed)["state"] == "Failed"
    assert day.rows("describe", "flow-runs", "a step")["name"] == "a step"
    assert day("describe", "tasks", "--name", "steps", "-o", "csv").stdout.startswith("name,created,")
    assert day("describe", "flows", "--name", "steps", "-o", "table").stdout.startswith("FIELD")


# ----- what else there is to do


def test_a_schedule_is_paused_and_makes_no_runs_until_it_is_resumed(day: Day) -> None:
    paused = day("schedule", "pause", "timed")
    none, listed = day.rows("get", "flow-runs", "--upcoming", "--flow", "timed"), day.rows("schedule", "list")
    resumed = day("schedule", "resume", "timed", "--project", "days")

    assert (paused.returncode, resumed.returncode) == (0, 0), paused.stderr + resumed.stderr
    assert none == []
    assert [(row["flow"], row["project"], row["active"]) for row in listed] == [("timed", "days", False)]
    assert "every 86400 s" in day("schedule", "list").stdout
    assert day.rows("get", "flow-runs", "--upcoming", "--flow", "timed")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("schedule", "pause", "steps"), "steps has no schedule."),
        (("schedule", "pause", "tmed"), "tmed not found (did you mean 'timed'?)"),
        (("backfill", "steps", "--from", "2d"), "steps has no schedule: give --every."),
        (("backfill", "timed", "--from", "2026-01-01", "--to", "2026-01-01"), "There is no such time"),
        (("backfill", "steps", "--from", "2d", "--every", "1m"), "more than 1,000 runs"),
        (("limit", "delete", "--tag", "nothing"), "There is no limit of the tag nothing."),
        (("secret", "delete", "nothing"), "There is no secret 'nothing'."),
        (("delete", "flow", "nothing", "--yes"), "nothing not found"),
    ],
)
def test_what_is_not_there_or_too_much_is_told(day: Day, words: tuple[str, ...], text: str) -> None:
    done = day(*words)

    assert (done.returncode, text in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("kind", ["label", "tag"])
def test_limits_are_set_listed_and_taken_away(day: Day, kind: str) -> None:
    name = f"a {kind}"

    for most in ("3", "2"):
        assert day("limit", "set", f"--{kind}", name, most).returncode == 0
    assert day.rows("limit", "list") == [{"kind": kind, "name": name, "limit": 2, "in_use": 0}]
    assert day("limit", "delete", f"--{kind}", name).returncode == 0

    assert day.rows("limit", "list") == []
    assert day("limit", "set", "1").returncode == 2


@pytest.mark.parametrize(
    ("typed", "value"),
    [("a text\n", "a text"), ('{"a": 1}\n', {"a": 1}), ('{"p@ss', '{"p@ss'), ("two\nlines", "two\nlines")],
)
def test_secrets_come_by_standard_input_and_are_not_shown(day: Day, typed: str, value: Any) -> None:
    from prefect.client.client import Client
    from prefect.contract import operations

    done = day("secret", "set", "S", input=typed)

    assert (done.returncode, done.stdout) == (0, "S set\n")
    assert Client(api_server=day.server.url).ask(operations.SECRET_VALUE, name="S")["secret_value"] == value
    assert day.rows("secret", "list") == [{"name": "S"}]
    assert day("secret", "delete", "S").returncode == 0
    assert day("secret", "set", "S", input="").returncode == 2


def test_times_that_have_passed_get_their_runs_once(day: Day) -> None:
    words = ("backfill", "timed", "--from", "2026-11-01T12:00", "--to", "2026-11-04", "--label", "nobody")

    trial, refused = day(*words, "--dry-run"), day(*words, input="n\n")
    first, second = day(*words, "--yes"), day(*words, "--yes")

    assert trial.stdout.split() == [f"2026-11-0{number}T00:00:00+00:00" for number in (2, 3)]
    assert (refused.returncode, first.returncode, first.stdout) == (1, 0, second.stdout)
    made = day.rows("get", "flow-runs", "--where", f"id={','.join(first.stdout.split())}")
    assert [run["scheduled_start_time"][:10] for run in made] == ["2026-11-03", "2026-11-02"]
    assert day("delete", "flow-run", *first.stdout.split()).returncode == 0
    every = day("backfill", "steps", "--from", "2026-11-01", "--to", "2026-11-02", "--every", "6h", "--dry-run")
    assert every.stdout.count("2026-11-01T") == 4


def test_agents_are_listed(day: Day) -> None:
    agents = day.rows("get", "agents")

    assert [agent["type"] for agent in agents] == ["LocalAgent"]
    assert agents[0]["last_queried"]


def test_automations_are_listed_and_deleted(day: Day) -> None:
    from prefect.client.client import Client

    client = Client(api_server=day.server.url)
    action = client.change(
        "mutation($input: create_action_input!) { create_action(input: $input) { id } }",
        {"name": "stop it", "action_type": "CANCEL_RUN", "action_config": {}},
    )
    hook = client.change(
        "mutation($input: create_flow_run_state_changed_hook_input!) {"
        " create_flow_run_state_changed_hook(input: $input) { id } }",
        {"flow_group_ids": [], "action_id": action["id"], "states": ["Failed"]},
    )

    listed = day.rows("get", "automations")
    gone, again = day("delete", "automation", hook["id"]), day("delete", "automation", hook["id"])

    assert [(row["id"], row["action_name"]) for row in listed] == [(hook["id"], "stop it")]
    assert (gone.returncode, again.returncode) == (0, 1)
    assert day.rows("get", "automations") == []


def test_artifacts_of_a_run_are_listed(day: Day, failed: str) -> None:
    from prefect.client.client import Client

    task_run = day.rows("get", "task-runs", failed, "--task", "say")[0]
    Client(api_server=day.server.url).create_task_run_artifact(task_run["id"], "markdown", {"markdown": "# It"})

    assert [(row["task"], row["kind"], row["data"]) for row in day.rows("get", "artifacts", failed)] == [
        ("say", "markdown", {"markdown": "# It"})
    ]


def test_a_flow_is_deleted_once_it_is_confirmed(day: Day) -> None:
    (day.folder / "gone.py").write_text("from prefect import Flow\nflow = Flow('gone')\n")
    register = ("register", "--project", "days", "--force", "--path", str(day.folder / "gone.py"))
    assert [day(*register).returncode for _ in range(2)] == [0, 0]

    refused = day("delete", "flow", "gone", input="n\n")
    one = day("delete", "flow", "gone", "--version", "1", input="y\n")
    rest = day("delete", "flow", "gone", "--project", "days", "--yes")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert (one.stdout, rest.stdout) == ("gone version 1 deleted\n", "gone version 2 deleted\n")
    assert day.rows("get", "flows", "--name", "gone") == []
