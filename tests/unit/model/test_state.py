import copy
import gc
import pickle
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import cloudpickle
import pendulum
import pytest

from prefect.model import state as states
from prefect.model.result import NoResult, PrefectResult, Result, ResultNotImplementedError, StoredResult
from prefect.model.signals import FAIL
from prefect.model.state import (
    Cached,
    Cancelled,
    Cancelling,
    ClientFailed,
    Failed,
    Finished,
    Looped,
    Mapped,
    Paused,
    Pending,
    Queued,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    State,
    Submitted,
    Success,
    TimedOut,
    TriggerFailed,
    ValidationFailed,
)
from prefect.utilities.context import context

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ALL = [getattr(states, name) for name in states.__all__ if name != "State"]

COLOURS = {
    State: "#696969", Pending: "#7ebdff", Scheduled: "#ffab00", Paused: "#99a8e8", Resume: "#f58c0c",
    Retrying: "#f66a0a", ClientFailed: "#eb0000", Submitted: "#ffdf5d", Queued: "#ffea7f", Running: "#3d67ff",
    Cancelling: "#E8E8E8", Finished: "#003ccb", Looped: "#003ccb", Success: "#28a745", Cached: "#34d058",
    Mapped: "#003ccb", Skipped: "#62757f", Cancelled: "#bdbdbd", Failed: "#eb0000", TimedOut: "#ff4e33",
    TriggerFailed: "#ff5131", ValidationFailed: "#ff5131",
}  # fmt: skip

PREDICATES = {
    "is_pending": {Pending, Scheduled, Paused, Resume, Retrying},
    "is_queued": {Queued},
    "is_retrying": {Retrying},
    "is_running": {Running, Cancelling},
    "is_cached": {Cached},
    "is_finished": {
        Finished, Looped, Success, Cached, Mapped, Skipped, Cancelled, Failed, TimedOut, TriggerFailed,
        ValidationFailed,
    },
    "is_looped": {Looped},
    "is_scheduled": {Scheduled, Paused, Resume, Retrying, Queued},
    "is_submitted": {Submitted},
    "is_skipped": {Skipped},
    "is_successful": {Success, Cached, Mapped, Skipped},
    "is_failed": {Failed, TimedOut, TriggerFailed, ValidationFailed},
    "is_mapped": {Mapped},
    "is_meta_state": {Submitted, Queued, ClientFailed},
}  # fmt: skip


def test_colours():
    assert {cls: cls.color for cls in [State, *ALL]} == COLOURS


@pytest.mark.parametrize(("predicate", "true_for"), PREDICATES.items(), ids=PREDICATES)
def test_predicates(predicate, true_for):
    assert {cls for cls in ALL if getattr(cls(), predicate)()} == true_for


def test_children_are_listed_depth_first_and_parents_nearest_first():
    assert State.children(names_only=True) == [
        "Pending", "Scheduled", "Paused", "Resume", "Retrying", "ClientFailed", "Submitted", "Queued", "Running",
        "Cancelling", "Finished", "Looped", "Success", "Cached", "Mapped", "Skipped", "Cancelled", "Failed", "TimedOut",
        "TriggerFailed", "ValidationFailed",
    ]  # fmt: skip
    assert State.children(include_self=True)[-1] is State
    assert Success.children() == [Cached, Mapped, Skipped]
    assert Success.parents() == [Finished, State]
    assert Scheduled.parents(include_self=True, names_only=True) == ["Pending", "State", "Scheduled"]
    assert Queued.parents() == [State]


def test_a_new_state_has_no_result_and_empty_context():
    state = Success()
    assert (state.message, state.result, state.context, state.cached_inputs) == (None, None, {}, {})
    assert state._result is NoResult
    assert Success(result=None)._result is NoResult


