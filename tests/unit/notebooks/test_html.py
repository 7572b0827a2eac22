"""What a notebook shows of flows, states and runs."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from prefect import Flow, Task, task
from prefect.backend import FlowRunView, TaskRunView
from prefect.core.picture import MOST_TASKS, svg_of
from prefect.engine.state import Failed, Mapped, State, Success
from prefect.model.state_html import MOST_ROWS
from prefect.utilities.graphql import GraphQLResult

SVG = "{http://www.w3.org/2000/svg}"


@task
def add(x: int, y: int = 0) -> int:
    return x + y


def _boxes(svg: ET.Element) -> list[tuple[float, float, float]]:
    rects = svg.iter(f"{SVG}rect")
    return [(float(rect.get("y", 0)), float(rect.get("x", 0)), float(rect.get("width", 0))) for rect in rects]


class _Balanced(HTMLParser):
    """Knows whether every element that begins ends."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_flow_is_a_picture_with_a_box_for_each_task_below_what_it_waits_for() -> None:
    with Flow("sums") as flow:
        first, second = add(1), add(2)
        third = add(first, second)
        last = add.map([third, first])
    svg = ET.fromstring(svg_of(flow))
    assert len(_boxes(svg)) == len(flow.tasks)
    assert len(list(svg.iter(f"{SVG}path"))) == len(flow.edges)
    places = {
        found.findtext(f"{SVG}title"): float(found.find(f"{SVG}rect").get("y"))  # type: ignore[union-attr, arg-type]
        for found in svg.iter(f"{SVG}g")
    }
    assert places["List"] > places["add"] or last.name == "add"
    # A mapped task has corners, and the edge to it is dashed.
    assert any(path.get("stroke-dasharray") for path in svg.iter(f"{SVG}path"))
    assert {rect.get("rx") for rect in svg.iter(f"{SVG}rect")} == {"4", "15"}


def test_no_two_boxes_lie_over_each_other() -> None:
    with Flow("wide") as flow:
        layers = [[add(number) for number in range(7)]]
        for _ in range(3):
            layers.append([add(layers[-1][i], layers[-1][(i * 3 + 1) % 7]) for i in range(7)])
    boxes = sorted(_boxes(ET.fromstring(svg_of(flow))))
    assert len(boxes) == 28
    for (y, x, width), (next_y, next_x, _) in pairwise(boxes):
        assert next_y > y or next_x >= x + width


def test_states_give_their_colours() -> None:
    with Flow("one") as flow:
        only = add(1)
    assert Success().color in svg_of(flow, {only: Success()})
    assert "add: Success" in svg_of(flow, {only: Success()})


def test_a_flow_without_tasks_or_with_too_many_is_told_in_words() -> None:
    assert _Balanced(Flow("empty")._repr_html_()).seen == {"div", "p", "b"}
    many = Flow("many", tasks=[Task() for _ in range(MOST_TASKS + 1)])
    assert f"more than {MOST_TASKS}" in many._repr_html_()
    assert "svg" not in many._repr_html_()


EVIL = "<script>alert('&\"')</script>"


@pytest.mark.parametrize(
    "thing",
    [
        Flow(EVIL, tasks=[Task(name=EVIL)]),
        Failed(EVIL, result={Task(name=EVIL): Failed(EVIL)}),
        TaskRunView(EVIL, "t", EVIL, EVIL, Failed(EVIL), -1, "r"),
        FlowRunView(
            "r", EVIL, "f", [EVIL], {}, {}, Failed(EVIL), [Failed(EVIL)], datetime(2026, 1, 1, tzinfo=UTC), None
        ),
    ],
    ids=["flow", "state", "task-run", "flow-run"],
)
def test_names_and_messages_are_no_markup(thing: object) -> None:
    shown = thing._repr_html_()  # type: ignore[attr-defined]
    found = _Balanced(shown)
    assert found.open == []
    assert "script" not in found.seen
    assert "alert(" in shown


def test_a_state_shows_those_of_its_tasks_and_no_values() -> None:
    state: State = Success(
        "all well", result={add: Success("done", result="a secret value"), Task(name="t"): Failed("x")}
    )
    shown = state._repr_html_()
    assert "all well" in shown
    assert shown.count("<tr>") == 3
    assert "a secret value" not in shown
    assert "a secret value" not in Success(result="a secret value")._repr_html_()


def test_children_of_a_map_are_listed_up_to_a_bound() -> None:
    children: list[State] = [Success(str(number)) for number in range(MOST_ROWS + 5)]
    shown = Mapped(map_states=children)._repr_html_()
    assert shown.count("<tr>") == MOST_ROWS + 2
    assert "and 5 more" in shown


def test_a_run_shows_its_history_without_asking_anybody() -> None:
    state = Success("done")
    state.timestamp = datetime(2026, 3, 1, tzinfo=UTC)  # type: ignore[attr-defined]
    parameters = GraphQLResult({"password": "geheim"})
    view = FlowRunView("id-1", "kind-fox", "f", ["gpu"], parameters, {}, state, [state], state.timestamp, None)  # type: ignore[attr-defined, arg-type]
    shown = view._repr_html_()
    assert all(text in shown for text in ("kind-fox", "id-1", "gpu", "2026-03-01", "done"))
    assert "geheim" not in shown
