"""Visualization: the graph of a flow, and of a run with the colours of its states. Needs the package graphviz."""

from __future__ import annotations

import tempfile
from pathlib import Path

from graphviz import ExecutableNotFound

from prefect import Flow, task
from prefect.triggers import any_successful


@task
def numbers() -> list[int]:
    return [1, 2, 0]


@task
def divide(n: int) -> float:
    return 6 / n


@task(trigger=any_successful)
def summarize(parts: list[float]) -> float:
    return sum(part for part in parts if isinstance(part, float))


with Flow("visualization") as flow:
    total = summarize(divide.map(numbers()))

if __name__ == "__main__":
    state = flow.run()
    path = Path(tempfile.mkdtemp()) / "flow"
    try:
        # Without flow_state: the plain graph. Without filename: shown in a notebook, or opened.
        flow.visualize(flow_state=state, filename=str(path), format="svg")
        print(f"the picture is {path}.svg")
    except ExecutableNotFound:
        # The program `dot` draws the picture; the graph's text, which it would read, is written before.
        print(path.read_text())
