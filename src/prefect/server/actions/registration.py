"""Registering a flow: a new version of its group, with its tasks and edges."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from prefect.contract import limits
from prefect.server import json_text
from prefect.server.actions import chores, flow_document, schedules
from prefect.server.actions import flows as flow_actions
from prefect.server.actions.checks import (
    check_key,
    check_object,
    check_size,
    check_text,
    found,
    new_id,
    read_json,
    size_of,
)
from prefect.server.actions.parameters import parameter_list
from prefect.server.actions.unpacking import LARGE_BYTES, ask
from prefect.server.errors import ApiError, BadInput
from prefect.server.settings import Settings
from prefect.server.store import chores as chore_statements
from prefect.server.store import flows, tenants
from prefect.server.store.database import MOST_ROWS, Transaction
from prefect.server.store.dialect import JsonText, dump_json

__all__ = [
    "Begun",
    "Prepared",
    "add_rows",
    "begin_large_flow",
    "complete_large_flow",
    "create_flow",
    "decompress",
    "is_large",
    "prepare",
    "prepare_text",
    "register_edges",
    "register_tasks",
]

#: A registration of several transactions that has not come to its end by then is undone.
UNDONE_AFTER = timedelta(minutes=5)
#: What of a flow's document stands in columns as well.
COLUMNS = (
    *("name", "description", "environment", "run_config", "storage", "parameters", "schedule"),
    "__version__",
)
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def decompress(text: str) -> Any:
    """Read a flow that came as base64 of gzip of JSON.

    Raises:
        ApiError: it is none, or larger than 50 MB.
    """
    return _json_of(_unpack(text))


def is_large(text: Any) -> bool:
    """Tell whether a flow that came as base64 of gzip is better read by another process: by its size, unpacked."""
    try:
        packed = base64.b64decode(text, validate=True)
        return len(zlib.decompressobj(wbits=31).decompress(packed, LARGE_BYTES + 1)) > LARGE_BYTES
    except (TypeError, binascii.Error, zlib.error, ValueError):
        return False


def _unpack(text: str) -> bytes:
    try:
        packed = base64.b64decode(text, validate=True)
        unpacker = zlib.decompressobj(wbits=31)
        plain = unpacker.decompress(packed, limits.FLOW_BYTES)
        if unpacker.unconsumed_tail:
            raise BadInput("serialized_flow", f"at most {limits.FLOW_BYTES} bytes of JSON", "more than that")
        if not unpacker.eof:
            raise ValueError("cut off")
        return plain
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ApiError(
            f"Unable to decompress serialized flow: expected base64 of gzip of JSON ({error})", "BAD_USER_INPUT"
        ) from None


def _json_of(plain: bytes) -> Any:
    try:
        return json_text.read(plain)
    except ValueError as error:
        raise ApiError(
            f"Unable to decompress serialized flow: expected base64 of gzip of JSON ({error})", "BAD_USER_INPUT"
        ) from None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A flow that was read and checked: all that takes long is done before the transaction.

    ``document`` has what stands in columns (``COLUMNS``), and may have the rest as well.
    """

    document: Mapping[str, Any]
    text: JsonText
    #: Rows without the ids of tenant and flow, and the times.
    tasks: list[dict[str, Any]]
    edges: list[dict[str, Any]]

    @property
    def is_large(self) -> bool:
        """Tell whether its rows are more than one transaction may write."""
        return len(self.tasks) + len(self.edges) > MOST_ROWS // 2


