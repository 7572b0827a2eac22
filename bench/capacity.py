"""What one flow run, one waiting agent and one page cost: the figures of docs/guides/capacity.md.

    INTERPRETER capacity.py [--runs 1500] [--tasks 2] [--clients 8] [--agents 200] [--databases sqlite,postgres,postgres2]

For each database one JSON line: `sqlite`, `postgres` (one replica), `postgres2` (two replicas that share the clients).
A run is that of soak.py: 7 requests and 4 more for each task.  CPU is that of the server processes and, on PostgreSQL,
of all its processes, in ms for each run: on a shared machine it says more than runs a second.  The PostgreSQL server is
one of its own, from the binaries that the tests use, with fsync on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
from _common import tree  # noqa: E402
from soak import figures, whole_run  # noqa: E402
from state_changes import QUEUE, Connection, cpu_seconds, once, prepare  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--runs", type=int, default=1500)
ap.add_argument("--tasks", type=int, default=2)
ap.add_argument("--clients", type=int, default=8)
ap.add_argument("--agents", type=int, default=200)
ap.add_argument("--idle-seconds", type=float, default=15)
ap.add_argument("--databases", default="sqlite,postgres,postgres2")
PAGE = """{ flow_run(order_by: {created: desc}, limit: 50) { id name state start_time flow { id name }
    task_runs { id name state } } }"""
PAGES = 100


def start(url: str, folder: str, replica: int) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    env = os.environ | {"PREFECT__HOME_DIR": f"{folder}/{replica}"}
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--database-url", url]
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    for _ in range(300):
        try:
            once(port, "{ hello }")
            break
        except OSError:
            time.sleep(0.1)
    return server, port


async def runs(ports: list[int], flow: dict[str, str], args: Any) -> float:
    left = list(range(args.runs))
    begun = time.monotonic()

    async def client(index: int) -> None:
        line = Connection(ports[index % len(ports)])
        while left:
            await whole_run(line, flow, left.pop() * 10 + 1, args.tasks)

    await asyncio.gather(*(client(index) for index in range(args.clients)))
    return time.monotonic() - begun


async def agents_wait(ports: list[int], args: Any) -> None:
    async def agent(index: int) -> None:
        line = Connection(ports[index % len(ports)])
        await line.ask(QUEUE, {"labels": [f"idle-{index}"], "wait_seconds": args.idle_seconds})

    await asyncio.gather(*(agent(index) for index in range(args.agents)))


def cpu_of_tree(pid: int) -> float:
    """CPU of a process and its children, also of those that have ended."""
    total = 0.0
    for one in tree(pid):
        try:
            words = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(word) for word in (words[11:15] if one == pid else words[11:13]))
    return total / os.sysconf("SC_CLK_TCK")


def size_of(url: str) -> int:
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with sqlite3.connect(path) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return os.path.getsize(path)
    import psycopg

    with psycopg.connect(url) as conn:
        return int(conn.execute("SELECT pg_database_size(current_database())").fetchone()[0])


def measure(name: str, url: str, postgres_pid: int | None, folder: str, args: Any) -> None:
    started = [start(url, folder, replica) for replica in range(2 if name.endswith("2") else 1)]
    ports = [port for _, port in started]

    def spent() -> tuple[float, float]:
        return sum(cpu_seconds(server.pid) for server, _ in started), cpu_of_tree(postgres_pid) if postgres_pid else 0.0

    try:
        flow = prepare(ports[0], limited=False)
        warm = argparse.Namespace(**{**vars(args), "runs": 100})
        asyncio.run(runs(ports, flow, warm))
        size, (server, database) = size_of(url), spent()
        seconds = asyncio.run(runs(ports, flow, args))
        of_runs = [(after - before) / args.runs * 1000 for after, before in zip(spent(), (server, database))]
        kilobytes = (size_of(url) - size) / args.runs / 1024
        server, database = spent()
        begun = time.monotonic()
        asyncio.run(agents_wait(ports, args))
        waited = time.monotonic() - begun
        of_agents = [(after - before) / waited / args.agents * 100 for after, before in zip(spent(), (server, database))]
        server, database = spent()
        for _ in range(PAGES):
            once(ports[0], PAGE)
        of_pages = [(after - before) / PAGES * 1000 for after, before in zip(spent(), (server, database))]
        line = {
            "bench": "capacity",
            "database": name,
            "runs": args.runs,
            "requests_per_run": 7 + 4 * args.tasks,
            "runs_per_s": round(args.runs / seconds, 1),
            "server_ms_per_run": round(of_runs[0], 2),
            "database_ms_per_run": round(of_runs[1], 2),
            "kb_per_run": round(kilobytes, 2),
            "server_percent_of_a_core_per_waiting_agent": round(of_agents[0], 4),
            "server_ms_per_page": round(of_pages[0], 2),
            "database_ms_per_page": round(of_pages[1], 2),
            "server_mb": [figures(server.pid)["rss_mb"] for server, _ in started],
            "load_1m": round(os.getloadavg()[0], 1),
        }
        print(json.dumps(line), flush=True)
    finally:
        for server, _ in started:
            server.terminate()
        for server, _ in started:
            server.wait(30)


def main() -> None:
    args = ap.parse_args()
    for name in args.databases.split(","):
        from support.postgres_binaries import public_place

        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True, dir=public_place()) as folder:
            if name == "sqlite":
                measure(name, f"sqlite:///{folder}/capacity.db", None, folder, args)
                continue
            from support.databases import PostgresServer

            os.chmod(folder, 0o755)
            data = Path(folder) / "pg"
            data.mkdir()
            with PostgresServer(data, durable=True) as postgres:
                measure(name, postgres.url, postgres.pid, folder, args)


if __name__ == "__main__":
    main()
