"""Flows of flows: one inside another in the same run, or each with a run of its own on a server."""

from __future__ import annotations

from prefect import Flow, Parameter, task
from prefect.tasks.prefect import create_flow_run, get_task_run_result, wait_for_flow_run


@task
def load(region: str) -> list[int]:
    return [len(region), 2]


@task
def total(rows: list[int]) -> int:
    return sum(rows)


with Flow("load-region") as child:
    region = Parameter("region", default="north")
    rows = total(load(region))

# With a server: the parent makes a run of the registered child, waits for it and takes a result out of it. Building
# this flow needs no server, running it does: `prefect register -p examples/parent_and_child_flows.py --project demo`.
with Flow("parent") as parent:
    run_id = create_flow_run(flow_name="load-region", project_name="demo", parameters={"region": "south"})
    finished = wait_for_flow_run(run_id, raise_final_state=True)
    child_total = get_task_run_result(run_id, "total-1", upstream_tasks=[finished])


@task
def report(total: int) -> str:
    return f"the total is {total}"


# Without a server: the tasks of the child become tasks of the bigger flow.
with Flow("both-in-one") as both:
    both.update(child)
    reported = report(rows)

if __name__ == "__main__":
    state = both.run(parameters={"region": "west"})
    print(state.result[reported].result)
    print(f"the parent would run, in this order: {', '.join(t.name for t in parent.sorted_tasks())}")
