"""Which sets of labels have runs that wait for their start.

A look at the queue goes over distinct sets of labels, not over runs: an index leads from a run's first label to the
sets that begin with it, from there to the next set, and from a set to its runs in the order in which they are handed
out.  Of what other agents may take, only the sets are seen that begin with a label of one's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Text,
    column,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from prefect.server.catalogue import LEAD_CHARACTERS, flow_run, key_of, lead_of
from prefect.server.store.phrases import value_of

__all__ = ["all_leads", "given_key", "given_leads", "label_sets", "leads_of"]


class _members_of(FunctionElement[str]):
    """The members of a JSON list, a row each."""

    type = Text()
    inherit_cache = True


@compiles(_members_of, "postgresql")
def _members_of_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"jsonb_array_elements_text(CAST({compiler.process(next(iter(element.clauses)), **kw)} AS JSONB))"


@compiles(_members_of, "sqlite")
def _members_of_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_each({compiler.process(next(iter(element.clauses)), **kw)})"


class given_key(FunctionElement[Any]):
    """A key that is bound."""

    type = NullType()
    inherit_cache = True


@compiles(given_key, "postgresql")
def _given_key_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **kw))


@compiles(given_key, "sqlite")
def _given_key_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    # SQLite would put a value that it knows to equal the labels into the other terms, too, and miss the index.
    return f"(SELECT {compiler.process(next(iter(element.clauses)), **kw)})"


def leads_of(labels: Iterable[str], *, unlabelled: bool) -> list[str]:
    """Give what the runs begin with that an agent with these labels takes.

    Args:
        unlabelled: those without labels, too.
    """
    return sorted({label[:LEAD_CHARACTERS] for label in labels} | ({""} if unlabelled else set()))


def _waiting(rows: FromClause) -> Select[Any]:
    return (
        select()
        .select_from(rows)
        .where(rows.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id))
        .where(rows.c.state_start_time.is_not(None))  # lets the partial index be chosen
    )


def _first(rows: FromClause, what: ColumnElement[Any], *conditions: ColumnElement[Any]) -> Any:
    found = _waiting(rows).add_columns(what).where(*conditions).order_by(what).limit(literal_column("1"))
    return found.scalar_subquery()


def given_leads() -> Select[Any]:
    """Take the leads that are bound as ``leads``."""
    given = _members_of(value_of("leads", flow_run.c.labels)).table_valued(column("value", Text), name="given")
    return select(given.c.value.label("lead"))


def all_leads() -> Select[Any]:
    """Find every lead for which a run of the tenant waits, from each to the next."""
    rows = flow_run.alias("of_first_lead")
    leads = select(_first(rows, lead_of(rows.c.labels)).label("lead")).cte("leads", recursive=True)
    rows = flow_run.alias("of_next_lead")
    lead = lead_of(rows.c.labels)
    leads = leads.union_all(select(_first(rows, lead, lead > leads.c.lead)).where(leads.c.lead.is_not(None)))
    return select(leads.c.lead).where(leads.c.lead.is_not(None))


def label_sets(leads: Select[Any]) -> CTE:
    """Find the sets of labels that begin with these leads and for which a run of the tenant waits: lead and key."""
    wanted = leads.cte("wanted")
    rows = flow_run.alias("of_first_set")
    key = key_of(rows.c.labels)
    first = _first(rows, key, lead_of(rows.c.labels) == wanted.c.lead)
    sets = select(wanted.c.lead, first.label("key")).cte("label_sets", recursive=True)
    rows = flow_run.alias("of_next_set")
    key = key_of(rows.c.labels)
    following = _first(rows, key, lead_of(rows.c.labels) == sets.c.lead, key > sets.c.key)
    sets = sets.union_all(select(sets.c.lead, following).where(sets.c.key.is_not(None)))
    return select(sets.c.lead, sets.c.key).where(sets.c.key.is_not(None)).cte("sets")
