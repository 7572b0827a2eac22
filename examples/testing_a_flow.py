"""Testing a flow: a task is a function that can be called as `.run`; a flow can be run with states that are given."""

from __future__ import annotations

from prefect import Flow, Task, task
from prefect.engine.state import Failed, Success


class FetchPrice(Task):
    """Asks a service that a test has no business asking."""

    def run(self, symbol: str) -> float:
        raise ConnectionError(f"no service in this example, asked for {symbol}")


@task
def value(price: float, shares: int) -> float:
    return price * shares


@task(name="tell")
def tell(value: float) -> str:
    return f"worth {value:.2f}"


with Flow("portfolio") as flow:
    price = FetchPrice()("ABC")
    told = tell(value(price, shares=10))


def test_a_task_is_a_function() -> None:
    assert value.run(2.5, shares=4) == 10


def test_the_shape_of_the_flow() -> None:
    assert {t.name for t in flow.root_tasks()} == {"FetchPrice"}
    assert flow.terminal_tasks() == flow.reference_tasks() == {told}
    assert [t.name for t in flow.sorted_tasks()] == ["FetchPrice", "value", "tell"]


def test_the_flow_without_the_service() -> None:
    # A task whose state is given is not run.
    state = flow.run(task_states={price: Success(result=12.0)})
    assert state.is_successful()
    assert state.result[told].result == "worth 120.00"


def test_a_missing_price_fails_the_flow() -> None:
    state = flow.run(task_states={price: Failed("market closed")})
    assert state.is_failed()
    assert state.result[told].message == 'Trigger was "all_successful" but some of the upstream tasks failed.'


if __name__ == "__main__":
    # pytest would find these by their names.
    for name, test in sorted(globals().copy().items()):
        if name.startswith("test_"):
            test()
            print(f"ok  {name}")
