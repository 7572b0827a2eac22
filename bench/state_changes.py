"""State changes and claims of a server over HTTP: task_run_state_changes and claims.

    INTERPRETER state_changes.py [--connections 32] [--changes 6000] [--claims 3000] [--agents 8] [--database-url URL]

Starts `prefect server start` of this interpreter on a database of its own.  changes: a flow run with many task runs is
Running; each connection moves its own task runs Running -> Success, one change in a request.  claims: flow runs are due,
each agent asks the queue and submits what it gets with the version it saw; a run that two agents get would be counted
as taken twice.  create: create_flow_run with an idempotency key from as many connections.  batches: create_flow_runs, a thousand runs with keys in a request,
from one connection.  One JSON line each.
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
import urllib.request
import uuid
from collections import Counter
from typing import Any

ap = argparse.ArgumentParser()
ap.add_argument("--connections", type=int, default=32)
ap.add_argument("--changes", type=int, default=6000)
ap.add_argument("--claims", type=int, default=3000)
ap.add_argument("--creates", type=int, default=4000)
ap.add_argument("--batched", type=int, default=10_000)
ap.add_argument("--agents", type=int, default=8)
ap.add_argument("--limited", action="store_true", help="the task has a tag with a limit that is never reached")
ap.add_argument("--database-url")

SET_TASKS = "mutation($input: set_task_run_states_input!) { set_task_run_states(input: $input) { states { status } } }"
SET_FLOWS = "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { status } } }"
QUEUE = "mutation($input: get_runs_in_queue_input!) { get_runs_in_queue(input: $input) { flow_run_ids } }"
PLACE = (
    "mutation($input: get_or_create_task_run_info_input!) { get_or_create_task_run_info(input: $input) { id version } }"
)
REGISTER = "mutation($input: register_agent_input!) { register_agent(input: $input) { id } }"
CREATE_MANY = "mutation($input: create_flow_runs_input!) { create_flow_runs(input: $input) { flow_run_ids } }"
CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
BATCH = 1000


class Connection:
    """One kept-alive connection; a request at a time."""

    def __init__(self, port: int, **headers: str):
        self.port = port
        self.headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.reader: Any = None
        self.writer: Any = None

    async def ask(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        return await self.send({"query": query, "variables": {"input": given}})

    async def send(self, said: dict[str, Any]) -> dict[str, Any]:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        body = json.dumps(said).encode()
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{self.headers}"
        self.writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answered = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answered.split("content-length: ")[1].split("\r\n")[0])
        found: dict[str, Any] = json.loads(await self.reader.readexactly(length))
        return found


def once(port: int, query: str, given: dict[str, Any] | None = None) -> Any:
    body = json.dumps({"query": query, "variables": {"input": given} if given is not None else None}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found = json.load(answer)
    if "errors" in found:
        raise SystemExit(found["errors"])
    return found["data"]


def emit(what: str, count: int, seconds: float, times: list[float], **more: Any) -> None:
    times.sort()
    p99 = times[int(len(times) * 0.99)] * 1e3 if times else None
    line = {
        "bench": what,
        "count": count,
        "per_s": round(count / seconds),
        "p50_ms": round(times[len(times) // 2] * 1e3, 2),
    }
    print(json.dumps({**line, "p99_ms": round(p99 or 0, 2), **more}), flush=True)


async def shared(count: int, work: Any, items: list[Any]) -> tuple[float, list[float]]:
    """Let ``count`` workers take the items one after the other; gives seconds in all and of each request."""
    times: list[float] = []
    begun = time.perf_counter()

    async def worker(index: int) -> None:
        while items:
            await work(index, items.pop(), times)

    await asyncio.gather(*(worker(index) for index in range(count)))
    return time.perf_counter() - begun, times


async def changes(port: int, flow: dict[str, str], args: Any) -> None:
    run_id = once(port, CREATE, {"flow_id": flow["id"]})["create_flow_run"]["id"]
    once(port, SET_FLOWS, {"states": [{"flow_run_id": run_id, "state": {"type": "Running"}}]})
    lines = [Connection(port) for _ in range(args.connections)]
    ids: list[str] = []

    async def make(index: int, place: int, times: list[float]) -> None:
        given = {"flow_run_id": run_id, "task_id": flow["task_id"], "map_index": place}
        ids.append((await lines[index].ask(PLACE, given))["data"]["get_or_create_task_run_info"]["id"])

    await shared(args.connections, make, list(range(args.changes // 2)))

    async def move(index: int, task_run_id: str, times: list[float]) -> None:
        for version, state in ((1, "Running"), (None, "Success")):
            begun = time.perf_counter()
            change = {"task_run_id": task_run_id, "version": version, "state": {"type": state}}
            answer = await lines[index].ask(SET_TASKS, {"states": [change]})
            times.append(time.perf_counter() - begun)
            if answer["data"]["set_task_run_states"]["states"][0]["status"] != "SUCCESS":
                raise SystemExit(answer)

    seconds, times = await shared(args.connections, move, list(ids))
    emit("task_run_state_changes", len(times), seconds, times, connections=args.connections, limited=args.limited)


async def claims(port: int, flow: dict[str, str], args: Any) -> None:
    makers = [Connection(port) for _ in range(args.connections)]

    async def make(index: int, _: int, times: list[float]) -> None:
        await makers[index].ask(CREATE, {"flow_id": flow["id"], "labels": ["claimed"]})

    await shared(args.connections, make, list(range(args.claims)))
    taken: Counter[str] = Counter()
    times: list[float] = []

    async def agent(index: int) -> None:
        given = {"type": "LocalAgent", "name": f"agent-{index}", "labels": ["claimed"]}
        agent_id = once(port, REGISTER, given)["register_agent"]["id"]
        line = Connection(port, **{"X-PREFECT-AGENT-ID": agent_id})
        empty = 0
        while empty < 3 and taken.total() < args.claims:
            asked = await line.ask(QUEUE, {"labels": ["claimed"]})
            ids = asked["data"]["get_runs_in_queue"]["flow_run_ids"]
            empty = 0 if ids else empty + 1
            for run_id in ids:
                begun = time.perf_counter()
                change = {"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}
                answer = await line.ask(SET_FLOWS, {"states": [change]})
                times.append(time.perf_counter() - begun)
                if "errors" not in answer:
                    taken[run_id] += 1

    begun = time.perf_counter()
    await asyncio.gather(*(agent(index) for index in range(args.agents)))
    seconds = time.perf_counter() - begun
    twice = sum(1 for count in taken.values() if count > 1)
    emit("claims", len(taken), seconds, times, agents=args.agents, twice=twice, refused=len(times) - taken.total())


async def creates(port: int, flow: dict[str, str], args: Any) -> None:
    lines = [Connection(port) for _ in range(args.connections)]

    async def make(index: int, _: int, times: list[float]) -> None:
        begun = time.perf_counter()
        await lines[index].ask(CREATE, {"flow_id": flow["id"], "idempotency_key": uuid.uuid4().hex})
        times.append(time.perf_counter() - begun)

    seconds, times = await shared(args.connections, make, list(range(args.creates)))
    emit("create_flow_run", len(times), seconds, times, connections=args.connections)


async def batches(port: int, flow: dict[str, str], args: Any) -> None:
    line, left, times = Connection(port), args.batched, []
    begun = time.perf_counter()
    while left > 0:
        size = min(BATCH, left)
        runs = [{"flow_id": flow["id"], "idempotency_key": uuid.uuid4().hex} for _ in range(size)]
        started = time.perf_counter()
        answer = await line.ask(CREATE_MANY, {"flow_runs": runs})
        times.append(time.perf_counter() - started)
        if len(set(answer["data"]["create_flow_runs"]["flow_run_ids"])) != size:
            raise SystemExit(answer)
        left -= size
    emit("create_flow_runs", args.batched, time.perf_counter() - begun, times, batch=BATCH)


def prepare(port: int, limited: bool) -> dict[str, str]:
    project = "mutation($input: create_project_input!) { create_project(input: $input) { id } }"
    project_id = once(port, project, {"name": "bench"})["create_project"]["id"]
    document = {
        "name": "bench",
        "tasks": [{"slug": "a-1", "name": "a", "tags": ["db"] if limited else []}],
        "edges": [],
        "parameters": [],
        "storage": {"type": "Local"},
        "run_config": {"type": "UniversalRun", "labels": []},
        "__version__": "1.4.1",
    }
    register = "mutation($input: create_flow_input!) { create_flow(input: $input) { id } }"
    flow_id = once(port, register, {"project_id": project_id, "serialized_flow": document})["create_flow"]["id"]
    if limited:
        limit = "mutation($input: update_task_tag_limit_input!) { update_task_tag_limit(input: $input) { id } }"
        once(port, limit, {"tag": "db", "limit": 1000})
    return {"id": flow_id, "task_id": once(port, "{ task { id } }")["task"][0]["id"]}


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    args = ap.parse_args()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"PREFECT__HOME_DIR": folder}
        url = args.database_url or f"sqlite:///{folder}/bench.db"
        command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--database-url", url]
        server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(300):
                try:
                    once(port, "{ hello }")
                    break
                except OSError:
                    time.sleep(0.1)
            flow = prepare(port, args.limited)
            for bench in (creates, batches, changes, claims):
                before = cpu_seconds(server.pid)
                asyncio.run(bench(port, flow, args))
                # On a busy machine the rates say little, and this says what they would be on a quiet one.
                spent = round(cpu_seconds(server.pid) - before, 2)
                print(json.dumps({"bench": bench.__name__, "server_cpu_s": spent}), flush=True)
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    main()
