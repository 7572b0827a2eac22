"""Changing large tables of PostgreSQL while others write to them.

An index is built beside the writers and a column is filled in many short transactions, so a revision that uses these
is not one transaction there: each step must be right when it is begun again after an interruption. SQLite has no
other writer while it is migrated, and stays in one transaction.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

__all__ = ["add_column", "create_index", "drop_index", "fill", "has_extension", "replace_index"]

#: Rows that one transaction changes: some 50 ms of work, for which a writer of the same row waits.
ROWS_AT_ONCE = 2_000


def _is_postgres_with_rows(table: str) -> bool:
    """Tell whether others may be writing there: an empty table is changed within the transaction."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return False
    return bool(connection.scalar(sa.select(sa.exists(sa.select(1).select_from(sa.table(table))))))


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Add a column that has no value in the rows that are there, or the same one: no row is written for it."""
    is_postgres = op.get_bind().dialect.name == "postgresql"
    op.add_column(table, column, if_not_exists=True if is_postgres else None)


def create_index(name: str, table: str, columns: list[Any], **options: Any) -> None:
    """Make an index, without holding writers.

    Args:
        columns: names, or expressions by ``sqlalchemy.text``.
        options: those of ``alembic.op.create_index``.
    """
    if not _is_postgres_with_rows(table):
        op.create_index(name, table, columns, if_not_exists=True, **options)
        return
    with op.get_context().autocommit_block():
        _wait_for_others()
        broken = sa.text(
            "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid)"
        )
        if op.get_bind().scalar(broken, {"name": name}):  # an attempt that was cut off left it
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        op.create_index(name, table, columns, if_not_exists=True, postgresql_concurrently=True, **options)
        _wait_no_longer()


def drop_index(name: str, table: str) -> None:
    """Drop an index, without holding readers and writers."""
    if not _is_postgres_with_rows(table):
        op.drop_index(name, table, if_exists=True)
        return
    with op.get_context().autocommit_block():
        _wait_for_others()
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        _wait_no_longer()


def replace_index(name: str, table: str, columns: list[Any], **options: Any) -> None:
    """Make an index anew with other columns; the old one serves until then."""
    if not _is_postgres_with_rows(table):
        op.drop_index(name, table, if_exists=True)
        op.create_index(name, table, columns, **options)
        return
    create_index(f"{name}_new", table, columns, **options)
    op.drop_index(name, table, if_exists=True)
    op.execute(f'ALTER INDEX "{name}_new" RENAME TO "{name}"')


def fill(table: str, column: str, value: str) -> None:
    """Give a new column its value in every row where it is null.

    Args:
        value: SQL, in which ``{table}`` columns are named in full; null where there is none.
    """
    if not _is_postgres_with_rows(table):
        op.execute(f"UPDATE {table} SET {column} = {value}")  # noqa: S608 - both are written in a revision
        return
    statement = (
        f"WITH part AS (SELECT id FROM {table} WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT :rows), "  # noqa: S608
        f"filled AS (UPDATE {table} SET {column} = {value} FROM part WHERE {table}.id = part.id AND {column} IS NULL) "
        "SELECT max(CAST(id AS text)) FROM part"
    )
    after: str | None = "00000000-0000-0000-0000-000000000000"
    with op.get_context().autocommit_block():
        while after is not None:
            after = op.get_bind().scalar(sa.text(statement), {"after": after, "rows": ROWS_AT_ONCE})


def has_extension(name: str) -> bool:
    """Make an extension of PostgreSQL available; False: it is not installed, or the user may not."""
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text(f'CREATE EXTENSION IF NOT EXISTS "{name}"'))
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", "")[:2] not in ("42", "58", "0A"):  # forbidden, no file, no such feature
            raise
        return False
    return True


def _wait_for_others() -> None:
    # Building waits for every transaction that began before, and holds nobody meanwhile.
    op.execute("SET lock_timeout = 0")


def _wait_no_longer() -> None:
    op.execute("RESET lock_timeout")
