"""``prefect server status``, ``prefect doctor``, ``prefect open`` and what completes commands in a shell."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.agents import running_agent
from support.commands import PREFECT, clean_environment
from support.servers import ServerProcess, free_port

FLOW = "from prefect import Flow\nflow = Flow('complete-me')\n"


# ----- server status


def test_a_server_that_is_well_is_told_with_its_agents(served, server: ServerProcess, tmp_path: Path) -> None:
    with running_agent(server, tmp_path, "--label", "status-test"):
        done = served("server", "status")
        told = json.loads(served("server", "status", "-o", "json").stdout)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "status-test" in done.stdout
    assert (told["api"], told["health"], told["clock_ahead_seconds"]) == (server.url, "ok", 0)
    assert told["process"] == server.process.pid
    assert [agent["labels"] for agent in told["agents"]] == [["status-test"]] or len(told["agents"]) > 1
    assert isinstance(told["running_flow_runs"], int)


def test_a_server_that_does_not_run_is_told(prefect) -> None:
    done = prefect("server", "status", PREFECT__CLOUD__API=f"http://127.0.0.1:{free_port()}")

    assert (done.returncode, done.stdout) == (1, "")
    assert "code: SERVER_UNREACHABLE " in done.stderr
    assert "hint: " in done.stderr


def test_a_server_that_is_not_well_is_told(invoke, api) -> None:
    api.got = (503, {}, {"status": "unavailable", "version": "1.5.0", "problem": "the disk is full"})

    done = invoke("server", "status")

    assert done.exit_code == 1
    assert "unavailable: the disk is full" in done.stdout
    assert "code: UNAVAILABLE " in done.stderr


# ----- doctor


def test_what_is_well_is_told_by_the_doctor(served, server: ServerProcess, tmp_path: Path) -> None:
    with running_agent(server, tmp_path, "--label", "doctor-test"):
        done = served("doctor")
        told = json.loads(served("doctor", "-o", "json").stdout)

    assert done.returncode == 0, done.stdout
    assert {one["what"] for one in told} >= {"version", "settings", "storage", "server", "database", "clock", "agents"}
    assert not [one for one in told if one["verdict"] == "failed"]
    assert not [one for one in told if one["verdict"] != "ok" and not one["hint"]]
    assert len(done.stdout.splitlines()) >= len(told)


def test_the_doctor_says_what_to_do_and_sees_the_rest(prefect, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[cloud]\napi_kee = 'x'\nagent.level = 'LOUD'\n[mine]\nown = 1\n")

    done = prefect("doctor", PREFECT__CLOUD__API=f"http://127.0.0.1:{free_port()}", PREFECT__LOGING__LEVEL="INFO")

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any(line.startswith("failed") and "Could not reach" in line for line in lines)
    assert any("`prefect server start`" in line for line in lines)
    assert any("cloud.agent.level: expected one of DEBUG" in line for line in lines)
    assert any("cloud.api_kee is no setting" in line for line in lines)
    assert any("Did you mean cloud.api_key?" in line for line in lines)
    assert any("PREFECT__LOGING__LEVEL is no setting" in line for line in lines)
    assert "mine.own" not in done.stdout
    assert "code: COMMAND_FAILED " in done.stderr


def test_the_doctor_tells_of_settings_that_cannot_be_read(prefect, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("a = [")

    done = prefect("doctor")

    assert done.returncode == 1
    assert f"{tmp_path}/config.toml is not valid TOML" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_doctor_tells_of_clocks_versions_and_keys(invoke, api) -> None:
    api.got = (200, {"Date": "Mon, 01 Jan 2001 00:00:00 GMT"}, {"status": "ok", "version": "0.9.1"})
    api.on("running:", {"errors": [{"message": "No key.", "extensions": {"code": "UNAUTHENTICATED"}}]})

    told = {one["what"]: one for one in json.loads(invoke("doctor", "-o", "json").stdout)}

    assert "behind" in told["clock"]["seen"]
    assert told["clock"]["hint"]
    assert (told["access"]["verdict"], told["access"]["seen"]) == ("failed", "No key.")
    assert "prefect auth login" in told["access"]["hint"]
    assert "the server is 0.9.1" in told["server"]["seen"]


# ----- open


@pytest.fixture(scope="module")
def registered(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A registered flow with a run; gives the run's name."""
    folder = tmp_path_factory.mktemp("flows")
    (folder / "flow.py").write_text(FLOW)
    environment = clean_environment(folder) | server.settings
    for arguments in (
        ["create", "project", "complete-project"],
        ["register", "--project", "complete-project", "--path", "flow.py"],
        ["run", "--name", "complete-me", "--run-name", "complete-run"],
    ):
        subprocess.run([*PREFECT, *arguments], env=environment, cwd=folder, check=True, capture_output=True, timeout=60)
    return "complete-run"


