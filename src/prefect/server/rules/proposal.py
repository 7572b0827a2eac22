"""A state as somebody proposes it: read, checked and completed, ready to be judged and stored.

The document a client sends may be as small as ``{"type": "Scheduled"}``; what is stored carries every field of its
class.  Results inside are metadata of the client's own and are kept as they came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect._version import __version__
from prefect.model import state as words
from prefect.model.state_facts import STORABLE, WAITING, is_kind

__all__ = ["Proposal", "is_running_kind", "propose", "read_proposal"]


def is_running_kind(name: str | None) -> bool:
    """Tell whether a run in this state has work under way: Running or Cancelling."""
    return is_kind(name, words.Running)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A state that somebody wants a run to have."""

    name: str
    message: str | None
    start_time: datetime | None
    document: dict[str, Any]

    def is_kind(self, kind: type[words.State]) -> bool:
        return is_kind(self.name, kind)

    def is_running(self) -> bool:
        return self.is_kind(words.Running)

    def is_finished(self) -> bool:
        return self.is_kind(words.Finished)

    def is_submitted(self) -> bool:
        return self.name == "Submitted"

    def with_cached_inputs(self, cached_inputs: Mapping[str, Any]) -> Proposal:
        """Give the same state, carrying these inputs."""
        return Proposal(
            self.name, self.message, self.start_time, {**self.document, "cached_inputs": dict(cached_inputs)}
        )


def propose(name: str, message: str | None, *, start_time: datetime | None = None, **fields: Any) -> Proposal:
    """Make a state of the server's own."""
    document: dict[str, Any] = {
        "type": name,
        "message": message,
        "context": {},
        "cached_inputs": {},
        "_result": {"type": "NoResultType", "__version__": __version__},
        **fields,
    }
    if start_time is not None:
        document["start_time"] = start_time.isoformat()
    document["__version__"] = __version__
    return Proposal(name, message, start_time, document)


def read_proposal(given: object, now: datetime) -> Proposal:
    """Read a client's state; what it leaves out gets the value that the class gives it.

    Raises:
        ValueError: no state, an unknown type, a field of the wrong kind; the text names the field.
    """
    if not isinstance(given, dict):
        raise ValueError("a state must be a JSON object with a type")
    name = given.get("type")
    if name is None:
        raise ValueError("a state needs a type")
    if not isinstance(name, str) or name not in STORABLE:
        raise ValueError(f"unknown state type {str(name)[:80]!r}")
    message = given.get("message")
    if message is not None and not isinstance(message, str):
        raise ValueError("the message of a state must be a text")
    document: dict[str, Any] = {
        "type": name,
        "message": message,
        "context": _object(given, "context"),
        "cached_inputs": _object(given, "cached_inputs"),
    }
    if name != "Mapped":  # a mapped task's results lie with its children
        document["_result"] = _object(given, "_result") or {"type": "NoResultType", "__version__": __version__}
    start_time = None
    for key, read in _EXTRA_FIELDS.get(name, {}).items():
        document[key] = read(given, key)
    if name in _WITH_START_TIME:
        start_time = _time(given, "start_time")
        if start_time is None and name != "Paused":
            start_time = now
        document["start_time"] = start_time.isoformat() if start_time else None
    document["__version__"] = __version__
    return Proposal(name, message, start_time, document)


def _object(given: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = given.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{key} of a state must be a JSON object")
    return value


def _count(least: int) -> Callable[[Mapping[str, Any], str], int]:
    def read(given: Mapping[str, Any], key: str) -> int:
        value = given.get(key)
        if value is None:
            return least
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{key} of a state must be a whole number")
        return value

    return read


def _nested(given: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    value = given.get(key)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"{key} of a state must be a state or null")
    return value


def _anything(given: Mapping[str, Any], key: str) -> Any:
    return given.get(key)


def _time(given: Mapping[str, Any], key: str) -> datetime | None:
    value = given.get(key)
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{key} of a state must be a time in ISO 8601") from None


_WITH_START_TIME = frozenset(WAITING)
_EXTRA_FIELDS: Mapping[str, Mapping[str, Callable[[Mapping[str, Any], str], Any]]] = {
    "Retrying": {"run_count": _count(1)},
    "Looped": {"loop_count": _count(1)},
    "Mapped": {"n_map_states": _count(0)},
    "Submitted": {"state": _nested},
    "Queued": {"state": _nested},
    "ClientFailed": {"state": _nested},
    "Cached": {"cached_parameters": _anything, "cached_result_expiration": _anything, "hashed_inputs": _anything},
}
