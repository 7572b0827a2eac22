"""A run that failed goes on after a restart: with the results of what had succeeded, and another parameter."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.road import Road

pytestmark = pytest.mark.process

FLOW = """
from pathlib import Path
from prefect import Flow, Parameter, task
from prefect.engine.results import LocalResult

FOLDER = Path({folder!r})

def note(word):
    with (FOLDER / "done").open("a") as file:
        file.write(word + "\\n")

@task
def extract():
    note("extract")
    return [1, 2, 3]

@task
def clean(number, ill):
    if number in ill:
        raise ValueError(f"{{number}} is ill")
    note(f"clean {{number}}")
    return number * 10

@task
def load(number):
    note(f"load {{number}}")
    return number

@task
def report(numbers):
    note(f"report {{sum(numbers)}}")

with Flow("pipeline", result=LocalResult(dir={folder!r} + "/results")) as flow:
    ill = Parameter("ill", default=[2])
    from prefect import unmapped
    report(load.map(clean.map(extract(), unmapped(ill))))
"""


def test_what_had_succeeded_is_not_run_again(tmp_path: Path) -> None:
    with Road(tmp_path) as road:
        road.server()
        road.register(road.write("flow.py", FLOW.format(folder=str(tmp_path))))
        road.agent()
        run_id = road.new_run("--name", "pipeline")
        assert road.final(run_id)["state"] == "Failed"
        done = tmp_path / "done"
        assert sorted(done.read_text().split("\n")) == ["", "clean 1", "clean 3", "extract", "load 10", "load 30"]
        done.write_text("")

        told = road.prefect("restart", run_id, "--param", "ill=[]").stdout
        assert "restarted, 4 task runs run again" in told
        run = road.final(run_id)

        assert run["state"] == "Success", "\n".join(log["message"] for log in run["logs"])
        assert run["parameters"] == {"ill": []}
        assert done.read_text().split() == ["clean", "2", "load", "20", "report", "60"]
        refused = road.prefect("restart", run_id, code=1)
        assert "nothing in it failed" in refused.stderr
