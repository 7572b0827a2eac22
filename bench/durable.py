"""What durability costs a run in time: steps a second, from one task to the next, the smallest grain that pays, whole runs.

    .venv/bin/python bench/durable.py steps [--runs 200] [--tasks 5] [--at-once 4,16,64] [--peer dbos,restate]
    .venv/bin/python bench/durable.py gap   [--tasks 100] [--repeat 5] [--peer dbos,restate]
    .venv/bin/python bench/durable.py grain [--tasks 200]
    .venv/bin/python bench/durable.py wall  [--repeat 3]

Each has a server of its own, on SQLite; with ``--postgres`` on PostgreSQL (``fsync`` on). Told, too, is what a durable
write of 64 KB takes on the same disk in the same run (``disk_ms``): no step can be faster. ``--peer`` names who does the
same, in turns, in environments that ``make peers`` sets up: ``dbos`` (SQLite), ``restate`` (its server). Prints one JSON line for each.

steps: runs of a few no-op tasks each, so many at one time in one process; each task's body runs once.
gap: from the end of a task's body to the beginning of the next one's, in a chain.
grain: how long a task of a chain must take for half of the run's time to be work (Task Bench's METG(50 %)), of a local
run and of a tracked one.
wall: create to Success, executed by a local agent, fresh and ``--warm``: a map of 1,000, and 40 tasks in sequence.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE / "bench"))
sys.path.insert(0, str(HERE / "tests"))
WRITE_BYTES = 65_536


def emit(**fields: Any) -> None:
    print(json.dumps({"bench": "durable", **fields, "load": round(os.getloadavg()[0], 1)}), flush=True)


def quantile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def disk_ms(folder: str, count: int = 60) -> float:
    """Milliseconds of one durable write, the median."""
    took = []
    with open(Path(folder, "disk"), "wb", buffering=0) as file:
        for _ in range(count):
            begun = time.perf_counter()
            file.write(b"x" * WRITE_BYTES)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1e3


# ----- what is run in a process of its own, which knows its server by its environment


def chain(count: int, body: Callable[[], Any], name: str) -> Any:
    from prefect import Flow, Task

    class Step(Task):
        def run(self) -> None:
            body()

    with Flow(name) as flow:
        steps = [Step(name="step") for _ in range(count)]
        for before, after in itertools.pairwise(steps):
            after.set_upstream(before)
        if count == 1:
            flow.add_task(steps[0])
    return flow


def registered(flow: Any) -> Callable[[], str]:
    """Give what makes a run of the flow."""
    from prefect import Client

    client = Client()
    if not client.graphql("{ project { id } }")["data"]["project"]:
        client.create_project("bench")
    flow_id = flow.register("bench", labels=[], no_url=True)
    return lambda: client.create_flow_run(flow_id=flow_id)


def tracked(flow: Any, run_id: str) -> None:
    from prefect import context
    from prefect.engine.cloud import CloudFlowRunner

    with context(flow_run_id=run_id, run_process=f"{run_id}/bench"):
        state = CloudFlowRunner(flow).run()
    assert state.is_successful(), state


def at_once(work: Callable[[Any], None], given: Sequence[Any], many: int) -> float:
    """Do it with each of these, so many at one time; gives the seconds that all took."""
    left, lock, failures = iter(given), threading.Lock(), []

    def worker() -> None:
        while True:
            with lock:
                one = next(left, None)
            if one is None:
                return
            try:
                work(one)
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=worker) for _ in range(many)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - begun


def steps(runs: int, tasks: int, many: int) -> list[float]:
    counter = itertools.count()
    flow = chain(tasks, lambda: next(counter), "steps")
    make = registered(flow)
    tracked(flow, make())  # what is made once, is made now
    before = next(counter)
    took = at_once(lambda run_id: tracked(flow, run_id), [make() for _ in range(runs)], many)
    assert next(counter) - before - 1 == runs * tasks, "each body runs once"
    return [runs * tasks / took]


def gap(tasks: int) -> list[float]:
    times: list[float] = []
    flow = chain(tasks, lambda: times.append(time.perf_counter()), "gap")
    make = registered(flow)
    tracked(flow, make())
    times.clear()
    tracked(flow, make())
    return [after - before for before, after in itertools.pairwise(times)]


def spin(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def grain(tasks: int, kind: str) -> list[float]:
    """Give, for some grains, the seconds of the grain and of a task of that grain."""
    grains = [2.0**power * 1e-6 for power in ((3, 4, 5, 6, 7, 8) if kind == "local" else (9, 10, 11, 12, 13, 14))]
    found = []
    for seconds in grains:
        flow = chain(tasks, lambda seconds=seconds: spin(seconds), f"grain {seconds:g}")
        if kind == "local":
            def work(flow: Any = flow) -> None:
                assert flow.run().is_successful()
        else:
            make = registered(flow)
            def work(flow: Any = flow, make: Any = make) -> None:
                tracked(flow, make())
        work()
        took = []
        for _ in range(3):
            begun = time.perf_counter()
            work()
            took.append(time.perf_counter() - begun)
        found += [seconds, min(took) / tasks]
    return found


def dbos(what: str, runs: int, tasks: int, many: int) -> list[float]:
    """Do the same with DBOS: a workflow of steps, on SQLite."""
    from dbos import DBOS, DBOSConfig, SetWorkflowID

    DBOS(config=DBOSConfig(name="bench", system_database_url="sqlite:///dbos.sqlite", log_level="ERROR"))
    times: list[float] = []

    @DBOS.step()
    def step() -> None:
        times.append(time.perf_counter())

    @DBOS.workflow()
    def workflow() -> None:
        for _ in range(tasks):
            step()

    def run(name: str) -> None:
        with SetWorkflowID(name):
            workflow()

    DBOS.launch()
    run("first")
    times.clear()
    if what == "gap":
        run("gap")
        return [after - before for before, after in itertools.pairwise(times)]
    took = at_once(run, [f"run-{place}" for place in range(runs)], many)
    assert len(times) == runs * tasks, "each body runs once"
    return [runs * tasks / took]


def restate(what: str, runs: int, tasks: int, many: int) -> list[float]:
    """Do the same with Restate: an invocation of steps, by its server."""
    import engine_restate

    with engine_restate.restate() as running:
        if what == "gap":
            running.call("chain", tasks)
            times = running.call("begun", 0)
            return [after - before for before, after in itertools.pairwise(times)]
        took = at_once(lambda _: running.call("chain", tasks), range(runs), many)
        assert len(running.call("begun", 0)) == runs * tasks, "each body runs once"
        return [runs * tasks / took]


INSIDE: dict[str, Callable[..., list[float]]] = {
    "steps": steps, "gap": gap, "grain": grain, "dbos": dbos, "restate": restate,
}


def inside(interpreter: str, env: dict[str, str], what: str, folder: str, *args: Any) -> list[float]:
    command = [interpreter, __file__, "inside", "--call", json.dumps([what, *args])]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


# ----- the turns


def sides(args: argparse.Namespace, ending: ExitStack) -> dict[str, Callable[..., list[float]]]:
    """Give, for this package and the peer, what runs something in a process of its own."""
    from request_cost import databases
    from tracked import Side

    folder = ending.enter_context(tempfile.TemporaryDirectory())
    urls = ending.enter_context(databases(args.postgres))
    side = Side(HERE, Path(folder, "ours"), urls[0], ending)
    env = side._env | {"PREFECT__LOGGING__LEVEL": "WARNING"} if args.quiet else side._env
    found: dict[str, Callable[..., list[float]]] = {
        "ours": lambda *call: inside(sys.executable, env, call[0], folder, *call[1:])
    }
    for peer in filter(None, args.peer.split(",")):
        interpreter = str(HERE / ".peers" / peer / "bin" / "python")

        def of_peer(what: str, *rest: Any, peer: str = peer, interpreter: str = interpreter) -> list[float]:
            runs, tasks, many = rest if what == "steps" else (1, rest[0], 1)
            with tempfile.TemporaryDirectory(dir=folder) as own:
                return inside(interpreter, dict(os.environ), peer, own, what, runs, tasks, many)

        found[peer] = of_peer
    args.folder = folder
    return found


def of_steps(args: argparse.Namespace, run: dict[str, Callable[..., list[float]]]) -> None:
    for many in [int(part) for part in args.at_once.split(",")]:
        rates: dict[str, list[float]] = {name: [] for name in run}
        for _ in range(args.repeat):
            for name, one in run.items():
                rates[name] += one("steps", args.runs, args.tasks or 5, many)
        told = {f"{name}_per_second": round(statistics.median(found)) for name, found in rates.items()}
        emit(what="steps", at_once=many, **told, disk_ms=round(disk_ms(args.folder), 2))


def of_gap(args: argparse.Namespace, run: dict[str, Callable[..., list[float]]]) -> None:
    gaps: dict[str, list[float]] = {name: [] for name in run}
    for _ in range(args.repeat):
        for name, one in run.items():
            gaps[name] += one("gap", args.tasks or 100)
    told = {
        f"{name}_p{part}_ms": round(quantile(found, part / 100) * 1e3, 2)
        for name, found in gaps.items()
        for part in (50, 75, 99)
    }
    emit(what="gap", **told, disk_ms=round(disk_ms(args.folder), 2))


def of_grain(args: argparse.Namespace, run: dict[str, Callable[..., list[float]]]) -> None:
    for kind in ("local", "tracked"):
        found = run["ours"]("grain", args.tasks or 200, kind)
        pairs = list(zip(found[::2], found[1::2], strict=True))
        # The first grain that is at least half of what its task takes, reached in a straight line from the one before.
        shares = [seconds / took for seconds, took in pairs]
        place = next((place for place, share in enumerate(shares) if share >= 0.5), None)
        metg = None
        if place:
            (low, _), (high, _) = pairs[place - 1 : place + 1]
            part = (0.5 - shares[place - 1]) / (shares[place] - shares[place - 1])
            metg = low + part * (high - low)
        told = {f"{seconds * 1e6:.0f} us": round(share, 2) for (seconds, _), share in zip(pairs, shares, strict=True)}
        emit(
            what="grain",
            kind=kind,
            metg_50_us=None if metg is None else round(metg * 1e6),
            efficiency=told,
            disk_ms=round(disk_ms(args.folder), 2),
        )


WALL = '''
from prefect import Flow, task

@task
def numbers():
    return list(range(1000))

@task
def inc(x):
    return x + 1

with Flow("map of 1,000") as mapped:
    inc.map(numbers())

with Flow("40 in sequence") as sequence:
    x = 0
    for _ in range(40):
        x = inc(x)
'''


def of_wall(args: argparse.Namespace) -> None:
    import starts

    with tempfile.TemporaryDirectory() as folder, starts.server(folder) as environ:
        Path(folder, "wall.py").write_text(WALL)
        register = [sys.executable, "-m", "prefect", "register", "--project", "bench", "-p", f"{folder}/wall.py"]
        subprocess.run(register, env=environ, check=True, **starts.PEOPLE)
        flows = {row["name"]: row["id"] for row in starts.ask(environ, "{ flow { id name } }")["flow"]}
        for options in ([], ["--warm"]):
            label = "-".join(["wall", *options])
            command = [sys.executable, "-m", "prefect", "agent", "local", "start", "--no-hostname-label", "--label", label]
            process = subprocess.Popen([*command, *options], env=environ, cwd=folder, **starts.PEOPLE)

            def create(name: str, label: str = label) -> str:
                given = {"flow_id": flows[name], "labels": [label]}
                made: str = starts.ask(environ, starts.CREATE, input=given)["create_flow_run"]["id"]
                return made

            starts.ended(environ, [create("nothing")])  # the agent is there, and has started one
            for name in ("map of 1,000", "40 in sequence"):
                took = []
                for _ in range(args.repeat):
                    begun = time.perf_counter()
                    starts.ended(environ, [create(name)])
                    took.append(time.perf_counter() - begun)
                emit(
                    what="wall",
                    flow=name,
                    agent=" ".join(options) or "fresh",
                    seconds=round(statistics.median(took), 2),
                    least=round(min(took), 2),
                    disk_ms=round(disk_ms(folder), 2),
                )
            process.send_signal(signal.SIGTERM)
            process.wait()


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("what", choices=["steps", "gap", "grain", "wall", "inside"])
    ap.add_argument("--runs", type=int, default=200)
    ap.add_argument("--tasks", type=int)
    ap.add_argument("--at-once", default="4,16,64")
    ap.add_argument("--repeat", type=int, default=3)
    ap.add_argument("--postgres", action="store_true")
    ap.add_argument("--quiet", action="store_true", help="no log lines of tasks")
    ap.add_argument("--peer", default="", help="dbos, restate, or both with a comma")
    ap.add_argument("--call", help=argparse.SUPPRESS)
    args = ap.parse_args()
    if args.what == "inside":
        name, *rest = json.loads(args.call)
        print("\n" + json.dumps(INSIDE[name](*rest)), flush=True)
        os._exit(0)  # some peers have threads that do not end
    elif args.what == "wall":
        of_wall(args)
    else:
        with ExitStack() as ending:
            run = sides(args, ending)
            {"steps": of_steps, "gap": of_gap, "grain": of_grain}[args.what](args, run)


if __name__ == "__main__":
    main()