@dataclass(frozen=True, slots=True)
class Begun:
    """A version that was begun; no undoing when it is complete: the same was registered before."""

    flow_id: str
    tenant_id: str
    version_group_id: str
    undoing_id: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a new version belongs."""

    tenant_id: str
    project_id: str
    version_group_id: str
    group: Mapping[str, Any]
    idempotency_key: str | None


def prepare(serialized_flow: Any, settings: Settings, *, is_compressed: bool = False) -> Prepared:
    """Read and check a flow; of a large one this takes seconds, so not in the event loop and in no transaction.

    Raises:
        ApiError: naming what cannot be used.
    """
    if not is_compressed:
        return _prepare(serialized_flow, settings.core_version_cutoff)
    plain = _unpack(serialized_flow)
    if len(plain) > LARGE_BYTES:
        return Prepared(*ask(plain, settings))
    return _prepare(_json_of(plain), settings.core_version_cutoff)


def prepare_text(plain: bytes, cutoff: str) -> Prepared:
    """Read and check a large flow, of which only the columns are wanted beside its text and rows."""
    prepared = _prepare(_json_of(plain), cutoff)
    columns = {name: prepared.document[name] for name in COLUMNS if name in prepared.document}
    for name, value in columns.items():
        check_size(f"serialized_flow.{name}", value)
    return replace(prepared, document=columns)


def _prepare(given: Any, cutoff: str) -> Prepared:
    document = check_object("serialized_flow", given, limits.FLOW_BYTES)
    flow_document.check(flow_document.FLOW, "serialized_flow", document)
    _check_version(document.get("__version__"), cutoff)
    edges = document.get("edges") or []
    tasks = _task_rows(document.get("tasks") or [], edges, _reference_slugs(document))
    ids = {row["slug"]: row["id"] for row in tasks}
    return Prepared(document, JsonText(dump_json(document)), tasks, _edge_rows(edges, ids))


def create_flow(
    tx: Transaction,
    now: datetime,
    *,
    settings: Settings,
    serialized_flow: Any,
    project_id: str,
    version_group_id: str | None = None,
    set_schedule_active: bool | None = True,
    description: str | None = None,
    idempotency_key: str | None = None,
) -> str:
    """Register a flow and archive the other versions of its group; gives the new version's id.

    Given the idempotency key of the group's last registration, that version's id, and nothing changes.

    Args:
        serialized_flow: what ``prepare`` gave for it, or takes.
    """
    prepared = serialized_flow if isinstance(serialized_flow, Prepared) else prepare(serialized_flow, settings)
    place = _find_place(tx, now, prepared, project_id, version_group_id, description, idempotency_key)
    if (known := _known(tx, now, place)) is not None:
        return known
    flow_id = _insert_flow(tx, now, prepared, place, description)
    add_rows(tx, now, flow_id=flow_id, tenant_id=place.tenant_id, tasks=prepared.tasks, edges=prepared.edges)
    _complete(tx, now, flow_id, place, settings, set_schedule_active)
    return flow_id


def begin_large_flow(
    tx: Transaction,
    now: datetime,
    *,
    prepared: Prepared,
    project_id: str,
    version_group_id: str | None = None,
    description: str | None = None,
    idempotency_key: str | None = None,
) -> Begun:
    """Insert a version that is archived and has no number yet.

    ``add_rows`` makes its tasks and edges, ``complete_large_flow`` the version that counts.  Until then the group is as
    it was; whoever does not come so far in time finds it deleted.
    """
    place = _find_place(tx, now, prepared, project_id, version_group_id, description, idempotency_key)
    if (known := _known(tx, now, place)) is not None:
        return Begun(known, place.tenant_id, place.version_group_id, None)
    flow_id = _insert_flow(tx, now, prepared, place, description)
    tx.run(flows.hide, flow_id=flow_id)
    undoing_id = chores.begin(tx, now, "delete_flow", flow_id, due=now + UNDONE_AFTER)
    return Begun(flow_id, place.tenant_id, place.version_group_id, undoing_id)


def add_rows(
    tx: Transaction,
    now: datetime,
    *,
    flow_id: str,
    tenant_id: str,
    tasks: Sequence[Mapping[str, Any]] = (),
    edges: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Insert tasks and edges of a flow, rows of ``Prepared``."""
    more = {"flow_id": flow_id, "tenant_id": tenant_id, "created": now, "updated": now}
    tx.run_many(flows.insert_task, [{**row, **more} for row in tasks])
    tx.run_many(flows.insert_edge, [{**row, **more} for row in edges])


