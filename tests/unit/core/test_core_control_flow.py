"""Branches, sub-graphs, resources and triggers: what they add to a flow, and what comes out when it runs."""

import logging

import pytest

from prefect.core.annotations import flatten, mapped, unmapped
from prefect.core.constants import Constant
from prefect.core.edge import Edge
from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.core.parameter import Parameter
from prefect.core.resource_manager import resource_cleanup_trigger, resource_manager
from prefect.core.subgraph import apply_map
from prefect.core.task import Task
from prefect.engine.signals import FAIL, PAUSE, SKIP, TRIGGERFAIL
from prefect.engine.state import Cached, Cancelled, Failed, Mapped, Pending, Skipped, Success, TriggerFailed
from prefect.tasks.control_flow import FilterTask, case, ifelse, merge, switch
from prefect.tasks.control_flow.conditional import CompareValue, Merge
from prefect.triggers import (
    all_failed,
    all_finished,
    all_successful,
    always_run,
    any_failed,
    any_successful,
    manual_only,
    not_all_skipped,
    some_failed,
    some_successful,
)
from prefect.utilities.context import context


@task
def number():
    return 1


@task
def numbers():
    return [1, 2]


@task
def increase(x, y=1):
    return x + y


def edges_of(flow):
    s = flow.slugs
    return {
        f"{s[e.upstream_task]} > {s[e.downstream_task]}"
        + (f" : {e.key}" if e.key else "")
        + (" mapped" if e.mapped else "")
        + (" flat" if e.flattened else "")
        for e in flow.edges
    }


def constants_of(flow):
    return {flow.slugs[t]: values for t, values in flow.constants.items() if values}


def run(flow, **parameters):
    """Run a flow and give its state and {slug: (state class, result)}."""
    state = flow.run(run_on_schedule=False, **parameters)
    return state, {flow.slugs[t]: (type(s).__name__, s.result) for t, s in state.result.items()}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(logging.getLogger("prefect"), "disabled", True)


# --- case, switch, merge ---------------------------------------------------------------------------------------------


def test_case_ties_the_first_tasks_of_the_block():
    with Flow("f") as flow:
        n = number()
        with case(n, 1):
            a = increase(1)
            increase(a)
            increase(n)
            increase(Parameter("p"))
            Constant(3)()
    assert edges_of(flow) == {
        "number-1 > case(1)-1 : value",
        "case(1)-1 > increase-1",
        "increase-1 > increase-2 : x",
        "case(1)-1 > increase-3",
        "number-1 > increase-3 : x",
        "case(1)-1 > increase-4",
        "p > increase-4 : x",
    }


def test_case_of_a_constant_and_empty_case():
    with Flow("f") as flow:
        with case("a", "b"):
            number()
        with case(number(), 2):
            pass
    assert edges_of(flow) == {"case(b)-1 > number-1"}
    assert constants_of(flow) == {"case(b)-1": {"value": "a"}}


def test_nested_cases():
    with Flow("f") as flow:
        n, other = number(), number()
        with case(n, 1):
            with case(n, 2):
                inner = increase(other)
            increase(inner)
    assert edges_of(flow) == {
        "number-1 > case(1)-1 : value",
        "number-1 > case(2)-1 : value",
        "case(1)-1 > case(2)-1",
        "case(2)-1 > increase-1",
        "number-2 > increase-1 : x",
        "increase-1 > increase-2 : x",
        "case(1)-1 > increase-2",
    }


def test_case_refuses_a_task_as_value_and_two_flows():
    def in_two_flows():
        with Flow("f"), case(number(), 1):
            number()
            number(flow=Flow("g"))

    with pytest.raises(TypeError, match="`value` cannot be a task"):
        case(number, increase)
    with pytest.raises(ValueError, match="Multiple flows cannot be used with the same case statement"):
        in_two_flows()
    assert context.get("case") is None


def test_a_block_that_fails_adds_nothing():
    def fail():
        with case(number(), 1):
            number()
            raise KeyError

    with Flow("f") as flow, pytest.raises(KeyError):
        fail()
    assert edges_of(flow) == set()


