"""What differs between SQLite and PostgreSQL, and nothing else.

Two kinds of difference: how a value of Python is stored and read back, and fragments of SQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson
from sqlalchemy import JSON, Boolean, DateTime, Interval, Uuid
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine.interfaces import Dialect as SqlalchemyDialect
from sqlalchemy.types import TypeEngine

from prefect.server import json_text

from .database import InvalidValue

__all__ = ["POSTGRESQL", "SQLITE", "Dialect", "JsonText", "dump_json", "dump_time", "load_json", "upsert"]

Convert = Callable[[Any], Any]


class JsonText(str):
    """The text of a JSON value that was made before the transaction, because it is long."""

    __slots__ = ()


def dump_json(value: Any) -> str:
    """Give the text of a JSON value.

    Raises:
        InvalidValue: it holds something that JSON can not say.
    """
    if type(value) is JsonText:
        return str(value)
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # Integers beyond 64 bits and keys that are no strings are rare, and the slower encoder knows them.
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidValue(f"Not a JSON value: {error}") from None


def load_json(text: str | bytes) -> Any:
    """Read a stored JSON text; whole numbers of any size stay what they are."""
    try:
        return json_text.read(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _check_time(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise InvalidValue(f"Time without a zone: {value!r}")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


#: The last time that was written, and its text: one transaction writes its own a dozen times.
_last: tuple[datetime | None, str] = (None, "")


def dump_time(value: datetime) -> str:
    """Give the stored form of a time in SQLite; such texts sort as their times do."""
    global _last
    known, text = _last
    if known is not value:
        text = _check_time(value).isoformat(timespec="microseconds")
        _last = value, text
    return text


def _load_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _dump_interval(value: timedelta | float) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    return int(seconds) if seconds == int(seconds) else seconds


def _load_interval(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _interval(value: timedelta | float) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


def _to_utc(value: datetime | str) -> datetime:
    # A text comes from a second reading of rows of which one has a time that Python has none for, as infinity.
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


class Dialect:
    """One of the two databases, as far as SQL text and stored values are concerned."""

    name: Literal["sqlite", "postgresql"]
    #: For compiling statements only: no SQLAlchemy engine is ever made of it.
    compiler: SqlalchemyDialect
    #: The sign for a value in finished SQL.
    mark: str
    #: One statement may insert into several tables.
    writes_in_ctes: bool
    #: One transaction writes at a time: what it has read holds until it has committed.
    writes_alone: bool
    _writers: tuple[tuple[type[TypeEngine[Any]], Convert], ...]
    _readers: tuple[tuple[type[TypeEngine[Any]], Convert], ...]

    def writer(self, kind: TypeEngine[Any]) -> Convert | None:
        """Find how a value for a column of this type is stored; None: as it is."""
        return next((convert for sql_type, convert in self._writers if isinstance(kind, sql_type)), None)

    def reader(self, kind: TypeEngine[Any]) -> Convert | None:
        """Find how a stored value of this type becomes Python's; None: as it is."""
        return next((convert for sql_type, convert in self._readers if isinstance(kind, sql_type)), None)


class SqliteDialect(Dialect):
    """uuid, time and JSON are texts; an interval is its seconds."""

    name = "sqlite"
    # Values by their places: by name, the driver makes a text for each and looks it up, every time.
    compiler = sqlite.dialect(paramstyle="qmark")
    mark = "?"
    writes_in_ctes = False
    writes_alone = True
    _writers = ((Uuid, str), (DateTime, dump_time), (JSON, dump_json), (Interval, _dump_interval), (Boolean, int))
    _readers = ((DateTime, _load_time), (JSON, load_json), (Interval, _load_interval), (Boolean, bool))


class PostgresDialect(Dialect):
    """Native types; psycopg sends texts untyped, so that PostgreSQL takes them for what the column is."""

    name = "postgresql"
    compiler = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
    mark = "%s"
    writes_in_ctes = True
    writes_alone = False
    _writers = ((Uuid, str), (DateTime, _check_time), (JSON, dump_json), (Interval, _interval))
    _readers = ((DateTime, _to_utc),)


SQLITE = SqliteDialect()
POSTGRESQL = PostgresDialect()
