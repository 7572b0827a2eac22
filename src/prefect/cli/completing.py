"""Completing the names of flows, runs, projects, settings and files in a shell.

Names come from the server, which is given a moment; nobody waits longer at a terminal, and nothing is said when it does
not answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["complete_names"]

PATIENCE_SECONDS = 1.0
FILES = {
    "--path",
    "--json",
    "--param-file",
    "--job-template",
    "--task-definition",
    "--run-task-kwargs",
    "--output-file",
}
FLOWS = {"--flow", "--flow-name"}
FLOWS_BY_NAME = {"run", "flows", "tasks"}
"""Commands whose ``--name`` is that of a flow."""


def complete_names(command: click.Command) -> None:
    """Have the options and arguments of a command completed with the names that they take."""
    for parameter in command.params:
        source = _source_of(command, parameter)
        if source is not None:
            parameter.shell_complete = _completing(source)  # type: ignore[method-assign,assignment]  # of this one


def _completing(
    source: Callable[[str], Iterable[CompletionItem | str]],
) -> Callable[[click.Context, str], list[CompletionItem]]:
    def complete(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = []
        with suppress(Exception):  # whatever it is, this is no place to say it
            for one in source(incomplete):
                found.append(one)  # one by one: what came before an error counts
        items = [CompletionItem(one) if isinstance(one, str) else one for one in found]
        return [item for item in items if item.type != "plain" or item.value.startswith(incomplete)]

    return complete


def _source_of(
    command: click.Command, parameter: click.Parameter
) -> Callable[[str], Iterable[CompletionItem | str]] | None:
    names = set(parameter.opts)
    if isinstance(parameter, click.Argument):
        return _argument_source(command, parameter)
    if names & FILES:
        return _files
    if "--profile" in names:
        return _profiles
    if "--project" in names:
        return _projects
    if names & FLOWS or ("--name" in names and command.name in FLOWS_BY_NAME):
        return _flows
    return None


def _argument_source(
    command: click.Command, argument: click.Argument
) -> Callable[[str], Iterable[CompletionItem | str]] | None:
    module = getattr(command.callback, "__module__", "").rpartition(".")[2]
    if module == "profile" and argument.name == "name" and command.name != "create":
        return _profiles
    if module == "config" and argument.name == "key":
        return _settings
    if module == "explain":
        return _codes
    if command.name == "project" and module == "delete":
        return _projects
    if argument.name in ("run", "runs", "flow_run", "what"):
        return _runs_and_flows if argument.name == "what" else _runs
    if argument.name in ("file", "path", "paths", "sources"):
        return _files
    return None


def _files(incomplete: str) -> Iterable[CompletionItem | str]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _profiles(incomplete: str) -> Iterable[str]:
    from prefect import profiles
    from prefect.utilities import setting_sources

    return [*setting_sources.profile_names(), profiles.NONE]


def _settings(incomplete: str) -> Iterable[str]:
    from prefect.utilities import setting_sources

    return sorted({key for source in setting_sources.files() for key in source.settings})


def _codes(incomplete: str) -> Iterable[str]:
    from prefect import codes

    return codes.names()


def _projects(incomplete: str) -> Iterable[str]:
    return _names(incomplete, "project")


def _flows(incomplete: str) -> Iterable[str]:
    return _names(incomplete, "flow")


def _runs(incomplete: str) -> Iterable[str]:
    yield "@last"
    yield from _names(incomplete, "flow_run")


def _runs_and_flows(incomplete: str) -> Iterable[str]:
    return [*_runs(incomplete), *_names(incomplete, "flow")]


def _names(incomplete: str, table: str) -> list[str]:
    """Ask the server for the names of one kind that begin so."""
    from prefect.client.client import Client
    from prefect.contract import operations
    from prefect.utilities.configuration import set_temporary_config

    escaped = incomplete.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    with set_temporary_config({"cloud.request_timeout": PATIENCE_SECONDS}):
        client = Client()
        client.retry_seconds = 0
        found = client.ask(operations.NAMES_THAT_BEGIN, begin=f"{escaped}%")
    return list(dict.fromkeys(str(row["name"]) for row in found[table] if row["name"]))
