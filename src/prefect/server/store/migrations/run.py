"""Running Alembic over a connection that somebody else opened and will commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from . import FOLDER


def script_directory() -> ScriptDirectory:
    config = Config()
    # Percent signs are Alembic's own interpolation.
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def run(kind: str, connection: Callable[[], Any]) -> None:
    """Apply the missing revisions, inside the transaction that is open on the DBAPI connection."""
    script = script_directory()
    url = "postgresql+psycopg://" if kind == "postgresql" else "sqlite://"
    engine = create_engine(url, creator=connection, poolclass=StaticPool, pool_reset_on_return=None)

    def steps(revision: Any, context: Any) -> Any:
        return script._upgrade_revs("head", revision)

    try:
        with engine.connect() as conn, EnvironmentContext(Config(), script, fn=steps) as environment:
            environment.configure(connection=conn, transactional_ddl=kind == "postgresql")
            environment.run_migrations()
            conn.commit()
    finally:
        # Without closing the connection: it is the caller's.
        engine.dispose(close=False)
