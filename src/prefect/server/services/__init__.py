"""The loops of the server, each a ``run_once(now)`` that can be called by hand."""

from __future__ import annotations

from functools import partial

from prefect.server.live import OUTBOX_TOPIC
from prefect.server.services import lazarus, outbox, retention, scheduler, sla, slot_keeper, zombie_killer
from prefect.server.services.loop import Service
from prefect.server.settings import Settings
from prefect.server.store.database import Database

__all__ = ["start_services"]


def start_services(settings: Settings, database: Database) -> list[Service]:
    """Start every loop in the running event loop."""
    # After a pause of the server every heartbeat is old: first give the living the time to beat again.
    grace = settings.heartbeat_limit_seconds
    services = [
        Service("scheduler", partial(scheduler.run_once, database, settings), settings.scheduler_seconds),
        Service("lazarus", partial(lazarus.run_once, database, settings), settings.lazarus_seconds, grace),
        Service(
            "zombie killer", partial(zombie_killer.run_once, database, settings), settings.zombie_killer_seconds, grace
        ),
        Service("slot keeper", partial(slot_keeper.run_once, database, settings), settings.slot_keeper_seconds, grace),
        Service("outbox", partial(outbox.run_once, database, settings), settings.outbox_seconds, topic=OUTBOX_TOPIC),
        Service("sla", partial(sla.run_once, database), settings.sla_seconds, grace),
        Service("retention", partial(retention.run_once, database, settings), settings.retention_seconds),
    ]
    for service in services:
        service.start()
    return services
