"""The loops of the server, each a ``run_once(now)`` that can be called by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from prefect.server.live import CHORE_TOPIC, OUTBOX_TOPIC
from prefect.server.services import chores, lazarus, outbox, retention, scheduler, sla, slot_keeper, zombie_killer
from prefect.server.services.loop import Service
from prefect.server.services.steadiness import Steadiness
from prefect.server.services.stop import Stop
from prefect.server.settings import Settings
from prefect.server.store.database import Database

__all__ = ["chore_service", "start_services"]


def chore_service(settings: Settings, database: Database, stop: Stop) -> Service:
    """Make the loop that ends what requests of this process began; not yet started."""
    turn = partial(chores.run_once, database, settings, stop=stop)
    return Service("chores", turn, settings.chore_seconds, topic=CHORE_TOPIC, stop=stop)


def start_services(settings: Settings, database: Database, failures: Callable[[], int], stop: Stop) -> list[Service]:
    """Start every other loop in the running event loop.

    Args:
        failures: how often the database has failed somebody up to now.
        stop: set when the server stops.
    """
    # Whatever keeps the living from beating, they first get the time to beat again.
    steady = Steadiness(database, settings.heartbeat_limit_seconds, failures)

    def turn(run_once: Callable[..., Awaitable[object]]) -> Callable[[datetime], Awaitable[object]]:
        return partial(run_once, database, settings, stop=stop)

    services = [
        Service("scheduler", turn(scheduler.run_once), settings.scheduler_seconds, stop=stop),
        Service("steadiness", steady.run_once, steady.look_seconds, stop=stop),
        Service("lazarus", turn(lazarus.run_once), settings.lazarus_seconds, steady, stop=stop),
        Service("zombie killer", turn(zombie_killer.run_once), settings.zombie_killer_seconds, steady, stop=stop),
        Service("slot keeper", turn(slot_keeper.run_once), settings.slot_keeper_seconds, steady, stop=stop),
        Service("outbox", turn(outbox.run_once), settings.outbox_seconds, topic=OUTBOX_TOPIC, stop=stop),
        Service("sla", turn(sla.run_once), settings.sla_seconds, steady, stop=stop),
        Service("retention", turn(retention.run_once), settings.retention_seconds, stop=stop),
    ]
    for service in services:
        service.start()
    return services
