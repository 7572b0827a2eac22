"""A day of a large installation, faster than it goes: 200,000 flow runs of five tasks, with the herd of each full hour.

    .venv/bin/python bench/day.py [--hours 1] [--factor 12] [--runs-a-day 200000] [--tasks 5] [--herd 0.3] [--agents 20]
                                  [--watchers 10] [--database-url URL]

Plays some hours of such a day so many times as fast: runs are created all the time, a share of them beforehand for one
second, as schedules of the full hour have them.  Agents wait in long polls, take runs and play each through as its process
would (submitted, running, each task from Pending over Running to Success with a line of its log, heartbeat, end), and
watchers read a page of runs every five seconds.  What waits and watches costs by the clock, what runs costs by the run; so
the first is measured by itself, and what the day takes of two cores is told at its own speed:

    share = (idle CPU a second + CPU of a run x runs a second of the day) / 2

CPU is that of the server and, on PostgreSQL, of the database.  One JSON line; `limit_share` is what was wanted at most.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
from _common import CLK, pct  # noqa: E402
from scale_rows import Server  # noqa: E402
from state_changes import CREATE, QUEUE, REGISTER, SET_FLOWS, SET_TASKS, Connection  # noqa: E402

DAY_SECONDS = 86_400
LIMIT_SHARE = 0.30
LABEL = "day"
LOGS = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"
BEAT = "mutation($input: update_flow_run_heartbeat_input!) { update_flow_run_heartbeat(input: $input) { success } }"
TASKS = "query($input: uuid!) { task_run(where: {flow_run_id: {_eq: $input}}, order_by: {task: {slug: asc}}) { id } }"
PAGE = """query($input: Int) { flow_run(order_by: {scheduled_start_time: desc}, limit: $input) { id name state start_time
    flow { id name project { name } } } flow_run_aggregate(where: {state: {_eq: "Running"}}) { aggregate { count } } }"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--factor", type=float, default=12.0)
    parser.add_argument("--runs-a-day", type=int, default=200_000)
    parser.add_argument("--tasks", type=int, default=5)
    parser.add_argument("--herd", type=float, default=0.3, help="the share of an hour's runs that are due at its first second")
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--watchers", type=int, default=10)
    parser.add_argument("--runners", type=int, default=24, help="runs that are played through at one time")
    parser.add_argument("--idle-seconds", type=float, default=10.0)
    parser.add_argument("--database-url")
    return parser.parse_args()


class Cpu:
    """What the server has used, and the database where it is a process of its own, in seconds."""

    def __init__(self, pid: int, url: str) -> None:
        self.pid = pid
        self.postmaster: int | None = None
        if not url.startswith("sqlite"):
            import psycopg

            with psycopg.connect(url) as opened:
                row = opened.execute("SELECT pg_backend_pid()").fetchone()
                assert row is not None
                self.postmaster = _parent_of(int(row[0]))

    def used(self) -> tuple[float, float]:
        return _seconds(self.pid), 0.0 if self.postmaster is None else _of_tree(self.postmaster)


def _fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent_of(pid: int) -> int:
    return int(_fields(pid)[1])


def _seconds(pid: int, *, with_ended: bool = False) -> float:
    fields = _fields(pid)
    return sum(int(field) for field in fields[11 : 15 if with_ended else 13]) / CLK


def _of_tree(postmaster: int) -> float:
    """The database's own process, those of its connections, and those of them that have ended."""
    total = _seconds(postmaster, with_ended=True)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if _parent_of(int(folder.name)) == postmaster:
                total += _seconds(int(folder.name))
        except (OSError, ValueError):
            continue
    return total


