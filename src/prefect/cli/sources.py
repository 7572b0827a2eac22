"""Where flows come from: scripts and modules. Runs them and gives the flows they define."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from prefect.cli.failures import FlowUnreadable

if TYPE_CHECKING:
    from prefect.core.flow import Flow

_SCRIPT_NAME = "<flow>"


def flows_of_script(path: str) -> list[Flow]:
    """Run a script and give its flows, in order of definition.

    Its folder must be importable already (``importable``); ``flow.run`` and ``flow.register`` do nothing in it.

    Raises:
        FlowUnreadable: no such file, or the script ended the process.
    """
    from prefect.utilities.context import context

    full_path = os.path.abspath(path)
    if not os.path.exists(full_path):
        raise FlowUnreadable(f"File does not exist: {full_path!r}")
    if os.path.isdir(full_path):
        raise FlowUnreadable(f"Expected a Python file, found a directory: {full_path!r}")
    with context(loading_flow=True, local_script_path=full_path):
        try:
            names = runpy.run_path(path, run_name=_SCRIPT_NAME)
        except SystemExit as error:
            raise FlowUnreadable(
                f"Script {path!r} exited (code {error.code!r}) before its flows were read.", code="FLOW_UNREADABLE"
            ) from error
    return _distinct_flows(names.values())


def flows_of_module(name: str) -> list[Flow]:
    """Import a module, or a flow by its dotted path, and give its flows.

    Raises:
        FlowUnreadable: there is no such module or object, or the object is no flow.
    """
    from prefect.core.flow import Flow
    from prefect.utilities.context import context

    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())  # the console script does not have it there, `python -m prefect` does
    with context(loading_flow=True):
        found = _import(name)
    if isinstance(found, Flow):
        return [found]
    if not isinstance(found, ModuleType):
        kind = type(found).__name__
        raise FlowUnreadable(
            f"Invalid object of type {kind!r} found at {name!r}. Expected Module or Flow.", code="FLOW_UNREADABLE"
        )
    return _distinct_flows(vars(found).values())


def choose(flows: Sequence[Flow], source: str, name: str | None) -> Flow:
    """Choose the flow of this name, or the only one.

    Raises:
        FlowUnreadable: there is none, or there are several and no name.
    """
    if not flows:
        raise FlowUnreadable(f"Found no flows at {source}.")
    listed = ", ".join(repr(flow.name) for flow in flows)
    if name is not None:
        for flow in flows:
            if flow.name == name:
                return flow
        raise FlowUnreadable(f"Did not find {name!r} in flows at {source}. Found {listed}")
    if len(flows) > 1:
        raise FlowUnreadable(
            f"Found multiple flows at {source!r}: {listed}\n\nSpecify a flow name to run.", code="FLOW_UNREADABLE"
        )
    return flows[0]


@contextmanager
def importable(folder: str) -> Iterator[None]:
    """Let modules of a folder be imported, before all others, for the length of a ``with`` block."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _import(name: str) -> Any:
    from importlib import import_module

    module_name = name
    attributes: list[str] = []
    while True:
        try:
            found: Any = import_module(module_name)
            break
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if missing != module_name and not module_name.startswith(missing + "."):
                raise  # the module is there, something it imports is not
            parent, _, last = module_name.rpartition(".")
            if not parent or missing != module_name:
                raise FlowUnreadable(f"No module named {missing!r}") from None
            module_name = parent
            attributes.insert(0, last)
        except (TypeError, ValueError) as error:  # "", "..x"
            raise FlowUnreadable(f"{name!r} is not the name of a module: {error}") from None
    for attribute in attributes:
        try:
            found = getattr(found, attribute)
        except AttributeError:
            raise FlowUnreadable(
                f"Module {module_name!r} has no attribute {attribute!r}", code="FLOW_UNREADABLE"
            ) from None
    return found


def _distinct_flows(values: Iterable[Any]) -> list[Flow]:
    from prefect.core.flow import Flow

    return list({id(value): value for value in values if isinstance(value, Flow)}.values())
