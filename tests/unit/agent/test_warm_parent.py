"""What an agent makes of the answers of the process that forks its flow runs; that process is played."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prefect.agent.local import LocalAgent, warm
from prefect.utilities.configuration import set_temporary_config


def parent(**said: Any) -> Any:
    """Give a parent whose process answers each request so."""
    made: Any = object.__new__(warm._Parent)
    made._lock, made._numbers, made._answers = threading.Lock(), itertools.count(), {}
    made._processes, made.has_ended = {}, False
    made.asked = []

    def sendall(line: bytes) -> None:
        request = json.loads(line)
        made.asked.append(request)
        answer = made._answers[request["id"]]
        answer.said = said
        answer.is_there.set()

    made._channel = SimpleNamespace(sendall=sendall)
    return made


def test_the_parent_says_what_it_says_where_the_runs_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "COMMAND", ("-c", "import sys; print('out'); print('err', file=sys.stderr)"))
    with (tmp_path / "said").open("wb") as said:
        made = warm._Parent(said.fileno(), {})
        assert made._process.wait(60) == 0
        made._listener.join(60)

    assert sorted((tmp_path / "said").read_text().split()) == ["err", "out"]


def test_a_parent_that_has_ended_is_asked_for_nothing() -> None:
    made = parent()
    made.has_ended = True

    with pytest.raises(ConnectionError, match=r"^the warm parent has ended$"):
        made.fork({}, None)
    assert made.asked == []


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        ({"ended": True}, ConnectionError, "the warm parent has ended"),
        ({"refused": "its interpreter"}, warm.NeedsInterpreter, "its interpreter"),
        ({"outdated": True}, warm._Outdated, ""),
        ({"error": "no memory"}, OSError, "no memory"),
        ({}, OSError, "no process was forked"),
    ],
    ids=str,
)
def test_each_answer_without_a_process_is_told_as_what_it_is(
    said: dict[str, Any], kind: type[Exception], text: str
) -> None:
    made = parent(**said)

    with pytest.raises(kind, match=f"^{text}$") as told:
        made.fork({"A": "1"}, "/somewhere")

    assert type(told.value) is kind
    (request,) = made.asked
    assert (request["environ"], request["working_dir"]) == ({"A": "1"}, "/somewhere")


def test_the_parent_lives_as_long_as_the_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    played = SimpleNamespace(prepare=lambda: done.append("prepared"), stop=lambda: done.append("stopped"))
    with set_temporary_config({"cloud.api": "http://127.0.0.1:9", "cloud.api_key": ""}):
        agent = LocalAgent()
    for parent_of, what in ((None, []), (played, ["prepared", "stopped"])):
        monkeypatch.setattr(agent, "_warm", parent_of)
        agent.on_startup()
        agent.on_shutdown()
        assert done == what


# ----- the process of a run


def ended_process() -> int:
    """Give the number of a process that has ended and that nobody waits for any more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("code", [0, 3, -9])
def test_of_a_process_that_had_ended_before_anybody_looked_its_end_is_told(code: int) -> None:
    process = warm.ForkedProcess(ended_process())
    process.terminate()
    process.kill()
    assert process.poll() is None

    process._note_end(code)

    assert (process.poll(), process.wait(), process.wait()) == (code, code, code)


def test_a_process_that_ends_meanwhile_is_sent_no_signal_and_that_is_no_error() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as played:
        process = warm.ForkedProcess(played.pid)
        played.communicate(b"\n")
    process.terminate()

    process._note_end(None)  # its parent was killed, and nobody has seen the code
    assert process.wait() == 0


def test_a_process_whose_parent_was_killed_is_waited_for_all_the_same() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as played:
        process = warm.ForkedProcess(played.pid)
        process._note_end(None)
        waits = threading.Thread(target=process.wait)
        waits.start()
        waits.join(0.2)
        assert waits.is_alive()
        process.kill()
        waits.join(60)
        assert process.poll() == 0
        assert played.wait() == -signal.SIGKILL