@pytest.mark.parametrize(("value", "outcome"), [(1, 11), (2, 22), (3, None)])
def test_branches_are_merged(value, outcome):
    with Flow("f") as flow:
        p = Parameter("p")
        with case(p, 1):
            a = increase(10)
        with case(p, 2):
            b = increase(20, p)
        both = merge(a, b)
        after = increase(both) if outcome else None
    state, results = run(flow, p=value)
    if outcome is None:
        assert results["Merge-1"] == ("Skipped", None)
    else:
        assert results["Merge-1"] == ("Success", outcome)
        assert state.result[after].result == outcome + 1
    assert state.is_successful()


def test_an_unmatched_case_says_why():
    with pytest.raises(SKIP, match='Provided value "4" did not match "3"'):
        CompareValue(3).run(4)
    assert CompareValue(3).run(3) is None
    assert CompareValue(3).name == 'CompareValue: "3"'


def test_switch():
    with Flow("f") as flow:
        switch(number(), {"a": increase(1), 1: increase(2)})
    assert edges_of(flow) == {
        'number-1 > CompareValue: "a"-switch-1 : value',
        'number-1 > CompareValue: "1"-switch-1 : value',
        'CompareValue: "a"-switch-1 > increase-1',
        'CompareValue: "1"-switch-1 > increase-2',
    }
    _, results = run(flow)
    assert (results["increase-1"][0], results["increase-2"]) == ("Skipped", ("Success", 3))


def test_mapped_switch():
    with Flow("f") as flow:
        switch(numbers(), {1: number.copy()}, mapped=True)
    assert edges_of(flow) == {
        'numbers-1 > CompareValue: "1"-switch-1 : value mapped',
        'CompareValue: "1"-switch-1 > number-1 mapped',
    }


@pytest.mark.parametrize("value", [0, 5])
def test_ifelse(value):
    with Flow("f") as flow:
        ifelse(Parameter("p"), increase(1), increase(2))
    _, results = run(flow, p=value)
    taken, other = ("increase-1", "increase-2") if value else ("increase-2", "increase-1")
    assert (results[taken][0], results[other][0]) == ("Success", "Skipped")


@pytest.mark.parametrize("value", [None, 3, "text", [1, 2], {"a": 1}])
def test_a_branch_may_be_a_value(value):
    with Flow("f") as flow:
        condition = task(lambda: 1, name="condition")()
        switch(condition, {1: value, 2: "other"})
    (chosen, other) = (t for t in flow.sorted_tasks() if isinstance(t, Constant))
    if chosen.value == "other":
        chosen, other = other, chosen
    assert chosen.value == value
    assert [edge.upstream_task.name for edge in flow.edges_to(chosen)] == ['CompareValue: "1"']
    assert flow.run().is_successful()


def test_ifelse_takes_values():
    with Flow("f") as flow:
        ifelse(task(lambda: True, name="condition")(), 1, [2])
    assert {t.value for t in flow.tasks if t.name == "1"} == {1}
    assert flow.run().is_successful()


def test_ifelse_with_one_branch_or_none():
    with Flow("f") as flow:
        ifelse(number(), number(), None)
    assert sum("CompareValue" in slug for slug in flow.slugs.values()) == 1
    with Flow("g") as flow:
        ifelse(number(), None, None)
    assert sorted(flow.slugs.values()) == ["number-1"]


def test_merge_takes_constants_and_options():
    with Flow("f") as flow:
        m = merge(number(), 3, name="both", checkpoint=False)
    assert (m.name, m.checkpoint, m.skip_on_upstream_skip, m.trigger) == ("both", False, False, not_all_skipped)
    assert edges_of(flow) == {"number-1 > both-1 : task_1"}
    assert constants_of(flow) == {"both-1": {"task_2": 3}}
    with pytest.raises(ValueError, match="Merge tasks must have `skip_on_upstream_skip=False`"):
        merge(skip_on_upstream_skip=True)


def test_merge_gives_the_first_that_is_something():
    assert Merge().run(task_10=1, task_2=0, task_1=None) == 1
    assert Merge().run() is None


def test_filter():
    f = FilterTask()
    assert (f.trigger, f.skip_on_upstream_skip) == (all_finished, False)
    signal = FAIL("kept")
    assert f.run([1, None, ValueError(), 0, signal]) == [1, 0, signal]
    assert FilterTask(filter_func=bool).run([0, 2]) == [2]
    told = []
    FilterTask(log_func=lambda kept: told.append(kept) or "told").run([1])
    assert told == [[1]]


