"""The law of a flow run's states."""

from __future__ import annotations

from collections.abc import Callable

from prefect.server.rules import transition
from prefect.server.rules.transition import Transition, Verdict, first_verdict, refuse_second_submission

__all__ = ["RULES", "decide", "keeps_heartbeat"]


def refuse_stale_version(step: Transition) -> Verdict | None:
    """A flow run becomes Running or Cancelling only by the wish of one who knows its present state."""
    return transition.refuse_stale_version(step, "flow")


RULES: tuple[Callable[[Transition], Verdict | None], ...] = (refuse_stale_version, refuse_second_submission)


def decide(step: Transition) -> Verdict:
    """Ask each rule in order; the first that answers decides."""
    return first_verdict(RULES, step)


def keeps_heartbeat(name: str) -> bool:
    """Tell whether a run in this state has a process, or soon will, whose silence means its death."""
    return name in ("Running", "Cancelling", "Submitted")
