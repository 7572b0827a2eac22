"""Which registered flow a command is about: by its name, and its project where the name is in several."""

from __future__ import annotations

from typing import Any

import click

from prefect.cli.failures import Failure
from prefect.cli.suggestions import did_you_mean

__all__ = ["flow_named", "names_of_flows", "schedule_of"]

_MOST_NAMES = 1000


def flow_named(name: str, project: str | None = None) -> dict[str, Any]:
    """Give the newest version of a flow (``operations.FLOW_SCHEDULES``).

    Raises:
        click.ClickException: there is none of the name, or one in each of several projects.
    """
    from prefect.client.client import Client
    from prefect.contract import operations

    client = Client()
    found = client.ask(operations.FLOW_SCHEDULES, name=name, project=project)["flow"]
    if not found:
        meant = did_you_mean(name, names_of_flows(project))
        raise Failure(f"{name} not found{f' in {project}' if project else ''}{meant}", "NOT_FOUND")
    if len(found) > 1:
        projects = ", ".join(sorted(flow["project"]["name"] for flow in found))
        raise click.ClickException(f"{name} is in several projects ({projects}): give --project.")
    return dict(found[0])


def names_of_flows(project: str | None = None) -> list[str]:
    """Give names of flows, of which one may have been meant; none when the API does not tell."""
    from prefect.client.client import Client
    from prefect.contract import operations
    from prefect.exceptions import ClientError

    try:
        rows = Client().ask(operations.FLOW_NAMES, project=project, limit=_MOST_NAMES)["flow"]
    except ClientError:
        return []
    return [row["name"] for row in rows]


def schedule_of(flow: dict[str, Any]) -> Any:
    """Give the schedule that holds for a flow, serialized: that of its group, if it has one, else its own; or None."""
    return (flow["flow_group"] or {}).get("schedule") or flow["schedule"]
