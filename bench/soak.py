"""A soak: many whole flow runs through one server, and what they leave behind in it.

    INTERPRETER soak.py [--runs 20000] [--warm-up 5000] [--tasks 2] [--clients 8] [--database-url URL] [--most-growth 5]

Starts `prefect server start` of this interpreter on a database of its own.  Each of the clients takes whole runs: create
with a key, look at the queue, submit, run, each task run from Pending over Running to Success with a log, heartbeat,
read the run as a watcher does, Success; every 50th run it opens a new connection, every 10th it waits in a long poll
that ends empty.  One JSON line at every twentieth of the way: resident memory (also without the pages of the database's
file), open files, threads.  After the warm-up they should stay; the last line says by how much they grew, and the exit
code is 1 when memory grew by more than --most-growth percent, or files or threads by more than a handful.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from state_changes import CREATE, PLACE, QUEUE, SET_FLOWS, SET_TASKS, Connection, once, prepare  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--runs", type=int, default=20_000)
ap.add_argument("--warm-up", type=int, default=5_000)
ap.add_argument("--tasks", type=int, default=2)
ap.add_argument("--clients", type=int, default=8)
ap.add_argument("--database-url")
ap.add_argument("--most-growth", type=float, default=5.0, help="percent of memory")

LOGS = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"
BEAT = "mutation($input: update_flow_run_heartbeat_input!) { update_flow_run_heartbeat(input: $input) { success } }"
LOOK = """query($input: uuid!) { flow_run_by_pk(id: $input) { id name state version
    states(order_by: {version: asc}) { state } task_runs { id state } logs { message } } }"""
#: Files and threads that may be there by chance: a connection in the making, a thread of a pool.
HANDFUL = 12


def figures(pid: int) -> dict[str, float]:
    """Memory in MiB, open files and threads of a process."""
    found = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name in ("VmRSS", "RssAnon", "Threads"):
                found[name] = int(rest.split()[0])
    return {
        "rss_mb": round(found["VmRSS"] / 1024, 1),
        "anonymous_mb": round(found["RssAnon"] / 1024, 1),
        "files": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": found["Threads"],
    }


async def whole_run(line: Connection, flow: dict[str, str], number: int, tasks: int) -> None:
    async def ask(query: str, **given: Any) -> Any:
        answer = await line.ask(query, given)
        if "errors" in answer:
            raise SystemExit(answer["errors"])
        return answer["data"]

    async def move_flow(state: str, version: int) -> None:
        await ask(SET_FLOWS, states=[{"flow_run_id": run_id, "version": version, "state": {"type": state}}])

    label = f"soak-{number % 8}"
    made = await ask(CREATE, flow_id=flow["id"], idempotency_key=uuid.uuid4().hex, labels=[label])
    run_id = made["create_flow_run"]["id"]
    await ask(QUEUE, labels=[label])
    await move_flow("Submitted", 1)
    await move_flow("Running", 2)
    for place in range(tasks):
        found = await ask(PLACE, flow_run_id=run_id, task_id=flow["task_id"], map_index=place)
        task_run_id = found["get_or_create_task_run_info"]["id"]
        for version, state in ((1, "Running"), (None, "Success")):
            await ask(SET_TASKS, states=[{"task_run_id": task_run_id, "version": version, "state": {"type": state}}])
        await ask(LOGS, logs=[{"flow_run_id": run_id, "task_run_id": task_run_id, "message": f"line {number}"}])
    await ask(BEAT, flow_run_id=run_id)
    body = {"query": LOOK, "variables": {"input": run_id}}
    read = await line.send(body)
    if read["data"]["flow_run_by_pk"]["state"] != "Running":
        raise SystemExit(read)
    if number % 10 == 0:
        await ask(QUEUE, labels=["nobody"], wait_seconds=0.05)
    await move_flow("Success", 3)


async def soak(port: int, pid: int, flow: dict[str, str], args: Any) -> list[tuple[int, dict[str, float]]]:
    left = list(range(args.runs + args.warm_up, 0, -1))
    seen: list[tuple[int, dict[str, float]]] = []
    every = max(1, (args.runs + args.warm_up) // 20)
    begun = time.monotonic()

    async def client() -> None:
        line = Connection(port)
        while left:
            number = left.pop()
            if number % 50 == 0 and line.writer is not None:
                line.writer.close()
                line = Connection(port)
            await whole_run(line, flow, number, args.tasks)
            if number % every == 0 or number == args.warm_up:
                now = figures(pid)
                seen.append((number, now))
                print(json.dumps({"runs": number, "seconds": round(time.monotonic() - begun), **now}), flush=True)

    await asyncio.gather(*(client() for _ in range(args.clients)))
    return seen


def judge(seen: list[tuple[int, dict[str, float]]], args: Any) -> int:
    after = [now for number, now in seen if number >= args.warm_up]
    first, last = after[0], after[-1]
    grown = {name: round((last[name] / first[name] - 1) * 100, 1) for name in ("rss_mb", "anonymous_mb")}
    more = {name: last[name] - first[name] for name in ("files", "threads")}
    print(json.dumps({"bench": "soak", "runs": args.runs, "grown_percent": grown, "more": more, "at_the_end": last}))
    return int(grown["rss_mb"] > args.most_growth or max(more.values()) > HANDFUL)


def main() -> None:
    args = ap.parse_args()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"PREFECT__HOME_DIR": folder}
        url = args.database_url or f"sqlite:///{folder}/soak.db"
        command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--database-url", url]
        server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
        try:
            for _ in range(300):
                try:
                    once(port, "{ hello }")
                    break
                except OSError:
                    time.sleep(0.1)
            flow = prepare(port, limited=False)
            seen = asyncio.run(soak(port, server.pid, flow, args))
        finally:
            server.terminate()
            server.wait(30)
    raise SystemExit(judge(seen, args))


if __name__ == "__main__":
    main()
