"""Random rows and random questions about them, for asking two databases the same.

Everything comes from a ``random.Random``, so a seed names a case. Questions are made of the schema's types: what the
schema allows is asked. Answers are told apart only where the API promises something: rows without an order that
decides are compared as a set, and so every order here ends with the key.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

from prefect.server import catalogue
from prefect.server.catalogue import PUBLIC, graphql_type
from prefect.server.store.database import Transaction
from prefect.server.store.dialect import upsert

__all__ = ["Asker", "fill", "same"]

#: In the order in which foreign keys want them; with how many rows.
TABLES = {
    "tenant": 2,
    "project": 3,
    "flow_group": 4,
    "flow": 6,
    "task": 12,
    "edge": 12,
    "agent_config": 2,
    "agent": 4,
    "flow_run": 14,
    "task_run": 24,
    "flow_run_state": 20,
    "task_run_state": 20,
    "log": 30,
    "cloud_hook": 4,
    "message": 6,
    "task_run_artifact": 6,
}
TEXTS = (
    *(
        "a",
        "A",
        "b",
        "ab",
        "aB",
        "ba",
        "",
        " ",
        "a ",
        "100%",
        "a_b",
        "50%_",
        "\\",
        "a\\b",
        "ä",
        "Ä",
        "ß",
        "é",
        "日本",
        "😀",
    ),
    *(
        "line\nbreak",
        "\t",
        '"',
        "'",
        "[x]",
        "(a|b)",
        "a.b",
        "a*",
        "null",
        "true",
        "1",
        "10",
        "9",
        "{}",
        "\x7f",
        "ÿ",
        "Success",
    ),
)
PATTERNS = (
    *(
        "%",
        "_",
        "a%",
        "%a",
        "%a%",
        "_b",
        "%\\%",
        "%\\_%",
        "A%",
        "ä",
        "Ä%",
        "__",
        "%_%",
        "",
        "a\\\\b",
        "%\n%",
        "(a|b)%",
        "[ab]+",
    ),
    *("a{2}", "a*b?", "^a", "a$", "[^a]", "a|b", ".", "^.$", "\\d+", "b+", "(ab)*", "[[:alpha:]]+", "a.b"),
)
KEYS = ("a", "b", "ab", "ä", "n", "type", "")
NUMBERS = (0, 1, -1, 2, 10, 2**31 - 1, -(2**31), 0.5, -1.5, 1e3, 2**53)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def _uid(table: str, number: int) -> str:
    return str(UUID(int=(list(TABLES).index(table) + 1) * 1000 + number))


def _json(random: Random, depth: int = 2) -> Any:
    kind = random.randrange(8 if depth else 5)
    if kind == 0:
        return None
    if kind == 1:
        return random.random() < 0.5
    if kind == 2:
        return random.choice(NUMBERS)
    if kind in (3, 4):
        return random.choice(TEXTS)
    if kind == 5:
        return [_json(random, depth - 1) for _ in range(random.randrange(4))]
    return {random.choice(KEYS): _json(random, depth - 1) for _ in range(random.randrange(4))}


def _time(random: Random) -> datetime:
    micro = random.choice((0, 0, 1, 120_000, 999_999))
    return FIRST + timedelta(hours=random.randrange(6), microseconds=micro)


def _interval(random: Random) -> timedelta:
    return timedelta(days=random.choice((0, 0, 1, 3)), seconds=random.choice((0, 30, 90, 4000)))


def _value(random: Random, table: str, column: Any) -> Any:
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column.table.name
        return _uid(target, random.randrange(TABLES[target]))
    if column.name == "tenant_id":
        return _uid("tenant", random.randrange(2))
    if column.name == "flow_group_id":  # of a run, kept beside it without a foreign key
        return _uid("flow_group", random.randrange(TABLES["flow_group"]))
    kind = graphql_type(column)
    if kind == "String":
        return random.choice(TEXTS)
    if kind == "Int":
        return random.choice((-1, 0, 0, 1, 2, 3, 7))
    if kind == "Boolean":
        return random.random() < 0.5
    if kind == "timestamptz":
        return _time(random)
    if kind == "interval":
        return _interval(random)
    if kind == "jsonb":
        # A column that must hold JSON can not be told to hold JSON's null.
        found = _json(random)
        return {} if found is None else found
    raise AssertionError(f"{table}.{column.name}: {kind}")


def _row(random: Random, table: str, number: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in catalogue.metadata.tables[table].columns:
        if column.info.get("internal"):
            continue
        if column.name == "id":
            row["id"] = _uid(table, number)
        elif column.nullable and random.random() < 0.25:
            row[column.name] = None
        else:
            row[column.name] = _value(random, table, column)
    unique = {"tenant": "slug", "project": "name", "flow_group": "name", "task": "slug", "flow_run": "idempotency_key"}
    if table in unique:
        row[unique[table]] = f"{row[unique[table]]}-{number}"
    if table.endswith("_state"):
        row["version"] = number
    if table == "task_run":
        row["map_index"] = number - 1
    if table == "edge":
        row["flow_id"] = _uid("flow", 0)
        row["upstream_task_id"], row["downstream_task_id"] = _uid("task", number % 5), _uid("task", 5 + number % 7)
    return row


def fill(random: Random) -> Any:
    """Make a piece of work that fills an empty database."""
    rows = [(table, [_row(random, table, number) for number in range(count)]) for table, count in TABLES.items()]

    def work(tx: Transaction) -> None:
        for table, several in rows:
            statement = upsert(catalogue.metadata.tables[table])
            for row in several:
                tx.run(statement, **row)

    return work


class Enum(str):
    """Written without quotes in a document."""


class Asker:
    """Makes questions of a schema."""

    def __init__(self, schema: GraphQLSchema, random: Random) -> None:
        self.schema = schema
        self.random = random

    def question(self) -> tuple[str, dict[str, Any]]:
        """Make a document with one root field, and its variables."""
        random = self.random
        table = random.choice(list(TABLES))
        arguments = self._rows(table)
        is_aggregate = random.random() < 0.25
        body = self._aggregate(table, 2) if is_aggregate else self._fields(table, 2)
        field = f"{table}_aggregate" if is_aggregate else table
        if random.random() < 0.4:
            variables = {name: _plain(value) for name, value in arguments.items()}
            types = {
                "where": f"{table}_bool_exp",
                "order_by": f"[{table}_order_by!]",
                "limit": "Int",
                "offset": "Int",
                "distinct_on": f"[{table}_select_column!]",
            }
            head = ", ".join(f"${name}: {types[name]}" for name in arguments)
            call = ", ".join(f"{name}: ${name}" for name in arguments)
            return f"query({head}) {{ found: {field}({call}) {{ {body} }} }}", variables
        call = ", ".join(f"{name}: {_literal(value)}" for name, value in arguments.items())
        return f"{{ found: {field}({call}) {{ {body} }} }}", {}

    def _rows(self, table: str) -> dict[str, Any]:
        random = self.random
        key = next(iter(PUBLIC[table].columns)) if not PUBLIC[table].has_key else "id"
        order = [self._order(table, 2) for _ in range(random.randrange(3))]
        found: dict[str, Any] = {"where": self._where(table, 3)}
        if random.random() < 0.2:
            columns = random.sample(list(PUBLIC[table].columns), random.choice((1, 1, 2)))
            found["distinct_on"] = [Enum(column) for column in columns]
            order = [{column: self._direction()} for column in columns] + order
        found["order_by"] = [*order, {key: Enum("asc")}]
        if random.random() < 0.4:
            found["limit"] = random.choice((0, 1, 2, 5, 100))
        if random.random() < 0.2:
            found["offset"] = random.choice((0, 1, 3, 50))
        return found

    def _direction(self) -> Enum:
        return Enum(self.random.choice(list(self._enum("order_by").values)))

    def _enum(self, name: str) -> GraphQLEnumType:
        found = self.schema.type_map[name]
        assert isinstance(found, GraphQLEnumType)
        return found

    def _order(self, table: str, depth: int) -> Any:
        return self._order_of(self.schema.type_map[f"{table}_order_by"], depth)

    def _order_of(self, kind: Any, depth: int) -> Any:
        random = self.random
        fields = {name: get_named_type(field.type) for name, field in kind.fields.items()}
        names = [name for name, inner in fields.items() if depth or isinstance(inner, GraphQLEnumType)]
        name = random.choice(names)
        inner = fields[name]
        return {
            name: self._direction() if isinstance(inner, GraphQLEnumType) else self._order_of(inner, max(depth - 1, 0))
        }

    def _where(self, table: str, depth: int) -> Any:
        random = self.random
        kind = self.schema.type_map[f"{table}_bool_exp"]
        assert isinstance(kind, GraphQLInputObjectType)
        found: dict[str, Any] = {}
        for _ in range(random.choice((0, 1, 1, 2))):
            names = [name for name in kind.fields if depth or name in PUBLIC[table].columns]
            weights = [4 if name.startswith("_") or name in PUBLIC[table].relations else 1 for name in names]
            name = random.choices(names, weights)[0]
            inner = get_named_type(kind.fields[name].type)
            if random.random() < 0.05:
                found[name] = None
            elif name in ("_and", "_or"):
                parts = [self._where(table, depth - 1) for _ in range(random.randrange(3))]
                found[name] = parts[0] if len(parts) == 1 and random.random() < 0.5 else parts
            elif inner.name.endswith("_bool_exp"):
                found[name] = self._where(inner.name.removesuffix("_bool_exp"), depth - 1)
            else:
                found[name] = self._comparison(inner, table, name)
        return found

    def _comparison(self, kind: Any, table: str, column: str) -> Any:
        random = self.random
        found: dict[str, Any] = {}
        for operator in random.sample(list(kind.fields), random.choice((1, 1, 1, 2))):
            wanted = get_nullable_type(kind.fields[operator].type)
            if random.random() < 0.04:
                found[operator] = None
            elif isinstance(wanted, GraphQLList):
                found[operator] = [self._operand(wanted, table, column, operator) for _ in range(random.randrange(4))]
            elif isinstance(wanted, GraphQLInputObjectType):
                found[operator] = {
                    name: self._comparison(get_named_type(field.type), table, column)
                    for name, field in wanted.fields.items()
                }
            else:
                found[operator] = self._operand(wanted, table, column, operator)
        return found

    def _operand(self, kind: Any, table: str, column: str, operator: str) -> Any:
        random = self.random
        name = get_named_type(kind).name
        if name == "String" and ("like" in operator or "regex" in operator or "similar" in operator):
            return random.choice(PATTERNS)
        if name == "String":
            return random.choice(KEYS if operator.startswith("_has") else TEXTS)
        if name == "Boolean":
            return random.random() < 0.5
        if name == "Int":
            return random.choice((-1, 0, 1, 2, 3, 2**31 - 1))
        if name == "uuid":
            target = random.choice(list(TABLES))
            return _uid(target, random.randrange(TABLES[target]))
        if name == "timestamptz":
            time = _time(random)
            return time.isoformat() if random.random() < 0.7 else time.replace(tzinfo=None).isoformat()
        if name == "interval":
            return random.choice(("00:00:30", "1 day", "3 days 00:01:30", "90 seconds", "0"))
        found = _json(random)
        # A list of jsonb! can not hold null.
        return {} if found is None and operator in ("_in", "_nin") else found

    def _fields(self, table: str, depth: int) -> str:
        random = self.random
        kind = self.schema.type_map[table]
        assert isinstance(kind, GraphQLObjectType)
        names = random.sample(list(kind.fields), random.randrange(1, 6))
        written = ["id" if PUBLIC[table].has_key else "__typename"]
        for name in names:
            field = kind.fields[name]
            inner = get_named_type(field.type)
            if is_leaf_type(inner):
                path = random.choice(("$.a", "a.b", "[0]", "b[1].a"))
                is_path = inner.name == "jsonb" and random.random() < 0.3
                written.append(f'{name}_at: {name}(path: "{path}")' if is_path else name)
            elif depth:
                written.append(self._related(name, inner.name, bool(field.args), depth))
        return " ".join(written)

    def _related(self, name: str, kind: str, has_arguments: bool, depth: int) -> str:
        table = kind.removesuffix("_aggregate")
        call = ""
        if has_arguments:
            listed = [f"{key}: {_literal(value)}" for key, value in self._rows(table).items()]
            call = f"({', '.join(listed)})"
        inner = self._aggregate(table, depth - 1) if kind.endswith("_aggregate") else self._fields(table, depth - 1)
        return f"{name}{call} {{ {inner} }}"

    def _aggregate(self, table: str, depth: int) -> str:
        random = self.random
        figures = self.schema.type_map[f"{table}_aggregate_fields"]
        assert isinstance(figures, GraphQLObjectType)
        written = ["count", f"some: count(columns: {random.choice(list(PUBLIC[table].columns))}, distinct: true)"]
        pair = ", ".join(random.sample(list(PUBLIC[table].columns), 2))
        written.append(f"pairs: count(columns: [{pair}], distinct: {random.choice(('true', 'false'))})")
        for name, field in figures.fields.items():
            if name != "count" and random.random() < 0.5:
                columns = get_named_type(field.type).fields
                written.append(f"{name} {{ {' '.join(random.sample(list(columns), min(3, len(columns))))} }}")
        nodes = f" nodes {{ {self._fields(table, depth - 1)} }}" if depth and random.random() < 0.5 else ""
        return f"aggregate {{ {' '.join(written)} }}{nodes}"


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _literal(value: Any) -> str:
    """Write a value as GraphQL does."""
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, dict):
        if not all(key.isidentifier() and key.isascii() for key in value):
            return "{}"
        return "{" + ", ".join(f"{key}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return json.dumps(value)


def same(left: Any, right: Any) -> bool:
    """Compare two answers; numbers may differ in the last digits."""
    if isinstance(left, float | int) and isinstance(right, float | int) and not isinstance(left, bool):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(left, dict) and isinstance(right, dict):
        # jsonb has an order of keys of its own.
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return type(left) is type(right) and left == right
