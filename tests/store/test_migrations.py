"""The schema that migrations make is the one that the catalogue describes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import JSON, BigInteger, Boolean, DateTime, Integer, Interval, Text, Uuid, create_engine, inspect, text

from prefect.server.catalogue import metadata
from prefect.server.store.database import DatabaseFromNewerVersion, DatabaseUnavailable
from prefect.server.store.migrations import HEAD, REVISIONS, downgrade
from prefect.server.store.migrations import run as run_module
from prefect.server.store.migrations.run import script_directory
from prefect.server.store.opening import migrate, open_database

# SQLAlchemy tells nothing of such an index in SQLite: it is compared by its text.
pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
# Made only where the extension is there, which the catalogue cannot say.
OF_AN_EXTENSION = {"flow_run_name_trgm_idx", "task_run_name_trgm_idx"}


@pytest.fixture
def engine(database_url):
    made = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    yield made
    made.dispose()


def _kind(column, dialect):
    names = {
        Uuid: ("TEXT", "UUID"),
        DateTime: ("TEXT", "TIMESTAMP"),
        JSON: ("TEXT", "JSONB"),
        Interval: ("INTEGER", "INTERVAL"),
        Boolean: ("BOOLEAN", "BOOLEAN"),
        BigInteger: ("BIGINT", "BIGINT"),
        Integer: ("INTEGER", "INTEGER"),
        Text: ("TEXT", "TEXT"),
    }
    return next(pair for kind, pair in names.items() if isinstance(column.type, kind))[dialect == "postgresql"]


def test_every_revision_is_listed_in_order():
    scripts = list(script_directory().walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == REVISIONS
    assert script_directory().get_current_head() == HEAD


def test_tables_and_columns_are_those_of_the_catalogue(engine):
    found = inspect(engine)
    assert set(found.get_table_names()) - {"alembic_version"} == set(metadata.tables)
    for name, table in metadata.tables.items():
        columns = {column["name"]: column for column in found.get_columns(name)}
        expected = [
            (c.name, bool(c.nullable), _kind(c, engine.dialect.name), c.server_default is not None) for c in table.c
        ]
        assert [
            (c["name"], c["nullable"], str(c["type"]).split("(")[0], c["default"] is not None) for c in columns.values()
        ] == expected, name


def test_keys_and_indexes_are_those_of_the_catalogue(engine):
    found = inspect(engine)
    for name, table in metadata.tables.items():
        assert found.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key], name
        keys = {
            (key["constrained_columns"][0], key["referred_table"], key["options"].get("ondelete"))
            for key in found.get_foreign_keys(name)
        }
        assert keys == {(c.name, key.column.table.name, key.ondelete) for c in table.c for key in c.foreign_keys}, name
        unique = {tuple(key["column_names"]) for key in found.get_unique_constraints(name)}
        assert unique == {
            tuple(c.name for c in rule.columns)
            for rule in table.constraints
            if rule.__visit_name__ == "unique_constraint"
        }, name
        indexes = {
            tuple(index["column_names"][: -len(index.get("include_columns", ())) or None])
            for index in found.get_indexes(name)
            if None not in index["column_names"]
            and not index.get("duplicates_constraint")
            and index["name"] not in OF_AN_EXTENSION
        }
        # One over expressions is compared below.
        assert indexes == {
            tuple(c.name for c in index.columns)
            for index in table.indexes
            if index.info.get("only", engine.dialect.name) == engine.dialect.name
            and len(index.columns) == len(index.expressions)
        }, name


def test_checks_hold(engine):
    with engine.connect() as conn, pytest.raises(Exception, match=r"(?i)check"):
        conn.execute(
            text(
                """INSERT INTO task_tag_limit (id, tag, "limit")
                   VALUES ('00000000-0000-0000-0000-000000000001', 'x', -1)"""
            )
        )


def test_migrating_a_migrated_database_does_nothing_and_imports_no_alembic(databases, database_url):
    code = (
        "import sys; from prefect.server.store.opening import migrate; migrate(sys.argv[1]); "
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, database_url], check=True, timeout=60)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_processes_that_start_together_migrate_once(databases, kind):
    from support.databases import NoPostgres

    try:
        url = databases.fresh(kind, migrated=False)
    except NoPostgres as error:
        pytest.skip(str(error))
    code = "import sys; from prefect.server.store.opening import migrate; migrate(sys.argv[1])"

    def start(_):
        return subprocess.run([sys.executable, "-c", code, url], check=False, timeout=120, capture_output=True)

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(start, range(3)))
    assert [result.stderr for result in results if result.returncode] == []
    migrate(url)
    databases.drop(url)


@pytest.mark.parametrize("way", ["forward", "back"])
def test_nobody_else_writes_while_a_file_is_migrated(databases, monkeypatch, way):
    """What another process wrote meanwhile would be lost, or stop half of the work."""
    url = databases.fresh("sqlite", migrated=way == "back")
    path, seen, real = url.removeprefix("sqlite:///"), [], run_module.run

    def watched(kind, connection, lock, **how):
        def locked():
            is_due = lock()
            refused = pytest.raises(sqlite3.OperationalError, match="locked")
            with closing(sqlite3.connect(path, timeout=0)) as other, refused:
                other.execute("BEGIN IMMEDIATE")
            seen.append(is_due)
            return is_due

        return real(kind, connection, locked, **how)

    monkeypatch.setattr(run_module, "run", watched)
    if way == "back":
        downgrade(url, REVISIONS[0])
    else:
        migrate(url)
    assert seen == [True]


def test_a_database_from_a_newer_version_is_refused(engine, database_url, run_async):
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseFromNewerVersion, match="9999"):
        migrate(database_url)
    with pytest.raises(DatabaseFromNewerVersion, match="newer version"):
        run_async(open_database(database_url).start())


def test_an_empty_database_is_not_opened(tmp_path, run_async):
    with pytest.raises(DatabaseUnavailable, match="Migrate it first"):
        run_async(open_database(f"sqlite:///{tmp_path}/new.db").start())


def _described(engine):
    """All that can be seen of the tables: columns with their defaults, and types where these have names; the rest."""
    found = inspect(engine)
    is_sqlite = engine.dialect.name == "sqlite"
    described = {}
    for name in metadata.tables:
        described[name] = {
            "columns": [
                (c["name"], is_sqlite or str(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(name)
            ],
            "indexes": sorted(
                (
                    str(i["column_names"]),
                    i["unique"],
                    str(i.get("expressions")),
                    str({k: str(v) for k, v in i.get("dialect_options", {}).items()}),
                )
                for i in found.get_indexes(name)
                if i["name"] not in OF_AN_EXTENSION
            ),
            "checks": sorted(rule["sqltext"] for rule in found.get_check_constraints(name)),
        }
    if is_sqlite:
        with engine.connect() as conn:
            for name, without_rowid, strict in conn.execute(text("SELECT name, wr, strict FROM pragma_table_list")):
                if name in described:
                    described[name]["options"] = (without_rowid, strict)
            written = "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY sql"
            for name, sql in conn.execute(text(written)):
                if name in described:
                    described[name].setdefault("texts", []).append(sql)
    return described


def test_defaults_indexes_and_options_are_those_that_the_catalogue_would_make(engine, databases):
    kind = "sqlite" if engine.dialect.name == "sqlite" else "postgres"
    url = databases.fresh(kind, migrated=False)
    made = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        metadata.create_all(made)
        expected, found = _described(made), _described(engine)
    finally:
        made.dispose()
        databases.drop(url)
    for name, table in expected.items():
        assert found[name] == table, name


def test_a_database_from_a_newer_version_is_not_taken_back(engine, database_url):
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseFromNewerVersion, match="9999"):
        downgrade(database_url, REVISIONS[0])


def test_a_database_whose_revision_cannot_be_read_is_named(engine, database_url):
    with engine.begin() as conn:
        conn.execute(text("ALTER TABLE alembic_version RENAME COLUMN version_num TO other"))
    for change in (migrate, lambda url: downgrade(url, REVISIONS[0])):
        with pytest.raises(DatabaseUnavailable, match=r"^Database .* can not be migrated: .*version_num"):
            change(database_url)
