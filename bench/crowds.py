"""Many schedules, many runs due at one second, and several servers over one PostgreSQL.

    INTERPRETER crowds.py [schedules] [due] [replicas] [--flows 10000] [--due 500] [--agents 8] [--postgres]

schedules: so many flows with an active schedule and no run made yet; seconds until the scheduler has made the runs
of all of them (ten each).  due: so many runs fall due at one second while agents wait by long poll and one client goes
on creating runs; seconds from that second until the last was handed out, and p99 of creating meanwhile.  replicas:
create_flow_run from 32 connections on one server and on two over one durable PostgreSQL, which it starts itself.
claims: due runs taken by 8 agents of one server and of two.  waiting: 1,000 agents of ten labels and 200 subscriptions wait
while 20 runs a second are created; the server's share of a core, and how long a run was not taken and a list not told.
looks: an agent's look alone and beside 100,000 runs, due and future, that only others may take, in turns.  quiet: from the
creation of a run to its claim, with nothing else due and behind 100,000 due runs of another flow.
``--postgres`` runs all but replicas and claims on PostgreSQL as well.  One JSON line each.
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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
from state_changes import CREATE, QUEUE, SET_FLOWS, Connection, cpu_seconds, once, prepare, shared  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("what", nargs="*", default=["schedules", "due", "replicas"])
ap.add_argument("--flows", type=int, default=10_000)
ap.add_argument("--due", type=int, default=500)
ap.add_argument("--agents", type=int, default=8)
ap.add_argument("--creates", type=int, default=4000)
ap.add_argument("--waiting", type=int, default=1000, help="agents that wait")
ap.add_argument("--subscriptions", type=int, default=200)
ap.add_argument("--rate", type=int, default=20, help="runs created a second while they wait")
ap.add_argument("--seconds", type=int, default=30)
ap.add_argument("--others", type=int, default=25_000, help="of each kind, four kinds")
ap.add_argument("--looks", type=int, default=100)
ap.add_argument("--row", type=int, default=100_000, help="due runs of the flow that is not quiet")
ap.add_argument("--pause", type=float, default=0.05, help="seconds between an agent's claim and its next look")
ap.add_argument("--claims", type=int, default=2000)
ap.add_argument("--connections", type=int, default=32)
ap.add_argument("--no-fsync", action="store_true", help="replicas without waiting for the disk: what the processors allow")
ap.add_argument("--postgres", action="store_true")
args = ap.parse_args()

REGISTER = "mutation($input: register_agent_input!) { register_agent(input: $input) { id } }"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(url: str, folder: str, **settings: str) -> Iterator[tuple[int, int]]:
    """Run a server; gives its port and process id."""
    port = free_port()
    env = os.environ | {"PREFECT__HOME_DIR": folder} | settings
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--database-url", url]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                once(port, "{ hello }")
                break
            except OSError:
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


def emit(bench: str, **figures: Any) -> None:
    print(json.dumps({"bench": bench, **figures}), flush=True)


def pct(times: list[float], share: float) -> float:
    times.sort()
    return round(times[min(int(len(times) * share), len(times) - 1)] * 1e3, 2)


class Database:
    """A database of this benchmark: an address, and SQL on it beside the server."""

    def __init__(self, url: str):
        self.url = url

    def execute(self, sql: str) -> list[Any]:
        if self.url.startswith("sqlite"):
            with sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30) as file:
                return file.execute(sql).fetchall()
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(sql)
            return found.fetchall() if found.description else []


def schedules(database: Database, folder: str) -> None:
    document = {
        "name": "scheduled",
        "tasks": [{"slug": "a-1", "name": "a"}],
        "edges": [],
        "parameters": [],
        "storage": {"type": "Local"},
        "run_config": {"type": "UniversalRun", "labels": []},
        "schedule": {"type": "Schedule", "clocks": [{"type": "CronClock", "cron": "7 * * * *"}]},
        "__version__": "1.4.1",
    }
    project = "mutation($input: create_project_input!) { create_project(input: $input) { id } }"
    register = "mutation($input: create_flow_input!) { create_flow(input: $input) { id } }"
    with server(database.url, folder, PREFECT_SERVER__SERVICES__ENABLED="false") as (port, _):
        project_id = once(port, project, {"name": "p"})["create_project"]["id"]
        lines = [Connection(port) for _ in range(args.connections)]

        async def fill() -> None:
            async def make(index: int, number: int, times: list[float]) -> None:
                given = {"project_id": project_id, "serialized_flow": {**document, "name": f"flow-{number}"}}
                await lines[index].ask(register, given)

            await shared(args.connections, make, list(range(args.flows)))

        begun = time.perf_counter()
        asyncio.run(fill())
        emit("register", flows=args.flows, per_s=round(args.flows / (time.perf_counter() - begun)))
    for table in ("flow_run", "run_key"):
        database.execute(f"DELETE FROM {table}")
    emit("schedules", flows=args.flows, **_until_made(database, folder))
    newest = "SELECT id, row_number() OVER (PARTITION BY flow_id ORDER BY scheduled_start_time DESC) AS place FROM flow_run"
    database.execute(f"DELETE FROM flow_run WHERE id IN (SELECT id FROM ({newest}) AS runs WHERE place = 1)")
    database.execute("DELETE FROM run_key WHERE flow_run_id NOT IN (SELECT id FROM flow_run)")
    emit("schedules_refilled", flows=args.flows, **_until_made(database, folder))


def _until_made(database: Database, folder: str) -> dict[str, Any]:
    """Start a server and wait until each flow has its ten runs."""
    wanted = args.flows * 10
    missing = wanted - database.execute("SELECT count(*) FROM flow_run")[0][0]
    with server(database.url, folder) as (_, pid):
        ready = time.perf_counter()
        while (made := database.execute("SELECT count(*) FROM flow_run")[0][0]) < wanted:
            if time.perf_counter() - ready > 600:
                raise SystemExit(f"only {made} runs were made")
            time.sleep(0.5)
        seconds = time.perf_counter() - ready
        cpu = cpu_seconds(pid)
    return {"runs": missing, "seconds": round(seconds, 2), "server_cpu_s": round(cpu, 2)}


def due(database: Database, folder: str) -> None:
    with server(database.url, folder) as (port, pid):
        flow = prepare(port, False)
        asyncio.run(_due(port, pid, flow))


async def _due(port: int, pid: int, flow: dict[str, str]) -> None:
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=12)
    lines = [Connection(port) for _ in range(args.connections)]

    async def make(index: int, _: int, times: list[float]) -> None:
        given = {"flow_id": flow["id"], "labels": ["due"], "scheduled_start_time": moment.isoformat()}
        await lines[index].ask(CREATE, given)

    await shared(args.connections, make, list(range(args.due)))
    taken: dict[str, float] = {}
    refused = 0
    creating: list[float] = []
    done = asyncio.Event()

    async def agent(index: int) -> None:
        nonlocal refused
        given = {"type": "LocalAgent", "name": f"agent-{index}", "labels": ["due"]}
        agent_id = once(port, REGISTER, given)["register_agent"]["id"]
        line = Connection(port, **{"X-PREFECT-AGENT-ID": agent_id})
        while len(taken) < args.due:
            asked = await line.ask(QUEUE, {"labels": ["due"], "wait_seconds": 5})
            ids = asked["data"]["get_runs_in_queue"]["flow_run_ids"]
            for run_id in ids:
                change = {"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}
                answer = await line.ask(SET_FLOWS, {"states": [change]})
                if "errors" in answer:
                    refused += 1
                elif run_id in taken:
                    raise SystemExit(f"{run_id} was handed out twice")
                else:
                    taken[run_id] = time.time()

    async def creator() -> None:
        line = Connection(port)
        await asyncio.sleep(max(0, moment.timestamp() - time.time() - 0.5))
        while not done.is_set():
            begun = time.perf_counter()
            await line.ask(CREATE, {"flow_id": flow["id"], "labels": ["other"]})
            creating.append(time.perf_counter() - begun)

    beside = asyncio.create_task(creator())
    await asyncio.gather(*(agent(index) for index in range(args.agents)))
    done.set()
    await beside
    emit(
        "due_at_one_second",
        runs=args.due,
        agents=args.agents,
        seconds_until_last=round(max(taken.values()) - moment.timestamp(), 2),
        earliest=round(min(taken.values()) - moment.timestamp(), 2),
        refused=refused,
        create_p99_ms=pct(creating, 0.99),
        creates_meanwhile=len(creating),
    )


def replicas(folder: str) -> None:
    from support.databases import postgres_server

    with postgres_server(durable=not args.no_fsync) as url:
        for count in (1, 2, 1, 2):
            name = f"replicas_{time.time_ns()}"
            Database(url).execute(f"CREATE DATABASE {name}")
            address = url.rpartition("/")[0] + f"/{name}"
            with server(address, folder) as (first, pid):
                flow = prepare(first, False)
                spent = cpu_seconds(pid)
                if count == 1:
                    figures = asyncio.run(_creates([first], flow))
                else:
                    with server(address, folder) as (second, _):
                        figures = asyncio.run(_creates([first, second], flow))
                figures["cpu_ms_per_run_of_the_first"] = round((cpu_seconds(pid) - spent) / args.creates * 1e3, 2)
            emit("create_on_postgres", replicas=count, connections=args.connections, **figures)


async def _creates(ports: list[int], flow: dict[str, str]) -> dict[str, Any]:
    lines = [Connection(ports[index % len(ports)]) for index in range(args.connections)]
    errors = 0

    async def make(index: int, _: int, times: list[float]) -> None:
        nonlocal errors
        begun = time.perf_counter()
        answer = await lines[index].ask(CREATE, {"flow_id": flow["id"]})
        times.append(time.perf_counter() - begun)
        errors += "errors" in answer

    seconds, times = await shared(args.connections, make, list(range(args.creates)))
    return {"per_s": round(len(times) / seconds), "p99_ms": pct(times, 0.99), "errors": errors}


def claims(folder: str) -> None:
    """Runs that are due are taken by agents of one server, and of two over one PostgreSQL."""
    from support.databases import postgres_server

    with postgres_server(durable=not args.no_fsync) as url:
        for count in (1, 2, 1, 2):
            name = f"claims_{time.time_ns()}"
            Database(url).execute(f"CREATE DATABASE {name}")
            address = url.rpartition("/")[0] + f"/{name}"
            with ExitStack() as stack:
                servers = [stack.enter_context(server(address, folder))]
                flow = prepare(servers[0][0], False)
                servers += [stack.enter_context(server(address, folder)) for _ in range(count - 1)]
                figures = asyncio.run(_claims([port for port, _ in servers], flow))
            emit("claims_on_postgres", replicas=count, agents=args.agents, **figures)


async def _claims(ports: list[int], flow: dict[str, str]) -> dict[str, Any]:
    makers = [Connection(ports[0]) for _ in range(args.connections)]

    async def make(index: int, _: int, times: list[float]) -> None:
        await makers[index].ask(CREATE, {"flow_id": flow["id"], "labels": ["claimed"]})

    await shared(args.connections, make, list(range(args.claims)))
    taken: set[str] = set()
    attempts = refused = 0

    async def agent(index: int) -> None:
        nonlocal attempts, refused
        port = ports[index % len(ports)]
        given = {"type": "LocalAgent", "name": f"agent-{index}", "labels": ["claimed"]}
        agent_id = once(port, REGISTER, given)["register_agent"]["id"]
        line = Connection(port, **{"X-PREFECT-AGENT-ID": agent_id})
        while len(taken) < args.claims:
            asked = await line.ask(QUEUE, {"labels": ["claimed"], "wait_seconds": 1})
            for run_id in asked["data"]["get_runs_in_queue"]["flow_run_ids"]:
                attempts += 1
                change = {"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}
                if "errors" in await line.ask(SET_FLOWS, {"states": [change]}):
                    refused += 1
                elif run_id in taken:
                    raise SystemExit(f"{run_id} was handed out twice")
                else:
                    taken.add(run_id)

    begun = time.perf_counter()
    await asyncio.gather(*(agent(index) for index in range(args.agents)))
    seconds = time.perf_counter() - begun
    return {"per_s": round(len(taken) / seconds), "attempts": attempts, "refused": refused}


WATCH_LIST = (
    "subscription { flow_run(order_by: {created: desc}, limit: 5) { id name state created } }"
)
WATCH_ONE = "subscription($id: uuid!) { flow_run_by_pk(id: $id) { id name state states { id state } } }"


def waiting(database: Database, folder: str) -> None:
    """A crowd waits while somebody creates runs, for one label of each ten: the server's share of a core, and who waits."""
    with server(database.url, folder) as (port, pid):
        flow = prepare(port, False)
        asyncio.run(_waiting(database, port, pid, flow))


