"""What ``prefect register`` and ``prefect build`` share: finding flows, preparing them, building their storage."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from prefect.cli import render, sources
from prefect.cli.failures import FlowUnreadable, TerminalError, error_text, indented_traceback

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.storage.base import Storage

FILE_VERSION = 1
"""Version of the files that ``build`` writes."""


class Outcome(Enum):
    """How one flow came out of a command; the value is the word in the closing bar."""

    DONE = "done"
    SKIPPED = "skipped"
    ERRORED = "errored"


@dataclass
class Source:
    """A place that flows come from, as the user named it.

    Attributes:
        flows: from a script or module.
        serialized: from a file that ``build`` wrote.
    """

    name: str
    path: str | None = None
    module: str | None = None
    flows: list[Flow] = field(default_factory=list)
    serialized: list[dict[str, Any]] = field(default_factory=list)

    def flow_names(self) -> Iterator[str]:
        """Give the names of its flows."""
        yield from (flow.name for flow in self.flows)
        yield from (str(flow.get("name")) for flow in self.serialized)

    def keep(self, names: Collection[str]) -> None:
        """Leave out every flow that has none of these names."""
        self.flows = [flow for flow in self.flows if flow.name in names]
        self.serialized = [flow for flow in self.serialized if flow.get("name") in names]


# ----- finding flows


def expand_paths(paths: Iterable[str]) -> list[str]:
    """Give the files that the paths mean: a file, a folder (its ``*.py``, not deeper) or a glob.

    Raises:
        TerminalError: a path means no file.
    """
    found: dict[str, None] = {}
    for path in paths:
        if os.path.isdir(path):
            files = sorted(glob.glob(os.path.join(glob.escape(path), "*.py")))
        else:
            files = sorted(file for file in glob.glob(path, recursive=True) if os.path.isfile(file))
            if not files:
                raise FlowUnreadable(f"Path {path!r} doesn't exist")
        found |= dict.fromkeys(files)
    return list(found)


def collect(
    paths: Iterable[str], modules: Iterable[str], jsons: Iterable[str] = (), names: Sequence[str] = ()
) -> list[Source]:
    """Run scripts, import modules and read files, and give those that have flows.

    Args:
        names: only flows with these names; empty means all.

    Raises:
        TerminalError: a source cannot be loaded, or a name is not found.
    """
    collected = [_script(path) for path in paths]
    collected += [Source(module, module=module, flows=_loaded(module, sources.flows_of_module)) for module in modules]
    collected += [Source(location, serialized=read_built(location)) for location in jsons]
    if names:
        missing = sorted(set(names) - {name for source in collected for name in source.flow_names()})
        if missing:
            listed = "\n".join(f"- {name}" for name in missing)
            raise FlowUnreadable(f"Failed to find the following flows:\n{listed}")
        for source in collected:
            source.keep(names)
    return [source for source in collected if source.flows or source.serialized]


def _script(path: str) -> Source:
    full_path = os.path.abspath(path)
    with sources.importable(os.path.dirname(full_path)):
        return Source(path, path=full_path, flows=_loaded(path, lambda _: sources.flows_of_script(full_path)))


def _loaded(name: str, load: Callable[[str], list[Flow]]) -> list[Flow]:
    try:
        return load(name)
    except TerminalError:
        raise
    except Exception as error:
        click.secho(f"Error loading {name!r}:", fg="red")
        click.echo(indented_traceback(error))
        raise FlowUnreadable("") from error


def read_built(location: str) -> list[dict[str, Any]]:
    """Read a file or URL that ``build`` wrote.

    Raises:
        TerminalError: there is nothing, or something else.
    """
    from prefect.utilities.filesystems import read_bytes_from_path

    try:
        text = read_bytes_from_path(location)
    except FileNotFoundError:
        raise FlowUnreadable(f"Path {location!r} doesn't exist") from None
    except Exception as error:
        raise TerminalError(f"Error loading {location!r}: {error_text(error)}") from error
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _no_flows_file(location, str(error)) from error
    if not isinstance(content, dict) or "version" not in content:
        raise _no_flows_file(location, "expected an object with `version` and `flows`, as `prefect build` writes it")
    if content["version"] != FILE_VERSION:
        raise FlowUnreadable(
            f"{location!r} is version {content['version']!r}, only version {FILE_VERSION} is supported"
        )
    flows = content.get("flows")
    if not isinstance(flows, list) or not all(isinstance(flow, dict) and flow.get("name") for flow in flows):
        raise _no_flows_file(location, "`flows` is no list of flows")
    return flows


def _no_flows_file(location: str, reason: str) -> TerminalError:
    return FlowUnreadable(f"{location!r} is not a valid Prefect flows `json` file.\n{reason}")


# ----- preparing and building


def prepare(source: Source, labels: Collection[str]) -> None:
    """Give each flow of a script or module what it lacks: storage, run config, result; and add labels."""
    from prefect.run_configs import UniversalRun

    for flow in source.flows:
        if flow.storage is None:
            flow.storage = _default_storage(source)
        if flow.run_config is None:
            flow.run_config = UniversalRun()
        flow.run_config.labels = {*flow.run_config.labels, *flow.storage.labels, *labels}
        if flow.result is None:
            flow.result = flow.storage.result
    for serialized in source.serialized:
        run_config = serialized.setdefault("run_config", None) or {"type": "UniversalRun"}
        run_config["labels"] = sorted({*(run_config.get("labels") or ()), *labels})
        serialized["run_config"] = run_config


def _default_storage(source: Source) -> Storage:
    if source.path is not None:
        from prefect.storage.local import Local

        return Local(path=source.path, stored_as_script=True)
    from prefect.storage.module import Module

    assert source.module is not None  # noqa: S101 - flows come from a script or a module
    return Module(source.module)


def process(source: Source, verb: str, finish: Callable[[dict[str, Any]], Outcome]) -> list[Outcome]:
    """Build the storages of a source, each once, and finish its flows; one flow's error does not stop the others.

    Args:
        verb: what is said of each flow: ``Building`` or ``Registering``.
        finish: takes a serialized flow; says how it ended behind the announcement.
    """
    click.echo(f"Processing {source.name!r}:")
    outcomes: list[Outcome] = []
    by_storage: dict[int, list[Flow]] = {}
    for flow in source.flows:
        by_storage.setdefault(id(flow.storage), []).append(flow)
    for flows in by_storage.values():
        built = _build_storage(flows)
        for flow in flows:
            if not built:
                click.echo(f"  {verb} {flow.name!r}...{click.style(' Error', fg='red')}")
                outcomes.append(Outcome.ERRORED)
                continue
            outcomes.append(_finish(flow.name, verb, partial(_finish_flow, flow, finish)))
    for serialized in source.serialized:
        outcomes.append(_finish(serialized["name"], verb, partial(finish, serialized)))
    return outcomes


def _build_storage(flows: Sequence[Flow]) -> bool:
    storage = flows[0].storage
    click.echo(f"  Building `{type(storage).__name__}` storage...")
    try:
        build_storage(flows)
    except Exception as error:
        click.secho("    Error building storage:", fg="red")
        click.echo(indented_traceback(error, indent=6))
        return False
    return True


def build_storage(flows: Sequence[Flow]) -> None:
    """Build the storage that flows share, with all of them in it."""
    storage = flows[0].storage
    assert storage is not None  # noqa: S101 - ``prepare`` gave them one
    for flow in flows:
        if flow.name not in storage:
            storage.add_flow(flow)
    built = storage.build()
    for flow in flows:
        flow.storage = built


def _finish_flow(flow: Flow, finish: Callable[[dict[str, Any]], Outcome]) -> Outcome:
    return finish(serialized(flow))


def serialized(flow: Flow) -> dict[str, Any]:
    """Give what is registered of a flow whose storage was built."""
    from prefect.core.as_json import declared_results
    from prefect.core.parameter_hints import with_hints

    return {**with_hints(flow, flow.serialize(build=False)), "results": declared_results(flow)}


def _finish(name: str, verb: str, finish: Callable[[], Outcome]) -> Outcome:
    from prefect.exceptions import ClientError, ServerUnreachable

    click.echo(f"  {verb} {name!r}...", nl=False)
    try:
        return finish()
    except ServerUnreachable:
        click.secho(" Error", fg="red")
        raise
    except Exception as error:
        click.secho(" Error", fg="red")
        if isinstance(error, ClientError):
            click.secho(f"    {error_text(error)}", fg="red")
        else:
            click.echo(indented_traceback(error, indent=4))
        return Outcome.ERRORED


def tell_totals(outcomes: Sequence[Outcome], done_word: str) -> int:
    """Print the closing bar and give the exit code."""
    parts: list[tuple[str, str | None]] = [(f"{outcomes.count(Outcome.DONE)} {done_word}", "green")]
    for outcome, colour in ((Outcome.SKIPPED, "yellow"), (Outcome.ERRORED, "red")):
        if count := outcomes.count(outcome):
            parts.append((f"{count} {outcome.value}", colour))
    render.bar(parts)
    return 1 if Outcome.ERRORED in outcomes else 0