# --- apply_map -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flag", "place"), [(True, 0), (False, 1)])
def test_what_is_given_whole_to_apply_map_can_be_counted_with_like_any_task(flag, place):
    def build(x, flag, step):
        with case(flag, True):
            first = increase(x, step["by"] * 2)
        with case(flag, False):
            second = increase(x, step["by"])
        return first, second

    with Flow("f") as flow:
        made = apply_map(build, [1, 2], unmapped(flag), step=unmapped({"by": 5}))
    states = flow.run().result
    assert states[made[place]].result == [[11, 12], [6, 7]][place]
    assert not [name for name in (task.name for task in flow.tasks) if name in ("True", "False")]


def test_apply_map_maps_every_edge():
    def build(x, y):
        a = number()
        b = increase(x, y)
        return increase(a, b)

    with Flow("f") as flow:
        last = apply_map(build, [1, 2], unmapped(number()))
        increase(last)
    assert edges_of(flow) == {
        "[1, 2]-1 > increase-1 : x mapped",
        "number-1 > increase-1 : y",
        "[1, 2]-1 > number-2 mapped",
        "number-1 > number-2",
        "number-2 > increase-2 : x mapped",
        "increase-1 > increase-2 : y mapped",
        "increase-2 > increase-3 : x",
    }


@pytest.mark.parametrize(
    ("over", "given"),
    [
        (lambda a, b: (a, b), [(1, 4), (2, 5), (3, 6)]),
        (lambda a, b: [a, b], [[1, 4], [2, 5], [3, 6]]),
        (lambda a, b: [a, 9], [[1, 9], [2, 9], [3, 9]]),
        (lambda a, b: (a, [9, {"b": b}]), [(1, [9, {"b": 4}]), (2, [9, {"b": 5}]), (3, [9, {"b": 6}])]),
        (lambda a, b: apply_map(lambda x, y: (increase(x, y), x), a, b), [(5, 1), (7, 2), (9, 3)]),
    ],
    ids=["tuple", "list", "beside a constant", "nested", "of another apply_map"],
)
@pytest.mark.parametrize("kind", [list, tuple], ids=lambda kind: kind.__name__)
def test_apply_map_over_a_collection_of_tasks_goes_item_by_item(over, given, kind):
    first, second = task(lambda: kind([1, 2, 3]), name="first"), task(lambda: kind([4, 5, 6]), name="second")
    same = task(lambda x: x, name="same")
    with Flow("f") as flow:
        out = apply_map(lambda pair: same(pair), over(first(), second()))
    assert flow.run().result[out].result == given


APPLIED = {
    "flattened": (
        lambda: apply_map(lambda x: increase(x, 3), flatten([[1]])),
        {"[[1]]-1 > increase-1 : x mapped flat"},
        {"increase-1": {"y": 3}},
    ),
    "constant passed whole": (
        lambda: apply_map(lambda x, y: increase(x, y), [1], unmapped(3)),
        {"[1]-1 > increase-1 : x mapped"},
        {"increase-1": {"y": 3}},
    ),
    "constant mapped inside": (
        lambda: apply_map(lambda y: increase(mapped([1, 2]), y), numbers()),
        {"[1, 2]-1 > increase-1 : x mapped", "numbers-1 > increase-1 : y mapped", "numbers-1 > [1, 2]-1 mapped"},
        {},
    ),
    "constant flattened inside": (
        lambda: apply_map(lambda y: increase(flatten([[1]]), y), numbers()),
        {
            "[[1]]-1 > increase-1 : x mapped flat",
            "numbers-1 > increase-1 : y mapped",
            "numbers-1 > [[1]]-1 mapped",
        },
        {},
    ),
    "constant whole inside": (
        lambda: apply_map(lambda y: increase([1, 2], y), numbers()),
        {"numbers-1 > increase-1 : y mapped"},
        {"increase-1": {"x": [1, 2]}},
    ),
    "task from outside": (
        lambda: (lambda outside: apply_map(lambda x: increase(x, outside), numbers()))(number()),
        {"numbers-1 > increase-1 : x mapped", "number-1 > increase-1 : y mapped"},
        {},
    ),
    "mapped mark": (lambda: apply_map(increase, mapped([1])), {"[1]-1 > increase-1 : x mapped"}, {}),
    "text": (lambda: apply_map(increase, "ab"), {"'ab'-1 > increase-1 : x mapped"}, {}),
    "keyword": (
        lambda: apply_map(increase, x=numbers(), y=unmapped(2)),
        {"numbers-1 > increase-1 : x mapped"},
        {"increase-1": {"y": 2}},
    ),
    "operators": (
        lambda: apply_map(lambda x, y: x + y, numbers(), [3, 4]),
        {"numbers-1 > Add-1 : x mapped", "[3, 4]-1 > Add-1 : y mapped"},
        {},
    ),
    "collection": (
        lambda: apply_map(lambda x, y: increase([x, 1], upstream_tasks=[y]), numbers(), unmapped(number())),
        {
            "List-1 > increase-1 : x mapped",
            "numbers-1 > List-1 : arg_1 mapped",
            "number-1 > List-1",
            "number-1 > increase-1",
        },
        {"List-1": {"arg_2": 1}},
    ),
}


