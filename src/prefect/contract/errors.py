"""Error codes and texts that travel in GraphQL answers, and the exceptions they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from prefect.exceptions import AuthorizationError, ClientError, PrefectException, VersionLockMismatchSignal

API_ERROR: Final = "API_ERROR"
VERSION_LOCKING_ERROR: Final = "VERSION_LOCKING_ERROR"
UNAUTHENTICATED: Final = "UNAUTHENTICATED"
INTERNAL_SERVER_ERROR: Final = "INTERNAL_SERVER_ERROR"
UNKNOWN_ERROR: Final = "UNKNOWN_ERROR"

UNIQUENESS_VIOLATION: Final = "Uniqueness violation."
FOREIGN_KEY_VIOLATION: Final = "Foreign key violation."
MALFORMED_AUTHORIZATION: Final = "Malformed Authorization header"
NO_VALUE_FOR_KEY: Final = "No value found for the requested key"
ALREADY_SUBMITTED: Final = "State update failed: this run has already been submitted."
STATE_UPDATE_FAILED: Final = "State update failed"
NOT_FOUND: Final = "not found"

STATE_TOO_LARGE: Final = "State payload is too large"
BODY_TOO_LARGE: Final = "413 "
"""What a refusal begins with whose request was too large to be read."""

NOT_NOW: Final = frozenset({"UNAVAILABLE", "DATABASE_UNAVAILABLE", "BUSY", "RATE_LIMITED"})
"""Codes of refusals that say nothing of what was asked: it may be right in a moment."""

QUEUED: Final = "QUEUED"
"""Status of a state change that the server answered by putting the run in a queue."""


def exception_for(errors: Sequence[Mapping[str, Any]]) -> PrefectException | VersionLockMismatchSignal:
    """Choose the exception that stands for the ``errors`` of an answer with status 200."""
    chosen = _exception_for(errors)
    if errors and isinstance(chosen, PrefectException) and (code := code_of(errors[0])):
        chosen.code = code
        chosen.hint = hint_of(errors[0])
    return chosen


def _exception_for(errors: Sequence[Mapping[str, Any]]) -> PrefectException | VersionLockMismatchSignal:
    text = str(errors)
    if UNAUTHENTICATED in text or MALFORMED_AUTHORIZATION in text:
        return AuthorizationError(list(errors))  # type: ignore[arg-type]  # 1.x keeps the list
    if errors and code_of(errors[0]) == VERSION_LOCKING_ERROR:
        return VersionLockMismatchSignal(text)
    return ClientError(list(errors))  # type: ignore[arg-type]  # 1.x keeps the list


def describe(errors: Sequence[Mapping[str, Any]]) -> list[str]:
    """Put each error as one line ``CODE: message``."""
    return [f"{code_of(error) or UNKNOWN_ERROR}: {error.get('message', error)}" for error in errors]


def hint_of(error: Mapping[str, Any]) -> str:
    """Give what an error of an answer says can be done about it; empty when it does not."""
    extensions = error.get("extensions") if isinstance(error, Mapping) else None
    hint = extensions.get("hint") if isinstance(extensions, Mapping) else None
    return hint if isinstance(hint, str) else ""


def code_of(error: Mapping[str, Any]) -> str | None:
    """Give the code of an error of an answer."""
    extensions = error.get("extensions") if isinstance(error, Mapping) else None
    code = extensions.get("code") if isinstance(extensions, Mapping) else None
    return code if isinstance(code, str) else None
