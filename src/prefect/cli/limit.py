"""``prefect limit``: how much may run at one time, by flow label and by task tag."""

from __future__ import annotations

import click

from prefect.cli import tables
from prefect.cli.failures import Failure
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.output import output_options, show

_label = click.option("--label", help="Flow runs with this label.")
_tag = click.option("--tag", help="Task runs of tasks with this tag.")


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def limit() -> None:
    """List, set and delete limits on what runs at one time.

    \b
    Examples:
      $ prefect limit set --tag database 10
      $ prefect limit list
      $ prefect limit delete --tag database
    """


@limit.command("list", context_settings=CONTEXT_SETTINGS)
@output_options(tables.LIMITS)
def list_command(output: str, columns: str | None) -> None:
    """List limits, and how much of each is taken."""
    from prefect.client.client import Client
    from prefect.contract import operations

    found = Client().ask(operations.LIMITS)
    flows = {row["label"]: row["usage"] for row in found["flow_concurrency"] or ()}
    tasks = {row["name"]: row["usage"] for row in found["task_concurrency"] or ()}
    rows = [
        {"kind": "label", "name": row["name"], "limit": row["limit"], "in_use": flows.get(row["name"], 0)}
        for row in found["flow_concurrency_limit"]
    ]
    rows += [
        {"kind": "tag", "name": row["tag"], "limit": row["limit"], "in_use": tasks.get(row["tag"], 0)}
        for row in found["task_tag_limit"]
    ]
    show(tables.LIMITS, rows, output, columns)


@limit.command("set", context_settings=CONTEXT_SETTINGS)
@_label
@_tag
@click.argument("most", type=click.IntRange(min=0))
def set_command(label: str | None, tag: str | None, most: int) -> None:
    """Let MOST at one time run: flow runs with a label, or task runs with a tag; with 0 nothing begins."""
    from prefect.client.client import Client
    from prefect.contract import operations

    kind, name = _one_of(label, tag)
    if kind == "label":
        Client().change(operations.UPDATE_FLOW_LIMIT, {"label": name, "limit": most})
    else:
        Client().update_task_tag_limit(name, most)
    click.secho(f"At most {most:,} with the {kind} {name} at one time", fg="green")


@limit.command(context_settings=CONTEXT_SETTINGS)
@_label
@_tag
def delete(label: str | None, tag: str | None) -> None:
    """Take a limit away."""
    from prefect.client.client import Client
    from prefect.contract import operations

    kind, name = _one_of(label, tag)
    client = Client()
    found = client.ask(operations.LIMITS)
    rows = found["flow_concurrency_limit"] if kind == "label" else found["task_tag_limit"]
    ids = [row["id"] for row in rows if row["name" if kind == "label" else "tag"] == name]
    if not ids:
        raise Failure(f"There is no limit of the {kind} {name}.", "NOT_FOUND")
    if kind == "label":
        client.change(operations.DELETE_FLOW_LIMIT, {"limit_id": ids[0]})
    else:
        client.delete_task_tag_limit(ids[0])
    click.secho(f"The {kind} {name} has no limit any more", fg="green")


def _one_of(label: str | None, tag: str | None) -> tuple[str, str]:
    if bool(label) == bool(tag):
        raise click.UsageError("Give --label or --tag: one of the two.")
    return ("label", label) if label else ("tag", str(tag))