@pytest.mark.parametrize(("build", "edges", "constants"), APPLIED.values(), ids=APPLIED)
def test_what_apply_map_adds(build, edges, constants):
    with Flow("f") as flow:
        build()
    assert (edges_of(flow), constants_of(flow)) == (edges, constants)


def test_apply_map_with_branches_inside():
    def build(x):
        with case(x, 1):
            a = increase(x, 10)
        with case(x, 2):
            b = increase(x, 20)
        return merge(a, b)

    with Flow("f") as flow:
        apply_map(build, numbers())
    assert {e for e in edges_of(flow) if e.startswith("case")} == {
        "case(1)-1 > increase-1 mapped",
        "case(2)-1 > increase-2 mapped",
    }
    _, results = run(flow)
    assert results["Merge-1"] == ("Mapped", [11, 22])


def test_blocks_around_apply_map_are_for_its_outcome():
    with Flow("f") as flow, case(number(), 1):
        apply_map(increase, numbers())
    assert edges_of(flow) == {
        "number-1 > case(1)-1 : value",
        "case(1)-1 > numbers-1",
        "numbers-1 > increase-1 : x mapped",
    }


def test_apply_map_passes_the_flow_on_if_it_was_given():
    flow = Flow("f")
    apply_map(lambda x, flow: increase(x, flow=flow), [1, 2], flow=flow)
    assert edges_of(flow) == {"[1, 2]-1 > increase-1 : x mapped"}


@pytest.mark.parametrize("value", [1, {1}, {"a": 1}, None])
def test_apply_map_wants_sequences(value):
    with pytest.raises(TypeError, match=f"Cannot map over non-sequence object of type `{type(value).__name__}`"):
        apply_map(increase, value, flow=Flow("f"))


def test_apply_map_needs_a_flow():
    with pytest.raises(ValueError, match="Couldn't infer a flow in the current context"):
        apply_map(increase, [1])


NESTED = {
    "map": lambda x: increase.map(x),
    "apply_map": lambda x: apply_map(increase, x),
}


def test_an_argument_marked_as_mapped_inside_apply_map_says_what_is_so_anyway():
    with Flow("f") as flow:
        apply_map(lambda x: increase(mapped(increase(x))), [1, 2])
    assert edges_of(flow) == {"[1, 2]-1 > increase-1 : x mapped", "increase-1 > increase-2 : x mapped"}


@pytest.mark.parametrize(
    ("given", "results"),
    [
        (mapped([1, 2]), [11, 22]),
        (mapped((1, 2, 3)), [11, 22]),
        (flatten([[1], [2]]), [11, 22]),
        (unmapped([1, 2]), [[1, 2, 10], [1, 2, 20]]),
        ([1, 2], [[1, 2, 10], [1, 2, 20]]),
    ],
)
def test_a_constant_marked_inside_apply_map_is_taken_item_by_item(given, results):
    @task
    def put_together(x, y):
        return [*x, y] if isinstance(x, list) else x + y

    with Flow("f") as flow:
        outcome = apply_map(lambda y: put_together(given, y), [10, 20])
    assert flow.run().result[outcome].result == results


@pytest.mark.parametrize("given", [mapped(0), mapped(None), flatten(0)])
def test_a_constant_that_has_no_items_fails_what_is_mapped_over_it(given):
    with Flow("f") as flow:
        outcome = apply_map(lambda y: increase(given, y), numbers())
    assert flow.run().result[outcome].is_failed()


@pytest.mark.parametrize("build", NESTED.values(), ids=NESTED)
def test_nothing_is_mapped_inside_apply_map(build):
    with (
        Flow("f"),
        pytest.raises(ValueError, match="Cannot set `mapped=True` when running from inside a mapped context"),
    ):
        apply_map(build, numbers())


