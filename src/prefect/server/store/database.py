"""What the rest of the server may ask of a database, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from .dialect import Dialect

T = TypeVar("T")

#: The topic that stands for all: announcements may have been missed, everybody should look again.
EVERYTHING = "*"
#: A few reads that never end would otherwise keep everybody else from reading.
LONGEST_READ_SECONDS = 60
#: So long a read may go on after the stop.
LAST_READ_SECONDS = 0.5
#: So many rows one transaction may write, about a tenth of a second on SQLite, where nobody else writes meanwhile.
#: Whoever has more to do does the rest in further transactions: ``actions.chores``.
MOST_ROWS = 1000


class DatabaseError(Exception):
    """A database refused; the text may be shown to a user.

    DatabaseError
    ├── DatabaseUnavailable
    │   └── DatabaseFromNewerVersion
    ├── InvalidValue
    ├── TookTooLong
    ├── UnreadableRow
    └── IntegrityViolation
        ├── UniquenessViolation
        └── ForeignKeyViolation
    """


class DatabaseUnavailable(DatabaseError):
    """The database can not be opened, read or written; the text names it and the reason."""


class DatabaseFromNewerVersion(DatabaseUnavailable):
    """The database was last migrated by a newer version of this software."""


class InvalidValue(DatabaseError):
    """A value can not be stored or compared as asked, e.g. text with a NUL or a malformed pattern."""


class AnswerTooLarge(InvalidValue):
    """What a read found weighs more than it may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"The answer is larger than {most} bytes (http.max_answer_bytes); ask for less at once.")


class UnreadableRow(DatabaseError):
    """A stored value is none that this software writes: the text names the row and the column, not the value."""

    def __init__(self, row_id: object, column: str, error: Exception) -> None:
        super().__init__(f"The row {row_id} has a value in {column} that cannot be read ({type(error).__name__}).")


class TookTooLong(DatabaseError):
    """A read was stopped because it held its connection for ``LONGEST_READ_SECONDS``."""

    def __init__(self) -> None:
        super().__init__(f"The query was stopped after {LONGEST_READ_SECONDS} seconds; ask for less at once.")


class IntegrityViolation(DatabaseError):
    """A row breaks a constraint."""


class UniquenessViolation(IntegrityViolation):
    """A row with these values is there already."""

    def __init__(self) -> None:
        super().__init__("Uniqueness violation.")


class ForeignKeyViolation(IntegrityViolation):
    """A row names another one that is not there."""

    def __init__(self) -> None:
        super().__init__("Foreign key violation.")


class Transaction(Protocol):
    """One open transaction; synchronous, and alive only inside the function given to read or write.

    A statement is a SQLAlchemy Core statement built once, at module level. Values are given by the
    names of its ``bindparam``s, or of columns for an insert or update without ``values``.
    """

    dialect: Dialect
    #: What was announced.
    topics: list[str]

    def room(self) -> int:
        """Give how many more rows this transaction may write, of ``MOST_ROWS``; 0 at the least."""

    def one(self, statement: Any, /, **values: Any) -> Mapping[str, Any] | None:
        """Give the first row, or None."""

    def look(self, statement: Any, /, **values: Any) -> Mapping[str, Any] | None:
        """Give the first row, or None, of a statement that neither writes nor locks.

        At the beginning of a piece of work it costs PostgreSQL less than ``one``: no transaction is begun for it. That
        what it finds may be different a moment later is nothing new: there each statement sees what is committed.
        """

    def all(self, statement: Any, /, **values: Any) -> list[Mapping[str, Any]]:
        """Give all rows."""

    def run(self, statement: Any, /, **values: Any) -> int:
        """Execute and give the number of rows changed."""

    def later(self, statement: Any, values: Mapping[str, Any], *, taken: Exception | None = None) -> None:
        """Execute before whatever follows, at the latest with the commit: PostgreSQL is not waited for in between.

        Args:
            taken: raised in place of ``UniquenessViolation``, now or when it is executed.
        """

    def run_many(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each row; all rows have the keys of the first."""

    def raw(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Execute finished SQL of this dialect; no conversion of values."""

    def texts(self, sql: str, values: Sequence[Any], most: int, *, is_short: bool) -> list[str]:
        """Execute finished SQL whose rows have one text each.

        Args:
            is_short: there are a thousand rows at most.

        Raises:
            AnswerTooLarge: they weigh more than ``most`` bytes together; the database is not asked for the others.
        """

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo only what happens inside, if an exception leaves it; needed to go on after a violation."""

    def announce(self, topic: str) -> None:
        """Wake whoever waits for the topic, here and in other replicas, once this is durably committed.

        That rows of a table were written need not be said: statements tell by themselves.
        """

    def tally(self, event: str) -> None:
        """Count an event for the figures of operation, once this is durably committed."""


class Database(Protocol):
    """A database that was opened; ``start`` before and ``stop`` after use, both in the event loop that uses it."""

    url: str
    dialect: Dialect
    #: Called in the event loop's thread with the topics of a commit; ``EVERYTHING`` may be among them.
    on_announce: Callable[[Collection[str]], None] | None
    #: Called in any thread after a commit: how many pieces of work it held, how long it took, what they counted.
    on_commit: Callable[[int, float, Collection[str]], None] | None

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Finish what was accepted, then close."""

    async def check(self) -> None:
        """Find out whether something could be written now, without writing anything.

        Raises:
            DatabaseUnavailable: it could not.
        """

    async def read(self, work: Callable[[Transaction], T], *, is_single: bool = False) -> T:
        """Run ``work`` over one consistent snapshot.

        Args:
            is_single: it asks one question, whose answer is a snapshot by itself: PostgreSQL needs no transaction
                around it, which would be two more round trips.
        """

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` and return its result after the durable commit.

        An exception of ``work`` rolls back what it did, and nothing else. ``work`` may be run again
        from the start (PostgreSQL: serialization failure, deadlock), so it must not change anything outside.
        """
