"""The one road that every state of every run takes.

Propose, judge by the rules, move the run if nobody moved it meanwhile, append to its history, and do what follows from
the new state; all in the caller's transaction.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from prefect.contract.fitting import fitted
from prefect.model.state import Cancelled, Finished
from prefect.model.state_facts import is_kind
from prefect.server.actions import chores, events, slots
from prefect.server.actions.checks import object_in, read_json, size_of
from prefect.server.errors import ApiError, BadInput
from prefect.server.live import flow_run_topic, task_runs_topic
from prefect.server.rules import flow_run as flow_run_rules
from prefect.server.rules import task_run as task_run_rules
from prefect.server.rules.proposal import Proposal, is_running_kind, propose, read_proposal
from prefect.server.rules.transition import UNNAMED, Accept, Caller, Reject, Transition, is_waiting, mirror, wants_place
from prefect.server.store import runs, states
from prefect.server.store.database import Transaction
from prefect.server.store.dialect import JsonText, dump_json
from prefect.server.waiters import labels_in, queue_topic
from prefect.utilities.ids import following_id

__all__ = [
    "Caller",
    "Change",
    "Outcome",
    "begin_flow_run",
    "begin_flow_runs",
    "begin_task_runs",
    "close_new_task_run",
    "close_some",
    "count_retries",
    "hold_flow_run",
    "open_some",
    "read_state",
    "release_flow_run",
    "set_back",
    "set_flow_run_state",
    "set_flow_run_states",
    "set_task_run_state",
    "set_task_run_states",
]

TASK_RUN_CREATED = {"type": "Pending", "message": "Task run created"}
#: Message of a task run that was not at its end when its flow run ended otherwise than Cancelled.
CLOSED_WITH_FLOW_RUN = "Its flow run ended ({}) before this task run did."
LOCK_LOST = "VERSION_LOCKING_ERROR"
# A run is taken from few processes in its life; more would be a loop somewhere else.
MOST_LOST_PROCESSES = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a proposal: SUCCESS, or QUEUED when the run must wait for a slot."""

    id: str
    status: str = "SUCCESS"
    message: str | None = None


def read_state(kind: str, run_id: str, given: Any, now: datetime, max_bytes: int) -> Proposal:
    """Read the state a client proposes for a run.

    One that is too large, or has texts that cannot be stored, is kept as far as it can be: a run must not stay at work
    because of the words of its last state.

    Raises:
        ApiError: no state, or one whose result is larger than is kept.
    """
    given = read_json(given)
    if not _fits(given, max_bytes):
        if isinstance(given, dict):
            given = fitted(given, max_bytes)
        if size_of("state", given) > max_bytes:
            raise ApiError("State payload is too large.", "BAD_USER_INPUT")
    try:
        return read_proposal(given, now)
    except ValueError as reason:
        raise ApiError(f"State update failed for {kind} run ID {run_id}: {reason}.", "BAD_USER_INPUT") from None


def _fits(given: Any, max_bytes: int) -> bool:
    with contextlib.suppress(TypeError):
        text = orjson.dumps(given)  # without the spaces that are counted, which are fewer than its characters
        if 2 * len(text) <= max_bytes and b"\\u0000" not in text:
            return True
    try:
        return size_of("state", given) <= max_bytes
    except BadInput:
        return False


# ----------------------------------------------------------------------------------------- flow runs


def begin_flow_run(
    tx: Transaction,
    now: datetime,
    run: Mapping[str, Any],
    first: Proposal,
    *,
    scopes: Sequence[str] = (),
    taken: Exception | None = None,
    is_held: bool = False,
    is_heard: bool = True,
) -> None:
    """Insert a flow run that is already in its first state, the first line of its history, and its task runs.

    Args:
        scopes: in which its idempotency key stands for it; two at most.
        taken: raised when its flow has a run with this key, or a scope knows it; at the latest with the commit.
        is_held: it is handed to nobody before ``release_flow_run``, and its task runs follow.
        is_heard: somebody may want to hear of its states.
    """
    columns, line = _first_columns(now, run, first, is_held), _first_line(now, run, first)
    of_tasks = {"task_run_message": TASK_RUN_CREATED["message"], "task_run_state": TASK_RUN_CREATED}
    keys = {f"scope_{place}": scope for place, scope in enumerate(scopes)}
    if tx.dialect.writes_in_ctes:
        more = {"line_id": line["id"], "line_start_time": first.start_time, **keys}
        if not is_held:
            more |= of_tasks | {"run_id": run["id"]}
        tx.later(states.new_flow_run[len(scopes), not is_held], columns | more, taken=taken)
    else:
        tx.later(runs.insert_new_flow_run, columns, taken=taken)
        tx.later(states.insert_flow_run_state, line)
        for scope in scopes:
            of_key = {"scope": scope, "key": run["idempotency_key"], "flow_run_id": run["id"]}
            tx.later(runs.insert_new_run_key, of_key, taken=taken)
        if not is_held:
            of_run = {"run_id": run["id"], "created": now, **of_tasks}
            tx.later(states.task_runs_of_flow, of_run | {"flow_id": run["flow_id"], "tenant_id": run["tenant_id"]})
            tx.later(states.states_of_new_task_runs, of_run)
    _tell_of_first(tx, now, run, line, is_heard=is_heard)


