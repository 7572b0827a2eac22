"""Tasks by themselves: options, signatures, copies, annotations."""

import functools
import inspect
import pickle
from datetime import timedelta
from typing import Any, Tuple  # noqa: UP035 - users write it

import cloudpickle
import pytest

from prefect.core.annotations import EdgeAnnotation, flatten, mapped, unmapped
from prefect.core.authoring import defaults_from_attrs, pause_task, tags
from prefect.core.flow import Flow
from prefect.core.function import FunctionTask, task
from prefect.core.parameter import DateTimeParameter, Parameter, no_default
from prefect.core.task import NoDefault, Task
from prefect.engine.cache_validators import all_inputs, duration_only, never_use
from prefect.engine.result import Result
from prefect.engine.signals import FAIL, PAUSE
from prefect.engine.state import Failed, Success
from prefect.triggers import all_successful
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context

DAY = timedelta(days=1)


@task
def increase(x, y=1):
    """Add."""
    return x + y


# --- options ---------------------------------------------------------------------------------------------------------


def test_defaults():
    t = Task()
    assert (t.name, t.slug, t.tags, t.max_retries, t.retry_delay, t.retry_on) == ("Task", None, set(), 0, None, None)
    assert (t.timeout, t.trigger, t.skip_on_upstream_skip, t.cache_for) == (None, all_successful, True, None)
    assert (t.cache_validator, t.cache_key, t.checkpoint, t.state_handlers) == (never_use, None, None, [])
    assert (t.log_stdout, t.result, t.target, t.task_run_name, t.nout) == (False, None, None, None, None)
    assert t.auto_generated is False
    assert t.logger.name == "prefect.Task"
    assert repr(t) == "<Task: Task>"


REFUSED = {
    "tags as text": ({"tags": "x"}, TypeError, "Tags should be a set of tags, not a string."),
    "name that is no text": ({"name": 5}, TypeError, "A task's name must be text, not int"),
    "retries without delay": ({"max_retries": 2}, ValueError, "`retry_delay` must be provided if max_retries > 0"),
    "delay without retries": (
        {"retry_delay": DAY},
        ValueError,
        "A `max_retries` argument greater than 0 must be provided if specifying a retry delay.",
    ),
    "retry_on without retries": (
        {"retry_on": ValueError},
        ValueError,
        "A number of `max_retries` must be provided if `retry_on` is set.",
    ),
    "retry_on no class": (
        {"retry_on": 3, "max_retries": 1, "retry_delay": DAY},
        TypeError,
        "Invalid `retry_on` value 3. Expected an exception type but got an instance of int",
    ),
    "retry_on no exception": (
        {"retry_on": [ValueError, int], "max_retries": 1, "retry_delay": DAY},
        TypeError,
        "Invalid `retry_on` value <class 'int'>. Expected an exception subclass.",
    ),
    "fractional timeout": (
        {"timeout": 1.5},
        TypeError,
        r"Only integer timeouts \(representing seconds\) are supported.",
    ),
    "text timeout": ({"timeout": "1"}, TypeError, "Only integer timeouts"),
    "one handler": ({"state_handlers": lambda t, o, n: n}, TypeError, "state_handlers should be iterable."),
    "unknown option": ({"zork": 1}, TypeError, "unexpected keyword argument 'zork'"),
}


@pytest.mark.parametrize(("options", "error", "text"), REFUSED.values(), ids=REFUSED)
def test_options_that_are_refused(options, error, text):
    with pytest.raises(error, match=text):
        Task(**options)


def test_retry_on_becomes_a_set():
    def retry_on(given):
        return Task(retry_on=given, max_retries=1, retry_delay=DAY).retry_on

    assert retry_on(ValueError) == {ValueError}
    assert retry_on([ValueError, TypeError]) == {ValueError, TypeError}
    assert retry_on([]) is None


def test_timeout_in_whole_seconds():
    assert Task(timeout=3).timeout == 3
    assert Task(timeout=timedelta(minutes=1)).timeout == 60
    with pytest.warns(UserWarning, match="Task timeouts do not support a sub-second resolution"):
        assert Task(timeout=timedelta(seconds=1.5)).timeout == 1


def test_configuration_gives_defaults():
    with set_temporary_config(
        {"tasks.defaults.max_retries": 3, "tasks.defaults.retry_delay": 10, "tasks.defaults.timeout": 7}
    ):
        t = Task()
        assert (t.max_retries, t.retry_delay, t.timeout) == (3, timedelta(seconds=10), 7)
        assert Task(max_retries=1).max_retries == 1
        # Whoever wants none does not want the delay between them.
        assert [Task(max_retries=0).max_retries, Task(max_retries=0).retry_delay] == [0, None]


