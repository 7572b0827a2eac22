"""The task library: one folder for each system that tasks talk to, loaded on first use."""

from pathlib import Path

from prefect._lazy import lazy

_rooms = sorted(
    path.stem
    for path in Path(__file__).parent.iterdir()
    if not path.name.startswith("_") and (path.is_dir() or path.suffix == ".py")
)

__getattr__, __dir__ = lazy(__name__, {"Task": "prefect.core.task"}, rooms=_rooms)
