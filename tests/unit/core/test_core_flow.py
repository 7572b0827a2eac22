"""Flows: adding, changing and asking; what a with block does."""

import pickle
from datetime import datetime, timedelta

import cloudpickle
import pytest

from prefect.core.annotations import flatten, mapped, unmapped
from prefect.core.authoring import tags
from prefect.core.constants import Constant
from prefect.core.conversion import as_task
from prefect.core.edge import Edge
from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.core.parameter import Parameter
from prefect.core.task import Task
from prefect.schedules.clocks import IntervalClock
from prefect.tasks.core import collections as collectors
from prefect.utilities.configuration import set_temporary_config
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


@task
def anything(a, **more):
    return more


def graph_of(flow):
    """Give a flow as (edges, constants), both with slugs in place of tasks."""
    s = flow.slugs
    edges = {
        f"{s[e.upstream_task]} > {s[e.downstream_task]}"
        + (f" : {e.key}" if e.key else "")
        + (" mapped" if e.mapped else "")
        + (" flat" if e.flattened else "")
        for e in flow.edges
    }
    return edges, {s[t]: values for t, values in flow.constants.items() if values}


def built(build):
    with Flow("f") as flow:
        build()
    return graph_of(flow)


# --- names and options -----------------------------------------------------------------------------------------------


def test_a_flow_needs_a_name():
    with pytest.raises(ValueError, match="A name must be provided for the flow"):
        Flow("")
    with pytest.raises(TypeError, match="'name'"):
        Flow()
    with pytest.raises(TypeError, match="A flow's name must be text, not int"):
        Flow(1)
    assert repr(Flow("x")) == '<Flow: name="x">'


def test_handlers_must_be_a_sequence():
    with pytest.raises(TypeError, match="state_handlers should be iterable"):
        Flow("x", state_handlers=lambda f, o, n: n)


def test_a_flow_can_start_with_tasks_and_edges():
    a, b = Task(name="a"), Task(name="b")
    flow = Flow("f", tasks=[number], edges=[Edge(a, b), Edge(3, increase, key="x")], reference_tasks=[number])
    assert flow.tasks == {number, a, b, increase}
    assert graph_of(flow) == ({"a-1 > b-1"}, {"increase-1": {"x": 3}})
    assert flow.reference_tasks() == {number}


def test_equality_is_of_content():
    one, other = Flow("f"), Flow("f")
    assert one == other
    assert one != Flow("g")
    assert one != "f"
    one.add_task(number)
    assert one != other
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


# --- tasks and slugs -------------------------------------------------------------------------------------------------


def test_only_tasks_can_be_added():
    with pytest.raises(TypeError, match=r"Tasks must be Task instances \(received <class 'int'>\)"):
        Flow("f").add_task(1)


def test_adding_twice_is_adding_once():
    flow = Flow("f")
    assert flow.add_task(number) is number
    flow.add_task(number)
    assert flow.slugs == {number: "number-1"}


def test_slugs_count_up_by_name_and_tags():
    with Flow("f") as flow:
        number()
        number()
        with tags("z", "b"):
            number()
        number(task_args={"slug": "own"})
        number(task_args={"name": "other"})
    assert sorted(flow.slugs.values()) == ["number-1", "number-2", "number-b-z-1", "other-1", "own"]


def test_generated_slugs_keep_clear_of_chosen_ones():
    flow = Flow("f")
    flow.add_task(Task(name="x", slug="a-1"))
    flow.add_task(Task(name="a"))
    assert sorted(flow.slugs.values()) == ["a-1", "a-2"]


def test_two_tasks_of_one_chosen_slug_are_refused():
    flow = Flow("f", tasks=[Task(slug="x")])
    with pytest.raises(ValueError, match='A task with the slug "x" already exists in this flow'):
        flow.add_task(Task(slug="x"))
    with pytest.raises(ValueError, match='A task with the slug "p" already exists'), Flow("g"):
        increase(Parameter("p"), Parameter("p"))


def test_finding_tasks():
    flow = Flow("f")
    a, b = flow.add_task(Task(name="a", slug="s")), flow.add_task(Task(name="b", tags=["x", "y"]))
    p = flow.add_task(Parameter("p"))
    assert flow.get_tasks() == [a, b, p]
    assert flow.get_tasks(name="a") == [a]
    assert flow.get_tasks(slug="s") == [a]
    assert flow.get_tasks(slug="b-x-y-1") == [b]
    assert flow.get_tasks(tags=["x"]) == [b]
    assert flow.get_tasks(task_type=Parameter) == [p]
    assert flow.get_tasks("b", tags=["z"]) == []
    assert flow.parameters() == {p}


