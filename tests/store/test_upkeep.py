"""Backups of a database in use, and the way back to an older schema."""

import contextlib
import os
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from prefect.cli.server import server
from prefect.server.store import migrations
from prefect.server.store.addresses import shown
from prefect.server.store.backup import backup
from prefect.server.store.database import DatabaseUnavailable
from prefect.server.store.opening import migrate
from support.postgres_binaries import account_for_server, find_binaries


def revision_of(url):
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as conn:
            return migrations.sqlite_revision(conn)
    with psycopg.connect(url) as conn:
        return migrations.postgres_revision(conn)


@pytest.mark.parametrize("revision", migrations.REVISIONS)
def test_a_database_goes_back_to_each_revision_and_forward_again(database_url, revision):
    migrations.downgrade(database_url, revision)
    assert revision_of(database_url) == revision

    migrations.downgrade(database_url, revision)  # nothing to do
    migrate(database_url)
    assert revision_of(database_url) == migrations.HEAD


def test_a_revision_that_is_unknown_or_still_to_come_is_refused(databases):
    url = databases.fresh("sqlite")
    with pytest.raises(ValueError, match="no revision '7777'"):
        migrations.downgrade(url, "7777")
    migrations.downgrade(url, migrations.REVISIONS[0])
    with pytest.raises(DatabaseUnavailable, match="is before"):
        migrations.downgrade(url, migrations.HEAD)


def test_a_backup_made_while_others_write_is_of_one_moment(databases, tmp_path):
    url = databases.fresh("sqlite")
    stop = threading.Event()

    def write():
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10, isolation_level=None)) as conn:
            number = 0
            while not stop.is_set():
                number += 1
                conn.execute("BEGIN IMMEDIATE")
                for table in ("a", "b"):
                    conn.execute(
                        "INSERT INTO run_key (scope, key, flow_run_id) VALUES (?, ?, 'x')", (table, f"{number:06}")
                    )
                conn.execute("COMMIT")

    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            backup(url, tmp_path / f"{number}.db")
    finally:
        stop.set()
        writer.join()

    for number in range(5):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
            counts = copy.execute("SELECT scope, count(*) FROM run_key GROUP BY scope").fetchall()
            assert len({count for _, count in counts}) <= 1
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list(tmp_path.glob("*.partial")) == []


@pytest.mark.parametrize(("mode", "copied"), [(0o600, 0o600), (0o640, 0o640), (0o644, 0o644)])
def test_a_backup_is_as_protected_as_its_database_while_it_is_made_and_after(databases, tmp_path, mode, copied):
    url = databases.fresh("sqlite")
    Path(url.removeprefix("sqlite:///")).chmod(mode)
    seen: list[int] = []
    stop = threading.Event()

    def watch():
        while not stop.is_set():
            for path in tmp_path.glob("copy*"):
                with contextlib.suppress(FileNotFoundError):
                    seen.append(path.stat().st_mode & 0o777)

    watcher = threading.Thread(target=watch)
    watcher.start()
    before = os.umask(0o000)
    try:
        backup(url, tmp_path / "copy.db")
    finally:
        os.umask(before)
        stop.set()
        watcher.join()

    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == copied
    assert not [found for found in seen if found & ~copied]


def test_a_backup_is_on_the_disk_before_it_has_its_name_and_then_its_name_is(databases, tmp_path, monkeypatch):
    target, real, synced = tmp_path / "copy.db", os.fsync, []

    def fsync(fd):
        synced.append((os.readlink(f"/proc/self/fd/{fd}"), target.exists()))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    backup(databases.fresh("sqlite"), target)
    assert synced == [(f"{target}.partial", False), (str(tmp_path), True)]


def test_a_backup_overwrites_nothing_and_says_what_is_missing(databases, tmp_path):
    there = tmp_path / "there"
    there.write_text("kept")
    with pytest.raises(DatabaseUnavailable, match="overwrites nothing"):
        backup(databases.fresh("sqlite"), there)
    with pytest.raises(DatabaseUnavailable, match="no database"):
        backup(f"sqlite:///{tmp_path}/nowhere.db", tmp_path / "copy")
    with pytest.raises(DatabaseUnavailable, match=r"folder .* is not there"):
        backup(databases.fresh("sqlite"), tmp_path / "no" / "folder")
    assert there.read_text() == "kept"


@pytest.mark.postgres
def test_a_backup_of_postgresql_can_be_restored(databases, tmp_path, monkeypatch):
    from conftest import fresh_or_skip

    url, other = fresh_or_skip(databases, "postgres"), fresh_or_skip(databases, "postgres", migrated=False)
    binaries = find_binaries(account_for_server())
    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin")
    with psycopg.connect(url) as conn:
        conn.execute("INSERT INTO tenant (id, name, slug) VALUES (gen_random_uuid(), 'n', 'kept')")

    backup(url, tmp_path / "dump")
    assert (tmp_path / "dump").stat().st_mode & 0o777 == 0o600
    subprocess.run([str(binaries / "pg_restore"), f"--dbname={other}", str(tmp_path / "dump")], check=True)

    with psycopg.connect(other) as conn:
        assert conn.execute("SELECT slug FROM tenant").fetchall() == [("kept",)]
    migrate(other)
    for one in (url, other):
        databases.drop(one)


@pytest.mark.postgres
def test_postgresql_is_reset_by_any_form_of_its_address(databases):
    from conftest import fresh_or_skip

    url = fresh_or_skip(databases, "postgres")
    with psycopg.connect(url) as conn:
        conn.execute("INSERT INTO tenant (id, name, slug) VALUES (gen_random_uuid(), 'n', 'gone')")
    form = url.replace("postgresql://", "postgresql+psycopg://")

    done = CliRunner().invoke(server, ["database", "reset", "--yes", "--database-url", form])

    assert done.exit_code == 0, done.output
    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT slug FROM tenant").fetchall() == []
    databases.drop(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://me:s%40cret@db:5432/p", "postgresql://me:***@db:5432/p"),
        ("postgresql://db/p?user=me&password=secret&sslmode=require", "postgresql://db/p?user=me&password=***&sslmode=require"),
        ("postgresql://me:secret@one:1,two:2/p?sslpassword=secret", "postgresql://me:***@one:1,two:2/p?sslpassword=***"),
        ("postgresql://db/p", "postgresql://db/p"),
        ("sqlite:////srv/p.db", "sqlite:////srv/p.db"),
    ],
)  # fmt: skip
def test_no_form_of_an_address_shows_its_password(url, expected):
    assert shown(url) == expected


def test_the_commands_do_it_and_tell(databases, tmp_path: Path):
    url = databases.fresh("sqlite")
    call = CliRunner().invoke

    done = call(server, ["database", "backup", str(tmp_path / "copy.db"), "--database-url", url])
    assert done.exit_code == 0, done.output
    again = call(server, ["database", "backup", str(tmp_path / "copy.db"), "--database-url", url])
    assert again.exit_code == 1
    assert "overwrites nothing" in again.output
    asked = call(server, ["database", "downgrade", "0001", "--database-url", url], input="n\n")
    assert asked.exit_code == 1
    assert revision_of(url) == migrations.HEAD
    back = call(server, ["database", "downgrade", "0001", "--yes", "--database-url", url])
    assert back.exit_code == 0, back.output
    assert revision_of(url) == "0001"
    assert call(server, ["database", "upgrade", "--database-url", url]).exit_code == 0
    assert revision_of(url) == migrations.HEAD
