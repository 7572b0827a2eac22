"""What a task costs in a run that nobody tracks, beside another commit and beside Dask's synchronous scheduler, in one run.

    .venv/bin/python bench/local_task.py --before HEAD~1 [--tasks 2000] [--rounds 7] [--kinds chain,map]

Each commit has a process of its own, `dask.get` (the same shape as a graph of plain functions, where Dask is installed) a
third. They take turns, each of one run; told is CPU (user and system, all threads) for each task, and the median of the
turns' ratios. Logging is as by default, at level INFO, to a stdout that leads nowhere. Prints one JSON line for each kind.

chain: one after the other. map: children of one mapped task.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE / "bench"))

ap = argparse.ArgumentParser()
ap.add_argument("--before", default="HEAD", help="the commit to compare with")
ap.add_argument("--tasks", type=int, default=2000)
ap.add_argument("--rounds", type=int, default=7)
ap.add_argument("--kinds", default="chain,map")
ap.add_argument("--serve", choices=("flow", "dask"), help=argparse.SUPPRESS)


def flow_run(kind: str, count: int) -> Callable[[], Any]:
    """Give a run of a new flow, which checks what came out."""
    from prefect import Flow, task

    @task
    def add(x):
        return x + 1

    with Flow(f"local {kind}") as flow:
        if kind == "chain":
            last: Any = 0
            for _ in range(count):
                last = add(last)
        else:
            last = add.map(list(range(count)))

    def run() -> None:
        state = flow.run()
        expected = count if kind == "chain" else list(range(1, count + 1))
        if state.result[last].result != expected:
            raise SystemExit(f"wrong result of {kind}: {state}")

    return run


def dask_run(kind: str, count: int) -> Callable[[], Any]:
    import dask

    def add(x):
        return x + 1

    names = [f"t{place}" for place in range(count)]

    def run() -> None:
        if kind == "chain":
            graph: Any = {"t0": (add, 0)} | {after: (add, before) for before, after in zip(names, names[1:])}
            assert dask.get(graph, names[-1]) == count
        else:
            graph = {name: (add, place) for place, name in enumerate(names)}
            assert list(dask.get(graph, names)) == list(range(1, count + 1))

    return run


def serve(what: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    runs: dict[str, Callable[[], Any]] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        kind = asked["kind"]
        run = runs.setdefault(kind, (flow_run if what == "flow" else dask_run)(kind, asked["count"]))
        begun = time.process_time()
        run()
        print(json.dumps((time.process_time() - begun) / asked["count"]), file=answers, flush=True)


def measured(before: Path, kinds: list[str], tasks: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Give one line for each kind."""
    from beside import Asked

    sides = {"before": Asked(before, __file__, "--serve", "flow"), "now": Asked(HERE, __file__, "--serve", "flow")}
    try:
        import dask  # noqa: F401

        sides["dask_get"] = Asked(HERE, __file__, "--serve", "dask")
    except ImportError:
        pass
    try:
        for kind in kinds:
            found: dict[str, list[float]] = {name: [] for name in sides}
            for side in sides.values():  # imports, caches
                side.turn(kind=kind, count=tasks)
            for place in range(rounds):
                for name in sorted(sides, reverse=bool(place % 2)):
                    found[name].append(sides[name].turn(kind=kind, count=tasks) * 1e6)
            line: dict[str, Any] = {"bench": "local_task", "kind": kind, "tasks": tasks}
            line |= {f"{name}_us": round(statistics.median(turns), 1) for name, turns in found.items()}
            for other in found.keys() - {"now"}:
                ratios = [new / old for new, old in zip(found["now"], found[other])]
                line["ratio" if other == "before" else f"ratio_to_{other}"] = round(statistics.median(ratios), 3)
            yield line | {"load": round(os.getloadavg()[0], 1)}
    finally:
        for side in sides.values():
            side.stop()


def main() -> None:
    args = ap.parse_args()
    if args.serve:
        serve(args.serve)
        return
    from beside import checked_out

    with checked_out(args.before) as before:
        for line in measured(before, args.kinds.split(","), args.tasks, args.rounds):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
