"""Running Alembic over a connection that somebody else opened and will commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from . import FOLDER


def script_directory() -> ScriptDirectory:
    config = Config()
    # Percent signs are Alembic's own interpolation.
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def run(kind: str, connection: Any, lock: Callable[[], bool], *, back_to: str | None = None) -> None:
    """Apply the missing revisions over an open DBAPI connection, which stays open.

    In SQLite all of them are one transaction; in PostgreSQL each is one, or more (``online``): others may be writing.

    Args:
        back_to: undo the revisions after this one instead.
        lock: keeps other processes out; its answer says whether there is still something to do.

    Raises:
        the driver's own error, when a statement fails.
    """
    script = script_directory()
    url = "postgresql+psycopg://" if kind == "postgresql" else "sqlite://"
    engine = create_engine(url, creator=lambda: connection, poolclass=StaticPool)

    def steps(revision: Any, context: Any) -> Any:
        return script._upgrade_revs("head", revision) if back_to is None else script._downgrade_revs(back_to, revision)

    try:
        # SQLAlchemy asks a new connection some questions and rolls back: only then can a transaction begin.
        with engine.connect() as conn:
            if not lock():
                conn.rollback()
                return
            with EnvironmentContext(Config(), script, fn=steps) as environment:
                environment.configure(
                    connection=conn, transactional_ddl=True, transaction_per_migration=kind == "postgresql"
                )
                environment.run_migrations()
            conn.commit()
    except DBAPIError as error:
        raise error.orig or error from error
    finally:
        # Without closing the connection: it is the caller's.
        engine.dispose(close=False)
