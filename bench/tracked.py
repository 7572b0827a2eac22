"""What one task costs when a server keeps track of it, beside another commit, in one run.

    .venv/bin/python bench/tracked.py --before 87d35bc [--tasks 200] [--rounds 5] [--kinds chain,map,threads] [--postgres]

Each commit has a server of its own. The two take turns: a flow-run process of its own executes a flow of many small
tasks, with logs sent and results kept, as on any agent's machine. Told is CPU (user and system) of that process, of
the server, and of all processes of the database on PostgreSQL, for each task, what a run of one task takes being left out; and
how many requests the run sent. Prints one JSON line for each kind.

chain: one after the other. map: children of a mapped task, LocalExecutor. threads: the same, 16 threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE / "bench"))
sys.path.insert(0, str(HERE / "tests"))

ap = argparse.ArgumentParser()
ap.add_argument("--before", default="HEAD", help="the commit to compare with")
ap.add_argument("--tasks", type=int, default=200)
ap.add_argument("--rounds", type=int, default=5)
ap.add_argument("--kinds", default="chain,map,threads")
ap.add_argument("--postgres", action="store_true")
PARTS = ("client", "server", "database")
TICKS = os.sysconf("SC_CLK_TCK")

RUN = """
import json, os, resource, sys
kind, count, project = sys.argv[1], int(sys.argv[2]), "bench"
from prefect import Client, Flow, context, task
from prefect.client import transport
from prefect.engine.cloud import CloudFlowRunner
from prefect.executors import LocalDaskExecutor

@task
def add(x):
    return x + 1

@task
def numbers():
    return list(range(count))

with Flow(f"tracked {kind} {count}") as flow:
    if kind == "chain":
        x = 0
        for _ in range(count):
            x = add(x)
    else:
        add.map(numbers())
if kind == "threads":
    flow.executor = LocalDaskExecutor(scheduler="threads", num_workers=16)
client = Client()
known = client.graphql('{ project { id } flow(where: {name: {_eq: "%s"}}, order_by: {version: desc}) { id } }' % flow.name)
if not known["data"]["project"]:
    client.create_project(project)
flows = known["data"]["flow"]
flow_id = flows[0]["id"] if flows else flow.register(project, labels=[], no_url=True)
from prefect.engine.results import LocalResult
flow.result = LocalResult(dir=os.environ["RESULTS"])
run_id = client.create_flow_run(flow_id=flow_id)
send, sent = transport.send, [0]

def counting(*args, **how):
    sent[0] += 1
    return send(*args, **how)

transport.send = counting
before = resource.getrusage(resource.RUSAGE_SELF)
with context(flow_run_id=run_id, run_process=f"{run_id}/bench"):
    state = CloudFlowRunner(flow).run()
after = resource.getrusage(resource.RUSAGE_SELF)
assert state.is_successful(), state
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print("\\n" + json.dumps({"cpu": cpu, "requests": sent[0]}))
"""


class Side:
    """One commit: its server, and flow runs that it tracks."""

    def __init__(self, source: Path, folder: Path, database_url: str | None, ending: ExitStack) -> None:
        from support.servers import free_port

        folder.mkdir()
        port = free_port()
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")} | {
            "PYTHONPATH": str(source / "src"),
            "PREFECT__HOME_DIR": str(folder),
            "PREFECT__BACKEND": "server",
            "PREFECT__SERVER__ENDPOINT": f"http://127.0.0.1:{port}",
            "RESULTS": str(folder),
        }
        self._postmaster = _postmaster_of(database_url) if database_url else None
        url = database_url or f"sqlite:///{folder}/bench.db"
        command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--database-url", url]
        with (folder / "log").open("wb") as log:
            self._server = subprocess.Popen(command, env=self._env, stdout=log, stderr=log)
        ending.callback(self._server.wait)
        ending.callback(self._server.terminate)
        while True:
            if self._server.poll() is not None:
                raise SystemExit((folder / "log").read_text())
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)

    def turn(self, kind: str, count: int) -> dict[str, float]:
        begun, database_begun = _cpu_of(self._server.pid), self._database_cpu()
        done = subprocess.run(
            [sys.executable, "-c", RUN, kind, str(count)], env=self._env, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
        told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        database = self._database_cpu() - database_begun
        return {**told, "server": _cpu_of(self._server.pid) - begun, "database": database}

    def _database_cpu(self) -> float:
        """Seconds of the postmaster and its processes, those that have ended too."""
        if self._postmaster is None:
            return 0.0
        children = Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children").read_text().split()
        return _cpu_of(self._postmaster, with_ended=True) + sum(_cpu_of(int(pid)) for pid in children)


def _cpu_of(pid: int, *, with_ended: bool = False) -> float:
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(part) for part in parts[11 : 15 if with_ended else 13]) / TICKS


def _postmaster_of(database_url: str) -> int:
    import psycopg

    with psycopg.connect(database_url) as connection:
        pid = connection.info.backend_pid
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def measured(before: Path, args: argparse.Namespace, urls: Any, ending: ExitStack) -> Iterator[dict[str, Any]]:
    """Give one line for each kind."""
    folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
    sides = Side(before, folder / "before", urls[0], ending), Side(HERE, folder / "now", urls[1], ending)
    for kind in args.kinds.split(","):
        found: list[list[dict[str, float]]] = [[], []]
        for side in sides:  # what is made once, is made now
            side.turn(kind, 1)
            side.turn(kind, args.tasks)
        alone = [min((side.turn(kind, 1) for _ in range(3)), key=lambda turn: turn["cpu"]) for side in sides]
        for place in range(args.rounds):
            for which in (0, 1) if place % 2 else (1, 0):
                turn = sides[which].turn(kind, args.tasks)
                found[which].append(
                    {
                        "client": max(turn["cpu"] - alone[which]["cpu"], 0.0) / (args.tasks - 1),
                        "server": max(turn["server"] - alone[which]["server"], 0.0) / (args.tasks - 1),
                        "database": max(turn["database"] - alone[which]["database"], 0.0) / (args.tasks - 1),
                        "requests": turn["requests"] / args.tasks,
                    }
                )
        line: dict[str, Any] = {"bench": "tracked", "kind": kind, "database": "postgres" if args.postgres else "sqlite"}
        for what in ("client", "server", *(["database"] if args.postgres else []), "requests"):
            old, new = (statistics.median(turn[what] for turn in turns) for turns in found)
            scale, unit = (1, "") if what == "requests" else (1000, "_ms")
            line |= {f"{what}{unit}_before": round(old * scale, 3), f"{what}{unit}": round(new * scale, 3)}
        ratios = sorted(
            sum(now[part] for part in PARTS) / sum(old[part] for part in PARTS)
            for old, now in zip(*found, strict=True)
        )
        yield line | {"ratio": round(statistics.median(ratios), 3), "load": round(os.getloadavg()[0], 1)}


def main() -> None:
    from beside import checked_out
    from request_cost import databases

    args = ap.parse_args()
    with ExitStack() as ending:
        before = ending.enter_context(checked_out(args.before))
        urls = ending.enter_context(databases(args.postgres))
        for line in measured(before, args, urls, ending):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