def test_pages_of_runs_and_flows_are_opened(served, server: ServerProcess, registered: str, tmp_path: Path) -> None:
    (tmp_path / "browser.sh").write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/opened\n')
    (tmp_path / "browser.sh").chmod(0o755)
    browser = str(tmp_path / "browser.sh")

    run = served("open", registered, BROWSER=browser)
    last = served("open", "@last:complete-me", "--print")
    flow = served("open", "complete-me", "--print")
    start = served("open", "--print")

    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"{server.url}/default/flow-run/")
    assert (tmp_path / "opened").read_text() == run.stdout
    assert last.stdout == run.stdout
    assert flow.stdout.startswith(f"{server.url}/default/flow/")
    assert start.stdout.startswith(server.url)


def test_what_is_not_there_is_not_opened(served, registered: str) -> None:
    done = served("open", "no-such-thing", BROWSER="false")

    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no flow run and no flow 'no-such-thing'." in done.stderr
    assert "code: NOT_FOUND " in done.stderr


# ----- completion


def completed(served, line: str, **settings: str) -> list[str]:
    """Complete a line as bash asks for it."""
    words = line.split(" ")
    done = served(_PREFECT_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1), **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return [found.partition(",")[2] for found in done.stdout.splitlines() if found]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("prefect des", ["describe"]),
        ("prefect server st", ["start", "status", "stop"]),
        ("prefect run --na", ["--name"]),
        ("prefect run --name comp", ["complete-me"]),
        ("prefect run --project comp", ["complete-project"]),
        ("prefect get flow-runs --flow comp", ["complete-me"]),
        ("prefect delete project comp", ["complete-project"]),
        ("prefect cancel comp", ["complete-run"]),
        ("prefect cancel @", ["@last"]),
        ("prefect open comp", ["complete-run", "complete-me"]),
        ("prefect config view cloud.api", ["cloud.api", "cloud.api_key"]),
        ("prefect explain SERVER_UN", ["SERVER_UNREACHABLE"]),
        ("prefect run --name 50%", []),
    ],
)
def test_a_line_is_completed(served, registered: str, line: str, found: list[str]) -> None:
    assert completed(served, line) == found


def test_nobody_waits_for_a_server_that_does_not_answer(prefect) -> None:
    address = f"http://127.0.0.1:{free_port()}"

    assert completed(prefect, "prefect run --name a", PREFECT__CLOUD__API=address) == []
    assert completed(prefect, "prefect cancel ", PREFECT__CLOUD__API=address) == ["@last"]


def test_files_are_left_to_the_shell(prefect) -> None:
    done = prefect(_PREFECT_COMPLETE="bash_complete", COMP_WORDS="prefect run --path fl", COMP_CWORD="3")

    assert done.stdout == "file,fl\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_reads_is_printed(prefect, shell: str, tmp_path: Path) -> None:
    done = prefect("completion", shell)

    assert done.returncode == 0
    assert "_PREFECT_COMPLETE" in done.stdout
    if program := shutil.which(shell):
        (tmp_path / "script").write_text(done.stdout)
        subprocess.run([program, "-n", str(tmp_path / "script")], check=True, timeout=30)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_with_it(prefect, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(prefect("completion", "bash").stdout)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "prefect"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m prefect "$@"\n')
    program.chmod(0o755)
    asked = (
        f"PATH={tmp_path}/bin:$PATH; source {tmp_path}/script; COMP_WORDS=(prefect explain SERVER_UN); COMP_CWORD=2; "
        '_prefect_completion prefect; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", asked], env=clean_environment(tmp_path), capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "SERVER_UNREACHABLE\n"
