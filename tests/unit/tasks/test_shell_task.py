"""``ShellTask``: real shells."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow
from prefect.engine.signals import FAIL
from prefect.tasks.shell import ShellTask


@pytest.mark.parametrize(
    ("command", "last", "everything"),
    [
        ("echo a; echo b >&2", "b", ["a", "b"]),
        ("echo a; echo", "", ["a", ""]),
        ("echo '  a '", "  a", ["  a"]),
        ("true", None, []),
        ("printf 'no newline'", "no newline", ["no newline"]),
        (r"printf '\xff\n'", "\ufffd", ["\ufffd"]),
    ],
)
def test_output_is_the_last_line_or_all_lines(command: str, last: str | None, everything: list[str]) -> None:
    assert ShellTask(command=command).run() == last
    assert ShellTask(return_all=True).run(command=command) == everything


def test_helper_script_and_environment_reach_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTER", "o")
    task = ShellTask(helper_script="X=5", env={"Y": "7"})

    assert task.run(command="echo $X $Y $OUTER") == "5 7 o"
    assert task.run(command="echo $X $Y", env={"Y": "8"}, helper_script="X=6") == "6 8"


@pytest.mark.parametrize(("return_all", "output"), [(False, "ho"), (True, ["hi", "ho"])])
def test_failed_command_fails_with_its_output_as_the_result(return_all: bool, output: Any) -> None:
    with pytest.raises(FAIL) as caught:
        ShellTask(return_all=return_all).run(command="echo hi; echo ho; exit 3")

    assert str(caught.value) == "Command failed with exit code 3"
    assert caught.value.state.result == output


def test_output_is_logged_as_asked(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "prefect"):
        ShellTask(stream_output=True, name="streams").run(command="echo one; echo two")
        ShellTask(stream_output="WARNING", name="warns").run(command="echo three")
        with pytest.raises(FAIL):
            ShellTask(log_stderr=True, name="errs").run(command="echo four; echo five >&2; exit 1")

    said = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [
        ("prefect.streams", "INFO", "one"),
        ("prefect.streams", "INFO", "two"),
        ("prefect.warns", "WARNING", "three"),
        ("prefect.errs", "ERROR", "Command failed with exit code 1"),
        ("prefect.errs", "ERROR", "four\nfive"),
    ]


def test_percent_signs_in_streamed_output_are_no_placeholders(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "prefect"):
        ShellTask(stream_output=True).run(command="echo 100%s done")

    assert caplog.messages == ["100%s done"]


def test_misuse_is_refused() -> None:
    with pytest.raises(TypeError, match="missing required argument: 'command'"):
        ShellTask().run()
    with pytest.raises(TypeError, match="Level LOUD is not a valid log level"):
        ShellTask(stream_output="LOUD")
    with pytest.raises(FileNotFoundError, match="no-such-shell"):
        ShellTask(command="true", shell="no-such-shell").run()


def test_script_file_is_gone_afterwards() -> None:
    path = ShellTask(command="echo $0").run()

    assert path is not None
    assert not Path(path).exists()


def test_commands_of_a_flow_run_in_order(tmp_path: Path) -> None:
    with Flow("shell") as flow:
        first = ShellTask(name="first")(command=f"echo 1 > {tmp_path}/x; cat {tmp_path}/x")
        second = ShellTask(name="second", return_all=True)(command=f"cat {tmp_path}/x; exit 4", upstream_tasks=[first])

    state = flow.run()

    assert state.is_failed()
    assert state.result[first].result == "1"
    assert state.result[second].message == "Command failed with exit code 4"
    assert state.result[second].result == ["1"]
