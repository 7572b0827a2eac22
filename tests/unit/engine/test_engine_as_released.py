"""Behaviours of 1.4.1 that the comparison of invented flows brought to light."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prefect.core.annotations import flatten
from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.engine import signals
from prefect.engine.state import Cached, Success, TriggerFailed
from prefect.triggers import all_finished, manual_only, some_failed, some_successful
from prefect.utilities.context import context


@task
def fail():
    raise ValueError("broken")


@task
def ok():
    return 1


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [(some_failed(at_least=1, at_most=1), Success), (some_successful(at_least=2), TriggerFailed)],
    ids=["some_failed", "some_successful"],
)
def test_a_task_that_is_upstream_by_several_edges_counts_once_for_a_threshold(trigger, expected):
    with Flow("f") as flow:
        broken, fine = fail(), ok()
        last = task(lambda x, y, z: 1, name="last", trigger=trigger)(x=broken, y=broken, z=fine)
    assert type(flow.run().result[last]) is expected


def test_children_see_no_value_of_a_mapped_task_that_failed():
    with Flow("f") as flow:
        seen = task(lambda x, y: (x, y), name="seen", trigger=all_finished).map([1, 2], fail())
    assert flow.run().result[seen].result == [(1, None), (2, None)]


def test_flattening_a_dictionary_of_words_maps_over_the_letters_of_its_keys():
    with Flow("f") as flow:
        made = task(lambda x: x, name="made").map(flatten({"ab": 1, "c": 2}))
    assert flow.run().result[made].result == ["a", "b", "c"]


def test_a_round_without_a_result_hands_on_its_signal_as_text():
    @task
    def twice():
        if context.get("task_loop_count", 1) == 1:
            raise signals.LOOP
        return context.task_loop_result

    with Flow("f") as flow:
        made = twice()
    assert flow.run().result[made].result == "LOOP()"
    assert signals.LOOP("again").state.result == "LOOP('again')"


def test_cached_states_are_known_to_later_runs_not_to_later_passes_of_the_same_run(monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    calls = []

    @task(cache_for=timedelta(hours=1), trigger=manual_only)
    def costly():
        calls.append(1)
        return len(calls)

    @task(max_retries=1, retry_delay=timedelta(0))
    def second_time(x):
        if context.task_run_count == 1:
            raise ValueError("first time")
        return x

    with Flow("f") as flow:
        value = costly()
        last = second_time(value)
    with context(caches={}):
        first = flow.run()
        # Approved anew in the second pass, it was done anew.
        assert len(calls) == 2
        assert first.result[last].result == 2
        again = flow.run()
    assert len(calls) == 2
    assert type(again.result[value]) is Cached


def test_a_failure_is_logged_with_the_name_of_the_task_quoted_as_python_does(caplog):
    broken = task(lambda: 1 / 0, name="it's")
    with Flow("f") as flow:
        broken()
    flow.run()
    assert 'Task "it\'s": Exception encountered during task execution!' in caplog.messages


def test_the_start_of_a_loop_is_told_once_even_if_a_later_round_is_retried(caplog):
    @task(max_retries=1, retry_delay=timedelta(0))
    def rounds():
        if context.get("task_loop_count", 1) == 1:
            raise signals.LOOP("again", result=1)
        if context.task_run_count == 1:
            raise ValueError("in the second round")
        return 2

    with Flow("f") as flow:
        rounds()
    with caplog.at_level("INFO"):
        assert flow.run().is_successful()
    assert caplog.messages.count("Task 'rounds': Starting task run...") == 1