def begin_flow_runs(
    tx: Transaction,
    now: datetime,
    pairs: Sequence[tuple[Mapping[str, Any], Proposal]],
    held: Collection[str] = (),
) -> None:
    """Insert many flow runs, each as ``begin_flow_run`` does; those whose id is in ``held`` are held back.

    Raises:
        UniquenessViolation: a flow has a run with one of their idempotency keys.
    """
    if not pairs:
        return
    lines = [_first_line(now, run, first) for run, first in pairs]
    columns = [_first_columns(now, run, first, run["id"] in held) for run, first in pairs]
    tx.run_many(runs.insert_new_flow_run, columns)
    tx.run_many(states.insert_flow_run_state, lines)
    listening = {tenant_id for tenant_id in {run["tenant_id"] for run, _ in pairs} if events.is_heard(tx, tenant_id)}
    for (run, _), line in zip(pairs, lines, strict=True):
        _tell_of_first(tx, now, run, line, is_heard=run["tenant_id"] in listening)


def hold_flow_run(tx: Transaction, now: datetime, *, flow_run_id: str) -> int:
    """Keep a run that waits for its start from being handed out before ``release_flow_run``; gives its version."""
    held = tx.one(states.hold_flow_run, run_id=flow_run_id, now=now)
    return int(held["version"]) if held else 0


def release_flow_run(tx: Transaction, now: datetime, *, flow_run_id: str, tenant_id: str, version: int = 1) -> None:
    """Let a run that was held back at this version be handed out, unless somebody moved it meanwhile."""
    if version == 1:
        released = tx.run(states.release_flow_run, run_id=flow_run_id, now=now)
    else:
        released = tx.run(states.release_at_once, run_id=flow_run_id, seen_version=version, now=now)
    if released:
        tx.announce(queue_topic(tenant_id))


def set_back(
    tx: Transaction, now: datetime, flow_run_id: str, task_runs: Sequence[Mapping[str, Any]], message: str
) -> None:
    """Make task runs of a flow run that had ended wait for their turn again: id, tenant_id, version of each."""
    _set_all(tx, now, task_runs, propose("Pending", message))
    tx.announce(task_runs_topic(flow_run_id))


def _first_columns(now: datetime, run: Mapping[str, Any], first: Proposal, is_held: bool) -> dict[str, Any]:
    columns = mirror(first, now, None)
    if is_held:
        columns["state_start_time"] = None
    for unset in ("start_time", "end_time"):
        del columns[unset]
    return {**run, **columns, "version": 1, "event_seq": 1, "created": now, "updated": now}


def _first_line(now: datetime, run: Mapping[str, Any], first: Proposal) -> dict[str, Any]:
    return _history_line(now, following_id(), run["tenant_id"], first, 1) | {"flow_run_id": run["id"], "seq": 1}


def _tell_of_first(
    tx: Transaction, now: datetime, run: Mapping[str, Any], line: Mapping[str, Any], *, is_heard: bool = True
) -> None:
    tx.tally(f"flow_run:{line['state']}")
    if is_heard:
        told = {key: value for key, value in line.items() if key != "seq"}
        events.tell_of_flow_run_state(
            tx,
            now,
            flow_run_id=run["id"],
            flow_id=run["flow_id"],
            tenant_id=run["tenant_id"],
            previous=None,
            state=told,
        )
    tx.announce(queue_topic(run["tenant_id"], labels_in(run["labels"])))