# --- edges -----------------------------------------------------------------------------------------------------------


REFUSED_EDGES = {
    "to a parameter": (
        lambda f: f.add_edge(number, Parameter("p")),
        ValueError,
        "Parameters must be root tasks and can not have upstream dependencies",
    ),
    "to itself": (lambda f: f.add_edge(number, number), ValueError, "Edges can not connect a task to itself"),
    "keyword": (
        lambda f: f.add_edge(number, increase, key="class"),
        ValueError,
        r'Key must be a valid identifier \(received "class"\)',
    ),
    "no identifier": (lambda f: f.add_edge(number, increase, key="a b"), ValueError, 'received "a b"'),
    "empty key": (lambda f: f.add_edge(number, increase, key=""), ValueError, 'received ""'),
    "constant with a bad key": (lambda f: f.add_edge(1, increase, key="1"), ValueError, 'received "1"'),
    "unknown argument": (
        lambda f: f.add_edge(number, increase, key="zz", validate=True),
        TypeError,
        "got an unexpected keyword argument 'zz'",
    ),
    "argument used twice": (
        lambda f: [f.add_edge(number, increase, key="x"), f.add_edge(numbers, increase, key="x", validate=True)],
        ValueError,
        'Argument "x" for task <Task: increase> has already been assigned in this flow',
    ),
    "cycle": (
        lambda f: f.chain(number, numbers, number, validate=True),
        ValueError,
        "Cycle found; flows must be acyclic!",
    ),
}


@pytest.mark.parametrize(("build", "error", "text"), REFUSED_EDGES.values(), ids=REFUSED_EDGES)
def test_edges_that_are_refused(build, error, text):
    with pytest.raises(error, match=text):
        build(Flow("f"))


def test_eager_validation_can_be_configured():
    with set_temporary_config({"flows.eager_edge_validation": True}):
        with pytest.raises(TypeError, match="unexpected keyword"):
            Flow("f").add_edge(number, increase, key="zz")
        with pytest.raises(ValueError, match="Cycle"):
            Flow("f").chain(number, numbers, number)
    Flow("f").add_edge(number, increase, key="zz")


def test_edges_themselves():
    a, b = Task(name="a"), Task(name="b")
    edge = Edge(a, b, key="x")
    assert repr(edge) == "<Edge(key=x, mapped=False, flattened=False): a to b>"
    assert (edge, hash(edge)) == (Edge(a, b, "x"), hash(Edge(a, b, "x")))
    assert edge != Edge(a, b, "y")
    assert edge.tasks == {a, b}
    assert Edge(mapped(a), b).mapped is True
    assert Edge(unmapped(a), b, mapped=True).mapped is False
    assert Edge(flatten(a), b).flattened is True
    assert Edge(1, b).upstream_task.value == 1
    with pytest.raises(ValueError, match="connect a task to itself"):
        Edge(a, a)
    assert edge.serialize()["key"] == "x"


def test_edges_are_given_back():
    flow = Flow("f")
    assert repr(flow.add_edge(1, number)) == "<Edge(key=None, mapped=False, flattened=False): 1 to number>"
    constant = flow.add_edge(2, increase, key="x")
    assert (constant.key, constant.upstream_task.value) == ("x", 2)
    assert [str(e) for e in flow.chain(number, 3)] == ["<Edge(key=None, mapped=False, flattened=False): number to 3>"]
    assert flow.chain() == []
    assert graph_of(flow) == ({"1-1 > number-1", "number-1 > 3-1"}, {"increase-1": {"x": 2}})


