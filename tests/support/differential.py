"""Ask both packages, compare what they say, and make a difference small enough to read."""

from __future__ import annotations

import contextlib
import copy
import gzip
import json
import os
import re
import signal
import subprocess
import threading
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HERE = ROOT / "tests" / "differential"
RELEASED = ROOT / ".compat" / "bin" / "python"
SAMPLE = HERE / "sample.jsonl.gz"

# Less than this is no text that could be continued.
SHORTEST_TEXT = 20

Answer = dict[str, Any]


# --- asking -----------------------------------------------------------------------------------------------------------


def ask(
    python: str | Path, descriptions: Sequence[dict[str, Any]], *, home: Path, seconds: float = 120
) -> list[Answer]:
    """Give one answer for each description; one that kills the driver or takes ``seconds`` says so instead."""
    answers: list[Answer] = []
    while len(answers) < len(descriptions):
        answers += _ask_some(python, descriptions[len(answers) :], home, seconds)
        if len(answers) < len(descriptions):
            answers.append({"driver": "died or hung"})
    return answers


def _ask_some(python: str | Path, descriptions: Sequence[dict[str, Any]], home: Path, seconds: float) -> list[Answer]:
    home.mkdir(parents=True, exist_ok=True)
    env = {
        "HOME": str(home),
        "PATH": os.defpath,
        "PREFECT__LOGGING__LEVEL": "INFO",
        "PREFECT__FLOWS__CHECKPOINTING": "true",
    }
    with (home / "driver.err").open("ab") as errors:
        process = subprocess.Popen(
            [str(python), str(HERE / "driver.py")],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    answers: list[Answer] = []
    try:
        for description in descriptions:
            watch = threading.Timer(seconds, _end, [process])
            watch.start()
            try:
                process.stdin.write(json.dumps(description).encode() + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except BrokenPipeError:
                line = b""
            finally:
                watch.cancel()
            if not line:
                break
            answers.append(json.loads(line))
    finally:
        _end(process)
        process.wait()
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    return answers


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a driver with the processes that its flows ran in."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def read_sample() -> list[dict[str, Any]]:
    """Give the stored flows with the answers of 1.4.1: ``{seed, flow, answer}``."""
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


# --- comparing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """Something that the two packages say differently."""

    path: str
    released: str
    ours: str

    def __str__(self) -> str:
        return f"{self.path}\n    1.4.1: {self.released}\n    ours:  {self.ours}"


@dataclass
class Intended:
    """A difference that is on purpose.

    With ``whole`` the rest of the flow is not compared; with ``continues`` our text is that of 1.4.1 and more.
    """

    name: str
    reason: str
    path: re.Pattern[str]
    released: re.Pattern[str]
    ours: re.Pattern[str]
    flow: re.Pattern[str]
    whole: bool = False
    continues: bool = False
    uses: int = field(default=0)

    def covers(self, difference: Difference, description: str) -> bool:
        if self.continues:
            text = difference.released.rstrip("\"')]")
            if len(text) < SHORTEST_TEXT or not difference.ours.startswith(text):
                return False
        return bool(
            self.path.fullmatch(difference.path)
            and self.released.fullmatch(difference.released)
            and self.ours.fullmatch(difference.ours)
            and self.flow.search(description)
        )


def intended() -> list[Intended]:
    """Read the list of differences that are on purpose."""
    rows = tomllib.loads((HERE / "intended.toml").read_text()).get("difference", [])
    return [
        Intended(
            name=row["name"],
            reason=row["reason"],
            path=re.compile(row.get("path", ".*")),
            released=re.compile(row.get("released", ".*"), re.DOTALL),
            ours=re.compile(row.get("ours", ".*"), re.DOTALL),
            flow=re.compile(row.get("flow", "")),
            whole=row.get("whole", False),
            continues=row.get("continues", False),
        )
        for row in rows
    ]


def differences(released: Answer, ours: Answer, is_unordered: bool = False) -> list[Difference]:
    """Tell where two answers differ; the order of what does not depend on one another does not count."""
    found: list[Difference] = []
    plain = [dict(released), dict(ours)]
    runs = [answer.pop("runs", []) for answer in plain]
    _walk("", plain[0], plain[1], found)
    if len(runs[0]) != len(runs[1]):
        return found
    edges = [(up, down) for up, down, *_ in released.get("graph", {}).get("edges", [])]
    for number, (one, other) in enumerate(zip(*runs, strict=True)):
        one, other = dict(one), dict(other)
        events = one.pop("events"), other.pop("events")
        if is_unordered:
            events = tuple(sorted(part, key=lambda event: json.dumps(event[1:3])) for part in events)
        _compare_events(f"runs.{number}.events", *events, [] if is_unordered else edges, found)
        _compare_logs(f"runs.{number}.logs", one.pop("logs"), other.pop("logs"), found)
        _walk(f"runs.{number}", one, other, found)
    return found


def _walk(path: str, one: Any, other: Any, found: list[Difference]) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            _walk(f"{path}.{key}".lstrip("."), one.get(key), other.get(key), found)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (left, right) in enumerate(zip(one, other, strict=True)):
            _walk(f"{path}.{place}", left, right, found)
    elif one != other:
        found.append(Difference(path, json.dumps(one), json.dumps(other)))


def _compare_events(
    path: str, one: list[Any], other: list[Any], edges: list[tuple[str, str]], found: list[Difference]
) -> None:
    by_task = [_by_task(events) for events in (one, other)]
    before = len(found)
    for slug in sorted({*by_task[0], *by_task[1]}):
        left, right = (events.get(slug, []) for events in by_task)
        if left != right:
            place = next(
                (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
            )
            found.append(Difference(f"{path}.{slug}.{place}", json.dumps(left[place:]), json.dumps(right[place:])))
    if len(found) > before:
        return
    for up, down in edges:
        left, right = ([e for e in events if e[1] in (up, down)] for events in (one, other))
        if left != right:
            found.append(Difference(f"{path}.order of {up} and {down}", json.dumps(left), json.dumps(right)))


def _by_task(events: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for event in events:
        found.setdefault(str(event[1]), []).append(event)
    return found


def _compare_logs(path: str, one: list[Any], other: list[Any], found: list[Difference]) -> None:
    left, right = (Counter(json.dumps(record) for record in records) for records in (one, other))
    missing, extra = sorted((left - right).elements()), sorted((right - left).elements())
    for place in range(max(len(missing), len(extra))):
        a = missing[place] if place < len(missing) else "null"
        b = extra[place] if place < len(extra) else "null"
        found.append(Difference(f"{path}.{place}", a, b))


def unintended(
    description: dict[str, Any], released: Answer, ours: Answer, known: Sequence[Intended]
) -> list[Difference]:
    """Give the differences that no entry of the list covers."""
    # Dask orders the children of a map as it likes.
    found = differences(released, ours, is_unordered=description.get("executor") == "dask")
    if not found:
        return []
    text = json.dumps(description)
    left = []
    for difference in found:
        entry = next((entry for entry in known if entry.covers(difference, text)), None)
        if entry is None:
            left.append(difference)
            continue
        entry.uses += 1
        if entry.whole:
            # What follows from it is not worth comparing.
            return []
    return left


# --- making small -----------------------------------------------------------------------------------------------------


def smaller(description: Any) -> Iterator[Any]:
    """Give the descriptions that are one step simpler."""
    if isinstance(description, dict):
        for key in description:
            if key not in ("kind", "id", "name", "do", "runs"):
                yield {k: v for k, v in description.items() if k != key}
        for key, value in description.items():
            for less in smaller(value):
                yield {**description, key: less}
    elif isinstance(description, list):
        for place in range(len(description)):
            yield description[:place] + description[place + 1 :]
        for place, value in enumerate(description):
            for less in smaller(value):
                yield [*description[:place], less, *description[place + 1 :]]
        for place, value in enumerate(description):
            if isinstance(value, dict) and "nodes" in value:
                yield [*description[:place], *value["nodes"], *description[place + 1 :]]


def kind_of(difference: Difference) -> str:
    """Give what stays of a difference when names and numbers change."""
    return re.sub(r"\d+", "#", difference.path.split(".")[0] + difference.path.split(".")[-1])[:40]


def shrink(
    description: dict[str, Any],
    pythons: tuple[str | Path, str | Path],
    known: Sequence[Intended],
    home: Path,
    rounds: int = 40,
) -> dict[str, Any]:
    """Give a description as small as possible that both packages still answer differently."""
    best = copy.deepcopy(description)
    for _ in range(rounds):
        candidates = [c for c in smaller(best) if c.get("runs")]
        candidates.sort(key=lambda c: len(json.dumps(c)))
        for start in range(0, len(candidates), 60):
            batch = candidates[start : start + 60]
            answers = [ask(python, batch, home=home) for python in pythons]
            better = [
                c
                for c, released, ours in zip(batch, *answers, strict=True)
                if "refused" not in released and "refused" not in ours and unintended(c, released, ours, known)
            ]
            if better:
                best = better[0]
                break
        else:
            return best
    return best
