"""Retries and caching: what fails is tried again, what is known is not done again."""

from __future__ import annotations

from datetime import timedelta

from prefect import Flow, Parameter, task
from prefect.engine.cache_validators import all_inputs

calls = {"flaky": 0, "slow_square": 0}


# Only connections are tried again; any other exception is a failure at once.
@task(max_retries=3, retry_delay=timedelta(seconds=0.1), retry_on=ConnectionError)
def flaky() -> int:
    calls["flaky"] += 1
    if calls["flaky"] < 3:
        raise ConnectionError(f"attempt {calls['flaky']}")
    return 7


# The result holds for an hour, for the same arguments.
@task(cache_for=timedelta(hours=1), cache_validator=all_inputs)
def slow_square(x: int, y: int) -> int:
    calls["slow_square"] += 1
    return x * x + y


with Flow("retries-and-caching") as flow:
    y = Parameter("y", default=0)
    squared = slow_square(flaky(), y)

if __name__ == "__main__":
    for value in (0, 0, 1):
        state = flow.run(parameters={"y": value})
        print(f"y={value}: {state.result[squared].result}, {calls}")