@pytest.mark.parametrize("timeout", [-1, 1_000_000_001, 10**12, timedelta(seconds=-1), timedelta(days=40_000)])
def test_a_timeout_that_no_clock_can_keep_is_refused(timeout):
    with pytest.raises(ValueError, match="timeout` must be 0 to 1000000000 seconds, not "):
        Task(timeout=timeout)


def test_the_bounds_of_a_timeout_are_taken():
    assert [Task(timeout=seconds).timeout for seconds in (0, 1_000_000_000)] == [0, 1_000_000_000]


@pytest.mark.parametrize("name", ["retry_delay", "cache_for"])
def test_a_duration_that_is_none_is_refused_when_the_task_is_made(name):
    with pytest.raises(TypeError, match=f"`{name}` must be a datetime.timedelta, not 1 "):
        Task(max_retries=1, **{"retry_delay": DAY, name: 1})


def test_an_empty_name_is_that_of_the_class():
    assert [Task(name="").name, task(lambda: 1, name="").name] == ["Task", "FunctionTask"]


def test_cache_validator_by_default_follows_cache_for():
    assert Task(cache_for=DAY).cache_validator is duration_only
    assert Task(cache_for=DAY, cache_validator=all_inputs).cache_validator is all_inputs
    with pytest.warns(UserWarning, match="cache_validator provided without specifying cache expiration"):
        Task(cache_validator=all_inputs)


def test_target_is_the_location_of_a_result_of_the_tasks_own():
    result = Result()
    t = Task(target="here", result=result)
    assert (t.result.location, result.location) == ("here", None)
    assert t.copy(target="there").result.location == "there"


def test_target_wins_over_the_results_location():
    with pytest.warns(UserWarning, match="Both `result.location` and `target` were provided"):
        assert Task(target="here", result=Result(location="there")).result.location == "here"


def test_on_failure_is_the_last_handler_and_is_called_for_failures_only():
    called = []
    first = lambda t, old, new: None  # noqa: E731
    t = Task(state_handlers=[first], on_failure=lambda t, state: called.append((t, state)))
    assert t.state_handlers[0] is first
    failed, success = Failed(), Success()

    assert t.state_handlers[1](t, success, failed) is failed
    assert t.state_handlers[1](t, failed, success) is success

    assert called == [(t, failed)]


def test_attributes_that_would_be_lost_are_warned_of():
    class Lossy(Task):
        def __init__(self, timeout=None, **kwargs):
            self.timeout = timeout
            super().__init__(**kwargs)

    with pytest.warns(UserWarning, match="`Lossy` sets a `timeout` attribute, which will be overwritten"):
        Lossy(timeout=5)


class Mixin:
    slug = "x"


@pytest.mark.parametrize(
    ("bases", "body", "lost"),
    [
        ((Task,), {"max_retries": 3}, "max_retries"),
        ((Mixin, Task), {}, "slug"),
        ((type("Parent", (Task,), {"log_stdout": True}),), {}, "log_stdout"),
        ((Task,), {"cache_key": lambda self: "k"}, "cache_key"),
    ],
    ids=["own", "mixin", "inherited", "method"],
)
def test_attributes_of_a_class_that_would_be_lost_are_warned_of(bases, body, lost):
    lossy = type("Lossy", bases, body)
    with pytest.warns(UserWarning, match=f"`Lossy` sets a `{lost}` attribute, which will be overwritten"):
        lossy()


def test_what_a_class_may_define_is_not_warned_of(recwarn):
    class Fine(Task):
        kind = "x"

        def __init__(self):
            super().__init__()
            self.name = "late"

        def serialize(self):
            return {}

    assert Fine().name == "late"
    assert not recwarn.list


def test_tasks_given_to_a_constructor_are_warned_of():
    class Static(Task):
        def __init__(self, x=None, **kwargs):
            self.x = x
            super().__init__(**kwargs)

    with pytest.warns(UserWarning, match="A Task was passed as an argument to Static"):
        Static(Task())
    Static([Task()])


def test_tags_come_from_the_blocks_around():
    with tags("a"):
        with tags("b"):
            inner = Task(tags=["c"])
        outer = Task()
    assert inner.tags == {"a", "b", "c"}
    assert outer.tags == {"a"}
    assert Task().tags == set()


def test_the_logger_is_that_of_the_name():
    assert Task(name="x").logger.name == "prefect.x"


# --- run and its signature -------------------------------------------------------------------------------------------


def _function(arguments):
    namespace = {}
    exec(f"def f({arguments}): pass", namespace)
    return namespace["f"]


