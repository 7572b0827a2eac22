"""Not there since 1.0: importing it says what took its place."""

from __future__ import annotations

raise ModuleNotFoundError(
    "prefect.environments was removed in Prefect 1.0: give the flow an executor (prefect.executors), a run config "
    "(prefect.run_configs) and a storage (prefect.storage) in place of an environment.",
    name=__name__,
)
