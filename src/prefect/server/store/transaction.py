"""What open transactions of both databases share: kept statements, savepoints, and what is told after the commit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from .database import MOST_ROWS, AnswerTooLarge
from .statements import Prepared, Statements

#: Of so many flow runs one statement may write the rows before it is told of any that follow.
MOST_NAMED = 50


def within(rows: Iterable[tuple[Any, ...]], most: int) -> list[str]:
    """Take the texts of rows as they come.

    Raises:
        AnswerTooLarge: they weigh more than ``most`` bytes; counted in characters, of which a byte is the least.
    """
    found: list[str] = []
    left = most
    for (text,) in rows:
        left -= len(text)
        if left < 0:
            raise AnswerTooLarge(most)
        found.append(text)
    return found


class OpenTransaction:
    """The open transaction of one connection.

    Attributes:
        topics: what was announced.
        changed: the topics of the tables that were written to.
        tallied: events for the figures of operation.
        rows_written: by all statements, but for what a deletion takes along.
    """

    _statements: ClassVar[Statements]
    _conn: Any

    def __init__(self) -> None:
        self.topics: list[str] = []
        self.changed: set[str] = set()
        self.tallied: list[str] = []
        self.rows_written = 0
        #: What goes with the commit, or before whatever else follows: text, values, and what to raise if it is there.
        self._put_off: list[tuple[str, Any, Exception | None]] = []

    def room(self) -> int:
        return max(0, MOST_ROWS - self.rows_written)

    def announce(self, topic: str) -> None:
        self.topics.append(topic)

    def tally(self, event: str) -> None:
        self.tallied.append(event)

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        topics, tallied = len(self.topics), len(self.tallied)
        self._settle()
        self._conn.execute("SAVEPOINT inner_work")
        try:
            yield
            self._settle()
        except BaseException:
            self._put_off.clear()
            if self._is_open():
                self._conn.execute("ROLLBACK TO SAVEPOINT inner_work")
                self._conn.execute("RELEASE SAVEPOINT inner_work")
            del self.topics[topics:], self.tallied[tallied:]
            raise
        self._conn.execute("RELEASE SAVEPOINT inner_work")

    def _settle(self) -> None:
        """Do what was put off, because something follows that has to come after it."""

    def _is_open(self) -> bool:
        """Say whether the database has not given the whole transaction up."""
        raise NotImplementedError

    def _prepare(self, statement: Any, values: Mapping[str, Any], *others: Mapping[str, Any]) -> Prepared:
        """Give the finished statement, and note what it changes.

        Args:
            others: further values that it is executed with.
        """
        prepared = self._statements.prepare(statement, values)
        if prepared.changes:
            self.changed.update(prepared.changes)
            if prepared.row is not None:
                rows = (values, *others) if len(others) < MOST_NAMED else ({},)
                self.changed.update(map(prepared.row_topic, rows))
        return prepared
