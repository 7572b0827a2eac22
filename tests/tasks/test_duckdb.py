"""Queries of DuckDB, by DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect import Flow
from prefect.tasks.duckdb import DuckDBQuery

duckdb = pytest.importorskip("duckdb")

HOSTILE = "x'); DROP TABLE t; --"


def test_rows_and_values(tmp_path: Path) -> None:
    base = DuckDBQuery(database=str(tmp_path / "shop.duckdb"))
    base.run("CREATE TABLE t (a INTEGER, b VARCHAR)")
    base.run("INSERT INTO t VALUES (?, ?), (2, 'two')", [1, HOSTILE])

    assert base.run("SELECT a, b FROM t ORDER BY a") == [(1, HOSTILE), (2, "two")]
    assert base.run("SELECT a FROM t WHERE b = $name", {"name": HOSTILE}, read_only=True) == [(1,)]
    assert list(base.run("SELECT * FROM t ORDER BY a", to_dataframe=True)["a"]) == [1, 2]
    with pytest.raises(duckdb.Error, match="read-only"):
        base.run("DROP TABLE t", read_only=True)


def test_frames_and_files_are_tables(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    (tmp_path / "it's.csv").write_text("a,b\n1,x\n2,y\n")
    frame = pandas.DataFrame({"a": [2, 3]})
    with Flow("duck") as flow:
        found = DuckDBQuery(settings={"threads": 1})(
            "SELECT f.a, c.b FROM f JOIN read_csv(?) c ON c.a = f.a", [str(tmp_path / "it's.csv")], frames={"f": frame}
        )
    state = flow.run()

    assert state.result[found].result == [(2, "y")]


@pytest.mark.parametrize("how", [{"settings": {"no_such": 1}}, {"query": "SELEC 1"}, {"parameters": [1, 2]}])
def test_what_it_refuses_it_says(how: dict[str, object]) -> None:
    with pytest.raises(duckdb.Error):
        DuckDBQuery("SELECT 1").run(**how)
