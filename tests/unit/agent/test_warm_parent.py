"""What an agent makes of the answers of the process that forks its flow runs; that process is played."""

from __future__ import annotations

import itertools
import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from prefect.agent.local import warm


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
