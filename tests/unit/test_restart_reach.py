"""What is run again when some task runs are."""

from __future__ import annotations

import json

import pytest

from prefect.server.actions.restart_reach import Edge, Reach, reach_of

EDGES = [
    Edge("extract", "clean", False),
    Edge("clean", "load", True),
    Edge("load", "report", False),
    Edge("extract", "audit", False),
]


@pytest.mark.parametrize(
    ("places", "whole", "some"),
    [
        ([("report", -1)], {"report"}, {}),
        ([("extract", -1)], {"extract", "clean", "load", "report", "audit"}, {}),
        ([("clean", 3), ("clean", 5)], {"report"}, {"clean": {3, 5}, "load": {3, 5}}),
        ([("clean", 3), ("load", 4)], {"report"}, {"clean": {3}, "load": {3, 4}}),
        ([("clean", -1), ("clean", 3)], {"clean", "load", "report"}, {}),
        ([], set(), {}),
    ],
    ids=["the last", "the first", "children", "children of two", "a mapped task as a whole", "nothing"],
)
def test_what_comes_after_is_run_again_by_place_where_one_task_is_mapped_over_the_other(places, whole, some):
    reach = reach_of(places, EDGES)

    assert (reach.whole, {task: set(found) for task, found in reach.some.items()}) == (whole, some)
    assert Reach.of_document(json.loads(json.dumps(reach.document()))) == reach


def test_of_two_ways_between_two_tasks_the_one_that_needs_all_children_counts():
    edges = [Edge("clean", "load", True), Edge("clean", "load", False)]

    for given in (edges, edges[::-1]):
        assert reach_of([("clean", 1)], given) == Reach(frozenset({"load"}), {"clean": {1}})


def test_a_task_is_looked_at_once_however_many_ways_lead_to_it():
    """Layers of which each task is joined to all of the next: the ways through them grow without bound."""
    layers, width = 60, 6
    edges = [
        Edge(f"{layer}.{i}", f"{layer + 1}.{j}", False)
        for layer in range(layers)
        for i in range(width)
        for j in range(width)
    ]

    assert len(reach_of([("0.0", -1)], edges).whole) == 1 + layers * width
