"""What a tracked task, a local task and a change of the backend cost beside the commit before: one run, in turns, one table.

    make bench-compare [BEFORE=HEAD~1]
    .venv/bin/python bench/compare.py [--before HEAD~1] [--long]

CPU of client and server (see `bench/tracked.py`, `bench/local_task.py`, `bench/request_cost.py`; `--long` takes as many turns
as they do by default). A factor above 1.3 is named at the end, and never makes the command fail: machines are noisy, a person
looks. Without the other commit's files, as in a clone of the last commit alone, it says so.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE / "bench"))
MOST = 1.3

ap = argparse.ArgumentParser()
ap.add_argument("--before", default="HEAD~1", help="the commit to compare with")
ap.add_argument("--long", action="store_true", help="more turns: minutes, and steadier")

Row = tuple[str, float, float, float]


def of_tracked_tasks(before: Path, rounds: int) -> Iterator[Row]:
    import tracked

    options = tracked.ap.parse_args(["--rounds", str(rounds), "--tasks", "100"])
    with ExitStack() as ending:
        for line in tracked.measured(before, options, (None, None), ending):
            old, new = (line[f"client_ms{end}"] + line[f"server_ms{end}"] for end in ("_before", ""))
            yield f"tracked task, {line['kind']}", old * 1000, new * 1000, line["ratio"]


def of_local_tasks(before: Path, rounds: int) -> Iterator[Row]:
    import local_task

    for line in local_task.measured(before, ["chain", "map"], 2000, rounds):
        yield f"local task, {line['kind']}", line["before_us"], line["now_us"], line["ratio"]


def of_requests(before: Path, rounds: int) -> Iterator[Row]:
    import request_cost

    kinds = {"create_key": "create_flow_run", "flow_state": "a flow run's state", "task_state": "a task run's state"}
    options = request_cost.ap.parse_args(["--rounds", str(rounds), "--kinds", ",".join(kinds)])
    for line in request_cost.measured(before, options):
        yield f"{kinds[line['kind']]}, server", line["before_us"], line["now_us"], line["ratio"]


def main() -> None:
    from beside import checked_out

    args = ap.parse_args()
    git = ["git", "-C", str(HERE), "rev-parse", "--quiet", "--verify", f"{args.before}^{{commit}}"]
    found = subprocess.run(git, capture_output=True, text=True)
    if found.returncode:
        print(f"bench-compare: there is no commit {args.before} here to compare with")
        return
    print(f"CPU in µs beside {found.stdout[:9]} (load {os.getloadavg()[0]:.1f})")
    print(f"{'what':32} {'before':>9} {'now':>9} {'factor':>8}")
    dear = []
    with checked_out(found.stdout.strip()) as before:
        for part, short, long in ((of_local_tasks, 5, 15), (of_requests, 6, 40), (of_tracked_tasks, 3, 7)):
            for what, old, new, ratio in part(before, long if args.long else short):
                print(f"{what:32} {old:>9,.1f} {new:>9,.1f} {ratio:>8.2f}", flush=True)
                if ratio > MOST:
                    dear.append(f"bench-compare: {what} costs {ratio:.2f} times what it did")
    print("\n".join(dear) or f"bench-compare: nothing costs more than {MOST} times what it did")


if __name__ == "__main__":
    main()
