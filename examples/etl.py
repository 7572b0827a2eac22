"""Extract, transform, load: three functions become a flow, and their calls its graph."""

from __future__ import annotations

from prefect import Flow, Parameter, task

ORDERS = {
    "monday": [("apples", 3, 0.4), ("pears", 1, 0.6)],
    "tuesday": [("apples", 5, 0.4), ("plums", 20, 0.1)],
}


@task
def extract(day: str) -> list[tuple[str, int, float]]:
    return ORDERS[day]


@task
def transform(orders: list[tuple[str, int, float]]) -> dict[str, float]:
    return {fruit: round(count * price, 2) for fruit, count, price in orders}


# What a task prints goes to the logs, and with a backend to the run's page, when it says so.
@task(log_stdout=True)
def load(totals: dict[str, float]) -> None:
    for fruit, total in totals.items():
        print(f"{fruit:8} {total:6.2f}")


# Inside the block a call does not run the function: it notes what is to be run, and with whose results.
with Flow("etl") as flow:
    day = Parameter("day", default="monday")
    load(transform(extract(day)))

if __name__ == "__main__":
    state = flow.run(parameters={"day": "tuesday"})
    print(f"The run ended in {state}")
