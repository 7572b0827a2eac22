"""What is tried with flows before they are relied on; copied into images of flows, and run there.

    python healthcheck.py '["/opt/prefect/flows/f.prefect"]' '(3, 11)'

It asks only for ``prefect`` itself: the image may have another version than whoever builds it.
"""

from __future__ import annotations

import ast
import json
import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.core.flow import Flow


def system_check(python_version: str) -> None:
    """Warn when this is another Python than the one that the flows were stored by, given as ``(3, 11)``."""
    stored = ast.literal_eval(python_version)
    running = sys.version_info[:2]
    if tuple(stored) == running:
        print("System Version check: OK")
        return
    warnings.warn(
        f"Your Docker container is using python version {running}, but your Flow was serialized using {stored}; this "
        "could lead to unexpected errors in deployment.",
        stacklevel=2,
    )


def cloudpickle_deserialization_check(flow_file_paths: Sequence[str]) -> list[Flow]:
    """Load pickled flows."""
    from prefect.utilities.storage import flow_from_bytes_pickle

    flows = []
    for path in flow_file_paths:
        with open(path, "rb") as file:
            flows.append(flow_from_bytes_pickle(file.read()))
    print("Cloudpickle serialization check: OK")
    return flows


def import_flow_from_script_check(flow_file_paths: Sequence[str]) -> list[Flow]:
    """Load the flow of each script."""
    from prefect.utilities.storage import extract_flow_from_file

    flows = [extract_flow_from_file(file_path=path) for path in flow_file_paths]
    print("Flow import from script check: OK")
    return flows


def result_check(flows: Iterable[Flow], quiet: bool = False) -> None:
    """Warn of tasks that have cache settings or retries while what they need cannot be read back."""
    for flow in flows:
        if flow.result is None:
            for task in flow.tasks:
                _check_task(flow, task)
    if not quiet:
        print("Result check: OK")


def _check_task(flow: Flow, task: Any) -> None:
    if task.cache_for is not None and task.result is None:
        _warn(f"Task {task} has cache settings but does not have a result type.")
    keyed = [edge.upstream_task for edge in flow.edges_to(task) if edge.key is not None]
    if all(upstream.result is not None for upstream in keyed):
        return
    for setting, is_set in (("retry", bool(task.max_retries)), ("cache", task.cache_for is not None)):
        if is_set:
            _warn(f"Task {task} has {setting} settings but some upstream dependencies do not have result types.")


def _warn(fact: str) -> None:
    warnings.warn(f"{fact} Without a result, values cannot be read back in another process.", stacklevel=6)


def main(flow_file_paths: str, python_version: str) -> None:
    """Try everything; both arguments as text, the paths as a JSON list."""
    print("Beginning health checks...")
    system_check(python_version)
    paths = json.loads(flow_file_paths)
    are_scripts = any(path.endswith(".py") for path in paths)
    result_check((import_flow_from_script_check if are_scripts else cloudpickle_deserialization_check)(paths))
    print("All health checks passed.")


if __name__ == "__main__":
    main(*sys.argv[1:])
