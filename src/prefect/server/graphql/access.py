"""What a caller may do: roles for operations and tables, and the border around its tenant.

Tables are held to the tenant by the compiler, which adds a condition wherever a table stands.  An operation that names
a row of another tenant is run as if it named none: the id is replaced by one that nothing has, so that every operation,
also one not yet written, answers as it does for a row that does not exist.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from prefect.server.auth import ROLES, Caller, may
from prefect.server.catalogue import metadata
from prefect.server.errors import ApiError, Refused
from prefect.server.graphql.explaining import explained
from prefect.server.graphql.operations import Operation, Request
from prefect.server.store import keys
from prefect.server.store.audit import Entry, recording
from prefect.server.store.database import Transaction
from prefect.server.store.selection import Scope

__all__ = ["ADMIN_TABLES", "NEVER_AUDITED", "RUN_OPERATIONS", "TRIGGER_OPERATIONS", "needed_role", "run", "scope_of"]

# Texts of which the empty one is a value.
MAY_BE_EMPTY = frozenset({"description", "message"})

#: What agents and flow runs do; every other mutation needs an admin's key.
RUN_OPERATIONS = frozenset(
    {
        "cancel_flow_run",
        "cancel_flow_runs",
        "create_flow_run",
        "create_flow_runs",
        "create_task_run_artifact",
        "delete_document",
        "delete_key_value",
        "delete_task_run_artifact",
        "get_or_create_mapped_task_runs",
        "get_or_create_task_run",
        "get_or_create_task_run_info",
        "get_runs_in_queue",
        "register_agent",
        "report_process_end",
        "restart_flow_runs",
        "secret_value",
        "set_document",
        "set_flow_run_labels",
        "set_flow_run_name",
        "set_flow_run_priority",
        "set_flow_run_states",
        "set_flow_runs_state",
        "set_key_value",
        "set_task_run_name",
        "set_task_run_states",
        "update_flow_run_heartbeat",
        "update_task_run_artifact",
        "update_task_run_heartbeat",
        "write_run_logs",
    }
)

#: What a key that only starts runs may do, and what it may give: nothing that says how or where a run is executed.
TRIGGER_OPERATIONS = frozenset({"create_flow_run", "create_flow_runs"})
TRIGGER_FIELDS = frozenset(
    {
        "flow_id",
        "flow_group_id",
        "version_group_id",
        "parameters",
        "labels",
        "scheduled_start_time",
        "idempotency_key",
        "flow_run_name",
    }
)

#: What only the holder of a key for all tenants may do.
ALL_TENANTS_OPERATIONS = frozenset({"create_tenant", "delete_tenant"})

#: Tables whose rows tell of keys, or hold what opens other services.
ADMIN_TABLES = frozenset({"auth_api_key", "audit", "cloud_hook", "action", "hook", "delivery"})

#: Reports of agents and runs, and looks of screens: rows of their own tell of them already, and there are many.
NEVER_AUDITED = frozenset(
    {
        "create_task_run_artifact",
        "delete_document",
        "get_or_create_mapped_task_runs",
        "get_or_create_task_run",
        "get_or_create_task_run_info",
        "get_runs_in_queue",
        "register_agent",
        "report_process_end",
        "set_document",
        "set_flow_run_states",
        "set_task_run_states",
        "update_flow_run_heartbeat",
        "update_task_run_artifact",
        "update_task_run_heartbeat",
        "write_run_logs",
    }
)

#: Fields that name a row by id, where the table is not the field's name without ``_id``.
_NAMED_TABLES = {
    "limit_id": ("task_tag_limit", "flow_concurrency_limit"),
    "key_id": ("auth_api_key",),
    "sla_config_id": ("flow_sla_config",),
}
#: Ids that name no row of a tenant: who holds a key, and new rows of states and logs.
_FREE_IDS = frozenset({"user_id", "id"})
_TENANT_FIELDS = frozenset({"tenant_id", "default_tenant_id"})

# A row never changes its tenant, so what was seen once holds; looking again would cost each call a read.
OWNERS_KEPT = 20_000
NO_TENANT = ""

LONGEST_DETAIL = 200
MOST_DETAILS = 20


def needed_role(operation: Operation) -> str:
    """Give the least role that may call an operation."""
    if operation.name in TRIGGER_OPERATIONS:
        return "trigger"
    if operation.name in RUN_OPERATIONS:
        return "run"
    return "admin" if operation.is_mutation else "read"


_SCOPES = {
    (role, all_tenants): Scope(all_tenants=all_tenants, hidden=frozenset() if role == "admin" else ADMIN_TABLES)
    for role in ROLES
    for all_tenants in (False, True)
}


def scope_of(request: Request) -> Scope | None:
    """Give what the compiler must hold the reads of a request to; None: nothing is hidden from it."""
    caller = request.caller
    return _SCOPES[caller.role if may(caller.role, "read") else "read", caller.all_tenants] if caller.is_held else None


def _without_empty(operation: Operation, inputs: dict[str, Any]) -> dict[str, Any]:
    """Leave out optional inputs that are an empty text: nothing was given, as by who passes on an unset variable."""
    if "" not in inputs.values():
        return inputs
    return {
        name: value
        for name, value in inputs.items()
        if not (value == "" and operation.inputs.get(name) == "String" and name not in MAY_BE_EMPTY)
    }


async def run(request: Request, operation: Operation, inputs: dict[str, Any]) -> Any:
    """Run an operation for its caller; an answer that nothing was changed says why.

    Raises:
        Refused: the caller's role does not allow it.
    """
    # The inputs as they came: their ids may be exchanged on the way, and are the caller's to read.
    return explained(operation, dict(inputs), await _run(request, operation, inputs))


async def _run(request: Request, operation: Operation, inputs: dict[str, Any]) -> Any:
    caller = request.caller
    inputs = _without_empty(operation, inputs)
    if not caller.is_held:
        entry = _entry(request, caller, operation, inputs) if operation.is_mutation else None
        if entry is None:  # as it is unless somebody says otherwise
            return await operation.run(request, inputs)
        with recording(entry):
            return await operation.run(request, inputs)
    needed = needed_role(operation)
    if not may(caller.role, needed):
        raise Refused(
            f"{operation.name} needs an API key with the role {needed}; this one has {caller.role}.",
            "FORBIDDEN",
        )
    if operation.name in ALL_TENANTS_OPERATIONS and not caller.all_tenants:
        raise Refused(f"{operation.name} needs an API key for all tenants.", "FORBIDDEN")
    if caller.role == "trigger" and operation.name in TRIGGER_OPERATIONS:
        _check_trigger(operation, inputs)
    entry = _entry(request, caller, operation, inputs)
    hidden: dict[str, str] = {}
    inputs = await _Border(request, caller, hidden).check(inputs)
    await _check_agent(request, caller)
    try:
        if not operation.is_mutation:
            return _as_asked(hidden, await operation.run(request, inputs))
        with recording(entry):
            return _as_asked(hidden, await operation.run(request, inputs))
    except ApiError as error:
        if not hidden:
            raise
        raise ApiError(_as_asked(hidden, error.message), error.code) from None


def _as_asked(hidden: Mapping[str, str], told: Any) -> Any:
    """Name in an answer what the caller named, not what was put in its place."""
    if not hidden or told is None:
        return told
    if isinstance(told, str):
        for replacement, original in hidden.items():
            told = told.replace(replacement, original)
        return told
    if isinstance(told, Mapping):
        return {key: _as_asked(hidden, value) for key, value in told.items()}
    return [_as_asked(hidden, value) for value in told] if isinstance(told, list) else told


def _check_trigger(operation: Operation, inputs: Mapping[str, Any]) -> None:
    """Refuse what a key that only starts runs may not give; an empty context is what clients send for none."""
    for given in inputs.get("flow_runs") or (inputs,):
        for field, value in given.items():
            if field in TRIGGER_FIELDS or field == "flow_runs" or value is None or (field == "context" and value == {}):
                continue
            raise Refused(
                f"{operation.name}: {field} needs an API key with the role run; this one has trigger, which gives "
                "parameters, labels, a name, a start time and an idempotency key.",
                "FORBIDDEN",
            )


# --------------------------------------------------------------------------------------------- the border


class _Border:
    """Looks at the ids among the inputs of one call."""

    def __init__(self, request: Request, caller: Caller, hidden: dict[str, str]):
        self._request = request
        self._caller = caller
        self._hidden = hidden
        self._owners: OrderedDict[tuple[str, str], str] = request.app.owners

    async def check(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Give the inputs with ids of other tenants replaced."""
        owners = self._owners
        wanted = {place for place in _places(inputs) if place not in owners}
        if wanted:
            owners.update(await self._request.app.database.read(lambda tx: _look_up(tx, wanted)))
            while len(owners) > OWNERS_KEPT:
                owners.popitem(last=False)
        checked: dict[str, Any] = self._checked(inputs)
        return checked

    def _checked(self, value: Any, field: str = "") -> Any:
        if isinstance(value, dict) and (not field or field in _NESTED):
            return {key: self._checked(item, key) for key, item in value.items()}
        if isinstance(value, list) and (field in _NESTED or field.endswith("_ids")):
            return [self._checked(item, field) for item in value]
        if isinstance(value, str):
            return self._id(field, value)
        return value

    def _id(self, field: str, value: str) -> str:
        if field in _TENANT_FIELDS:
            if value != self._caller.tenant_id and not self._caller.all_tenants:
                return self._nothing(value)
            return value
        tables = _tables_of(field)
        if field == "key_id" and self._caller.all_tenants:
            return value
        if not tables or any(self._owners.get((table, value)) == self._caller.tenant_id for table in tables):
            return value
        return self._nothing(value)

    def _nothing(self, value: str) -> str:
        replacement = str(uuid4())
        self._hidden[replacement] = value
        return replacement