def test_values_are_wrapped_and_results_kept():
    result = PrefectResult(value=4)
    assert Success(result=result)._result is result
    state = Success(result=5)
    assert state._result == Result(5)
    state.result = 6
    assert state._result == Result(6)
    state.result = result
    assert (state.result, state._result) == (4, result)
    state.result = None
    assert state._result == Result(None)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (Success(), "<Success>"),
        (Success("m"), '<Success: "m">'),
        (Success(""), '<Success: "">'),
        (Success(5), '<Success: "5">'),
    ],
)
def test_repr(state, text):
    assert repr(state) == text


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (Success(result=5), Success(result=5), True),
        (Success("a"), Success("b"), True),
        (Success(context={"a": 1}), Success(), True),
        (Success(result=5), Success(result=6), False),
        (Success(), Finished(), False),
        (Success(result=PrefectResult(value=5, location="5")), Success(result=5), True),
        (Success(cached_inputs={"x": NoResult}), Success(), False),
        (Scheduled(start_time=NOON), Scheduled(start_time=NOON), True),
        (Scheduled(start_time=NOON), Scheduled(start_time=NOON + timedelta(1)), False),
        (Queued(start_time=NOON), Queued(start_time=NOON + timedelta(1)), False),
        (Retrying(start_time=NOON, run_count=1), Retrying(start_time=NOON, run_count=2), False),
        (Cached(cached_result_expiration=NOON), Cached(), False),
        (Mapped(map_states=[Success(result=1)]), Mapped(map_states=[Success(result=2)]), False),
        (Success(), "Success", False),
    ],
)
def test_equality_is_of_class_value_and_own_attributes(one, other, equal):
    assert (one == other) is equal
    assert (one != other) is not equal


def test_states_are_hashed_by_identity():
    assert len({Success(), Success()}) == 2


def test_arguments_by_position():
    assert Scheduled("m", 1, NOON, {"x": NoResult}, {"c": 1}).start_time == NOON
    assert Pending("m", 1, {"x": NoResult}, {"c": 1}).context == {"c": 1}
    assert Success("m", 1, {"c": 1}, {"x": NoResult}).context == {"c": 1}
    assert Failed("m", 1, {"x": NoResult}, {"c": 1}).context == {"c": 1}
    assert Looped("m", 1, 7).loop_count == 7
    assert Queued("m", 1, Running(), NOON).state == Running()
    assert Mapped("m", 1, [Success()]).n_map_states == 1
    with pytest.raises(TypeError):
        Success(foo=1)


@pytest.mark.parametrize("cls", [Scheduled, Resume, Retrying, Queued])
def test_start_time_is_now_when_absent_and_utc_when_naive(cls):
    before = datetime.now(UTC)
    assert before <= cls().start_time <= datetime.now(UTC)
    assert cls(start_time=datetime(2030, 1, 1, 12)).start_time == NOON


def test_paused_without_start_time_waits_for_ever():
    assert Paused().start_time is None
    assert Paused().due_time is None
    assert Paused(start_time=NOON).start_time == NOON


def test_users_get_pendulum_times_in_the_zone_given():
    given = datetime(2030, 1, 1, 12, tzinfo=ZoneInfo("America/New_York"))
    shown = Scheduled(start_time=given).start_time
    assert isinstance(shown, pendulum.DateTime)
    assert shown.isoformat() == "2030-01-01T12:00:00-05:00"
    assert shown.timezone_name == "America/New_York"
    assert Scheduled().start_time.timezone_name == "UTC"
    mine = pendulum.datetime(2030, 1, 1)
    assert Scheduled(start_time=mine).start_time is mine


@pytest.mark.parametrize("bad", ["2030-01-01", 3])
def test_a_start_time_that_is_no_time_is_refused(bad):
    with pytest.raises(ValueError, match="expected a datetime"):
        Scheduled(start_time=bad)


def test_start_time_can_be_set():
    state = Scheduled()
    state.start_time = datetime(2030, 1, 1, 12)
    assert state.start_time == NOON


def test_meta_states_unwrap_each_other():
    inner = Scheduled(start_time=NOON)
    assert Submitted(state=Queued(state=inner)).state is inner
    assert Submitted(state=Queued()).state is None
    state = Submitted()
    assert state.state is None
    state.state = ClientFailed(state=inner)
    assert state.state is inner


def test_inside_a_task_run_the_context_has_its_tags():
    given = {"z": 1}
    with context(task_tags={"b"}):
        assert Success(context=given).context == {"z": 1, "tags": ["b"]}
    with context(task_tags=set()):
        assert Success().context == {"tags": []}
    assert given == {"z": 1}


def test_counts_come_from_the_run_at_hand():
    with context(task_run_count=5, task_loop_count=7):
        assert Scheduled().context == {"task_run_count": 5}
        assert Retrying().run_count == 5
        assert Retrying(run_count=2).run_count == 2
        assert Looped().loop_count == 7
        assert Success().context == Queued().context == {}
    assert Retrying().run_count == Looped().loop_count == 1


