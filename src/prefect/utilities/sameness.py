"""Comparing values of users, arrays and tables among them: their ``==`` gives no truth, or raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Say whether two values are equal; never raises, and what cannot be compared is not equal."""
    if one is other:
        return True
    try:
        answer = one == other
        if answer is True or answer is False:
            return answer
        # Of arrays of different shapes, the answer may be about what they were stretched to.
        return (not _shape(answer) or _shape(one) == _shape(other)) and _truth(answer)
    except Exception:
        # A collection that holds arrays: its own comparison asks one of them for its truth.
        return _same_parts(one, other)


def _shape(value: Any) -> Any:
    shape = getattr(value, "shape", None)
    # Of what is lazy (Dask's), sizes may be unknown or no plain numbers.
    return shape if isinstance(shape, tuple) else None


def _truth(answer: Any) -> bool:
    """Give one truth for the answers about all elements; of a table first by column."""
    for _ in range(2):
        if hasattr(answer, "all"):
            answer = answer.all()
    return bool(answer)


def _same_parts(one: Any, other: Any) -> bool:
    try:
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
        if type(one) is type(other) and isinstance(one, (list, tuple)):
            return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    except Exception:
        # Deeper than the stack, or a mapping that does not keep its word.
        return False
    return False
