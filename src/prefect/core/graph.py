"""Order and neighbourhood in a directed graph: pure, knows no task, state or flow.

A *link* is anything with the attributes ``upstream_task`` and ``downstream_task``; a *node* is anything hashable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

N = TypeVar("N")


class Link(Protocol):
    """Something that leads from one node to another."""

    @property
    def upstream_task(self) -> Any: ...

    @property
    def downstream_task(self) -> Any: ...


L = TypeVar("L", bound=Link)


class LinkSet(set[L], Generic[L]):
    """A set of links that also knows which of them enter and leave each node.

    The two indexes are made at the first question and then kept up with ``add``, ``remove`` and ``discard``; any other
    change drops them. ``version`` grows with every change.
    """

    __slots__ = ("_entering", "_leaving", "version")

    def __init__(self, links: Iterable[L] = ()) -> None:
        super().__init__(links)
        self.version = 0
        self._entering: dict[Any, set[L]] | None = None
        self._leaving: dict[Any, set[L]] | None = None

    def entering(self, node: Any) -> Collection[L]:
        """Give the links that end in this node; not to be changed by the caller."""
        if self._entering is None:
            self._build()
        return self._entering.get(node, ())  # type: ignore[union-attr]

    def leaving(self, node: Any) -> Collection[L]:
        """Give the links that begin in this node; not to be changed by the caller."""
        if self._leaving is None:
            self._build()
        return self._leaving.get(node, ())  # type: ignore[union-attr]

    def _build(self) -> None:
        entering: dict[Any, set[L]] = {}
        leaving: dict[Any, set[L]] = {}
        for link in self:
            entering.setdefault(link.downstream_task, set()).add(link)
            leaving.setdefault(link.upstream_task, set()).add(link)
        self._entering, self._leaving = entering, leaving

    def add(self, link: L) -> None:
        super().add(link)
        self.version += 1
        if self._entering is not None and self._leaving is not None:
            self._entering.setdefault(link.downstream_task, set()).add(link)
            self._leaving.setdefault(link.upstream_task, set()).add(link)

    def discard(self, link: L) -> None:  # type: ignore[override]
        super().discard(link)
        self.version += 1
        if self._entering is not None and self._leaving is not None:
            self._entering.get(link.downstream_task, set()).discard(link)
            self._leaving.get(link.upstream_task, set()).discard(link)

    def remove(self, link: L) -> None:
        if link not in self:
            raise KeyError(link)
        self.discard(link)

    def _forget(self) -> None:
        self.version += 1
        self._entering = self._leaving = None

    def update(self, *others: Iterable[L]) -> None:
        super().update(*others)
        self._forget()

    def pop(self) -> L:
        link = super().pop()
        self._forget()
        return link

    def clear(self) -> None:
        super().clear()
        self._forget()

    def difference_update(self, *others: Iterable[Any]) -> None:
        super().difference_update(*others)
        self._forget()

    def intersection_update(self, *others: Iterable[Any]) -> None:
        super().intersection_update(*others)
        self._forget()

    def symmetric_difference_update(self, other: Iterable[L]) -> None:
        super().symmetric_difference_update(other)
        self._forget()

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    def __isub__(self, other: Any) -> Any:  # type: ignore[misc]
        self.difference_update(other)
        return self

    def __iand__(self, other: Any) -> Any:  # type: ignore[misc]
        self.intersection_update(other)
        return self

    def __ixor__(self, other: Any) -> Any:  # type: ignore[misc]
        self.symmetric_difference_update(other)
        return self

    def copy(self) -> LinkSet[L]:
        return type(self)(self)

    __copy__ = copy

    def __repr__(self) -> str:
        return repr(set(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self),)


class CycleFound(ValueError):
    """Some nodes wait for each other; ``nodes`` leads from one of them back to it, against the edges."""

    def __init__(self, nodes: list[Any]) -> None:
        super().__init__("Cycle found; flows must be acyclic!")
        self.nodes = nodes


def topological_order(nodes: Iterable[N], upstream: Callable[[N], Iterable[N]]) -> tuple[N, ...]:
    """Put every node behind the nodes upstream of it, otherwise as near to the given order as can be.

    Args:
        nodes: all nodes, in the order that is preferred.
        upstream: gives the nodes that a node waits for; those that are not among ``nodes`` are ignored.

    Raises:
        CycleFound: some nodes wait for each other.
    """
    place = {node: number for number, node in enumerate(nodes)}
    ordered: list[N] = []
    done: set[N] = set()
    entered: set[N] = set()

    def waits_for(node: N) -> Iterator[N]:
        return iter(sorted((n for n in upstream(node) if n in place and n not in done), key=place.__getitem__))

    for start in place:
        if start in done:
            continue
        # Depth first without recursion: a chain of tasks may be longer than Python's stack.
        entered.add(start)
        path: list[tuple[N, Iterator[N]]] = [(start, waits_for(start))]
        while path:
            node, remaining = path[-1]
            following = next((n for n in remaining if n not in done), None)
            if following is None:
                path.pop()
                done.add(node)
                ordered.append(node)
            elif following in entered:
                nodes_on_path = [node for node, _ in path]
                raise CycleFound([*nodes_on_path[nodes_on_path.index(following) :], following])
            else:
                entered.add(following)
                path.append((following, waits_for(following)))
    return tuple(ordered)


def reachable(starts: Iterable[N], following: Callable[[N], Iterable[N]]) -> set[N]:
    """Give these nodes and every node that can be reached from them."""
    found: set[N] = set(starts)
    waiting = list(found)
    while waiting:
        for node in following(waiting.pop()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
