"""``prefect set-state``: move flow runs to a state."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from prefect.cli.changing import change_runs, selecting
from prefect.cli.group import CONTEXT_SETTINGS


@click.command("set-state", context_settings=CONTEXT_SETTINGS)
@click.argument("state")
@selecting
@click.option("--message", "-m", help="Why; it is kept with the state.")
def set_state(state: str, runs: tuple[str, ...], message: str | None, **options: Any) -> None:
    """Move flow runs to STATE: those that are named (id, beginning of an id, name, @last, @last:FLOW), or all that the
    conditions find, after showing how many they are.

    What works on a run is not asked: to end a running one use `prefect cancel`. Exits with 1 when one of them was
    refused, or none was found.

    \b
    Examples:
      $ prefect set-state Success brave-otter --message "Checked by hand."
      $ prefect set-state Failed --where state=Running --where 'start_time<2d' --yes
    """
    from prefect.client.client import Client
    from prefect.model.state_facts import STATE_CLASSES, STORABLE

    if state not in STORABLE:
        known = ", ".join(STORABLE)
        raise click.BadParameter(f"there is no state {state!r}; the states are {known}", param_hint="STATE")
    proposed = STATE_CLASSES[state](message=message or "Set by hand.")
    change = partial(Client().set_flow_runs_state, state=proposed)
    change_runs(change, (f"set to {state}", f"set to {state}"), runs, **options)
