"""One step in a run's history: what is proposed, what is, and what the law may say of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from prefect.model.state import Finished, Running, Success
from prefect.model.state_facts import IN_WORK, SET_BY_PEOPLE, TO_BE_STARTED, WAITING, is_kind
from prefect.server.rules.proposal import Proposal, propose

__all__ = [
    "ALREADY_SUBMITTED",
    "QUEUED_FOR",
    "UNNAMED",
    "VERSION_LOCKING_ERROR",
    "Accept",
    "Caller",
    "Reject",
    "Transition",
    "Verdict",
    "first_verdict",
    "is_waiting",
    "mirror",
    "wants_place",
]

# Agents of 1.x skip the run when they read the first three words; both texts are part of the wire.
ALREADY_SUBMITTED = "State update failed: this run has already been submitted."
VERSION_LOCKING_ERROR = "VERSION_LOCKING_ERROR"

# A process that waits for a place asks again by its own clock, every 30 s unless told otherwise; one that has not asked
# for as long as this is gone, and its run is started anew.
QUEUED_FOR = timedelta(seconds=120)


# Stands among the processes that a run was taken from for one of 1.4.1, which does not name itself.
UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Accept:
    """The run goes to this state, which a rule may have put in the place of the proposed one."""

    proposal: Proposal
    status: str = "SUCCESS"
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """The run stays as it is; the proposer is told why."""

    message: str
    code: str = "STATE_REFUSED"


Verdict = Accept | Reject


@dataclass(frozen=True, slots=True)
class Caller:
    """Who proposes: an agent, or a process that works on a flow run; each as far as it tells.

    ``is_of_1_x``: the client of a released 1.x, in which a process does not name itself.
    """

    agent_id: str | None = None
    process_id: str | None = None
    process_of: str | None = None
    is_of_1_x: bool = False

    def about(self, flow_run_id: str) -> Caller:
        """Give the same caller as far as it concerns this flow run: a process may well set states of another run."""
        return self if self.process_of in (None, flow_run_id) else Caller(self.agent_id)

    def may_be_process(self, proposed: Proposal, seen_version: int | None) -> bool:
        """Tell whether this may be the process that works on the run.

        One of 1.x sends a version with a Running only, and never sets a run back: who does is a person.
        """
        if self.process_id is not None:
            return True
        if not self.is_of_1_x or self.agent_id is not None or proposed.name in SET_BY_PEOPLE:
            return False
        return seen_version is None or proposed.is_running()


@dataclass(frozen=True, slots=True)
class Transition:
    """A proposed step of one run.

    ``seen_version`` is the version the proposer last saw, or None when it does not say.  Of the rest, what is not
    known to matter may be left out.

    Args:
        caller: who proposes over the API; None is the server itself.
        agent_id: the agent that was given the run last.
        process_id: the process that works on the run, if it told.
        lost_processes: those that the run was taken from.
        times_resurrected: how often the run was taken from a silent process.
        version_locked: every version that comes with a state must be the present one.
        full: a sentence about a limit that has no place left for this run.
        is_without_process: the run is Running, but what it waits for is nothing that a process waits for.
    """

    run_id: str
    current: str | None
    version: int
    proposed: Proposal
    seen_version: int | None = None
    now: datetime | None = field(default=None, kw_only=True)
    caller: Caller | None = field(default=None, kw_only=True)
    agent_id: str | None = field(default=None, kw_only=True)
    process_id: str | None = field(default=None, kw_only=True)
    lost_processes: Collection[str] = field(default=(), kw_only=True)
    times_resurrected: int = field(default=0, kw_only=True)
    version_locked: bool = field(default=False, kw_only=True)
    full: str | None = field(default=None, kw_only=True)
    is_without_process: bool = field(default=False, kw_only=True)

    @property
    def is_by_process(self) -> bool:
        """Whether the proposer may be the process that works on the run."""
        return self.caller is not None and self.caller.may_be_process(self.proposed, self.seen_version)


T = TypeVar("T", bound=Transition)


def first_verdict(rules: Sequence[Callable[[T], Verdict | None]], step: T) -> Verdict:
    """Ask each rule in order; the first that answers decides."""
    return next((verdict for rule in rules if (verdict := rule(step)) is not None), Accept(step.proposed))


def refuse_stale_version(step: Transition, kind: str) -> Verdict | None:
    """A run becomes Running, and gets another end, only by the wish of one who knows its present state.

    Other states are not held to it: a runner sends them without a version, and an agent tells the failure of a
    deployment with the version from before its own Submitted.
    """
    if step.seen_version in (None, step.version):
        return None
    ends_again = is_kind(step.current, Finished) and step.proposed.is_kind(Finished)
    if step.proposed.is_running() or (ends_again and not step.version_locked):  # locked: the next rule says so
        return Reject(
            f"State update failed for {kind} run ID {step.run_id}: provided version {step.seen_version}, "
            f"but the run is at version {step.version}.",
            VERSION_LOCKING_ERROR,
        )
    return None


def refuse_any_stale_version(step: Transition, kind: str) -> Verdict | None:
    """Where versions are locked, a state that comes with a version must come with the present one.

    Except an agent's word that its deployment failed: it carries the version from before the agent's own Submitted.
    """
    if not step.version_locked or step.seen_version in (None, step.version):
        return None
    after_own_submission = step.current == "Submitted" and step.seen_version == step.version - 1
    if after_own_submission and step.proposed.name == "Failed":
        return None
    return Reject(
        f"State update failed for {kind} run ID {step.run_id}: provided version {step.seen_version}, "
        f"but the run is at version {step.version} and its flow locks versions.",
        VERSION_LOCKING_ERROR,
    )


def refuse_lost_process(step: Transition, kind: str) -> Verdict | None:
    """A process that the run was taken from, or that never had it, changes it no more."""
    if step.caller is None or not step.is_by_process:
        return None
    process_id = step.caller.process_id or UNNAMED
    is_other = step.caller.process_id is not None and step.process_id not in (None, process_id)
    if process_id in step.lost_processes or is_other:
        return Reject(
            f"State update failed for {kind} run ID {step.run_id}: the run was handed to another process.",
            VERSION_LOCKING_ERROR,
        )
    return None


def refuse_former_agent(step: Transition, kind: str) -> Verdict | None:
    """An agent speaks for a run only until it is handed to another agent or has begun.

    It tells the version that it saw before its own Submitted, which is one step back.
    """
    agent_id = step.caller.agent_id if step.caller else None
    if agent_id is None or step.proposed.is_submitted():
        return None
    moved_on = step.seen_version is not None and step.version - step.seen_version not in (0, 1)
    if moved_on or (step.current in IN_WORK and step.agent_id not in (None, agent_id)):
        return Reject(
            f"State update failed for {kind} run ID {step.run_id}: the run was handed on since this agent took it.",
            VERSION_LOCKING_ERROR,
        )
    return None


def refuse_success_before_new_start(step: Transition, kind: str) -> Verdict | None:
    """A run that was taken from a silent process cannot succeed before another has begun it.

    That would be the old process, which of 1.4.1 neither names itself nor tells the version it knows.  Who does tell
    the present version may set any state.
    """
    if step.caller is None or step.seen_version is not None or not step.times_resurrected:
        return None
    if step.current in TO_BE_STARTED and step.proposed.is_kind(Success):
        return Reject(
            f"State update failed for {kind} run ID {step.run_id}: the run was taken from a silent process and has "  # noqa: S608 - a sentence
            "not begun again; give its version to set this state all the same.",
            VERSION_LOCKING_ERROR,
        )
    return None


def wants_place(current: str | None, proposed: Proposal) -> bool:
    """Tell whether this step begins to take a place under the limits."""
    return proposed.name == "Running" and not is_kind(current, Running)


def queue_when_limit_is_full(step: Transition) -> Verdict | None:
    """A run that would take a place where none is left waits, Queued, and asks again."""
    if step.full is None or step.now is None or not wants_place(step.current, step.proposed):
        return None
    message = f"Queued: {step.full}."
    return Accept(propose("Queued", message, start_time=step.now + QUEUED_FOR, state=None), "QUEUED", message)


def refuse_second_submission(step: Transition) -> Verdict | None:
    """A run is handed to one agent: Submitted follows only a state that waits for one, unchanged since it was seen."""
    if not step.proposed.is_submitted():
        return None
    if is_waiting(step.current) and step.seen_version in (None, step.version):
        return None
    return Reject(ALREADY_SUBMITTED)


def is_waiting(name: str | None) -> bool:
    """Tell whether a run in this state waits to be started."""
    return name in WAITING


def mirror(proposed: Proposal, now: datetime, started: datetime | None) -> dict[str, Any]:
    """Give the columns of a run that repeat its latest state.

    A run that was restarted has not ended: ``end_time`` goes when it is no longer finished.
    """
    if proposed.name == "Running" and (started is None or now < started):
        started = now
    return {
        "state": proposed.name,
        "state_timestamp": now,
        "state_message": proposed.message,
        "state_start_time": proposed.start_time,
        "serialized_state": proposed.document,
        "start_time": started,
        "end_time": now if proposed.is_finished() else None,
    }