def complete_large_flow(
    tx: Transaction,
    now: datetime,
    *,
    begun: Begun,
    prepared: Prepared,
    settings: Settings,
    project_id: str,
    set_schedule_active: bool | None = True,
    description: str | None = None,
    idempotency_key: str | None = None,
) -> str:
    """Make a version whose rows are all there the one that counts.

    Raises:
        ApiError: it took too long, and is being deleted.
    """
    place = _find_place(tx, now, prepared, project_id, begun.version_group_id, description, idempotency_key)
    known = _known(tx, now, place)
    if known is not None:  # somebody registered the same meanwhile: what was begun is undone
        return known
    flow_id = begun.flow_id
    if not tx.run(chore_statements.remove, chore_id=begun.undoing_id):
        raise ApiError("The flow could not be registered: its registration took too long.")
    tx.run(flows.restore, flow_id=flow_id, version=_next_version(tx, place), now=now)
    _complete(tx, now, flow_id, place, settings, set_schedule_active)
    return flow_id


def register_tasks(tx: Transaction, now: datetime, *, flow_id: str, serialized_tasks: Any) -> bool:
    """Add tasks to a registered flow; those whose slug it has already are left as they are."""
    tasks = _given_list("serialized_tasks", serialized_tasks)
    flow_document.check(flow_document.list_of(flow_document.TASK), "serialized_tasks", tasks)
    flow = found(tx.one(flows.flow_by_id, flow_id=flow_id), "Invalid flow ID.")
    known = {row["slug"] for row in tx.all(flows.task_ids_by_slug, flow_id=flow_id)}
    added = [task for task in _once(tasks) if task["slug"] not in known]
    if added:
        add_rows(tx, now, flow_id=flow_id, tenant_id=flow["tenant_id"], tasks=_task_rows(added, (), ()))
        document = _document(tx, flow_id)
        listed = {task.get("slug") for task in document.get("tasks") or [] if isinstance(task, Mapping)}
        document["tasks"] = [*(document.get("tasks") or []), *(t for t in added if t["slug"] not in listed)]
        tx.run(flows.set_serialized_flow, flow_id=flow_id, serialized_flow=document, now=now)
    return True


def register_edges(tx: Transaction, now: datetime, *, flow_id: str, serialized_edges: Any) -> bool:
    """Add edges between tasks of a registered flow; those it has already are left as they are."""
    edges = _given_list("serialized_edges", serialized_edges)
    flow_document.check(flow_document.list_of(flow_document.EDGE), "serialized_edges", edges)
    flow = found(tx.one(flows.flow_by_id, flow_id=flow_id), "Invalid flow ID.")
    ids = {row["slug"]: row["id"] for row in tx.all(flows.task_ids_by_slug, flow_id=flow_id)}
    add_rows(tx, now, flow_id=flow_id, tenant_id=flow["tenant_id"], edges=_edge_rows(edges, ids))
    document = _document(tx, flow_id)
    listed = list(document.get("edges") or [])
    known = {_edge_key(edge) for edge in listed}
    for edge in edges:
        if _edge_key(edge) not in known:
            known.add(_edge_key(edge))
            listed.append(edge)
    if len(listed) != len(document.get("edges") or []):
        document["edges"] = listed
        tx.run(flows.set_serialized_flow, flow_id=flow_id, serialized_flow=document, now=now)
    return True


# --------------------------------------------------------------------------------------------- parts


def _document(tx: Transaction, flow_id: str) -> dict[str, Any]:
    row = tx.one(flows.document_of_flow, flow_id=flow_id)
    return dict((row and row["serialized_flow"]) or {})


def _group(
    tx: Transaction, now: datetime, tenant_id: str, version_group_id: str, idempotency_key: str | None
) -> Mapping[str, Any]:
    """Find the flow group of a version group, or make it."""
    group = tx.one(flows.group_by_name, tenant_id=tenant_id, name=version_group_id)
    if group is None:
        tx.run(
            flows.insert_flow_group,
            id=new_id(),
            tenant_id=tenant_id,
            name=version_group_id,
            settings={
                "heartbeat_enabled": True,
                "lazarus_enabled": True,
                "version_locking_enabled": False,
                "idempotency_key": None,
            },
            default_parameters={},
            created=now,
            updated=now,
        )
        group = tx.one(flows.group_by_name, tenant_id=tenant_id, name=version_group_id)
    return found(group, "Invalid flow group.")