def test_mapped_counts_its_children_unless_told():
    state = Mapped(map_states=[Success(), Success()])
    assert state.n_map_states == 2
    assert Mapped(n_map_states=4).n_map_states == 4
    assert Mapped(n_map_states=4).map_states == []
    state.n_map_states = 3
    assert state.n_map_states == 3


# Pickling


class Unpicklable(Exception):
    def __init__(self, text):
        super().__init__(text)
        self.lock = threading.Lock()


class Unloadable(Exception):
    def __init__(self, one, two):
        super().__init__(one)

    def __reduce__(self):
        # As inherited; but Dask, once imported, makes exceptions readable that have none of their own.
        return type(self), self.args


@pytest.mark.parametrize("state", [cls("m", result=5) for cls in ALL], ids=lambda s: type(s).__name__)
def test_states_pickle_with_their_result(state):
    for library in (pickle, cloudpickle):
        loaded = library.loads(library.dumps(state))
        assert (loaded, loaded.message, loaded.result) == (state, "m", 5)
    assert copy.copy(state) == copy.deepcopy(state) == state


def test_no_result_stays_the_shared_one():
    assert pickle.loads(pickle.dumps(Success()))._result is NoResult


def test_exceptions_pickle():
    loaded = pickle.loads(pickle.dumps(Failed(result=ValueError("q"))))
    assert repr(loaded.result) == "ValueError('q')"


def test_an_exception_that_cannot_be_pickled_becomes_a_text():
    error = Unpicklable("q")
    state = Failed("m", result=error)
    loaded = cloudpickle.loads(cloudpickle.dumps(state))
    assert loaded.result.startswith("The following exception could not be pickled due to TypeError(")
    assert loaded.result.endswith(f": {error!r}")
    assert state.result is error
    assert copy.copy(state).result is error


def test_an_exception_that_pickle_could_not_make_again_arrives():
    error = Unloadable("q", 2)
    loaded = pickle.loads(pickle.dumps(Failed("m", result=error))).result
    assert (type(loaded), loaded.args) == (Unloadable, ("q",))


def test_an_exception_in_a_state_of_the_engine_arrives_without_what_cannot_be_pickled():
    error = Unpicklable("q")
    state = Failed("m", result=error)
    state._is_of_engine = True
    loaded = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(state)))).result
    assert (type(loaded), loaded.args) == (Unpicklable, ("q",))


def test_signals_pickle_with_their_state():
    signal = FAIL("hey")
    loaded = pickle.loads(pickle.dumps(Failed("x", result=signal)))
    assert repr(loaded.result) == "FAIL('hey')"
    assert loaded.result.state.message == "hey"
    assert loaded.result.state.result is loaded.result


def test_other_results_that_cannot_be_pickled_raise():
    with pytest.raises(TypeError, match="lock"):
        cloudpickle.dumps(Success(result=threading.Lock()))


# Reading values


def test_load_result_reads_what_is_only_a_location():
    assert Success(result=PrefectResult(location="5")).load_result().result == 5
    state = Success(result=Result(location="5"))
    assert state.load_result(PrefectResult()) is state
    assert (state.result, type(state._result)) == (5, PrefectResult)


def test_load_result_keeps_values_that_are_here():
    assert Success(result=PrefectResult(value=8, location="5")).load_result(PrefectResult()).result == 8
    assert Success(result=5).load_result(PrefectResult()).result == 5
    assert Success().load_result(PrefectResult())._result is NoResult


def test_load_result_needs_a_result_that_can_read():
    with pytest.raises(ResultNotImplementedError):
        Success(result=Result(location="5")).load_result()


def test_load_result_of_mapped_reads_the_children():
    state = Mapped(map_states=[Success(result=Result(location="5")), Success(), None])
    assert state.load_result(PrefectResult()).result == [5, None, None]
    assert state.map_states[0].result == 5


def test_load_cached_results_reads_the_inputs():
    state = Pending(cached_inputs={"x": Result(location="5"), "y": PrefectResult(location="6"), "z": Result(7)})
    assert state.load_cached_results({"x": PrefectResult()}) is state
    assert {name: result.value for name, result in state.cached_inputs.items()} == {"x": 5, "y": 6, "z": 7}


# JSON


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_every_state_comes_back_from_its_json(cls):
    state = cls(
        "m", result=PrefectResult(location="5"), context={"a": 1}, cached_inputs={"x": PrefectResult(location="1")}
    )
    loaded = State.deserialize(state.serialize())
    if cls is not Mapped:
        assert loaded == state
    assert loaded.serialize() == state.serialize()
    assert (loaded.message, loaded.context) == ("m", {"a": 1})