async def _waiting(database: Database, port: int, pid: int, flow: dict[str, str]) -> None:
    from websockets.asyncio.client import connect

    kinds = 10
    made: dict[str, float] = {}
    taken: dict[str, float] = {}
    seen: dict[int, float] = {}
    lags: list[float] = []
    tasks: list[asyncio.Task[None]] = []
    watched = [once(port, CREATE, {"flow_id": flow["id"], "labels": ["nobody"]})["create_flow_run"]["id"] for _ in range(50)]

    async def agent(index: int) -> None:
        labels = [f"kind-{index % kinds}"]
        given = {"type": "LocalAgent", "name": f"agent-{index}", "labels": labels}
        line = Connection(port)
        agent_id = (await line.ask(REGISTER, given))["data"]["register_agent"]["id"]
        line = Connection(port, **{"X-PREFECT-AGENT-ID": agent_id})
        while True:
            asked = await line.ask(QUEUE, {"labels": labels, "wait_seconds": 30})
            for run_id in asked["data"]["get_runs_in_queue"]["flow_run_ids"]:
                change = {"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}
                if "errors" not in await line.ask(SET_FLOWS, {"states": [change]}):
                    taken[run_id] = time.perf_counter()

    async def watcher(index: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            await socket.send(json.dumps({"type": "connection_init"}))
            await socket.recv()
            payload: dict[str, Any] = {"query": WATCH_LIST}
            if index % 2:
                payload = {"query": WATCH_ONE, "variables": {"id": watched[index % len(watched)]}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in socket:
                said = json.loads(text)
                if said["type"] == "ping":
                    await socket.send(json.dumps({"type": "pong"}))
                elif said["type"] == "next" and index % 2 == 0:
                    now = seen[index] = time.perf_counter()
                    newest = [made[row["id"]] for row in said["payload"]["data"]["flow_run"] if row["id"] in made]
                    lags.extend([now - max(newest)] if newest else [])

    tasks += [asyncio.create_task(agent(index)) for index in range(args.waiting)]
    tasks += [asyncio.create_task(watcher(index)) for index in range(args.subscriptions)]
    await asyncio.sleep(10 + args.waiting / 200)
    spent, begun = cpu_seconds(pid), time.perf_counter()
    creating: list[float] = []
    line = Connection(port)
    for number in range(args.seconds * args.rate):
        await asyncio.sleep(max(0.0, begun + number / args.rate - time.perf_counter()))
        asked = time.perf_counter()
        answer = await line.ask(CREATE, {"flow_id": flow["id"], "labels": [f"kind-{number % kinds}"]})
        creating.append(time.perf_counter() - asked)
        made[answer["data"]["create_flow_run"]["id"]] = asked
    seconds = time.perf_counter() - begun
    cpu = cpu_seconds(pid) - spent
    await asyncio.sleep(3)
    waits = [taken[run_id] - moment for run_id, moment in made.items() if run_id in taken]
    late = [time.perf_counter() - seconds - moment for moment in seen.values()]
    for task in tasks:
        if task.done():
            task.result()  # none may have ended
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    emit(
        "waiting_crowd",
        database=_kind(database),
        agents=args.waiting,
        subscriptions=args.subscriptions,
        creates_per_s=round(len(made) / seconds, 1),
        server_cpu_share=round(cpu / seconds, 3),
        create_p99_ms=pct(creating, 0.99),
        not_taken=len(made) - len(waits),
        taken_after_p50_ms=pct(waits, 0.5) if waits else None,
        taken_after_most_ms=pct(waits, 1.0) if waits else None,
        told_after_p50_ms=pct(lags, 0.5) if lags else None,
        told_after_most_ms=pct(lags, 1.0) if lags else None,
        not_told=args.subscriptions // 2 - len(seen) if late else args.subscriptions // 2,
    )


def fill_queue(database: Database, flow_id: str, count: int, seconds: float, labels: str) -> None:
    """Put runs into the queue by SQL: ``seconds`` from now, with labels of which ``#`` is one of a hundred numbers."""
    like = f"(SELECT * FROM flow_run WHERE flow_id = '{flow_id}' LIMIT 1)"
    start = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="microseconds")
    columns = "id, tenant_id, flow_id, flow_group_id, name, state, version, scheduled_start_time, state_start_time, labels"
    if database.url.startswith("sqlite"):
        made = f"""WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count})
            INSERT INTO flow_run ({columns}) SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4000-8000-' ||
            hex(randomblob(6))), r.tenant_id, r.flow_id, r.flow_group_id, 'r' || n, 'Scheduled', 1, '{start}', '{start}',
            replace('{labels}', '#', n % 100) FROM s, {like} AS r"""
    else:
        made = f"""INSERT INTO flow_run ({columns}) SELECT gen_random_uuid(), r.tenant_id, r.flow_id, r.flow_group_id,
            'r' || n, 'Scheduled', 1, '{start}', '{start}', CAST(replace('{labels}', '#', CAST(n % 100 AS text)) AS jsonb)
            FROM generate_series(1, {count}) AS s(n), {like} AS r"""
    database.execute(made)


def looks(database: Database, folder: str) -> None:
    """An agent's look, alone and beside what only others may take, in turns: of two servers on two databases."""
    is_file = database.url.startswith("sqlite")
    other = Database(f"{database.url.removesuffix('.db')}-alone.db" if is_file else _beside(database.url))
    with server(database.url, folder) as (full, _), server(other.url, folder) as (alone, _):
        for port in (full, alone):
            flow = prepare(port, False)
            once(port, CREATE, {"flow_id": flow["id"], "labels": ["nobody"]})
            if port == full:
                for seconds in (-3600, 3600):
                    fill_queue(database, flow["id"], args.others, seconds, '["other-#"]')
                    fill_queue(database, flow["id"], args.others, seconds, '["also", "other"]')
        times: dict[int, list[float]] = {full: [], alone: []}

        async def turns() -> None:
            for port in (full, alone):
                line = Connection(port)
                for _ in range(5):
                    await line.ask(QUEUE, {"labels": ["mine"], "unlabelled": True})
            lines = {port: Connection(port) for port in times}
            for _ in range(args.looks):
                for port, line in lines.items():
                    begun = time.perf_counter()
                    await line.ask(QUEUE, {"labels": ["mine"], "unlabelled": True})
                    times[port].append(time.perf_counter() - begun)

        asyncio.run(turns())
    middle = {port: pct(found, 0.5) for port, found in times.items()}
    emit(
        "look_beside_others",
        database=_kind(database),
        due_and_future_of_others=4 * args.others,
        alone_ms=middle[alone],
        beside_ms=middle[full],
        ratio=round(middle[full] / middle[alone], 2),
    )


def quiet(database: Database, folder: str) -> None:
    """A quiet flow's run, from its creation until an agent has taken it: with nothing else due, and behind a long row."""
    with server(database.url, folder) as (port, _):
        noisy = prepare(port, False)
        document = {"name": "quiet", "tasks": [], "edges": [], "parameters": [], "storage": {"type": "Local"}, "__version__": "1.4.1"}
        register = "mutation($input: create_flow_input!) { create_flow(input: $input) { id } }"
        project = once(port, "{ project { id } }")["project"][0]["id"]
        flow_id = once(port, register, {"project_id": project, "serialized_flow": document})["create_flow"]["id"]
        given = {"flow_id": noisy["id"], "labels": ["limited"], "scheduled_start_time": "2100-01-01T00:00:00+00:00"}
        once(port, CREATE, given)
        idle = asyncio.run(_quiet(port, flow_id))
        fill_queue(database, noisy["id"], args.row, -3600, '["limited"]')
        behind = asyncio.run(_quiet(port, flow_id))
    emit(
        "quiet_flow",
        database=_kind(database),
        row=args.row,
        agents=args.agents,
        idle_ms=pct(idle, 0.5),
        behind_ms=pct(behind, 0.5),
        ratio=round(pct(behind, 0.5) / pct(idle, 0.5), 2),
        most_ms=pct(behind, 1.0),
    )


async def _quiet(port: int, flow_id: str) -> list[float]:
    """Let agents with one place each take runs, and create runs of the quiet flow one after the other."""
    made: dict[str, float] = {}
    taken: dict[str, asyncio.Event] = {}
    times: list[float] = []

    async def agent(index: int) -> None:
        given = {"type": "LocalAgent", "name": f"one-{index}", "labels": ["limited"]}
        agent_id = once(port, REGISTER, given)["register_agent"]["id"]
        line = Connection(port, **{"X-PREFECT-AGENT-ID": agent_id})
        while True:
            asked = await line.ask(QUEUE, {"labels": ["limited"], "wait_seconds": 30, "limit": 1})
            for run_id in asked["data"]["get_runs_in_queue"]["flow_run_ids"]:
                change = {"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}
                if "errors" not in await line.ask(SET_FLOWS, {"states": [change]}) and run_id in taken:
                    times.append(time.perf_counter() - made[run_id])
                    taken[run_id].set()
            await asyncio.sleep(args.pause)  # as one whose processes have to start

    tasks = [asyncio.create_task(agent(index)) for index in range(args.agents)]
    await asyncio.sleep(1)
    line = Connection(port)
    for _ in range(args.looks // 2):
        begun = time.perf_counter()
        answer = await line.ask(CREATE, {"flow_id": flow_id, "labels": ["limited"]})
        run_id = answer["data"]["create_flow_run"]["id"]
        made[run_id], taken[run_id] = begun, asyncio.Event()
        states = "query($id: uuid!) { flow_run_by_pk(id: $id) { state } }"
        while not taken[run_id].is_set():
            try:
                await asyncio.wait_for(taken[run_id].wait(), 1)
            except TimeoutError:  # it was taken before its id was known here
                said = await line.send({"query": states, "variables": {"id": run_id}})
                if said["data"]["flow_run_by_pk"]["state"] == "Submitted":
                    break
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return times


def _kind(database: Database) -> str:
    return database.url.partition(":")[0]


def _beside(url: str) -> str:
    """Make another database on the same PostgreSQL server."""
    name = f"alone_{time.time_ns()}"
    Database(url).execute(f"CREATE DATABASE {name}")
    return url.rpartition("/")[0] + f"/{name}"


ON_EITHER = {"schedules": schedules, "due": due, "waiting": waiting, "looks": looks, "quiet": quiet}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, (what, run) in enumerate(ON_EITHER.items()):
            if what not in args.what:
                continue
            run(Database(f"sqlite:///{folder}/{number}.db"), folder)
            if args.postgres:
                from support.databases import postgres_server

                with postgres_server(durable=True) as url:
                    print("on PostgreSQL:")
                    run(Database(url), folder)
        if "replicas" in args.what:
            replicas(folder)
        if "claims" in args.what:
            claims(folder)


if __name__ == "__main__":
    main()
