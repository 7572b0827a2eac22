"""The composition root: settings, database, live topics, services and the ASGI application, wired together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from prefect.server.actions import keys, tenants
from prefect.server.actions.secrets import SecretBox
from prefect.server.auth import KEYS_TOPIC, Auth
from prefect.server.graphql import mutations, queries
from prefect.server.graphql.execute import Executor
from prefect.server.graphql.schema import build as build_schema
from prefect.server.http import Http
from prefect.server.live import CHORE_TOPIC, EVERYTHING, Live, Offers, Turns
from prefect.server.metrics import Metrics, family, gauges
from prefect.server.services import chore_service, chores, start_services
from prefect.server.services.loop import Service
from prefect.server.services.stop import Stop
from prefect.server.settings import Settings
from prefect.server.store import figures
from prefect.server.store.audit import audited
from prefect.server.store.database import Database, DatabaseError
from prefect.server.store.opening import migrate, open_database
from prefect.server.threads import Threads
from prefect.server.tracing import Spans, set_up_tracing

__all__ = ["App", "build"]

logger = logging.getLogger("prefect.server")

#: How long a look at the database may take, and how long it holds for others who ask.
LOOK_SECONDS, LOOK_HOLDS_SECONDS = 2.0, 1.0


class App:
    """One server: everything a request may need.

    Args:
        like: another one of this process, with a database of the same kind: its schema and documents serve here too.
    """

    def __init__(self, settings: Settings, database: Database, like: App | None = None):
        self.settings = settings
        self.database = audited(database) if settings.audit else database
        self.live = Live()
        self.offers = Offers()
        self.turns = Turns()
        self.secrets = SecretBox(settings)
        self.auth = Auth(
            required=settings.require_keys,
            find_key=self._find_key,
            note_use=self._note_use,
            session_secret=lambda: self.secrets.secret_for("sessions"),
        )
        #: By table and id: the tenant of rows that callers with keys have named.
        self.owners: OrderedDict[tuple[str, str], str] = OrderedDict()
        self.metrics = Metrics()
        self.spans = Spans()
        self.executor: Executor = like.executor.again(self.metrics) if like else self._new_executor()
        self.services: list[Service] = []
        self._stop = Stop()
        self._chores = chore_service(settings, self.database, self._stop)
        self.http = Http(self)
        self._looking: asyncio.Task[str | None] | None = None
        self._looked_at = 0.0
        self._large_flows: Threads | None = None

    def _new_executor(self) -> Executor:
        schema = build_schema([*queries.QUERIES, *mutations.MUTATIONS])
        return Executor(schema, self.metrics, max_answer_bytes=self.settings.max_answer_bytes)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self.http(scope, receive, send)

    async def start(self) -> None:
        """Open the database, make the default tenant if there is none, start the services."""
        self.database.on_announce = self._announce
        self.database.on_commit = self.metrics.committed
        self.spans = set_up_tracing()
        await self.database.start()
        self.auth.default_tenant_id = await self.database.write(
            lambda tx: tenants.ensure_default_tenant(tx, datetime.now(UTC))
        )
        if self.settings.services_enabled:
            failures = lambda: self.metrics.database_failures  # noqa: E731 - read again at each look
            self.services = start_services(self.settings, self.database, failures, self._stop)
            await chores.take_over(self.database, datetime.now(UTC))
            self._begin_chores()

    async def stop(self) -> None:
        """End waits and services, finish what was accepted, close the database."""
        self._stop.set()
        self.live.close()
        await asyncio.gather(*(service.stop() for service in self.services))
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        if self._large_flows is not None:
            self._large_flows.leave()
            self._large_flows = None
        await self.database.stop()
        self.spans.stop()

    @property
    def large_flows(self) -> Threads:
        """Give the thread in which large flows are waited for, one after the other: each takes half a gigabyte."""
        if self._large_flows is None:
            self._large_flows = Threads(1, "large-flows", asyncio.get_running_loop())
        return self._large_flows

    async def database_problem(self) -> str | None:
        """Say in general words why the database cannot be used; None: it answers.

        Anyone may ask, as often as they like: those who ask together share one look, which holds for a second.
        """
        if self._looking is None or (self._looking.done() and time.monotonic() - self._looked_at > LOOK_HOLDS_SECONDS):
            self._looked_at = time.monotonic()
            self._looking = asyncio.create_task(self._look_at_database())
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await asyncio.shield(self._looking)
        except TimeoutError:
            return f"The database has not answered within {LOOK_SECONDS:g} s."

    async def _look_at_database(self) -> str | None:
        try:
            await self.database.read(lambda tx: tx.one(figures.anything))
            await self.database.check()
        except DatabaseError as error:
            logger.error("%s", error)
            return "The database cannot be reached."
        finally:
            self._looked_at = time.monotonic()
        return None

    async def figures(self) -> bytes:
        """Give what Prometheus reads; without the counts of runs when the database does not answer."""
        known: dict[str, float] = {}
        is_up = await self.database_problem() is None
        if is_up:
            try:
                runs = await self.database.read(
                    lambda tx: {state: tx.one(find) for state, find in figures.open_runs.items()}
                )
                known = {state: float(row["count"]) for state, row in runs.items() if row}
            except DatabaseError as error:
                logger.error("%s", error)
                is_up = False
        services = {service.name.replace(" ", "_"): service for service in self.services}
        parts = [
            *self.metrics.families(),
            family("proctor_database_up", "gauge", "1 while the database answers, else 0.", [("", (), float(is_up))]),
            gauges("proctor_flow_runs", f"Flow runs on their way, at most {figures.MOST_COUNTED}.", "state", known),
            gauges(
                "proctor_waiting",
                "Callers that wait for something to happen.",
                "kind",
                {"long_poll": self.live.waiting, "subscription": self.http.sockets.subscriptions},
            ),
            gauges(
                "proctor_service_last_run_timestamp_seconds",
                "When a service last ended a turn.",
                "service",
                {name: service.last_end for name, service in services.items() if service.turns},
            ),
            gauges(
                "proctor_service_last_duration_seconds",
                "How long the last turn of a service took.",
                "service",
                {name: service.last_seconds for name, service in services.items() if service.turns},
            ),
            gauges(
                "proctor_service_failed_turns",
                "Turns of a service that ended with an error.",
                "service",
                {name: float(service.failures) for name, service in services.items()},
            ),
        ]
        return "".join(parts).encode()

    async def _find_key(self, key_id: str) -> Mapping[str, Any] | None:
        return await self.database.read(lambda tx: keys.key_by_id(tx, key_id))

    async def _note_use(self, row: Mapping[str, Any], now: datetime) -> None:
        if not keys.is_use_worth_a_note(row, now):
            return
        try:
            await self.database.write(lambda tx: keys.mark_used(tx, now, key_id=row["id"]))
        except DatabaseError as error:  # who may come in does not depend on whether it can be written down
            logger.warning("The use of API key %s was not noted: %s", row["id"], error)

    def _announce(self, topics: Collection[str]) -> None:
        if KEYS_TOPIC in topics or EVERYTHING in topics:
            self.auth.forget()
        self.offers.forget_moved(topics)
        self.live.announce(topics)
        if CHORE_TOPIC in topics:
            self._begin_chores()
        for service in self.services:
            if service.topic in topics:
                service.wake()

    def _begin_chores(self) -> None:
        """Start what ends the large work of requests: also where no services are wanted, but there only when needed."""
        if self._chores not in self.services and not self._stop:
            self.services.append(self._chores)
            self._chores.start()

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


def build(settings: Settings, *, migrated: bool = False, durable: bool = True, like: App | None = None) -> App:
    """Make a server of these settings; nothing is started yet.

    Args:
        migrated: the database's tables are known to be up to date.
        durable: False: a SQLite file need not outlive a power cut.
        like: see ``App``.
    """
    url = settings.resolved_database_url()
    database = open_database(url, readers=settings.database_readers, durable=durable)
    if not migrated:
        migrate(url)
    return App(settings, database, like)
