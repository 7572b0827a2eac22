"""Turning flows into bytes and back, and finding them in scripts and modules."""

from __future__ import annotations

import base64
import binascii
import json
import platform
import sys
import warnings
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from prefect._version import __version__
from prefect.exceptions import FlowStorageError
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.core.flow import Flow

PICKLE_PROTOCOL = 4
_SCRIPT_MODULE = "prefect_flow_script"


def flow_to_bytes_pickle(flow: Flow) -> bytes:
    """Pickle a flow together with the versions that it was pickled with.

    Raises:
        Exception: whatever pickling fails with; its notes say which part of the flow cannot be pickled.
    """
    import cloudpickle

    try:
        pickled = cloudpickle.dumps(flow, protocol=PICKLE_PROTOCOL)
    except Exception as error:
        for note in _parts_not_pickled(flow):
            error.add_note(note)
        raise
    return json.dumps({"flow": base64.b64encode(pickled).decode(), "versions": _versions()}).encode()


def _parts_not_pickled(flow: Flow) -> Iterator[str]:
    """Name the arguments and tasks that cannot be pickled by themselves."""
    import cloudpickle

    parts = [
        (f"the argument {name!r} of {task}", value)
        for task, given in flow.constants.items()
        for name, value in given.items()
    ]
    for name, part in [*parts, *((str(task), task) for task in flow.tasks)]:
        try:
            cloudpickle.dumps(part, protocol=PICKLE_PROTOCOL)
        except Exception:
            yield (
                f"{flow} cannot be stored as it is: {name} cannot be pickled. Make it inside of a task, or store the "
                "flow's script (`stored_as_script`)."
            )


def flow_from_bytes_pickle(data: bytes) -> Flow:
    """Load a flow from what :func:`flow_to_bytes_pickle` made, or from a bare pickle.

    Raises:
        FlowStorageError: the flow cannot be unpickled here; the text names differing versions.

    Warns:
        UserWarning: the flow was stored by another version of this package.
    """
    import cloudpickle

    pickled, versions = _unwrap(data)
    try:
        flow: Flow = cloudpickle.loads(pickled)
    except Exception as error:
        raise FlowStorageError(_unpickling_failed(error, versions)) from error
    built_with = versions.get("prefect")
    if built_with is not None and built_with != __version__:
        warnings.warn(
            f"This flow was built using Prefect {built_with!r}, but you currently have Prefect {__version__!r} "
            "installed. We recommend loading flows with the same Prefect version they were built with, failure to "
            "do so may result in errors.",
            stacklevel=2,
        )
    return flow


