"""Each function that SQLite is taught takes what it is called with, and gives what PostgreSQL gives for the same."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from prefect.server.store.sqlite_functions import register
from support.databases import NoPostgres

pytestmark = pytest.mark.postgres

#: By name: what each is called with, and the same in PostgreSQL's own words.
SAME: dict[str, list[tuple[str, str]]] = {
    "p_like": [
        ("'abc', 'a%'", "'abc' LIKE 'a%'"),
        ("'abc', 'A%'", "'abc' LIKE 'A%'"),
        # What one piece has taken is not there for the next.
        ("'abc', 'a%bc%c'", "'abc' LIKE 'a%bc%c'"),
        ("'abcc', 'a%bc%c'", "'abcc' LIKE 'a%bc%c'"),
        ("'abab', 'ab%b%ab'", "'abab' LIKE 'ab%b%ab'"),
        ("'ab', 'ab%ab'", "'ab' LIKE 'ab%ab'"),
        ("NULL, 'a'", "NULL::bool"),
    ],
    "p_ilike": [
        ("'abc', 'A%'", "'abc' ILIKE 'A%'"),
        ("'abc', 'b%'", "'abc' ILIKE 'b%'"),
        ("NULL, 'a'", "NULL::bool"),
    ],
    "p_similar": [
        ("'abc', '(a|b)%'", "'abc' SIMILAR TO '(a|b)%'"),
        ("'abc', 'a'", "'abc' SIMILAR TO 'a'"),
        ("NULL, 'a'", "NULL::bool"),
    ],
    "p_regex": [("'abc', '^a.c$'", "'abc' ~ '^a.c$'"), ("'abc', 'B'", "'abc' ~ 'B'"), ("NULL, 'a'", "NULL::bool")],
    "p_iregex": [("'abc', 'B'", "'abc' ~* 'B'"), ("'abc', 'd'", "'abc' ~* 'd'"), ("NULL, 'a'", "NULL::bool")],
    "p_contains": [
        ("""'{"a": [1, 2]}', '{"a": [2]}'""", """'{"a": [1, 2]}'::jsonb @> '{"a": [2]}'"""),
        ("'[1]', '[2]'", "'[1]'::jsonb @> '[2]'"),
        ("NULL, '[]'", "NULL::bool"),
        ("'[]', NULL", "NULL::bool"),
    ],
    "p_has_key": [
        ("""'{"a": 1}', 'a'""", """'{"a": 1}'::jsonb ? 'a'"""),
        ("""'["a"]', 'b'""", """'["a"]'::jsonb ? 'b'"""),
        ("NULL, 'a'", "NULL::bool"),
        ("'[]', NULL", "NULL::bool"),
    ],
    "p_has_any": [
        ("""'["b"]', '["a", "b"]'""", """'["b"]'::jsonb ?| '{a,b}'"""),
        ("'[]', '[]'", "'[]'::jsonb ?| '{}'"),
        ("NULL, '[]'", "NULL::bool"),
        ("'[]', NULL", "NULL::bool"),
    ],
    "p_has_all": [
        ("""'["b"]', '["a", "b"]'""", """'["b"]'::jsonb ?& '{a,b}'"""),
        ("'[]', '[]'", "'[]'::jsonb ?& '{}'"),
        ("NULL, '[]'", "NULL::bool"),
        ("'[]', NULL", "NULL::bool"),
    ],
    "p_json_path": [
        ("""'{"a": [5]}', '["a", "0"]'""", """('{"a": [5]}'::jsonb #> '{a,0}')::text"""),
        ("""'{"a": 5}', '["b"]'""", """('{"a": 5}'::jsonb #> '{b}')::text"""),
        ("""'[5]', '["-1"]'""", """('[5]'::jsonb #> '{-1}')::text"""),
        ("""'[5]', '["-2"]'""", """('[5]'::jsonb #> '{-2}')::text"""),
        ("""'[5]', '["1"]'""", """('[5]'::jsonb #> '{1}')::text"""),
        ("""'5', '["0"]'""", """('5'::jsonb #> '{0}')::text"""),
        ("NULL, '[]'", "NULL::text"),
    ],
    "p_jsonb_text": [
        ("""'{"bb":[1,{}],"a":"é"}'""", """'{"bb":[1,{}],"a":"é"}'::jsonb::text"""),
        ("NULL", "NULL::text"),
    ],
    "p_interval": [
        ("30.0", "'30 seconds'::interval::text"),
        ("3599.25", "'59 minutes 59.25 seconds'::interval::text"),
        ("-30", "'-30 seconds'::interval::text"),
        ("86400", "'1 day'::interval::text"),
        ("-86400", "'-1 day'::interval::text"),
        ("172801.5", "'2 days 1.5 seconds'::interval::text"),
        ("86400.000001", "'1 day 0.000001 seconds'::interval::text"),
        ("NULL", "NULL::text"),
    ],
    "p_float": [
        ("0.1", "0.1::float8::text"),
        ("2.0", "2.0::float8::text"),
        ("1e0 / 3", "(1::float8 / 3)::text"),
        ("NULL", "NULL::text"),
    ],
}
#: What has no like in PostgreSQL.
OWN: dict[str, list[tuple[str, Any]]] = {
    "p_telling": [("""'["eu"]'""", '"eu"'), ("'[]'", ""), ("NULL", "")],
    "p_is_plain": [
        ("'%a%'", 1),
        ("'%a%b%'", 0),
        ("'é'", 0),
        ("'a\\'", 0),
        ("'a' || char(0)", 0),
        ("replace(hex(zeroblob(50)), '00', 'ab')", 1),
        ("replace(hex(zeroblob(50)), '00', 'ab') || 'c'", 0),
        ("NULL", 0),
    ],
}
AGGREGATES = ("stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop")


