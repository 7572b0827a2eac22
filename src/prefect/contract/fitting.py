"""Making a serialized state one that can be kept: a run must not stay at work because of the words of its last state.

Texts are shortened and say so, what no database stores is replaced, cached inputs and context are left out when the
rest is too large without them.  A result is never changed: a value that was given up in silence would be used as None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from prefect.contract.limits import json_bytes, storable_text

__all__ = ["MESSAGE_CHARACTERS", "fitted"]

MESSAGE_CHARACTERS: Final = 20_000
"""What is kept of a message whose state would be too large."""

LARGEST_DEPTH: Final = 100
_HEAD_SHARE = 0.75


def fitted(state: Mapping[str, Any], most_bytes: int, *, leave_out: bool = True) -> dict[str, Any]:
    """Give a serialized state that weighs at most ``most_bytes``, unless its result alone weighs more.

    A state that fits is given with the same values.

    Args:
        leave_out: also leave out cached inputs and context, when shortening is not enough.
    """
    fit = {key: _storable(value) for key, value in state.items()}
    if json_bytes(fit) <= most_bytes:
        return fit
    message = fit.get("message")
    room = min(MESSAGE_CHARACTERS, most_bytes // 8)
    if isinstance(message, str) and len(message) > room:
        fit["message"] = _shortened(message, room)
    if isinstance(fit.get("state"), dict):
        fit["state"] = fitted(fit["state"], most_bytes // 2, leave_out=leave_out)
    left_out = []
    for key, word in (("cached_inputs", "cached inputs"), ("context", "context")) if leave_out else ():
        if json_bytes(fit) > most_bytes and fit.get(key):
            fit[key] = {}
            left_out.append(word)
    if left_out:
        told = fit.get("message")
        note = f"[{' and '.join(left_out)} left out: too large]"
        fit["message"] = f"{told} {note}" if isinstance(told, str) and told else note
    return fit


def _shortened(text: str, room: int) -> str:
    head = int(room * _HEAD_SHARE)
    return f"{text[:head]}… [shortened from {len(text):,} characters] …{text[len(text) - (room - head) :]}"


def _storable(value: Any, depth: int = 0) -> Any:
    """Give a JSON value with what no database stores replaced: texts in part, numbers that are none by null."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth > LARGEST_DEPTH:
        return value
    if isinstance(value, dict):
        return {
            storable_text(key) if isinstance(key, str) else str(key): _storable(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_storable(item, depth + 1) for item in value]
    return value
