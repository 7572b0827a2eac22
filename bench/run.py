"""Run the benchmarks of the project and print one table; the raw lines go to bench/results/<time>.jsonl.

    make bench                          ours, and the released 1.4.1 beside it when `.compat` exists (make compat)
    .venv/bin/python bench/run.py --only engine,start,server [--repeat 3]

Each figure of a peer is measured in the same run, in turn with ours (A B A B), and shown as a ratio: on a shared
machine only ratios of one run mean something.
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
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OURS = Path(sys.executable)
PEER = HERE.parent / ".compat" / "bin" / "python"

ap = argparse.ArgumentParser()
ap.add_argument("--only", default="engine,scale,executors,start,begin,server,trigger,idle")
ap.add_argument("--repeat", type=int, default=3)
ap.add_argument("--database-url", help="server benchmarks on this database instead of a new SQLite file")


def lines(command: list[str], **env: str) -> list[dict[str, Any]]:
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | env)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def rows_engine(repeat: int) -> list[tuple[str, str, float, float | None]]:
    rows = []
    for workload, n, peer_n in (("chain", 1000, 200), ("map", 10000, 200), ("fanin", 1000, 200)):
        ours, peer = [], []
        for _ in range(repeat):
            ours += lines([str(OURS), str(HERE / "engine_prefect1.py"), "--workload", workload, "--n", str(n)])
            if PEER.exists():
                # The peer is linear in n (checked once): a small n gives the same cost per task.
                script = [str(PEER), str(HERE / "engine_prefect1.py"), "--workload", workload, "--n", str(peer_n)]
                peer += lines([*script, "--repeat", "1"])
        record(ours + peer)
        mine = statistics.median(row["cpu_s"] / row["n"] * 1e6 for row in ours)
        theirs = statistics.median(row["cpu_s"] / row["n"] * 1e6 for row in peer) if peer else None
        rows.append((f"engine, {workload} of {n}", "µs CPU/task", mine, theirs))
    return rows


def rows_scale(repeat: int) -> list[tuple[str, str, float, float | None]]:
    found = lines([str(OURS), str(HERE / "engine_scale.py"), "--sizes", "10000,100000", "--repeat", str(repeat)])
    record(found)
    rows: list[tuple[str, str, float, float | None]] = []
    for n in (10_000, 100_000):
        of_size = [row for row in found if row.get("n") == n]
        rows.append((f"map of {n}", "µs CPU/item", statistics.median(row["us_per_task"] for row in of_size), None))
        peak = statistics.median(row["bytes_per_item_peak"] for row in of_size)
        rows.append((f"map of {n}, memory beyond the values", "B/item", peak, None))
    build = next(row for row in found if row["bench"] == "engine_build")
    rows.append(("building a flow of 1,000 tasks", "ms", build["build_s"] * 1e3, None))
    return rows


def rows_executors(repeat: int) -> list[tuple[str, str, float, float | None]]:
    script = [str(OURS), str(HERE / "executors.py")]
    (threads,) = lines([*script, "threads", "--repeat", str(repeat)])
    (dask,) = lines([*script, "dask"])
    record([threads, dask])
    return [
        ("LocalDaskExecutor, 1,000 x 10 ms on 16 threads", "of the ideal", threads["over"], None),
        ("DaskExecutor, map of 10,000", "of plain futures", dask["over"], None),
    ]


def rows_start(repeat: int) -> list[tuple[str, str, float, float | None]]:
    script = [str(OURS), str(HERE / "cli_start.py"), "--set", "prefect1", "--repeat", str(repeat * 3)]
    ours = lines([*script, "--bin", str(OURS.parent)])
    bare = lines([str(OURS), str(HERE / "cli_start.py"), "--set", "python", "--bin", str(OURS.parent)])
    peer = lines([*script, "--bin", str(PEER.parent)]) if PEER.exists() else []
    record(ours + bare + peer)
    theirs = {row["command"]: row["cpu_s"] * 1e3 for row in peer}
    rows = [("bare interpreter", "ms CPU", bare[0]["cpu_s"] * 1e3, None)]
    rows += [(row["command"], "ms CPU", row["cpu_s"] * 1e3, theirs.get(row["command"])) for row in ours]
    return rows


def rows_begin(repeat: int) -> list[tuple[str, str, float, float | None]]:
    script = [str(OURS), str(HERE / "starts.py")]
    imports = lines([*script, "imports", "--repeat", str(repeat * 3)])
    executed = lines([*script, "execute", "--repeat", str(repeat)])
    agents = lines([*script, "agent", "--repeat", str(repeat * 5), "--burst", "40"])
    record(imports + executed + agents)
    rows: list[tuple[str, str, float, float | None]] = []
    rows += [(row["what"], "ms CPU", row["ours_cpu_ms"], None) for row in imports + executed]
    for row in agents:
        name = f"run by a local agent, {'--warm' if 'warm' in row['what'] else 'fresh'}"
        rows.append((f"{name}, picked up, p50", "s", row["picked_up_p50_s"], None))
        rows.append((f"{name}, done, p50", "s", row["done_p50_s"], None))
        rows.append((f"{name}, agent and run", "ms CPU", row["cpu_ms_per_run"], None))
        rows.append((f"{name}, one after the other", "runs/s", row["runs_per_second"], None))
    return rows


class Server:
    """Our server on a fresh SQLite file (or the given database) and a free port."""

    def __init__(self, folder: str, database_url: str | None) -> None:
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.api = f"http://127.0.0.1:{self.port}"
        url = database_url or f"sqlite:///{folder}/bench.db"
        sys.path.insert(0, str(HERE))
        from _common import Server as Process

        command = [str(OURS), "-m", "prefect", "server", "start", "--port", str(self.port), "--database-url", url]
        self.process = Process(command, env=dict(os.environ, PREFECT__HOME_DIR=folder), log=f"{folder}/server.log")
        self.ready_seconds = self.process.wait_http(f"{self.api}/health")

    def stop(self) -> None:
        self.process.stop()


def rows_server(database_url: str | None) -> list[tuple[str, str, float, float | None]]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, database_url)
        try:
            script = [str(OURS), str(HERE / "server_prefect1.py"), "create", "--api", server.api]
            found = lines([*script, "--connections", "1,8,32", "--requests", "6000", "--seconds", "10"])
        finally:
            server.stop()
    record(found)
    rows: list[tuple[str, str, float, float | None]] = [("server ready", "s", server.ready_seconds, None)]
    for row in found:
        name = f"create_flow_run, {row['connections']} connections"
        rows.append((name, "runs/s", row["req_s"], None))
        rows.append((f"{name}, p99", "ms", row["p99_ms"], None))
        rows.append((f"{name}, errors", "", row["errors"], None))
    return rows


def rows_trigger(database_url: str | None) -> list[tuple[str, str, float, float | None]]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, database_url)
        try:
            found = lines([str(OURS), str(HERE / "server_prefect1.py"), "trigger", "--api", server.api])
        finally:
            server.stop()
    record(found)
    (row,) = found
    return [
        ("create to done, idle agent, p50", "s", row["median_s"], None),
        ("until picked up, p50", "s", row["median_until_picked_s"], None),
    ]


def rows_idle(database_url: str | None) -> list[tuple[str, str, float, float | None]]:
    with tempfile.TemporaryDirectory() as folder:
        url = database_url or f"sqlite:///{folder}/idle.db"
        command = [str(OURS), str(HERE / "idle_cost.py"), "--url", "http://127.0.0.1:42990/health", "--seconds", "30"]
        command += ["--", str(OURS), "-m", "prefect", "server", "start", "--port", "42990", "--database-url", url]
        found = lines(command, PREFECT__HOME_DIR=folder)
    record(found)
    (row,) = found
    return [("idle server, memory", "MB RSS", row["rss_mb"], None), ("idle server, CPU", "% of a core", row["cpu_pct"], None)]


def record(found: list[dict[str, Any]]) -> None:
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    with (folder / f"{STARTED}.jsonl").open("a") as sink:
        sink.writelines(json.dumps(row) + "\n" for row in found)


def main() -> None:
    options = ap.parse_args()
    wanted = options.only.split(",")
    rows: list[tuple[str, str, float, float | None]] = []
    if "engine" in wanted:
        rows += rows_engine(options.repeat)
    if "scale" in wanted:
        rows += rows_scale(options.repeat)
    if "executors" in wanted:
        rows += rows_executors(options.repeat)
    if "start" in wanted:
        rows += rows_start(options.repeat)
    if "begin" in wanted:
        rows += rows_begin(options.repeat)
    if "server" in wanted:
        rows += rows_server(options.database_url)
    if "trigger" in wanted:
        rows += rows_trigger(options.database_url)
    if "idle" in wanted:
        rows += rows_idle(options.database_url)
    print(f"{'what':48} {'ours':>10} {'1.4.1':>10} {'ratio':>8}  unit")
    for name, unit, mine, theirs in rows:
        other = "" if theirs is None else f"{theirs:,.1f}"
        ratio = "" if not theirs or not mine else f"{theirs / mine:,.1f}x"
        print(f"{name:48} {mine:>10,.2f} {other:>10} {ratio:>8}  {unit}")


STARTED = time.strftime("%Y%m%d-%H%M%S")

if __name__ == "__main__":
    main()
