"""The history checker: clients, faults, and an auditor for what must always hold (docs/guides/operations.md).

Many client processes work through a proxy that loses and doubles what they send; the server is killed every two
seconds or so; clients are frozen past the heartbeat limit and thawed; the clock jumps where ``libfaketime`` is
installed. Then everything calms down, an undisturbed worker ends what is left, and the auditor compares the database
with what the clients were told. A failure prints its seed:

    PROCTOR_INVARIANT_SEED=17 PROCTOR_INVARIANT_SECONDS=60 python -m pytest tests/invariants

``make invariants`` runs it long.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.road import wait_until
from support.rough_proxy import RoughProxy
from support.servers import ServerProcess
from support.world import flow_document

pytestmark = pytest.mark.process

HERE = Path(__file__).parent
SECONDS = float(os.environ.get("PROCTOR_INVARIANT_SECONDS", "4"))
SEED = int(os.environ.get("PROCTOR_INVARIANT_SEED", "1"))
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
HEARTBEAT_SECONDS = 1.5
CALM_SECONDS = 45.0
BETWEEN_KILLS_SECONDS = (1.0, 3.0)
CHANCES = {"lose_request": 0.03, "lose_reply": 0.05, "twice": 0.05, "race": 0.05}


def load(name: str) -> Any:
    """Import a neighbour, which is no package."""
    spec = importlib.util.spec_from_file_location(f"invariants_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


auditor = load("auditor")


class RoughServer(ServerProcess):
    """A server that notices the lost soon, and whose clock may be wrong."""

    jump_seconds = 0

    @property
    def settings(self) -> dict[str, str]:
        section = "PREFECT_SERVER__SERVICES__"
        found = super().settings | {
            f"{section}HEARTBEAT_LIMIT_SECONDS": str(HEARTBEAT_SECONDS),
            f"{section}ZOMBIE_KILLER__INTERVAL_SECONDS": "0.3",
            f"{section}LAZARUS__INTERVAL_SECONDS": "0.3",
        }
        if self.jump_seconds and FAKETIME is not None:
            found |= {
                "LD_PRELOAD": str(FAKETIME),
                "FAKETIME": f"{self.jump_seconds:+d}s",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        return found


def post(url: str, query: str, variables: Any = None) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        said = json.loads(answer.read())
    assert "errors" not in said, said
    return said["data"]


def register(url: str) -> str:
    project = post(url, 'mutation { create_project(input: {name: "p"}) { id } }')["create_project"]["id"]
    document = "mutation($input: create_flow_input!) { create_flow(input: $input) { id } }"
    tasks = [{"slug": f"{name}-1", "name": name, "max_retries": 1, "retry_delay": 1} for name in ("one", "two")]
    made = post(url, document, {"input": {"project_id": project, "serialized_flow": flow_document(tasks=tasks)}})
    return str(made["create_flow"]["id"])


class Crowd:
    """Client processes, each with its journal."""

    def __init__(self, folder: Path, flow_id: str, keys: int) -> None:
        self.folder = folder
        self.shared = {"flow_id": flow_id, "keys": keys}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.journals: list[Path] = []

    def start(self, role: str, url: str, seed: int, seconds: float, vanish: float = 0.05) -> subprocess.Popen[bytes]:
        journal = self.folder / f"{role}-{len(self.journals)}.journal"
        journal.touch()
        given = {**self.shared, "role": role, "url": url, "seed": seed, "seconds": seconds, "vanish": vanish}
        process = subprocess.Popen(
            [sys.executable, "-S", str(HERE / "client.py"), json.dumps(given | {"journal": str(journal)})]
        )
        self.processes.append(process)
        self.journals.append(journal)
        return process

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def lines(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = auditor.journal_lines(self.journals)
        return found


@pytest.fixture
def crowd_folder(tmp_path: Path) -> Path:
    print(f"seed {SEED}, {SECONDS:g} s of faults; again with PROCTOR_INVARIANT_SEED={SEED}")
    return tmp_path


def disturb(server: RoughServer, crowd: Crowd, chance: random.Random, jumps: bool) -> Counter[str]:
    """Kill, freeze and mislead until the time is over."""
    done: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    frozen: list[tuple[float, subprocess.Popen[bytes]]] = []
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, chance.uniform(*BETWEEN_KILLS_SECONDS)))
        now = time.monotonic()
        for until, process in list(frozen):
            if until < now:
                process.send_signal(signal.SIGCONT)
                frozen.remove((until, process))
        alive = [one for one in crowd.processes if one.poll() is None and one not in [p for _, p in frozen]]
        if len(alive) > 3:
            victim = chance.choice(alive)
            victim.send_signal(signal.SIGSTOP)
            frozen.append((now + HEARTBEAT_SECONDS * 1.5, victim))
            done["frozen"] += 1
        server.stop(signal.SIGKILL)
        done["killed"] += 1
        if jumps and FAKETIME is not None and chance.random() < 0.3:
            server.jump_seconds = chance.choice((-8, 8))
            done["jumped"] += 1
        server.start()
    for _, process in frozen:
        process.send_signal(signal.SIGCONT)
    server.jump_seconds = 0
    return done


OPEN = """{ flow_run(limit: 3, where: {state: {_nin: ["Success", "Failed", "Cancelled", "TimedOut"]}}) {
    id state heartbeat updated times_resurrected states(order_by: {version: asc}) { state message timestamp }
    task_runs { id state heartbeat state_start_time } } }"""


def wait_for_the_end(url: str) -> None:
    """Wait until every run has ended; tells of some that have not."""
    try:
        wait_until("every run ends", lambda: not post(url, OPEN)["flow_run"], CALM_SECONDS)
    except AssertionError:
        raise AssertionError(json.dumps(post(url, OPEN), indent=1)) from None


def test_what_must_always_hold_holds_whatever_happens(crowd_folder: Path, database_url: str) -> None:
    chance = random.Random(SEED)
    server = RoughServer(crowd_folder, database_url)
    server.start()
    # On PostgreSQL a second replica serves half of the clients, and is never killed.
    second = server
    if not database_url.startswith("sqlite"):
        (crowd_folder / "second").mkdir()
        second = RoughServer(crowd_folder / "second", database_url)
        second.start()
    crowd = Crowd(crowd_folder, register(server.url), keys=max(100, int(SECONDS * 60)))
    try:
        with RoughProxy(server.port, SEED, **CHANCES) as proxy, RoughProxy(second.port, SEED + 1, **CHANCES) as other:
            for number in range(2):
                crowd.start("maker", (proxy, other)[number].url, SEED * 100 + number, SECONDS)
            for number in range(3):
                crowd.start("worker", (proxy, other)[number % 2].url, SEED * 100 + 50 + number, SECONDS)
            done = disturb(server, crowd, chance, jumps=SECONDS > 20)
            proxy.calm()
            other.calm()
            for process in crowd.processes:
                assert process.wait(CALM_SECONDS) == 0
            if server.process is None or server.process.poll() is not None:
                server.start()
            for number in range(2):
                crowd.start("worker", (server, second)[number].url, SEED * 100 + 90 + number, CALM_SECONDS, vanish=0.0)
            wait_for_the_end(server.url)
            faults = done + proxy.counts + other.counts
    finally:
        crowd.stop()
        server.stop()
        second.stop()

    journal = crowd.lines()
    told = Counter(line["op"] for line in journal)
    print(f"faults {dict(faults)}, acknowledged {dict(told)}")
    with auditor.reading(database_url) as read:
        broken = auditor.audit(read, journal)
    assert broken == []
    assert told["create"] > 20
    assert told["state"] > 20
    assert faults["killed"] > 0
    for one in (server, second):
        assert "Traceback" not in one.log
        assert "deadlock" not in one.log


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_loses_nothing_that_was_acknowledged_and_ends_when_there_is_room(crowd_folder: Path) -> None:
    disk = crowd_folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    url = f"sqlite:///{disk}/proctor.db"
    try:
        server = RoughServer(crowd_folder, url)
        server.start()
        try:
            flow_id = register(server.url)
            ballast = disk / "ballast"
            ballast.write_bytes(b"x" * 1_500_000)
            kept = fill(server.url, flow_id)
            assert post(server.url, "{ hello }")  # reading goes on
            ballast.unlink()
            kept.append(create(server.url, flow_id)["data"]["create_flow_run"]["id"])
        finally:
            server.stop()
        with auditor.reading(url) as read:
            found = {row[0] for row in read("SELECT id FROM flow_run")}
            assert set(kept) <= found
            assert read("PRAGMA integrity_check") == [("ok",)]
            runs = {row[0]: row for row in read("SELECT id, state, version FROM flow_run")}
            assert list(auditor._forks("flow", runs, auditor._histories(read(HISTORY)))) == []
        assert "Traceback" not in server.log
    finally:
        subprocess.run(["umount", str(disk)], check=True)


HISTORY = "SELECT flow_run_id, version, state, id FROM flow_run_state"


def create(url: str, flow_id: str) -> Any:
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    given = {"input": {"flow_id": flow_id, "parameters": {"large": "x" * 20_000}}}
    body = json.dumps({"query": document, "variables": given}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def fill(url: str, flow_id: str) -> list[str]:
    """Create runs until the disk is full, and some more times; gives those that were acknowledged."""
    kept: list[str] = []
    refused = 0
    while refused < 5:
        assert len(kept) < 1000
        answer = create(url, flow_id)
        if "errors" in answer:
            refused += 1
            assert answer["errors"][0]["message"] == "Unable to connect to the database."
        else:
            kept.append(answer["data"]["create_flow_run"]["id"])
    assert kept
    return kept
