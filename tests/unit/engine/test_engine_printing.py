"""``log_stdout``: what a task prints is logged as its own, and stdout is afterwards what it was."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout, suppress
from typing import Any

import cloudpickle
import pytest

from prefect import Flow, task
from prefect.engine import signals
from prefect.executors import Executor, LocalDaskExecutor, LocalExecutor
from prefect.utilities.logging import RedirectToLog, get_logger
from prefect.utilities.printing import prints_logged

cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    get_logger().addHandler(handler)
    yield handler
    get_logger().removeHandler(handler)


def test_overlapping_tasks_log_their_own_prints(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    all_work, first_is_done = threading.Barrier(3), threading.Event()
    before = sys.stdout

    @task(log_stdout=True)
    def first() -> None:
        all_work.wait()
        print("by first")

    @task(log_stdout=True)
    def second() -> None:
        all_work.wait()
        first_is_done.wait(60)
        print("by second")

    @task
    def silent() -> None:
        all_work.wait()
        print("by silent")

    def told(task: Any, old: Any, new: Any) -> None:
        if new.is_finished():
            first_is_done.set()

    with Flow("f") as flow:
        one = first()
        second()
        silent()
    one.state_handlers.append(told)

    assert flow.run(executor=LocalDaskExecutor(num_workers=3)).is_successful()

    assert sys.stdout is before
    assert {"by first", "by second"} <= set(kept.texts)
    assert "by silent" not in kept.texts
    assert "by silent\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "fail", [ValueError("x"), signals.FAIL("x"), KeyboardInterrupt(), SystemExit(1)], ids=lambda e: type(e).__name__
)
def test_stdout_comes_back_whatever_happens(fail: BaseException) -> None:
    before = sys.stdout

    @task(log_stdout=True)
    def work() -> None:
        raise fail

    with Flow("f") as flow:
        work()
    with suppress(KeyboardInterrupt, SystemExit):
        flow.run()
    assert sys.stdout is before


@pytest.mark.process
@pytest.mark.parametrize(
    "executor",
    [LocalExecutor(), LocalDaskExecutor(num_workers=2), LocalDaskExecutor("synchronous")],
    ids=["local", "threads", "synchronous"],
)
def test_prints_of_a_task_with_a_limit_are_logged(
    executor: Executor, kept: Kept, capfd: pytest.CaptureFixture[str]
) -> None:
    @task(log_stdout=True, timeout=100)
    def work() -> None:
        print("from below")

    with Flow("f") as flow:
        work()
    assert flow.run(executor=executor).is_successful()
    # In a thread the work is done, and logged, in a process of its own.
    is_logged_there = "INFO - prefect.TaskRunner | from below" in capfd.readouterr().out
    assert ("from below" in kept.texts) or is_logged_there


def test_a_thread_of_the_only_printing_task_prints_for_it(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    with prints_logged(get_logger("one")), ThreadPoolExecutor(1) as pool:
        pool.submit(print, "from a thread").result()
        inner = prints_logged(get_logger("two"))
        with inner:
            pool.submit(print, "whose?").result()
    assert "from a thread" in kept.texts
    assert "whose?" not in kept.texts
    assert "whose?\n" in capsys.readouterr().out


def test_a_redirection_of_the_task_itself_wins(kept: Kept) -> None:
    own = io.StringIO()
    before = sys.stdout
    with prints_logged(get_logger("one")):
        with redirect_stdout(own):
            print("mine")
            with prints_logged(get_logger("two")):
                print("logged")
        print("too")
    assert own.getvalue() == "mine\n"
    assert kept.texts == ["logged", "too"]
    assert sys.stdout is before


SETS_UP_LOGGING = """
import logging, sys
from prefect import Flow, task
from prefect.utilities.logging import RedirectToLog, get_logger

@task(log_stdout=True)
def work():
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, force=True)
    logging.getLogger("lib").info("from lib")
    print("printed")

with Flow("f") as flow:
    work()
state = flow.run()
logging.getLogger("lib").info("afterwards")
assert state.is_successful(), state
"""


def test_a_handler_on_the_stand_in_does_not_run_in_circles() -> None:
    done = subprocess.run([sys.executable, "-c", SETS_UP_LOGGING], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "INFO:lib:afterwards" in lines
    assert sum(line.endswith("prefect.TaskRunner | printed") for line in lines) == 1
    assert sum("from lib" in line and "| " in line for line in lines) == 1
    assert "Traceback" not in done.stderr


def test_a_handler_on_a_stream_of_its_own_logger_does_not_run_in_circles(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = get_logger("circle")
    stream = RedirectToLog(logger)
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    try:
        stream.write("once")
    finally:
        logger.removeHandler(handler)
    assert kept.texts == ["once"]
    assert "once\n" in capsys.readouterr().out


@pytest.mark.parametrize("is_task", [True, False], ids=["of a task", "beside one"])
def test_the_stand_in_is_a_text_file(is_task: bool, kept: Kept, capfd: pytest.CaptureFixture[str]) -> None:
    def use() -> None:
        out = sys.stdout
        out.writelines(["one\n", "two\n"])
        out.buffer.write(b"bytes \xc3\xa4\n")
        out.buffer.flush()
        out.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        out.flush()
        out.close()
        print("after close")
        assert not out.closed
        assert out.writable()
        assert not out.isatty()
        assert out.encoding.lower().replace("-", "") == "utf8"
        assert isinstance(out.fileno(), int)
        assert isinstance(out.errors, str)
        with pytest.raises(io.UnsupportedOperation):
            out.read()

    with prints_logged(get_logger("one")):
        if is_task:
            use()
        else:
            # A thread that knows another run.
            def beside() -> None:
                from prefect import context

                with context(flow_name="other"):
                    use()

            with ThreadPoolExecutor(1) as pool:
                pool.submit(beside).result()
    texts = [text.strip() for text in kept.texts]
    expected = ["one", "two", "bytes ä", "after close"]
    assert (texts == expected) is is_task
    printed = [line for line in capfd.readouterr().out.splitlines() if "|" not in line]
    assert printed == ([] if is_task else expected)