BUILDS = {
    "constants": (lambda: increase(1, y=None), set(), {"increase-1": {"x": 1, "y": None}}),
    "tasks": (
        lambda: increase(number(), number()),
        {"number-1 > increase-1 : x", "number-2 > increase-1 : y"},
        {},
    ),
    "more keywords": (
        lambda: anything(1, b=2, c=number()),
        {"number-1 > anything-1 : c"},
        {"anything-1": {"a": 1, "b": 2}},
    ),
    "constant tasks": (lambda: increase(Constant(4)), set(), {"increase-1": {"x": 4}}),
    "upstream": (
        lambda: number(upstream_tasks=[1, numbers(), [numbers(), 2]]),
        {"1-1 > number-1", "numbers-1 > number-1", "List-1 > number-1", "numbers-2 > List-1 : arg_1"},
        {"List-1": {"arg_2": 2}},
    ),
    "list": (
        lambda: increase([1, [2, number()]]),
        {"List-1 > increase-1 : x", "List-2 > List-1 : arg_2", "number-1 > List-2 : arg_2"},
        {"List-1": {"arg_1": 1}, "List-2": {"arg_1": 2}},
    ),
    "tuple and set": (
        lambda: increase((1, number()), {number()}),
        {
            "Tuple-1 > increase-1 : x",
            "Set-1 > increase-1 : y",
            "number-1 > Tuple-1 : arg_2",
            "number-2 > Set-1 : arg_1",
        },
        {"Tuple-1": {"arg_1": 1}},
    ),
    "dict": (
        lambda: increase({"a": number(), "b": 2}),
        {"Dict-1 > increase-1 : x", "List-1 > Dict-1 : values", "number-1 > List-1 : arg_1"},
        {"Dict-1": {"keys": ["a", "b"]}, "List-1": {"arg_2": 2}},
    ),
    "constant collections": (
        lambda: increase({"x": [1, (2, 3)]}, {4}),
        set(),
        {"increase-1": {"x": {"x": [1, (2, 3)]}, "y": {4}}},
    ),
    "map": (lambda: increase.map([1, 2]), {"[1, 2]-1 > increase-1 : x mapped"}, {}),
    "map long constants": (
        lambda: increase.map([[1], [2]], y="a longer text"),
        {"Constant[list]-1 > increase-1 : x mapped", "Constant[str]-1 > increase-1 : y mapped"},
        {},
    ),
    "map some": (
        lambda: increase.map(numbers(), unmapped(number()), upstream_tasks=[unmapped(number()), numbers()]),
        {
            "numbers-1 > increase-1 : x mapped",
            "number-1 > increase-1 : y",
            "number-2 > increase-1",
            "numbers-2 > increase-1 mapped",
        },
        {},
    ),
    "map nothing": (lambda: increase.map(unmapped(1)), set(), {"increase-1": {"x": 1}}),
    "map by call": (
        lambda: increase(numbers(), 2, mapped=True),
        {"numbers-1 > increase-1 : x mapped", "2-1 > increase-1 : y mapped"},
        {},
    ),
    "annotations in a call": (
        lambda: increase(mapped(numbers()), flatten([[1]])),
        {"numbers-1 > increase-1 : x mapped", "[[1]]-1 > increase-1 : y flat"},
        {},
    ),
    "flat map": (
        lambda: increase.map(flatten(numbers()), y=flatten(unmapped(numbers()))),
        {"numbers-1 > increase-1 : x mapped flat", "numbers-2 > increase-1 : y flat"},
        {},
    ),
    "operators": (
        lambda: 1 - number() // 2,
        {"number-1 > FloorDiv-1 : x", "FloorDiv-1 > Sub-1 : y"},
        {"FloorDiv-1": {"y": 2}, "Sub-1": {"x": 1}},
    ),
    "or": (
        lambda: number() | increase(1) | 2,
        {"number-1 > increase-1", "increase-1 > 2-1"},
        {"increase-1": {"x": 1}},
    ),
    "or from a constant": (lambda: 1 | number(), {"1-1 > number-1"}, {}),
    "item": (
        lambda: number()["a"]["b"],
        {"number-1 > number['a']-1 : task_result", "number['a']-1 > number['a']['b']-1 : task_result"},
        {"number['a']-1": {"key": "a"}, "number['a']['b']-1": {"key": "b"}},
    ),
    "item by task": (
        lambda: numbers()[number()],
        {"numbers-1 > numbers[number]-1 : task_result", "number-1 > numbers[number]-1 : key"},
        {},
    ),
    "outputs": (
        lambda: increase(*number(task_args={"nout": 2})),
        {
            "number-1 > number[0]-1 : task_result",
            "number-1 > number[1]-1 : task_result",
            "number[0]-1 > increase-1 : x",
            "number[1]-1 > increase-1 : y",
        },
        {"number[0]-1": {"key": 0}, "number[1]-1": {"key": 1}},
    ),
    "pipe": (
        lambda: numbers().pipe(increase, y=2).pipe(increase.map),
        {"numbers-1 > increase-1 : x", "increase-1 > increase-2 : x mapped"},
        {"increase-1": {"y": 2}},
    ),
    "set_upstream": (
        lambda: number().set_upstream(increase(1)).set_upstream(numbers(), key="k"),
        {"increase-1 > number-1", "numbers-1 > number-1 : k"},
        {"increase-1": {"x": 1}},
    ),
    "set_downstream": (
        lambda: number().set_downstream(increase.copy(), key="x", mapped=True),
        {"number-1 > increase-1 : x mapped"},
        {},
    ),
    "set_dependencies": (
        lambda: increase.copy().set_dependencies(
            upstream_tasks=[number()],
            downstream_tasks=[number.copy()],
            keyword_tasks={"x": numbers(), "y": 3},
            mapped=True,
        ),
        {
            "number-1 > increase-1 mapped",
            "increase-1 > number-2",
            "numbers-1 > increase-1 : x mapped",
            "3-1 > increase-1 : y mapped",
        },
        {},
    ),
}


