"""The executor that makes each call at once, in the thread of the caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect.executors.base import Executor


class LocalExecutor(Executor):
    """Makes each call at once; its futures are the values."""

    def submit(
        self, fn: Callable[..., Any], *args: Any, extra_context: dict[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        return fn(*args, **kwargs)

    def wait(self, futures: Any) -> Any:
        return futures
