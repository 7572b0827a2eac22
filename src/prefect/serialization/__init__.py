"""The Schema classes of the public interface: ``load`` and ``dump`` over the JSON that each class makes itself."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__, {}, rooms=("edge", "flow", "result", "run_config", "schedule", "state", "storage", "task")
)