# --- resources -------------------------------------------------------------------------------------------------------


class Pool:
    log = []

    def __init__(self, size, name="pool"):
        self.size = size

    def setup(self):
        self.log.append("setup")
        return self.size

    def cleanup(self, resource):
        self.log.append(("cleanup", resource))


def test_a_resource_is_around_the_tasks_of_its_block():
    with Flow("f") as flow:
        before = number()
        with resource_manager(Pool)(before, name="x") as pool:
            a = increase(pool)
            increase(a)
            number()
        after = increase(a)
    assert edges_of(flow) == {
        "number-1 > Pool-1 : size",
        "Pool-1 > Pool.setup-1 : mgr",
        "Pool-1 > Pool.cleanup-1 : mgr",
        "Pool.setup-1 > Pool.cleanup-1 : resource",
        "Pool.setup-1 > increase-1 : x",
        "increase-1 > increase-2 : x",
        "increase-2 > Pool.cleanup-1",
        "Pool.setup-1 > number-2",
        "number-2 > Pool.cleanup-1",
        "increase-1 > increase-3 : x",
    }
    assert constants_of(flow) == {"Pool-1": {"name": "x"}}
    assert {flow.slugs[t] for t in flow.reference_tasks()} == {"increase-2", "number-2", flow.slugs[after]}

    Pool.log.clear()
    state, results = run(flow)

    assert state.is_successful()
    assert results["increase-1"] == ("Success", 2)
    assert Pool.log == ["setup", ("cleanup", 1)]


def test_nested_resources_are_cleaned_up_from_the_inside():
    make = resource_manager(Pool)
    with Flow("f") as flow, make(1) as outer, make(2) as inner:
        increase(outer, inner)
    assert "Pool.cleanup-2 > Pool.cleanup-1" in edges_of(flow)
    assert "Pool.setup-1 > Pool-2" in edges_of(flow)
    Pool.log.clear()
    run(flow)
    assert Pool.log == ["setup", "setup", ("cleanup", 2), ("cleanup", 1)]


def test_tasks_of_a_resource_take_options():
    make = resource_manager(
        name="own",
        init_task_kwargs={"tags": ["t"]},
        setup_task_kwargs={"checkpoint": True},
        cleanup_task_kwargs={"name": "end", "trigger": all_successful},
    )(Pool)
    with Flow("f") as flow, make(1):
        pass
    by_slug = {slug: t for t, slug in flow.slugs.items()}
    assert sorted(by_slug) == ["end-1", "own-t-1", "own.setup-1"]
    assert by_slug["own.setup-1"].checkpoint is True
    assert (by_slug["end-1"].trigger, by_slug["end-1"].checkpoint) == (all_successful, False)


def test_a_resource_without_setup():
    class Bare:
        def cleanup(self, resource):
            assert resource is None

    with Flow("f") as flow, resource_manager(Bare)() as resource:
        number()
    assert resource is None
    state, results = run(flow)
    assert results["Bare.cleanup-1"] == ("Success", None)
    assert state.is_successful()


class BadInit(Pool):
    def __init__(self):
        raise ValueError("no")


class BadSetup(Pool):
    def __init__(self):
        pass

    def setup(self):
        raise ValueError("no")


class SkippedSetup(BadSetup):
    def setup(self):
        raise SKIP("no")


class SkippedInit(Pool):
    def __init__(self):
        raise SKIP("no")


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (BadInit, "Resource manager init failed"),
        (BadSetup, "Resource manager setup failed"),
        (SkippedInit, "Resource manager init skipped"),
        (SkippedSetup, "Resource manager setup skipped"),
    ],
)
def test_clean_up_is_skipped_when_nothing_was_set_up(cls, message):
    with Flow("f") as flow, resource_manager(cls)():
        number()
    state = flow.run()
    (cleanup,) = (s for t, s in state.result.items() if t.resource_role == "cleanup")
    assert (type(cleanup), cleanup.message) == (Skipped, message)


def test_a_failed_task_does_not_keep_a_resource_from_clean_up():
    with Flow("f") as flow, resource_manager(Pool)(1):
        increase("text")
    Pool.log.clear()
    state = flow.run()
    assert Pool.log == ["setup", ("cleanup", 1)]
    assert state.is_failed()