@pytest.mark.parametrize(("build", "edges", "constants"), BUILDS.values(), ids=BUILDS)
def test_what_calls_add_to_a_flow(build, edges, constants):
    assert built(build) == (edges, constants)


@pytest.mark.parametrize("value", [5, None, {1, 2}], ids=["int", "None", "set"])
def test_values_without_items_cannot_be_mapped_over(value):
    with pytest.raises(TypeError, match="Cannot map over unsubscriptable object of type"):
        increase.map(value, flow=Flow("f"))


def test_only_tasks_of_known_length_can_be_unpacked():
    with Flow("f"), pytest.raises(TypeError, match="Task is not iterable"):
        a, b = number()  # noqa: RUF059


def test_a_mapped_task_does_not_inherit_its_number_of_outputs():
    pair = number.copy(nout=2)
    with Flow("f"):
        assert pair.map().nout is None
        assert pair.map(task_args={"nout": 3}).nout == 3


def test_items_take_over_checkpoint_and_result():
    result = object()
    with Flow("f"):
        item = number(task_args={"checkpoint": False, "result": result})[0]
    assert (item.checkpoint, item.result) == (False, result)


def test_conversion_to_tasks():
    flow = Flow("f")
    assert as_task(number) is number
    assert as_task(unmapped(3)).value == 3
    assert as_task(3).auto_generated is True
    assert [as_task(v).name for v in (3, "abcdef", "abcdefg", [1, 2, 3], None)] == [
        "3",
        "'abcdef'",
        "Constant[str]",
        "Constant[list]",
        "None",
    ]
    assert isinstance(as_task({"a": number}, flow=flow), collectors.Dict)
    assert isinstance(as_task([Constant(1)], flow=flow), collectors.List)
    assert isinstance(as_task(frozenset([number])), Constant)
    with pytest.raises(ValueError, match="need to call `List"):
        as_task([number])


def test_collecting_tasks_keep_their_order():
    many = {f"arg_{i}": i for i in range(1, 13)}
    assert collectors.List().run(**many) == list(range(1, 13))
    assert collectors.Tuple().run(**many) == tuple(range(1, 13))
    assert collectors.Set().run(arg_1=1, arg_2=1) == {1}
    assert collectors.Dict().run(keys=[1, 2], values=[3, 4]) == {1: 3, 2: 4}
    with pytest.raises(ValueError, match="A different number of keys and values were provided"):
        collectors.Dict().run(keys=[1], values=[])


# --- changing --------------------------------------------------------------------------------------------------------


def test_copies_grow_apart():
    with Flow("f") as flow:
        increase(1)
    copied = flow.copy()
    assert copied == flow
    copied.add_task(number)
    copied.set_reference_tasks([number])
    assert copied.tasks != flow.tasks
    assert graph_of(flow) == (set(), {"increase-1": {"x": 1}})
    assert sorted(copied.slugs.values()) == ["increase-1", "number-1"]


def test_replacing_a_task_keeps_its_edges():
    with Flow("f") as flow:
        a = number()
        b = increase(a)
        c = increase(b, 3)
    flow.set_reference_tasks([b])
    new = increase.copy()

    flow.replace(b, new)

    assert flow.tasks == {a, new, c}
    assert flow.reference_tasks() == {new}
    assert graph_of(flow) == (
        {"number-1 > increase-3 : x", "increase-3 > increase-2 : x"},
        {"increase-2": {"y": 3}},
    )