def set_flow_run_state(
    tx: Transaction,
    now: datetime,
    *,
    flow_run_id: str,
    proposed: Proposal,
    version: int | None = None,
    state_id: str | None = None,
    caller: Caller | None = None,
) -> Outcome:
    """Move a flow run to a state, if the rules allow it.

    Args:
        version: of the run, as the proposer last saw it.
        state_id: id of the new line of the history; a second call with the same one changes nothing.
        caller: who asks over the API: an agent takes the run with a Submitted, a process with a Running.

    Raises:
        ApiError: no such run, or a rule refuses.
    """
    row = tx.one(states.present_flow_run, run_id=flow_run_id)
    if row is None:
        raise ApiError(f"State update failed for flow run ID {flow_run_id}: there is no such flow run.", "NOT_FOUND")
    # Asked when the run is locked: another copy of this request may have been under way.
    known = tx.one(states.flow_run_state_by_id, state_id=state_id) if state_id is not None else None
    if known is not None:
        return _answered(known, flow_run_id, proposed)
    caller = caller and caller.about(flow_run_id)
    places = None
    # A wish to cancel depends on what its task runs wait for; nothing else does.
    idle = proposed.name == "Cancelling" and tx.one(states.has_only_waiting_task_runs, run_id=flow_run_id) is not None
    if wants_place(row["state"], proposed):
        places = slots.look(tx, slots.FLOW, row["tenant_id"], flow_run_id)
    verdict = flow_run_rules.decide(
        Transition(
            flow_run_id,
            row["state"],
            row["version"],
            proposed,
            version,
            now=now,
            caller=caller,
            agent_id=row["agent_id"],
            process_id=row["process_id"],
            lost_processes=row["lost_processes"] or (),
            times_resurrected=row["times_resurrected"] or 0,
            version_locked=_is_locked(tx, row, version),
            full=places.full if places else None,
            is_without_process=idle,
        )
    )
    if isinstance(verdict, Reject):
        raise ApiError(verdict.message, verdict.code)
    new = verdict.proposal
    if verdict.status == "QUEUED" and row["state"] == "Queued":
        return _wait_on(tx, now, states.wait_on_flow_run, flow_run_id, verdict)
    new_state_id = state_id or following_id()
    moved = _move_flow_run(tx, now, row, verdict, new_state_id, caller)
    _tell(tx, now, flow_run_id, row["flow_id"], row["tenant_id"], row["state"], new, new_state_id, moved["version"])
    _keep_process(tx, row, new, caller, is_by_process=bool(caller and caller.may_be_process(proposed, version)))
    if places is not None and new.name == "Running":
        places.take(tx, now, run_id=flow_run_id, flow_run_id=flow_run_id)
    elif is_running_kind(row["state"]) and not new.is_running() and not new.is_finished():
        slots.release(tx, run_id=flow_run_id)
    if new.is_finished():
        _close_task_runs(tx, now, flow_run_id, new)
    elif is_kind(row["state"], Finished):
        _open_task_runs(tx, now, flow_run_id)
    tx.announce(flow_run_topic(flow_run_id))
    if new.start_time is not None:
        tx.announce(queue_topic(row["tenant_id"], labels_in(row["labels"])))
    return Outcome(flow_run_id, verdict.status, verdict.message)


def _move_flow_run(
    tx: Transaction,
    now: datetime,
    row: Mapping[str, Any],
    verdict: Accept,
    state_id: str,
    caller: Caller | None,
) -> Mapping[str, Any]:
    """Write what was decided: the run's columns and the next line of its history; gives the new numbers."""
    new, flow_run_id = verdict.proposal, row["id"]
    values = mirror(new, now, row["start_time"])
    # A wish to cancel says nothing of the process: one that died a while ago is found as soon as without it.
    is_beat = flow_run_rules.keeps_heartbeat(new.name) and new.name != "Cancelling"
    with_it = "heartbeat" if is_beat or verdict.status == "QUEUED" else ""
    agent_id = caller.agent_id if caller else None
    if new.is_submitted() and agent_id is not None and tx.one(states.agent_exists, agent_id=agent_id):
        with_it = "agent"
        values["agent_id"] = agent_id
    moved = tx.one(states.move_flow_run[with_it], run_id=flow_run_id, seen_version=row["version"], now=now, **values)
    if moved is None:
        raise _lost_race("flow", flow_run_id)
    numbers = {"flow_run_id": flow_run_id, "seq": moved["event_seq"]}
    _append(tx, now, states.insert_flow_run_state, state_id, row["tenant_id"], new, moved["version"], **numbers)
    return moved


