"""What it costs to begin: an import, a command, a run executed here, a run that a local agent starts.

    .venv/bin/python bench/starts.py imports  [--repeat 11] [--before /other/checkout/.venv/bin/python]
    .venv/bin/python bench/starts.py execute  [--repeat 7]  [--before ...]
    .venv/bin/python bench/starts.py agent    [--repeat 30] [--burst 60]

CPU times are those of the process and all that it started (user and system), medians, each turn of ``--before`` beside
one of ours. ``agent``: one server, and one agent at a time; the times are those of the run's own states.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

IMPORTS = {
    "bare interpreter": "pass",
    "from prefect import Flow, task": "from prefect import Flow, task",
    "import prefect.client.client": "import prefect.client.client",
    "import prefect.backend.execution": "import prefect.backend.execution",
}
FLOW = """
from prefect import Flow, task

@task
def nothing():
    pass

with Flow("nothing") as flow:
    nothing()
"""
PEOPLE = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def costs(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """CPU and wall milliseconds of a command."""
    before, begun = spent(), time.perf_counter()
    subprocess.run(command, env=environ, check=True, **PEOPLE)
    return (spent() - before) * 1e3, (time.perf_counter() - begun) * 1e3


def emit(**fields: object) -> None:
    print(json.dumps({**fields, "loadavg_1m": round(os.getloadavg()[0], 2)}), flush=True)


def in_turns(bench: str, commands: dict[str, dict[str, list[str]]], environ: dict[str, str], repeat: int) -> None:
    for name, by_side in commands.items():
        found: dict[str, list[tuple[float, float]]] = {side: [] for side in by_side}
        for turn in range(repeat + 1):
            for side, command in by_side.items():
                cost = costs(command, environ)
                if turn:  # the first warms the file cache
                    found[side].append(cost)
        medians = {side: statistics.median(cpu for cpu, _ in values) for side, values in found.items()}
        fields = {f"{side}_cpu_ms": round(cpu, 1) for side, cpu in medians.items()}
        fields |= {f"{side}_wall_ms": round(statistics.median(wall for _, wall in v), 1) for side, v in found.items()}
        if "before" in medians:
            fields["ratio"] = round(medians["ours"] / medians["before"], 2)
        emit(bench=f"starts_{bench}", what=name, repeat=repeat, **fields)


@contextmanager
def server(folder: str):
    """A server on a fresh SQLite file; gives the environment of its clients."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    api = f"http://127.0.0.1:{port}"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    environ |= {"PREFECT__HOME_DIR": folder, "PREFECT__CLOUD__API": api, "PREFECT__SERVER__TELEMETRY__ENABLED": "false"}
    environ |= {"PREFECT__USER_CONFIG_PATH": f"{folder}/none.toml", "PREFECT__BACKEND_CONFIG_PATH": f"{folder}/no.toml"}
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    process = subprocess.Popen([*command, "--database-url", f"sqlite:///{folder}/bench.db"], env=environ, **PEOPLE)
    try:
        while True:
            try:
                urllib.request.urlopen(f"{api}/health", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, "the server has ended"
                time.sleep(0.05)
        Path(folder, "flow.py").write_text(FLOW)
        prefect = [sys.executable, "-m", "prefect"]
        subprocess.run([*prefect, "create", "project", "bench"], env=environ, check=True, **PEOPLE)
        subprocess.run([*prefect, "register", "--project", "bench", "-p", f"{folder}/flow.py"], env=environ, check=True, **PEOPLE)
        yield environ
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def ask(environ: dict[str, str], query: str, **variables: object) -> dict:
    data = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(environ["PREFECT__CLOUD__API"], data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        content = json.load(answer)
    assert not content.get("errors"), content
    return content["data"]


CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
RUNS = """query($ids: [uuid!]!) { flow_run(where: {id: {_in: $ids}}) {
    created end_time state states(order_by: {version: asc}) { state timestamp } } }"""


def ended(environ: dict[str, str], ids: list[str]) -> list[dict]:
    while True:
        runs = ask(environ, RUNS, ids=ids)["flow_run"]
        if all(run["state"] in ("Success", "Failed", "Cancelled") for run in runs):
            assert {run["state"] for run in runs} == {"Success"}, runs
            return runs
        time.sleep(0.02)


def seconds(run: dict, state: str) -> float:
    at = next(entry["timestamp"] for entry in run["states"] if entry["state"] == state)
    return (datetime.fromisoformat(at) - datetime.fromisoformat(run["created"])).total_seconds()


def quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def agent(repeat: int, burst: int) -> None:
    with tempfile.TemporaryDirectory() as folder, server(folder) as environ:
        flow_id = ask(environ, "{ flow { id } }")["flow"][0]["id"]
        for options in ([], ["--warm"]):
            label = "-".join(["bench", *options])
            command = [sys.executable, "-m", "prefect", "agent", "local", "start", "--no-hostname-label", "--label", label]
            before = spent()
            process = subprocess.Popen([*command, *options], env=environ, cwd=folder, **PEOPLE)

            def create(label: str = label) -> str:
                return ask(environ, CREATE, input={"flow_id": flow_id, "labels": [label]})["create_flow_run"]["id"]

            ended(environ, [create()])  # the agent is there, and has started one
            runs = [ended(environ, [create()])[0] for _ in range(repeat)]
            begun = time.perf_counter()
            ids = [create() for _ in range(burst)]
            many = ended(environ, ids)
            took = time.perf_counter() - begun
            process.send_signal(signal.SIGTERM)
            process.wait()
            picked, done = [seconds(run, "Submitted") for run in runs], [seconds(run, "Success") for run in runs]
            emit(
                bench="starts_agent",
                what=label,
                repeat=repeat,
                burst=burst,
                picked_up_p50_s=round(statistics.median(picked), 4),
                picked_up_p95_s=round(quantile(picked, 0.95), 4),
                done_p50_s=round(statistics.median(done), 4),
                done_p95_s=round(quantile(done, 0.95), 4),
                runs_per_second=round(len(many) / took, 1),
                cpu_ms_per_run=round((spent() - before) / (repeat + burst + 1) * 1e3, 1),
            )


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("what", choices=["imports", "execute", "agent"])
    ap.add_argument("--repeat", type=int)
    ap.add_argument("--burst", type=int, default=60)
    ap.add_argument("--before", help="interpreter of an environment with another version")
    options = ap.parse_args()
    sides = {"ours": sys.executable} | ({"before": options.before} if options.before else {})
    if options.what == "imports":
        commands = {name: {s: [p, "-c", code] for s, p in sides.items()} for name, code in IMPORTS.items()}
        in_turns("imports", commands, dict(os.environ), options.repeat or 11)
    elif options.what == "execute":
        words = ["-m", "prefect", "run", "--name", "nothing", "--execute", "--no-logs", "--quiet"]
        with tempfile.TemporaryDirectory() as folder, server(folder) as environ:
            commands = {"prefect run --execute, one task": {s: [p, *words] for s, p in sides.items()}}
            in_turns("execute", commands, environ, options.repeat or 7)
    else:
        agent(options.repeat or 30, options.burst)


if __name__ == "__main__":
    main()
