"""The loops of the server, each a ``run_once(now)`` that can be called by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from prefect.server.live import OUTBOX_TOPIC
from prefect.server.services import lazarus, outbox, retention, scheduler, sla, slot_keeper, zombie_killer
from prefect.server.services.loop import Service
from prefect.server.services.steadiness import Steadiness
from prefect.server.settings import Settings
from prefect.server.store.database import Database

__all__ = ["start_services"]


def start_services(settings: Settings, database: Database, failures: Callable[[], int]) -> list[Service]:
    """Start every loop in the running event loop.

    Args:
        failures: how often the database has failed somebody up to now.
    """
    # Whatever keeps the living from beating, they first get the time to beat again.
    steady = Steadiness(database, settings.heartbeat_limit_seconds, failures)
    zombies, slots = (
        partial(zombie_killer.run_once, database, settings),
        partial(slot_keeper.run_once, database, settings),
    )
    services = [
        Service("scheduler", partial(scheduler.run_once, database, settings), settings.scheduler_seconds),
        Service("steadiness", steady.run_once, steady.look_seconds),
        Service("lazarus", partial(lazarus.run_once, database, settings), settings.lazarus_seconds, steady),
        Service("zombie killer", zombies, settings.zombie_killer_seconds, steady),
        Service("slot keeper", slots, settings.slot_keeper_seconds, steady),
        Service("outbox", partial(outbox.run_once, database, settings), settings.outbox_seconds, topic=OUTBOX_TOPIC),
        Service("sla", partial(sla.run_once, database), settings.sla_seconds, steady),
        Service("retention", partial(retention.run_once, database, settings), settings.retention_seconds),
    ]
    for service in services:
        service.start()
    return services
