"""Each misuse that 1.4.1 reports is reported with an error of the same class."""

from __future__ import annotations

import pickle
from datetime import timedelta

import pytest

from prefect.core.annotations import flatten
from prefect.core.edge import Edge
from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.core.parameter import Parameter
from prefect.core.subgraph import apply_map
from prefect.core.task import Task
from prefect.engine import signals, state
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.result import Result
from prefect.engine.results import ConstantResult, PrefectResult
from prefect.engine.serializers import CompressedSerializer, PickleSerializer
from prefect.engine.task_runner import TaskRunner
from prefect.executors import DaskExecutor, LocalDaskExecutor
from prefect.schedules import CronSchedule, IntervalSchedule, Schedule
from prefect.schedules.clocks import CronClock, DatesClock, IntervalClock, RRuleClock
from prefect.tasks.control_flow import case, merge
from prefect.tasks.core.resource_manager import resource_manager
from prefect.utilities.context import context


@task
def inc(x, y=1):
    return x + y


@task
def one():
    return 1


class Plain(Task):
    def run(self, x):
        return x


@resource_manager
class Manager:
    def setup(self):
        return 1

    def cleanup(self, resource):
        pass


def within(build):
    with Flow("f") as flow:
        build(flow)
    return flow


def cycle(validate=None):
    flow = Flow("f")
    flow.add_edge(one, inc)
    flow.add_edge(inc, one, validate=validate)
    return flow


def twice(flow):
    flow.add_task(Plain(slug="s"))
    flow.add_task(Plain(slug="s"))


def two_parameters(flow):
    flow.add_task(Parameter("p"))
    flow.add_task(Parameter("p"))


def key_twice(flow):
    flow.add_edge(one, inc, key="x")
    flow.add_edge(Plain(), inc, key="x", validate=True)


