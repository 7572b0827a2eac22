"""Statements for MySQL against a MariaDB."""

from __future__ import annotations

from typing import Any

import pytest

from prefect.tasks.mysql import MySQLExecute, MySQLFetch
from support.road import free_port

pymysql = pytest.importorskip("pymysql")

HOSTILE = "x'); DROP TABLE t; -- \\' % 😀"


def test_statements_and_rows(mariadb: dict[str, Any]) -> None:
    MySQLExecute(**mariadb, query="CREATE OR REPLACE TABLE t (a int, b varchar(99)) CHARACTER SET utf8mb4").run()
    insert = MySQLExecute(**mariadb, commit=True)
    assert insert.run(query="INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, '100%')") == 3

    fetch = MySQLFetch(**mariadb, query="SELECT a, b FROM t ORDER BY a")
    assert fetch.run() == (1, "one")
    assert fetch.run(fetch="many", fetch_count=2) == ((1, "one"), (2, "two"))
    assert fetch.run(fetch="all", cursor_type="dictcursor")[2] == {"a": 3, "b": "100%"}
    assert fetch.run(fetch="all", cursor_type=pymysql.cursors.SSCursor) == [(1, "one"), (2, "two"), (3, "100%")]
    assert fetch.run(query="SELECT a FROM t WHERE b LIKE '100%'") == (3,)
    with pytest.raises(pymysql.ProgrammingError, match="SQL syntax"):
        insert.run(query="SELEC 1")


def test_only_what_is_committed_stays(mariadb: dict[str, Any]) -> None:
    MySQLExecute(**mariadb, query="CREATE OR REPLACE TABLE kept (a int) ENGINE=InnoDB").run()
    assert MySQLExecute(**mariadb).run(query="INSERT INTO kept VALUES (1)") == 1
    assert MySQLFetch(**mariadb).run(query="SELECT count(*) FROM kept") == (0,)
    MySQLExecute(**mariadb).run(query="INSERT INTO kept VALUES (1)", commit=True)
    assert MySQLFetch(**mariadb).run(query="SELECT count(*) FROM kept") == (1,)


def test_one_statement_is_one_statement(mariadb: dict[str, Any]) -> None:
    MySQLExecute(**mariadb, query="CREATE OR REPLACE TABLE t (a int)").run()
    with pytest.raises(pymysql.ProgrammingError, match="SQL syntax"):
        MySQLExecute(**mariadb).run(query="SELECT 1; DROP TABLE t", commit=True)
    assert MySQLFetch(**mariadb).run(query="SELECT count(*) FROM t") == (0,)


def test_a_database_that_refuses_or_is_away_shows_no_password(mariadb: dict[str, Any]) -> None:
    for changed in ({"password": "wr0ng-pass"}, {"port": free_port()}):
        with pytest.raises(pymysql.OperationalError, match=r"Access denied|Can't connect") as caught:
            MySQLFetch(**{**mariadb, **changed}).run(query="SELECT 1")
        assert "passw0rd" not in str(caught.value)
        assert "wr0ng" not in str(caught.value)
