"""The composition root: settings, database, live topics, services and the ASGI application, wired together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from prefect.server.actions import tenants
from prefect.server.auth import Auth
from prefect.server.graphql import mutations, queries
from prefect.server.graphql.execute import Executor
from prefect.server.graphql.schema import build as build_schema
from prefect.server.http import Http
from prefect.server.live import Live
from prefect.server.services import start_services
from prefect.server.services.loop import Service
from prefect.server.settings import Settings
from prefect.server.store.database import Database
from prefect.server.store.opening import migrate, open_database

__all__ = ["App", "build"]

logger = logging.getLogger("prefect.server")


class App:
    """One server: everything a request may need."""

    def __init__(self, settings: Settings, database: Database):
        self.settings = settings
        self.database = database
        self.live = Live()
        self.auth = Auth()
        self.executor = Executor(build_schema([*queries.QUERIES, *mutations.MUTATIONS]))
        self.services: list[Service] = []
        self.http = Http(self)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self.http(scope, receive, send)

    async def start(self) -> None:
        """Open the database, make the default tenant if there is none, start the services."""
        self.database.on_announce = self._announce
        await self.database.start()
        self.auth.default_tenant_id = await self.database.write(
            lambda tx: tenants.ensure_default_tenant(tx, datetime.now(UTC))
        )
        if self.settings.services_enabled:
            self.services = start_services(self.settings, self.database)

    async def stop(self) -> None:
        """End waits and services, finish what was accepted, close the database."""
        self.live.close()
        await asyncio.gather(*(service.stop() for service in self.services))
        await self.database.stop()

    def _announce(self, topics: Collection[str]) -> None:
        self.live.announce(topics)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:
            logger.debug("Start failed", exc_info=True)
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def build(settings: Settings, *, migrated: bool = False) -> App:
    """Make a server of these settings; nothing is started yet.

    Args:
        migrated: the database's tables are known to be up to date.
    """
    url = settings.resolved_database_url()
    database = open_database(url, readers=settings.database_readers)
    if not migrated:
        migrate(url)
    return App(settings, database)