@pytest.fixture
def lite() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:")
    register(conn)
    yield conn
    conn.close()


@pytest.fixture(scope="module")
def postgres(databases: Any) -> Iterator[psycopg.Connection[Any]]:
    try:
        url = databases.fresh("postgres", migrated=False)
    except NoPostgres as error:
        pytest.skip(str(error))
    with psycopg.connect(url, autocommit=True) as conn:
        yield conn
    databases.drop(url)


def test_all_are_tried(lite: sqlite3.Connection) -> None:
    taught = {row[0] for row in lite.execute("SELECT DISTINCT name FROM pragma_function_list WHERE builtin = 0")}
    assert {*SAME, *OWN, *AGGREGATES} == {name for name in taught if name.startswith("p_")} | {*AGGREGATES}


@pytest.mark.parametrize("name", SAME)
def test_each_gives_the_same(lite: sqlite3.Connection, postgres: psycopg.Connection[Any], name: str) -> None:
    for given, theirs in SAME[name]:
        expected = (postgres.execute(f"SELECT {theirs}").fetchone() or ("nothing",))[0]
        assert lite.execute(f"SELECT {name}({given})").fetchone() == (expected,), (name, given)


@pytest.mark.parametrize("name", OWN)
def test_those_of_our_own_give_what_they_say(lite: sqlite3.Connection, name: str) -> None:
    for given, expected in OWN[name]:
        assert lite.execute(f"SELECT {name}({given})").fetchone() == (expected,), (name, given)


@pytest.mark.parametrize("numbers", [[], [7], [None, 7], [4, 1], [1.0, 5.0, 2.0, None, 9.5]], ids=str)
@pytest.mark.parametrize("name", AGGREGATES)
def test_each_statistic_is_the_same(
    lite: sqlite3.Connection, postgres: psycopg.Connection[Any], name: str, numbers: list[float | None]
) -> None:
    theirs = postgres.execute(f"SELECT {name}(x) FROM unnest(%s::float8[]) AS x", (numbers,)).fetchone()
    ours = lite.execute(f"SELECT {name}(value) FROM json_each(?)", (json.dumps(numbers),)).fetchone()
    assert ours == ((None,) if theirs in (None, (None,)) else pytest.approx(theirs))