MISUSES = {
    "flow without name": (lambda: Flow(), TypeError, "name"),
    "flow with an empty name": (lambda: Flow(""), ValueError, "A name must be provided for the flow."),
    "flow handlers that are no sequence": (
        lambda: Flow("f", state_handlers=print),
        TypeError,
        "state_handlers should be iterable.",
    ),
    "reference task outside": (
        lambda: Flow("f", tasks=[one], reference_tasks=[inc]),
        ValueError,
        "must be part of the flow",
    ),
    "adding what is no task": (lambda: Flow("f").add_task(1), TypeError, "Tasks must be Task instances .*'int'"),
    "duplicate slug": (lambda: within(twice), ValueError, 'A task with the slug "s" already exists in this flow.'),
    "two parameters of a name": (lambda: within(two_parameters), ValueError, 'A task with the slug "p" already exists'),
    "parameter downstream": (
        lambda: Flow("f").add_edge(one, Parameter("p")),
        ValueError,
        "Parameters must be root tasks",
    ),
    "mapped parameter": (lambda: within(lambda f: Parameter("p").map([1])), TypeError, "name"),
    "edge to itself in a flow": (
        lambda: Flow("f").add_edge(one, one),
        ValueError,
        "Edges can not connect a task to itself.",
    ),
    "edge to itself": (lambda: Edge(one, one), ValueError, "Edges can not connect a task to itself."),
    "edge key that is a keyword": (
        lambda: Edge(one, inc, key="class"),
        ValueError,
        r'valid identifier \(received "class"\)',
    ),
    "edge key that is no identifier": (
        lambda: Edge(one, inc, key="1x"),
        ValueError,
        r'valid identifier \(received "1x"\)',
    ),
    "cycle, checked at once": (lambda: cycle(validate=True), ValueError, "Cycle found; flows must be acyclic!"),
    "cycle, checked later": (lambda: cycle().validate(), ValueError, "Cycle found; flows must be acyclic!"),
    "order of a cycle": (lambda: cycle().sorted_tasks(), ValueError, "Cycle found; flows must be acyclic!"),
    "argument given twice": (
        lambda: within(key_twice),
        ValueError,
        'Argument "x" for task <Task: inc> has already been',
    ),
    "argument that is unknown": (lambda: Flow("f").add_edge(one, inc, key="q", validate=True), TypeError, "'q'"),
    "replacing an unknown task": (
        lambda: Flow("f").replace(one, inc),
        ValueError,
        '<Task: one> was not found in Flow <Flow: name="f">',
    ),
    "reference tasks of another flow": (
        lambda: Flow("f").set_reference_tasks([one]),
        ValueError,
        "must be part of the flow",
    ),
    "order from an unknown task": (
        lambda: Flow("f").sorted_tasks(root_tasks=[one]),
        ValueError,
        "<Task: one> was not found",
    ),
    "edges of an unknown task": (lambda: Flow("f").edges_to(one), ValueError, "<Task: one> was not found in Flow"),
    "merging flows with one parameter name": (
        lambda: Flow("f", tasks=[Parameter("p")]).update(Flow("g", tasks=[Parameter("p")])),
        ValueError,
        'slug "p"',
    ),
    "registering inside": (lambda: within(lambda f: f.register("p")), ValueError, "flow.register.*context manager"),
    "running inside": (lambda: within(lambda f: f.run()), RuntimeError, "flow.run.*context manager"),
    "return_tasks of run": (lambda: Flow("f").run(return_tasks=[]), ValueError, "return_tasks"),
    "unknown parameter": (lambda: Flow("f").run(parameters={"q": 1}), ValueError, "unexpected parameters: q"),
    "missing parameter": (lambda: Flow("f", tasks=[Parameter("p")]).run(), ValueError, "required parameters: p"),
    "building without storage": (
        lambda: Flow("f").serialize(build=True),
        ValueError,
        "This flow has no storage to build",
    ),
    "tags as text": (lambda: Plain(tags="x"), TypeError, "Tags should be a set of tags, not a string."),
    "retries without delay": (
        lambda: Plain(max_retries=1),
        ValueError,
        "`retry_delay` must be provided if max_retries > 0",
    ),
    "delay without retries": (
        lambda: Plain(retry_delay=timedelta(1)),
        ValueError,
        "`max_retries` argument greater than 0",
    ),
    "retry_on without retries": (
        lambda: Plain(retry_on=ValueError),
        ValueError,
        "`max_retries` must be provided if `retry_on`",
    ),
    "retry_on of no exception": (
        lambda: Plain(max_retries=1, retry_delay=timedelta(1), retry_on=[1]),
        TypeError,
        "Expected an exception type",
    ),
    "timeout as text": (lambda: Plain(timeout="1"), TypeError, "Only integer timeouts"),
    "task handlers that are no sequence": (
        lambda: Plain(state_handlers=print),
        TypeError,
        "state_handlers should be iterable.",
    ),
    "unknown option of a task": (lambda: Plain(bogus=1), TypeError, "bogus"),
    "positional-only argument": (lambda: task(lambda x, /: x), TypeError, "positional-only parameters .*'x'"),
    "variable positional arguments": (
        lambda: task(lambda *a: a),
        ValueError,
        r"variable positional arguments \(\*args\)",
    ),
    "reserved argument": (lambda: task(lambda upstream_tasks: 1), ValueError, "argument names: upstream_tasks"),
    "function of C": (lambda: task(dict), ValueError, "This function can not be inspected"),
    "task of no function": (lambda: task(1), TypeError, "`fn` must be callable"),
    "missing argument": (lambda: within(lambda f: inc()), TypeError, "missing a required argument: 'x'"),
    "too many arguments": (lambda: within(lambda f: inc(1, 2, 3)), TypeError, "too many positional arguments"),
    "unknown argument": (lambda: within(lambda f: inc(1, q=3)), TypeError, "unexpected keyword argument 'q'"),
    "called outside": (
        lambda: inc(1),
        ValueError,
        "Could not infer an active Flow context while creating edge to <Task: inc>",
    ),
    "mapped outside": (lambda: inc.map([1]), ValueError, "Could not infer an active Flow context .*<Task: inc>"),
    "mapping a number": (
        lambda: within(lambda f: inc.map(5)),
        TypeError,
        "unsubscriptable object of type <class 'int'>: 5",
    ),
    "mapping a set": (
        lambda: within(lambda f: inc.map({1})),
        TypeError,
        "unsubscriptable object of type <class 'set'>",
    ),
    "iterating a task": (lambda: list(one), TypeError, "Task is not iterable"),
    "unknown task_args": (
        lambda: within(lambda f: inc(1, task_args={"bogus": 1})),
        AttributeError,
        "<Task: inc> .* bogus",
    ),
    "upstream outside": (lambda: one.set_upstream(inc), ValueError, "could not infer an active Flow context"),
    "case of a task": (lambda: within(lambda f: case(one, one)), TypeError, "`value` cannot be a task"),
    "merge that skips": (
        lambda: within(lambda f: merge(one, skip_on_upstream_skip=True)),
        ValueError,
        "skip_on_upstream_skip=False",
    ),
    "apply_map over a number": (
        lambda: within(lambda f: apply_map(inc, 1)),
        TypeError,
        "non-sequence object of type `int`",
    ),
    "apply_map over a flattened number": (
        lambda: within(lambda f: apply_map(inc, flatten(1))),
        TypeError,
        "type `int`",
    ),
    "apply_map outside": (lambda: apply_map(inc, [1]), ValueError, "Couldn't infer a flow in the current context"),
    "map inside apply_map": (
        lambda: within(lambda f: apply_map(lambda x: inc.map(x), [1])),
        ValueError,
        "mapped context",
    ),
    "resource outside": (lambda: Manager().__enter__(), ValueError, "Could not infer an active Flow context"),
    "pipe with self": (lambda: within(lambda f: one.pipe(inc, self=1)), ValueError, '"self" in .pipe'),
    "parameter copied without name": (lambda: Parameter("p").copy(), TypeError, "name"),
    "cron of three fields": (lambda: CronSchedule("1 2 3"), ValueError, "Invalid cron string: 1 2 3"),
    "cron of words": (lambda: CronClock("hello world x y z"), ValueError, "Invalid cron string: hello world x y z"),
    "interval of nothing": (lambda: IntervalClock(timedelta(0)), ValueError, "Interval must be greater than 0."),
    "interval of a number": (lambda: IntervalClock(5), TypeError, "Interval must be a timedelta."),
    "interval forgotten": (lambda: IntervalSchedule(), TypeError, "Interval must be a timedelta."),
    "no dates": (lambda: DatesClock([]), ValueError, ""),
    "no recurrence rule": (lambda: RRuleClock("x"), TypeError, "rrule_obj must be an rrule or rruleset, got"),
    "clocks of a number": (lambda: Schedule(5), TypeError, "clocks should be a list of clocks."),
    "looking for a base result": (lambda: Result().exists("x"), NotImplementedError, "Result"),
    "writing a constant": (
        lambda: ConstantResult(value=1).write(2),
        ValueError,
        "Cannot write values to `ConstantResult`",
    ),
    "pickles of the backend": (
        lambda: PrefectResult(serializer=PickleSerializer()),
        TypeError,
        "only supports JSONSerializer or DateTimeSerializer",
    ),
    "compression without format": (lambda: CompressedSerializer(PickleSerializer()), ValueError, "`format`"),
    "unknown compression": (lambda: CompressedSerializer(PickleSerializer(), format="bogus"), ImportError, "bogus"),
    "unknown dask scheduler": (lambda: LocalDaskExecutor(scheduler="bogus"), ValueError, "bogus"),
    "cluster and address": (
        lambda: DaskExecutor(address="a", cluster_class="b"),
        ValueError,
        "Cannot specify `address` and",
    ),
    "submitting before the start": (
        lambda: DaskExecutor().submit(print),
        ValueError,
        "This executor has not been started.",
    ),
    "task runner handlers": (
        lambda: TaskRunner(one, state_handlers=print),
        TypeError,
        "state_handlers should be iterable.",
    ),
    "flow runner handlers": (
        lambda: FlowRunner(Flow("f"), state_handlers=print),
        TypeError,
        "state_handlers should be iterable.",
    ),
    "unknown option of a signal": (lambda: signals.RETRY(bogus=1), TypeError, "bogus"),
    "signal of no state": (lambda: signals.signal_from_state(state.Pending()), ValueError, "Pending"),
    "pickling the context": (lambda: pickle.dumps(context), TypeError, "context"),
    "unknown word of the context": (lambda: context.bogus, AttributeError, "bogus"),
    "unknown state": (lambda: state.State.deserialize({"type": "Bogus"}), ValueError, "Bogus"),
}