def _keep_process(
    tx: Transaction, row: Mapping[str, Any], new: Proposal, caller: Caller | None, *, is_by_process: bool
) -> None:
    """Note which process has the run.

    It takes the run with a Running, and loses it when the run waits for another, or when somebody else ends it.
    """
    process_id = caller.process_id if caller else None
    lost: list[str] = row["lost_processes"] or []
    if new.is_finished():
        if not is_by_process:
            # A process that has no name may be at it as well.
            nameless = UNNAMED if is_running_kind(row["state"]) and UNNAMED not in lost else None
            _hand_over(tx, row["id"], row["process_id"] or nameless, lost)
        return
    if UNNAMED in lost:
        # Set going again: the next process may be one without a name, too.
        lost = [name for name in lost if name != UNNAMED]
        tx.run(states.set_process, run_id=row["id"], process_id=row["process_id"], lost_processes=lost)
    if process_id is None and row["process_id"] is None:
        return
    if new.is_submitted() or (is_waiting(new.name) and process_id is None):
        _hand_over(tx, row["id"], row["process_id"], lost)
    elif new.is_running() and process_id is not None and row["process_id"] is None:
        tx.run(states.set_process, run_id=row["id"], process_id=process_id, lost_processes=lost)


def _hand_over(tx: Transaction, flow_run_id: str, process_id: str | None, lost: Sequence[str] | None) -> None:
    """Take the run from its process for good: whatever that still says is refused."""
    if process_id is not None:
        known = [*(lost or ()), process_id][-MOST_LOST_PROCESSES:]
        tx.run(states.set_process, run_id=flow_run_id, process_id=None, lost_processes=known)


def _is_locked(tx: Transaction, row: Mapping[str, Any], version: int | None) -> bool:
    """Tell whether the run's flow locks versions; asked only where it makes a difference."""
    if version is None or version == row["version"]:
        return False
    flow = tx.one(states.versions_are_locked, flow_id=row["flow_id"])
    return bool(flow and object_in(flow["settings"]).get("version_locking_enabled"))


def _wait_on(tx: Transaction, now: datetime, statement: Any, run_id: str, verdict: Accept) -> Outcome:
    """Answer a run that asks again for a place and gets none: it is alive, and its history stays short."""
    tx.run(statement, run_id=run_id, until=verdict.proposal.start_time, now=now)
    return Outcome(run_id, verdict.status, verdict.message)


def _tell(
    tx: Transaction,
    now: datetime,
    flow_run_id: str,
    flow_id: str,
    tenant_id: str,
    previous: str | None,
    state: Proposal,
    state_id: str,
    version: int,
) -> None:
    line = _history_line(now, state_id, tenant_id, state, version) | {"flow_run_id": flow_run_id}
    events.tell_of_flow_run_state(
        tx, now, flow_run_id=flow_run_id, flow_id=flow_id, tenant_id=tenant_id, previous=previous, state=line
    )


def _close_task_runs(tx: Transaction, now: datetime, flow_run_id: str, end: Proposal) -> None:
    """Give every task run of a flow run that has ended, that is not at its end, one too."""
    slots.release_all(tx, flow_run_id=flow_run_id)
    if not _close(tx, now, flow_run_id, end.name, end.message):
        chores.begin(tx, now, "close_task_runs", flow_run_id)


def close_some(tx: Transaction, now: datetime, *, flow_run_id: str) -> bool:
    """Close more task runs of an ended flow run; True when there are no more, or it was set going again."""
    row = _locked(tx, flow_run_id)
    if row is None or not is_kind(row["state"], Finished):
        return True
    return _close(tx, now, flow_run_id, row["state"], row["state_message"])


def _close(tx: Transaction, now: datetime, flow_run_id: str, end: str, message: str | None) -> bool:
    """Close as many task runs as there is room for; True when those were all.

    With a cancelled flow run they are Cancelled in the same words; with any other, in words by which they are known
    when the flow run is set going again.
    """
    words = message if is_kind(end, Cancelled) else CLOSED_WITH_FLOW_RUN.format(end)
    return _set_some(tx, now, states.unfinished_task_runs, propose("Cancelled", words), run_id=flow_run_id)