def _unwrap(data: bytes) -> tuple[bytes, dict[str, str]]:
    try:
        content = json.loads(data)
        return base64.b64decode(content["flow"]), dict(content["versions"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        return data, {}


def _versions() -> dict[str, str]:
    import cloudpickle

    return {
        "cloudpickle": cloudpickle.__version__,
        "prefect": __version__,
        "python": platform.python_version(),
    }


def _unpickling_failed(error: Exception, versions: dict[str, str]) -> str:
    text = f"An error occurred while unpickling the flow:\n  {error!r}"
    here = _versions()
    lines = [
        f"\n  - {name}: (flow built with {versions[name]!r}, currently running with {version!r})"
        for name, version in here.items()
        if name in versions and versions[name] != version
    ]
    if lines:
        text += (
            "\nThis may be due to one of the following version mismatches between the flow build and execution "
            "environments:" + "".join(lines)
        )
    if isinstance(error, ImportError):
        text += (
            f"\nThis may {'also ' if lines else ''}be due to a missing Python module in your current environment. "
            "Please ensure you have all required flow dependencies installed."
        )
    return text


def extract_flow_from_file(
    file_path: str | None = None, file_contents: str | None = None, flow_name: str | None = None
) -> Flow:
    """Run a script, given by path or as text, and give its flow of this name, else its first.

    Raises:
        ValueError: neither or both of path and text were given, or the script has no such flow.
    """
    if file_path is not None and file_contents is not None:
        raise ValueError("Provide either `file_path` or `file_contents` but not both.")
    if file_path is None and file_contents is None:
        raise ValueError("Provide either `file_path` or `file_contents`.")
    flows = _flows_of(_names_of_script(file_path, file_contents or ""))
    if not flows:
        raise ValueError("No flows found in file.")
    if flow_name is None:
        return flows[0]
    for flow in flows:
        if flow.name == flow_name:
            return flow
    listed = "\n".join(f"- {flow.name!r}" for flow in flows)
    raise ValueError(f"Flow {flow_name!r} not found in file. Found flows:\n{listed}")


def _names_of_script(path: str | None, source: bytes | str) -> Iterable[Any]:
    """Run a script as a module that is known only while it runs.

    Known, because dataclasses look their module up; not longer, because functions of a module that stays known
    would be pickled by its name, and no other process could import that.
    """
    module = ModuleType(_SCRIPT_MODULE)
    if path is not None:
        with open(path, "rb") as file:
            source = file.read()
        module.__file__ = str(path)
    code = compile(source, str(path or "<flow>"), "exec", dont_inherit=True)
    outer = sys.modules.get(_SCRIPT_MODULE)
    sys.modules[_SCRIPT_MODULE] = module
    try:
        with context(loading_flow=True):
            exec(code, vars(module))  # noqa: S102 - running the user's script is what is asked for
    finally:
        if outer is None:
            del sys.modules[_SCRIPT_MODULE]
        else:
            sys.modules[_SCRIPT_MODULE] = outer
    return list(vars(module).values())


def extract_flow_from_module(module_str: str, flow_name: str | None = None) -> Flow:
    """Import ``module`` or ``module:attribute`` and give its flow; the attribute may also be a function that makes it.

    Raises:
        ValueError: no such attribute or flow, or several flows and no name to choose one by.
        TypeError: the attribute is no flow.
    """
    from importlib import import_module

    module_name, _, attribute = module_str.partition(":")
    with context(loading_flow=True):
        module = import_module(module_name)
        if attribute:
            return _flow_at(module, module_str, attribute, flow_name)
    flows = _flows_of(vars(module).values())
    if flow_name is None:
        if not flows:
            raise ValueError(f"No flows found in {module_str!r}")
        if len(flows) > 1:
            raise ValueError(f"Multiple flows found in {module_str!r}, please provide `flow_name` to select one.")
        return flows[0]
    for flow in flows:
        if flow.name == flow_name:
            return flow
    raise ValueError(f"Failed to find flow {flow_name!r} in {module_str!r}")


def _flow_at(module: Any, module_str: str, attribute: str, flow_name: str | None) -> Flow:
    from prefect.core.flow import Flow

    found = module
    try:
        for name in attribute.split("."):
            found = getattr(found, name)
    except AttributeError:
        raise ValueError(f"Failed to find flow at {module_str!r}") from None
    if not isinstance(found, Flow) and callable(found):
        found = found()
    if not isinstance(found, Flow):
        raise TypeError(f"Object at {module_str!r} is a {type(found)} not a `prefect.Flow`")
    if flow_name is not None and found.name != flow_name:
        raise ValueError(f"Flow at {module_str!r} is named {found.name!r}, expected {flow_name!r}")
    return found


def _flows_of(values: Iterable[Any]) -> list[Flow]:
    from prefect.core.flow import Flow

    distinct: dict[int, Flow] = {id(value): value for value in values if isinstance(value, Flow)}
    return list(distinct.values())


def get_flow_image(flow: Flow, default: str | None = None) -> str:
    """Give the container image that a flow runs in, by its storage or its run config.

    Raises:
        ValueError: neither names one, and there is no default.
    """
    from prefect.storage.base import Storage

    storage = flow.storage
    if isinstance(storage, Storage) and type(storage).__name__ == "Docker":
        return storage.name
    image = getattr(flow.run_config, "image", None) or default
    if image is None:
        raise ValueError(
            f"Storage for flow run {flow.name} is not of type Docker and run_config has no `image` attribute in the "
            "metadata field."
        )
    return str(image)
