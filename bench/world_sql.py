"""The words of the two databases that `bench/world.py` writes its rows with: the same ids, times and texts on both."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

#: Written in bulk, and so without their secondary indexes.
TABLES = ("flow_run", "flow_run_state", "run_key", "task_run", "task_run_state", "log")


class Sqlite:
    """SQLite's words, and a connection that writes without a journal: a half-made file is thrown away."""

    def __init__(self, url: str) -> None:
        self.connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in (
            "journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000", "temp_store = MEMORY", "threads = 2",
            "locking_mode = EXCLUSIVE",
        ):  # fmt: skip
            self.connection.execute(f"PRAGMA {pragma}").fetchall()

    def run(self, sql: str, *values: Any) -> None:
        self.connection.execute(sql, values)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        names = ", ".join(f'"{name}"' for name in rows[0])
        marks = ", ".join("?" * len(rows[0]))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        self.connection.executemany(sql, [tuple(row.values()) for row in rows])

    def begin(self) -> None:
        self.run("BEGIN")

    def commit(self) -> None:
        self.run("COMMIT")

    def uid(self, kind: int, x: str, salt: int) -> str:
        mixed = f"((({x}) & 1073741823) * 2654435761 + {salt * 7919}) & 4294967295"
        return f"printf('%08x-{kind:04x}-4{salt & 4095:03x}-8000-%012x', {mixed}, {x})"

    def later_uid(self, kind: int, x: str, salt: int, ms: str) -> str:
        return f"printf('%08x-%04x-7{kind:03x}-8{salt & 4095:03x}-%012x', ({ms}) >> 16, ({ms}) & 65535, {x})"

    def time(self, ms: str) -> str:
        return f"strftime('%Y-%m-%dT%H:%M:%f000+00:00', ({ms}) / 1000.0, 'unixepoch')"

    def json(self, text: str) -> str:
        return text

    def text(self, value: str) -> str:
        return value

    def series(self, first: int, last: int) -> str:
        return (
            f"(WITH RECURSIVE s(n) AS (SELECT {first} WHERE {first} <= {last} UNION ALL SELECT n + 1 FROM s WHERE n < {last})"
            " SELECT n FROM s)"
        )

    def indexes(self) -> list[tuple[str, str]]:
        named = ", ".join(f"'{table}'" for table in TABLES)
        return self.rows(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({named})"
        )

    def finish(self) -> None:
        self.run("PRAGMA locking_mode = NORMAL")
        self.rows("SELECT 1 FROM tenant")
        self.connection.close()

    @staticmethod
    def analyze(url: str) -> None:
        """As the server does between its writes, for tables that have grown."""
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.executescript("PRAGMA analysis_limit = 0; PRAGMA journal_mode = WAL; ANALYZE; PRAGMA optimize;")
        connection.close()


class Postgres:
    """PostgreSQL's words; keys to other tables are not looked up row by row where the account may leave that out."""

    def __init__(self, url: str) -> None:
        import psycopg

        self.connection = psycopg.connect(url, autocommit=True)
        for setting in (
            "session_replication_role = replica", "synchronous_commit = off", "maintenance_work_mem = '1GB'",
            "work_mem = '256MB'", "jit = off",
        ):  # fmt: skip
            try:
                self.run(f"SET {setting}")
            except psycopg.errors.InsufficientPrivilege:
                print(f"without {setting}", file=sys.stderr)

    def run(self, sql: str, *values: Any) -> None:
        self.connection.execute(sql, values or None)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        names = ", ".join(f'"{name}"' for name in rows[0])
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(tuple(row.values()))

    def begin(self) -> None:
        self.run("BEGIN")

    def commit(self) -> None:
        self.run("COMMIT")

    def uid(self, kind: int, x: str, salt: int) -> str:
        mixed = f"((({x})::bigint & 1073741823) * 2654435761 + {salt * 7919}) & 4294967295"
        first = f"lpad(to_hex({mixed}), 8, '0')"
        return f"({first} || '-{kind:04x}-4{salt & 4095:03x}-8000-' || lpad(to_hex(({x})::bigint), 12, '0'))::uuid"

    def later_uid(self, kind: int, x: str, salt: int, ms: str) -> str:
        first = f"lpad(to_hex({ms}), 12, '0')"
        return f"({first} || '-7{kind:03x}-8{salt & 4095:03x}-' || lpad(to_hex(({x})::bigint), 12, '0'))::uuid"

    def time(self, ms: str) -> str:
        return f"to_timestamp(({ms}) / 1000.0)"

    def json(self, text: str) -> str:
        return f"({text})::jsonb"

    def text(self, value: str) -> str:
        return f"({value})::text"

    def series(self, first: int, last: int) -> str:
        return f"(SELECT n FROM generate_series({first}::bigint, {last}::bigint) AS s(n))"

    def indexes(self) -> list[tuple[str, str]]:
        named = ", ".join(f"'{table}'" for table in TABLES)
        return self.rows(
            "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.schemaname = current_schema()"
            f" AND i.tablename IN ({named})"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"
        )

    def finish(self) -> None:
        self.connection.close()

    @staticmethod
    def analyze(url: str) -> None:
        """What autovacuum does with tables that have grown."""
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
