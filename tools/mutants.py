"""Make small faults in the source, one at a time, and see whether a test notices.

    make mutants SEED=7 CHANGES=300                 a sample, spread evenly over the rooms
    make mutants SEED=7 ROOMS=store,actions         of these rooms
    make mutants CHANGED=origin/main                of the files that differ from another commit
    tools/mutants.py --record                       only find out which tests run which lines
    tools/mutants.py --seconds 40 --as-recorded     a first look: the quick tests, as they were known before

A change is met only with the tests that run its lines, the quickest first, until one fails. It is made in a copy of
the tree (below `.mutants/`), which the processes that the tests start import as well; the working tree is never
touched. What is known is kept there, so that a run that was ended goes on where it stopped, and one after new tests
meets only what survived before. Changes that nobody can observe stand, each with its reason, in
`tools/mutants-equal.toml`.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import importlib.util
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mutation.changes import Change, Source
from mutation.children import Child, Place, Plugin, copy_tree, preload
from mutation.lines import SOURCE, Lines
from mutation.uses import Uses
from mutation.words import Words, words_of

HERE = Path(__file__).parents[1]
FOLDER = HERE / ".mutants"
#: The tree as it was when the run began: who goes on writing changes nothing of it.
ROOT = FOLDER / "tree"
EQUAL = HERE / "tools" / "mutants-equal.toml"
ROOMS = {
    "store": ("server/store/",),
    "actions": ("server/actions/",),
    "rules": ("server/rules/",),
    "graphql": ("server/graphql/",),
    "services": ("server/services/",),
    "auth and http": ("server/",),
    "engine": ("engine/",),
    "client and agents": ("client/", "agent/"),
}
#: Tests that look at all that a file defines, without naming any of it: they come first.
ALSO: dict[str, tuple[str, ...]] = {
    "server/catalogue.py": ("tests/store/test_migrations.py", "tests/server/graphql/test_relations.py"),
    "server/settings.py": ("tests/server/test_setting_values.py",),
}
#: Files whose statements are met with rows by their names, and by whom.
NAMED = (
    *("agents", "automations", "chores", "clearing", "deliveries", "documents", "failures", "flows", "hooks", "keys"),
    *("limits", "logs", "lost", "outbox", "queue", "restart", "retention", "runs", "slots", "states", "tenants", "why"),
)
OF_STATEMENTS = tuple(
    f"tests/store/test_{name}.py"
    for name in ("statement_rows", "statement_lookups", "statement_writes", "statements_once", "statement_locks")
)
ALSO |= {f"server/store/{name}.py": OF_STATEMENTS for name in NAMED}
#: Tests that look at the heads of all functions: defaults are met with them as well.
OF_HEADS = ("tests/unit/interface/test_surface.py", "tests/unit/interface/test_signatures.py")
#: Tests that look for names which a module finds by a function of its own.
OF_NAMES = ("tests/unit/interface/test_carried_names.py",)
NOT_CHANGED = ("server/store/migrations/versions/", "server/ui/")
GOAL = 90.0

#: So many of the tests that speak of a change are tried in turn with those that run rare lines.
MOST_SPEAKING = 60
#: What takes no longer costs nothing beside the reading of its file.
CHEAP_SECONDS = 0.03
CHEAP_FILES = 3
#: What a further case of the same test counts, compared with the one before.
OF_ONE_TEST = 0.8
#: So many tests of a file of that name are tried before one of another.
FURTHER = 6
#: So many tests are tried together: each process reads the files of its tests anew.
GROUPS = (8, 40)
MOST_SECONDS = 150.0  # of tests for one change, as they took when they were recorded
SLOW_SECONDS = 2.0  # a failure of such a test is tried again without the change: it waits for processes


@dataclass
class Verdict:
    key: str
    room: str
    file: str
    line: int
    begin: int
    kind: str
    noticed: bool
    by: str
    tests: int
    left_out: int
    diff: str
    mark: str  # of the file that was changed
    tests_mark: str  # of the test that noticed; of all that were tried, when none did


def room_of(file: str) -> str | None:
    path = file.removeprefix(f"{SOURCE}/")
    if path.startswith(NOT_CHANGED):
        return None
    return next((room for room, starts in ROOMS.items() if path.startswith(starts)), None)


def sources(wanted: Iterable[str], changed: str | None) -> dict[str, list[Source]]:
    """Read the files to change, by room."""
    names = sorted(str(path.relative_to(ROOT)) for path in (ROOT / SOURCE).rglob("*.py"))
    if changed:
        command = ["git", "diff", "--name-only", changed, "--", SOURCE]
        differing = set(subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout.split())
        names = [name for name in names if name in differing]
    found: dict[str, list[Source]] = defaultdict(list)
    for name in names:
        room = room_of(name)
        if room in wanted:
            found[room].append(Source(name, (ROOT / name).read_text()))
    return found


def sample(found: dict[str, list[Source]], count: int, seed: str) -> list[tuple[str, Source, Change]]:
    """Choose changes: as many of each room, by lines, so that a line with many possible changes counts once."""
    by_room: list[list[tuple[str, Source, Change]]] = []
    for place, (room, files) in enumerate(sorted(found.items())):
        dice = random.Random(f"{seed} {room}")
        by_line: dict[tuple[str, int], list[tuple[str, Source, Change]]] = defaultdict(list)
        for source in files:
            for change in source.changes:
                by_line[source.file, change.line].append((room, source, change))
        lines = sorted(by_line)
        dice.shuffle(lines)
        share = count // len(found) + (place < count % len(found))
        readable = (one for line in lines if (one := _one_of(by_line[line], dice)) is not None)
        by_room.append(list(itertools.islice(readable, share)))
    # In turn, so that a run that is ended has seen as much of each.
    return [one for turn in itertools.zip_longest(*by_room) for one in turn if one is not None]


def _one_of(changes: list[tuple[str, Source, Change]], dice: random.Random) -> tuple[str, Source, Change] | None:
    """Choose one that Python can read."""
    for one in dice.sample(changes, len(changes)):
        if one[1].is_readable(one[2]):
            return one
    return None


def equal_changes() -> list[dict[str, str]]:
    """Read the list of changes that nobody can observe.

    ``file`` and ``line``, its text without the blanks around it, say where; ``before`` and ``after`` which change, or
    every change of the line where they are absent.
    """
    return tomllib.loads(EQUAL.read_text())["equal"] if EQUAL.exists() else []


def is_equal(key: str, equal: list[dict[str, str]]) -> bool:
    """Tell whether a change, known by its key, is one of the list."""
    for one in equal:
        place = f"{SOURCE}/{one['file']}: {one['line']}: "
        if key.startswith(place) and ("after" not in one or key == f"{place}{one['before']} -> {one['after']}"):
            return True
    return False


def difference(source: Source, change: Change) -> str:
    new = source.applied(change).splitlines()
    lines = difflib.unified_diff(source.lines, new, lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


class Judge:
    """Meets changes with tests.

    Args:
        seconds: how many of tests for one change, as they took when they were recorded.
    """

    def __init__(self, lines: Lines, uses: Uses, seconds: float = MOST_SECONDS) -> None:
        self.lines = lines
        self.uses = uses
        self.seconds = seconds
        self.words = Words(lines.root, lines.marks)

    def holds(self, verdict: Verdict, source: Source, change: Change) -> bool:
        """Tell whether a verdict of before is still right: the file and the tests that it rests on are the same."""
        if verdict.mark != mark_of(source):
            return False
        if verdict.noticed and "::" in verdict.by:
            return verdict.by in self.lines.seconds and verdict.tests_mark == self.lines.mark([verdict.by])
        return verdict.tests_mark == self.lines.mark(self.kept_of(change))

    def kept_of(self, change: Change) -> list[str]:
        """Give those of its tests for which there is time."""
        kept: list[str] = []
        spent = 0.0
        for name in self.tests_of(change):
            spent += self.lines.seconds[name]
            if spent > self.seconds and kept:
                break
            kept.append(name)
        return kept

    def tests_of(self, change: Change) -> list[str]:
        """Give the tests that run the lines of a change, in the order in which to try them."""
        lines, file = self.lines, change.file
        if change.scope is not None and change.line < change.scope[0]:
            # A default: its line runs on import, in whatever process; it is used where the body runs.
            found = lines.of(file, range(change.scope[0], change.scope[1] + 1))
        elif change.scope is not None:
            found = lines.of(file, range(change.line, change.last + 1))
            found = found or lines.of(file, range(change.statement[0], change.statement[1] + 1))
            # A line that is new since the tests were recorded, or of a process that ended without telling what it ran.
            found = found or lines.of(file, range(change.scope[0], change.scope[1] + 1)) or lines.of_file(file)
            if change.function:  # it may be called on import, in whatever process: what it builds is used later
                found = found | self._tests_at(self.uses.built_by(file, change.function))
        else:
            found = self._tests_at(self.uses.of(file, change.names)) or lines.of_file(file)
        is_of_head = change.scope is not None and change.line < change.scope[0] and "/server/" not in file
        named = OF_HEADS if is_of_head else ALSO.get(file.removeprefix(f"{SOURCE}/"), ())
        named = (*OF_NAMES, *named) if "__getattr__" in change.names else named
        first = [name for name in self.lines.seconds if name.partition("::")[0] in named]
        rare = self._rareness(change)
        others = self._ordered(found - set(first), file, rare)
        # In turn: whose words are those of the change, and whose lines are.
        turns = itertools.zip_longest(self._speaking(change, others), others)
        mixed = [name for turn in turns for name in turn if name is not None]
        early = [*mixed[:4], *self._cheap(file, others), *mixed]
        return self._ordered(set(first), file, rare) + list(dict.fromkeys(early))

    def _tests_at(self, uses: Iterable[tuple[str, int]]) -> set[str]:
        by_file: dict[str, set[int]] = defaultdict(set)
        for at, line in uses:
            by_file[at].add(line)
        return set().union(*(self.lines.of(at, numbers) for at, numbers in by_file.items())) if by_file else set()

    def _cheap(self, file: str, tests: list[str]) -> list[str]:
        """Give tests that cost next to nothing, of few files: those with the name of the changed one first."""
        cheap = [name for name in tests if self.lines.seconds[name] <= CHEAP_SECONDS]
        files = Counter(name.partition("::")[0] for name in cheap)
        stem = Path(file).stem.strip("_").removesuffix("s")
        chosen = sorted(files, key=lambda one: (stem not in one.rpartition("/")[2], -files[one]))[:CHEAP_FILES]
        return [name for name in cheap if name.partition("::")[0] in chosen][:MOST_SPEAKING]

    def _speaking(self, change: Change, tests: list[str]) -> list[str]:
        """Give the tests that speak most of what is changed: its statement, the function around it, its file."""
        text = (self.lines.root / change.file).read_text().splitlines()
        line, last = (min(a, b) if a else b for a, b in zip(change.statement, (change.line, change.last), strict=True))
        about = [*text[line - 1 : max(last, change.last)], Path(change.file).stem, *change.names]
        if change.scope is not None:
            above = text[: change.scope[0]]
            about.append(next((one for one in reversed(above) if re.match(r"\s*(async )?def ", one)), ""))
        wanted = words_of(" ".join(about))
        # Those that wait for processes speak of much, and take the time of many others.
        near = {
            name: self.words.closeness(name, wanted) / (1 + self.lines.seconds[name] / SLOW_SECONDS) for name in tests
        }
        cases: Counter[str] = Counter()
        for name in sorted(near, key=lambda one: ("postgres" in one.partition("[")[2], -near[one])):
            near[name] *= OF_ONE_TEST ** cases[name.partition("[")[0]]
            cases[name.partition("[")[0]] += 1
        return sorted((name for name in near if near[name] > 0), key=lambda name: -near[name])[:MOST_SPEAKING]

    def _rareness(self, change: Change) -> dict[str, int]:
        """Give for each test how many there are, as a power of two, for the line of the function that is run least.

        Those that run what is rarely run in a function are about it; others pass through.
        """
        rare: dict[str, int] = {}
        first, last = change.scope or (0, -1)
        for line in range(first, last + 1):
            tests = self.lines.of(change.file, [line])
            for name in tests:
                rare[name] = min(rare.get(name, 99), len(tests).bit_length())
        return rare

    def _ordered(self, tests: set[str], file: str, rare: dict[str, int]) -> list[str]:
        """Put first those that run what others do not, then the quickest, from every file of tests in turn.

        Those on PostgreSQL come after the same on SQLite; files of tests that have the name of the changed one in
        theirs before all others.
        """
        seconds = self.lines.seconds
        stem = Path(file).stem.strip("_").removesuffix("s")

        def rank(name: str) -> tuple[bool, int, float, str]:
            return "postgres" in name.partition("[")[2], rare.get(name, 0), seconds[name], name

        by_file: dict[str, list[str]] = defaultdict(list)
        for name in sorted((t for t in tests if t in seconds), key=rank):
            by_file[name.partition("::")[0]].append(name)
        turns = [
            (
                *("postgres" in name.partition("[")[2], seconds[name] > SLOW_SECONDS, rare.get(name, 0)),
                *(turn if stem in tests_file.rpartition("/")[2] else turn + FURTHER, seconds[name], name),
            )
            for tests_file, names in by_file.items()
            for turn, name in enumerate(names)
        ]
        return [name for *_, name in sorted(turns)]

    def judge(self, place: Place, room: str, source: Source, change: Change) -> Generator[Child, Any, Verdict]:
        kept = self.kept_of(change)
        left_out = len(self.tests_of(change)) - len(kept)
        by, ran = "", 0
        waiting = [kept[: GROUPS[0]], kept[GROUPS[0] : GROUPS[1]], kept[GROUPS[1] :]]
        try:
            while waiting and not by:
                group = waiting.pop(0)
                if not group:
                    continue
                place.write(change.file, source.applied(change))
                by = yield from self._meet(place, group)
                ran += len(group)
                if by and self.lines.seconds.get(by, 0.0 if "::" in by else SLOW_SECONDS) >= SLOW_SECONDS:
                    place.put_back(change.file)
                    if (yield from self._meet(place, [by] if "::" in by else group)):
                        # It fails without the change, too: what the others say counts.
                        if "::" in by:
                            waiting.insert(0, group[group.index(by) + 1 :])
                        by = ""
        finally:
            place.put_back(change.file)
        return Verdict(
            change.key, room, change.file, change.line, change.begin, change.kind, bool(by), by, ran, left_out,
            difference(source, change), mark_of(source), self.lines.mark([by] if "::" in by else kept),
        )  # fmt: skip

    def _meet(self, place: Place, tests: list[str]) -> Generator[Child, Any, str]:
        """Run tests until one fails and give its id; empty when all pass."""
        files = list(dict.fromkeys(name.partition("::")[0] for name in tests))
        # What takes long on a busy machine has not stopped.
        busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        seconds = busy * (20.0 + 5 * sum(self.lines.seconds[name] for name in tests))

        def work(arguments: list[str]) -> dict[str, Any]:
            import pytest

            plugin = Plugin(wanted=tests)
            code = pytest.main(arguments, plugins=[plugin])
            return {"code": int(code), "failed": plugin.failed}

        child = place.run(["-x", *files], work, seconds=seconds)
        yield child
        answer = child.answer()
        if answer is None:
            return "no end in time" if child.timed_out else "the process ended"
        if answer["failed"]:
            return str(answer["failed"][0])
        return "" if answer["code"] in (0, 5) else "nothing could be collected"


def mark_of(source: Source) -> str:
    return hashlib.sha256(source.bytes).hexdigest()[:16]


def run(
    chosen: list[tuple[str, Source, Change]], judge: Judge, places: list[Place], kept: Path, verdicts: list[Verdict]
) -> None:
    """Meet every change, one in each place at a time, and add the verdicts; those kept that still hold are taken."""
    known = {}
    if kept.exists():
        for line in kept.read_text().splitlines():
            verdict = Verdict(**json.loads(line))
            known[verdict.key, verdict.begin] = verdict
    waiting = []
    for room, source, change in chosen:
        before = known.get((change.key, change.begin))
        if before is not None and judge.holds(before, source, change):
            verdicts.append(before)
        else:
            waiting.append((room, source, change))
    total = len(chosen)
    busy: dict[Place, tuple[Generator[Child, Any, Verdict], Child]] = {}
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("a") as out:

        def go_on(place: Place, work: Generator[Child, Any, Verdict]) -> None:
            try:
                busy[place] = (work, next(work))
            except StopIteration as end:
                busy.pop(place, None)
                verdicts.append(end.value)
                out.write(json.dumps(asdict(end.value)) + "\n")
                out.flush()
                tell(end.value, len(verdicts), total)

        while waiting or busy:
            for place in places:
                if place in busy:
                    work, child = busy[place]
                    if child.poll():
                        go_on(place, work)
                elif waiting:
                    go_on(place, judge.judge(place, *waiting.pop(0)))
            time.sleep(0.02)  # children of several places are waited for at once


def tell(verdict: Verdict, number: int, total: int) -> None:
    said = f"noticed by {verdict.by}" if verdict.noticed else f"SURVIVED {verdict.tests} tests"
    print(f"[{number}/{total}] {verdict.file}:{verdict.line} {verdict.kind}: {said}", flush=True)
    if not verdict.noticed:
        print(verdict.diff, flush=True)


def report(verdicts: list[Verdict], equal: list[dict[str, str]]) -> str:
    """Say the score of each room, then every change that survived."""
    lines = ["", f"{'room':<20}{'changes':>8}{'equal':>7}{'noticed':>9}{'score':>8}"]
    left = [v for v in verdicts if v.noticed or not is_equal(v.key, equal)]
    for room in [*ROOMS, "all"]:
        mine = [v for v in left if room in (v.room, "all")]
        if not mine:
            continue
        alike = sum(not v.noticed and is_equal(v.key, equal) for v in verdicts if room in (v.room, "all"))
        noticed = sum(v.noticed for v in mine)
        score = 100 * noticed / len(mine)
        lines.append(f"{room:<20}{len(mine) + alike:>8}{alike:>7}{noticed:>9}{score:>7.1f}%")
    for verdict in sorted((v for v in left if not v.noticed), key=lambda v: (v.file, v.line)):
        how = f"{verdict.tests} tests passed" if verdict.tests else "no test runs it"
        more = f", {verdict.left_out} slower ones not tried" if verdict.left_out else ""
        lines += ["", f"{verdict.file}:{verdict.line} [{verdict.kind}; {how}{more}]", verdict.diff]
    for one in equal:
        path = ROOT / SOURCE / one["file"]
        if not path.is_file() or one["line"] not in [line.strip() for line in path.read_text().splitlines()]:
            lines += ["", f"{EQUAL.name} names a line that is gone: {one['file']}: {one['line']}"]
    return "\n".join(lines)


def main() -> int:
    about = (__doc__ or "").split("\n\n")[0]
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--seed", default=time.strftime("%G-%V"), help="decides which changes are made; default: the week"
    )
    parser.add_argument("--changes", type=int, default=300, help="how many, over all rooms")
    parser.add_argument("--rooms", default=",".join(ROOMS), help="separated by commas")
    parser.add_argument("--changed", metavar="COMMIT", help="only files that differ from this commit")
    parser.add_argument("--jobs", type=int, default=2, help="how many changes are met at once")
    parser.add_argument("--only", metavar="TEXT", help="only changes whose place, as file:line, contains this text")
    parser.add_argument(
        "--seconds", type=float, default=MOST_SECONDS, help="of tests for one change (default: %(default)g)"
    )
    parser.add_argument("--record", action="store_true", help="find out which tests run which lines, and stop")
    parser.add_argument(
        "--as-recorded", action="store_true", help="look for no new tests: what was known before has to do"
    )
    parser.add_argument("--list", action="store_true", help="say what would be changed, and stop")
    given = parser.parse_args()
    wanted = [room for room in ROOMS if room in [text.strip() for text in given.rooms.split(",")]]
    if not wanted:
        parser.error(f"--rooms: expected some of {', '.join(ROOMS)}")
    if importlib.util.find_spec("coverage") is None:  # each file of tests would give no answer, and none says why
        parser.error("the package coverage is missing, which tells what tests run which line: make test installs it")
    copy_tree(HERE, ROOT)
    found = sources(wanted, given.changed)
    if given.only:
        chosen = [
            (room, s, c) for room, files in found.items() for s in files for c in s.changes
            if given.only in f"{c.file}:{c.line}:" and s.is_readable(c)
        ]  # fmt: skip
    else:
        chosen = sample(found, given.changes, given.seed)
    equal = equal_changes()
    if given.list:
        for _, source, change in chosen:
            print(f"{change.file}:{change.line} [{change.kind}]\n{difference(source, change)}\n")
        return 0
    preload()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    verdicts: list[Verdict] = []
    places: list[Place] = []
    name = "recording" if given.record else "place"  # both may be made at once
    try:
        places += (Place(ROOT, FOLDER / f"{name}{number}") for number in range(given.jobs))
        lines = Lines(ROOT, FOLDER / "lines")
        if not given.as_recorded and (missing := lines.missing()):
            print(f"Recording which lines {len(missing)} files of tests run ...", flush=True)
            lines.collect(places)
        if given.record:
            return 0
        lines.load()
        judge = Judge(lines, Uses(ROOT), given.seconds)
        run(chosen, judge, places, FOLDER / "verdicts" / "all.jsonl", verdicts)
    except (KeyboardInterrupt, SystemExit):
        print(f"Ended after {len(verdicts)} of {len(chosen)} changes.")
    finally:
        for place in places:
            place.close()
    print(report(verdicts, equal))
    (FOLDER / "last.json").write_text(json.dumps([asdict(v) for v in verdicts], indent=1))
    counted = [v for v in verdicts if v.noticed or not is_equal(v.key, equal)]
    return int(any(_score(counted, room) < GOAL for room in wanted))


def _score(verdicts: list[Verdict], room: str) -> float:
    mine = [v for v in verdicts if v.room == room]
    return 100 * sum(v.noticed for v in mine) / len(mine) if mine else 100.0


if __name__ == "__main__":
    sys.exit(main())
