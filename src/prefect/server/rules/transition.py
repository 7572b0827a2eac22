"""One step in a run's history: what is proposed, what is, and what the law may say of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from prefect.model.state import Queued, Scheduled
from prefect.server.rules.proposal import Proposal, is_kind

__all__ = [
    "ALREADY_SUBMITTED",
    "Accept",
    "Reject",
    "Transition",
    "Verdict",
    "first_verdict",
    "is_waiting",
    "mirror",
]

# Agents of 1.x skip the run when they read the first three words; both texts are part of the wire.
ALREADY_SUBMITTED = "State update failed: this run has already been submitted."
VERSION_LOCKING_ERROR = "VERSION_LOCKING_ERROR"


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
    code: str = "INTERNAL_SERVER_ERROR"


Verdict = Accept | Reject


@dataclass(frozen=True, slots=True)
class Transition:
    """A proposed step of one run.

    ``seen_version`` is the version the proposer last saw, or None when it does not say.
    """

    run_id: str
    current: str | None
    version: int
    proposed: Proposal
    seen_version: int | None = None


T = TypeVar("T", bound=Transition)


def first_verdict(rules: Sequence[Callable[[T], Verdict | None]], step: T) -> Verdict:
    """Ask each rule in order; the first that answers decides."""
    return next((verdict for rule in rules if (verdict := rule(step)) is not None), Accept(step.proposed))


def refuse_stale_version(step: Transition, kind: str) -> Verdict | None:
    """A run becomes Running only by the wish of one who knows its present state.

    Other states are not held to it: a runner sends them without a version, and an agent tells the failure of a
    deployment with the version from before its own Submitted.
    """
    if step.proposed.is_running() and step.seen_version is not None and step.seen_version != step.version:
        return Reject(
            f"State update failed for {kind} run ID {step.run_id}: provided version {step.seen_version}, "
            f"but the run is at version {step.version}.",
            VERSION_LOCKING_ERROR,
        )
    return None


def refuse_second_submission(step: Transition) -> Verdict | None:
    """A run is handed to one agent: Submitted follows only a state that waits for one, unchanged since it was seen."""
    if not step.proposed.is_submitted():
        return None
    if is_waiting(step.current) and step.seen_version in (None, step.version):
        return None
    return Reject(ALREADY_SUBMITTED)


def is_waiting(name: str | None) -> bool:
    """Tell whether a run in this state waits to be started."""
    return is_kind(name, Scheduled) or is_kind(name, Queued)


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
