"""Face of the words for authors of tasks, which are defined in ``prefect.core``."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "apply_map": "prefect.core.subgraph",
        "as_task": "prefect.core.conversion",
        "defaults_from_attrs": "prefect.core.authoring",
        "pause_task": "prefect.core.authoring",
        "tags": "prefect.core.authoring",
        "task": "prefect.core.function",
    },
)

__all__ = ["apply_map", "as_task", "defaults_from_attrs", "pause_task", "tags", "task"]  # noqa: F822 - lazy names
