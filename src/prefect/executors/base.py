"""What an executor can do: take calls now, give their values later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from prefect.utilities.logging import get_logger


class Executor:
    """Makes calls that are handed to it, sooner or later, here or elsewhere."""

    @cached_property
    def logger(self) -> logging.Logger:
        """``prefect.<class name>``; a subclass may set its own."""
        return get_logger(type(self).__name__)

    def __repr__(self) -> str:
        return f"<Executor: {type(self).__name__}>"

    @contextmanager
    def start(self) -> Iterator[None]:
        """Hold what the executor needs (pools, connections) for the length of a ``with`` block."""
        yield

    def submit(
        self, fn: Callable[..., Any], *args: Any, extra_context: dict[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        """Hand over a call.

        Args:
            fn: what to call, with these arguments; futures among them, or in lists and dicts, stand for their values.
                Its attribute ``fallback``, if it has one, is called with the same arguments and gives what makes a
                value from the reason (an exception) why a call never came back from where it was made; without it,
                ``wait`` raises the reason.
            extra_context: what the call is for: ``task_name``, ``task_tags``, ``task_index``.

        Returns:
            A future: something that ``wait`` turns into the value.
        """
        raise NotImplementedError

    def wait(self, futures: Any) -> Any:
        """Wait until the values of all futures are there.

        Args:
            futures: a future, or a collection of futures and values.

        Returns:
            The same with values in place of the futures.
        """
        raise NotImplementedError
