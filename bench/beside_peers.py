"""What one durable task costs, ours beside Prefect 3, DBOS and Restate, in the same minutes.

    make peers                                       once: an environment for each, below .peers/
    .venv/bin/python bench/beside_peers.py [--peer prefect3,dbos,restate] [--kinds chain,map,threads] [--tasks 200] [--rounds 3]

Ours: a flow-run process and its server (`bench/tracked.py`), SQLite with `synchronous = FULL`, CPU of both. Prefect 3: a flow
in its process and the API server that it starts, SQLite. DBOS: a workflow of steps, one process, SQLite. Restate: an invocation
of steps, the process of the handlers and the server (from npm), with its own log. CPU is user and
system; ours is without what a run of one task takes, theirs without the start of process and server. Prints one JSON line for
each kind and peer; `ratio` is theirs divided by ours.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent
PEERS = HERE / ".peers"
sys.path.insert(0, str(HERE / "bench"))

# The newest of what Prefect 3 asks for does not go together: its server does not start with newer ones.
PACKAGES = {"prefect3": ["prefect>=3,<4", "fastapi==0.141.1", "sqlalchemy<2.1"], "dbos": ["dbos"], "restate": ["restate_sdk", "hypercorn"]}
FROM_NPM = {"restate": ["@restatedev/restate-server"]}
SCRIPTS = {
    ("prefect3", "chain"): ["engine_prefect3.py", "--workload", "chain", "--mode", "call"],
    ("prefect3", "map"): ["engine_prefect3.py", "--workload", "map", "--mode", "submit"],
    ("dbos", "chain"): ["engine_dbos.py", "--workload", "chain"],
    ("dbos", "map"): ["engine_dbos.py", "--workload", "map"],
    ("dbos", "threads"): ["engine_dbos.py", "--workload", "threads"],
    ("restate", "chain"): ["engine_restate.py", "--workload", "chain"],
    ("restate", "map"): ["engine_restate.py", "--workload", "map"],
    ("restate", "threads"): ["engine_restate.py", "--workload", "threads"],
}

ap = argparse.ArgumentParser()
ap.add_argument("--set-up", action="store_true", help="make the environments, and measure nothing")
ap.add_argument("--peer", default="prefect3,dbos,restate")
ap.add_argument("--kinds", default="chain,map,threads")
ap.add_argument("--tasks", type=int, default=200)
ap.add_argument("--rounds", type=int, default=3)


def set_up(names: list[str]) -> None:
    for name in names:
        packages = [*PACKAGES[name], *FROM_NPM.get(name, ())]
        print(f"{name}: {', '.join(packages)} into {PEERS.name}/{name} ...", flush=True)
        venv.create(PEERS / name, with_pip=True)
        pip = [str(PEERS / name / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PACKAGES[name]], check=True)
        for package in FROM_NPM.get(name, ()):
            npm = shutil.which("npm")
            if npm is None:
                raise SystemExit(f"{name} needs {package}, and there is no npm to install it with")
            subprocess.run([npm, "install", "--silent", "--ignore-scripts", "--prefix", PEERS / name, package], check=True)


def ours(kind: str, tasks: int, rounds: int) -> float:
    """Give ms of CPU for each task."""
    import tracked

    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        side = tracked.Side(HERE, folder / "now", None, ending)
        side.turn(kind, tasks)
        alone, many = (
            [turn["cpu"] + turn["server"] for turn in (side.turn(kind, count) for _ in range(max(rounds, 3)))]
            for count in (1, tasks)
        )
        return (statistics.median(many) - min(alone)) / (tasks - 1) * 1e3


def theirs(name: str, kind: str, tasks: int, rounds: int) -> dict[str, Any]:
    python = PEERS / name / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"there is no {python.relative_to(HERE)}: call make peers")
    script, *options = SCRIPTS[name, kind]
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"PREFECT_HOME": folder, "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180"}
        done = subprocess.run(
            [str(python), str(HERE / "bench" / script), *options, "--n", str(tasks), "--repeat", str(rounds)],
            env={key: value for key, value in env.items() if not key.startswith("PREFECT__")},
            capture_output=True,
            text=True,
            cwd=folder,
        )
    if done.returncode:
        raise SystemExit(f"{name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    line: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"impl": line["impl"], "cpu_ms": (line["cpu_s"] + line.get("server_cpu_s", 0)) / tasks * 1e3}


def measured(names: list[str], kinds: list[str], tasks: int, rounds: int) -> Iterator[dict[str, Any]]:
    for kind in kinds:
        mine = ours(kind, tasks, rounds)
        for name in names:
            if (name, kind) not in SCRIPTS:
                continue
            line = theirs(name, kind, tasks, rounds)
            yield {
                "bench": "beside_peers",
                "kind": kind,
                "peer": line["impl"],
                "ours_cpu_ms": round(mine, 2),
                "peer_cpu_ms": round(line["cpu_ms"], 2),
                "ratio": round(line["cpu_ms"] / mine, 1),
                "load": round(os.getloadavg()[0], 1),
            }


def main() -> None:
    args = ap.parse_args()
    names = args.peer.split(",")
    if args.set_up:
        set_up(names)
        return
    for line in measured(names, args.kinds.split(","), args.tasks, args.rounds):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
