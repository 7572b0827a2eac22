"""Looping: a task that is run again with what it found, until it has all pages of a list."""

from __future__ import annotations

from typing import Any

import prefect
from prefect import Flow, task
from prefect.engine.signals import LOOP

PAGES = {1: (["ada", "bob"], 2), 2: (["cem", "dan"], 3), 3: (["eve"], None)}


@task
def all_names() -> list[str]:
    # The first round has no result of a former one.
    so_far: dict[str, Any] = prefect.context.get("task_loop_result") or {"names": [], "next_page": 1}
    names, next_page = PAGES[so_far["next_page"]]
    so_far = {"names": so_far["names"] + names, "next_page": next_page}
    if next_page is not None:
        # Each round is a state of its own: seen by state handlers, retried alone, kept when results are written.
        raise LOOP(f"page {next_page} comes next", result=so_far)
    return list(so_far["names"])


@task(log_stdout=True)
def greet(name: str) -> None:
    print(f"Hello, {name}")


with Flow("looping") as flow:
    names = all_names()
    greet.map(names)

if __name__ == "__main__":
    state = flow.run()
    print(f"{len(state.result[names].result)} names on {len(PAGES)} pages")