VARIABLE = r"Tasks with variable positional arguments \(\*args\) are not supported"
RESERVED = "Tasks cannot have the following argument names: {}. These are reserved keyword arguments."
BAD_SIGNATURES = {
    "*args": VARIABLE,
    "a, *args": VARIABLE,
    "mapped": RESERVED.format("mapped"),
    "task_args": RESERVED.format("task_args"),
    "upstream_tasks=1": RESERVED.format("upstream_tasks"),
    "flow": RESERVED.format("flow"),
    "a, flow, mapped": RESERVED.format("flow, mapped"),
}


@pytest.mark.parametrize(("arguments", "text"), BAD_SIGNATURES.items(), ids=BAD_SIGNATURES)
def test_arguments_of_run_that_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        task(_function(arguments))
    with pytest.raises(ValueError, match=text):
        type("Bad", (Task,), {"run": _function(f"self, {arguments}")})


def test_positional_only_arguments_are_refused():
    with pytest.raises(TypeError, match=r"for task f: \['a'\]\. Prefect passes arguments using keywords"):
        task(_function("a, /, b"))
    bad = type("Bad", (Task,), {"run": _function("self, a, /")})
    with pytest.raises(TypeError, match="for task Bad"):
        bad()


def test_functions_without_a_signature_are_refused():
    with pytest.raises(ValueError, match="This function can not be inspected"):
        task(getattr)


def test_what_cannot_be_called_is_no_task():
    with pytest.raises(TypeError, match="`fn` must be callable"):
        task(3)


def test_names_of_function_tasks():
    class Adder:
        def __call__(self, x):
            return x

    assert increase.name == "increase"
    assert task(functools.partial(lambda a, b: 1, 2)).name == "FunctionTask"
    assert task(Adder(), name="adder").name == "adder"
    assert task(name="own")(lambda: 1).name == "own"


def test_a_function_task_looks_like_its_function():
    assert isinstance(increase, FunctionTask)
    assert increase.__name__ == "increase"
    assert increase.__doc__ == "Add."
    assert increase.run(1) == 2


class Sum(Task):
    def run(self, a, *, b: int = 2, **more) -> str:
        return a


def test_signature_of_calling():
    assert list(inspect.signature(increase).parameters) == ["x", "y", "mapped", "task_args", "upstream_tasks", "flow"]
    assert list(inspect.signature(Sum()).parameters)[-1] == "more"


def test_the_signature_of_a_task_class_is_that_of_its_constructor():
    class Greet(Task):
        def __init__(self, greeting: str = "hello", **kwargs):
            self.greeting = greeting
            super().__init__(**kwargs)

        def run(self, name):
            return f"{self.greeting} {name}"

    assert list(inspect.signature(Greet).parameters) == ["greeting", "kwargs"]
    assert list(inspect.signature(Task).parameters)[:3] == ["name", "slug", "tags"]


def test_inputs_and_outputs():
    assert Sum().inputs() == {
        "a": {"type": Any, "default": None, "required": True},
        "b": {"type": int, "default": 2, "required": False},
        "more": {"type": Any, "default": None, "required": True},
    }
    assert Sum().outputs() is str
    assert increase.outputs() is Any
    assert Task().outputs() is None


OUTPUTS = {
    "tuple of two": (Tuple[int, str], 2),  # noqa: UP006
    "builtin tuple": (tuple[int, int, int], 3),
    "empty tuple": (tuple[()], 0),
    "any length": (tuple[int, ...], None),
    "bare": (tuple, None),
    "bare of typing": (Tuple, None),  # noqa: UP006
    "list": (list[int], None),
    "text": ("tuple[int, int]", 2),
}


@pytest.mark.parametrize(("annotation", "nout"), OUTPUTS.values(), ids=OUTPUTS)
def test_number_of_outputs_from_the_annotation(annotation, nout):
    def run():
        return None

    run.__annotations__["return"] = annotation
    assert task(run).nout == nout


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        ((), {}, "missing a required argument: 'x'"),
        ((1, 2, 3), {}, "too many positional arguments"),
        ((1,), {"z": 1}, "got an unexpected keyword argument 'z'"),
        ((1,), {"x": 1}, "multiple values for argument 'x'"),
    ],
)
def test_arguments_are_checked_when_a_task_is_called(args, kwargs, text):
    with pytest.raises(TypeError, match=text):
        increase(*args, flow=Flow("f"), **kwargs)


def test_calling_outside_a_flow_says_what_to_do():
    text = "Could not infer an active Flow context while creating edge to <Task: increase>.*call `increase.run"
    with pytest.raises(ValueError, match=text):
        increase(1)
    with pytest.raises(ValueError, match="No Flow was passed, and could not infer an active Flow context"):
        increase.set_upstream(Task())