def _find_place(
    tx: Transaction,
    now: datetime,
    prepared: Prepared,
    project_id: str,
    version_group_id: str | None,
    description: str | None,
    idempotency_key: str | None,
) -> _Place:
    """Find project and group of a new version, and hold the group until the end of the transaction."""
    check_text("description", description)
    if idempotency_key is not None:
        idempotency_key = check_key("idempotency_key", idempotency_key)
    find_project = tenants.project_by_id if version_group_id is not None else tenants.locked_project
    project = found(tx.one(find_project, project_id=project_id), "Invalid project.")
    if version_group_id is None:
        known = tx.one(flows.version_group_by_name, project_id=project_id, name=prepared.document["name"])
        version_group_id = (known and known["version_group_id"]) or new_id()
    version_group_id = check_key("version_group_id", version_group_id)
    group = _group(tx, now, project["tenant_id"], version_group_id, idempotency_key)
    return _Place(project["tenant_id"], project_id, version_group_id, group, idempotency_key)


def _known(tx: Transaction, now: datetime, place: _Place) -> str | None:
    """Give the version that this key registered last, if that is the group's last registration."""
    key = place.idempotency_key
    if key is None or place.group["settings"].get("idempotency_key") != key:
        return None
    newest = tx.one(flows.newest_unarchived_of_group, flow_group_id=place.group["id"])
    if newest is None:
        return None
    kept: str = newest["id"]
    _archive_others(tx, now, place.group["id"], kept)
    return kept


def _next_version(tx: Transaction, place: _Place) -> int:
    group = {"version_group_id": place.version_group_id, "tenant_id": place.tenant_id}
    latest = tx.one(flows.latest_in_version_group, **group)
    return int((latest and latest["version"]) or 0) + 1


def _insert_flow(
    tx: Transaction,
    now: datetime,
    prepared: Prepared,
    place: _Place,
    description: str | None,
) -> str:
    document, flow_id = prepared.document, new_id()
    tx.run(
        flows.insert_flow,
        id=flow_id,
        tenant_id=place.tenant_id,
        project_id=place.project_id,
        flow_group_id=place.group["id"],
        version_group_id=place.version_group_id,
        version=_next_version(tx, place),
        name=document["name"],
        description=description if description is not None else _optional_text(document.get("description")),
        serialized_flow=prepared.text,
        environment=document.get("environment"),
        run_config=document.get("run_config"),
        core_version=_optional_text(document.get("__version__")),
        storage=document.get("storage"),
        parameters=parameter_list(document.get("parameters")),
        schedule=document.get("schedule"),
        settings=flow_actions.flow_settings(place.group["settings"]),
        idempotency_key=place.idempotency_key,
        created=now,
        updated=now,
    )
    return flow_id


def _complete(
    tx: Transaction,
    now: datetime,
    flow_id: str,
    place: _Place,
    settings: Settings,
    set_schedule_active: bool | None,
) -> None:
    """Make a new version the one that its group has, start its schedule, and put the others away."""
    group_settings = {**place.group["settings"], "idempotency_key": place.idempotency_key}
    tx.run(flows.set_group_column["settings"], flow_group_id=place.group["id"], settings=group_settings, now=now)
    if set_schedule_active is not False:
        _try_to_activate(tx, now, flow_id, settings)
    _archive_others(tx, now, place.group["id"], flow_id)


def _archive_others(tx: Transaction, now: datetime, group_id: str, kept_id: str) -> None:
    for other in tx.all(flows.other_unarchived_of_group, flow_group_id=group_id, kept_id=kept_id):
        flow_actions.archive_flow(tx, now, flow_id=other["id"])


def _try_to_activate(tx: Transaction, now: datetime, flow_id: str, settings: Settings) -> None:
    """Start the schedule if there is one; a flow whose schedule cannot start is registered all the same."""
    try:
        with tx.savepoint():
            schedules.set_schedule_active(tx, now, flow_id=flow_id, settings=settings)
    except ApiError:
        return