@pytest.mark.filterwarnings("ignore:Tasks were created but not added")
@pytest.mark.parametrize(("misuse", "error", "message"), MISUSES.values(), ids=MISUSES)
def test_a_misuse_is_reported(misuse, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        misuse()


def test_an_unknown_trigger_is_an_attribute_error_that_names_it():
    from prefect import triggers

    with pytest.raises(AttributeError, match="all_sucessful"):
        triggers.all_sucessful  # noqa: B018 - the look-up is what is tested


def test_running_a_cycle_fails_the_flow_run_with_its_cause():
    final = cycle().run()
    assert final.is_failed()
    assert "Cycle found; flows must be acyclic!" in final.message


NAMED = {
    "cycle": (lambda: cycle().validate(), ['<Flow: name="f">', "<Task: one> -> <Task: inc>"]),
    "duplicate slug": (lambda: within(twice), ['<Flow: name="f">', '"s"']),
    "missing argument": (lambda: within(lambda f: inc()), ["<Task: inc>", '<Flow: name="f">']),
    "unknown argument": (lambda: within(lambda f: inc(1, q=3)), ["<Task: inc>", '<Flow: name="f">', "'q'"]),
    "retries without delay": (lambda: Plain(name="p", max_retries=1), ["<Task: p>"]),
    "delay without retries": (lambda: Plain(name="p", retry_delay=timedelta(1)), ["<Task: p>"]),
    "tags as text": (lambda: Plain(name="p", tags="x"), ["<Task: p>"]),
}


@pytest.mark.parametrize(("misuse", "names"), NAMED.values(), ids=NAMED)
def test_the_message_names_the_task_and_the_flow(misuse, names):
    with pytest.raises((TypeError, ValueError)) as caught:
        misuse()
    text = str(caught.value)
    assert not [name for name in names if name not in text], text


@pytest.mark.parametrize(
    ("edge", "said"),
    [
        (lambda a, b: (a, a, None), "Edges can not connect a task to itself"),
        (lambda a, b: (a, b, "class"), "valid identifier"),
        (lambda a, b: (5, b, "1x"), "valid identifier"),
        (lambda a, b: (a, Parameter("p"), None), "Parameters must be root tasks"),
    ],
    ids=["itself", "keyword", "constant", "parameter"],
)
def test_an_edge_that_is_refused_leaves_no_trace_in_the_flow(edge, said):
    flow, upstream, downstream = Flow("f"), Task(name="a"), Task(name="b")
    with pytest.raises(ValueError, match=said):
        flow.add_edge(*edge(upstream, downstream))
    assert (flow.tasks, set(flow.edges), dict(flow.slugs)) == (set(), set(), {})
    with pytest.raises(ValueError, match="not found in Flow"):
        flow.upstream_tasks(downstream)


def test_the_text_about_running_inside_a_block_shows_both_ways():
    with Flow("f") as flow, pytest.raises(RuntimeError) as error:
        flow.run()
    assert str(error.value) == (
        "Don't call `flow.run()` from within a `Flow` context manager.\n\nDo:\n\n  with Flow(...) as flow:\n      ...\n"
        "  flow.run(...)\n\nDon't:\n\n  with Flow(...) as flow:\n      ...\n      flow.run(...)"
    )
