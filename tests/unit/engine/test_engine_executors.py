"""Executors: calls made at once, in threads, in processes and on a cluster."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import threading
import time
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

import cloudpickle
import pytest

from prefect import Flow, context, flatten, task, unmapped
from prefect.engine import TaskRunner, signals
from prefect.engine.shipping import Parcel, open_parcel, portable_context, restored_context
from prefect.executors import DaskExecutor, Executor, LocalDaskExecutor, LocalExecutor
from prefect.executors.processes import WorkerProcess
from prefect.utilities.configuration import set_temporary_config

# Tasks of this file go to other processes by value: those cannot import it.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

LOCAL = [
    LocalExecutor(),
    LocalDaskExecutor("synchronous"),
    LocalDaskExecutor(num_workers=3),
    LocalDaskExecutor("processes", num_workers=2),
]


def increase(x: int) -> int:
    return x + 1


def add_up(values: list[int]) -> int:
    return sum(values)


@pytest.mark.parametrize("executor", LOCAL, ids=lambda e: getattr(e, "scheduler", "local"))
def test_futures_stand_for_their_values(executor: Executor) -> None:
    with executor.start():
        first = executor.submit(increase, 1)
        second = executor.submit(increase, x=first)
        total = executor.submit(add_up, [first, second, 5])
        assert executor.wait({"a": first, "b": [second, (total, 7)]}) == {"a": 2, "b": [3, (10, 7)]}
        assert executor.wait([]) == []


@pytest.mark.parametrize("executor", LOCAL[1:], ids=lambda e: e.scheduler)
def test_an_exception_is_raised_where_the_value_is_wanted(executor: Executor) -> None:
    with executor.start():
        failed = executor.submit(increase, "x")
        with pytest.raises(TypeError):
            executor.wait(failed)
        with pytest.raises(TypeError):
            executor.wait(executor.submit(increase, failed))
        assert executor.wait(executor.submit(increase, 1)) == 2


def test_an_executor_that_was_not_started_makes_calls_at_once() -> None:
    executor = LocalDaskExecutor()
    assert executor.wait(executor.submit(threading.get_ident)) == threading.get_ident()


def test_calls_in_threads_overlap() -> None:
    executor, together = LocalDaskExecutor(num_workers=4), threading.Barrier(4, timeout=60)
    with executor.start():
        executor.wait([executor.submit(together.wait) for _ in range(4)])


def test_names_of_the_schedulers() -> None:
    assert [
        LocalDaskExecutor(name).scheduler for name in ("threading", "multiprocessing", "sync", "single-threaded")
    ] == [
        "threads",
        "processes",
        "synchronous",
        "synchronous",
    ]
    with pytest.raises(ValueError, match="Unknown scheduler 'zz'"):
        LocalDaskExecutor("zz")
    assert LocalDaskExecutor(num_workers=3).dask_config == {"num_workers": 3}


def test_executors_travel_without_their_pools() -> None:
    executor = LocalDaskExecutor(num_workers=2)
    with executor.start():
        again = pickle.loads(pickle.dumps(executor))
    assert (repr(again), again.scheduler, again.dask_config) == (
        "<Executor: LocalDaskExecutor>",
        "threads",
        {"num_workers": 2},
    )


def test_every_executor_has_a_logger_that_a_subclass_may_replace() -> None:
    class Own(LocalExecutor):
        pass

    own = Own()
    assert [LocalDaskExecutor().logger.name, own.logger.name] == ["prefect.LocalDaskExecutor", "prefect.Own"]
    own.logger = logging.getLogger("mine")
    assert own.logger.name == "mine"
    assert cloudpickle.loads(cloudpickle.dumps(own)).logger.name == "mine"


def test_an_interrupted_run_leaves_no_thread_behind() -> None:
    executor, started = LocalDaskExecutor(num_workers=1), threading.Event()
    dropped: list[int] = []

    def spin() -> None:
        started.set()
        end = time.monotonic() + 20
        while time.monotonic() < end:
            pass

    def run_and_press() -> None:
        with executor.start():
            executor.submit(spin)
            executor.submit(dropped.append, 1)
            started.wait(60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_and_press()
    assert not dropped
    assert not [t for t in threading.enumerate() if t.name.startswith("prefect-executor")]


@pytest.mark.process
@pytest.mark.parametrize(("scheduler", "is_told"), [("threads", True), ("processes", False)])
def test_an_interrupted_executor_of_threads_says_so(
    scheduler: str, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    executor = LocalDaskExecutor(scheduler, num_workers=1)
    with caplog.at_level(logging.INFO, "prefect"), pytest.raises(KeyboardInterrupt), executor.start():
        raise KeyboardInterrupt
    told = [("prefect.LocalDaskExecutor", "Attempting to interrupt and cancel all running tasks...")]
    assert [(record.name, record.getMessage()) for record in caplog.records] == (told if is_told else [])


@pytest.mark.process
def test_a_worker_process_that_dies_is_reported_and_replaced() -> None:
    executor = LocalDaskExecutor("processes", num_workers=1)
    with executor.start():
        with pytest.raises(RuntimeError, match="worker process died with exit code 3"):
            executor.wait(executor.submit(os._exit, 3))
        assert executor.wait(executor.submit(increase, 1)) == 2


@pytest.mark.process
def test_a_worker_process_that_was_killed_is_not_started_any_more() -> None:
    worker = WorkerProcess()
    worker.kill()

    with pytest.raises(RuntimeError, match="killed before it began"):
        worker.call(len, ([],), {})


# --- whole flows ------------------------------------------------------------------------------------------------------


@task
def inc(x: int) -> int:
    return x + 1


@task
def up_to(n: int) -> list[int]:
    return list(range(n))


@task
def total(values: list[int]) -> int:
    return sum(values)


@task(max_retries=1, retry_delay=timedelta(0))
def flaky(x: int) -> Any:
    # Not the imported object: that one is not made to travel.
    import prefect

    if prefect.context.task_run_count == 1 and x == 1:
        raise ValueError(x)
    return x


@task
def where(x: int, everyone: list[int]) -> Any:
    import prefect

    return prefect.context.map_index, prefect.context.parameters, everyone


@task
def skip() -> None:
    raise signals.SKIP("s")


def check_flow(executor: Executor) -> None:
    with Flow("f", executor=executor) as flow:
        items = up_to(3)
        mapped = inc.map(inc.map(items))
        lists = up_to.map([1, 2])
        results = {
            total(mapped): 9,
            inc.map(flatten(lists)): [1, 1, 2],
            total(flatten(lists)): 1,
            flaky.map(items): [0, 1, 2],
            where.map(items, unmapped(mapped)): [(i, {}, [2, 3, 4]) for i in range(3)],
        }
        skipped = inc(skip())
    state = flow.run()

    assert state.is_successful(), state.result
    assert {t.name: state.result[t].result for t in results} == {t.name: value for t, value in results.items()}
    assert state.result[skipped].is_skipped()


@pytest.mark.parametrize("executor", LOCAL[:3], ids=lambda e: getattr(e, "scheduler", "local"))
def test_a_flow(executor: Executor) -> None:
    check_flow(executor)


@pytest.mark.process
def test_a_flow_in_processes() -> None:
    check_flow(LocalDaskExecutor("processes", num_workers=2))


def test_children_do_not_wait_for_the_whole_map_before_them() -> None:
    passed = threading.Event()

    @task
    def first(x: int) -> int:
        if x == 1:
            assert passed.wait(60)
        return x

    @task
    def second(x: int) -> int:
        if x == 0:
            passed.set()
        return x

    with Flow("f", executor=LocalDaskExecutor(num_workers=2)) as flow:
        second.map(first.map([0, 1]))
    assert flow.run().is_successful()


def test_ctrl_c_ends_a_run_in_threads() -> None:
    started, ended = threading.Event(), threading.Event()

    @task
    def spin() -> None:
        started.set()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            pass
        ended.set()

    @task
    def press() -> None:
        started.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    with Flow("f", executor=LocalDaskExecutor(num_workers=2)) as flow:
        spin()
        press()
    with pytest.raises(KeyboardInterrupt):
        flow.run()
    assert not ended.is_set()


def test_a_parcel_is_packed_and_opened_once() -> None:
    with Flow("f") as flow:
        done = inc.map(list(range(1000)))
    parcel = Parcel(done, tuple(flow.edges_to(done)), {"mine": 1, "logger": object()}, None, TaskRunner, None)
    opener, packed = parcel.__reduce__()

    assert opener is open_parcel
    assert parcel.__reduce__()[1] is packed
    again = open_parcel(*packed)
    assert open_parcel(*packed) is again
    assert again.context == {"mine": 1}
    assert again.task.name == "inc"
    # Each child is given its element as a state; the whole list stays here.
    assert again.edges[0].upstream_task.value is None
    assert parcel.edges[0].upstream_task.value == list(range(1000))


def test_a_parcel_that_is_opened_is_not_thrown_out_at_that_moment_by_another_thread() -> None:
    """Between finding a parcel and marking it as used, another thread opens so many that it would be thrown out."""
    task = inc.copy()

    def packed() -> tuple[str, bytes]:
        return Parcel(task, (), {}, None, TaskRunner, None).__reduce__()[1]

    others = [packed() for _ in range(64)]
    thread = threading.Thread(target=lambda: [open_parcel(*other) for other in others])

    class Key(str):
        """The text of a key that tells when it is looked up; the second look marks the parcel as used."""

        looks = 0

        def __hash__(self) -> int:
            Key.looks += 1
            if Key.looks == 2:
                thread.start()
                thread.join(0.5)  # it cannot end before this one has: whoever does not wait has ended by then
            return str.__hash__(self)

        def __eq__(self, other: object) -> bool:
            return str.__eq__(self, other)  # type: ignore[arg-type]

    key, content = packed()
    first = open_parcel(key, content)

    assert open_parcel(Key(key), content) is first
    thread.join(60)
    assert Key.looks == 2


def test_only_the_64_parcels_used_last_are_kept_open() -> None:
    task = inc.copy()
    all_packed = [Parcel(task, (), {}, None, TaskRunner, None).__reduce__()[1] for _ in range(65)]
    opened = [open_parcel(*packed) for packed in all_packed[:64]]
    assert open_parcel(*all_packed[0]) is opened[0]  # used again: the second is now the oldest

    open_parcel(*all_packed[64])

    assert open_parcel(*all_packed[0]) is opened[0]
    assert open_parcel(*all_packed[2]) is opened[2]
    assert open_parcel(*all_packed[1]) is not opened[1]


# --- dask -------------------------------------------------------------------------------------------------------------


def test_an_address_excludes_a_cluster() -> None:
    with pytest.raises(ValueError, match="Cannot specify `address` and `cluster_class`/`cluster_kwargs`"):
        DaskExecutor(address="tcp://x:1", cluster_kwargs={})
    with pytest.raises(ImportError):
        DaskExecutor(cluster_class="no.such.Class")


def test_a_dask_executor_must_be_started() -> None:
    executor = DaskExecutor(address="tcp://x:1")
    for deed in (lambda: executor.submit(increase, 1), lambda: executor.wait(1)):
        with pytest.raises(ValueError, match="This executor has not been started"):
            deed()


def test_tags_ask_for_resources() -> None:
    made = DaskExecutor._dask_arguments({"task_name": "t", "task_index": 2, "task_tags": {"dask-resource:GPU=1", "x"}})
    assert made["resources"] == {"GPU": 1.0}
    assert made["key"].startswith("t-2-")
    assert DaskExecutor._dask_arguments(None) == {}


@pytest.mark.process
@pytest.mark.filterwarnings("ignore")  # distributed and what it stands on warn at their own pace
def test_a_flow_on_a_cluster_of_its_own(tmp_path: Any) -> None:
    report = tmp_path / "report.html"
    executor = DaskExecutor(
        cluster_class="distributed.LocalCluster",
        cluster_kwargs={"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "processes": True},
        performance_report_path=str(report),
    )
    assert executor.performance_report == ""
    check_flow(executor)
    assert executor.client is None
    # Dask draws its report with bokeh; a run goes well without.
    assert ("<html" in executor.performance_report.lower()) is (find_spec("bokeh") is not None)
    assert pickle.loads(pickle.dumps(executor)).cluster_kwargs == executor.cluster_kwargs


@pytest.mark.process
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_does_not_end_the_run(tmp_path: Any) -> None:
    from distributed import LocalCluster

    @task
    def die_once(x: int, marker: str) -> int:
        import os
        import signal

        if x == 2 and not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    with Flow("f") as flow:
        done = die_once.map([1, 2, 3], unmapped(str(tmp_path / "died")))
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        state = flow.run(executor=DaskExecutor(address=cluster.scheduler_address))

    assert state.is_successful()
    assert state.result[done].result == [1, 2, 3]


def test_the_context_is_left_as_it_was() -> None:
    before = context.to_dict()
    with Flow("f", executor=LocalDaskExecutor(num_workers=2)) as flow:
        inc.map([1, 2])
    flow.run()
    assert context.to_dict() == before


def test_a_report_that_nobody_asked_for_is_empty_and_warned_of(caplog):
    assert DaskExecutor().performance_report == ""
    assert "Executor was not configured to generate performance report" in caplog.text


def test_a_parcel_is_compressed_and_shows_no_names() -> None:
    """Dask pickles a message in which the name of the main module stands a second time, by value."""
    done = inc.copy()
    done.name = "__main__ " * 1_000
    _, (_, content) = Parcel(done, (), {}, None, TaskRunner, None).__reduce__()

    assert b"__main__" not in content
    assert len(content) < 5_000


def test_settings_travel_as_a_plain_mapping_and_only_where_they_differ() -> None:
    here = dict(context)
    packed = portable_context({**here, "mine": 1})
    assert packed["mine"] == 1
    assert type(packed["config"]) is type(packed["config"]["cloud"]) is dict
    assert packed["config"]["cloud"]["api"] == context.config.cloud.api
    assert "config" not in restored_context(packed)

    with set_temporary_config({"cloud.api": "http://elsewhere"}):
        other = portable_context(dict(context))
    restored = restored_context(other)
    assert restored["config"]["cloud"]["api"] == "http://elsewhere"
    assert "config" in other, "what came is left as it is"
