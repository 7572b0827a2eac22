"""How many runs are where, for the figures of operation: bounded counts over indexes."""

from __future__ import annotations

from sqlalchemy import func, literal, select

from prefect.model.state_facts import OPEN
from prefect.server.catalogue import flow_run
from prefect.server.store.phrases import among

__all__ = ["MOST_COUNTED", "OPEN_STATES", "anything", "open_runs"]

#: A scrape counts no further than this.
MOST_COUNTED = 10_000
#: Runs that are on their way; how many ended is counted as they end.
OPEN_STATES = OPEN


def _of_state(state: str) -> object:
    found = (
        select(flow_run.c.state.label("state"))
        .where(among(flow_run.c.state, (state,)))
        .limit(MOST_COUNTED)
        .subquery(f"of_{state.lower()}")
    )
    return select(func.count().label("count")).select_from(found)


#: By state, the number of flow runs in it, at most ``MOST_COUNTED``.
open_runs = {state: _of_state(state) for state in OPEN_STATES}

#: Shows that the database answers.
anything = select(literal(1).label("one"))
