"""Branching: which tasks are run depends on a result; the others are skipped, and the branches come together again."""

from __future__ import annotations

from prefect import Flow, Parameter, case, task
from prefect.tasks.control_flow import merge, switch


@task
def size_of(order: int) -> str:
    return "large" if order > 100 else "small"


@task
def is_abroad(country: str) -> bool:
    return country != "DE"


@task
def send_van() -> str:
    return "van"


@task
def send_bicycle() -> str:
    return "bicycle"


@task
def add_customs_form(vehicle: str) -> str:
    return f"{vehicle}, with a customs form"


@task(log_stdout=True)
def dispatch(how: str) -> str:
    print(f"It goes by {how}")
    return how


with Flow("branching") as flow:
    order, country = Parameter("order", default=10), Parameter("country", default="DE")

    # switch: one task for each value.
    van, bicycle = send_van(), send_bicycle()
    switch(size_of(order), {"large": van, "small": bicycle})
    # merge: the result of the branch that was run. It does not mind that the other one was skipped.
    vehicle = merge(van, bicycle)

    # case: everything in the block is run only if the value is the one named.
    abroad = is_abroad(country)
    with case(abroad, True):
        with_form = add_customs_form(vehicle)
    with case(abroad, False):
        without_form = task(lambda vehicle: vehicle, name="as it is")(vehicle)

    dispatched = dispatch(merge(with_form, without_form))

if __name__ == "__main__":
    for parameters in ({"order": 10}, {"order": 500, "country": "FR"}):
        state = flow.run(parameters=parameters)
        skipped = sorted(t.name for t, s in state.result.items() if s.is_skipped())
        print(f"{parameters}: {state.result[dispatched].result}; skipped: {', '.join(skipped)}")
