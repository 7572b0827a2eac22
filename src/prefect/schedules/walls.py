"""Wall-clock times of a zone <-> instants, over clock changes.

A *wall* is a naive datetime as a clock on the wall shows it. One rule for both kinds of change:

* A wall that the clock shows twice counts once, at its second showing. Something that happens in every hour counts at
  both, so that no hour of real time is left out.
* A wall that the clock jumps over counts once, right after the jump (``GAP_END``) or by the width of the jump later
  (``SHIFT``). Something that happens in every hour is left out there: its next hour comes at once.

Instants come out strictly increasing, so none is doubled.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from prefect.model.times import plain, zone_of

GAP_END = "gap end"
SHIFT = "shift"

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def offset(wall: datetime, zone: tzinfo, fold: int = 0) -> timedelta:
    """Offset from UTC at a wall; in a gap, fold 0 gives the one before the jump and fold 1 the one after."""
    return wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0)


def wall_of(instant: datetime, zone: tzinfo) -> datetime:
    """Wall that a clock in ``zone`` shows at an aware instant."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def instant_of(wall: datetime, zone: tzinfo, gap: str = SHIFT) -> datetime:
    """Instant (UTC) of a single wall by the rule above."""
    first, second = offset(wall, zone), offset(wall, zone, 1)
    if first < second:
        return _after_gap(wall, zone, first, second, gap)
    return (wall - second).replace(tzinfo=UTC)


def instants(walls: Iterable[datetime], zone: tzinfo, *, every_hour: bool, gap: str) -> Iterator[datetime]:
    """Give the instants (UTC) of increasing walls, strictly increasing.

    Args:
        every_hour: the walls are those of something that happens in every hour.
        gap: ``GAP_END`` or ``SHIFT``.
    """
    if zone is UTC:
        for wall in walls:
            yield wall.replace(tzinfo=UTC)
        return
    held: list[datetime] = []  # instants that later walls may still come before
    last = datetime.min.replace(tzinfo=UTC)
    for wall in walls:
        first, second = offset(wall, zone), offset(wall, zone, 1)
        if held or first != second:
            bound = (wall - max(first, second)).replace(tzinfo=UTC)  # no later wall can come before this
            while held and held[0] <= bound:
                instant = heapq.heappop(held)
                if instant > last:
                    last = instant
                    yield instant
        if first == second:
            _push(held, (wall - first).replace(tzinfo=UTC))
        elif first > second:
            if every_hour:
                _push(held, (wall - first).replace(tzinfo=UTC))
            _push(held, (wall - second).replace(tzinfo=UTC))
        elif not every_hour:
            _push(held, _after_gap(wall, zone, first, second, gap))
        if first == second and len(held) == 1:
            instant = held.pop()
            if instant > last:
                last = instant
                yield instant
    while held:
        instant = heapq.heappop(held)
        if instant > last:
            last = instant
            yield instant


def _push(held: list[datetime], instant: datetime) -> None:
    heapq.heappush(held, instant)


def _after_gap(wall: datetime, zone: tzinfo, before: timedelta, after: timedelta, gap: str) -> datetime:
    later = (wall - before).replace(tzinfo=UTC)
    if gap == SHIFT:
        return later
    # The jump lies between the two readings of the wall: halve until its second is found.
    earlier = (wall - after).replace(tzinfo=UTC)
    while later - earlier > _SECOND:
        middle = (earlier + (later - earlier) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            earlier = middle
        else:
            later = middle
    return later


def first_wall(begin: datetime, zone: tzinfo) -> datetime:
    """Wall to start from so that no instant after ``begin`` is left out; earlier ones may come with it.

    Near a clock change, walls that look earlier than that of ``begin`` may come after it.
    """
    wall = wall_of(begin, zone).replace(microsecond=0) - _SECOND
    if zone is UTC:
        return wall
    before = (begin - _DAY).astimezone(zone).utcoffset() or timedelta(0)
    after = (begin + _DAY).astimezone(zone).utcoffset() or timedelta(0)
    return wall - abs(after - before)


def shifted(when: datetime, delta: timedelta) -> datetime:
    """Give ``when`` plus ``delta`` in its own zone: exact below a day, else by the wall clock."""
    when = plain(when)
    zone = zone_of(when)
    if abs(delta) < _DAY:
        return (when.astimezone(UTC) + delta).astimezone(zone)
    return instant_of(wall_of(when, zone) + delta, zone).astimezone(zone)
