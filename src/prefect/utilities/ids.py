"""New ids: uuids, their random digits asked for many at a time."""

from __future__ import annotations

import os
import time
from collections import deque

#: Hexadecimal digits that nobody has taken yet, 32 in each text.
_digits: deque[str] = deque()
_TEXTS_AT_ONCE = 256
if hasattr(os, "register_at_fork"):
    # A process that is forked must not give out what the other one has.
    os.register_at_fork(after_in_child=_digits.clear)


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
    """Make the id of one of many things: a uuid of version 7 (RFC 9562), which begins with the time in milliseconds.

    Those of one time lie side by side in the database's indexes, so that what is written together changes few pages of
    them. The other 74 bits are random: a client may give states and log lines ids of its own, and must not be able
    to give them those that others will come to have.
    """
    now, digits = f"{time.time_ns() // 1_000_000:012x}", random_digits()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{now[:8]}-{now[8:]}-7{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