def test_clean_up_waits_for_all():
    a, b = Task(), Task()
    with pytest.raises(TRIGGERFAIL, match="some of the upstream tasks were not finished"):
        resource_cleanup_trigger({Edge(a, b, "mgr"): Success(), Edge(a, b): Pending()})
    assert resource_cleanup_trigger({Edge(a, b, "mgr"): Success(), Edge(a, b): Failed()})


def test_resources_outside_a_flow_or_across_flows_are_refused():
    make = resource_manager(Pool)

    def in_two_flows():
        with Flow("f"), make(1):
            number(flow=Flow("g"))

    with pytest.raises(ValueError, match="Could not infer an active Flow context"):
        make(1)
    with pytest.raises(TypeError, match="missing a required argument: 'size'"):
        make(flow=Flow("f"))
    with pytest.raises(ValueError, match="Multiple flows cannot be used with the same resource block"):
        in_two_flows()


# --- triggers --------------------------------------------------------------------------------------------------------

S, F, K, P, C = Success, Failed, Skipped, Pending, Cancelled
STATES = {
    "none": [],
    "S": [S()],
    "SF": [S(), F()],
    "F": [F()],
    "K": [K()],
    "KF": [K(), F()],
    "SP": [S(), P()],
    "C": [C()],
    "cached": [Cached()],
    "TF": [TriggerFailed()],
    "map SF": [Mapped(map_states=[S(), F()])],
    "map SS": [Mapped(map_states=[S(), S()])],
    "map of none": [Mapped(map_states=[])],
}
ALL = set(STATES)
PASSES = {
    "all_successful": (
        all_successful,
        {"none", "S", "K", "cached", "map SS", "map of none"},
        "some of the upstream tasks failed.",
    ),
    "all_failed": (all_failed, {"none", "F", "TF", "map of none"}, "some of the upstream tasks succeeded."),
    "all_finished": (all_finished, ALL - {"SP"}, "some of the upstream tasks were not finished."),
    "any_successful": (any_successful, ALL - {"F", "C", "TF", "map of none"}, "none of the upstream tasks succeeded."),
    "any_failed": (any_failed, {"none", "SF", "F", "KF", "TF", "map SF"}, "none of the upstream tasks failed."),
    "some_failed": (
        some_failed(at_least=0.5),
        {"none", "SF", "F", "KF", "TF", "map SF", "map of none"},
        "thresholds were not met.",
    ),
    "some_successful": (
        some_successful(at_least=1, at_most=1),
        {"none", "S", "SF", "K", "KF", "SP", "cached", "map SF"},
        "thresholds were not met.",
    ),
}


@pytest.mark.parametrize("states", STATES.values(), ids=STATES)
@pytest.mark.parametrize("name", PASSES)
def test_triggers(name, states):
    trigger, passes, reason = PASSES[name]
    upstream = {Edge(Task(), Task()): state for state in states}
    if any(states is STATES[label] for label in passes):
        assert trigger(upstream) is True
    else:
        with pytest.raises(TRIGGERFAIL) as raised:
            trigger(upstream)
        assert str(raised.value) == f'Trigger was "{name}" but {reason}'


def test_not_all_skipped():
    def ask(*states):
        return not_all_skipped({Edge(Task(), Task()): state for state in states})

    assert ask(S(), K()) is True
    with pytest.raises(SKIP, match="All upstreams were skipped") as raised:
        ask(K(), K())
    assert raised.value.state.result is None
    with pytest.raises(SKIP):
        ask()
    with pytest.raises(TRIGGERFAIL, match='Trigger was "not_all_skipped" but some of the upstream tasks failed'):
        ask(K(), F())


def test_manual_only():
    with pytest.raises(PAUSE, match='Trigger function is "manual_only"'):
        manual_only({})
    with context(resume=True):
        assert manual_only({}) is True


def test_always_run_is_all_finished():
    assert always_run is all_finished


def test_thresholds_are_inclusive_and_may_be_absent():
    upstream = {Edge(Task(), Task()): state for state in (S(), F())}
    assert some_failed()(upstream) is True
    assert some_failed(at_most=0.5)(upstream) is True
    with pytest.raises(TRIGGERFAIL):
        some_failed(at_most=0)(upstream)
    with pytest.raises(TRIGGERFAIL):
        some_successful(at_least=2)(upstream)
