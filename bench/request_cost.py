"""What one small request costs the server, beside another commit, in one run.

    .venv/bin/python bench/request_cost.py --before 87d35bc [--rounds 40] [--requests 100] [--together 1] [--postgres]

Each commit has a process of its own that calls the ASGI application, with a real SQLite file, and no HTTP and no client
in between; with `--postgres` a database of its own on a PostgreSQL server (`fsync` on), whose CPU is not counted. The two take turns of some hundred requests of each kind, so that both meet the same machine; what is told is
the median of the turns' ratios of CPU time (user and system, all threads). Prints one JSON line for each kind of request.
`--profile KIND` writes a profile of this commit's event loop instead.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE / "bench"))

ap = argparse.ArgumentParser()
ap.add_argument("--before", default="HEAD", help="the commit to compare with")
ap.add_argument("--rounds", type=int, default=40)
ap.add_argument("--requests", type=int, default=100, help="of each kind in a turn")
ap.add_argument("--together", type=int, default=1, help="so many requests wait for their answers at one time")
ap.add_argument("--postgres", action="store_true", help="over PostgreSQL, which is started for it")
ap.add_argument("--database", help=argparse.SUPPRESS)
ap.add_argument("--kinds", default="create,create_key,flow_state,task_state,task_pair,log,read,read_literal,list,queue")
ap.add_argument("--profile", help="this kind of request alone, of this commit alone")
ap.add_argument("--threads", action="store_true", help="profile the writer's thread, not the event loop's")
ap.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)

CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
FLOW_STATE = """mutation($input: set_flow_run_states_input!) {
    set_flow_run_states(input: $input) { states { id status message } } }"""
TASK_STATE = """mutation($input: set_task_run_states_input!) {
    set_task_run_states(input: $input) { states { id status message } } }"""
LOG = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"
READ = """query($id: uuid!) { flow_run_by_pk(id: $id) { id name state version parameters context
    flow { id name project { name } } task_runs { id map_index task { slug } } } }"""
LITERAL = 'query { flow_run_by_pk(id: "%s") { id name state version start_time serialized_state flow { id name } } }'
LIST = """query($flow: uuid!) { flow_run(where: {flow_id: {_eq: $flow}}, order_by: {created: desc}, limit: 20) {
    id name state start_time end_time flow { id name } } }"""
QUEUE = "mutation($input: get_runs_in_queue_input!) { get_runs_in_queue(input: $input) { flow_run_ids } }"

#: As the client of 1.x sends them.
HEADERS = [
    (b"host", b"localhost:4200"),
    (b"user-agent", b"python-requests/2.31"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept", b"*/*"),
    (b"connection", b"keep-alive"),
    (b"content-type", b"application/json"),
    (b"x-prefect-core-version", b"1.4.1"),
]


class Served:
    """One server in this process, with what the requests are about."""

    def __init__(self, folder: str, database_url: str | None = None) -> None:
        from prefect.server.app import build
        from prefect.server.settings import Settings

        settings = Settings(database_url=database_url or f"sqlite:///{folder}/cost.db", services_enabled=False)
        self.app = build(settings)
        self.runs: list[str] = []

    async def call(self, query: str, variables: Any = None) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": b"",
            "scheme": "http",
            "http_version": "1.1",
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 4200),
            "headers": [*HEADERS, (b"content-length", b"%d" % len(body))],
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        answer = json.loads(sent[1]["body"])
        if "errors" in answer:
            raise SystemExit(f"{query} gave {answer}")
        return answer["data"]

    async def start(self) -> None:
        await self.app.start()
        made = await self.call(
            "mutation($input: create_project_input!) { create_project(input: $input) { id } }",
            {"input": {"name": "cost"}},
        )
        document = {
            "name": "cost",
            "tasks": [{"slug": "a-1", "name": "a"}],
            "edges": [],
            "parameters": [],
            "storage": {"type": "Local"},
            "run_config": {"type": "UniversalRun", "labels": []},
            "__version__": "1.4.1",
        }
        made = await self.call(
            "mutation($input: create_flow_input!) { create_flow(input: $input) { id } }",
            {"input": {"project_id": made["create_project"]["id"], "serialized_flow": document}},
        )
        self.flow = made["create_flow"]["id"]

    async def prepare(self, kind: str, count: int) -> list[tuple[str, Any]]:
        """Give the requests of a turn; what they need is made before they are counted."""
        if kind == "create":
            return [(CREATE, {"input": {"flow_id": self.flow}})] * count
        if kind == "create_key":  # as a client makes a run
            return [(CREATE, {"input": {"flow_id": self.flow, "idempotency_key": uuid.uuid4().hex}}) for _ in range(count)]
        if kind in ("flow_state", "task_state", "task_pair") or not self.runs:
            made = [await self.call(CREATE, {"input": {"flow_id": self.flow}}) for _ in range(count)]
            self.runs = [one["create_flow_run"]["id"] for one in made]
        if kind == "flow_state":
            submitted = {"type": "Submitted", "message": "Submitted for execution"}
            return [
                (FLOW_STATE, {"input": {"states": [{"flow_run_id": run, "version": 1, "state": submitted}]}})
                for run in self.runs
            ]
        if kind == "task_state":
            return [(TASK_STATE, {"input": {"states": [await self._task_change(run)]}}) for run in self.runs]
        if kind == "task_pair":  # as a run tells of it: one task has ended, the next begins
            begun = [await self._task_change(run) for run in self.runs]
            for one in begun:
                await self.call(TASK_STATE, {"input": {"states": [one]}})
            made = [await self.call(CREATE, {"input": {"flow_id": self.flow}}) for _ in begun]
            next_ones = [await self._task_change(one["create_flow_run"]["id"]) for one in made]
            success = {"type": "Success", "message": "Task run succeeded.", "_result": None}
            ended = [{"task_run_id": one["task_run_id"], "state": success} for one in begun]
            return [
                (TASK_STATE, {"input": {"states": [{**one, "id": str(uuid.uuid4())} for one in pair]}})
                for pair in zip(ended, next_ones, strict=True)
            ]
        if kind == "log":
            line = {"message": "Task 'a': Starting task run...", "level": "INFO", "name": "prefect.TaskRunner"}
            return [(LOG, {"input": {"logs": [{"flow_run_id": run, **line}]}}) for run in self._some(count)]
        if kind == "read":
            return [(READ, {"id": run}) for run in self._some(count)]
        if kind == "read_literal":
            return [(LITERAL % run, None) for run in self._some(count)]
        if kind == "list":
            return [(LIST, {"flow": self.flow})] * count
        return [(QUEUE, {"input": {"labels": ["nobody"]}})] * count

    def _some(self, count: int) -> list[str]:
        return [self.runs[place % len(self.runs)] for place in range(count)]

    async def _task_change(self, run: str) -> Any:
        change = {"flow_run_id": run, "state": {"type": "Running", "message": "Running flow."}}
        await self.call(FLOW_STATE, {"input": {"states": [change]}})
        found = await self.call("query($id: uuid!) { flow_run_by_pk(id: $id) { task_runs { id } } }", {"id": run})
        [task_run] = found["flow_run_by_pk"]["task_runs"]
        return {
            "task_run_id": task_run["id"],
            "version": 1,
            "state": {"type": "Running", "message": "Starting task run.", "_result": None},
        }

    async def turn(self, kind: str, count: int, together: int) -> float:
        """Send the requests of one kind; gives seconds of CPU for each."""
        waiting = iter(await self.prepare(kind, count))

        async def one() -> None:
            for query, variables in waiting:
                await self.call(query, variables)

        begun = time.process_time()
        await asyncio.gather(*[one() for _ in range(together)])
        return (time.process_time() - begun) / count


async def serve(database_url: str | None) -> None:
    """Be one side: a line of JSON asks for a turn, a line of JSON tells what it took."""
    if database_url is not None:
        from prefect.server.store.opening import migrate

        await asyncio.to_thread(migrate, database_url)
    with tempfile.TemporaryDirectory() as folder:
        served = Served(folder, database_url)
        await served.start()
        for line in sys.stdin:
            print(json.dumps(await served.turn(**json.loads(line))), flush=True)
        await served.app.stop()


async def profile(kind: str, count: int, *, in_threads: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        served = Served(folder)
        profiler = cProfile.Profile()
        if in_threads:  # those that start from now on: the writer's
            import threading

            def begin(*_: Any) -> None:
                sys.setprofile(None)
                if threading.current_thread().name == "sqlite-writer":
                    profiler.enable()

            threading.setprofile(begin)
        await served.start()
        threading_off = count
        await served.turn(kind, threading_off, 1)
        if not in_threads:
            requests = await served.prepare(kind, count)
            profiler.enable()
            for query, variables in requests:
                await served.call(query, variables)
            profiler.disable()
        await served.app.stop()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(60)


def measured(before: Path, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Give one line for each kind of request."""
    with databases(args.postgres) as urls:
        yield from measured_over(before, args, urls)


