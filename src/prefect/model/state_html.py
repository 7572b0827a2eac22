"""States as HTML, for notebooks: a coloured word, and a table where there are several. Never a result's value."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.model.state_base import State

MOST_ROWS = 200
LONGEST_TEXT = 300


def badge(state: State) -> str:
    """Give a state's name in its colour."""
    return (
        f'<span style="border-left:.6em solid {escape(state.color)};padding-left:.4em"><b>'
        f"{escape(type(state).__name__)}</b></span>"
    )


def html_of(state: State) -> str:
    """Give a state with its message and, of a flow's or a mapped task's, a table of those of its parts."""
    head = f"<p>{badge(state)} {text(state.message)}</p>"
    return f"<div>{head}{_parts(state)}</div>"


def _parts(state: State) -> str:
    children = getattr(state, "map_states", None)
    if children:
        return table(
            ("child", "state", "message"), ((str(i), child) for i, child in enumerate(children)), len(children)
        )
    result = state._result.value
    if not isinstance(result, dict) or not all(hasattr(kept, "is_finished") for kept in result.values()):
        return ""
    named = ((str(getattr(task, "name", task)), kept) for task, kept in result.items())
    return table(("task", "state", "message"), named, len(result))


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, State | None]], count: int) -> str:
    """Give a table of names and their states, at most so many rows of it as can be looked at."""
    lines = ["".join(f"<th style='text-align:left'>{escape(head)}</th>" for head in heads)]
    for number, (name, state) in enumerate(rows):
        if number == MOST_ROWS:
            lines.append(f"<td colspan='3'>and {count - MOST_ROWS:,} more</td>")
            break
        shown = ("", "") if state is None else (badge(state), text(state.message))
        cells = (text(name), *shown)
        lines.append("".join(f"<td style='text-align:left'>{cell}</td>" for cell in cells))
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def facts(values: Iterable[tuple[str, Any]]) -> str:
    """Give names and their values as a table; values that are HTML already are ``Html``."""
    lines = (
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>"
        f"{value if isinstance(value, Html) else text(value)}</td></tr>"
        for name, value in values
        if value not in (None, "", [])
    )
    return "<table>" + "".join(lines) + "</table>"


class Html(str):
    """What is HTML already."""


def text(value: object) -> str:
    """Give any value as text that is no markup."""
    shown = "" if value is None else str(value)
    return escape(shown if len(shown) <= LONGEST_TEXT else shown[:LONGEST_TEXT] + "…")