def test_replacing_a_parameter_by_a_value_or_another_parameter():
    def flow():
        with Flow("f") as flow:
            p = Parameter("p")
            increase(p)
        return flow, p

    with_value, p = flow()
    with_value.replace(p, 4)
    assert graph_of(with_value) == (set(), {"increase-1": {"x": 4}})

    with_other, p = flow()
    with_other.replace(p, Parameter("p", default=3))
    assert [q.default for q in with_other.parameters()] == [3]


def test_replacing_what_is_not_there_or_with_a_neighbour_is_refused():
    with pytest.raises(ValueError, match='Task <Task: q> was not found in Flow <Flow: name="f">'):
        Flow("f").replace(Task(name="q"), number)
    with Flow("f") as flow:
        a = number()
        b = increase(a)
    with pytest.raises(ValueError, match="connect a task to itself"):
        flow.replace(a, b)
    assert graph_of(flow)[0] == {"number-1 > increase-1 : x"}


def _with_parameter(name):
    with Flow(name) as flow:
        p = Parameter("p")
        t = increase(p)
        number()
    return flow, p, t


def test_updating_with_another_flow():
    ours, _, a = _with_parameter("f")
    theirs, q, b = _with_parameter("g")
    theirs.set_reference_tasks([b])
    ours.set_reference_tasks([a])

    with pytest.raises(ValueError, match='A task with the slug "p" already exists'):
        ours.copy().update(theirs)
    ours.update(theirs, merge_parameters=True, merge_reference_tasks=True)

    assert ours.parameters() == {q}
    assert graph_of(ours)[0] == {"p > increase-1 : x", "p > increase-2 : x"}
    assert ours.reference_tasks() == {a, b}


def test_updating_takes_constants_over():
    with Flow("f") as ours:
        increase(1)
    with Flow("g") as theirs:
        increase(increase(2), 4)
    ours.update(theirs)
    assert graph_of(ours) == (
        {"increase-2 > increase-3 : x"},
        {"increase-1": {"x": 1}, "increase-2": {"x": 2}, "increase-3": {"y": 4}},
    )


# --- asking ----------------------------------------------------------------------------------------------------------


def test_neighbours():
    with Flow("f") as flow:
        a = numbers()
        b = increase(a)
        c = increase(b, a)
    assert (flow.root_tasks(), flow.terminal_tasks()) == ({a}, {c})
    assert flow.upstream_tasks(c) == {a, b}
    assert flow.downstream_tasks(a) == {b, c}
    assert flow.edges_to(b) == {Edge(a, b, "x")}
    assert flow.edges_from(b) == {Edge(b, c, "x")}
    assert flow.all_upstream_edges() == {a: set(), b: flow.edges_to(b), c: flow.edges_to(c)}
    assert flow.all_downstream_edges() == {a: flow.edges_from(a), b: flow.edges_from(b), c: set()}
    flow.edges_to(b).clear()
    assert flow.edges_to(b)


@pytest.mark.parametrize("question", ["edges_to", "edges_from", "upstream_tasks", "downstream_tasks"])
def test_asking_for_a_stranger_is_refused(question):
    with pytest.raises(ValueError, match='Task <Task: zz> was not found in Flow <Flow: name="q">'):
        getattr(Flow("q"), question)(Task(name="zz"))


def test_order_follows_the_program_and_every_change():
    with Flow("f") as flow:
        a = number()
        b = number()
        c = increase(b)
    assert flow.sorted_tasks() == (a, b, c)
    assert list(flow) == [a, b, c]
    flow.add_edge(c, a)
    assert flow.sorted_tasks() == (b, c, a)
    assert flow.sorted_tasks(root_tasks=[c]) == (c, a)
    flow.edges.clear()
    assert flow.sorted_tasks() == (a, b, c)
    d = flow.add_task(Task())
    assert flow.sorted_tasks() == (a, b, c, d)
    with pytest.raises(ValueError, match="was not found"):
        flow.sorted_tasks(root_tasks=[Task()])


def test_validation_finds_what_cannot_run():
    a, b = Task(name="a"), Task(name="b")
    flow = Flow("f", tasks=[a])
    flow.edges.add(Edge(a, b))
    with pytest.raises(ValueError, match="Some edges refer to tasks not contained in this flow"):
        flow.validate()
    flow = Flow("f", tasks=[a], reference_tasks=[a])
    flow.tasks.remove(a)
    with pytest.raises(ValueError, match="Some reference tasks are not contained in this flow"):
        flow.validate()


