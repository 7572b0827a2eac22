"""A copy of the whole database, made while servers use it: of one moment, and on the disk when it is told done."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from prefect.server.store.addresses import conninfo, file_of, shown
from prefect.server.store.database import DatabaseUnavailable

__all__ = ["backup"]


def backup(url: str, target: Path) -> None:
    """Copy the database to a file: SQLite to another SQLite file, PostgreSQL to an archive for ``pg_restore``.

    Raises:
        DatabaseUnavailable: it cannot be read, the file cannot be written, or is there already; says why.
    """
    target = target.expanduser().absolute()
    if target.exists():
        raise DatabaseUnavailable(f"{target} is there already; a backup overwrites nothing.")
    if not target.parent.is_dir():
        raise DatabaseUnavailable(f"The folder {target.parent} is not there.")
    partial = target.with_name(target.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        _make_protected(url, partial)
        if url.startswith("sqlite"):
            _copy_sqlite(url, partial)
        else:
            _dump_postgres(url, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.rename(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DatabaseUnavailable(f"No backup of {shown(url)} could be made to {target}: {reason}") from error
    finally:
        partial.unlink(missing_ok=True)


def _make_protected(url: str, partial: Path) -> None:
    """Make the file, empty: at no moment can it be read by more people than the database."""
    source = file_of(url) if url.startswith("sqlite") else None
    mode = source.stat().st_mode & 0o666 if source is not None and source.exists() else 0o600
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode))


def _copy_sqlite(url: str, partial: Path) -> None:
    source = file_of(url)
    if source is None or not source.exists():
        raise DatabaseUnavailable(f"There is no database at {url}.")
    address = f"{source.as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=10)) as live, closing(sqlite3.connect(partial)) as copy:
        # All pages in one step: writers go on beside it, and the copy is of one moment.
        live.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")
        (found,) = copy.execute("PRAGMA quick_check").fetchone()
        if found != "ok":
            raise DatabaseUnavailable(f"The copy of {source} is damaged: {found}")


def _dump_postgres(url: str, partial: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise DatabaseUnavailable("A backup of PostgreSQL needs the program pg_dump, which is not on PATH.")
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    parts = {name: str(value) for name, value in conninfo_to_dict(conninfo(url)).items()}
    environment = dict(os.environ)
    if (password := parts.pop("password", None)) is not None:
        # A process list shows arguments, not the environment.
        environment["PGPASSWORD"] = password
    command = [program, "--format=custom", f"--file={partial}", f"--dbname={make_conninfo('', **parts)}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DatabaseUnavailable(f"pg_dump of {shown(url)} failed: {' '.join(done.stderr.split())}")
