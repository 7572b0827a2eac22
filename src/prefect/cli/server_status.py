"""How ``prefect server status`` shows what was found out."""

from __future__ import annotations

from typing import Any

import click

from prefect.cli.failures import TerminalError, error_text
from prefect.cli.output import show_value
from prefect.cli.server_state import Found


def tell(found: Found, process: int | None, output: str) -> None:
    """Print what was found.

    Args:
        process: id of the server's process, when it is one of this machine and home folder.

    Raises:
        TerminalError: the server is not well.
    """
    values = values_of(found, process)
    if output != "table":
        show_value(values, output)
    else:
        _tell_person(values)
    if found.refusal is not None:
        raise TerminalError(error_text(found.refusal)) from found.refusal
    if not found.is_healthy:
        raise TerminalError(f"The server at {found.address} is not well: {found.health}", code="UNAVAILABLE")


def values_of(found: Found, process: int | None) -> dict[str, Any]:
    """Put what was found for programs; what is not known is null."""
    return {
        "api": found.address,
        "health": found.health,
        "version": found.version or None,
        "answer_ms": round(found.answer_seconds * 1000, 1),
        "clock_ahead_seconds": found.clock_seconds,
        "process": process,
        "running_flow_runs": found.running,
        "late_flow_runs": found.late,
        "agents": found.agents,
    }


def _tell_person(values: dict[str, Any]) -> None:
    from prefect.cli import render

    rows: list[tuple[str, Any]] = [
        ("API", values["api"]),
        ("Health", values["health"]),
        ("Version", values["version"]),
        ("Answered in", f"{values['answer_ms']:g} ms"),
        ("Clock", _clock(values["clock_ahead_seconds"])),
        ("Process", values["process"]),
        ("Running runs", values["running_flow_runs"]),
        ("Late runs", values["late_flow_runs"]),
        ("Agents", len(values["agents"]) if values["running_flow_runs"] is not None else None),
    ]
    click.echo(render.table([row for row in rows if row[1] is not None]))
    if values["agents"]:
        listed = [
            (agent["name"], agent["type"], ", ".join(agent["labels"] or ()), render.age(agent["last_queried"]))
            for agent in values["agents"]
        ]
        click.echo("\n" + render.table(listed, ["AGENT", "TYPE", "LABELS", "ASKED"]))


def _clock(ahead: float | None) -> str | None:
    if ahead is None:
        return None
    return "agrees" if ahead == 0 else f"{abs(ahead):g} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
