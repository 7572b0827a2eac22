from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import threading

import cloudpickle
import pytest

from prefect.configuration import config
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import Context, context, current_content, lay_over, put_back
from support.work import count_calls


def test_values_are_there_for_the_length_of_the_block():
    with context({"a": 1}, b=2) as inside:
        assert inside is context
        assert context.a == context["a"] == context.get("a") == 1
        context.c = 3
        with context(a=5):
            del context.b
            assert context.a == 5
            assert "b" not in context
        assert (context.a, context.b, context.c) == (1, 2, 3)
    assert not {"a", "b", "c"} & set(context)


def test_a_missing_value_is_told_by_the_way_it_was_asked_for():
    with pytest.raises(AttributeError, match="'Context' object has no attribute 'nothing'"):
        context.nothing  # noqa: B018 - the look-up is what is tested
    with pytest.raises(KeyError):
        context["nothing"]
    assert context.get("nothing", 5) == 5


def test_what_was_there_comes_back_after_an_error():
    with pytest.raises(ZeroDivisionError), context(a=1):
        context.a = 1 / 0
    assert "a" not in context


def test_dictionary_methods_work_on_the_present_content():
    with context():
        context.update(a=1)
        context.setdefault("secrets", {})["NAME"] = "x"
        assert context.to_dict()["secrets"] == {"NAME": "x"}
        assert dict(context)["a"] == 1
        assert context.pop("a") == 1
        copied = context.copy()
        copied["z"] = 1
        assert "z" not in context
    assert context.to_dict()["config"] == config.to_dict()
    assert context.logger.name == "prefect"


def test_a_config_is_laid_over_the_present_one():
    with context(config={"debug": True, "new": {"z": 1}, "cloud": {"api": "x"}}):
        assert context.config.debug is True
        assert context.config.new.z == 1
        assert context.config.cloud.api == "x"
        assert context.config.cloud.request_timeout == config.cloud.request_timeout
        assert config.cloud.api != "x"
    assert context.config is config


def test_it_decorates_a_function():
    @context(a=1)
    def inside() -> int:
        return context.a

    assert [inside(), inside()] == [1, 1]
    assert "a" not in context


def test_a_thread_starts_from_the_base():
    seen = {}

    def look() -> None:
        seen.update(context.to_dict())
        context.t = 1

    with context(a=1):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert "a" not in seen
    assert "config" in seen
    assert "t" not in context


def test_asyncio_tasks_have_a_context_each():
    async def enter(number: int, barrier: asyncio.Barrier) -> int:
        with context(number=number):
            await barrier.wait()
            return context.number

    async def both() -> list[int]:
        barrier = asyncio.Barrier(2)
        return await asyncio.gather(enter(1, barrier), enter(2, barrier))

    assert asyncio.run(both()) == [1, 2]


def _send_value(connection) -> None:
    connection.send(context.get("a"))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_keeps_the_context():
    here, there = multiprocessing.Pipe()
    with context(a=1):
        process = multiprocessing.get_context("fork").Process(target=_send_value, args=(there,))
        process.start()
        assert here.recv() == 1
        process.join()


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_it_cannot_be_pickled(dumps):
    with pytest.raises(TypeError, match="cannot be pickled"):
        dumps(context)


def test_a_context_that_is_made_has_values_of_its_own():
    with context(a=1):
        made = Context({"b": 2}, config={"cloud": {"send_flow_run_logs": "x"}}, c=3)
    assert "a" not in made
    assert (made.b, made["c"], made.get("d", 4)) == (2, 3, 4)
    assert made.config.cloud.send_flow_run_logs == "x"
    assert made.config.cloud.api == config.cloud.api
    assert "b" not in context
    assert context.config is config
    assert config.cloud.send_flow_run_logs != "x"


def test_values_are_added_to_a_context_of_ones_own_for_a_block():
    made = Context(a=1)
    with made(a=2, b=3) as inside:
        made.c = 4
        assert inside is made
        assert (made.a, made.b, made.c) == (2, 3, 4)
    assert (made.a, made.get("b"), made.get("c")) == (1, None, None)


def test_a_context_of_ones_own_is_not_pickled_either():
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Context(a=1))


def test_entering_copies_no_settings_and_is_the_work_of_a_few_calls():
    def enter() -> None:
        with context(a=1):
            assert context.config is config

    enter()
    few = count_calls(enter)
    with set_temporary_config({f"many.n{number}": number for number in range(1000)}):
        many = count_calls(enter)
    # 16 were counted; `bench/task_path.py` measures the time.
    assert few == many < 20


def test_settings_change_for_the_length_of_a_block():
    old_api = config.cloud.api
    with set_temporary_config({"cloud.api": "zzz", "new.thing": 3}) as changed:
        assert changed is config
        assert config.cloud.api == context.config.cloud.api == "zzz"
        assert config.new.thing == 3
        config.cloud.other = 1
        config.debug = "changed too"
    assert config.cloud.api == old_api
    assert "new" not in config
    assert "other" not in config.cloud
    assert config.debug is False


def test_settings_come_back_in_place_while_others_hold_a_section():
    section = config.cloud
    with set_temporary_config({"cloud.api": "zzz"}):
        assert section.api == "zzz"
    assert section.api == config.cloud.api != "zzz"
    assert section is config.cloud


def test_a_context_with_its_own_config_is_changed_too():
    with context(config={"debug": True}), set_temporary_config({"cloud.api": "zzz"}):
        assert context.config.cloud.api == "zzz"
        assert context.config.debug is True


def test_initial_values_come_from_the_environment(tmp_path):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", "import prefect; print(prefect.context.flow_run_id, prefect.context.secrets.NAME)"],
        env=os.environ | {"PREFECT__CONTEXT__FLOW_RUN_ID": "abc", "PREFECT__CONTEXT__SECRETS__NAME": "x"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "abc x\n"


@pytest.mark.parametrize("values", [{"a": 1}, {"config": {"logging": {"level": "X"}}, "a": 2}, {}], ids=str)
def test_what_is_laid_over_by_hand_is_as_in_a_block_and_put_back_whole(values):
    before = current_content()
    with context(values):
        wanted = dict(current_content())
    around = lay_over(values)
    try:
        found = dict(current_content())
        context.update(more=1)
    finally:
        put_back(around)
    assert found.keys() == wanted.keys()
    assert all(found[key] == wanted[key] for key in found)
    assert current_content() is before
    assert "more" not in before
