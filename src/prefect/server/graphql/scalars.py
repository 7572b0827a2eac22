"""The scalars of the API: how each is written in a document, in variables and in an answer.

Tables use ``uuid``, ``timestamptz``, ``jsonb`` and ``interval``; named operations use ``UUID``, ``DateTime`` and
``JSON``. Inside, an id is lower-case text, a time is aware UTC, a duration is a ``timedelta``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
    StringValueNode,
    ValueNode,
    value_from_ast_untyped,
)

from prefect.contract import limits
from prefect.server.graphql.times import read_time
from prefect.server.store.moments import Moment

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


def parse_uuid(value: Any) -> str:
    """Read a uuid in any of its usual spellings."""
    if isinstance(value, str):
        if _CANONICAL_UUID(value):
            return value
        try:
            return str(UUID(value))
        except ValueError:
            pass
    raise GraphQLError(f"Could not parse UUID: {_shown(value)}")


def parse_time(value: Any) -> datetime:
    """Read a time that is the same whenever it is asked for; without a zone it is UTC."""
    found = parse_filter_time(value)
    if isinstance(found, Moment):
        raise GraphQLError(f"Could not parse DateTime: {_shown(value)}")
    return found


def parse_filter_time(value: Any) -> datetime | Moment:
    """Read a time as PostgreSQL does, also one that is relative to the moment of the statement."""
    if isinstance(value, str):
        try:
            return read_time(value)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError(f"Could not parse DateTime: {_shown(value)}")


LONGEST_INTERVAL = limits.TIME_CHARACTERS
_INTERVAL_PART = re.compile(
    r"\s*(?:(?P<sign>[+-]?)(?P<hours>\d+):(?P<minutes>\d{1,2})(?::(?P<seconds>\d{1,2}(?:\.\d+)?))?"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)\s*(?P<unit>[a-zA-Z]*))"
)
_UNIT_SECONDS = {
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}


def parse_interval(value: Any) -> timedelta:
    """Read a duration as PostgreSQL writes it: ``1 day 02:00:00``, ``00:00:30``, ``90 seconds``."""
    text = value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
    if len(text) > LONGEST_INTERVAL:
        raise GraphQLError(f"Could not parse interval: expected at most {LONGEST_INTERVAL} signs, got {_shown(value)}")
    position, total = 0, 0.0
    while text[position:].strip():
        part = _INTERVAL_PART.match(text, position)
        if part is None:
            break
        if part["number"] is None:
            seconds = int(part["hours"]) * 3600 + int(part["minutes"]) * 60 + float(part["seconds"] or 0)
            total += -seconds if part["sign"] == "-" else seconds
        elif part["unit"].lower() in _UNIT_SECONDS:
            total += float(part["number"]) * _UNIT_SECONDS[part["unit"].lower()]
        else:
            break
        position = part.end()
    else:
        if position:
            try:
                return timedelta(seconds=total)
            except OverflowError:
                pass
    raise GraphQLError(f"Could not parse interval: {_shown(value)}")


def parse_uuid_array(value: Any) -> list[str]:
    """Read ``{id1, id2}``, PostgreSQL's text of an array, or a list."""
    if isinstance(value, str) and value.strip()[:1] == "{" and value.strip()[-1:] == "}":
        inner = value.strip()[1:-1].strip()
        value = [part.strip().strip('"') for part in inner.split(",")] if inner else []
    if isinstance(value, list):
        return [parse_uuid(item) for item in value]
    raise GraphQLError(f"Could not parse _uuid: expected '{{id1, id2}}', got {_shown(value)}")


def parse_json_literal(node: ValueNode, variables: Any = None) -> Any:
    """Read JSON written inline: a string that holds JSON, or a GraphQL value taken as it stands."""
    if isinstance(node, StringValueNode):
        try:
            return parse_json_text(node.value)
        except GraphQLError as error:
            raise GraphQLError(error.message, node) from None
    return value_from_ast_untyped(node, _plain(variables))


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    found = float(text)
    return found if math.isfinite(found) else _no_number(text if len(text) <= 20 else f"{text[:20]}…")


def parse_json_text(text: str) -> Any:
    """Read a string that holds JSON, as strictly as a request's body is read."""
    try:
        found = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # half of a pair of surrogates is no text
    except UnicodeEncodeError:
        raise GraphQLError("Could not parse JSON: half of a surrogate pair") from None
    except ValueError as error:
        raise GraphQLError(f"Could not parse JSON: {error}") from None
    except RecursionError:
        raise GraphQLError("Could not parse JSON: nested too deeply") from None
    return found


def _plain(variables: Any) -> Any:
    return getattr(variables, "coerced", variables)


def _jsonb_literal(node: ValueNode, variables: Any = None) -> Any:
    return value_from_ast_untyped(node, _plain(variables))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}…"


def _write_time(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _literal_of(name: str, parse: Callable[[Any], Any]) -> Callable[..., Any]:
    """Make the reader of a scalar that is written as a string; its errors know where in the document they are."""

    def read(node: ValueNode, variables: Any = None) -> Any:
        if not isinstance(node, StringValueNode):
            raise GraphQLError(f"{name} is written as a string.", node)
        try:
            return parse(node.value)
        except GraphQLError as error:
            raise GraphQLError(error.message, node) from None

    return read


def _scalar(
    name: str,
    parse: Callable[[Any], Any],
    description: str,
    *,
    literal: Callable[..., Any] | None = None,
    serialize: Callable[[Any], Any] | None = None,
) -> GraphQLScalarType:
    return GraphQLScalarType(
        name,
        parse_value=parse,
        parse_literal=literal or _literal_of(name, parse),
        serialize=serialize,
        description=description,
    )


def _as_it_is(value: Any) -> Any:
    return value


SCALARS: dict[str, GraphQLScalarType] = {
    scalar.name: scalar
    for scalar in (
        GraphQLString,
        GraphQLInt,
        GraphQLFloat,
        GraphQLBoolean,
        _scalar("uuid", parse_uuid, "An id."),
        _scalar("_uuid", parse_uuid_array, "Ids, as the text '{id1, id2}'."),
        _scalar(
            "timestamptz",
            parse_filter_time,
            "A time in ISO 8601 or as PostgreSQL reads it ('now()', 'today'); UTC when it has no zone.",
            serialize=_write_time,
        ),
        _scalar("jsonb", _as_it_is, "Any JSON value.", literal=_jsonb_literal),
        _scalar("interval", parse_interval, "A duration, such as '00:00:30' or '1 day 02:00:00'."),
        _scalar("UUID", parse_uuid, "An id."),
        _scalar("DateTime", parse_time, "A time in ISO 8601; UTC when it has no offset.", serialize=_write_time),
        _scalar(
            "JSON",
            _as_it_is,
            "Any JSON value; written inline in a document it is a string that holds JSON.",
            literal=parse_json_literal,
        ),
    )
}