@contextmanager
def databases(is_postgres: bool) -> Iterator[Sequence[str | None]]:
    """Give each side a database of its own; None: a file that it makes."""
    if not is_postgres:
        yield None, None
        return
    import psycopg

    sys.path.insert(0, str(HERE / "tests"))
    from support.databases import postgres_server

    with postgres_server(durable=True) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            for name in ("before", "now"):
                connection.execute(f"CREATE DATABASE cost_{name}")
        yield [f"{url.rpartition('/')[0]}/cost_{name}" for name in ("before", "now")]


def measured_over(before: Path, args: argparse.Namespace, urls: Sequence[str | None]) -> Iterator[dict[str, Any]]:
    from beside import Asked

    sides = [
        Asked(source, __file__, "--serve", *(["--database", url] if url else []))
        for source, url in zip((before, HERE), urls, strict=True)
    ]
    try:
        for kind in args.kinds.split(","):
            for side in sides:
                side.turn(kind=kind, count=2 * args.requests, together=args.together)
            turns = []
            for place in range(args.rounds):
                first, second = (0, 1) if place % 2 else (1, 0)
                took = {first: sides[first].turn(kind=kind, count=args.requests, together=args.together)}
                took[second] = sides[second].turn(kind=kind, count=args.requests, together=args.together)
                turns.append((took[0], took[1]))
            old, new = (statistics.median(turn[side] for turn in turns) for side in (0, 1))
            ratios = sorted(b / a for a, b in turns)
            yield {
                "bench": "request_cost",
                "kind": kind,
                "database": "postgres" if args.postgres else "sqlite",
                "together": args.together,
                "before_us": round(old * 1e6),
                "now_us": round(new * 1e6),
                "ratio": round(statistics.median(ratios), 3),
                "quartiles": [round(ratios[len(ratios) * part // 4], 3) for part in (1, 3)],
            }
    finally:
        for side in sides:
            side.stop()


def main() -> None:
    args = ap.parse_args()
    if args.serve:
        asyncio.run(serve(args.database))
        return
    if args.profile:
        asyncio.run(profile(args.profile, args.requests, in_threads=args.threads))
        return
    from beside import checked_out

    with checked_out(args.before) as before:
        for line in measured(before, args):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