def close_new_task_run(tx: Transaction, now: datetime, task_run_id: str, end: str) -> None:
    """End a task run that was made in a flow run after its end."""
    state = propose("Cancelled", CLOSED_WITH_FLOW_RUN.format(end))
    set_task_run_state(tx, now, task_run_id=task_run_id, proposed=state)


def _open_task_runs(tx: Transaction, now: datetime, flow_run_id: str) -> None:
    """Take back what the flow run's end did to its task runs: they wait for their turn again."""
    if not _open(tx, now, flow_run_id):
        chores.begin(tx, now, "open_task_runs", flow_run_id)


def open_some(tx: Transaction, now: datetime, *, flow_run_id: str) -> bool:
    """Open more task runs of a flow run that was set going again; True when there are no more, or it has ended."""
    row = _locked(tx, flow_run_id)
    return row is None or is_kind(row["state"], Finished) or _open(tx, now, flow_run_id)


def _open(tx: Transaction, now: datetime, flow_run_id: str) -> bool:
    beginning = CLOSED_WITH_FLOW_RUN.partition("{")[0]
    again = propose("Pending", "Its flow run was set going again.")
    return _set_some(tx, now, states.task_runs_closed_with_it, again, run_id=flow_run_id, beginning=beginning)


def _locked(tx: Transaction, flow_run_id: str) -> Mapping[str, Any] | None:
    tx.one(runs.flow_run_to_change, flow_run_id=flow_run_id)
    return tx.one(runs.run_with_flow, flow_run_id=flow_run_id)


def _set_some(tx: Transaction, now: datetime, find: Any, state: Proposal, **which: Any) -> bool:
    """Give as many of the task runs that are found as there is room for this state; True when those were all."""
    most = tx.room() // 2
    found = tx.all(find, most=max(most, 1), **which)
    if found and not most:
        return False
    tx.announce(task_runs_topic(which["run_id"]))
    _set_all(tx, now, found, state)
    return len(found) < max(most, 1)


def _set_all(tx: Transaction, now: datetime, task_runs: Sequence[Mapping[str, Any]], state: Proposal) -> None:
    """Give all of these task runs this state."""
    if not task_runs:
        return
    columns = mirror(state, now, None)
    del columns["start_time"]
    tx.run_many(
        states.close_task_run,
        [{"run_id": row["id"], "new_version": row["version"] + 1, "now": now, **columns} for row in task_runs],
    )
    tx.run_many(
        states.insert_task_run_state,
        [
            _history_line(now, following_id(), row["tenant_id"], state, row["version"] + 1) | {"task_run_id": row["id"]}
            for row in task_runs
        ],
    )
    for _ in task_runs:
        tx.tally(f"task_run:{state.name}")


# ----------------------------------------------------------------------------------------- task runs


def begin_task_runs(tx: Transaction, now: datetime, rows: Sequence[Mapping[str, Any]], *, once: bool = False) -> int:
    """Insert task runs that wait for their turn, each with the first line of its history; gives how many.

    Args:
        rows: id, tenant_id, flow_run_id, task_id, map_index, cache_key of each.
        once: skip one whose place is taken; only for a single row.
    """
    if not rows:
        return 0
    first = {
        "version": 1,
        "state": "Pending",
        "state_timestamp": now,
        "state_message": TASK_RUN_CREATED["message"],
        "serialized_state": TASK_RUN_CREATED,
        "created": now,
        "updated": now,
    }
    if once:
        (row,) = rows
        if not tx.run(runs.insert_task_run_once, **row, **first):
            return 0
        tx.announce(task_runs_topic(row["flow_run_id"]))
    else:
        tx.run_many(runs.insert_task_run, [{**row, **first} for row in rows])
    tx.run_many(
        states.insert_task_run_state,
        [
            {
                "id": following_id(),
                "tenant_id": row["tenant_id"],
                "task_run_id": row["id"],
                "timestamp": now,
                "state": "Pending",
                "message": TASK_RUN_CREATED["message"],
                "start_time": None,
                "serialized_state": TASK_RUN_CREATED,
                "version": 1,
                "created": now,
                "updated": now,
            }
            for row in rows
        ],
    )
    return len(rows)


class Change(NamedTuple):
    """What is wanted of one run; ``version`` and ``state_id`` as for a single one."""

    run_id: str
    proposed: Proposal
    version: int | None = None
    state_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """What the rules have agreed to for a task run, and is not written yet."""

    row: Mapping[str, Any]
    change: Change
    verdict: Accept
    places: slots.Places | None
    caller: Caller | None
    is_decided: bool


