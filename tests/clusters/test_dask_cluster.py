"""Flows on a Dask cluster of separate processes, and on clusters made for one run."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from prefect import Flow, Parameter, context, flatten, task, unmapped
from prefect.engine import signals
from prefect.executors import DaskExecutor, LocalDaskExecutor
from prefect.utilities.configuration import set_temporary_config
from support.dask_cluster import DaskProcesses, small_cluster
from support.road import wait_until

pytestmark = [
    pytest.mark.process,
    pytest.mark.filterwarnings("ignore"),  # distributed and what it stands on warn at their own pace
]

# Tasks of this file go to other processes by value: those cannot import it.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

TEMPORARY = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    with DaskProcesses(tmp_path_factory.mktemp("dask")) as processes:
        processes.add_worker("plain")
        processes.add_worker("with-gpu", resources="GPU=2")
        processes.wait_for_workers("plain", "with-gpu")
        yield processes


@pytest.fixture
def executor(dask: DaskProcesses) -> DaskExecutor:
    return DaskExecutor(address=dask.address)


@task
def pid(x: Any = None) -> int:
    import os

    return os.getpid()


@task
def inc(x: int) -> int:
    return x + 1


@task
def up_to(n: int) -> list[int]:
    return list(range(n))


@task
def total(values: list[int]) -> int:
    return sum(values)


class TestExistingCluster:
    def test_tasks_run_in_the_workers(self, dask: DaskProcesses, executor: DaskExecutor) -> None:
        with Flow("f", executor=executor) as flow:
            pids = pid.map(list(range(8)))
        state = flow.run()

        assert state.is_successful()
        # Not that each had one: a busy machine may let one worker do it all.
        assert set(state.result[pids].result) <= {process.pid for process in dask.workers.values()}
        assert executor.client is None

    def test_maps_reductions_parameters_and_constants(self, executor: DaskExecutor) -> None:
        with Flow("f", executor=executor) as flow:
            n = Parameter("n", default=2)
            lists = up_to.map([n, 3])
            mapped = inc.map(inc.map(flatten(lists)))
            summed = total(mapped)
        state = flow.run(parameters={"n": 4})

        assert state.is_successful(), state.result
        assert state.result[mapped].result == [2, 3, 4, 5, 2, 3, 4]
        assert state.result[summed].result == 23

    def test_states_come_back_as_they_were_made(self, executor: DaskExecutor, tmp_path: Path) -> None:
        @task
        def skip() -> None:
            raise signals.SKIP("not today")

        @task
        def fail() -> None:
            raise ValueError("broken")

        @task
        def rounds() -> Any:
            import prefect

            count = prefect.context.get("task_loop_count", 1)
            if count < 3:
                raise signals.LOOP(result=count)
            return count

        @task(max_retries=2, retry_delay=timedelta(0))
        def second_time() -> int:
            import prefect

            if prefect.context.task_run_count < 2:
                raise ValueError("once more")
            return int(prefect.context.task_run_count)

        @task(timeout=1)
        def slow() -> None:
            import time

            time.sleep(30)
            (tmp_path / "slow has ended").touch()

        with Flow("f", executor=executor) as flow:
            skipped, failed, looped, retried, late = skip(), fail(), rounds(), second_time(), slow()
            after = inc(failed)
        result = flow.run().result

        assert (result[skipped].is_skipped(), result[skipped].message) == (True, "not today")
        assert (result[failed].is_failed(), repr(result[failed].result)) == (True, "ValueError('broken')")
        assert type(result[after]).__name__ == "TriggerFailed"
        assert result[looped].result == 3
        assert result[retried].result == 2
        assert type(result[late]).__name__ == "TimedOut"
        assert not (tmp_path / "slow has ended").exists()

    def test_tags_choose_workers_with_a_resource(self, dask: DaskProcesses, executor: DaskExecutor) -> None:
        with Flow("f", executor=executor) as flow:
            pids = pid.copy(tags={"dask-resource:GPU=1"}).map(list(range(6)))
        state = flow.run()
        assert set(state.result[pids].result) == {dask.workers["with-gpu"].pid}

    def test_keys_tell_which_task_and_child(self, dask: DaskProcesses, executor: DaskExecutor) -> None:
        def key() -> str:
            from distributed import get_worker

            return str(get_worker().get_current_task())

        with executor.start():
            keys = executor.wait(
                [
                    executor.submit(key, extra_context={"task_name": "load", "task_index": 3}),
                    executor.submit(key, extra_context={"task_name": "load", "task_index": None}),
                ]
            )
        assert re.fullmatch(r"load-3-[0-9a-f]{32}", keys[0])
        assert re.fullmatch(r"load-[0-9a-f]{32}", keys[1])

    def test_the_address_comes_from_the_configuration(self, dask: DaskProcesses) -> None:
        with set_temporary_config({"engine.executor.dask.address": dask.address}):
            executor = DaskExecutor(client_kwargs={"name": "mine"})
        assert executor.address == dask.address
        with executor.start():
            assert executor.client is not None
            assert executor.client.id.startswith("Client-mine-")
            assert executor.wait(executor.submit(os.getpid)) != os.getpid()

    def test_the_context_of_the_run_is_there(self, executor: DaskExecutor) -> None:
        @task
        def see(x: int) -> Any:
            import prefect

            seen = prefect.context
            return seen.mine, seen.map_index, seen.flow_name, seen.task_full_name, seen.parameters

        with Flow("my flow", executor=executor) as flow:
            Parameter("p", default=1)()
            seen = see.map([1, 2])
        state = flow.run(context={"mine": "yes"})
        assert state.result[seen].result == [("yes", i, "my flow", f"see[{i}]", {"p": 1}) for i in (0, 1)]

    def test_an_interrupted_run_leaves_nothing_on_the_cluster(
        self, dask: DaskProcesses, executor: DaskExecutor, tmp_path: Path
    ) -> None:
        begun = tmp_path / "begun"

        def work(seconds: float) -> None:
            begun.touch()
            time.sleep(seconds)

        def run_and_press() -> None:
            with executor.start():
                for seconds in (0.5, 0.5, 60, 60, 60, 60):
                    executor.submit(work, seconds)
                wait_until("work has begun", begun.exists, 10)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_and_press()
        with dask.client() as client:
            wait_until("nothing is left", lambda: not any(client.processing().values()), 10)

    def test_a_killed_worker_costs_only_its_work(
        self, dask: DaskProcesses, executor: DaskExecutor, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        pids = tmp_path / "pids"

        @task(tags={"dask-resource:SPARE=1"})
        def hold(path: str, go: str) -> int:
            import os
            import time

            with open(path, "a") as file:
                file.write(f"{os.getpid()}\n")
            while not os.path.exists(go):
                time.sleep(0.01)
            return os.getpid()

        with Flow("f", executor=executor) as flow:
            before = inc.map([1, 2, 3])
            held = hold(str(pids), str(tmp_path / "go"), upstream_tasks=[before])
            after = inc.map(before)
        for name in ("spare-1", "spare-2"):
            dask.add_worker(name, resources="SPARE=1")
            request.addfinalizer(partial(dask.end_worker, name))
        dask.wait_for_workers("spare-1", "spare-2")

        def kill_the_one_that_works() -> None:
            wait_until("the task has begun", lambda: pids.exists() and pids.read_text().endswith("\n"), 20)
            os.kill(int(pids.read_text()), signal.SIGKILL)
            (tmp_path / "go").touch()

        killer = threading.Thread(target=kill_the_one_that_works)
        killer.start()
        state = flow.run()
        killer.join()

        assert state.is_successful(), state.result
        first, second = (int(line) for line in pids.read_text().split())
        spares = {dask.workers[name].pid for name in ("spare-1", "spare-2")}
        assert {first, second} == spares
        assert state.result[held].result == second
        assert state.result[after].result == [3, 4, 5]


class TestTemporaryCluster:
    def test_a_cluster_by_name_with_arguments(self, caplog: pytest.LogCaptureFixture) -> None:
        executor = DaskExecutor(cluster_class="support.dask_cluster.small_cluster", cluster_kwargs={"n_workers": 1})
        with Flow("f", executor=executor) as flow:
            done = inc.map([1, 2])
        with caplog.at_level(logging.INFO, "prefect.DaskExecutor"), _propagating():
            state = flow.run()

        assert state.result[done].result == [2, 3]
        assert "Creating a new Dask cluster with `support.dask_cluster.small_cluster`..." in caplog.messages

    def test_a_cluster_made_by_a_function(self) -> None:
        made: list[Any] = []

        def make(**options: Any) -> Any:
            made.append(small_cluster(**options))
            return made[-1]

        with DaskExecutor(cluster_class=make, cluster_kwargs={"n_workers": 1}).start():
            assert str(made[0].status) == "Status.running"
        assert str(made[0].status) == "Status.closed"

    def test_the_number_of_workers_follows_the_work(self, caplog: pytest.LogCaptureFixture) -> None:
        executor = DaskExecutor(
            cluster_kwargs={**TEMPORARY, "n_workers": 0}, adapt_kwargs={"minimum": 0, "maximum": 2, "interval": "50ms"}
        )
        with Flow("f", executor=executor) as flow:
            done = inc.map(list(range(4)))
        with caplog.at_level(logging.INFO, "prefect.DaskExecutor"), _propagating():
            state = flow.run()

        assert state.result[done].result == [1, 2, 3, 4]
        assert any(re.fullmatch(r"Worker \S+ added", message) for message in caplog.messages)

    def test_dask_reports_on_the_run(self, tmp_path: Path) -> None:
        pytest.importorskip("bokeh", reason="Dask draws its report with bokeh")
        executor = DaskExecutor(cluster_kwargs=TEMPORARY, performance_report_path=str(tmp_path / "report.html"))
        with Flow("f", executor=executor) as flow:
            done = inc(1)
        assert flow.run().result[done].result == 2
        assert "<html" in executor.performance_report.lower()

    def test_a_run_ends_well_when_its_report_cannot_be_written(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").touch()
        report = tmp_path / "file" / "report.html"
        executor = DaskExecutor(cluster_kwargs=TEMPORARY, performance_report_path=str(report))
        with Flow("f", executor=executor) as flow:
            done = inc(1)
        with caplog.at_level(logging.WARNING, "prefect.DaskExecutor"), _propagating():
            state = flow.run()

        assert state.result[done].result == 2
        assert executor.performance_report == ""
        assert any("performance report" in message for message in caplog.messages)

    def test_a_cluster_that_cannot_be_made_fails_the_run_with_the_cause(self) -> None:
        def make() -> None:
            raise OSError("no machines left")

        with Flow("f", executor=DaskExecutor(cluster_class=make)) as flow:
            inc(1)
        state = flow.run()
        assert state.is_failed()
        assert state.message == "Unexpected error: OSError('no machines left')"


class _propagating:
    """Let records reach the root logger, where pytest looks for them."""

    def __enter__(self) -> None:
        logger = logging.getLogger("prefect")
        self.was, logger.propagate = logger.propagate, True

    def __exit__(self, *error: object) -> None:
        logging.getLogger("prefect").propagate = self.was


class TestLocalDask:
    """The other executor of that name, whose processes are its own."""

    @pytest.mark.parametrize("scheduler", ["threads", "processes"])
    def test_ctrl_c_ends_a_run_at_once(self, scheduler: str, tmp_path: Path) -> None:
        import subprocess

        script = tmp_path / "flow.py"
        script.write_text(
            "import time\n"
            "from prefect import Flow, task\n"
            "from prefect.executors import LocalDaskExecutor\n"
            "@task\n"
            "def wait(x):\n"
            f"    open({str(tmp_path)!r} + '/begun', 'w').close()\n"
            "    for _ in range(600):\n"
            "        time.sleep(0.1)\n"
            f"with Flow('f', executor=LocalDaskExecutor({scheduler!r}, num_workers=2)) as flow:\n"
            "    wait.map([1, 2, 3])\n"
            "if __name__ == '__main__':\n"
            "    flow.run()\n"
        )
        process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_until("a task has begun", (tmp_path / "begun").exists, 20)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=40)  # the tasks would take longer

        assert process.returncode not in (0, None)
        assert b"KeyboardInterrupt" in errors

    def test_the_values_of_threads_are_not_copied(self) -> None:
        value = object()

        @task
        def give() -> Any:
            return value

        @task
        def same(x: Any, y: Any) -> bool:
            return x is y

        with Flow("f", executor=LocalDaskExecutor(num_workers=2)) as flow:
            told = same(give(), unmapped(give()))
        with context(checkpointing=False):
            assert flow.run().result[told].result is True
