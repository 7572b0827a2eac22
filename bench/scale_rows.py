"""The rows of `bench/scale.py`: each takes a `Bench` and gives figures as dictionaries."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
import documents  # noqa: E402
import world  # noqa: E402
from _common import pct  # noqa: E402

#: What no page may take, in ms, and by how much a writer may slow down in a full database, and beside retention.
PAGE_MS, WRITE_RATIO, RETENTION_RATIO, STOP_SECONDS, HOLD_SECONDS = 250, 1.5, 1.2, 10, 1
Figures = dict[str, Any]


class Api:
    """One kept-alive connection to a server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def send(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables})
        self.connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer: dict[str, Any] = json.loads(self.connection.getresponse().read())
        return answer

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        answer = self.send(query, variables)
        if answer.get("errors"):
            raise RuntimeError(json.dumps(answer["errors"])[:2000])
        return answer["data"]

    def do(self, name: str, what: str, /, **given: Any) -> Any:
        text = f"mutation($input: {name}_input!) {{ {name}(input: $input) {{ {what} }} }}"
        return self.ask(text, {"input": given})[name]

    def get(self, path: str) -> int:
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        return len(answer.read())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process on a database."""

    def __init__(self, url: str, folder: Path, **settings: str) -> None:
        self.port = free_port()
        env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
        env |= {"PREFECT__HOME_DIR": str(folder)} | settings
        command = [sys.executable, "-m", "prefect", "server", "start", "--hide-welcome", "--port", str(self.port)]
        with (folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen([*command, "--database-url", url], env=env, stdout=log, stderr=log)
        end = time.monotonic() + 1800
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended; see {folder}/server.log")
            try:
                Api(self.port).get("/health")
                break
            except OSError:
                time.sleep(0.1)
        self.api = Api(self.port)

    def stop(self) -> float:
        """End it; gives the seconds that it took."""
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(180)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return time.monotonic() - begun


@contextmanager
def server(url: str, folder: Path, **settings: str) -> Iterator[Server]:
    """Run a server while the block runs."""
    made = Server(url, folder, **settings)
    try:
        yield made
    finally:
        made.stop()


class Bench:
    """A full and an empty database of one kind, and what is asked of them.

    Args:
        kind: sqlite or postgresql.
        full: the address of the full one.
        fresh: makes an empty database and gives its address.
        folder: for files of the bench.
        requests: so many of each kind of write, and asks a page a thirtieth of it.
    """

    def __init__(self, kind: str, full: str, fresh: Callable[[], str], folder: Path, requests: int) -> None:
        self.kind, self.full, self.fresh, self.folder, self.requests = kind, full, fresh, folder, requests
        self.facts = world.read_facts(full)

    def say(self, text: str) -> None:
        print(f"{datetime.now(UTC):%H:%M:%S} {self.kind}: {text}", file=sys.stderr, flush=True)

    def refresh(self) -> None:
        """Let those that run beat now, so that nobody takes them for lost while the bench runs."""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        execute(self.full, f"UPDATE flow_run SET heartbeat = '{now}' WHERE state IN ('Running', 'Submitted')")
        execute(self.full, f"UPDATE task_run SET heartbeat = '{now}' WHERE state = 'Running'")


def execute(url: str, sql: str) -> list[tuple[Any, ...]]:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60)) as file:
            found = file.execute(sql).fetchall()
            file.commit()
            return found
    import psycopg

    with psycopg.connect(url, autocommit=True) as opened:
        made = opened.execute(sql)
        return made.fetchall() if made.description else []


def size_of(url: str) -> int:
    """Bytes that a database takes."""
    if url.startswith("sqlite"):
        return Path(url.removeprefix("sqlite:///")).stat().st_size
    return int(execute(url, "SELECT pg_database_size(current_database())")[0][0])


def summed(times: list[float]) -> Figures:
    return {"n": len(times), "p50_ms": round(pct(times, 50) * 1e3, 2), "p99_ms": round(pct(times, 99) * 1e3, 2)}


# ------------------------------------------------------------------------------------------------- writes in turn


class Writer:
    """Does the writes of a run's life on one server, the same on an empty database as on a full one."""

    #: Flows of the world by their number of tasks.
    FLOWS = {1: 5, 10: 7, 100: 0}

    def __init__(self, url: str, folder: Path, facts: world.Facts | None) -> None:
        self.server = Server(url, folder)
        self.api = self.server.api
        if facts is None:
            project = self.api.do("create_project", "id", name="bench")["id"]
            self.flows = {
                tasks: self.api.do("create_flow", "id", project_id=project, serialized_flow=world.flow_document(number))["id"]
                for tasks, number in self.FLOWS.items()
            }
        else:
            self.flows = {tasks: facts.flows[number] for tasks, number in self.FLOWS.items()}
        self.made: dict[int, list[str]] = {tasks: [] for tasks in self.FLOWS}
        self.tasks: list[str] = []
        self.at = 0

    def create(self, tasks: int) -> None:
        made = self.api.do("create_flow_run", "id", flow_id=self.flows[tasks], idempotency_key=uuid.uuid4().hex, labels=["bench"])
        self.made[tasks].append(made["id"])

    def look(self) -> None:
        self.api.do("get_runs_in_queue", "flow_run_ids", labels=["bench-nobody"])

    def claim(self) -> None:
        ids = self.api.do("get_runs_in_queue", "flow_run_ids", labels=["bench"])["flow_run_ids"]
        self.api.do(
            "set_flow_run_states", "states { id }",
            states=[{"flow_run_id": ids[0], "version": 1, "state": {"type": "Submitted"}}],
        )  # fmt: skip

    def prepare_tasks(self, count: int) -> None:
        for run_id in self.made[10][: count // 10 + 1]:
            self.set_flow(run_id, "Running")
            found = self.api.ask("query($id: uuid!) { task_run(where: {flow_run_id: {_eq: $id}}) { id } }", {"id": run_id})
            self.tasks += [row["id"] for row in found["task_run"]]

    def set_flow(self, run_id: str, state: str) -> None:
        self.api.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": state}}])

    def set_task(self, place: int, state: str) -> None:
        change = {"task_run_id": self.tasks[place % len(self.tasks)], "state": {"type": state}}
        self.api.do("set_task_run_states", "states { id }", states=[change])

    def log(self) -> None:
        lines = [{"flow_run_id": self.made[10][0], "message": f"line {n} of a log", "level": "INFO"} for n in range(10)]
        self.api.do("write_run_logs", "success", logs=lines)


def writes(bench: Bench) -> Iterator[Figures]:
    """Each kind of write on an empty and a full database, request by request in turn."""
    bench.refresh()
    folders = [bench.folder / name for name in ("empty", "full")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    n = bench.requests
    empty = Writer(bench.fresh(), folders[0], None)
    full = Writer(bench.full, folders[1], bench.facts)
    both = (empty, full)
    steps: dict[str, tuple[int, Callable[[Writer, int], None]]] = {
        "create, 1 task": (n, lambda w, i: w.create(1)),
        "create, 10 tasks": (n, lambda w, i: w.create(10)),
        "create, 100 tasks": (n // 4, lambda w, i: w.create(100)),
        "look at the queue": (n, lambda w, i: w.look()),
        "claim": (n, lambda w, i: w.claim()),
        "task-run state": (n, lambda w, i: w.set_task(i, "Running")),
        "flow-run state": (n, lambda w, i: w.set_flow(w.made[1][i], "Running")),
        "flow-run end": (n, lambda w, i: w.set_flow(w.made[1][i], "Success")),
        "log lines, 10": (n, lambda w, i: w.log()),
    }
    try:
        for writer in both:  # warm-up: its runs are not measured
            for _ in range(30):
                writer.create(10)
            for run_id in writer.made[10]:
                writer.set_flow(run_id, "Cancelled")
            writer.made[10].clear()
        for name, (count, step) in steps.items():
            if name == "task-run state":
                for writer in both:
                    writer.prepare_tasks(count)
            times: tuple[list[float], list[float]] = ([], [])
            for i in range(count):
                for place in (0, 1) if i % 2 else (1, 0):
                    begun = time.perf_counter()
                    step(both[place], i)
                    times[place].append(time.perf_counter() - begun)
            before, after = summed(times[0]), summed(times[1])
            yield {
                "what": name, "empty": before, "full": after,
                "ratio_p50": round(after["p50_ms"] / before["p50_ms"], 2),
                "ratio_p99": round(after["p99_ms"] / before["p99_ms"], 2), "limit_ratio_p99": WRITE_RATIO,
            }  # fmt: skip
        for writer in both:  # nothing of it waits for ever
            for run_id in (run_id for of_size in writer.made.values() for run_id in of_size):
                writer.set_flow(run_id, "Cancelled")
    finally:
        for writer in both:
            writer.server.stop()


# ---------------------------------------------------------------------------------------------------------- pages


def pages(bench: Bench) -> Iterator[Figures]:
    """Every page: p50 and p95 of some asks, after one that is not counted."""
    bench.refresh()
    with server(bench.full, bench.folder) as made:
        samples = documents.Samples(made.api.ask, bench.facts)
        for page in documents.pages(samples):
            yield _asked(bench, made, page)
        path = f"/flow-run/{samples.done[0]}/logs.txt"
        times = []
        for _ in range(10):
            begun = time.perf_counter()
            made.api.get(path)
            times.append(time.perf_counter() - begun)
        yield _page_figures("a log as a file", "server", times)


def _asked(bench: Bench, made: Server, page: documents.Page) -> Figures:
    times: list[float] = []
    end = time.monotonic() + 15
    most = max(5, bench.requests // 30)
    while len(times) <= most and (len(times) < 3 or time.monotonic() < end):
        begun = time.perf_counter()
        try:
            answer = made.api.send(page.text, page.variables)
        except (OSError, http.client.HTTPException) as error:
            made.api = Api(made.port)
            return {"what": page.name, "source": page.source, "error": repr(error)[:300]}
        times.append(time.perf_counter() - begun)
        if answer.get("errors"):
            text = answer["errors"][0]["message"][:300]
            return {"what": page.name, "source": page.source, "error": text, "ms": round(times[-1] * 1e3)}
    return _page_figures(page.name, page.source, times[1:])


def _page_figures(name: str, source: str, times: list[float]) -> Figures:
    p50, p95 = (round(pct(times, share) * 1e3, 1) for share in (50, 95))
    return {"what": name, "source": source, "n": len(times), "p50_ms": p50, "p95_ms": p95, "limit_ms": PAGE_MS}


# ------------------------------------------------------------------------------- beside retention, a backup, a stop


class Stream:
    """Writes on one connection, in a thread, a little at a time; the times of each."""

    PAUSE_SECONDS = 0.004

    def __init__(self, port: int, flow_id: str) -> None:
        self.times: list[float] = []
        self.errors = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write, args=(Api(port), flow_id))

    def __enter__(self) -> Stream:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _write(self, api: Api, flow_id: str) -> None:
        runs: list[str] = []
        while not self._stopped.wait(self.PAUSE_SECONDS):
            begun = time.perf_counter()
            try:
                runs.append(api.do("create_flow_run", "id", flow_id=flow_id, labels=["bench"])["id"])
                self.times.append(time.perf_counter() - begun)
                begun = time.perf_counter()
                lines = [{"flow_run_id": runs[-1], "message": "a line beside"}]
                api.do("write_run_logs", "success", logs=lines)
                self.times.append(time.perf_counter() - begun)
                if len(runs) > 20:
                    gone = [{"flow_run_id": run_id, "state": {"type": "Cancelled"}} for run_id in runs[:10]]
                    api.do("set_flow_run_states", "states { id }", states=gone)
                    del runs[:10]
            except (OSError, http.client.HTTPException, RuntimeError):
                self.errors += 1
                return


def _streamed(made: Server, flow_id: str, seconds: float) -> list[float]:
    with Stream(made.port, flow_id) as stream:
        time.sleep(seconds)
    if stream.errors:
        raise RuntimeError("a write failed")
    return stream.times[20:]


def retention(bench: Bench) -> Iterator[Figures]:
    """Writers alone and beside retention, twice in turn; what retention does in the time."""
    flow = bench.facts.flows[Writer.FLOWS[10]]
    alone: list[float] = []
    beside: list[float] = []
    gone, seconds = 0, max(2.0, bench.requests / 40)
    days = 75.0
    for _ in range(2):
        bench.refresh()
        with server(bench.full, bench.folder) as made:
            alone += _streamed(made, flow, seconds)
        count = "SELECT count(*) FROM flow_run WHERE state <> 'Scheduled' AND created < '{}'".format(
            documents.Samples.before(_Moment(bench.facts), days=days - 1)
        )
        first = execute(bench.full, count)[0][0]
        with server(bench.full, bench.folder, PREFECT_SERVER__SERVICES__RETENTION__DAYS=str(days)) as made:
            beside += _streamed(made, flow, seconds)
            gone += first - execute(bench.full, count)[0][0]
        days -= 10
    before, after = summed(alone), summed(beside)
    yield {
        "what": "writes beside retention", "alone": before, "beside": after, "runs_deleted": gone,
        "deleted_per_s": round(gone / (2 * seconds), 1), "ratio_p99": round(after["p99_ms"] / before["p99_ms"], 2),
        "limit_ratio_p99": RETENTION_RATIO,
    }  # fmt: skip


class _Moment:
    def __init__(self, facts: world.Facts) -> None:
        self.now = datetime.fromisoformat(facts.now)


def stop(bench: Bench) -> Iterator[Figures]:
    """Seconds from SIGTERM to the end: during retention, during pages that take long, beside writers."""
    bench.refresh()
    made = Server(bench.full, bench.folder, PREFECT_SERVER__SERVICES__RETENTION__DAYS="50")
    time.sleep(3)
    yield {"what": "stop during retention", "seconds": round(made.stop(), 2), "limit_s": STOP_SECONDS}
    made = Server(bench.full, bench.folder)
    wide = "{ task_run_state_aggregate(where: {message: {_ilike: \"%zzyzzx%\"}}) { aggregate { count } } }"

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            Api(made.port).send(wide)

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    with Stream(made.port, bench.facts.flows[Writer.FLOWS[10]]):
        time.sleep(1)
        seconds = made.stop()
    for thread in asking:
        thread.join()
    yield {"what": "stop during wide questions and writes", "seconds": round(seconds, 2), "limit_s": STOP_SECONDS}


def backup(bench: Bench) -> Iterator[Figures]:
    """Writers alone and beside `prefect server database backup`."""
    size, free = size_of(bench.full), shutil.disk_usage(bench.folder).free
    if free < 1.5 * size + 2_000_000_000:
        yield {"what": "writes beside a backup", "error": f"{size / 1e9:.0f} GB have no room twice: {free / 1e9:.0f} GB free"}
        return
    bench.refresh()
    target = bench.folder / "backup"
    flow = bench.facts.flows[Writer.FLOWS[10]]
    command = [sys.executable, "-m", "prefect", "server", "database", "backup", str(target), "--database-url", bench.full]
    try:
        with server(bench.full, bench.folder) as made:
            alone = _streamed(made, flow, max(2.0, bench.requests / 40))
            with Stream(made.port, flow) as stream:
                begun = time.monotonic()
                done = subprocess.run(command, capture_output=True, text=True, check=False, env=_with_pg_dump(bench))
                seconds = time.monotonic() - begun
        if done.returncode:
            yield {"what": "writes beside a backup", "error": (done.stdout + done.stderr)[-300:]}
            return
        before, after = summed(alone), summed(stream.times)
        yield {
            "what": "writes beside a backup", "alone": before, "beside": after, "seconds": round(seconds, 1),
            "mb": round(size / 1e6), "ratio_p99": round(after["p99_ms"] / before["p99_ms"], 2),
            "longest_ms": round(max(stream.times) * 1e3),
        }  # fmt: skip
    finally:
        target.unlink(missing_ok=True)


def _with_pg_dump(bench: Bench) -> dict[str, str]:
    """The environment, with the programs of the server's own version first."""
    if bench.kind == "sqlite":
        return dict(os.environ)
    from support.postgres_binaries import account_for_server, find_binaries

    binaries = find_binaries(account_for_server())
    return os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"} if (binaries / "pg_dump").exists() else dict(os.environ)


# -------------------------------------------------------------------------------------------------------- upgrade

#: The upgrade that is measured begins here: three revisions with indexes over large tables follow.
OLD_REVISION = "0008"


class RawWriter:
    """Writes as an old server does, past it: an update of one run and a line of its log, each in its own commit."""

    def __init__(self, url: str, run_id: str) -> None:
        self.url, self.run_id = url, run_id
        self.times: list[float] = []
        self.stopped = threading.Event()
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._guarded)

    def _guarded(self) -> None:
        try:
            self._write()
        except BaseException as error:  # noqa: BLE001 - told by the row
            self.error = error

    def _write(self) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        if self.url.startswith("sqlite"):
            opened: Any = sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=3600, isolation_level=None)
        else:
            import psycopg

            opened = psycopg.connect(self.url, autocommit=True)
        with contextlib.closing(opened):
            while not self.stopped.wait(0.01):
                begun = time.perf_counter()
                opened.execute(f"UPDATE flow_run SET heartbeat = '{now}', updated = '{now}' WHERE id = '{self.run_id}'")
                opened.execute(
                    "INSERT INTO log (id, flow_run_id, message, seq)"
                    f" VALUES ('{uuid.uuid4()}', '{self.run_id}', 'a line beside', 0)"
                )
                self.times.append(time.perf_counter() - begun)


def upgrade(bench: Bench) -> Iterator[Figures]:
    """Bring a full database from an older revision to the newest; the longest time that a writer was held."""
    from prefect.server.store import opening
    from prefect.server.store.migrations import HEAD, downgrade

    bench.say(f"back to revision {OLD_REVISION}")
    downgrade(bench.full, OLD_REVISION)
    run_id = execute(bench.full, "SELECT id FROM flow_run ORDER BY created DESC LIMIT 1")[0][0]
    writer = RawWriter(bench.full, str(run_id))
    writer.thread.start()
    time.sleep(3)
    alone = len(writer.times)
    begun = time.monotonic()
    try:
        opening.migrate(bench.full)
        seconds = time.monotonic() - begun
        time.sleep(1)
    finally:
        writer.stopped.set()
        writer.thread.join()
    if writer.error is not None:
        yield {"what": "upgrade", "error": repr(writer.error)[:300]}
        return
    yield {
        "what": f"upgrade from {OLD_REVISION} to {HEAD}", "seconds": round(seconds, 1), "writes_alone": summed(writer.times[:alone]),
        "writes_meanwhile": summed(writer.times[alone:]), "longest_hold_s": round(max(writer.times[alone:]), 2),
        "limit_s": HOLD_SECONDS,
    }  # fmt: skip


# --------------------------------------------------------------------------------------------- benches of their own


def _script(name: str, *arguments: str) -> Iterator[Figures]:
    command = [sys.executable, str(HERE / name), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            found = json.loads(line)
            yield {"what": found.pop("bench", name), **found}
    if done.returncode:
        yield {"what": f"{name} {' '.join(arguments)}", "error": f"ended with {done.returncode}"}


def crowds(bench: Bench) -> Iterator[Figures]:
    """Waiting crowds, and claims over replicas, on databases of their own: `bench/crowds.py`."""
    share = min(1.0, bench.requests / 600)
    amounts = {"--seconds": 30, "--claims": 2000, "--creates": 4000, "--waiting": 1000, "--subscriptions": 200}
    given = [text for name, most in amounts.items() for text in (name, str(max(1, round(most * share))))]
    yield from _script("crowds.py", *(["due", "waiting"] if bench.kind == "sqlite" else ["replicas", "claims"]), *given)


def day(bench: Bench) -> Iterator[Figures]:
    """A large installation's day on the full database: `bench/day.py`."""
    bench.refresh()
    idle = min(10.0, bench.requests / 60)
    hours = ("--hours", str(bench.requests / 4000), "--idle-seconds", str(idle))
    yield from _script("day.py", "--database-url", bench.full, *hours)


#: In the order in which they run: what changes the database for those that follow comes last.
ROWS: dict[str, Callable[[Bench], Iterator[Figures]]] = {
    "writes": writes,
    "pages": pages,
    "backup": backup,
    "crowds": crowds,
    "day": day,
    "retention": retention,
    "stop": stop,
    "upgrade": upgrade,
}
__all__ = ["ROWS", "Bench", "execute", "size_of"]
