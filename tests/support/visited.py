"""How many rows a piece of work visits in the database: each of its statements is asked once more, and counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.work import postgres_rows

__all__ = ["Visits", "visited"]

#: What SQLite's machine does with a row at the least.
STEPS_OF_A_ROW = 12
STEPS_BETWEEN_LOOKS = 20


@dataclass
class Statement:
    """What was asked, and what answering it visited."""

    text: str
    rows: float
    plan: list[str] = field(default_factory=list)


class Visits:
    """Notes the reading statements of all open databases; use ``noted`` around the work."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._asked: list[tuple[str, Any]] = []

    @contextmanager
    def noted(self, monkeypatch: Any) -> Iterator[None]:
        """Note what is asked while the block runs."""
        from prefect.server.store.postgres import PostgresTransaction
        from prefect.server.store.sqlite import SqliteTransaction

        self._asked.clear()
        kind: Any = SqliteTransaction if self.url.startswith("sqlite") else PostgresTransaction
        execute, texts = kind._execute, kind.texts

        def noting(transaction: Any, text: str, values: Any, *more: Any, **named: Any) -> Any:
            self._asked.append((text, values))
            return execute(transaction, text, values, *more, **named)

        def noting_texts(transaction: Any, sql: str, values: Any, most: int, *, is_short: bool) -> Any:
            found = len(self._asked)
            try:
                return texts(transaction, sql, values, most, is_short=is_short)
            finally:
                if len(self._asked) == found:
                    self._asked.append((sql, values))

        with monkeypatch.context() as patch:
            patch.setattr(kind, "_execute", noting)
            patch.setattr(kind, "texts", noting_texts)
            yield

    def counted(self) -> list[Statement]:
        """Ask what was noted again, and count; writes are left out."""
        reads = [
            (text, values) for text, values in self._asked if text.lstrip("( \n").upper().startswith(("SELECT", "WITH"))
        ]
        return _of_sqlite(self.url, reads) if self.url.startswith("sqlite") else _of_postgres(self.url, reads)


def visited(statements: list[Statement]) -> float:
    """Add up."""
    return sum(statement.rows for statement in statements)


def _of_sqlite(url: str, reads: list[tuple[str, Any]]) -> list[Statement]:
    from prefect.server.store.sqlite_file import connect

    steps = 0

    def count() -> int:
        nonlocal steps
        steps += STEPS_BETWEEN_LOOKS
        return 0

    found = []
    with closing(connect(Path(url.removeprefix("sqlite:///")))) as connection:
        for text, values in reads:
            plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
            steps = 0
            connection.set_progress_handler(count, STEPS_BETWEEN_LOOKS)
            connection.execute(text, values).fetchall()
            connection.set_progress_handler(None, 0)
            found.append(Statement(text, steps / STEPS_OF_A_ROW, plan))
    return found


def _of_postgres(url: str, reads: list[tuple[str, Any]]) -> list[Statement]:
    import psycopg

    found = []
    with psycopg.connect(url) as connection:
        for text, values in reads:
            # As on a disk that is no plate: else a planner of few rows reads all of them rather than by an index.
            connection.execute("SET LOCAL random_page_cost = 1.1")
            connection.execute("SET LOCAL jit = off")
            row = connection.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}", values).fetchone()
            assert row is not None
            found.append(Statement(text, postgres_rows(row[0][0]["Plan"]), _steps(row[0][0]["Plan"])))
            connection.rollback()
    return found


def _steps(plan: dict[str, Any]) -> list[str]:
    where = plan.get("Index Name") or plan.get("Relation Name") or ""
    said = f"{plan['Node Type']} {where}: {plan['Actual Rows']} x {plan['Actual Loops']}"
    removed = [f"{name} {count}" for name, count in plan.items() if name.startswith("Rows Removed") and count]
    return [" ".join([said, *removed]), *(line for step in plan.get("Plans", ()) for line in _steps(step))]
