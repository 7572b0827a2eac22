"""Mapped tasks: how many children, what each sees, and what becomes of them together."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, apply_map, context, flatten, task, triggers, unmapped
from prefect.engine import FlowRunner, mapping, signals
from prefect.engine.mapping import flatten_upstream_state, flattened_value, prepare_upstream_states_for_mapping
from prefect.engine.result import Result
from prefect.engine.results import LocalResult
from prefect.engine.state import Failed, Mapped, Pending, Skipped, State, Success, TriggerFailed
from prefect.executors import LocalDaskExecutor, LocalExecutor


@task
def inc(x: int) -> int:
    return x + 1


@task
def add(x: int, y: int) -> int:
    return x + y


@task
def up_to(n: int) -> list[int]:
    return list(range(n))


@task
def give(x: Any) -> Any:
    return x


@task(trigger=triggers.all_finished, skip_on_upstream_skip=False)
def always_give(x: Any) -> Any:
    return x


@task
def fail() -> None:
    raise ValueError("no")


@task
def odd_ones_fail(x: int) -> int:
    if x % 2:
        raise ValueError(x)
    return x


@task
def odd_ones_skip(x: int) -> int:
    if x % 2:
        raise signals.SKIP(str(x))
    return x


def kinds(state: State) -> list[str]:
    assert isinstance(state, Mapped)
    return [type(child).__name__ for child in state.map_states]


def test_a_map_has_a_parent_and_children() -> None:
    with Flow("f") as flow:
        first = inc.map([1, 2, 3])
        second = inc.map(first)
        total = give(second)
    states = flow.run().result

    assert isinstance(states[first], Mapped)
    assert states[first].message == "Ready to proceed with mapping."
    assert states[first].result == [2, 3, 4]
    assert states[first].n_map_states == 3
    assert kinds(states[second]) == ["Success"] * 3
    assert states[total].result == [3, 4, 5]


def test_children_know_their_place() -> None:
    @task
    def look(x: int) -> Any:
        return context.map_index, context.task_full_name, context.logger.name

    with Flow("f") as flow:
        seen = look.map([5, 6])

    assert flow.run().result[seen].result == [
        (0, "look[0]", "prefect.look[0]"),
        (1, "look[1]", "prefect.look[1]"),
    ]


def test_the_shortest_argument_counts() -> None:
    with Flow("f") as flow:
        sums = add.map(up_to(2), up_to(5))
        ordered = inc.map([1, 2, 3, 4], upstream_tasks=[up_to(3)])
    states = flow.run().result

    assert states[sums].result == [0, 2]
    assert states[ordered].result == [2, 3, 4]


def test_unmapped_arguments_are_passed_whole() -> None:
    @task
    def look(x: int, all_of_them: list[int], constant: int) -> Any:
        return x, all_of_them, constant

    with Flow("f") as flow:
        mapped = inc.map([1, 2])
        seen = look.map(mapped, unmapped(mapped), unmapped(7))

    assert flow.run().result[seen].result == [(2, [2, 3], 7), (3, [2, 3], 7)]


def test_an_empty_map_succeeds() -> None:
    with Flow("f") as flow:
        none = inc.map([])
        still_none = inc.map(none)
        together = give(still_none)
    state = flow.run()

    assert state.is_successful()
    assert state.result[still_none].n_map_states == 0
    assert state.result[together].result == []


@pytest.mark.parametrize("value", [(1, 2), "ab", range(2), {0: "a", 1: "b"}], ids=repr)
def test_values_that_can_be_mapped_over(value: Any) -> None:
    with Flow("f") as flow:
        seen = give.map(task(lambda: value, name="value")())
    assert flow.run().result[seen].result == [value[0], value[1]]


@pytest.mark.parametrize("value", [5, None, {1, 2}, {"a": 1}], ids=repr)
def test_values_that_cannot_fail_the_map(value: Any) -> None:
    with Flow("f") as flow:
        seen = give.map(task(lambda: value, name="value")())
    state = flow.run().result[seen]

    assert type(state) is Failed
    assert state.message == "At least one upstream state has an unmappable result."


def test_a_map_over_a_failure_fails() -> None:
    with Flow("f") as flow:
        nothing = inc.map(fail())
        something = add.map(up_to(2), fail())
    states = flow.run().result

    assert type(states[nothing]) is Failed
    assert states[nothing].message == "No upstream states can be mapped over."
    assert kinds(states[something]) == ["TriggerFailed", "TriggerFailed"]


def test_a_map_over_a_skip_is_skipped() -> None:
    @task
    def skip() -> None:
        raise signals.SKIP("s")

    with Flow("f") as flow:
        mapped = inc.map(skip())
    assert type(flow.run().result[mapped]) is Skipped


def test_children_fail_for_themselves() -> None:
    with Flow("f") as flow:
        first = odd_ones_fail.map([1, 2, 3])
        second = inc.map(first)
        refused = give(first)
        taken = always_give(first)
        some = give(second, task_args={"trigger": triggers.any_successful})
    state = flow.run()

    assert state.is_failed()
    assert kinds(state.result[first]) == ["Failed", "Success", "Failed"]
    assert kinds(state.result[second]) == ["TriggerFailed", "Success", "TriggerFailed"]
    assert type(state.result[refused]) is TriggerFailed
    assert [repr(x) for x in state.result[taken].result] == ["ValueError(1)", "2", "ValueError(3)"]
    assert state.result[some].is_successful()


def test_children_are_skipped_for_themselves() -> None:
    with Flow("f") as flow:
        first = odd_ones_skip.map([1, 2, 3])
        second = inc.map(first)
        skipped = give(first)
        taken = give(first, task_args={"skip_on_upstream_skip": False})
    states = flow.run().result

    assert kinds(states[second]) == ["Skipped", "Success", "Skipped"]
    assert states[second].result == [None, 3, None]
    assert type(states[skipped]) is Skipped
    assert [type(x).__name__ for x in states[taken].result] == ["SKIP", "int", "SKIP"]


def test_only_the_child_that_failed_is_tried_again() -> None:
    runs: list[int] = []

    @task(max_retries=1, retry_delay=timedelta(0))
    def flaky(x: int) -> int:
        runs.append(x)
        if x == 2 and runs.count(2) == 1:
            raise ValueError(x)
        return x * 10

    with Flow("f") as flow:
        first = flaky.map([1, 2, 3])
        second = inc.map(first)
        total = give(second)
    passes = [FlowRunner(flow).run(return_tasks=flow.tasks)]
    passes.append(FlowRunner(flow).run(return_tasks=flow.tasks, task_states=passes[0].result, state=passes[0]))

    assert passes[0].is_running()
    assert kinds(passes[0].result[first]) == ["Success", "Retrying", "Success"]
    assert kinds(passes[0].result[second]) == ["Success", "Pending", "Success"]
    assert passes[1].result[total].result == [11, 21, 31]
    assert runs == [1, 2, 3, 2]


def test_known_children_are_kept() -> None:
    with Flow("f") as flow:
        mapped = inc.map([1, 2, 3])
    known = Mapped("before", map_states=[Success(result=50), None, None])
    state = FlowRunner(flow).run(return_tasks=[mapped], task_states={mapped: known}).result[mapped]

    assert state.result == [50, 3, 4]


def test_nested_lists() -> None:
    with Flow("f") as flow:
        lists = up_to.map([2, 3])
        sums = give.map(lists)
    assert flow.run().result[sums].result == [[0, 1], [0, 1, 2]]


# --- flatten ----------------------------------------------------------------------------------------------------------


def test_flatten_of_a_list_and_of_a_map() -> None:
    with Flow("f") as flow:
        nested = give([[1, 2], [3], []])
        mapped = up_to.map([1, 2])
        from_list = inc.map(flatten(nested))
        from_map = inc.map(flatten(mapped))
        whole_list, whole_map = give(flatten(nested)), give(flatten(mapped))
    states = flow.run().result

    assert states[from_list].result == [2, 3, 4]
    assert states[from_map].result == [1, 1, 2]
    assert states[from_map].n_map_states == 3
    assert (states[whole_list].result, states[whole_map].result) == ([1, 2, 3], [0, 0, 1])


def test_what_cannot_be_flattened_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    @task
    def odd(x: int) -> Any:
        if x == 2:
            raise ValueError("two")
        if x == 3:
            raise signals.SKIP("three")
        return 7 if x == 1 else list(range(x))

    with Flow("f") as flow:
        flat = always_give.map(flatten(odd.map([1, 4, 2, 3])))
        mixed = give(flatten(give([1, [2, 3]])))
        single = give(flatten(give(5)))
    states = flow.run().result

    assert [repr(x) for x in states[flat].result] == ["7", "0", "1", "2", "3", "ValueError('two')", "SKIP('three')"]
    assert states[mixed].result == [1, [2, 3]]
    assert states[single].result == 5
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert [r.name for r in warnings] == ["prefect.FlowRunner"]
    assert warnings[0].getMessage().startswith("`flatten` was used on upstream task that did not return an iterable.")


@pytest.mark.parametrize(
    ("value", "flat"),
    [
        ([[1], [2, [3]]], [1, 2, [3]]),
        (["ab", "cd"], ["a", "b", "c", "d"]),
        (((1,), (2,)), [1, 2]),
        ([[1], None], [[1], None]),
        (5, 5),
        (None, None),
        ([], []),
    ],
)
def test_flattened_value(value: Any, flat: Any) -> None:
    assert flattened_value(value) == flat
    assert flatten_upstream_state(Success(result=value)).result == flat


def test_prepare_upstream_states_for_mapping() -> None:
    with Flow("f") as flow:
        first = inc.map([1, 2])
        second = add.map(first, give(5), upstream_tasks=[unmapped(give(6))])
    edges = {edge.key: edge for edge in flow.edges_to(second)}
    upstream = {
        edges["x"]: Mapped(n_map_states=2),
        edges["y"]: Success(result=[7, 8, 9]),
        edges[None]: Success(result=6),
    }

    views = prepare_upstream_states_for_mapping(
        Mapped(), upstream, {first: [Success(result="a"), Success(result="b")]}, LocalExecutor()
    )

    assert [[view[edges[key]].result for key in ("x", "y", None)] for view in views] == [["a", 7, 6], ["b", 8, 6]]
    assert prepare_upstream_states_for_mapping(Pending(), upstream, {}, LocalExecutor()) == []

    # Without other word of the children, those of the state itself count.
    upstream[edges["x"]] = Mapped(map_states=[Success(result="c"), Success(result="d")])
    views = prepare_upstream_states_for_mapping(Mapped(), upstream, {}, LocalExecutor())
    assert [view[edges["x"]].result for view in views] == ["c", "d"]


def test_a_large_map_keeps_no_loggers() -> None:
    with Flow("f") as flow:
        give.map(list(range(200)))
    flow.run()
    assert not [name for name in logging.root.manager.loggerDict if name.startswith("prefect.give[")]


@pytest.mark.parametrize(
    ("value", "mapped", "expected"),
    [
        (None, Mapped(n_map_states=3), [None] * 3),
        (None, Mapped(map_states=[Success(result=5), Pending(), None]), [5, None, None]),
        (None, Mapped(n_map_states=0), []),
        ([7, 8, 9], Mapped(n_map_states=2), [7, 8]),
        ([7], Mapped(n_map_states=3), [7]),
        ([7, 8, 9], Mapped(), [7, 8, 9]),
    ],
    ids=["by number", "by states", "none", "fewer than values", "more than values", "unsaid"],
)
def test_the_children_of_a_known_mapped_state_are_made_again(value, mapped, expected):
    source, same = task(lambda: [1, 2, 3], name="source"), task(lambda x: x, name="same")
    with Flow("f") as flow:
        numbers = source()
        copies = same.map(numbers)
        further = same.map(copies)
        together = same(copies)

    state = flow.run(task_states={numbers: Success(result=value), copies: mapped})

    assert state.is_successful()
    assert [state.result[t].result for t in (copies, further, together)] == [expected] * 3
    assert len(state.result[copies].map_states) == len(expected)


@pytest.mark.parametrize(
    "executor", [LocalExecutor(), LocalDaskExecutor(scheduler="threads")], ids=["local", "threads"]
)
def test_what_is_flattened_after_a_retry_loses_no_element(executor):
    tried = set()

    @task(max_retries=1, retry_delay=timedelta(0))
    def second_time(number):
        if number not in tried:
            tried.add(number)
            raise ValueError("again")
        return [number, number * 10, number * 100]

    same, total = task(lambda x: x, name="same"), task(lambda x: sum(x), name="total")
    with Flow("f") as flow:
        parts = second_time.map([1, 2])
        copies = same.map(flatten(parts))
        inside = apply_map(lambda x: same(x), flatten(parts))
        together = total(copies)

    state = flow.run(executor=executor)

    assert state.is_successful()
    assert state.result[copies].result == [1, 10, 100, 2, 20, 200]
    assert state.result[inside].result == [1, 10, 100, 2, 20, 200]
    assert state.result[together].result == 333


def test_children_that_a_run_is_given_are_mapped_over_as_its_own() -> None:
    """As when a flow run is begun again whose mapped task has ended."""

    @task
    def first(x: int) -> int:
        raise AssertionError(x)

    @task
    def second(x: int) -> int:
        return x + 1

    with Flow("f") as flow:
        given = first.map([0, 0])
        after = second.map(given)
    children = [Success(result=5), Success(result=6)]
    known = Mapped(map_states=children, result=[5, 6])
    ended = flow.run(task_states={given: known})
    assert ended.is_successful()
    assert ended.result[after].result == [6, 7]


def test_each_element_is_kept_where_the_whole_is(tmp_path: Path) -> None:
    whole = LocalResult(dir=str(tmp_path), value=["a", "b"], location="whole")
    second = mapping.element_of(Success(result=whole))(1)._result
    assert type(second) is LocalResult
    assert (second.value, second.dir) == ("b", whole.dir)

    plain = mapping.element_of(Success(result=["a", "b"]))(1)._result
    assert (type(plain), plain.value) == (Result, "b")
