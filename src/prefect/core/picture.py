"""The picture of a flow as SVG, for notebooks: drawn here, without any program or package.

Tasks stand in rows, each below all that it waits for; within a row they are moved next to what they are joined to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.core.task import Task
    from prefect.model.state import State

#: Beyond it a picture tells nobody anything, and a browser takes long for it.
MOST_TASKS = 250
LONGEST_NAME = 28
#: In pixels: a letter, a node's height, and what is left free around it.
LETTER, HEIGHT, GAP, ROW = 7.2, 30, 24, 64
SWEEPS = 4

Row = list["Task"]


def html_of(flow: Flow, states: Mapping[Task, State] | None = None) -> str:
    """Give a flow's name and picture as HTML; its tasks in the colours of their states, when these are given."""
    count = len(flow.tasks)
    head = f"<p><b>{escape(flow.name)}</b> ({count} task{'' if count == 1 else 's'})</p>"
    if count > MOST_TASKS:
        return f"<div>{head}<p>Too many tasks for a picture: more than {MOST_TASKS}.</p></div>"
    return f"<div>{head}{svg_of(flow, states) if count else ''}</div>"


def svg_of(flow: Flow, states: Mapping[Task, State] | None = None) -> str:
    """Give a flow's picture as SVG; see ``html_of``."""
    rows = _ordered(_rows(flow), flow)
    widths = {task: _width(task) for row in rows for task in row}
    whole = max(sum(widths[task] + GAP for task in row) for row in rows)
    places: dict[Task, tuple[float, float]] = {}
    for number, row in enumerate(rows):
        left = (whole - sum(widths[task] + GAP for task in row)) / 2 + GAP / 2
        for task in row:
            places[task] = (left + widths[task] / 2, number * ROW + ROW / 2)
            left += widths[task] + GAP
    parts = [_line(places[edge.upstream_task], places[edge.downstream_task], edge) for edge in _edges(flow)]
    mapped = {edge.downstream_task for edge in flow.edges if edge.mapped}
    parts += [
        _node(task, place, widths[task], task in mapped, states and states.get(task)) for task, place in places.items()
    ]
    height = len(rows) * ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {whole:.0f} {height}" '
        f'style="max-width:100%;width:{whole:.0f}px;font:12px system-ui,sans-serif">{"".join(parts)}</svg>'
    )


def _edges(flow: Flow) -> list[Any]:
    slugs = flow.slugs
    return sorted(flow.edges, key=lambda e: (slugs[e.upstream_task], slugs[e.downstream_task], e.key or ""))


def _rows(flow: Flow) -> list[Row]:
    """Put each task one row below the lowest of those that it waits for."""
    depths: dict[Task, int] = {}
    rows: list[Row] = []
    for task in flow.sorted_tasks():
        above = [depths[edge.upstream_task] for edge in flow.edges_to(task)]
        depth = depths[task] = max(above, default=-1) + 1
        if depth == len(rows):
            rows.append([])
        rows[depth].append(task)
    return rows


def _ordered(rows: list[Row], flow: Flow) -> list[Row]:
    """Move the tasks of each row towards the middle of those that they are joined to, from above and from below."""
    ups = {task: [edge.upstream_task for edge in flow.edges_to(task)] for row in rows for task in row}
    downs = {task: [edge.downstream_task for edge in flow.edges_from(task)] for row in rows for task in row}
    places = {task: (place + 0.5) / len(row) for row in rows for place, task in enumerate(row)}
    for sweep in range(SWEEPS):
        neighbours, order = (ups, rows) if sweep % 2 == 0 else (downs, rows[::-1])
        for row in order:
            middles = {task: _middle([places[other] for other in neighbours[task]], places[task]) for task in row}
            row.sort(key=middles.__getitem__)
            places.update({task: (place + 0.5) / len(row) for place, task in enumerate(row)})
    return rows


def _middle(places: Sequence[float], own: float) -> float:
    return sum(places) / len(places) if places else own


def _shown(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _width(task: Task) -> float:
    return max(len(_shown(task.name)) * LETTER + 20, 48)


def _line(start: tuple[float, float], end: tuple[float, float], edge: Any) -> str:
    (x1, y1), (x2, y2) = (start[0], start[1] + HEIGHT / 2), (end[0], end[1] - HEIGHT / 2)
    middle = (y1 + y2) / 2
    dashes = ' stroke-dasharray="4 3"' if edge.mapped else ""
    about = f"<title>{escape(edge.key)}</title>" if edge.key else ""
    return (
        f'<path d="M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}" fill="none" '
        f'stroke="currentColor" stroke-opacity="0.45"{dashes}>{about}</path>'
    )


def _node(task: Task, place: tuple[float, float], width: float, is_mapped: bool, state: Any) -> str:
    x, y = place[0] - width / 2, place[1] - HEIGHT / 2
    colour = escape(state.color) if state is not None else "#888888"
    about = task.name if state is None else f"{task.name}: {type(state).__name__}"
    return (
        f'<g><title>{escape(about)}</title><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{HEIGHT}" '
        f'rx="{4 if is_mapped else HEIGHT / 2:g}" fill="{colour}" fill-opacity="0.2" stroke="{colour}"/>'
        f'<text x="{place[0]:.1f}" y="{place[1] + 4:.1f}" text-anchor="middle" fill="currentColor">'
        f"{escape(_shown(task.name))}</text></g>"
    )
