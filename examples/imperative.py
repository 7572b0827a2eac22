"""The imperative API: tasks as objects, put together step by step; for flows whose shape comes from data."""

from __future__ import annotations

from typing import Any

from prefect import Flow, Parameter, Task

RECIPE = {"boil water": [], "grind beans": [], "brew": ["boil water", "grind beans"], "drink": ["brew"]}


class Step(Task):
    """One step of a recipe; a task of a class of its own can have settings of its own."""

    def __init__(self, minutes: int, **kwargs: Any) -> None:
        self.minutes = minutes
        super().__init__(**kwargs)

    def run(self, guests: int) -> str:
        return f"{self.name} for {guests} ({self.minutes * guests} minutes)"


flow = Flow("imperative")
guests = Parameter("guests", default=2)
steps = {name: Step(minutes=len(name) // 4, name=name) for name in RECIPE}
for name, needed in RECIPE.items():
    # Order comes from upstream_tasks, values from keyword_tasks.
    flow.set_dependencies(
        steps[name], upstream_tasks=[steps[other] for other in needed], keyword_tasks={"guests": guests}
    )
# An edge can be added alone, too.
flow.add_edge(steps["boil water"], steps["drink"])

if __name__ == "__main__":
    state = flow.run(guests=3)
    for task in flow.sorted_tasks():
        print(f"{task.name:12} {state.result[task].result}")
