"""Which agent was shown which runs a moment ago, kept where all replicas see it: on PostgreSQL.

The table is unlogged: writing it waits for no disk, and a crash empties it, which costs refused attempts for two
seconds.  Times are the database's, so that the clocks of replicas do not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from prefect.server.store.database import Transaction

__all__ = ["held_by_others", "hold"]

_OTHERS = """
SELECT CAST(run_id AS text), EXTRACT(EPOCH FROM until - clock_timestamp()) FROM queue_offer
WHERE until > clock_timestamp() AND isfinite(until) AND agent_id NOT IN (%s, '') LIMIT %s"""

# Again is no new offer: an agent that never takes a run would keep it from all others.  A run that has moved on belongs
# to nobody, and stays until its offer ends: who has seen it due before may come to hold it now.  What nobody needs any
# more goes; rows that another replica is changing are left to it.
_HOLD = """
WITH moved AS (
    UPDATE queue_offer SET agent_id = '' WHERE run_id IN (
        SELECT run_id FROM queue_offer WHERE run_id = ANY(CAST(%s AS uuid[])) AND run_id <> ALL(CAST(%s AS uuid[]))
        FOR UPDATE SKIP LOCKED
    )
), gone AS (
    DELETE FROM queue_offer WHERE run_id IN (
        SELECT run_id FROM queue_offer
        WHERE until <= clock_timestamp() - make_interval(secs => CASE agent_id WHEN '' THEN 0 ELSE %s END)
        AND run_id <> ALL(CAST(%s AS uuid[]))
        FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO queue_offer AS known (run_id, agent_id, until)
SELECT one, %s, clock_timestamp() + make_interval(secs => %s) FROM unnest(CAST(%s AS uuid[])) AS one ORDER BY one
ON CONFLICT (run_id) DO UPDATE SET
    agent_id = EXCLUDED.agent_id,
    until = CASE
        WHEN known.agent_id = EXCLUDED.agent_id AND known.until > clock_timestamp() - make_interval(secs => %s)
        THEN known.until ELSE EXCLUDED.until
    END
WHERE known.agent_id = EXCLUDED.agent_id OR known.until <= clock_timestamp() OR NOT isfinite(known.until)
RETURNING CAST(run_id AS text)"""


def held_by_others(tx: Transaction, agent_id: str, most: int) -> dict[str, float]:
    """Give the runs that other agents were shown and may still take, and for how many seconds."""
    return {run_id: float(seconds) for run_id, seconds in tx.raw(_OTHERS, (agent_id, most))}


def hold(
    tx: Transaction, agent_id: str, run_ids: Sequence[str], *, moved: Collection[str], seconds: float, spent: float
) -> set[str]:
    """Show an agent these runs, and keep them from others for a while; gives those that no other agent holds.

    Args:
        moved: runs that have moved on.
        spent: so many seconds after its end an agent gets no other offer of the same run.
    """
    ids = list(run_ids)
    values = (list(moved), ids, spent, ids, agent_id, seconds, ids, spent)
    return {run_id for (run_id,) in tx.raw(_HOLD, values)}
