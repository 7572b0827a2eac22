"""The loops of the server, each a ``run_once(now)`` that can be called by hand."""

from __future__ import annotations

from functools import partial

from prefect.server.services import lazarus, scheduler, zombie_killer
from prefect.server.services.loop import Service
from prefect.server.settings import Settings
from prefect.server.store.database import Database

__all__ = ["start_services"]


def start_services(settings: Settings, database: Database) -> list[Service]:
    """Start every loop in the running event loop."""
    services = [
        Service("scheduler", partial(scheduler.run_once, database, settings), settings.scheduler_seconds),
        Service("lazarus", partial(lazarus.run_once, database, settings), settings.lazarus_seconds),
        Service("zombie killer", partial(zombie_killer.run_once, database, settings), settings.zombie_killer_seconds),
    ]
    for service in services:
        service.start()
    return services
