"""Commands of dbt with its adapter for DuckDB."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prefect.tasks.dbt import DbtShellTask
from support.engines import ROOT


def program() -> str:
    found = shutil.which("dbt", path=str(ROOT / ".tools/dbt/bin")) or shutil.which("dbt")
    if found is None:
        pytest.skip("no dbt here: pip install 'dbt-core<1.11' dbt-duckdb, into an environment on PATH")
    return found


@pytest.mark.process
def test_a_project_is_built(tmp_path: Path) -> None:
    dbt = f"{program()} --no-send-anonymous-usage-stats --no-version-check"
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: shop\nversion: 1.0.0\nprofile: shop\n")
    (tmp_path / "models/orders.sql").write_text("select 1 as id union all select 2 as id")
    (tmp_path / "models/orders.yml").write_text(
        "models:\n  - name: orders\n    columns:\n      - name: id\n        tests: [unique]\n"
    )
    task = DbtShellTask(
        profile_name="shop",
        environment="dev",
        profiles_dir=str(tmp_path / "it's here"),
        dbt_kwargs={"type": "duckdb", "path": str(tmp_path / "shop.duckdb"), "threads": 1},
        helper_script=f"cd {tmp_path}",
        return_all=True,
        env={"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )

    assert any("PASS=2" in line for line in task.run(command=f"{dbt} build"))
