"""The functions that SQLite is taught mean what PostgreSQL's own mean."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta

import psycopg
import pytest

from prefect.server.store.sqlite_functions import interval_text, register
from support.databases import NoPostgres


@pytest.fixture(scope="module")
def lite():
    conn = sqlite3.connect(":memory:")
    register(conn)
    yield conn
    conn.close()


@pytest.fixture(scope="module")
def postgres(databases):
    try:
        url = databases.fresh("postgres", migrated=False)
    except NoPostgres as error:
        pytest.skip(str(error))
    with psycopg.connect(url, autocommit=True) as conn:
        yield conn
    databases.drop(url)


VALUES = [
    None, True, False, 0, 1, -1.5, 1.0, 10, "", "a", "b", "ab", [], [1], [2], [1, 2], ["a"], ["a", "b"], [[1]], [None],
    [[]], [True], {"a": []}, {"a": True}, [[], 1], [1, []],
    {}, {"a": 1}, {"a": 2}, {"b": 1}, {"a": 1, "b": 2}, {"bb": 1}, {"a": [1, {"b": None}]}, {"a": {}}, [{"a": 1}, 2],
]  # fmt: skip

pytestmark = pytest.mark.postgres


def test_containment(lite, postgres):
    pairs = [(json.dumps(whole), json.dumps(part)) for whole in VALUES for part in VALUES]
    theirs = [postgres.execute("SELECT %s::jsonb @> %s::jsonb", pair).fetchone()[0] for pair in pairs]
    ours = [bool(lite.execute("SELECT p_contains(?, ?)", pair).fetchone()[0]) for pair in pairs]
    assert [pair for pair, a, b in zip(pairs, ours, theirs, strict=True) if a != b] == []


def test_order(lite, postgres):
    pairs = [(json.dumps(left), json.dumps(right)) for left in VALUES for right in VALUES]
    theirs = [postgres.execute("SELECT %s::jsonb < %s::jsonb", pair).fetchone()[0] for pair in pairs]
    ours = [bool(lite.execute("SELECT ? < ? COLLATE JSONB", pair).fetchone()[0]) for pair in pairs]
    assert [pair for pair, a, b in zip(pairs, ours, theirs, strict=True) if a != b] == []


def test_keys(lite, postgres):
    for value in VALUES:
        text = json.dumps(value)
        for keys in (["a"], ["a", "b"], ["c", "b"], []):
            theirs = postgres.execute(
                "SELECT %s::jsonb ?| %s::text[], %s::jsonb ?& %s::text[]", (text, keys) * 2
            ).fetchone()
            ours = lite.execute("SELECT p_has_any(?, ?), p_has_all(?, ?)", (text, json.dumps(keys)) * 2).fetchone()
            assert tuple(map(bool, ours)) == theirs, (value, keys)


def test_paths(lite, postgres):
    whole = json.dumps({"a": [1, {"b": "x"}], "0": True})
    for path in (["a"], ["a", "0"], ["a", "-1", "b"], ["a", "5"], ["a", "x"], ["0"], [], ["a", "0", "b"]):
        theirs = postgres.execute("SELECT %s::jsonb #> %s::text[]", (whole, path)).fetchone()[0]
        ours = lite.execute("SELECT p_json_path(?, ?)", (whole, json.dumps(path))).fetchone()[0]
        assert (None if ours is None else json.loads(ours)) == theirs, path


def test_text_of_json(lite, postgres):
    for value in VALUES:
        text = json.dumps(value)
        theirs = postgres.execute("SELECT %s::jsonb::text", (text,)).fetchone()[0]
        assert lite.execute("SELECT p_jsonb_text(?)", (text,)).fetchone()[0] == theirs


PATTERNS = {
    "like": [
        *(
            "a%",
            "%b",
            "_",
            "a_c",
            "%",
            "",
            "A%",
            "\\%",
            "a\\_c",
            "(a|b)%",
            "%%",
            "%a%b%",
            "a%b",
            "_%_",
            "%_",
            "%ab%ab%",
        ),
        *("%a_%", "a%a", "%\ny"),
    ],
    "ilike": ["A%", "%B", "É%", "%B%A_"],
    "similar": [
        *(
            "(a|b)%",
            "a|b",
            "[a-c]+",
            "a_c",
            "%",
            "a{2}",
            "a.c",
            "\\%",
            "(ab)*",
            "[[:alpha:]]+",
            "[^[:alpha:]]",
            "[]a]%",
        ),
        *("x$", "^a", "\\d", "\\w+", "\\%", "\\."),
    ],
    "regex": [
        *(
            "^a",
            "b$",
            "a.c",
            "^(ab)+$",
            "x$",
            "x.y",
            "[[:upper:]]",
            "[[:digit:][:punct:]]",
            "\\ma",
            "b\\M",
            "\\ya",
            "[$]",
        ),
        *("\\$", "[^]a]", "(?=a)ab", "(a)\\1", "^[[:alpha:]_]+$"),
    ],
    "iregex": ["^A", "B$", "É"],
}
WORDS = ["", "a", "b", "ab", "abc", "a_c", "a.c", "aa", "%", "Abc", "é", "abab", "x\ny", "x\n", "x$", "]", "a b", "7"]
OPERATORS = {"like": "LIKE", "ilike": "ILIKE", "similar": "SIMILAR TO", "regex": "~", "iregex": "~*"}


@pytest.mark.parametrize(
    ("name", "pattern"), [(name, pattern) for name, listed in PATTERNS.items() for pattern in listed]
)
def test_patterns(lite, postgres, name, pattern):
    theirs = [postgres.execute(f"SELECT %s {OPERATORS[name]} %s", (word, pattern)).fetchone()[0] for word in WORDS]
    ours = [bool(lite.execute(f"SELECT p_{name}(?, ?)", (word, pattern)).fetchone()[0]) for word in WORDS]
    assert ours == theirs


def test_a_pattern_that_would_search_for_ever_ends_the_query(lite):
    """Python's own would take longer than the age of the world for it, and stop every other thread."""
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        lite.execute("SELECT p_regex(?, ?)", ("a" * 60_000, ".*a.*b.*c.*d")).fetchone()


def test_many_wildcards_are_found_at_once(lite):
    text = "a" * 100_000
    assert lite.execute("SELECT p_like(?, ?)", (text, "%a" * 30 + "%b")).fetchone()[0] == 0
    assert lite.execute("SELECT p_like(?, ?)", (text, "%a" * 30 + "%")).fetchone()[0] == 1


@pytest.mark.parametrize(
    "delta",
    [timedelta(0), timedelta(seconds=30), timedelta(days=1), timedelta(days=1, hours=2),
     timedelta(days=400, microseconds=1500),
     timedelta(hours=25, seconds=0.5)],
    ids=str,
)  # fmt: skip
def test_intervals(postgres, delta):
    assert interval_text(delta.total_seconds()) == postgres.execute("SELECT %s::interval::text", (delta,)).fetchone()[0]


def test_statistics(lite, postgres):
    numbers = [1, 5, 2, 9, 9]
    for name in ("stddev", "stddev_pop", "stddev_samp", "var_pop", "var_samp", "variance"):
        for count in (0, 1, 2, 5):
            given = numbers[:count]
            theirs = postgres.execute(f"SELECT {name}(x)::float8 FROM unnest(%s::int[]) AS x", (given,)).fetchone()[0]
            ours = lite.execute(f"SELECT {name}(value) FROM json_each(?)", (json.dumps(given),)).fetchone()[0]
            assert ours == (None if theirs is None else pytest.approx(theirs))
