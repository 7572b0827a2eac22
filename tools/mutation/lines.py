"""Which tests run which line: found with ``coverage``, a file of tests at a time, and kept until that file changes."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mutation.children import Child, Place, Plugin

SOURCE = "src/prefect"
#: Folders whose tests take minutes each, or ask another program: a change is not met with them.
LEFT_OUT = (
    "tests/compat",
    "tests/differential",
    "tests/invariants",
    "tests/clusters",
    "tests/docs",
    "tests/e2e/ui",
    "tests/unit/typing",
)
COLLECT_SECONDS = 1500.0


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def files_of_tests(root: Path) -> list[str]:
    names = sorted(str(path.relative_to(root)) for path in (root / "tests").rglob("test_*.py"))
    names.sort(key=lambda name: name.startswith(("tests/e2e", "tests/endpoints")))  # the slowest last
    return [name for name in names if not name.startswith(LEFT_OUT)]


def record(arguments: list[str], tree: Path, temporary: Path) -> dict[str, Any]:
    """Run tests under ``coverage``; this is the work of a child.

    Returns:
        ``tests``: id -> seconds, of those that passed. ``lines``: file -> line -> ids. ``import``: files -> lines that
        run on import.
    """
    import coverage
    import pytest

    settings = temporary / "coverage.ini"
    settings.write_text(
        f"[run]\ndata_file = {temporary}/covered\nparallel = true\nsigterm = true\n"
        f"source = {tree}/{SOURCE}\ncontext = ${{PROCTOR_MUTANTS_TEST-}}\n"
    )
    os.environ.pop("PROCTOR_MUTANTS_TEST", None)
    cover = coverage.Coverage(data_file=None, config_file=False, source=[f"{tree}/{SOURCE}"])
    plugin = Plugin(around=lambda name: cover.switch_context(name or ""))
    # Set for processes that the tests start: each is then recorded under the test that started it.
    os.environ["COVERAGE_PROCESS_START"] = str(settings)
    cover.start()
    pytest.main(arguments, plugins=[plugin])
    cover.stop()
    os.environ.pop("COVERAGE_PROCESS_START")
    data = cover.get_data()
    for path in temporary.glob("covered*"):
        other = coverage.CoverageData(str(path))
        try:
            other.read()
            data.update(other)
        except coverage.CoverageException:
            continue  # its process was killed while it wrote
    bad = {*plugin.failed, *plugin.skipped}
    tests = {name: round(seconds, 3) for name, seconds in plugin.seconds.items() if name not in bad}
    number = {name: place for place, name in enumerate(tests)}
    lines: dict[str, dict[int, list[int]]] = {}
    for path in data.measured_files():
        name = str(Path(path).relative_to(tree))
        found = {
            line: sorted({number[c] for c in contexts if c in number})
            for line, contexts in data.contexts_by_lineno(path).items()
        }
        lines[name] = {line: ids for line, ids in found.items() if ids}
    return {"tests": tests, "failed": plugin.failed, "lines": lines}


class Lines:
    """The answers of all files of tests, kept in a folder."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.seconds: dict[str, float] = {}
        #: File of tests -> a mark of what it holds now.
        self.marks: dict[str, str] = {}
        self._tests: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))

    def _kept(self, name: str, tree: Path | None = None) -> Path:
        mark = digest((tree or self.root) / name)
        return self.folder / f"{name.removeprefix('tests/').replace('/', '.')}.{mark}.json"

    def missing(self) -> list[str]:
        """Files of tests that are new, then those that have changed, the quickest first."""
        found = [name for name in files_of_tests(self.root) if not self._kept(name).exists()]
        return sorted(found, key=self._seconds_before)

    def _before(self, name: str) -> Path | None:
        """What is known of a file of tests as it was before it changed."""
        return next(self.folder.glob(f"{self._kept(name).name.rsplit('.', 2)[0]}.*.json"), None)

    def _seconds_before(self, name: str) -> float:
        before = self._before(name)
        return -1.0 if before is None else sum(json.loads(before.read_text())["tests"].values())

    def collect(self, places: list[Place]) -> None:
        waiting = self.missing()
        busy: dict[Place, tuple[str, Child]] = {}
        while waiting or busy:
            for place in places:
                if place in busy:
                    name, child = busy[place]
                    if child.poll():
                        del busy[place]
                        self._keep(name, child)
                elif waiting:
                    name = waiting.pop(0)
                    tree, temporary = place.tree, place.temporary
                    child = place.run(
                        [name], lambda args, t=tree, m=temporary: record(args, t, m), seconds=COLLECT_SECONDS
                    )
                    busy[place] = (name, child)
            _pause()

    def _keep(self, name: str, child: Child) -> None:
        answer = child.answer()
        if answer is None:
            print(f"  {name}: gave no answer{' in time' if child.timed_out else ''}; see {child.place.log}", flush=True)
            return
        for old in self.folder.glob(f"{self._kept(name).name.rsplit('.', 2)[0]}.*.json"):
            old.unlink()
        sources = self.folder / "sources"
        sources.mkdir(exist_ok=True)
        answer["sources"] = {}
        for source in answer["lines"]:
            mark = digest(child.place.tree / source)
            answer["sources"][source] = mark
            if not (sources / mark).exists():
                (sources / mark).write_text((child.place.tree / source).read_text())
        # As it was run: the tree may have changed meanwhile.
        self._kept(name, child.place.tree).write_text(json.dumps(answer))
        failed = f", failed: {answer['failed']}" if answer["failed"] else ""
        print(f"  {name}: {len(answer['tests'])} tests{failed}", flush=True)

    def load(self) -> None:
        """Read what is kept, and follow lines that have moved since they were recorded."""
        moves: dict[tuple[str, str], dict[int, int]] = {}
        for name in files_of_tests(self.root):
            # One that could not be recorded anew: what was known of it is better than nothing.
            kept = self._kept(name)
            found = kept if kept.exists() else self._before(name)
            if found is None:
                continue
            answer = json.loads(found.read_text())
            ids = list(answer["tests"])
            self.marks[name] = digest(self.root / name)
            self.seconds.update(answer["tests"])
            for source, lines in answer["lines"].items():
                if not (self.root / source).exists():
                    continue
                key = (source, answer["sources"][source])
                if key not in moves:
                    moves[key] = self._moved(*key)
                for line, numbers in lines.items():
                    now = moves[key].get(int(line))
                    if now is not None:
                        self._tests[source][now].update(ids[n] for n in numbers)

    def _moved(self, source: str, mark: str) -> dict[int, int]:
        old = (self.folder / "sources" / mark).read_text().splitlines()
        new = (self.root / source).read_text().splitlines()
        if old == new:
            return {line: line for line in range(1, len(new) + 1)}
        blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        return {b.a + k + 1: b.b + k + 1 for b in blocks for k in range(b.size)}

    def of(self, source: str, lines: Iterable[int]) -> set[str]:
        """Give the ids of the tests that run one of these lines of a file."""
        by_line = self._tests.get(source, {})
        return set().union(*(by_line.get(line, ()) for line in lines))

    def mark(self, tests: Iterable[str]) -> str:
        """Give a mark of these tests, as their files are now."""
        names = "".join(f"{name} {self.marks[name.partition('::')[0]]} " for name in sorted(tests))
        return hashlib.sha256(names.encode()).hexdigest()[:16]

    def of_file(self, source: str) -> set[str]:
        return set().union(*self._tests.get(source, {}).values())


def _pause() -> None:
    import time

    time.sleep(0.05)  # children of several places are waited for at once