def set_flow_run_states(
    tx: Transaction, now: datetime, *, changes: Sequence[Change], caller: Caller | None, is_long: bool = False
) -> list[Outcome]:
    """Move flow runs, one after the other: all, or when there are many as long as there is room for more."""
    outcomes: list[Outcome] = []
    for run_id, proposed, version, state_id in changes:
        if is_long and not tx.room():
            break
        which: dict[str, Any] = {"flow_run_id": run_id, "version": version, "state_id": state_id}
        outcomes.append(set_flow_run_state(tx, now, proposed=proposed, caller=caller, **which))
    return outcomes


def set_task_run_states(
    tx: Transaction, now: datetime, *, changes: Sequence[Change], caller: Caller | None, is_long: bool = False
) -> list[Outcome]:
    """Move task runs as if one after the other: all, or when there are many as long as there is room for more.

    What is to be written waits until all have been looked at, or one is looked at that depends on it.
    """
    outcomes: list[Outcome] = []
    waiting: dict[str, _Step] = {}

    def write() -> None:
        for step in waiting.values():
            _write_step(tx, now, step)
        waiting.clear()

    for change in changes:
        if is_long and not tx.room():
            break
        if change.run_id in waiting:
            write()
        found = _judge(tx, now, change, caller, write)
        if isinstance(found, _Step):
            waiting[change.run_id] = found
            outcomes.append(Outcome(change.run_id, found.verdict.status, found.verdict.message))
        else:
            outcomes.append(found)
        if is_long:
            write()
    write()
    return outcomes


def set_task_run_state(
    tx: Transaction,
    now: datetime,
    *,
    task_run_id: str,
    proposed: Proposal,
    version: int | None = None,
    state_id: str | None = None,
    caller: Caller | None = None,
) -> Outcome:
    """Move a task run to a state, if the rules allow it; arguments as for a flow run."""
    change = Change(task_run_id, proposed, version, state_id)
    return set_task_run_states(tx, now, changes=[change], caller=caller)[0]


def _judge(
    tx: Transaction, now: datetime, change: Change, caller: Caller | None, write_others: Callable[[], None]
) -> _Step | Outcome:
    """Look whether the rules allow this change of a task run; an outcome when nothing is to be written for it.

    Args:
        write_others: writes what waits, which may give a place under a limit back.

    Raises:
        ApiError: no such run, or a rule refuses.
    """
    task_run_id, proposed, version, state_id = change
    row = tx.one(states.present_task_run, run_id=task_run_id, state_id=state_id)
    if row is None:
        raise ApiError(f"State update failed for task run ID {task_run_id}: there is no such task run.", "NOT_FOUND")
    if row["known_run_id"] is not None:
        return _answered({"run_id": row["known_run_id"], "state": row["known_state"]}, task_run_id, proposed)
    if state_id is not None and row["has_moved"]:
        # Perhaps by another copy of this request, and what its id stands for was looked up before.
        known = tx.one(states.task_run_state_by_id, state_id=state_id)
        if known is not None:
            return _answered(known, task_run_id, proposed)
    caller = caller and caller.about(row["flow_run_id"])
    proposed = task_run_rules.carry_cached_inputs(proposed, row["serialized_state"])
    flow_run_state = row["flow_run_state"]
    if proposed.is_running() and not tx.dialect.writes_alone:
        # Read after the lock on the task run, so that a flow run that was cancelled meanwhile is seen as such.
        flow_run_state = (tx.one(runs.flow_run_by_id, flow_run_id=row["flow_run_id"]) or {}).get("state")
    places = None
    if row["has_limits"] and wants_place(row["state"], proposed) and flow_run_state == "Running":
        write_others()
        places = slots.look(tx, slots.TASK, row["tenant_id"], task_run_id)
    verdict = task_run_rules.decide(
        task_run_rules.TaskTransition(
            task_run_id,
            row["state"],
            row["version"],
            proposed,
            version,
            row["flow_run_id"],
            flow_run_state,
            bool(row["is_decided"]),
            now=now,
            caller=caller,
            process_id=row["process_id"],
            lost_processes=row["lost_processes"] or (),
            version_locked=_is_locked(tx, row, version),
            full=places.full if places else None,
        )
    )
    if isinstance(verdict, Reject):
        raise ApiError(verdict.message, verdict.code)
    if verdict.status == "QUEUED" and row["state"] == "Queued":
        return _wait_on(tx, now, states.wait_on_task_run, task_run_id, verdict)
    is_decided = caller is not None and caller.agent_id is None and not caller.may_be_process(proposed, version)
    step = _Step(row, change, verdict, places, caller, is_decided)
    if places is not None and places.names:
        _write_step(tx, now, step)  # the next one finds its place taken
        return Outcome(task_run_id, verdict.status, verdict.message)
    return step


