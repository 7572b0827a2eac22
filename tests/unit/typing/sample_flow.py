"""What somebody writes in an editor; checked by mypy and pyright, not run.

``# shows:`` is what the editor shows of the line to mypy.
``# wrong:`` is what mypy, and after a bar what pyright, says of it.
"""

# ruff: noqa: F821, B018 - reveal_type is known to type checkers only, and some lines are wrong on purpose

from __future__ import annotations

from datetime import timedelta

from prefect import Flow, Parameter, Task, case, task, unmapped
from prefect.tasks.control_flow import merge
from prefect.tasks.secrets import PrefectSecret


@task
def load(path: str, limit: int = 10) -> list[int]:
    return list(range(limit))


@task(max_retries=3, retry_delay=timedelta(seconds=1))
def double(value: int) -> int:
    return 2 * value


@task(name="sum of all", tags={"math"}, nout=2)
def total(values: list[int], *, start: int = 0) -> tuple[int, int]:
    return start + sum(values), len(values)


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
    reveal_type(path)  # shows: prefect.core.parameter.Parameter[str]
    reveal_type(path.run())  # shows: str
    reveal_type(Parameter("any"))  # shows: prefect.core.parameter.Parameter[Any]
    bare: Parameter = Parameter("n", default=3, required=False, choices=[3, 4])
    rows = load(path, limit=3)
    reveal_type(load("x"))  # shows: prefect.core.task.CalledTask
    reveal_type(double.map(rows))  # shows: prefect.core.task.CalledTask
    reveal_type(double(rows, upstream_tasks=[path]))  # shows: prefect.core.task.CalledTask
    reveal_type(double.copy(name="again"))  # shows: prefect.core.function.FunctionTask[[value: int], int]
    reveal_type(rows[0])  # shows: prefect.core.task.CalledTask
    reveal_type(rows + 1)  # shows: prefect.core.task.CalledTask
    saved = Save()(rows)
    reveal_type(saved)  # shows: prefect.core.task.CalledTask
    reveal_type(saved.set_upstream(rows))  # shows: prefect.core.task.CalledTask
    saved.set_downstream(double)

    # A task, or several, may be given for any argument.
    double(rows)
    double(value=rows)
    double(bare)
    double(Save())
    double(path)
    total([double(1), double(2)], start=double(3))
    doubled = [double(number) for number in range(3)]
    total(doubled)
    total(double.map(rows), start=rows[0])
    total.map(unmapped(rows), start=unmapped(2))
    load(PrefectSecret("WHERE")(), flow=flow)
    double(4, task_args={"name": "four"})
    double(4, mapped=False, flow=flow)
    double([1, 2], mapped=True, upstream_tasks=[saved])
    with case(rows[0], 1):
        branch = double(1)
    double(merge(branch, rows))
    first, second = total([1])
    double(first)

reveal_type(flow)  # shows: prefect.core.flow.Flow
reveal_type(flow.run())  # shows: prefect.model.state_base.State

# A mapping asks for elements where the function asks for one.
reveal_type(double.map([1, 2]))  # shows: prefect.core.task.CalledTask
flow.add_task(load)

# What an editor should underline.
double.run("4")  # wrong: incompatible type "str" | "Literal['4']" is not assignable to "int"
double.run()  # wrong: Missing positional argument "value" | Argument missing for parameter "value"
load.no_such_attribute  # wrong: has no attribute "no_such_attribute" | Cannot access attribute "no_such_attribute"
double("4")  # wrong: incompatible type "str" | No overloads for "__call__"
double(valeu=4)  # wrong: No overload variant | No overloads for "__call__"
double()  # wrong: require at least one argument | No overloads for "__call__"
load("x", limit="3")  # wrong: incompatible type "str" | No overloads for "__call__"
total([1, "2"])  # wrong: List item 1 has incompatible type | No overloads for "__call__"
Parameter("x", default=1, requird=False)  # wrong: did you mean "required"? | No overloads for "__init__"


@task(max_retrys=3)  # wrong: did you mean "max_retries"? | No overloads for "task"
def misspelt() -> None: ...


@task(timeout="3 s")  # wrong: No overload variant | is not assignable to "timedelta"
def wrong_kind() -> None: ...


task(lambda: 1, log_stdot=True)  # wrong: did you mean "log_stdout"? | No overloads for "task"
