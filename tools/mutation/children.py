"""Run tests in forked children of one process that has imported what all tests need, but nothing of ours.

A child starts in a hundredth of the time that a new interpreter takes, and still imports every module of the
project, and of its tests, from the copy of the tree that it is told to use.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar

#: Imported once, before any fork. Nothing here may start a thread.
PRELOADED = """
    pytest _pytest.assertion.rewrite _pytest.python _pytest.tmpdir _pytest.capture anyio.pytest_plugin
    hypothesis hypothesis.core hypothesis.strategies time_machine
    sqlalchemy sqlalchemy.dialects.sqlite sqlalchemy.dialects.postgresql sqlalchemy.dialects.postgresql.psycopg
    alembic alembic.command alembic.migration alembic.operations alembic.script
    graphql starlette.applications starlette.routing uvicorn uvloop httptools websockets websockets.asyncio.client
    psycopg psycopg_pool psycopg_binary orjson click yaml cloudpickle pendulum croniter dateutil dateutil.rrule
    urllib3 cryptography.fernet regex json logging.config asyncio concurrent.futures email.message http.server
    smtplib sqlite3 ssl tarfile zipfile uuid zoneinfo xml.etree.ElementTree
""".split()  # noqa: SIM905 - a list of names in quotes would take a page
MEMORY_BYTES = 8 << 30
LINKED = (".venv", ".compat")
#: Times of changed files begin here: no file of the tree is as old.
LONG_AGO = 100_000_000


def _looks(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def preload() -> None:
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


class Plugin:
    """What pytest is told in a child: which tests, in which order, and to say what happened.

    Args:
        wanted: ids of the tests to run, in this order; None runs all that are collected.
        around: called with the id of a test before it, and with None after it.
    """

    def __init__(self, wanted: Sequence[str] | None = None, around: Callable[[str | None], None] | None = None) -> None:
        self.wanted = wanted
        self.around = around
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self.skipped: list[str] = []

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.wanted is not None:
            by_id = {item.nodeid: item for item in items}
            items[:] = [by_id[name] for name in self.wanted if name in by_id]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        os.environ["PROCTOR_MUTANTS_TEST"] = nodeid
        if self.around is not None:
            self.around(nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        if self.around is not None:
            self.around(None)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.append(report.nodeid)
        if report.skipped:
            self.skipped.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


class Postgres:
    """A PostgreSQL server of our own, started by the fixture of the tests in a process beside this one.

    That process ends when its input does: a forked child must not hold it open.
    """

    pipes: ClassVar[list[IO[str]]] = []
    #: The database that all others are copies of.
    template = ""

    def __init__(self, root: Path) -> None:
        script = (
            "import sys; sys.path.insert(0, 'tests')\n"
            "from support.databases import postgres_server\n"
            "with postgres_server() as url:\n"
            "    print(url, flush=True); sys.stdin.read()\n"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.pipes.append(self._process.stdin)
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise SystemExit("mutants: no PostgreSQL server could be started; a score without it would be wrong")

    def sweep(self) -> None:
        """Take away the databases that an ended child left."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as conn:
            names = conn.execute("SELECT datname FROM pg_database WHERE datname LIKE 'proctor%'").fetchall()
            for (name,) in names:
                if name == self.template:
                    continue
                conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def copy_tree(root: Path, tree: Path) -> None:
    """Make a copy equal to a tree as it is on the disk now; bytecode of what did not change stays good."""
    tree.mkdir(parents=True, exist_ok=True)
    command = ["git", "ls-files", "-coz", "--exclude-standard"]
    if (root / ".git").exists():
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
        wanted = {name for name in listed if name and (root / name).is_file()}
    else:  # a copy of a copy
        wanted = set(_files(root))
    for name in set(_files(tree)) - wanted:
        (tree / name).unlink()
    for name in wanted:
        source, target = root / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or _looks(target) != _looks(source):
            shutil.copy2(source, target)
    for name in LINKED:
        if (root / name).exists() and not (tree / name).exists():
            (tree / name).symlink_to((root / name).resolve())


def _files(tree: Path) -> Iterator[str]:
    for path in tree.rglob("*"):
        name = str(path.relative_to(tree))
        if name.split("/")[0] not in LINKED and path.suffix != ".pyc" and path.is_file():
            yield name