def _write_step(tx: Transaction, now: datetime, step: _Step) -> None:
    """Move the task run, which is locked since it was looked at, and do what follows."""
    row, new, places = step.row, step.verdict.proposal, step.places
    task_run_id, flow_run_id = row["id"], row["flow_run_id"]
    columns = mirror(new, now, row["start_time"])
    # Written twice, made once.
    document = columns["serialized_state"] = JsonText(dump_json(new.document))
    move = {"run_id": task_run_id, "seen_version": row["version"], "is_decided": step.is_decided, "now": now, **columns}
    tx.later(states.move_task_run["heartbeat" if new.is_running() else ""], move)
    line = _history_line(now, step.change.state_id or following_id(), row["tenant_id"], new, row["version"] + 1)
    tx.later(states.insert_task_run_state, {**line, "serialized_state": document, "task_run_id": task_run_id})
    tx.tally(f"task_run:{new.name}")
    tx.announce(task_runs_topic(flow_run_id))
    _keep_process_of_task(tx, row, new, step.caller)
    if places is not None and new.name == "Running":
        places.take(tx, now, run_id=task_run_id, flow_run_id=flow_run_id)
    elif is_running_kind(row["state"]) and not new.is_running() and (row["has_place"] or not tx.dialect.writes_alone):
        slots.release(tx, run_id=task_run_id)
    if new.start_time is not None and row["tenant_id"] is not None:
        tx.announce(queue_topic(row["tenant_id"], labels_in(row["labels"])))


def _keep_process_of_task(tx: Transaction, row: Mapping[str, Any], new: Proposal, caller: Caller | None) -> None:
    """Note who has the flow run: an agent hands a Running one on by taking a due task run of it."""
    if caller is None:
        return
    lost = row["lost_processes"]
    if new.is_submitted() and caller.agent_id is not None and row["flow_run_state"] == "Running":
        _hand_over(tx, row["flow_run_id"], row["process_id"], lost)
    elif new.is_running() and caller.process_id is not None and row["process_id"] is None:
        tx.run(states.set_process, run_id=row["flow_run_id"], process_id=caller.process_id, lost_processes=lost)


def count_retries(tx: Transaction, task_run_id: str) -> int:
    """Count how often this task run was put back to be tried again."""
    row = tx.one(states.count_retries, task_run_id=task_run_id)
    return int(row["count"]) if row else 0


# --------------------------------------------------------------------------------------------- parts


def _history_line(now: datetime, state_id: str, tenant_id: str | None, state: Proposal, version: int) -> dict[str, Any]:
    return {
        "id": state_id,
        "tenant_id": tenant_id,
        "timestamp": now,
        "state": state.name,
        "message": state.message,
        "start_time": state.start_time,
        "serialized_state": state.document,
        "version": version,
        "created": now,
        "updated": now,
    }


def _append(
    tx: Transaction,
    now: datetime,
    statement: Any,
    state_id: str,
    tenant_id: str | None,
    state: Proposal,
    version: int,
    **place: Any,
) -> None:
    tx.run(statement, **_history_line(now, state_id, tenant_id, state, version), **place)
    tx.tally(f"{'flow_run' if 'flow_run_id' in place else 'task_run'}:{state.name}")


def _answered(known: Mapping[str, Any], run_id: str, proposed: Proposal) -> Outcome:
    """Repeat the answer to a proposal that came before: its first answer may have been lost on the way."""
    if known["run_id"] != run_id:
        raise BadInput("id of the state", "an id that no other run's state has", "one that is taken")
    queued = known["state"] == "Queued" and proposed.name != "Queued"
    return Outcome(run_id, "QUEUED" if queued else "SUCCESS")


def _lost_race(kind: str, run_id: str) -> ApiError:
    # The row is locked since it was read, so this is reached only when a database does not lock.
    return ApiError(f"State update failed for {kind} run ID {run_id}: it changed at the same moment.", LOCK_LOST)
