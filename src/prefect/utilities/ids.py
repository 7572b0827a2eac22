"""New ids: random uuids, many at a time."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterator

#: Hexadecimal digits that nobody has taken yet, 32 in each text.
_digits: deque[str] = deque()
_TEXTS_AT_ONCE = 256
#: What this process's following ids begin with, and their numbers.
_series: tuple[str, Iterator[int]] | None = None


def _forget() -> None:
    global _series
    _digits.clear()
    _series = None


if hasattr(os, "register_at_fork"):
    # A process that is forked must not give out what the other one has.
    os.register_at_fork(after_in_child=_forget)


def random_digits() -> str:
    """Give 32 random hexadecimal digits, from any thread.

    They are asked for many at a time: each call of the system lets another thread run first, and that costs most.
    """
    try:
        return _digits.popleft()
    except IndexError:
        digits = os.urandom(16 * _TEXTS_AT_ONCE).hex()
        _digits.extend(digits[place : place + 32] for place in range(32, len(digits), 32))
        return digits[:32]


def new_id() -> str:
    """Make the id of something new: a random uuid, written without the object that ``uuid4`` makes first."""
    digits = random_digits()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def following_id() -> str:
    """Make the id of one of many things that this process makes: a uuid, one more than the one before, from any thread.

    They begin with 74 random bits that no other process has, and lie side by side in the database's indexes: what is
    written together changes few pages of them. Nothing may depend on their being unknown.
    """
    global _series
    series = _series
    if series is None:
        series = _series = new_id()[:24], itertools.count(1)
    return f"{series[0]}{next(series[1]):012x}"
