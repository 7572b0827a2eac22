"""What somebody writes in an editor; checked by mypy, not run. ``# shows:`` is what the editor shows of the line."""

# ruff: noqa: F821, B018 - reveal_type is known to type checkers only, and some lines are wrong on purpose

from __future__ import annotations

from datetime import timedelta

from prefect import Flow, Parameter, Task, task


@task
def load(path: str, limit: int = 10) -> list[int]:
    return list(range(limit))


@task(max_retries=3, retry_delay=timedelta(seconds=1))
def double(value: int) -> int:
    return 2 * value


class Save(Task):
    def run(self, values: list[int]) -> None: ...


reveal_type(load)  # shows: prefect.core.function.FunctionTask[[path: str, limit: int =], list[int]]
reveal_type(double)  # shows: prefect.core.function.FunctionTask[[value: int], int]
reveal_type(load.run)  # shows: def (path: str, limit: int =) -> list[int]
reveal_type(double.run(4))  # shows: int
reveal_type(load.name)  # shows: str
reveal_type(load.max_retries)  # shows: Any | int
reveal_type(load.tags)  # shows: set[str]

with Flow("sample") as flow:
    path = Parameter("path", default="here")
    rows = load(path, limit=3)
    reveal_type(load("x"))  # shows: prefect.core.function.FunctionTask[[path: str, limit: int =], list[int]]
    reveal_type(double.map(rows))  # shows: prefect.core.function.FunctionTask[[value: int], int]
    reveal_type(double(rows, upstream_tasks=[path]))  # shows: prefect.core.function.FunctionTask[[value: int], int]
    reveal_type(double.copy(name="again"))  # shows: prefect.core.function.FunctionTask[[value: int], int]
    reveal_type(rows[0])  # shows: prefect.core.task.Task
    reveal_type(rows + 1)  # shows: prefect.core.task.Task
    saved = Save()(rows)
    reveal_type(saved)  # shows: sample_flow.Save
    reveal_type(saved.set_upstream(rows))  # shows: sample_flow.Save
    saved.set_downstream(double)

reveal_type(flow)  # shows: prefect.core.flow.Flow
reveal_type(flow.run())  # shows: prefect.model.state_base.State

# A mapping asks for elements where the function asks for one.
reveal_type(double.map([1, 2]))  # shows: prefect.core.function.FunctionTask[[value: int], int]
flow.add_task(load)

# What an editor should underline.
double.run("4")  # wrong: incompatible type "str"
double.run()  # wrong: Missing positional argument "value"
load.no_such_attribute  # wrong: has no attribute "no_such_attribute"
