"""The functions that SQLite is taught mean what PostgreSQL's own mean."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import timedelta
from random import Random

import psycopg
import pytest

from prefect.server.store.patterns import check_pattern
from prefect.server.store.sqlite_functions import interval_text, reading, register
from support.databases import NoPostgres


@pytest.fixture
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
    "ilike": ["A%", "%B", "É%", "%B%A_", "É", "_B", "%\\%", "%É%", "A_C"],
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
        *(
            "\\$",
            "[^]a]",
            "^[[:alpha:]_]+$",
            "(?:a|b)+$",
            "a{2}",
            "^a{0,1}$",
            "^.{2,3}$",
            "a{",
            "{",
            "\\w",
            "^\\W*$",
            "\\s",
        ),
        *(
            "\\S\\s\\S",
            "[\\d\\s]",
            "[a-c]$",
            "[^a-c]",
            "[]-]",
            "[\\]]",
            "[[.a.]]b",
            "[[=a=]]b",
            "\\x41",
            "\\u00e9",
            "[\\u00e9]",
        ),
        *(
            "***=a.c",
            "***:a.c",
            "(?i)A",
            "(?i)É",
            "[[:<:]]b",
            "b[[:>:]]",
            "\\Ab",
            "b\\Z",
            "x\\n",
            "[[:space:]]",
            "[[:alnum:]]+ ",
        ),
        *(
            "[[:upper:]][[:lower:]]",
            "()",
            "|a",
            "a|",
            "^(a|ab)(c|bcd)?$",
            "a*?b",
            "\\.",
            "\\d",
            "\\D",
            "%",
            "\\mab\\M",
            "\\Ya",
        ),
    ],
    "iregex": ["^A", "B$", "É", "[A-C]", "[^A-C]", "\\x41", "(?c)A"],
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


LINEAR = {
    "many repeats": (".*a.*b.*c.*d", "a" * 60_000),
    "repeats in repeats": ("(a+)+b", "a" * 60_000),
    "alternatives in repeats": ("(a|a|aa)*b", "a" * 60_000),
    "one repeat after many letters": ("a" * 2_000 + "*b", "a" * 5_000),
    "many options": ("a?" * 200 + "a{200}b", "a" * 10_000),
}


@pytest.mark.parametrize(("pattern", "text"), LINEAR.values(), ids=LINEAR.keys())
@pytest.mark.parametrize("function", ["p_regex", "p_iregex", "p_similar"])
def test_no_pattern_takes_more_than_its_size_times_the_text(lite, function, pattern, text):
    """A search that goes back and tries again would take longer than the age of the world for most of these."""
    assert lite.execute(f"SELECT {function}(?, ?)", (text, pattern)).fetchone()[0] == 0


REFUSED = {
    "back reference": ("(a)\\1", "what was found before"),
    "look ahead": ("(?=a)ab", "looking ahead"),
    "look ahead for nothing": ("(?!a)b", "looking ahead"),
    "look behind": ("(?<=a)b", "looking ahead"),
    "options within": ("a(?i)b", "options within"),
    "unknown option": ("(?x)a", "options i and c"),
    "open set": ("[a", "has no ]"),
    "open group": ("(a", "missing )"),
    "range": ("[b-a]", "not in order"),
    "class": ("[[:nothing:]]", "no class"),
    "repeats": ("a{256}", "more than 255"),
    "repeats of repeats": ("((a{255}){255}){255}", "repetition"),
    "nothing to repeat": ("*a", "repetition"),
    "end": ("a\\", "backslash"),
    "escape": ("\\q", "no escape"),
    "length": ("a" * 5_001, "longer than 5000"),
    "edge": ("\\m.", "edge of a word"),
}


@pytest.mark.parametrize(("pattern", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_takes_more_or_is_malformed_is_refused_with_its_reason(pattern, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        check_pattern("regex", pattern)


@pytest.mark.parametrize("seed", range(3))
def test_random_patterns_are_refused_or_mean_the_same(lite, postgres, seed):
    random = Random(seed)
    signs = [
        "a",
        "b",
        "é",
        ".",
        "^",
        "$",
        "(",
        ")",
        "[",
        "]",
        "^]",
        "|",
        "*",
        "+",
        "?",
        "{2}",
        "{1,}",
        "-",
        "\\d",
        "\\w",
        "\\y",
    ]
    signs += ["\\", "(?:", "[^", "[:alpha:]", "%", "_", "\\.", " "]
    compared = 0
    for _ in range(400):
        pattern = "".join(random.choices(signs, k=random.randint(1, 6)))
        name = random.choice(["regex", "iregex", "similar", "like", "ilike"])
        try:
            check_pattern(name, pattern)
            theirs = [
                postgres.execute(f"SELECT %s {OPERATORS[name]} %s", (word, pattern)).fetchone()[0] for word in WORDS
            ]
        except (ValueError, psycopg.errors.DataError):
            continue
        ours = [bool(lite.execute(f"SELECT p_{name}(?, ?)", (word, pattern)).fetchone()[0]) for word in WORDS]
        if "\\y" in pattern:  # words are of ASCII letters here
            pairs = zip(WORDS, ours, theirs, strict=True)
            ours, theirs = zip(*[(our, their) for word, our, their in pairs if word.isascii()], strict=True)
        assert ours == theirs, (name, pattern)
        compared += 1
    assert compared > 100


LIKES = [
    "%" + "_" + "a" * 3_000 + "b%",
    "%" + "a" * 30_000 + "b%",
    "%a" * 2_000 + "%b",
    "%_a" * 1_500 + "b",
    "_" * 4_000 + "b",
]


@pytest.mark.parametrize("pattern", LIKES, ids=range(len(LIKES)))
@pytest.mark.parametrize("function", ["p_like", "p_ilike"])
def test_like_takes_no_more_either(lite, function, pattern):
    assert lite.execute(f"SELECT {function}(?, ?)", ("a" * 2_000, pattern)).fetchone()[0] == 0


def test_a_pattern_too_large_for_a_text_ends_the_query_with_its_reason(lite):
    pattern = "(a|b){200}c" * 10
    with pytest.raises(sqlite3.OperationalError, match="user-defined function"):
        lite.execute("SELECT p_regex(?, ?)", ("a" * 1_000_000, pattern)).fetchone()
    assert reading.refusal == "A pattern is too large for a text that it would be searched in; use a shorter one."


def test_containment_of_large_lists_is_counted(lite):
    whole = json.dumps([{"a": n} for n in range(3_000)])
    assert lite.execute("SELECT p_contains(?, ?)", (whole, json.dumps([{"a": 2_999}]))).fetchone()[0] == 1
    numbers = json.dumps(list(range(100_000)))
    assert lite.execute("SELECT p_contains(?, ?)", (numbers, numbers)).fetchone()[0] == 1
    with pytest.raises(sqlite3.OperationalError, match="user-defined function"):
        lite.execute("SELECT p_contains(?, ?)", (whole, json.dumps([{"a": 2_999}] * 3_000))).fetchone()


def test_a_search_ends_with_the_time_of_its_read(lite, monkeypatch):
    monkeypatch.setattr(reading, "deadline", 0.0)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        lite.execute("SELECT p_regex(?, ?)", ("a", "b")).fetchall()


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


@pytest.mark.parametrize(
    ("part", "telling"),
    [
        (["eu", "gpu-1"], '"gpu-1"'),
        ({"day": "2026-11-27", "n": 1}, '"2026-11-27"'),
        ({"day": 27, "night": None}, '"night":null'),
        ({"a": {"b": ["deep inside"]}}, '"deep inside"'),
        (["ä", 'x"y', "a\\b", ""], ""),
        ([1, 2], ""),
        ("eu", ""),
        ({"x": "y" * 5000}, ""),
    ],
    ids=["labels", "a parameter", "its name", "deep", "nothing plain", "numbers", "a bare text", "long"],
)
def test_a_row_without_a_text_of_the_wanted_part_is_passed_over(lite, part, telling):
    assert lite.execute("SELECT p_telling(?)", (json.dumps(part),)).fetchone() == (telling,)
    for whole in (part, {"other": [part]}, [part, "more"]):
        assert telling in json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def test_rows_that_lack_the_text_are_not_read_as_json(lite, monkeypatch):
    read = []
    from prefect.server.store import sqlite_functions
    from prefect.server.store.dialect import SQLITE
    from prefect.server.store.fragments import fragments_of

    load = sqlite_functions._load
    monkeypatch.setattr(sqlite_functions, "_load", lambda text: read.append(text) or load(text))
    rows = [json.dumps({"day": f"2026-11-{day:02}", "labels": ["eu"]}) for day in range(1, 31)]
    lite.execute("CREATE TEMP TABLE runs (parameters TEXT)")
    lite.executemany("INSERT INTO runs VALUES (?)", [(row,) for row in rows])
    where = fragments_of(SQLITE).compare("parameters", "jsonb", "_contains", "?1")

    found = lite.execute(f"SELECT parameters FROM runs WHERE {where}", (json.dumps({"day": "2026-11-07"}),)).fetchall()

    assert found == [(rows[6],)]
    assert len([text for text in read if text in rows]) == 1
