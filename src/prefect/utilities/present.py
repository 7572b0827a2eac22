"""What time it is, for schedules and what hangs on them: a test may hold it still (``prefect.testing.frozen``)."""

from __future__ import annotations

from datetime import UTC, datetime

_frozen: datetime | None = None


def present() -> datetime:
    """Give the present time, aware UTC."""
    return _frozen or datetime.now(UTC)


def latest() -> datetime:
    """Give the time up to which what is due is due: a time that is held still in the past stops no clock."""
    now = datetime.now(UTC)
    return now if _frozen is None else max(now, _frozen)


def held() -> datetime | None:
    """Give the time that is held still; None: it goes on."""
    return _frozen


def hold(time: datetime | None) -> datetime | None:
    """Hold the time still, in all threads of this process; None lets it go on. Gives what was held before."""
    global _frozen
    before, _frozen = _frozen, time
    return before
