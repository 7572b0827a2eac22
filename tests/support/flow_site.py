"""Flows for the tests of the run form and of a flow's page."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from support.road import Road, wait_until

FLOWS = """
from prefect import Flow, Parameter, task
from prefect.core.parameter import DateTimeParameter
from prefect.run_configs import LocalRun
from prefect.schedules import Schedule
from prefect.schedules.clocks import CronClock

@task
def load(target, limit, options, day):
    return [target, limit, options, day]

def orders(more):
    clocks = [CronClock("0 2 * * *", parameter_defaults={"target": "warehouse"})]
    with Flow("orders", run_config=LocalRun(), schedule=Schedule(clocks=clocks)) as flow:
        parameters = [Parameter("target"), Parameter("limit", default=100)]
        parameters += [Parameter("options", default={"regions": ["eu"]}), DateTimeParameter("day", required=False)]
        rows = load(*parameters)
        if more:
            load.copy(name="again")(rows, Parameter("extra", default=None), 1, None)
    flow.description = "# Orders\\n\\nLoads **orders**. <img src='data:,' onerror=alert(1)>"
    return flow

orders(False).register("demo", labels=[], set_schedule_active=False)
orders(True).register("demo", labels=[], set_schedule_active=False)
with Flow("plain <b>\\u202e markup", run_config=LocalRun()) as plain:
    load("x", Parameter("limit", default=1), {}, None)
plain.register("demo", labels=[])
"""


def ask(site: Road, query: str, **variables: Any) -> Any:
    """Ask the server beside the browser."""
    request = urllib.request.Request(
        f"{site.api}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        said = json.load(answer)
    assert "errors" not in said, said
    return said["data"]


def group_of(site: Road, name: str) -> str:
    found = ask(site, "query ($n: String) { flow(where: {name: {_eq: $n}}, limit: 1) { flow_group_id } }", n=name)
    group: str = found["flow"][0]["flow_group_id"]
    return group


def run_of(site: Road, run_id: str) -> Any:
    return ask(
        site,
        "query ($id: uuid!) { flow_run_by_pk(id: $id) { id name state parameters labels context run_config"
        " idempotency_key scheduled_start_time flow { version } } }",
        id=run_id,
    )["flow_run_by_pk"]


def ended(site: Road, run_id: str) -> Any:
    """Wait until a run has ended; gives it."""

    def look() -> Any:
        run = run_of(site, run_id)
        return run if run["state"] in {"Success", "Failed", "Cancelled"} else None

    return wait_until(f"run {run_id} has ended", look, 120)