class Place:
    """A copy of the tree in which one child at a time runs, with a database server of its own."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.tree = folder / "tree"
        self.temporary = folder / "tmp"
        self.log = folder / "log"
        self.answer = folder / "answer.json"
        self._written = 0
        self._originals: dict[str, tuple[bytes, int]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        copy_tree(root, self.tree)
        self.postgres = Postgres(root)
        self.kept = folder / "kept"
        self._keep()
        self._child: Child | None = None

    def _keep(self) -> None:
        """Make once what the tests of every child begin with: an empty database of each kind, a family of others."""
        shutil.rmtree(self.kept, ignore_errors=True)
        self.kept.mkdir()
        script = (
            "import sys; sys.path.insert(0, 'tests')\n"
            "from pathlib import Path\n"
            "from support import databases, twins\n"
            "databases.keep(Path(sys.argv[1])); twins.keep_family(Path(sys.argv[1]))\n"
        )
        environment = {**os.environ, "PYTHONPATH": f"{self.root}/src", "PROCTOR_TEST_POSTGRES": self.postgres.url}
        subprocess.run([sys.executable, "-c", script, str(self.kept)], cwd=self.root, env=environment, check=True)
        self.postgres.template = (self.kept / "postgres-template").read_text()

    def close(self) -> None:
        """End what still runs."""
        if self._child is not None and not self._child.ended:
            self._child.kill()
        self.postgres.stop()

    def write(self, name: str, text: str) -> None:
        """Change a file, and give it a time that no version of it had: bytecode is known by the time of its source."""
        target = self.tree / name
        if name not in self._originals:
            self._originals[name] = (target.read_bytes(), target.stat().st_mtime_ns)
        self._written += 1
        target.write_text(text)
        stamp = LONG_AGO + (time.time_ns() // 1_000_000) % 500_000_000 + self._written
        os.utime(target, (stamp, stamp))

    def put_back(self, name: str) -> None:
        """Undo the changes of a file; the tree itself may have gone on since it was copied."""
        if name in self._originals:
            content, stamp = self._originals.pop(name)
            (self.tree / name).write_bytes(content)
            os.utime(self.tree / name, ns=(stamp, stamp))

    def run(self, arguments: Sequence[str], work: Callable[[list[str]], Any], *, seconds: float) -> Child:
        """Fork a child that does ``work`` with the arguments for pytest; its answer is JSON."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()
        self.answer.unlink(missing_ok=True)
        pid = os.fork()
        if pid:
            self._child = Child(self, pid, time.monotonic() + seconds)
            return self._child
        code = 99
        try:
            self._enter()
            answer = work(
                [
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-W",
                    "ignore::pytest.PytestAssertRewriteWarning",
                    f"--basetemp={self.temporary}/pytest",
                    "--tb=line",
                    *arguments,
                ]
            )
            self.answer.write_text(json.dumps(answer))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _enter(self) -> None:
        import resource

        os.setsid()
        for pipe in Postgres.pipes:
            os.close(pipe.fileno())
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.chdir(self.tree)
        source = str(self.tree / "src")
        sys.path[:] = [source, *(p for p in sys.path if Path(p) not in (self.root / "src", self.root / "tools"))]
        os.environ |= {
            "PYTHONPATH": source,
            "PROCTOR_TEST_POSTGRES": self.postgres.url,
            "PROCTOR_TEST_KEPT": str(self.kept),
            "TMPDIR": str(self.temporary),
        }


class Child:
    """A running child of a place."""

    def __init__(self, place: Place, pid: int, deadline: float) -> None:
        self.place = place
        self.pid = pid
        self.deadline = deadline
        self.timed_out = False
        self.ended = False

    def poll(self) -> bool:
        """Tell whether it has ended; one past its time is ended first."""
        if time.monotonic() > self.deadline:
            self.timed_out = True
            self.kill()
        ended, _ = os.waitpid(self.pid, 0 if self.timed_out else os.WNOHANG)
        if ended:
            self.ended = True
            self.kill()  # whatever it started and left
            with contextlib.suppress(Exception):
                self.place.postgres.sweep()
        return bool(ended)

    def kill(self) -> None:
        """End it and whatever it started: its group, and others by the temporary folder in their environment."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        mark = f"TMPDIR={self.place.temporary}".encode()
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in entry.read_bytes().split(b"\0"):
                    os.kill(int(entry.parent.name), signal.SIGKILL)

    def answer(self) -> Any:
        """Give what it answered; None when it was ended or broke."""
        try:
            return None if self.timed_out else json.loads(self.place.answer.read_text())
        except (FileNotFoundError, ValueError):
            return None
