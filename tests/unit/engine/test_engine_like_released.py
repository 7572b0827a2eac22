"""Small things that the released 1.4.1 does, tried step by step beside it."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from dateutil import rrule, tz

from prefect import Flow, Task, apply_map, task, unmapped
from prefect.agent.local import LocalAgent
from prefect.core import Edge
from prefect.engine import TaskRunner, cache_validators, signals
from prefect.engine.result import Result
from prefect.engine.results import PrefectResult
from prefect.engine.state import Cached, Mapped, Pending, Retrying, Scheduled, Success
from prefect.schedules import RRuleSchedule, Schedule, filters
from prefect.schedules.clocks import RRuleClock
from prefect.tasks.prefect import StartFlowRun
from prefect.triggers import any_failed


class Plain(Result):
    """A user's kind of result that gives the value itself."""

    def read(self, location: str) -> Any:
        return f"what lies at {location}"


# --- values that are known by their place -----------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [None, Plain()])
def test_a_result_may_give_the_plain_value(reader: Result | None) -> None:
    assert Success(result=Plain(location="a")).load_result(reader).result == "what lies at a"
    mapped = Mapped(map_states=[Success(result=Plain(location="b"))])
    assert mapped.load_result(reader).result == ["what lies at b"]
    state = Success(cached_inputs={"x": Plain(location="c")}).load_cached_results({"x": reader} if reader else None)
    assert state.cached_inputs == {"x": "what lies at c"}


def test_a_plain_value_goes_on_to_the_next_task() -> None:
    @task
    def same(x: Any) -> Any:
        return x

    with Flow("f") as flow:
        first = Task(name="first", result=Plain())()
        second = same(first)
    state = flow.run(task_states={first: Success(result=Plain(location="a"))})
    assert state.result[second].result == "what lies at a"


@pytest.mark.parametrize(
    ("known", "reader", "value"),
    [
        (Result(), PrefectResult(location="7"), 7),
        (Result(location="3"), PrefectResult(location="7"), 3),
        (Result(value=5), PrefectResult(location="7"), 5),
        (Result(), PrefectResult(), None),
        (PrefectResult(location="4"), None, 4),
    ],
    ids=["of the reader", "of the input", "here already", "nowhere", "no reader"],
)
def test_cached_inputs_are_read_from_the_readers_place_when_they_name_none(
    known: Result, reader: Result | None, value: Any
) -> None:
    state = Success(cached_inputs={"x": known}).load_cached_results({"x": reader} if reader else {})
    assert state.cached_inputs["x"].value == value


# --- steps of a task run ----------------------------------------------------------------------------------------------


def test_steps_can_be_called_one_by_one() -> None:
    runner = TaskRunner(Task(name="t"))
    assert runner.initialize_run(None, {}).context["task_name"] == "t"
    assert isinstance(runner.context, dict)
    with pytest.raises(signals.ENDRUN) as ended:
        runner.check_task_ready_to_map(Pending(), upstream_states={})
    assert ended.value.state.is_mapped()


@pytest.mark.parametrize("make", [cache_validators.partial_parameters_only, cache_validators.partial_inputs_only])
def test_a_text_is_one_name_and_not_its_letters(make: Any) -> None:
    state = Cached(cached_parameters={"abc": 1}, cached_inputs={"abc": Result(1)})
    assert make("abc")(state, {"abc": 1}, {"abc": 1})
    assert not make("abc")(state, {"abc": 2}, {"abc": 2})


# --- schedules --------------------------------------------------------------------------------------------------------


def test_a_rule_in_a_zone_of_dateutil_keeps_its_wall_clock_when_clocks_are_turned() -> None:
    start = datetime(2020, 3, 7, 9, tzinfo=tz.gettz("America/New_York"))
    rule = rrule.rrule(rrule.DAILY, dtstart=start, count=3)
    after = datetime(2020, 1, 1, tzinfo=UTC)

    times = RRuleSchedule(rule).next(5, after=after)
    assert [(time.day, time.hour, time.utcoffset().total_seconds() / 3600) for time in times] == [
        (7, 9, -5),
        (8, 9, -4),
        (9, 9, -4),
    ]
    only = Schedule([RRuleClock(rule)], filters=[filters.at_time(start.time())])
    assert len(only.next(5, after=after)) == 3, "filters see the wall clock"