@pytest.mark.parametrize("cls", ALL, ids=lambda c: c.__name__)
def test_a_type_alone_is_enough(cls):
    loaded = State.deserialize({"type": cls.__name__})
    assert type(loaded) is cls
    assert (loaded.message, loaded.context, loaded._result) == (None, {}, NoResult)


def test_what_runs_here_does_not_leak_into_loaded_states():
    with context(task_tags={"b"}, task_run_count=4, task_loop_count=4):
        assert State.deserialize({"type": "Retrying"}).context == {}
        assert State.deserialize({"type": "Retrying"}).run_count == 1
        assert State.deserialize({"type": "Looped"}).loop_count == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "Nope"}, "Unknown state type: 'Nope'"),
        ({"type": "State"}, "Unknown state type: 'State'"),
        ({"type": "_MetaState"}, "Unknown state type"),
        ({"type": 3}, "Unknown state type"),
        ({"message": "x"}, "must have a 'type'"),
        ({}, "must have a 'type'"),
        (None, "must be a JSON object"),
        ({"type": "Success", "_result": None}, "_result: must be an object, not null"),
        ({"type": "Success", "message": 3}, "message: not text"),
        ({"type": "Success", "context": 3}, "context: not an object"),
        ({"type": "Success", "cached_inputs": {"x": 3}}, "cached_inputs: must be an object"),
        ({"type": "Scheduled", "start_time": "x"}, "start_time: not a valid datetime"),
        ({"type": "Retrying", "run_count": "x"}, "run_count: not a whole number"),
        ({"type": "Submitted", "state": {"type": "Nope"}}, "Unknown state type: 'Nope'"),
        ({"type": "Submitted", "state": 3}, "must be a JSON object"),
    ],
)
def test_bad_json_is_refused_by_name(data, said):
    with pytest.raises(ValueError, match=said):
        State.deserialize(data)


@pytest.mark.parametrize(
    "state",
    [Success(context={"a": object()}), Cached(cached_parameters={"a": datetime(2030, 1, 1)})],
    ids=["context", "parameters"],
)
def test_values_that_json_cannot_hold_are_refused(state):
    with pytest.raises(ValueError, match="must be JSON compatible"):
        state.serialize()


def test_the_base_state_has_no_json_form():
    with pytest.raises(ValueError, match="State objects have no JSON form"):
        State().serialize()


def test_the_server_passes_on_results_it_does_not_know():
    sent = {"type": "SomewhereResult", "location": "l", "bucket": "b", "__version__": "1.4.1"}
    loaded = State.deserialize({"type": "Success", "_result": sent, "cached_inputs": {"x": sent}}, keep_results=True)
    assert isinstance(loaded._result, StoredResult)
    dumped = loaded.serialize()
    for result in (dumped["_result"], dumped["cached_inputs"]["x"]):
        assert {**result, "__version__": None} == {**sent, "__version__": None}
    wrapped = State.deserialize({"type": "Submitted", "state": {"type": "Success", "_result": sent}}, keep_results=True)
    assert wrapped.serialize()["state"]["_result"]["bucket"] == "b"


def test_user_subclasses_keep_their_parents_predicates():
    class Fine(Success):
        pass

    assert Fine().is_successful()
    assert Fine in State.children()
    with pytest.raises(ValueError, match="no JSON form"):
        Fine().serialize()
    # The tree is made of living classes: leave none behind for other tests.
    del Fine
    gc.collect()


def test_a_state_that_1_4_1_pickled_keeps_its_times():
    pickled = {"message": "m", "_result": Result(1), "context": {}, "cached_inputs": {}, "start_time": NOON}
    state = Scheduled.__new__(Scheduled)
    state.__setstate__(dict(pickled))
    assert (state.start_time, state.message, state.result) == (NOON, "m", 1)
    assert pickle.loads(pickle.dumps(state)).start_time == NOON

    cached = Cached.__new__(Cached)
    cached.__setstate__({**pickled, "cached_result_expiration": NOON})
    assert cached.cached_result_expiration == NOON


@pytest.mark.parametrize("result", [None, {}, {"type": "Result"}], ids=str)
def test_a_mapped_state_needs_no_result_in_its_json(result):
    state = State.deserialize({"type": "Mapped", "n_map_states": 2, "_result": result})
    assert (state.map_states, state._result) == ([None, None], NoResult)