# Lists of inputs that name rows.
_NESTED = frozenset({"states", "logs", "runs", "flow_runs"})


def _tables_of(field: str) -> tuple[str, ...]:
    """Give the tables in which an input names a row; none: it names no row."""
    field = field.removesuffix("s") if field.endswith("_ids") else field
    if not field.endswith("_id") or field in _FREE_IDS or field in _TENANT_FIELDS or field == "version_group_id":
        return ()
    if field in _NAMED_TABLES:
        return _NAMED_TABLES[field]
    table = field.removesuffix("_id")
    # A name that no table has hides its row from everybody with a key, until it is told above what it names.
    return (table,) if table in metadata.tables else ("",)


def _places(value: Any, field: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(value, dict) and (not field or field in _NESTED):
        for key, item in value.items():
            yield from _places(item, key)
    elif isinstance(value, list) and (field in _NESTED or field.endswith("_ids")):
        for item in value:
            yield from _places(item, field)
    elif isinstance(value, str):
        for table in _tables_of(field):
            if table in keys.owner_of:
                yield table, value


def _look_up(tx: Transaction, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    found = {}
    for table, row_id in places:
        row = tx.one(keys.owner_of[table], id=row_id)
        if row is not None:
            found[table, row_id] = row["tenant_id"] or NO_TENANT
    return found


async def _check_agent(request: Request, caller: Caller) -> None:
    """Ignore the agent that a call says it comes from, if that is another tenant's."""
    named = request.headers.get("x-prefect-agent-id")
    if not named:
        return
    checked = await _Border(request, caller, {}).check({"agent_id": named})
    if checked["agent_id"] != named:
        request.headers = {name: value for name, value in request.headers.items() if name != "x-prefect-agent-id"}


# ---------------------------------------------------------------------------------------------- the audit


def _entry(request: Request, caller: Caller, operation: Operation, inputs: Mapping[str, Any]) -> Entry | None:
    if operation.name in NEVER_AUDITED or (caller.key_id is None and operation.name in RUN_OPERATIONS):
        return None  # the rows themselves tell as much, and nobody is known who did it
    return Entry(
        now=request.now,
        operation=operation.name,
        tenant_id=None if operation.name in ALL_TENANTS_OPERATIONS else request.tenant_id,
        key_id=caller.key_id,
        key_name=caller.key_name,
        address=request.address,
        detail=_detail(inputs),
    )


def _detail(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Give what may be told of the inputs: ids and names, shortened; no values, parameters or configurations."""
    told: dict[str, Any] = {}
    for field, value in inputs.items():
        if isinstance(value, str) and (field.endswith(("_id", "name", "slug")) or field in _TOLD):
            is_plain = len(value) < LONGEST_DETAIL and value.isascii() and "\x00" not in value
            told[field] = value if is_plain else _tellable(value)
        elif isinstance(value, bool | int) and field in _TOLD:
            told[field] = value
        if len(told) == MOST_DETAILS:
            break
    return told


def _tellable(text: str) -> str:
    """Shorten a text, and take out what no database stores."""
    return text[:LONGEST_DETAIL].replace("\x00", "").encode("utf-8", "replace").decode()


_TOLD = frozenset({"key", "tag", "limit", "role", "type", "kind", "confirm", "set_schedule_active"})
