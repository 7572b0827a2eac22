"""The picture of a flow, drawn with graphviz."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.core.task import Task
    from prefect.model.state import State

# The two hexadecimal digits after a colour: half transparent.
_ALPHA = "80"
_NO_STATE = "#00000080"


def draw(flow: Flow, flow_state: State | None, filename: str | None, format: str | None, horizontal: bool) -> Any:
    """Do what ``Flow.visualize`` promises.

    Raises:
        ImportError: graphviz is not installed.
    """
    from prefect.utilities.importtools import import_needed

    Digraph = import_needed("graphviz", by="The picture of a flow, drawn by the program `dot`,").Digraph
    graph = Digraph(graph_attr={"rankdir": "LR"} if horizontal else {})
    picture = _Picture(flow, flow_state, graph)
    picture.draw_tasks()
    picture.draw_edges()
    _show(graph, filename, format)
    return graph


class _Picture:
    """A graph in the making: each task is one node or, with the state of a run, one node for each child."""

    def __init__(self, flow: Flow, flow_state: State | None, graph: Any) -> None:
        self._flow = flow
        self._graph = graph
        self._states: dict[Task, State] | None = None
        if flow_state is not None:
            self._states = flow_state.result if isinstance(flow_state.result, dict) else {}

    def _is_mapped(self, task: Task) -> bool:
        return any(edge.mapped for edge in self._flow.edges_to(task))

    def _children(self, task: Task) -> list[Any] | None:
        """Give the states of a mapped task's children, None when it is to be drawn as one node."""
        state = self._states.get(task) if self._states else None
        if state is not None and state.is_mapped():
            return list(state.map_states)  # type: ignore[attr-defined]
        return None

    def draw_tasks(self) -> None:
        for task in self._flow.sorted_tasks():
            is_mapped = self._is_mapped(task)
            children = self._children(task)
            if children is None:
                self._node(str(id(task)), f"{task.name} <map>" if is_mapped else task.name, is_mapped, self._of(task))
            else:
                for index, child in enumerate(children):
                    self._node(f"{id(task)}{index}", f"{task.name} <map>", True, child)

    def _of(self, task: Task) -> Any:
        return self._states.get(task) if self._states is not None else None

    def _node(self, name: str, label: str, is_mapped: bool, state: Any) -> None:
        style = {}
        if self._states is not None:
            color = _NO_STATE if state is None else state.color + _ALPHA
            style = {"style": "filled", "color": color, "colorscheme": "svg"}
        from graphviz import escape

        # Not as the markup that a label in angle brackets is for graphviz: a mapped lambda is called so.
        self._graph.node(name, escape(label), shape="box" if is_mapped else "ellipse", **style)

    def draw_edges(self) -> None:
        slugs = self._flow.slugs
        in_order = sorted(
            self._flow.edges, key=lambda e: (slugs[e.upstream_task], slugs[e.downstream_task], e.key or "")
        )
        for edge in in_order:
            style = "dashed" if edge.mapped else None
            for tail, head in self._ends(edge):
                self._graph.edge(tail, head, edge.key, style=style)

    def _ends(self, edge: Any) -> list[tuple[str, str]]:
        up, down = id(edge.upstream_task), id(edge.downstream_task)
        uppers, lowers = self._children(edge.upstream_task), self._children(edge.downstream_task)
        if lowers is None:
            return (
                [(f"{up}{i}", str(down)) for i in range(len(uppers))] if uppers is not None else [(str(up), str(down))]
            )
        if uppers is None:
            return [(str(up), f"{down}{i}") for i in range(len(lowers))]
        if edge.mapped:
            return [(f"{up}{i}", f"{down}{i}") for i in range(min(len(uppers), len(lowers)))]
        return [(f"{up}{i}", f"{down}{j}") for i in range(len(uppers)) for j in range(len(lowers))]


def _show(graph: Any, filename: str | None, format: str | None) -> None:
    if filename:
        if os.path.basename(filename).startswith("-"):
            raise ValueError(f"A picture's file name must not begin with '-', which is an option of dot: {filename!r}")
        graph.render(filename, view=False, format=format, cleanup=True)
        return
    if _is_in_ipython():
        return
    import tempfile

    with tempfile.NamedTemporaryFile(delete=False) as picture:
        pass
    # The viewer reads the file after this call: it has to stay.
    graph.render(picture.name, view=True, format=format)


def _is_in_ipython() -> bool:
    import sys

    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None
