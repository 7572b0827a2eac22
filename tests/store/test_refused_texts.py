"""Patterns and times that are none: each is refused with its own reason."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from graphql import parse_value

from prefect.server.graphql import arguments, execute
from prefect.server.graphql.times import read_time
from prefect.server.store import backup as backup_module
from prefect.server.store import migrations, opening
from prefect.server.store.addresses import conninfo
from prefect.server.store.backup import backup
from prefect.server.store.database import DatabaseUnavailable, InvalidValue
from prefect.server.store.dialect import dump_time
from prefect.server.store.fragments import _checked
from prefect.server.store.patterns import LONGEST_PATTERN, MOST_REPEATS, _folded, check_pattern, like, matcher
from prefect.server.store.sqlite_file import check_writable
from prefect.utilities.installing import install_command

LONG = f"it is longer than {LONGEST_PATTERN} signs"


@pytest.mark.parametrize(
    ("name", "pattern", "reason"),
    [
        ("regex", f"a{{{MOST_REPEATS + 1}}}", f"it repeats more than {MOST_REPEATS} times"),
        ("regex", f"a{{1,{MOST_REPEATS + 1}}}", f"it repeats more than {MOST_REPEATS} times"),
        ("regex", "a{1x}", "{1 is no repetition"),
        ("regex", "a{12", "{1 is no repetition"),
        ("similar", "a{", "{ is no repetition"),
        ("similar", "a{x}", "{x is no repetition"),
        ("regex", "a\\", "it ends with a backslash"),
        ("regex", r"(a)\12", "references to what was found before are not supported"),
        ("regex", r"a\c", r"\c is no escape"),
        ("regex", r"\q", r"\q is no escape"),
        ("regex", r"\U00110000", "it has a sign that does not exist"),
        ("regex", r"[\U00110000]", "it has a sign that does not exist"),
        ("similar", r"\U00110000", "it has a sign that does not exist"),
        ("regex", r"(a)\1", "references to what was found before are not supported"),
        ("regex", "(?=a)", "looking ahead or behind and options within a pattern are not supported"),
        ("regex", "[a", "a [ has no ]"),
        ("regex", "[a-", "a [ has no ]"),
        ("regex", "[", "a [ has no ]"),
        ("regex", "[[:nothing:]]", "[:nothing:] is no class of signs"),
        ("regex", "[b-a]", "a range within [ ] is not in order"),
        ("regex", r"[a-\d]", "a range within [ ] is not in order"),
        ("regex", "[[.ab.]]", "only single signs are supported within [. .] and [= =]"),
        ("regex", r"[\q]", r"\q is not supported within [ ]"),
        ("regex", "(?x)a", "only the options i and c are supported"),
        ("regex", "a" * (LONGEST_PATTERN + 1), LONG),
        ("iregex", "a" * (LONGEST_PATTERN + 1), LONG),
        ("similar", "a" * (LONGEST_PATTERN + 1), LONG),
        ("like", "_" + "a" * LONGEST_PATTERN, LONG),
        ("ilike", "_" + "a" * LONGEST_PATTERN, LONG),
    ],
)
def test_a_pattern_that_cannot_be_searched_for_says_why(name: str, pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        check_pattern(name, pattern)
    with pytest.raises(InvalidValue, match=r"^Invalid pattern '.*: " + re.escape(reason)):
        _checked(name)(pattern)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("regex", f"a{{{MOST_REPEATS}}}"),
        ("regex", f"a{{1,{MOST_REPEATS}}}"),
        ("regex", "a{"),
        ("regex", "a{x}"),
        ("regex", "[a-a]"),
        ("regex", "[a-]"),
        ("regex", "a" * LONGEST_PATTERN),
        ("similar", "a" * LONGEST_PATTERN),
        ("like", "_" + "a" * (LONGEST_PATTERN - 1)),
        ("like", "a" * (LONGEST_PATTERN + 1)),
        ("ilike", "%" + "a" * (LONGEST_PATTERN + 1)),
    ],
)
def test_one_that_is_just_within_can(name: str, pattern: str) -> None:
    check_pattern(name, pattern)
    assert _checked(name)(pattern) == pattern


@pytest.mark.parametrize(("length", "shown"), [(99, "a" * 98 + "("), (100, "a" * 99 + "("), (101, "a" * 100 + "…")])
def test_of_a_long_pattern_the_beginning_is_shown(length: int, shown: str) -> None:
    with pytest.raises(InvalidValue, match=rf"^Invalid pattern '{re.escape(shown)}': "):
        _checked("regex")("a" * (length - 1) + "(")


def test_a_pattern_searches_for_what_it_says() -> None:
    assert matcher("regex", r"^a{2}$").matches("aa")
    assert not matcher("regex", r"^a{2}$").matches("aaa")
    assert matcher("iregex", "A").matches("xax")
    assert not matcher("regex", "A").matches("xax")
    assert matcher("similar", "a%").matches("abc")
    assert not matcher("similar", "a%").matches("xabc")
    assert matcher("regex", r"^\U0010ffff$").matches("\U0010ffff")
    for sign in "AaJj":  # the sign that is typed with the key Ctrl
        assert matcher("regex", rf"^\c{sign}$").matches(chr(ord(sign.upper()) - 64))
        assert matcher("regex", rf"^[\c{sign}]$").matches(chr(ord(sign.upper()) - 64))
        assert not matcher("regex", rf"\c{sign}").matches(sign)
    assert like("a_c", False).matches("abc")
    assert not like("a_c", False).matches("abbc")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2020-01-01 2020-01-02", "two days"),
        ("today tomorrow", "two days"),
        ("5-nothing-2020", "no month, or no year"),
        ("5-jan-20", "no month, or no year"),
        ("2021-366", "no day of this year"),
        ("2020-367", "no day of this year"),
        ("2020.000", "no day of this year"),
        ("jan 5", "no day, or no year"),
        ("5 2020", "no day, or no year"),
        ("jan 2020", "no day, or no year"),
        ("jan 5 6 2020", "no day, or no year"),
        ("2020-01-01 24:01", "no time of a day"),
        ("2020-01-01 12:60", "no time of a day"),
        ("2020-01-01 12:00:61", "no time of a day"),
        ("2020-01-01 12:00 13:00", "no time of a day"),
        ("2020-01-01 13:00 pm", "no half of a day"),
        ("2020-01-01 pm", "no half of a day"),
        ("2020-01-01 est cet", "two zones"),
        ("jan 5 2020 12:00 +16", "no offset"),
        ("jan 5 2020 12:00 -155960", "no offset"),
        ("12:00", "no day"),
        ("2020-01-01 nowhere/nothing", "no zone 'nowhere/nothing'"),
        ("2020-01-01 §", "'§' is no part of a time"),
        ("x" * 500, "too long"),
    ],
)
def test_a_time_that_is_none_says_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        read_time(text)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2020-366", "2020-12-31T00:00:00+00:00"),
        ("2021-365", "2021-12-31T00:00:00+00:00"),
        ("2020.001", "2020-01-01T00:00:00+00:00"),
        ("5-jan-2020", "2020-01-05T00:00:00+00:00"),
        ("2020-jan-5", "2020-01-05T00:00:00+00:00"),
        ("jan 5 2020", "2020-01-05T00:00:00+00:00"),
        ("2020-01-01 24:00", "2020-01-02T00:00:00+00:00"),
        ("2020-01-01 12:59:60", "2020-01-01T13:00:00+00:00"),
        ("2020-01-01 12:59 am", "2020-01-01T00:59:00+00:00"),
        ("2020-01-01 12:59 pm", "2020-01-01T12:59:00+00:00"),
        ("2020-01-01 12:00+15:59:59", "2019-12-31T20:00:01+00:00"),
        ("2020-01-01 12:00-15:59:59", "2020-01-02T03:59:59+00:00"),
        ("2020-01-01 12:00 est", "2020-01-01T17:00:00+00:00"),
        ("2020-01-01 allballs", "2020-01-01T00:00:00+00:00"),
        ("wed 2020-01-01", "2020-01-01T00:00:00+00:00"),
    ],
)
def test_one_that_is_just_within_is_read(text: str, same: str) -> None:
    found: Any = read_time(text)
    assert (found - found.utcoffset()).replace(tzinfo=None).isoformat() + "+00:00" == same


# ----- questions


def test_an_answer_of_an_operation_is_of_values_that_can_be_told() -> None:
    with pytest.raises(TypeError, match=r"^An operation returned a set$"):
        execute._dump({"a": {1}, "b": 2**70})
    assert execute._dump({"b": 2**70}) == b'{"b": 1180591620717411303424}'


def test_what_is_no_literal_is_not_read_as_one() -> None:
    with pytest.raises(TypeError, match=r"^No literal: object_value$"):
        arguments._plain(parse_value("{a: 1}"))
    assert [arguments._plain(parse_value(text)) for text in ('"x"', "5", "0.5", "true", "ASC")] == [
        *("x", 5, 0.5, True, "ASC")
    ]


# ----- backups


def test_a_backup_that_cannot_be_made_says_of_what_and_where(databases: Any, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=rf"^There is no database at sqlite:///{tmp_path}/nowhere\.db\.$"):
        backup(f"sqlite:///{tmp_path}/nowhere.db", tmp_path / "copy")
    with pytest.raises(DatabaseUnavailable, match=r"^The folder .*/no is not there\.$"):
        backup(databases.fresh("sqlite"), tmp_path / "no" / "folder")
    (tmp_path / "text.db").write_text("this is no database at all, but a text that is long enough" * 50)
    with pytest.raises(DatabaseUnavailable, match=r"^No backup of .* could be made to .*: file is not a database"):
        backup(f"sqlite:///{tmp_path}/text.db", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["text.db"]


def test_a_damaged_database_is_not_copied_as_if_it_were_whole(databases: Any, tmp_path: Path) -> None:
    url = databases.fresh("sqlite")
    source = Path(url.removeprefix("sqlite:///"))
    content = bytearray(source.read_bytes())
    for place in range(4096 * 3, len(content) - 4096, 4096 * 2):
        content[place : place + 200] = b"\xff" * 200
    broken = tmp_path / "broken.db"
    broken.write_bytes(content)
    with pytest.raises(DatabaseUnavailable, match=r"is damaged: |could be made to .*: (database disk image|file is)"):
        backup(f"sqlite:///{broken}", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_copy_that_holds_what_cannot_be_is_none(tmp_path: Path) -> None:
    source = tmp_path / "spoiled.db"
    with closing(sqlite3.connect(source)) as conn:
        conn.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (NULL); PRAGMA writable_schema = ON;")
        conn.executescript("UPDATE sqlite_master SET sql = 'CREATE TABLE t (a NOT NULL)'")
    with pytest.raises(DatabaseUnavailable, match=rf"^The copy of {source} is damaged: NULL value in t\.a$"):
        backup(f"sqlite:///{source}", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == [source]


def test_what_pg_dump_says_is_told_and_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "first line\n  second line" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setattr(backup_module.shutil, "which", lambda name: str(program))
    with pytest.raises(DatabaseUnavailable, match=r"^pg_dump of .* failed: first line second line$") as refused:
        backup("postgresql://me:hidden@127.0.0.1:1/x", tmp_path / "copy")
    assert "hidden" not in str(refused.value)
    assert not (tmp_path / "copy").exists()


def test_without_pg_dump_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = r"^A backup of PostgreSQL needs the program pg_dump, which is not on PATH\.$"
    with pytest.raises(DatabaseUnavailable, match=said):
        backup("postgresql://me@127.0.0.1:1/x", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_not_taken_back(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=rf"^There is no database at sqlite:///{tmp_path}/nowhere\.db\.$"):
        migrations.downgrade(f"sqlite:///{tmp_path}/nowhere.db", migrations.REVISIONS[0])
    assert list(tmp_path.iterdir()) == []


def test_an_address_without_a_place_is_none_and_is_not_shown() -> None:
    said = r"^Database URL postgresql:… is none: expected postgresql://user@host/name$"
    with pytest.raises(ValueError, match=said):
        conninfo("postgresql:me:hidden@db/x")
    assert conninfo("postgresql+psycopg://me@db/x") == "postgresql://me@db/x"


@pytest.mark.parametrize("missing", ["psycopg", "psycopg_pool"])
def test_without_the_driver_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    find = opening.find_spec
    monkeypatch.setattr(opening, "find_spec", lambda name: None if name == missing else find(name))
    said = f"PostgreSQL needs two more packages: {install_command('proctor[postgres]')}"
    for way in (opening.open_database, opening.migrate):
        with pytest.raises(DatabaseUnavailable, match=f"^{re.escape(said)}"):
            way("postgresql://me@127.0.0.1:1/x")
    assert opening.open_database("sqlite:///x.db").dialect.name == "sqlite"


@pytest.mark.parametrize("is_short", [True, False], ids=["at once", "bit by bit"])
def test_a_text_that_no_database_holds_is_refused_in_a_search(database: Any, run_async: Any, is_short: bool) -> None:
    sql = "SELECT CAST(? AS TEXT)" if database.dialect.name == "sqlite" else "SELECT %s::text"
    with pytest.raises(InvalidValue, match=r"^A value can not be stored: .*surrogate"):
        run_async(database.read(lambda tx: tx.texts(sql, ("\ud800",), 1_000, is_short=is_short)))
    assert run_async(database.read(lambda tx: tx.texts(sql, ("é",), 1_000, is_short=is_short))) == ["é"]


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("disk I/O error"), sqlite3.DatabaseError("malformed")], ids=str
)
def test_a_file_that_cannot_be_written_is_named_with_what_the_engine_says(tmp_path: Path, error: Exception) -> None:
    class Conn:
        def execute(self, sql: str) -> None:
            raise error

    path = tmp_path / "proctor.db"
    with pytest.raises(DatabaseUnavailable, match=rf"^Database file {re.escape(str(path))} can not be used: {error}$"):
        check_writable(Conn(), path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "folded"), [("AbC", "abc"), ("ÉA", "éa"), ("İA", "İa"), ("aİÉB", "aİéb"), ("", "")], ids=repr
)
def test_a_text_is_lowered_sign_by_sign_and_keeps_its_length(text: str, folded: str) -> None:
    """Python lowers the second sign here to two."""
    assert _folded(text) == folded
    assert like(text.replace("A", "_"), ignore_case=True).matches(text)


def test_times_are_stored_so_that_they_sort() -> None:
    times = [datetime(2030, 1, 1, 12, 0, second, micro, UTC) for second in (0, 1) for micro in (0, 1, 500_000)]
    texts = [dump_time(time) for time in times]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {32}
    east = timezone(timedelta(hours=2))
    assert dump_time(datetime(2030, 1, 1, 14, tzinfo=east)) == texts[0] == "2030-01-01T12:00:00.000000+00:00"
    with pytest.raises(InvalidValue, match="Time without a zone"):
        dump_time(datetime(2030, 1, 1))