# --- tasks and agents -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [Task(), {"x": Task()}])
def test_a_task_is_no_parameter_of_a_run_that_is_created_by_name(parameters: Any) -> None:
    with (
        pytest.warns(UserWarning, match="was passed as an argument") if isinstance(parameters, Task) else _nothing(),
        pytest.raises(TypeError, match="via the `parameters` kwarg"),
    ):
        StartFlowRun(flow_name="f", project_name="p", parameters=parameters)


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


@pytest.mark.parametrize(
    ("address", "labels"),
    [("10.1.2.3", ["a", "10.1.2.3", "docker-desktop"]), (OSError("unknown"), ["a", "docker-desktop"])],
)
def test_machines_of_docker_desktop_are_told_apart_by_their_address(
    address: Any, labels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(name: str) -> str:
        if isinstance(address, OSError):
            raise address
        return str(address)

    monkeypatch.setattr(socket, "gethostname", lambda: "docker-desktop")
    monkeypatch.setattr(socket, "gethostbyname", resolve)
    assert LocalAgent(labels=["a"]).labels == labels


@pytest.mark.parametrize("make", [cache_validators.partial_parameters_only, cache_validators.partial_inputs_only])
def test_what_was_not_there_is_not_the_same_as_none(make: Any) -> None:
    state = Cached(cached_parameters={}, cached_inputs={})
    assert not make(["p"])(state, {"p": None}, {"p": None})
    assert make(["p"])(state, {"q": 1}, {"q": 1}), "neither then nor now"


@pytest.mark.parametrize("places", [(0, 1), (1, 0)])
def test_a_task_given_twice_to_apply_map_leads_to_each_first_task_once(places: tuple[int, int]) -> None:
    @task
    def one() -> int:
        return 1

    @task
    def many() -> list[int]:
        return [1, 2]

    with Flow("f") as flow:
        source = many()
        arguments = (source, unmapped(source))
        inner = apply_map(lambda x, y: one(), *(arguments[place] for place in places))
    (edge,) = flow.edges_to(inner)
    assert edge.mapped is (places == (1, 0)), "the last one counts"


@pytest.mark.parametrize("make", [cache_validators.partial_parameters_only, cache_validators.partial_inputs_only])
@pytest.mark.parametrize("names", [["x"], [], None])
def test_partial_validators_take_no_values_for_empty_ones(make: Any, names: list[str] | None) -> None:
    for state in (Cached(), Cached(cached_inputs={"x": Result(1)}, cached_parameters={"x": 1})):
        assert make(names)(state, None, None) == make(names)(state, {}, {})


@pytest.mark.parametrize("state", [Pending, Retrying, Scheduled])
@pytest.mark.parametrize("upstream", [None, 9])
def test_what_a_former_attempt_was_given_is_no_input(state: Any, upstream: int | None) -> None:
    @task
    def add(x: Any, y: int = 1) -> Any:
        return x, y

    runner = TaskRunner(add)
    edges = {Edge(Task("up"), add, key="x"): Success(result=upstream)}
    inputs = runner.get_task_inputs(state(cached_inputs={"x": Result(4), "y": Result(5)}), edges)
    assert {name: result.value for name, result in inputs.items()} == {"x": upstream}
    assert runner.get_task_inputs(state(cached_inputs={"x": Result(4)}), {}) == {}


def test_states_of_states_have_their_base_where_users_look_for_it() -> None:
    from prefect.engine.state import ClientFailed, Queued, Submitted, _MetaState

    assert all(issubclass(one, _MetaState) for one in (ClientFailed, Queued, Submitted))


@pytest.mark.parametrize("value", [[1, 2], (1, 2), "ab"])
def test_what_failed_with_elements_is_mapped_over_beside_others(value: Any) -> None:
    @task
    def fail() -> None:
        raise signals.FAIL("with elements", result=value)

    @task(trigger=any_failed)
    def pair(x: Any, y: int) -> Any:
        return x, y

    with Flow("f") as flow:
        made = pair.map(fail(), [5, 6])
    assert flow.run().result[made].result == [(value[0], 5), (value[1], 6)]
