"""The sign that the server stops, which every loop looks at between two small parts of its work."""

from __future__ import annotations

__all__ = ["NEVER", "Stop"]


class Stop:
    """False until the server stops."""

    __slots__ = ("_is_set",)

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def __bool__(self) -> bool:
        return self._is_set


#: For whoever calls a turn by hand.
NEVER = Stop()