def _task_rows(
    tasks: Iterable[Mapping[str, Any]], edges: Iterable[Mapping[str, Any]], reference: Iterable[str]
) -> list[dict[str, Any]]:
    edges = list(edges)
    with_upstream = {_slug(edge["downstream_task"]) for edge in edges}
    with_downstream = {_slug(edge["upstream_task"]) for edge in edges}
    mapped = {_slug(edge["downstream_task"]) for edge in edges if edge.get("mapped")}
    reference = set(reference)
    rows = []
    for task in _once(tasks):
        slug = task["slug"]
        delay = task.get("retry_delay")
        is_terminal = bool(edges) and slug not in with_downstream
        rows.append(
            {
                "id": new_id(),
                "name": _optional_text(task.get("name")),
                "slug": slug,
                "type": _optional_text(task.get("type")),
                "max_retries": task.get("max_retries") or 0,
                "retry_delay": None if delay is None else timedelta(seconds=delay),
                "trigger": _function_name(task.get("trigger")),
                "mapped": slug in mapped,
                "auto_generated": bool(task.get("auto_generated")),
                "cache_key": _optional_text(task.get("cache_key")),
                "is_root_task": bool(edges) and slug not in with_upstream,
                "is_terminal_task": is_terminal,
                "is_reference_task": slug in reference if reference else is_terminal,
                "tags": task.get("tags") or [],
            }
        )
    return rows


def _edge_rows(edges: Iterable[Mapping[str, Any]], ids: Mapping[str, str]) -> list[dict[str, Any]]:
    """Make the rows of edges.

    Args:
        ids: of the flow's tasks, by slug.
    """
    rows = []
    for edge in edges:
        ends = _slug(edge["upstream_task"]), _slug(edge["downstream_task"])
        missing = [slug for slug in ends if slug not in ids]
        if missing:
            raise ApiError(f"Edges could not be registered - the flow has no task with the slug {missing[0]!r}.")
        rows.append(
            {
                "id": new_id(),
                "upstream_task_id": ids[str(ends[0])],
                "downstream_task_id": ids[str(ends[1])],
                "key": _optional_text(edge.get("key")),
                "mapped": bool(edge.get("mapped")),
            }
        )
    return rows


# -------------------------------------------------------------------------------------------- checks


def _check_version(given: Any, cutoff: str) -> None:
    match = _VERSION.match(given) if isinstance(given, str) else None
    if match is None:
        return
    have = tuple(int(part or 0) for part in match.groups())
    least = tuple(int(part) for part in [*cutoff.split("."), "0", "0"][:3])
    if have < least:
        raise ApiError(
            f"Prefect backends require new flows to be run with Prefect {cutoff}+, but this flow was "
            f"built with {given}.",
            "BAD_USER_INPUT",
        )


def _given_list(field: str, value: Any) -> list[dict[str, Any]]:
    """Read a list of JSON objects that is an input of its own."""
    listed = _list_of_objects(field, read_json(value))
    size_of(field, listed)  # refuses what no database stores
    return listed


def _list_of_objects(field: str, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadInput(field, "a list of JSON objects", value)
    return value


def _once(tasks: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    first: dict[str, Mapping[str, Any]] = {}
    for task in tasks:
        first.setdefault(task["slug"], task)
    return first.values()


def _slug(end: Any) -> str | None:
    """Read a reference to a task: its slug, or an object that has it."""
    if isinstance(end, Mapping):
        end = end.get("slug")
    return end if isinstance(end, str) and end else None


def _edge_key(edge: Mapping[str, Any]) -> tuple[Any, ...]:
    return _slug(edge.get("upstream_task")), _slug(edge.get("downstream_task")), edge.get("key")


def _reference_slugs(document: Mapping[str, Any]) -> list[str]:
    slugs = (_slug(reference) for reference in document.get("reference_tasks") or [])
    return [slug for slug in slugs if slug is not None]


def _function_name(value: Any) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("fn")
    return _optional_text(value)


def _optional_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
