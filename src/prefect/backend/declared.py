"""Is a stored value read from where its flow writes? Reading a pickle runs what is in it.

Whoever may set states may name any place in one: a file, or a bucket of their own. A reader who has the flow's code
knows better; a reader without it asks what the flow was registered with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from prefect.contract import operations
from prefect.model import codec
from prefect.model.result import ConstantResult, PrefectResult, Result
from prefect.utilities.context import context

__all__ = ["UndeclaredResult", "check_declared"]

#: What names the store of a remote result, and the scheme under which the setting names one.
_STORES = {"S3Result": ("bucket", "s3"), "GCSResult": ("bucket", "gs"), "AzureResult": ("container", "azure")}


class UndeclaredResult(ValueError):
    """A state names a place where its flow, as it was registered, writes no values."""


def check_declared(known: Result | None, task_run_id: str) -> None:
    """Refuse to read a value from where the flow of the task run writes none.

    What this process trusts is read as well: its own folder of results, and ``cloud.trusted_results``. A flow that was
    registered by 1.4.1 says only where its storage lies; without an API key, its results are read from wherever states
    say, as in 1.x.

    Raises:
        UndeclaredResult: names the place.
    """
    if known is None or isinstance(known, PrefectResult | ConstantResult) or not known._is_foreign:
        return
    from prefect.client.client import Client

    client = Client()
    row = client.ask(operations.TASK_RUN_FLOW, id=task_run_id)["task_run_by_pk"] or {}
    flow = (row.get("task") or {}).get("flow") or {}
    declared = (flow.get("serialized_flow") or {}).get("results")
    if any(_lies_in(known, place) for place in _places(declared, flow.get("storage"))):
        return
    if _is_trusted(known) or (not isinstance(declared, list) and not client.api_key):
        return
    raise UndeclaredResult(
        f"The state of task run {task_run_id} names {_place_of(known)} as the place of its value. Its flow, as it was "
        f"registered, writes none there: it is not read, since reading it may run what lies there. The "
        "setting cloud.trusted_results can allow it."
    )


def _places(declared: Any, storage: Any) -> Iterator[Result]:
    """Give the results of a registered flow: those that it declares, and that of its storage."""
    for described in declared if isinstance(declared, list) else ():
        yield codec.load("result", described)
    if isinstance(storage, Mapping):
        try:
            of_storage = codec.load("storage", storage).result
        except (ValueError, ImportError):
            return
        if of_storage is not None:
            yield of_storage
        if isinstance(directory := storage.get("directory"), str):
            # A process whose home is another takes the folder as it is named.
            yield _in_folder(directory)


def _lies_in(known: Result, place: Result) -> bool:
    if type(known) is not type(place) or known.location is None:
        return False
    store = _STORES.get(type(known).__name__)
    if store is not None and getattr(known, store[0]) != getattr(place, store[0]):
        return False
    # A relative one counts from the folder that the state names: that is where it would be read.
    folder = getattr(known, "dir", None)
    location = known.location if folder is None else os.path.join(folder, known.location)
    try:
        place.check_location(location)
    except ValueError:
        return False
    return True


def _is_trusted(known: Result) -> bool:
    """Tell whether this process trusts the place: its own folder of results, and what its settings name."""
    from prefect.engine.results import LocalResult

    given = context.config.cloud.get("trusted_results") or ()
    trusted = given.split(",") if isinstance(given, str) else given
    store = _STORES.get(type(known).__name__)
    if store is not None:
        return f"{store[1]}://{getattr(known, store[0])}" in {str(one).strip().rstrip("/") for one in trusted}
    folders = [str(one).strip() for one in trusted if os.path.isabs(str(one).strip())]
    places = [LocalResult(validate_dir=False), *map(_in_folder, folders)]
    return any(_lies_in(known, place) for place in places)


def _in_folder(folder: str) -> Result:
    from prefect.engine.results import LocalResult

    place = LocalResult(validate_dir=False)
    place.dir = folder
    return place


def _place_of(known: Result) -> str:
    store = _STORES.get(type(known).__name__)
    inside = f" of {store[1]}://{getattr(known, store[0])}" if store is not None else ""
    return f"{str(known.location)[:300]!r}{inside}"
