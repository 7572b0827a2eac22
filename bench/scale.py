"""A full database beside an empty one: writes, pages, retention, stop, backup, upgrade, crowds, a day.

    make bench-scale [SCALE=0.1] [ONLY=writes,pages] [DATABASE=sqlite]
    .venv/bin/python bench/scale.py [--scale 1] [--only ROW,...] [--database sqlite|postgresql] [--requests 600]
                                    [--keep] [--world ADDRESS] [--postgres URL] [--json FILE]

Seeds a database of each kind (`bench/world.py`), one after the other, measures each row on it, and throws it away unless
`--keep`.  `--world` takes one that is seeded already (its rows `retention`, `stop` and `upgrade` change it).  Rows: {rows}.
PostgreSQL is one of its own, with a quarter of the memory for its pages, unless `--postgres` names a server.

Prints a table; progress goes to stderr, and one JSON line a figure to `--json` (bench/results/scale-<time>.jsonl unless
given).  A figure that is beyond its limit is marked; the exit code says nothing of that: on a busy machine times lie, and
ratios of one run count.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]
import world  # noqa: E402
from scale_rows import ROWS, Bench, execute, size_of  # noqa: E402

KINDS = ("sqlite", "postgresql")


def arguments() -> argparse.Namespace:
    about = (__doc__ or "").format(rows=", ".join(ROWS))
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", default=",".join(ROWS))
    parser.add_argument("--database", choices=KINDS)
    parser.add_argument("--requests", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--world")
    parser.add_argument("--postgres")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    args.only = [name for name in args.only.split(",") if name]
    unknown = set(args.only) - set(ROWS)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    return args


@contextmanager
def databases(kind: str, folder: Path, address: str | None) -> Iterator[tuple[Callable[[], str], Callable[[str], None]]]:
    """Give what makes a new database of a kind, without tables, and what takes it away."""
    if kind == "sqlite":

        def drop_file(url: str) -> None:
            for end in ("", "-wal", "-shm"):
                Path(url.removeprefix("sqlite:///") + end).unlink(missing_ok=True)

        yield lambda: f"sqlite:///{folder}/{uuid.uuid4().hex}.db", drop_file
        return
    with _postgres(address) as url:

        def fresh() -> str:
            name = f"scale_{uuid.uuid4().hex}"
            execute(url, f"CREATE DATABASE {name}")
            return f"{url.rpartition('/')[0]}/{name}"

        yield fresh, lambda made: execute(url, f"DROP DATABASE {made.rpartition('/')[2]} WITH (FORCE)") and None


@contextmanager
def _postgres(address: str | None) -> Iterator[str]:
    """A server of its own that waits for the disk, with room for pages as its documentation asks for."""
    if address is not None:
        yield address
        return
    from support.databases import PostgresServer, public_folder

    folder = public_folder("pg")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    made = PostgresServer(folder, durable=True)
    try:
        made.start()
        for setting, value in (
            ("shared_buffers", f"{min(memory // 4, 8192)}MB"),
            ("effective_cache_size", f"{memory // 2}MB"),
            ("max_wal_size", "4GB"),
            ("random_page_cost", "1.1"),
        ):
            execute(made.url, f"ALTER SYSTEM SET {setting} = '{value}'")
        made.stop(signal.SIGINT)
        made.start()
        yield made.url
    finally:
        made.stop(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


def measured(kind: str, args: argparse.Namespace, emit: Callable[[dict[str, Any]], None]) -> None:
    """Seed a database of one kind and measure the rows that were asked for."""
    given = args.world if args.world and args.world.startswith(("postgres" if kind == "postgresql" else "sqlite")) else None
    with tempfile.TemporaryDirectory(prefix="scale-") as name, databases(kind, Path(name), args.postgres) as (fresh, drop):
        folder = Path(name)
        full = given or fresh()
        if given is None:
            now = int(datetime.now(UTC).replace(second=0, microsecond=0).timestamp() * 1000)
            begun = time.monotonic()
            _, seconds = world.make(full, world.Shape(args.scale, args.seed, now))
            whole = round(time.monotonic() - begun, 1)
            emit({"row": "seed", "what": "seeding", "seconds": whole, **seconds, "mb": round(size_of(full) / 1e6)})
        bench = Bench(kind, full, fresh, folder, args.requests)
        for row in args.only:
            bench.say(row)
            begun = time.monotonic()
            for figures in ROWS[row](bench):
                emit({"row": row, **figures})
            bench.say(f"{row}: {time.monotonic() - begun:.0f} s")
        if given is None and not args.keep:
            drop(full)
        elif given is None:
            kept = _keep(full, folder)
            print(f"kept: {kept}", file=sys.stderr)


def _keep(full: str, folder: Path) -> str:
    """Take a file out of the folder that goes; a database of a server of its own goes with it."""
    if not full.startswith("sqlite"):
        return f"{full} (as long as its server lives)"
    target = Path(tempfile.gettempdir()) / f"world-{uuid.uuid4().hex[:8]}.db"
    shutil.move(full.removeprefix("sqlite:///"), target)
    return f"sqlite:///{target}"


def is_beyond(figures: dict[str, Any]) -> bool:
    """Tell whether a figure is beyond its limit, or could not be had."""
    pairs = (("ratio_p99", "limit_ratio_p99"), ("p95_ms", "limit_ms"), ("seconds", "limit_s"), ("longest_hold_s", "limit_s"), ("share_of_two_cores", "limit_share"))
    if "longest_hold_s" in figures:
        pairs = pairs[3:4]
    return "error" in figures or any(name in figures and limit in figures and figures[name] > figures[limit] for name, limit in pairs)


def line_of(figures: dict[str, Any]) -> str:
    """A line of the table: what, and the figures that matter."""
    said = []
    for name, value in figures.items():
        if name in ("row", "what", "database", "scale", "source", "load", "n") or name.startswith("limit"):
            continue
        if isinstance(value, dict) and "p99_ms" in value:
            said.append(f"{name} {value['p50_ms']}/{value['p99_ms']} ms")
        elif not isinstance(value, dict):
            said.append(f"{name.removesuffix('_ms')} {value}{' ms' if name.endswith('_ms') else ''}")
    mark = "!" if is_beyond(figures) else " "
    return f"{mark} {figures['database']:10} {figures['row']:9} {figures['what'][:58]:58} {', '.join(said)}"


def main() -> int:
    args = arguments()
    target = args.json or HERE / "results" / f"scale-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    target.parent.mkdir(exist_ok=True)
    kinds = [args.database] if args.database else KINDS
    if args.world:
        kinds = ["sqlite" if args.world.startswith("sqlite") else "postgresql"]
    table: list[str] = []
    with target.open("a") as sink:
        for kind in kinds:

            def emit(figures: dict[str, Any], kind: str = kind) -> None:
                whole = {"database": kind, "scale": args.scale, "load": round(os.getloadavg()[0], 1), **figures}
                sink.write(json.dumps(whole) + "\n")
                sink.flush()
                table.append(line_of(whole))
                print(table[-1], file=sys.stderr, flush=True)

            measured(kind, args, emit)
    print("\n".join(table))
    print(f"{sum(line.startswith('!') for line in table)} of {len(table)} figures are beyond their limit (!); {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