def test_defaults_from_attributes():
    class WithDefaults(Task):
        def __init__(self, x=3, **kwargs):
            self.x = x
            super().__init__(**kwargs)

        @defaults_from_attrs("x")
        def run(self, x=None):
            return x

    t = WithDefaults()
    assert (t.run(), t.run(x=4), t.run(4), t.run(x=None)) == (3, 4, 4, None)
    assert t.inputs()["x"]["required"] is False
    del t.x
    with pytest.raises(AttributeError):
        t.run()


def test_pausing():
    with pytest.raises(PAUSE, match="Pause signal raised during task execution") as raised:
        pause_task()
    assert raised.value.state.start_time is None
    with pytest.raises(PAUSE, match="wait") as raised:
        pause_task("wait", duration=DAY)
    assert raised.value.state.start_time is not None
    with context(resume=True):
        assert pause_task() is None


# --- copies and pickles ----------------------------------------------------------------------------------------------


def test_copies_share_nothing_that_changes():
    t = Task(name="a", tags=["x"])
    copied = t.copy(name="b", tags=["y"], max_retries=2)
    assert (copied.name, copied.tags, copied.max_retries) == ("b", {"x", "y"}, 2)
    assert (t.name, t.tags, t.max_retries) == ("a", {"x"}, 0)
    assert copied != t


def test_copying_with_an_unknown_attribute_is_refused():
    with pytest.raises(AttributeError, match="<Task: increase> does not have foo as an attribute"):
        increase.copy(foo=1)


def test_slug_of_a_copy():
    assert Task(slug="x").copy().slug == "x-copy"
    assert Task(slug="x").copy(slug="y").slug == "y"
    assert Task().copy().slug is None


def test_a_slug_made_by_a_flow_is_not_inherited():
    t = Task(name="a")
    Flow("f", tasks=[t]).serialize()
    assert t.slug == "a-1"
    with Flow("g") as flow:
        t()
        t()
    assert sorted(flow.slugs.values()) == ["a-1", "a-2"]


def test_a_copy_with_a_target_has_a_result_of_its_own():
    t = Task(target="x", result=Result())
    copied = t.copy(target="n")
    assert (t.result.location, copied.result.location) == ("x", "n")


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps], ids=["pickle", "cloudpickle"])
def test_tasks_can_be_pickled(dumps):
    t = Task(name="a", tags=["x"], max_retries=1, retry_delay=DAY)
    t.logger.debug("the logger exists")
    back = pickle.loads(dumps(t))
    assert (back.name, back.tags, back.max_retries, back.logger.name) == ("a", {"x"}, 1, "prefect.a")


def test_function_tasks_survive_cloudpickle():
    @task
    def twice(x):
        return 2 * x

    back = pickle.loads(cloudpickle.dumps(twice))
    assert back.run(4) == 8
    with Flow("f"):
        back(1)


# --- annotations and parameters --------------------------------------------------------------------------------------


def test_the_inner_annotation_wins():
    assert mapped(unmapped(3)).annotations == {"mapped": False}
    assert unmapped(mapped(3)).annotations == {"mapped": True}
    both = flatten(mapped(3))
    assert (both.value, both.annotations) == (3, {"mapped": True, "flattened": True})
    assert isinstance(both, EdgeAnnotation)


def test_parameters():
    p = Parameter("p")
    assert (p.name, p.slug, p.required, p.default, p.checkpoint) == ("p", "p", True, None, True)
    assert repr(p) == "<Parameter: p>"
    assert Parameter("p", 3).required is False
    assert Parameter("p", None).required is False
    assert Parameter("p", required=False).default is None
    assert Parameter("p", 3, required=True).required is True
    assert no_default is NoDefault.value
    assert repr(no_default) == "<no default>"


def test_a_copied_parameter_needs_a_name():
    copied = Parameter("p", 3).copy("q", default=4)
    assert (copied.name, copied.slug, copied.default) == ("q", "q", 4)
    with pytest.raises(TypeError):
        Parameter("p").copy()


def test_values_of_parameters_come_from_the_context():
    with context(parameters={"p": 5}):
        assert Parameter("p", 3).run() == 5
        assert Parameter("q", 3).run() == 3
        assert Parameter("q", required=False).run() is None
    with pytest.raises(FAIL, match='Parameter "p" was required but not provided'):
        Parameter("p").run()


def test_date_parameters_give_pendulum_times():
    import datetime

    import pendulum

    p = DateTimeParameter("p", required=False)

    def run(value):
        with context(parameters={"p": value}):
            return p.run()

    assert run("2020-01-01T10:00") == pendulum.datetime(2020, 1, 1, 10)
    assert isinstance(run(datetime.datetime(2020, 1, 1)), pendulum.DateTime)
    assert run(None) is None
    with pytest.raises(ValueError, match='Parameter "p" must be a datetime or text, not int'):
        run(3)
    assert DateTimeParameter("p", "2020-01-01").required is True