def test_reference_tasks():
    with Flow("f") as flow:
        a = number()
        b = increase(a)
    assert flow.reference_tasks() == {b}
    flow.set_reference_tasks([a])
    assert flow.reference_tasks() == {a}
    flow.set_reference_tasks([])
    assert flow.reference_tasks() == {b}
    with pytest.raises(ValueError, match="reference tasks must be part of the flow"):
        flow.set_reference_tasks([Task()])
    with pytest.raises(ValueError, match="reference tasks must be part of the flow"):
        Flow("g", reference_tasks=[a])


# --- the with block --------------------------------------------------------------------------------------------------


def test_blocks_can_be_nested():
    with Flow("f") as outer:
        number()
        with Flow("g") as inner:
            number()
            number()
        number()
    assert (len(outer.tasks), len(inner.tasks)) == (2, 2)
    assert context.get("flow") is None
    with outer:
        with outer:
            number()
        number()
    assert len(outer.tasks) == 4


def test_tasks_that_are_made_and_forgotten_are_warned_of():
    def build():
        with Flow("f"):
            Task(name="lost")
            Task(name="used")()
            Task(name="copied").copy()()
            Constant(3)
            Parameter("p").copy("q")()

    with pytest.warns(UserWarning, match="Tasks were created but not added to the flow: {<Task: lost>}"):
        build()


def test_no_warning_when_the_block_fails():
    def fail():
        with Flow("f"):
            Task()
            raise KeyError

    with pytest.raises(KeyError):
        fail()


def test_copying_a_task_with_edges_is_warned_of():
    with Flow("f"):
        a = increase(1)
        a.copy(name="no edges yet")(1)
        b = increase(a)
        with pytest.warns(UserWarning, match="You are making a copy of a task that has dependencies"):
            b(1)


def test_binding_twice_adds_the_task_once():
    t = number.copy()
    flow = Flow("f")
    assert t.bind(flow=flow) is t
    t.bind(flow=flow)
    assert flow.tasks == {t}


def test_tags_of_the_block_are_bound_too():
    t = number.copy()
    with Flow("f") as flow, tags("x"):
        t.bind()
        increase(1)
        Parameter("p")()
    assert all(task.tags == {"x"} for task in flow.tasks)
    assert sorted(flow.slugs.values()) == ["increase-x-1", "number-x-1", "p"]


@pytest.mark.parametrize(("method", "error"), [("run", RuntimeError), ("register", ValueError)])
def test_a_flow_is_not_used_inside_its_own_block(method, error):
    with (
        Flow("f") as flow,
        pytest.raises(error, match=f"Don't call `flow.{method}\\(\\)` from within a `Flow` context"),
    ):
        getattr(flow, method)()


@pytest.mark.parametrize("method", ["run", "register"])
def test_a_flow_is_not_used_while_its_file_is_loaded(method):
    with context(loading_flow=True), pytest.warns(UserWarning, match=f"Attempting to call `flow.{method}` during"):
        assert getattr(Flow("f"), method)() is None


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps], ids=["pickle", "cloudpickle"])
def test_flows_can_be_pickled(dumps):
    if dumps is pickle.dumps:
        flow = Flow("f", tasks=[Task(name="a", cache_for=timedelta(1))])
        flow.chain(*flow.tasks, Task(name="b"))
    else:
        with Flow("f") as flow:
            increase.map(numbers(), unmapped(number()))
    flow.logger.debug("the logger exists")
    flow.sorted_tasks()

    back = pickle.loads(dumps(flow))

    assert graph_of(back) == graph_of(flow)
    assert [t.name for t in back.sorted_tasks()] == [t.name for t in flow.sorted_tasks()]
    with back:
        Task(name="new")()
    assert "new-1" in back.slugs.values()


def test_what_has_clocks_serves_as_a_schedule():
    class Looks:
        clocks = [IntervalClock(timedelta(days=7), start_date=datetime(2025, 3, 17))]

    flow = Flow("f")
    flow.schedule = Looks
    assert [clock["interval"] for clock in flow.serialize()["schedule"]["clocks"]] == [604_800_000_000]
    flow.schedule = 5
    with pytest.raises(TypeError, match=r"flow.schedule must be a prefect.schedules.Schedule, not 5"):
        flow.serialize()
