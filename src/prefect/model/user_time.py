"""The times that users get: ``pendulum.DateTime`` whose text is the one that flows were written for.

Importing this module imports pendulum, which takes 40 ms: import it only where a user looks at a time.
"""

from __future__ import annotations

from datetime import datetime

import pendulum

from prefect.utilities.present import held

__all__ = ["DateTime", "now", "parse", "user_time"]


class DateTime(pendulum.DateTime):
    """A ``pendulum.DateTime`` that is written as ISO 8601, ``2030-01-01T09:00:00+00:00``.

    So pendulum 2 wrote all of them; pendulum 3 puts a space in the middle. The text of times is in f-strings, in
    names of files and runs (``{scheduled_start_time}``), and in JSON by ``default=str``: it must not change.
    What is calculated from one of these is one of these.
    """

    def __str__(self) -> str:
        return self.isoformat()


def user_time(value: datetime) -> DateTime:
    """Give an aware time in its own zone; a naive one as UTC."""
    if type(value) is DateTime:
        return value
    value = value if isinstance(value, pendulum.DateTime) and value.tzinfo is not None else pendulum.instance(value)
    return DateTime(
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
        tzinfo=value.tzinfo,
        fold=value.fold,
    )


def now() -> DateTime:
    """Give the present time in UTC."""
    return user_time(held() or pendulum.now("UTC"))


def parse(text: str) -> DateTime:
    """Read a point of time from ISO 8601 text.

    Raises:
        ValueError: it is something else, such as a duration.
    """
    value = pendulum.parse(text)
    if not isinstance(value, datetime):
        raise ValueError(f"not a point of time: {text!r}")
    return user_time(value)
