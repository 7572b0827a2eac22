"""What must always hold, with real local agents and the processes that they start: frozen, killed and thawed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from socket import gethostname
from typing import Any

import pytest

from conftest import BOTH, fresh_or_skip
from support.agents import READY, AgentProcess
from support.crowd import Admin, RoughServer, auditor

pytestmark = pytest.mark.process

SECONDS = float(os.environ.get("PROCTOR_INVARIANT_SECONDS", "4"))
SEED = int(os.environ.get("PROCTOR_INVARIANT_SEED", "1"))
RUNS = 4 if SECONDS < 20 else 30
HEARTBEAT_SECONDS = 4.0
CALM_SECONDS = 120.0

FLOW = """
import os, time
import prefect
from prefect import Flow, task

@task(max_retries=2, retry_delay=__import__("datetime").timedelta(seconds=1))
def work(x):
    with open({notes!r}, "a") as file:
        file.write(f"{{prefect.context.flow_run_id}} {{x}} {{os.getpid()}}\\n")
    time.sleep(0.3)
    return x + 1

with Flow("worked") as flow:
    work(work(work(1)))
"""


def register(folder: Path, server: RoughServer, key: str) -> None:
    (folder / "worked.py").write_text(FLOW.format(notes=str(folder / "notes")))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
    for arguments in (["create", "project", "p"], ["register", "--project", "p", "--path", str(folder / "worked.py")]):
        subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            env={**clean, **server.settings, "PREFECT__CLOUD__API_KEY": key},
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )


def processes_of(agents: list[AgentProcess]) -> list[int]:
    """Give the ids of the flow runs' processes that agents started."""
    parents = {agent.process.pid for agent in agents}
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) in parents and words[0] != "Z":
            found.append(int(status.parent.name))
    return found


def send(pid: int, what: signal.Signals) -> None:
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return


def disturb(server: RoughServer, agents: list[AgentProcess], chance: random.Random) -> None:
    """Kill the server, and freeze agents or their runs past the heartbeat limit."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.5, 2.0))
        server.stop(signal.SIGKILL)
        server.start()
        started = processes_of(agents)
        victim = chance.choice([agents[0].process.pid, *started])
        send(victim, signal.SIGSTOP)
        if len(started) > 1 and chance.random() < 0.3:
            send(chance.choice(started), signal.SIGKILL)
        time.sleep(HEARTBEAT_SECONDS * 1.5)
        send(victim, signal.SIGCONT)


@pytest.mark.parametrize("kind", BOTH if SECONDS > 20 else BOTH[:1])
def test_real_agents_and_flow_runs_keep_every_promise(tmp_path: Path, databases: Any, kind: str) -> None:
    print(f"seed {SEED}; again with PROCTOR_INVARIANT_SEED={SEED}")
    chance = random.Random(SEED)
    url = fresh_or_skip(databases, kind)
    journal: list[dict[str, Any]] = []
    limit = {"PREFECT_SERVER__SERVICES__HEARTBEAT_LIMIT_SECONDS": str(HEARTBEAT_SECONDS)}
    with ExitStack() as ending:
        server = ending.enter_context(RoughServer(tmp_path / "server", url, **limit))
        key, run_key = server.make_key("admin")[1], server.make_key("run")[1]
        admin = Admin(server.url, key)
        register(tmp_path, server, key)
        flow_id = admin.ask("{ flow { id } }")["flow"][0]["id"]
        how = {"PREFECT__CLOUD__API_KEY": run_key, "PREFECT__CLOUD__HEARTBEAT_INTERVAL": "1"}
        agents = [
            AgentProcess(server, tmp_path, "--name", name, "--label", gethostname(), **how)
            for name in ("first", "second")
        ]
        for agent in agents:
            ending.callback(agent.stop)
        for agent in agents:
            agent.wait_for(READY)
        for number in range(RUNS):
            run_id = admin.do("create_flow_run", flow_id=flow_id, idempotency_key=f"k{number}")["id"]
            journal.append({"op": "create", "key": f"k{number}", "run": run_id})

        disturb(server, agents, chance)
        admin.wait_for_the_end(CALM_SECONDS)
        ended = admin.ask("{ flow_run { id state times_resurrected } }")["flow_run"]
        print(ended)
        for pid in processes_of(agents):
            send(pid, signal.SIGTERM)

    with auditor.reading(url) as read:
        assert auditor.audit(read, journal) == []
    assert sum(run["state"] == "Success" for run in ended) >= RUNS // 2
    assert "Traceback" not in server.log
    databases.drop(url)
