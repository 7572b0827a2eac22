"""Run thousands of invented flows with the released 1.4.1 and with this package, and tell every difference.

    python tests/differential/run.py [--flows 2000] [--seed N] [--shrink]

Ends with 1 when something differs that ``intended.toml`` does not name. The seed is printed first: the same seed and
number give the same flows again. With ``--record`` the stored sample of ``make test`` is made again instead.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flows import invent

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.differential import RELEASED, SAMPLE, Difference, ask, intended, shrink, unintended

CHUNK = 50


def compare(seeds: list[str], pool: ThreadPoolExecutor, folder: Path) -> tuple[list, dict]:
    """Give what differs, by flow, and the uses of each intended difference."""
    known = intended()
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    flows = [[invent(seed) for seed in chunk] for chunk in chunks]
    asked = [
        [pool.submit(ask, python, flows[n], home=folder / name) for n in range(len(chunks))]
        for python, name in ((RELEASED, "released"), (sys.executable, "ours"))
    ]
    found = []
    for chunk, described, released, ours in zip(chunks, flows, *asked, strict=True):
        for seed, description, a, b in zip(chunk, described, released.result(), ours.result(), strict=True):
            if unintended(description, a, b, known):
                # Once more, both at one time: midnight may have passed between the answers.
                again = [
                    pool.submit(ask, python, [description], home=folder / f"{name} again")
                    for python, name in ((RELEASED, "released"), (sys.executable, "ours"))
                ]
                (a,), (b,) = (answers.result() for answers in again)
                left = unintended(description, a, b, known)
                if left:
                    found.append((seed, description, left))
    return found, {entry.name: entry.uses for entry in known}


def report(found: list[tuple[str, dict, list[Difference]]], folder: Path, shrinks: int) -> None:
    """Print the differences, the like together."""
    known = intended()
    groups = defaultdict(list)
    for seed, description, left in found:
        groups[left[0].path.rsplit(".", 1)[-1], left[0].released[:50], left[0].ours[:50]].append(
            (seed, description, left)
        )
    for number, members in enumerate(sorted(groups.values(), key=len, reverse=True)):
        seed, description, left = min(members, key=lambda member: len(json.dumps(member[1])))
        print(f"\n=== {len(members)} flows like {seed}: {[m[0] for m in members[:5]]}")
        if number < shrinks:
            description = shrink(description, (RELEASED, sys.executable), known, folder)
            (a,), (b,) = (ask(python, [description], home=folder) for python in (RELEASED, sys.executable))
            left = unintended(description, a, b, known) or left
            print("   ", json.dumps({k: v for k, v in description.items() if k != "name"}))
        for difference in left[:6]:
            print("  " + str(difference).replace("\n", "\n  ")[:1400])


def record(count: int, seed: str, folder: Path) -> None:
    """Store the answers of 1.4.1 to a fixed sample; flows that it answers differently each time are left out."""
    seeds = [f"{seed}-{n}" for n in range(count)]
    # Timeouts cost a real second, so that few flows have one: two of them are looked for.
    slow = (f"{seed}-slow-{n}" for n in range(10_000))
    seeds += itertools.islice((one for one in slow if "timeout" in str(invent(one))), 2)
    descriptions = [invent(one) for one in seeds]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda name: ask(RELEASED, descriptions, home=folder / name), ("first", "second"))
    kept = 0
    # No time and no name inside: the same answers give the same file.
    with SAMPLE.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as sink:
        for one, description, answer, again in zip(seeds, descriptions, first, second, strict=True):
            if "driver" in answer or unintended(description, answer, again, []):
                continue
            kept += 1
            row = {"seed": one, "flow": description, "answer": answer}
            sink.write((json.dumps(row, separators=(",", ":")) + "\n").encode())
    print(f"{kept} of {count} flows stored in {SAMPLE} ({SAMPLE.stat().st_size:,} bytes)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, default=2000)
    parser.add_argument("--seed", default=str(time.time_ns() % 10**9))
    parser.add_argument(
        "--shrink", type=int, default=0, metavar="N", help="make the first N kinds of differences small"
    )
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if not RELEASED.exists():
        sys.exit("the released 1.4.1 is not installed: run `make differential`, or tools/compat_env.py")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.record:
            record(options.flows, options.seed, folder)
            return 0
        print(f"{options.flows} flows, seed {options.seed}", flush=True)
        begin = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            found, uses = compare([f"{options.seed}-{n}" for n in range(options.flows)], pool, folder)
        print(f"{len(found)} differ unintendedly; {time.monotonic() - begin:.0f} s")
        for entry, count in uses.items():
            print(f"  intended: {entry}: {count}")
        report(found, folder, options.shrink)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
