"""From an address to a database of either kind, opened or migrated.

Each kind is loaded when an address names it: who uses SQLite needs no driver of PostgreSQL.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from prefect.utilities.installing import install_command

from .database import Database, DatabaseUnavailable


def open_database(url: str, *, readers: int = 4, durable: bool = True) -> Database:
    """Make a database of an address; nothing is opened before ``start``.

    Args:
        url: ``sqlite:////absolute/path.db``, ``sqlite:///relative.db``, ``sqlite://`` (a throw-away file,
            migrated by ``start``) or ``postgresql://user:password@host:port/name``.
        readers: connections that read at the same time.
        durable: False: a SQLite file need not outlive a power cut.

    Raises:
        ValueError: the address names neither of the two.
    """
    kind = url.partition(":")[0].partition("+")[0]
    if kind == "sqlite":
        from .sqlite import SqliteDatabase

        return SqliteDatabase(url, readers=readers, durable=durable)
    if kind in ("postgresql", "postgres"):
        _need_driver()
        from .postgres import PostgresDatabase

        return PostgresDatabase(url, connections=readers + 6)
    raise ValueError(
        f"Database URL {kind!r}:… is not supported: expected sqlite:///path/to/file.db or postgresql://user@host/name"
    )


def _need_driver() -> None:
    if find_spec("psycopg") is None or find_spec("psycopg_pool") is None:
        raise DatabaseUnavailable(f"PostgreSQL needs two more packages: {install_command('proctor[postgres]')}")


def migrate(url: str) -> None:
    """Bring the database to this version's schema; create it when it is empty. Safe beside another process.

    Raises:
        DatabaseFromNewerVersion: it was migrated by a newer version.
        DatabaseUnavailable: it can not be opened or written.
    """
    from .migrations import upgrade

    if not url.startswith("sqlite"):
        _need_driver()
    upgrade(url)


def is_up_to_date(path: Path) -> bool:
    """Tell whether a SQLite file has this version's tables, or none and nobody who uses it; nothing is changed.

    Raises:
        DatabaseUnavailable: it can not be opened.
    """
    import sqlite3
    from contextlib import closing

    from .migrations import HEAD, sqlite_revision
    from .sqlite_file import connect, unavailable

    if not path.exists():
        return True
    try:
        with closing(connect(path)) as conn:
            return sqlite_revision(conn) in (None, HEAD)
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
