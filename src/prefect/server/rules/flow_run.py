"""The law of a flow run's states."""

from __future__ import annotations

from collections.abc import Callable

from prefect.model.state import Cancelling, Finished, Running
from prefect.model.state_facts import ALIVE, is_kind
from prefect.server.rules import transition
from prefect.server.rules.proposal import propose
from prefect.server.rules.transition import Accept, Reject, Transition, Verdict, first_verdict, refuse_second_submission

__all__ = ["CANCELLED", "RULES", "decide", "keeps_heartbeat"]

CANCELLED = "Flow run is cancelled"


def refuse_stale_version(step: Transition) -> Verdict | None:
    """A flow run becomes Running or Cancelling only by the wish of one who knows its present state."""
    return transition.refuse_stale_version(step, "flow")


def refuse_lost_process(step: Transition) -> Verdict | None:
    """A process that the run was taken from changes it no more."""
    return transition.refuse_lost_process(step, "flow")


def refuse_former_agent(step: Transition) -> Verdict | None:
    """An agent speaks for a run only until it is handed to another agent or has begun."""
    return transition.refuse_former_agent(step, "flow")


def refuse_success_before_new_start(step: Transition) -> Verdict | None:
    """A run that was taken from a silent process cannot succeed before another has begun it."""
    return transition.refuse_success_before_new_start(step, "flow")


def refuse_any_stale_version(step: Transition) -> Verdict | None:
    """Where versions are locked, a state that comes with a version must come with the present one."""
    return transition.refuse_any_stale_version(step, "flow")


def refuse_cancelling_the_finished(step: Transition) -> Verdict | None:
    """A flow run that has ended cannot be asked to stop."""
    if step.proposed.is_kind(Cancelling) and is_kind(step.current, Finished):
        return Reject(f"State update failed for flow run ID {step.run_id}: it has ended already, as {step.current}.")
    return None


def cancel_at_once_without_process(step: Transition) -> Verdict | None:
    """A flow run that no process works on is Cancelled where it should become Cancelling: nobody has to stop first."""
    if not step.proposed.is_kind(Cancelling):
        return None
    if is_kind(step.current, Running) and not step.is_without_process:
        return None
    return Accept(propose("Cancelled", CANCELLED))


def queue_when_limit_is_full(step: Transition) -> Verdict | None:
    """A flow run waits, Queued, while a limit on one of its labels has no place left."""
    return transition.queue_when_limit_is_full(step)


RULES: tuple[Callable[[Transition], Verdict | None], ...] = (
    refuse_lost_process,
    refuse_former_agent,
    refuse_success_before_new_start,
    refuse_stale_version,
    refuse_any_stale_version,
    refuse_cancelling_the_finished,
    cancel_at_once_without_process,
    refuse_second_submission,
    queue_when_limit_is_full,
)


def decide(step: Transition) -> Verdict:
    """Ask each rule in order; the first that answers decides."""
    return first_verdict(RULES, step)


def keeps_heartbeat(name: str) -> bool:
    """Tell whether a run in this state has a process, or soon will, whose silence means its death."""
    return name in ALIVE
