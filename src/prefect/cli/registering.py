"""Registering flows: what ``prefect register`` does, once."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from prefect.cli import building
from prefect.cli.failures import TerminalError

if TYPE_CHECKING:
    from prefect.client.client import Client
    from prefect.core.flow import Flow


@dataclass(frozen=True)
class Registration:
    """What to register where."""

    project: str
    paths: tuple[str, ...]
    modules: tuple[str, ...]
    jsons: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    force: bool
    schedule: bool


def register_once(
    registration: Registration,
    files: Sequence[str],
    modules: Sequence[str] | None = None,
    jsons: Sequence[str] | None = None,
) -> int:
    """Register the flows of these sources; give the exit code.

    Args:
        modules: absent means those of the registration; ``jsons`` likewise.
    """
    from prefect.client.client import Client

    client = Client()
    project_id = _project_id(client, registration.project)
    click.echo("Collecting flows...")
    collected = building.collect(
        files,
        registration.modules if modules is None else modules,
        registration.jsons if jsons is None else jsons,
        registration.names,
    )
    outcomes: list[building.Outcome] = []
    for source in collected:
        building.prepare(source, registration.labels)
        outcomes += building.process(
            source, "Registering", lambda flow: _register_flow(client, project_id, flow, registration)
        )
    return building.tell_totals(outcomes, "registered")


def _project_id(client: Client, name: str) -> str:
    from prefect.contract import operations

    found = client.ask(operations.PROJECT_OF_NAME, name=name)["project"]
    if not found:
        hint = f"Make it: `prefect create project {shlex.quote(name)}`."
        raise TerminalError(f"Project {name!r} does not exist", code="NOT_FOUND", hint=hint)
    return str(found[0]["id"])


def _register_flow(
    client: Client, project_id: str, serialized: dict[str, Any], registration: Registration
) -> building.Outcome:
    flow_id, is_new = _send(client, project_id, serialized, force=registration.force, schedule=registration.schedule)
    if not is_new:
        click.secho(" Skipped (metadata unchanged)", fg="yellow")
        return building.Outcome.SKIPPED
    version = _version(client, flow_id)
    click.secho(" Done", fg="green")
    click.echo(f"  └── ID: {flow_id}")
    if version:  # else somebody has deleted it meanwhile
        click.echo(f"  └── Version: {version}")
    return building.Outcome.DONE


def register_flow(client: Client, project_id: str, flow: Flow) -> tuple[str, int, bool]:
    """Store and register a flow that ``building.prepare`` has prepared; gives its id, its version, and if it is new."""
    building.build_storage([flow])
    flow_id, is_new = _send(client, project_id, building.serialized(flow), force=False, schedule=True)
    return flow_id, _version(client, flow_id), is_new


def _send(
    client: Client, project_id: str, serialized: dict[str, Any], *, force: bool, schedule: bool
) -> tuple[str, bool]:
    """Register a serialized flow; gives its id, and whether it is a new version."""
    from prefect.contract import operations
    from prefect.utilities.graphql import compress

    newest = client.ask(operations.NEWEST_FLOW_OF_PROJECT, name=serialized["name"], project_id=project_id)["flow"]
    values = {
        "project_id": project_id,
        "serialized_flow": compress(serialized),
        "set_schedule_active": schedule,
    }
    if not force:
        values["idempotency_key"] = hashlib.sha256(json.dumps(serialized, sort_keys=True).encode()).hexdigest()
    flow_id = client.change(operations.CREATE_FLOW_COMPRESSED, values, retry_on_api_error=False)["id"]
    return flow_id, not (newest and newest[0]["id"] == flow_id)


def _version(client: Client, flow_id: str) -> int:
    """Ask for a flow's version, 0 when it is there no more.

    Counted from the newest one before, others who register at the same moment would print the same.
    """
    from prefect.contract import operations

    registered = client.ask(operations.VERSION_OF_FLOW, id=flow_id)["flow_by_pk"]
    return int(registered["version"]) if registered else 0