class Day:
    """The load on one server."""

    def __init__(self, port: int, flow_id: str, args: argparse.Namespace) -> None:
        self.port, self.flow_id, self.args = port, flow_id, args
        self.due: dict[str, float] = {}
        self.waited: list[float] = []
        self.herd: set[str] = set()
        self.herd_taken: list[float] = []
        self.creating: list[float] = []
        self.pages: list[float] = []
        self.work: asyncio.Queue[str] = asyncio.Queue()
        self.done = 0
        self.refused = 0
        self.ended = asyncio.Event()

    async def ask(self, line: Connection, query: str, given: Any) -> Any:
        answer = await line.ask(query, given)
        if "errors" in answer:
            raise RuntimeError(json.dumps(answer["errors"])[:500])
        return answer["data"]

    async def create(self, line: Connection, start: datetime | None = None) -> str:
        given = {"flow_id": self.flow_id, "idempotency_key": uuid.uuid4().hex, "labels": [LABEL]}
        begun = time.time()
        made = await self.ask(line, CREATE, given | ({"scheduled_start_time": start.isoformat()} if start else {}))
        run_id: str = made["create_flow_run"]["id"]
        self.due[run_id] = start.timestamp() if start else time.time()
        self.creating.append(time.time() - begun)
        return run_id

    async def agent(self, number: int) -> None:
        known = await self.ask(Connection(self.port), REGISTER, {"type": "LocalAgent", "name": f"day-{number}", "labels": [LABEL]})
        line = Connection(self.port, **{"X-PREFECT-AGENT-ID": known["register_agent"]["id"]})
        while not self.ended.is_set():
            found = await self.ask(line, QUEUE, {"labels": [LABEL], "wait_seconds": 2})
            for run_id in found["get_runs_in_queue"]["flow_run_ids"]:
                change = {"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}
                answer = await line.ask(SET_FLOWS, {"states": [change]})
                if "errors" in answer:
                    self.refused += 1
                    continue
                now = time.time()
                waited = now - self.due.get(run_id, now)
                (self.herd_taken if run_id in self.herd else self.waited).append(waited)
                self.work.put_nowait(run_id)

    async def runner(self) -> None:
        line = Connection(self.port)
        while True:
            await self.play(line, await self.work.get())
            self.done += 1
            self.work.task_done()

    async def play(self, line: Connection, run_id: str) -> None:
        async def move_flow(state: str) -> None:
            await self.ask(line, SET_FLOWS, {"states": [{"flow_run_id": run_id, "state": {"type": state}}]})

        await move_flow("Running")
        await self.ask(line, BEAT, {"flow_run_id": run_id})
        found = (await line.send({"query": TASKS, "variables": {"input": run_id}}))["data"]["task_run"]
        for row in found:
            for state in ("Running", "Success"):
                change = {"task_run_id": row["id"], "state": {"type": state}}
                await self.ask(line, SET_TASKS, {"states": [change]})
            message = {"flow_run_id": run_id, "task_run_id": row["id"], "message": "a line of a task"}
            await self.ask(line, LOGS, {"logs": [message]})
        await move_flow("Success")

    async def watcher(self) -> None:
        line = Connection(self.port)
        while not self.ended.is_set():
            begun = time.perf_counter()
            await line.send({"query": PAGE, "variables": {"input": 50}})
            self.pages.append(time.perf_counter() - begun)
            await asyncio.sleep(5)

    async def play_hours(self, cpu: Cpu) -> dict[str, Any]:
        args = self.args
        count = round(args.runs_a_day / 24 * args.hours)
        seconds = args.hours * 3600 / args.factor
        waiting = [asyncio.create_task(self.agent(n)) for n in range(args.agents)]
        waiting += [asyncio.create_task(self.watcher()) for _ in range(args.watchers)]
        await asyncio.sleep(1)
        before = cpu.used()
        await asyncio.sleep(args.idle_seconds)
        idle = [(now - then) / args.idle_seconds for then, now in zip(before, cpu.used(), strict=True)]
        runners = [asyncio.create_task(self.runner()) for _ in range(args.runners)]
        begun, before = time.time(), cpu.used()
        at_hour = datetime.fromtimestamp(begun + seconds / 2, UTC).replace(microsecond=0)
        line = Connection(self.port)
        herd = round(count * args.herd)
        for number in range(count):
            # Those of the full hour are made in the time before it, as schedules do, the others when they are due.
            is_herd = len(self.herd) < min(herd, (number + 1) * herd * 2.2 / count)
            late = begun + seconds * number / count - time.time()
            if late > 0:
                await asyncio.sleep(late)
            run_id = await self.create(line, at_hour if is_herd and datetime.now(UTC) < at_hour - timedelta(seconds=1) else None)
            if self.due[run_id] == at_hour.timestamp():
                self.herd.add(run_id)
        while self.done < count:
            if any(task.done() for task in (*runners, *waiting)):
                await asyncio.gather(*(task for task in (*runners, *waiting) if task.done()))
            await asyncio.sleep(0.1)
        took = time.time() - begun
        after = cpu.used()
        self.ended.set()
        for task in runners:
            task.cancel()
        await asyncio.gather(*waiting, *runners, return_exceptions=True)
        # What waits and watches went on meanwhile.
        spent = [max(0.0, now - then - rest * took) for then, now, rest in zip(before, after, idle, strict=True)]
        return self.figures(count, took, seconds, idle, spent)

    def figures(self, count: int, took: float, wanted: float, idle: list[float], spent: list[float]) -> dict[str, Any]:
        args = self.args
        of_run = sum(spent) / count
        share = (sum(idle) + of_run * args.runs_a_day / DAY_SECONDS) / 2
        return {
            "bench": "day", "runs": count, "task_runs": count * args.tasks, "seconds_taken": round(took, 1),
            "seconds_planned": round(wanted, 1), "factor": args.factor, "agents": args.agents, "watchers": args.watchers,
            "server_ms_per_run": round(spent[0] / count * 1e3, 2), "database_ms_per_run": round(spent[1] / count * 1e3, 2),
            "idle_percent_of_a_core": round(sum(idle) * 100, 2), "share_of_two_cores": round(share, 4),
            "limit_share": LIMIT_SHARE, "herd": len(self.herd),
            "herd_until_last_s": round(max(self.herd_taken), 2) if self.herd_taken else None,
            "picked_up_p50_ms": _ms(self.waited, 50), "picked_up_p99_ms": _ms(self.waited, 99),
            "create_p99_ms": _ms(self.creating, 99), "page_p95_ms": _ms(self.pages, 95), "refused": self.refused,
        }  # fmt: skip


def _ms(times: list[float], share: float) -> float | None:
    return round(pct(times, share) * 1e3, 1) if times else None


def register(server: Server, tasks: int) -> str:
    slugs = [f"t-{number}" for number in range(tasks)]
    document = {
        "name": "day", "tasks": [{"slug": slug, "name": slug, "tags": []} for slug in slugs], "edges": [],
        "parameters": [], "storage": {"type": "Local"}, "run_config": {"type": "UniversalRun", "labels": []},
        "__version__": "1.4.1",
    }  # fmt: skip
    project = server.api.do("create_project", "id", name=f"day {uuid.uuid4().hex[:6]}")["id"]
    return str(server.api.do("create_flow", "id", project_id=project, serialized_flow=document)["id"])


def main() -> int:
    args = arguments()
    with tempfile.TemporaryDirectory(prefix="day-") as folder:
        url = args.database_url or f"sqlite:///{folder}/day.db"
        server = Server(url, Path(folder))
        try:
            flow_id = register(server, args.tasks)
            day = Day(server.port, flow_id, args)
            print(json.dumps(asyncio.run(day.play_hours(Cpu(server.process.pid, url)))))
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
