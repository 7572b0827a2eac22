"""Order, cycles and neighbourhood, without any task."""

import copy
import pickle
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect.core.graph import LinkSet, reachable, topological_order


@dataclass(frozen=True)
class Arrow:
    upstream_task: str
    downstream_task: str


AB, BC, AC = Arrow("a", "b"), Arrow("b", "c"), Arrow("a", "c")


def test_links_are_found_by_their_ends():
    links = LinkSet([AB, BC, AC])
    assert set(links.entering("c")) == {BC, AC}
    assert set(links.leaving("a")) == {AB, AC}
    assert not links.entering("a")
    assert not links.leaving("nowhere")


CHANGES = {
    "add": lambda links: links.add(AC),
    "discard": lambda links: links.discard(AB),
    "discard absent": lambda links: links.discard(AC),
    "remove": lambda links: links.remove(AB),
    "update": lambda links: links.update([AC]),
    "clear": lambda links: links.clear(),
    "pop": lambda links: links.pop(),
    "difference": lambda links: links.difference_update([AB]),
    "intersection": lambda links: links.intersection_update([AB]),
    "symmetric": lambda links: links.symmetric_difference_update([AB, AC]),
    "|=": lambda links: links.__ior__({AC}),
    "-=": lambda links: links.__isub__({AB}),
    "&=": lambda links: links.__iand__({AB}),
    "^=": lambda links: links.__ixor__({AB}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_index_follows_every_change(change):
    links = LinkSet([AB, BC])
    links.entering("b")
    before = links.version

    change(links)

    assert links.version > before
    for node in "abc":
        assert set(links.entering(node)) == {link for link in links if link.downstream_task == node}
        assert set(links.leaving(node)) == {link for link in links if link.upstream_task == node}


def test_removing_what_is_not_there_is_an_error():
    with pytest.raises(KeyError):
        LinkSet([AB]).remove(BC)


def test_copies_and_pickles_are_sets_of_their_own():
    links = LinkSet([AB])
    for other in (links.copy(), copy.copy(links), pickle.loads(pickle.dumps(links))):
        assert type(other) is LinkSet
        assert other == {AB}
        other.add(BC)
    assert links == {AB}


def test_order_keeps_to_the_given_one_where_it_can():
    upstream = {"c": ["a"], "d": ["b", "c"]}
    assert topological_order("dcba", lambda n: upstream.get(n, ())) == ("a", "c", "b", "d")
    assert topological_order("abcd", lambda n: upstream.get(n, ())) == ("a", "b", "c", "d")


def test_nodes_outside_are_ignored():
    assert topological_order("b", lambda n: ["a"]) == ("b",)


@pytest.mark.parametrize("circle", [{"a": ["a"]}, {"a": ["b"], "b": ["a"]}, {"b": ["c"], "c": ["d"], "d": ["b"]}])
def test_cycles_are_found(circle):
    with pytest.raises(ValueError, match="Cycle found; flows must be acyclic!"):
        topological_order("abcd", lambda n: circle.get(n, ()))


def test_a_long_chain_needs_no_deep_stack():
    count = 50_000
    order = topological_order(range(count - 1, -1, -1), lambda n: [n - 1])
    assert order == tuple(range(count))


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15))), st.permutations(range(16)))
def test_every_node_stands_behind_those_upstream(pairs, nodes):
    upstream: dict[int, list[int]] = {}
    for one, other in pairs:
        if one != other:
            upstream.setdefault(max(one, other), []).append(min(one, other))

    order = topological_order(nodes, lambda n: upstream.get(n, ()))

    assert sorted(order) == list(range(16))
    for node, waits_for in upstream.items():
        assert all(order.index(other) < order.index(node) for other in waits_for)


def test_reachable_nodes():
    following = {"a": ["b"], "b": ["c"], "d": ["c"]}
    assert reachable("b", lambda n: following.get(n, ())) == {"b", "c"}
    assert reachable("", lambda n: following.get(n, ())) == set()
