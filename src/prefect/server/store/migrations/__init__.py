"""One history of the schema for both databases.

Alembic costs 150 ms of import, so it is loaded only when there is something to do: the revision that a
database is at is read with plain SQL and compared with what is written here.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from ..addresses import conninfo, file_of, shown
from ..database import DatabaseFromNewerVersion, DatabaseUnavailable

#: All revisions, oldest first; a test compares them with the files in ``versions``.
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
)
HEAD = REVISIONS[-1]
FOLDER = Path(__file__).parent

# Any number: it only has to be the same in every process that migrates.
_LOCK = 7_317_034_201

#: So long a change waits for the lock of a table, and so long it holds those who come after; then it begins again.
LOCK_MILLISECONDS = 500
LOCK_ATTEMPTS = 240


def check_not_newer(revision: str | None, where: str) -> None:
    if revision is not None and revision not in REVISIONS:
        raise DatabaseFromNewerVersion(
            f"Database {where} is from a newer version: it is at revision {revision}, this version knows up to {HEAD}. "
            "Upgrade this installation, or use another database."
        )


def check_at_head(revision: str | None, where: str) -> None:
    """Refuse a database that this version can not use as it is."""
    check_not_newer(revision, where)
    if revision != HEAD:
        at = "has no tables yet" if revision is None else f"is at revision {revision}"
        raise DatabaseUnavailable(f"Database {where} {at}; this version needs {HEAD}. Migrate it first.")


def sqlite_revision(conn: sqlite3.Connection) -> str | None:
    """Read the revision that an open SQLite file is at; None: it is empty."""
    found = conn.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'").fetchone()
    row = conn.execute("SELECT version_num FROM alembic_version").fetchone() if found else None
    return None if row is None else str(row[0])


def postgres_revision(conn: Any) -> str | None:
    """Read the revision that an open PostgreSQL connection's database is at; None: it is empty."""
    found = conn.execute("SELECT to_regclass('alembic_version')").fetchone()[0]
    row = conn.execute("SELECT version_num FROM alembic_version").fetchone() if found else None
    return None if row is None else str(row[0])


def upgrade(url: str) -> None:
    """Bring a database to ``HEAD``; see ``store.opening.migrate``."""
    if url.startswith("sqlite"):
        _upgrade_sqlite(url)
    else:
        _upgrade_postgres(url)


def _upgrade_sqlite(url: str) -> None:
    from ..sqlite_file import check_writable, connect

    path = file_of(url)
    if path is None:  # a throw-away file is migrated when it is made
        return
    with closing(connect(path)) as conn:
        try:
            revision = sqlite_revision(conn)
            check_not_newer(revision, str(path))
            check_writable(conn, path)
            if revision == HEAD:
                return
            from .run import run

            run("sqlite", conn, lambda: _lock_sqlite(conn))
        except sqlite3.Error as error:
            raise DatabaseUnavailable(f"Database file {path} can not be migrated: {error}") from error


def _lock_sqlite(conn: sqlite3.Connection) -> bool:
    """Begin to write; False: another process, for which this one waited, has done the work."""
    conn.execute("BEGIN IMMEDIATE")
    return sqlite_revision(conn) != HEAD


def _lock_postgres(conn: Any) -> None:
    """Keep other processes out until the connection is closed; what then locks a table waits only a moment for it.

    Who waits for a table's lock holds all who come after, so a change gives way to a long transaction and comes back.
    """
    # Asked again and again: who waited inside a statement would hold up an index that is built beside it.
    while not conn.execute(f"SELECT pg_try_advisory_lock({_LOCK})").fetchone()[0]:
        conn.rollback()
        time.sleep(0.1)
    conn.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
    conn.commit()


def _upgrade_postgres(url: str) -> None:
    def is_needed(conn: Any) -> bool:
        revision = postgres_revision(conn)
        check_not_newer(revision, shown(url))
        conn.rollback()
        return revision != HEAD

    _migrate_postgres(url, is_needed)


def _migrate_postgres(url: str, is_needed: Callable[[Any], bool], *, back_to: str | None = None) -> None:
    """Run revisions; a change that does not get its lock lets others go first, and begins again.

    Args:
        is_needed: tells whether something is left to do, before and after other processes were kept out.
    """
    import psycopg

    for attempt in range(1, LOCK_ATTEMPTS + 1):
        try:
            with psycopg.connect(conninfo(url), connect_timeout=10) as conn:
                if not is_needed(conn):
                    return
                from .run import run

                def lock(conn: Any = conn) -> bool:
                    _lock_postgres(conn)
                    return is_needed(conn)

                run("postgresql", conn, lock, back_to=back_to)
                return
        except psycopg.Error as error:
            if not _is_locked(error) or attempt == LOCK_ATTEMPTS:
                raise DatabaseUnavailable(f"Database {shown(url)} can not be migrated: {error}") from error


def _is_locked(error: BaseException) -> bool:
    """Tell whether the error is that of a lock that somebody else holds, or of two who waited for each other."""
    return getattr(error, "sqlstate", None) in ("55P03", "40P01")


def downgrade(url: str, revision: str) -> None:
    """Undo the revisions after this one; what only they can hold is lost.

    Raises:
        ValueError: there is no such revision.
        DatabaseFromNewerVersion: it was migrated by a newer version.
        DatabaseUnavailable: it can not be opened or written, or is older than that.
    """
    if revision not in REVISIONS:
        raise ValueError(f"There is no revision {revision!r}; known are {', '.join(REVISIONS)}.")
    if url.startswith("sqlite"):
        _downgrade_sqlite(url, revision)
    else:
        _downgrade_postgres(url, revision)


def _is_later(current: str | None, revision: str, where: str) -> bool:
    check_not_newer(current, where)
    if current is None or REVISIONS.index(current) < REVISIONS.index(revision):
        raise DatabaseUnavailable(f"Database {where} is at revision {current or 'none'}, which is before {revision}.")
    return current != revision


def _downgrade_sqlite(url: str, revision: str) -> None:
    from ..sqlite_file import check_writable, connect

    path = file_of(url)
    if path is None or not path.exists():
        raise DatabaseUnavailable(f"There is no database at {url}.")
    with closing(connect(path)) as conn:
        try:
            check_writable(conn, path)
            # Tables that others refer to are made anew when a column goes.
            conn.execute("PRAGMA foreign_keys = OFF")
            if _is_later(sqlite_revision(conn), revision, str(path)):
                from .run import run

                def lock() -> bool:
                    conn.execute("BEGIN IMMEDIATE")
                    return _is_later(sqlite_revision(conn), revision, str(path))

                run("sqlite", conn, lock, back_to=revision)
        except sqlite3.Error as error:
            raise DatabaseUnavailable(f"Database file {path} can not be migrated: {error}") from error


def _downgrade_postgres(url: str, revision: str) -> None:
    def is_needed(conn: Any) -> bool:
        is_later = _is_later(postgres_revision(conn), revision, shown(url))
        conn.rollback()
        return is_later

    _migrate_postgres(url, is_needed, back_to=revision)
