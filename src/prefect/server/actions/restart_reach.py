"""What is run again when some task runs are: they, and whatever comes after them.  Pure.

A child of a mapped task is followed by the children of its own place, as long as one task is mapped over the other; any
other task that comes after it is run again as a whole.  So the children that succeeded keep their results.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Edge", "Reach", "reach_of"]

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one task to another; ``is_by_place``: each child of the second needs one child of the first only."""

    upstream: str
    downstream: str
    is_by_place: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """The task runs that are run again: ``whole`` tasks, and of others only these children."""

    whole: frozenset[str] = frozenset()
    some: Mapping[str, Collection[int]] = field(default_factory=dict)

    @property
    def tasks(self) -> list[str]:
        """The ids of the tasks, in order."""
        return sorted(self.whole | self.some.keys())

    def __contains__(self, place: Place) -> bool:
        task_id, map_index = place
        return task_id in self.whole or map_index in self.some.get(task_id, ())

    def document(self) -> dict[str, Any]:
        """Give it as JSON; the places of children as ranges."""
        return {
            "whole": sorted(self.whole),
            "some": {task_id: _ranges(sorted(places)) for task_id, places in self.some.items()},
        }

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Reach:
        """Read what ``document`` gave."""
        some = {
            task_id: frozenset(place for first, last in ranges for place in range(first, last + 1))
            for task_id, ranges in document["some"].items()
        }
        return cls(frozenset(document["whole"]), some)


def reach_of(places: Iterable[Place], edges: Sequence[Edge]) -> Reach:
    """Find what is run again with the task runs at these places; the time is linear in places, edges and children.

    Args:
        places: task and map index of each; one without a map index (-1) stands for its task as a whole.
    """
    whole: set[str] = set()
    some: dict[str, set[int]] = {}
    for task_id, map_index in places:
        if map_index < 0:
            whole.add(task_id)
        else:
            some.setdefault(task_id, set()).add(map_index)
    ways: dict[str, dict[str, bool]] = {}
    for edge in edges:
        after = ways.setdefault(edge.upstream, {})
        # Of several ways between two tasks the one that needs all children counts.
        after[edge.downstream] = edge.is_by_place and after.get(edge.downstream, True)
    for task_id in _in_order(whole | some.keys(), ways):
        is_whole = task_id in whole
        for other, is_by_place in ways.get(task_id, {}).items():
            if is_whole or not is_by_place:
                whole.add(other)
            else:
                some.setdefault(other, set()).update(some[task_id])
    return Reach(frozenset(whole), {task_id: kept for task_id, kept in some.items() if task_id not in whole})


def _in_order(starts: Iterable[str], ways: Mapping[str, Mapping[str, bool]]) -> list[str]:
    """Give the tasks that can be reached, each before those that come after it."""
    found: list[str] = []
    seen: set[str] = set()
    for start in starts:
        if start in seen:
            continue
        seen.add(start)
        path = [(start, iter(ways.get(start, {})))]
        while path:
            task_id, rest = path[-1]
            following = next((other for other in rest if other not in seen), None)
            if following is None:
                found.append(task_id)
                path.pop()
            else:
                seen.add(following)
                path.append((following, iter(ways.get(following, {}))))
    return found[::-1]


def _ranges(numbers: Sequence[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges
