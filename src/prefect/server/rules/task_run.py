"""The law of a task run's states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prefect.model.state_facts import ENDED, RUNNING
from prefect.server.rules import transition
from prefect.server.rules.proposal import Proposal
from prefect.server.rules.transition import VERSION_LOCKING_ERROR, Reject, Transition, Verdict, first_verdict

__all__ = ["RULES", "TaskTransition", "carry_cached_inputs", "decide"]


@dataclass(frozen=True, slots=True)
class TaskTransition(Transition):
    """A proposed step of one task run, beside the state of the flow run that it belongs to.

    ``is_decided``: its present state was set by somebody else than the process.
    """

    flow_run_id: str = ""
    flow_run_state: str | None = None
    is_decided: bool = False


def refuse_stale_version(step: TaskTransition) -> Verdict | None:
    """A task run becomes Running only by the wish of one who knows its present state."""
    return transition.refuse_stale_version(step, "task")


def refuse_second_submission(step: TaskTransition) -> Verdict | None:
    """While its flow run is Running, a due task run is what agents compete for, and one of them wins.

    Otherwise they compete for the flow run itself, and its winner marks the task runs freely.
    """
    return transition.refuse_second_submission(step) if step.flow_run_state == "Running" else None


def refuse_running_outside_running_flow(step: TaskTransition) -> Verdict | None:
    """A task run may be Running only while its flow run is."""
    if step.proposed.is_running() and step.flow_run_state != "Running":
        return Reject(
            f"State update failed for task run ID {step.run_id}: provided a running state but associated flow run "
            f"{step.flow_run_id} is not in a running state."
        )
    return None


def refuse_lost_process(step: TaskTransition) -> Verdict | None:
    """A process that the flow run was taken from changes no task run of it."""
    return transition.refuse_lost_process(step, "task")


def refuse_over_decision(step: TaskTransition) -> Verdict | None:
    """What somebody else has decided about a task run while a process worked on it stays.

    A process of 1.x that does not name itself cannot be told from a script: while the flow run goes on, the first end
    of a task run stays.
    """
    if not step.is_by_process or step.current not in ENDED:
        return None
    is_second_end = (
        step.flow_run_state in RUNNING
        and not (step.caller and step.caller.process_id)
        and step.proposed.name in ENDED
        and not (step.current == "Success" and step.proposed.name == "Cached")
    )
    if step.is_decided or is_second_end:
        return Reject(
            f"State update failed for task run ID {step.run_id}: it was set to {step.current} meanwhile.",  # noqa: S608 - a sentence
            VERSION_LOCKING_ERROR,
        )
    return None


def refuse_any_stale_version(step: TaskTransition) -> Verdict | None:
    """Where versions are locked, a state that comes with a version must come with the present one."""
    return transition.refuse_any_stale_version(step, "task")


def queue_when_limit_is_full(step: TaskTransition) -> Verdict | None:
    """A task run waits, Queued, while a limit on one of its task's tags has no place left."""
    return transition.queue_when_limit_is_full(step)


RULES: tuple[Callable[[TaskTransition], Verdict | None], ...] = (
    refuse_lost_process,
    refuse_over_decision,
    refuse_running_outside_running_flow,
    refuse_stale_version,
    refuse_any_stale_version,
    refuse_second_submission,
    queue_when_limit_is_full,
)


def decide(step: TaskTransition) -> Verdict:
    """Ask each rule in order; the first that answers decides."""
    return first_verdict(RULES, step)


def carry_cached_inputs(proposed: Proposal, current: Mapping[str, Any] | None) -> Proposal:
    """Keep what earlier attempts had cached, unless the new state brings its own."""
    kept = (current or {}).get("cached_inputs")
    if kept and not proposed.document["cached_inputs"]:
        return proposed.with_cached_inputs(kept)
    return proposed
