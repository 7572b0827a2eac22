# ruff: noqa: S608 - SQL is written here, of names of the catalogue; values are always bound
"""Fragments of SQL for compiled reads, as each of the two databases wants them.

Every expression here gives the text of a JSON value, ready to be put between others, so that the
database builds the whole answer as one text and nobody parses it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from .database import InvalidValue
from .dialect import POSTGRESQL, SQLITE, Dialect, dump_json, dump_time
from .moments import settled
from .patterns import check_pattern

Bind = Callable[[Any], Any]

_COMPARE = {"_eq": "=", "_neq": "<>", "_gt": ">", "_gte": ">=", "_lt": "<", "_lte": "<="}
TEXT_MATCHES = ("like", "ilike", "similar", "regex", "iregex")


def quoted(name: str) -> str:
    return f'"{name}"'


class Fragments:
    """What one database says differently in a compiled read."""

    dialect: Dialect
    concatenate: str
    #: Kinds whose stored values may be none of the kind when somebody wrote them by hand; they are shown as null.
    may_be_spoiled: frozenset[str] = frozenset()

    def leaf(self, expression: str, kind: str, *, nullable: bool) -> str:
        """Write a value of a GraphQL type as JSON text."""
        text = self._leaf(expression, kind)
        return f"coalesce({text}, 'null')" if nullable or kind in self.may_be_spoiled else text

    def _leaf(self, expression: str, kind: str) -> str:
        raise NotImplementedError

    def at_path(self, expression: str, bound: str) -> str:
        """Write the jsonb value that lies at a bound path."""
        raise NotImplementedError

    def path(self, steps: tuple[str, ...]) -> Any:
        """Give the bound value of a path."""
        raise NotImplementedError

    def compare(self, expression: str, kind: str, operator: str, mark: str, *, is_searched: bool = False) -> str:
        """Write a comparison with a bound value.

        Args:
            mark: stands for the value.
            is_searched: an index knows parts of the texts of this column, and wants the plainest form.
        """
        raise NotImplementedError

    def bind(self, kind: str, operator: str) -> Bind | None:
        """Find how the value of a comparison is handed to the driver."""
        raise NotImplementedError

    def statistic(self, function: str, expression: str, kind: str) -> str:
        """Write an aggregate function; its value is a number, or of the column's type for max and min."""
        raise NotImplementedError

    def as_text(self, expression: str) -> str:
        """Write a jsonb value as PostgreSQL's text of it."""
        raise NotImplementedError

    def distinct_key(self, expressions: list[str]) -> str:
        """Write several expressions as one that can be counted distinct."""
        raise NotImplementedError


def _text_operator(operator: str) -> tuple[bool, str]:
    """Take ``_nilike`` apart: negated, and the name."""
    name = operator.removeprefix("_")
    return (True, name[1:]) if name not in TEXT_MATCHES else (False, name)


class SqliteFragments(Fragments):
    dialect = SQLITE
    concatenate = "group_concat"
    # SQLite keeps any value in any column.
    may_be_spoiled = frozenset({"Int", "Boolean", "interval"})

    def _leaf(self, expression: str, kind: str) -> str:
        if kind == "uuid":
            return f"""'"' || {expression} || '"'"""
        if kind in ("String", "timestamptz"):
            return f"json_quote({expression})"
        if kind == "Boolean":
            return f"CASE {expression} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
        if kind == "interval":
            return f"""'"' || p_interval({expression}) || '"'"""
        if kind == "Float":
            return f"p_float({expression})"
        if kind == "Int":
            return f"CASE typeof({expression}) WHEN 'integer' THEN {expression} END"
        if kind == "jsonb":
            # What is no JSON would make the whole answer none.
            return f"CASE WHEN json_valid({expression}) THEN {expression} ELSE json_quote({expression}) END"
        return expression

    def at_path(self, expression: str, bound: str) -> str:
        return f"p_json_path({expression}, {bound})"

    def path(self, steps: tuple[str, ...]) -> Any:
        return dump_json(list(steps))

    def compare(self, expression: str, kind: str, operator: str, mark: str, *, is_searched: bool = False) -> str:
        collate = " COLLATE JSONB" if kind == "jsonb" else ""
        if operator in _COMPARE:
            return f"{expression}{collate} {_COMPARE[operator]} {mark}"
        if operator in ("_in", "_nin"):
            negated = "NOT " if operator == "_nin" else ""
            return f"{expression}{collate} {negated}IN (SELECT value FROM json_each({mark}))"
        if operator == "_contains":
            # Most rows lack a text of the wanted part: SQLite sees that many times quicker than JSON is read.
            # A number stands behind its key at once, unless somebody wrote spaces; a text ends with its sign.
            is_compact = f"instr({expression}, '\": ') = 0 AND instr({expression}, char(10)) = 0"
            is_sure = f"substr(p_telling({mark}), -1) = '\"' OR ({is_compact})"
            lacks = f"instr({expression}, p_telling({mark})) = 0 AND ({is_sure})"
            return f"CASE WHEN {lacks} THEN 0 ELSE p_contains({expression}, {mark}) END"
        if operator == "_contained_in":
            return f"p_contains({mark}, {expression})"
        if operator.startswith("_has_key"):
            function = {"_has_key": "p_has_key", "_has_keys_any": "p_has_any", "_has_keys_all": "p_has_all"}[operator]
            return f"{function}({expression}, {mark})"
        negated_match, name = _text_operator(operator)
        match = f"p_{name}({expression}, {mark})"
        if name == "ilike":
            # SQLite's own LIKE is many times quicker, and looks at no case in ASCII alone.
            match = f"CASE WHEN p_is_plain({mark}) THEN {expression} LIKE {mark} ESCAPE '\\' ELSE {match} END"
        return f"{'NOT ' if negated_match else ''}{match}"

    def bind(self, kind: str, operator: str) -> Bind | None:
        if operator in ("_in", "_nin"):
            one = self._bind_one(kind)
            return dump_json if one is None else lambda values: dump_json([one(value) for value in values])
        if operator in ("_has_keys_any", "_has_keys_all"):
            return dump_json
        if operator == "_has_key":
            return None
        if operator in _COMPARE or kind == "jsonb":
            return self._bind_one(kind)
        return _checked(_text_operator(operator)[1])

    def _bind_one(self, kind: str) -> Bind | None:
        if kind == "timestamptz":
            return lambda value: dump_time(settled(value))
        if kind == "jsonb":
            return dump_json
        if kind == "interval":
            return lambda value: value.total_seconds()
        if kind == "Boolean":
            return int
        return None

    def statistic(self, function: str, expression: str, kind: str) -> str:
        return f"{function}({expression})"

    def as_text(self, expression: str) -> str:
        return f"p_jsonb_text({expression})"

    def distinct_key(self, expressions: list[str]) -> str:
        return f"json_array({', '.join(expressions)})"


