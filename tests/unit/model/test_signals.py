import gc
import pickle
from datetime import UTC, datetime

import pytest

from prefect.exceptions import PrefectSignal
from prefect.model import signals as signals_module
from prefect.model.result import Result
from prefect.model.signals import (
    ENDRUN,
    FAIL,
    LOOP,
    PAUSE,
    RETRY,
    SKIP,
    SUCCESS,
    TRIGGERFAIL,
    VALIDATIONFAIL,
    PrefectStateSignal,
    signal_from_state,
)
from prefect.model.state import (
    Cached,
    Failed,
    Finished,
    Looped,
    Mapped,
    Paused,
    Pending,
    Resume,
    Retrying,
    Scheduled,
    Skipped,
    Success,
    TimedOut,
    TriggerFailed,
    ValidationFailed,
)

PAIRS = {
    FAIL: Failed,
    LOOP: Looped,
    PAUSE: Paused,
    RETRY: Retrying,
    SKIP: Skipped,
    SUCCESS: Success,
    TRIGGERFAIL: TriggerFailed,
    VALIDATIONFAIL: ValidationFailed,
}


@pytest.mark.parametrize(("signal", "state"), PAIRS.items(), ids=lambda c: c.__name__)
def test_each_signal_carries_its_state(signal, state):
    raised = signal("hey")
    assert type(raised.state) is state
    assert raised.state.message == str(raised) == "hey"
    assert signal_from_state(state()) is signal
    assert raised.state.result == ("LOOP('hey')" if signal is LOOP else raised)


@pytest.mark.parametrize(
    "state", [Cached, Finished, Mapped, Pending, Resume, Scheduled, TimedOut], ids=lambda c: c.__name__
)
def test_states_without_a_signal_of_their_own_are_refused(state):
    with pytest.raises(ValueError, match="No signal matches the provided state"):
        signal_from_state(state())


def test_signals_are_no_exceptions_so_that_tasks_do_not_swallow_them():
    for name in signals_module.__all__:
        thing = getattr(signals_module, name)
        if isinstance(thing, type):
            assert issubclass(thing, PrefectSignal)
            assert not issubclass(thing, Exception)
    assert issubclass(TRIGGERFAIL, FAIL)
    assert issubclass(VALIDATIONFAIL, FAIL)
    assert not issubclass(ENDRUN, PrefectStateSignal)


def test_arguments_go_to_the_state():
    when = datetime(2030, 1, 1, tzinfo=UTC)
    state = RETRY("a", start_time=when, run_count=3).state
    assert (state.start_time, state.run_count) == (when, 3)
    assert LOOP("a", result=4, loop_count=2).state._result == Result(4)
    assert SUCCESS("a", result=5).state.result == 5
    with pytest.raises(TypeError, match="zork"):
        FAIL("a", zork=1)


def test_a_signal_without_message():
    assert (repr(FAIL()), str(FAIL()), FAIL().state.message) == ("FAIL(None)", "None", None)


def test_endrun_carries_any_state():
    state = Success("x")
    assert ENDRUN(state).state is state
    assert str(ENDRUN(state)) == ""
    assert pickle.loads(pickle.dumps(ENDRUN(state))).state == state


@pytest.mark.parametrize("signal", PAIRS, ids=lambda c: c.__name__)
def test_signals_pickle(signal):
    loaded = pickle.loads(pickle.dumps(signal("a")))
    assert (type(loaded), str(loaded), type(loaded.state)) == (signal, "a", PAIRS[signal])


def test_own_signals_are_found_too():
    class Closed(TimedOut):
        pass

    class CLOSED(FAIL):
        _state_cls = Closed

    assert signal_from_state(Closed()) is CLOSED
    # Both trees are made of living classes: leave none behind for other tests.
    del Closed, CLOSED
    gc.collect()
