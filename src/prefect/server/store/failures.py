"""The task runs of a flow run that failed, by what they say."""

from __future__ import annotations

from sqlalchemy import func, select

from prefect.model.state_facts import FAILED
from prefect.server.catalogue import task_run
from prefect.server.store.phrases import among, value_of

__all__ = ["failures"]

_what = (task_run.c.state, task_run.c.state_message)
_numbered = (
    select(
        task_run.c.id,
        task_run.c.task_id,
        task_run.c.map_index,
        *_what,
        task_run.c.end_time,
        func.count().over(partition_by=_what).label("count"),
        func.row_number().over(partition_by=_what, order_by=(task_run.c.end_time, task_run.c.id)).label("place"),
    )
    .where(task_run.c.flow_run_id == value_of("flow_run_id", task_run.c.flow_run_id))
    .where(among(task_run.c.state, FAILED))
    .subquery()
)
#: The first of each state and message, those of what is said most often first.
failures = (
    select(_numbered)
    .where(_numbered.c.place <= value_of("first", task_run.c.version))
    .order_by(
        _numbered.c.count.desc(), _numbered.c.state, func.coalesce(_numbered.c.state_message, ""), _numbered.c.place
    )
    .limit(value_of("most", task_run.c.version))
)
