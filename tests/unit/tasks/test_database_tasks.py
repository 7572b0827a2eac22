"""Tasks for databases: PostgreSQL itself; the drivers of MySQL, SQL Server and Snowflake in a fake over SQLite."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from fakes.dbapi_driver import FakeDriver
from prefect.tasks.mysql import MySQLExecute, MySQLFetch
from prefect.tasks.postgres import PostgresExecute, PostgresExecuteMany, PostgresFetch
from prefect.tasks.snowflake import SnowflakeQueriesFromFile, SnowflakeQuery
from prefect.tasks.sql_server import SqlServerExecute, SqlServerExecuteMany, SqlServerFetch

INJECTION = "x'); DROP TABLE t; --"


@pytest.fixture
def postgres(databases: Any) -> Iterator[dict[str, Any]]:
    from support.databases import NoPostgres

    try:
        url = databases.fresh("postgres", migrated=False)
    except NoPostgres as error:
        pytest.skip(str(error))
    parts = make_url(url)
    yield {"db_name": parts.database, "user": parts.username, "host": parts.host, "port": parts.port or 5432}
    databases.drop(url)


@pytest.mark.postgres
def test_postgres_statements_and_rows(postgres: dict[str, Any]) -> None:
    PostgresExecute(**postgres, query="CREATE TABLE t (a int, b text)", commit=True).run()
    assert (
        PostgresExecuteMany(**postgres, commit=True).run(
            query="INSERT INTO t VALUES (%s, %s)", data=[(1, INJECTION), (2, "y"), (3, "100%")]
        )
        is None
    )

    fetch = PostgresFetch(**postgres, query="SELECT a, b FROM t ORDER BY a")
    assert fetch.run() == (1, INJECTION)
    assert fetch.run(fetch="many", fetch_count=2) == [(1, INJECTION), (2, "y")]
    assert fetch.run(fetch="all", col_names=True) == ([(1, INJECTION), (2, "y"), (3, "100%")], ["a", "b"])
    assert fetch.run(query="SELECT a FROM t WHERE b LIKE '100%%' AND a = %(a)s", data={"a": 3}) == (3,)
    assert fetch.run(query="SELECT b FROM t WHERE b LIKE '100%'") == ("100%",)


@pytest.mark.postgres
def test_postgres_keeps_only_what_is_committed(postgres: dict[str, Any]) -> None:
    PostgresExecute(**postgres, commit=True).run(query="CREATE TABLE t (a int)")
    PostgresExecute(**postgres).run(query="INSERT INTO t VALUES (1)")
    PostgresExecuteMany(**postgres).run(query="INSERT INTO t VALUES (%s)", data=[(2,)])
    assert PostgresFetch(**postgres).run(query="SELECT count(*) FROM t") == (0,)
    assert PostgresFetch(**postgres, commit=True).run(query="INSERT INTO t VALUES (1) RETURNING a") == (1,)
    assert PostgresFetch(**postgres).run(query="SELECT count(*) FROM t") == (1,)


@pytest.mark.postgres
def test_postgres_that_is_away_or_refuses_shows_no_password(postgres: dict[str, Any]) -> None:
    from support.road import free_port

    for changed in ({"port": free_port()}, {"user": "nobody-here"}):
        with pytest.raises(Exception, match="connection") as caught:
            PostgresFetch(**{**postgres, **changed}).run(query="SELECT 1", password="s3cr3t-pass")
        assert "s3cr3t" not in str(caught.value)


@pytest.fixture
def driver(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    fake = FakeDriver(request.param, str(tmp_path / "t.db"))
    cursors = ModuleType(f"{request.param}.cursors")
    cursors.Cursor = type("Cursor", (), {})  # type: ignore[attr-defined]
    cursors.DictCursor = type("DictCursor", (cursors.Cursor,), {})  # type: ignore[attr-defined]
    cursors.SnowflakeCursor = cursors.Cursor  # type: ignore[attr-defined]
    fake.cursors = cursors  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, request.param.partition(".")[0], fake)
    monkeypatch.setitem(sys.modules, request.param, fake)
    monkeypatch.setitem(sys.modules, f"{request.param}.cursors", cursors)
    monkeypatch.setitem(sys.modules, f"{request.param}.cursor", cursors)
    return fake


@pytest.mark.parametrize("driver", ["pymysql"], indirect=True)
def test_mysql_statements_and_rows(driver: FakeDriver) -> None:
    given = {"db_name": "d", "user": "u", "password": "p", "host": "h"}
    MySQLExecute(**given, query="CREATE TABLE t (a int)", commit=True).run()
    assert MySQLExecute(**given, commit=True).run(query="INSERT INTO t VALUES (1), (2)") == 2
    assert MySQLExecute(**given).run(query="INSERT INTO t VALUES (3)") == 1
    assert MySQLFetch(**given).run(query="SELECT a FROM t", fetch="all", cursor_type="dictcursor") == [(1,), (2,)]

    assert driver.connected[0] == {
        "database": "d", "user": "u", "password": "p", "host": "h", "port": 3306, "charset": "utf8mb4", "ssl": None,
        "connect_timeout": 10, "read_timeout": 10,
    }  # fmt: skip
    assert driver.connected[-1]["cursorclass"].__name__ == "DictCursor"
    with pytest.raises(TypeError, match="'cursor_type' should be one of"):
        MySQLFetch(**given).run(query="SELECT 1", cursor_type="tuple")


@pytest.mark.parametrize("driver", ["pyodbc"], indirect=True)
def test_sql_server_statements_and_rows(driver: FakeDriver) -> None:
    given = {"db_name": "d", "user": "u", "host": "h"}
    SqlServerExecute(**given, query="CREATE TABLE t (a)", commit=True).run(password="p")
    SqlServerExecuteMany(**given, query="INSERT INTO t VALUES (?)", commit=True).run(data=[(1,), (INJECTION,)])
    SqlServerExecute(**given, query="INSERT INTO t VALUES (?)").run(data=(3,))
    fetch = SqlServerFetch(**given, query="SELECT a FROM t")

    assert fetch.run(fetch="many", fetch_count=5) == [(1,), (INJECTION,)]
    assert fetch.run(query="SELECT a FROM t WHERE a = ?", data=(1,)) == (1,)
    assert driver.connected[0] == {
        "driver": "ODBC Driver 17 for SQL Server", "host": "h", "database": "d", "port": 1433, "user": "u",
        "password": "p",
    }  # fmt: skip


@pytest.mark.parametrize("driver", ["pyodbc"], indirect=True)
def test_a_value_cannot_bring_further_settings_into_a_connection(driver: FakeDriver) -> None:
    with pytest.raises(ValueError, match="`password` of SqlServerExecute") as caught:
        SqlServerExecute("d", "u", "h", query="SELECT 1").run(password="s3cr3t;Server=evil")
    assert "s3cr3t" not in str(caught.value)
    assert driver.connected == []


@pytest.mark.parametrize("driver", ["snowflake.connector"], indirect=True)
def test_snowflake_statements_and_rows(driver: FakeDriver, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("CREATE TABLE t (a); INSERT INTO t VALUES (1); SELECT a FROM t")
    given = {"account": "acc", "user": "u", "password": "p", "warehouse": "w"}

    assert SnowflakeQueriesFromFile(**given).run(file_path=str(tmp_path / "q.sql")) == [[], [], [(1,)]]
    assert SnowflakeQuery(**given).run(query="SELECT a FROM t WHERE a = %s", data=(1,)) == [(1,)]
    assert driver.connected[-1] == {**given, "application": "Proctor_SnowflakeQuery"}


def test_snowflake_needs_one_way_to_log_in() -> None:
    with pytest.raises(ValueError, match="An authentication keyword must be provided"):
        SnowflakeQuery(account="a", user="u", query="SELECT 1").run()


@pytest.mark.parametrize("fetch", [PostgresFetch, MySQLFetch, SqlServerFetch])
def test_other_ways_to_fetch_are_refused_before_connecting(fetch: Any) -> None:
    with pytest.raises(ValueError, match="must be one of the following"):
        fetch(db_name="d", user="u", host="h").run(query="SELECT 1", fetch="few")