def _checked(name: str) -> Bind:
    def check(pattern: str) -> str:
        try:
            check_pattern(name, pattern)
        except ValueError as error:
            shown = pattern if len(pattern) <= 100 else f"{pattern[:100]}…"
            raise InvalidValue(f"Invalid pattern {shown!r}: {error}") from None
        return pattern

    return check


class PostgresFragments(Fragments):
    dialect = POSTGRESQL
    concatenate = "string_agg"
    # An infinite time has no text.
    may_be_spoiled = frozenset({"timestamptz"})

    _casts: ClassVar = {
        "uuid": "uuid",
        "timestamptz": "timestamptz",
        "jsonb": "jsonb",
        "interval": "interval",
        "Int": "bigint",
    }
    _matches: ClassVar = {"like": "LIKE", "ilike": "ILIKE", "similar": "SIMILAR TO", "regex": "~", "iregex": "~*"}

    def _leaf(self, expression: str, kind: str) -> str:
        if kind == "timestamptz":
            return f"""'"' || to_char({expression}, 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00') || '"'"""
        if kind == "String":
            return f"to_json({expression})::text"
        if kind in ("uuid", "interval"):
            return f"""'"' || {expression}::text || '"'"""
        return f"{expression}::text"

    def at_path(self, expression: str, bound: str) -> str:
        return f"({expression} #> {bound}::text[])"

    def path(self, steps: tuple[str, ...]) -> Any:
        return list(steps)

    def compare(self, expression: str, kind: str, operator: str, mark: str, *, is_searched: bool = False) -> str:
        cast = self._casts.get(kind, {"Boolean": "boolean"}.get(kind, "text"))
        if operator in _COMPARE:
            return f"{expression} {_COMPARE[operator]} {mark}::{cast}"
        if operator == "_in":
            return f"{expression} = ANY({mark}::{cast}[])"
        if operator == "_nin":
            return f"{expression} <> ALL({mark}::{cast}[])"
        if operator == "_contains":
            return f"{expression} @> {mark}::jsonb"
        if operator == "_contained_in":
            return f"{expression} <@ {mark}::jsonb"
        if operator == "_has_key":
            return f"{expression} ? {mark}::text"
        if operator in ("_has_keys_any", "_has_keys_all"):
            return f"{expression} {'?|' if operator == '_has_keys_any' else '?&'} {mark}::text[]"
        negated, name = _text_operator(operator)
        match = f"{expression} {self._matches[name]} {mark}::text"
        if name == "ilike" and not is_searched:
            # Without the cases of all languages it takes half the time; SQLite looks at ASCII alone as well.
            plain = f'{expression} COLLATE "C" ILIKE {mark}::text'
            match = f"CASE WHEN octet_length({mark}::text) = char_length({mark}::text) THEN {plain} ELSE {match} END"
        return f"NOT ({match})" if negated else match

    def bind(self, kind: str, operator: str) -> Bind | None:
        if kind == "jsonb" and not operator.startswith("_has_key"):
            if operator in ("_in", "_nin"):
                return lambda values: [dump_json(value) for value in values]
            return dump_json
        name = _text_operator(operator)[1]
        if name in TEXT_MATCHES:
            # What takes time with more than the length of the text would hold one of few connections.
            return _checked(name)
        if kind == "timestamptz":
            if operator in _COMPARE:
                return settled
            return lambda values: [settled(value) for value in values]
        return None

    def statistic(self, function: str, expression: str, kind: str) -> str:
        if function in ("max", "min"):
            # PostgreSQL has no max(uuid) before version 18.
            return f"{function}({expression}::text)" if kind == "uuid" else f"{function}({expression})"
        return f"{function}({expression})" if function == "sum" else f"({function}({expression}))::float8"

    def as_text(self, expression: str) -> str:
        return f"{expression}::text"

    def distinct_key(self, expressions: list[str]) -> str:
        return f"({', '.join(expressions)})"


SQLITE_FRAGMENTS = SqliteFragments()
POSTGRES_FRAGMENTS = PostgresFragments()


def fragments_of(dialect: Dialect) -> Fragments:
    return SQLITE_FRAGMENTS if dialect.name == "sqlite" else POSTGRES_FRAGMENTS
