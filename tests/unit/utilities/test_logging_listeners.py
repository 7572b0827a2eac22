"""A record is not made when nothing but stdout would see it; whoever else listens gets it whole."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from prefect.utilities import logging as ours
from prefect.utilities.context import context
from prefect.utilities.logging import configure_logging, get_logger

LINE = "Task '%s': Starting task run..."


class Keeping(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """What the loggers write to stdout."""
    stream = io.StringIO()
    configure_logging()
    out_handler().stream = stream
    former = list(get_logger().handlers)
    try:
        yield stream
    finally:
        get_logger().handlers[:] = former
        get_logger().propagate = True
        configure_logging()


def send_the_others_away() -> None:
    """Leave what a process of its own has: once a test has begun, pytest listens too."""
    logger = get_logger()
    logger.propagate = False
    logger.handlers[:] = [h for h in logger.handlers if type(h).__module__ == ours.__name__]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every record that comes to be."""
    found: list[object] = []
    make = ours._standard_record
    monkeypatch.setattr(ours, "_standard_record", lambda *args: found.append(args) or make(*args))
    return found


def out_handler() -> Any:
    return next(h for h in get_logger().handlers if isinstance(h, logging.StreamHandler))


def test_no_record_is_made_for_stdout_alone(told: io.StringIO, made: list[object]) -> None:
    send_the_others_away()
    logger = get_logger("TaskRunner")
    logger.info(LINE, "a")
    logger.warning("100 %")
    logger.info("%s of %s", "a", 2)
    logger.debug("not at this level")
    assert made == []
    lines = told.getvalue().splitlines()
    assert [line.partition("] ")[2] for line in lines] == [
        "INFO - prefect.TaskRunner | Task 'a': Starting task run...",
        "WARNING - prefect.TaskRunner | 100 %",
        "INFO - prefect.TaskRunner | a of 2",
    ]
    plain = ours.Formatter(out_handler().formatter._fmt, out_handler().formatter.datefmt)
    record = logging.LogRecord("prefect.TaskRunner", logging.INFO, __file__, 1, LINE, ("a",), None)
    assert plain.format(record).partition("] ")[2] == lines[0].partition("] ")[2]


def _handler_on(name: str | None) -> Callable[[ExitStack], Callable[[], int]]:
    def listen(ending: ExitStack) -> Callable[[], int]:
        handler, logger = Keeping(), logging.getLogger(name)
        logger.addHandler(handler)
        ending.callback(logger.removeHandler, handler)
        get_logger().propagate = True
        return lambda: sum(r.getMessage() == "Task 'a': Starting task run..." for r in handler.records)

    return listen


def _filter_on_the_logger(ending: ExitStack) -> Callable[[], int]:
    seen: list[logging.LogRecord] = []
    logger = get_logger("TaskRunner")
    look = lambda record: seen.append(record) or True  # noqa: E731 - a filter is any callable
    logger.addFilter(look)
    ending.callback(logger.removeFilter, look)
    return lambda: len(seen)


def _filter_on_the_handler(ending: ExitStack) -> Callable[[], int]:
    seen: list[logging.LogRecord] = []
    handler = out_handler()
    handler.addFilter(lambda record: seen.append(record) or True)
    return lambda: len(seen)


def _record_factory(ending: ExitStack) -> Callable[[], int]:
    seen: list[object] = []
    former = logging.getLogRecordFactory()
    logging.setLogRecordFactory(lambda *a, **k: seen.append(a) or former(*a, **k))
    ending.callback(logging.setLogRecordFactory, former)
    return lambda: len(seen)


def _instead_of(owner: Any, name: str) -> Callable[[ExitStack], Callable[[], int]]:
    """Put a function in the place of a standard one, as packages that watch a process do."""

    def listen(ending: ExitStack) -> Callable[[], int]:
        seen: list[object] = []
        where = owner() if callable(owner) and not isinstance(owner, type) else owner
        former = getattr(where, name)

        def watching(*args: Any, **kwargs: Any) -> Any:
            seen.append(args)
            return former(*args, **kwargs)

        patch = pytest.MonkeyPatch()
        patch.setattr(where, name, watching)
        ending.callback(patch.undo)
        return lambda: len(seen)

    return listen


LISTENERS = {
    "a handler on the logger": _handler_on("prefect.TaskRunner"),
    "a handler on the tree": _handler_on("prefect"),
    "a handler on the root": _handler_on(None),
    "a filter on the logger": _filter_on_the_logger,
    "a filter on the handler": _filter_on_the_handler,
    "a record factory": _record_factory,
    "callHandlers": _instead_of(logging.Logger, "callHandlers"),
    "handle of loggers": _instead_of(logging.Logger, "handle"),
    "handle of this logger": _instead_of(lambda: get_logger("TaskRunner"), "handle"),
    "emit of the handler": _instead_of(out_handler, "emit"),
    "format of the handler": _instead_of(out_handler, "format"),
}


@pytest.mark.parametrize("listen", LISTENERS.values(), ids=LISTENERS)
def test_whoever_else_listens_gets_the_record(told: io.StringIO, listen: Callable[..., Callable[[], int]]) -> None:
    send_the_others_away()
    with ExitStack() as ending:
        count = listen(ending)
        get_logger("TaskRunner").info(LINE, "a")
        assert count() == 1
    assert told.getvalue().count("Task 'a': Starting task run...\n") == 1


def test_a_record_has_its_place_and_the_values_of_the_context(told: io.StringIO) -> None:
    send_the_others_away()
    handler = Keeping()
    get_logger().addHandler(handler)
    try:
        with context(task_name="a", flow_run_id="f"):
            get_logger("TaskRunner").info(LINE, "a")
    finally:
        get_logger().removeHandler(handler)
    (record,) = handler.records
    assert (record.funcName, record.args) == ("test_a_record_has_its_place_and_the_values_of_the_context", ("a",))
    assert (record.task_name, record.flow_run_id) == ("a", "f")  # type: ignore[attr-defined]


def test_a_handler_that_no_record_reaches_is_nobody(told: io.StringIO, made: list[object]) -> None:
    send_the_others_away()
    root = Keeping()
    logging.getLogger().addHandler(root)
    try:
        get_logger("TaskRunner").info("x")
    finally:
        logging.getLogger().removeHandler(root)
    assert (made, root.records) == ([], [])
    assert told.getvalue().endswith("x\n")


@contextmanager
def formatter(fmt: str, datefmt: str | None = "%H:%M", **how: Any) -> Iterator[None]:
    handler = out_handler()
    former = handler.formatter
    handler.setFormatter(ours.Formatter(fmt, datefmt, **how))
    try:
        yield
    finally:
        handler.setFormatter(former)


@pytest.mark.parametrize(
    ("fmt", "line"),
    [
        ("%(message)s", "m\n"),
        ("%(levelname)-8s|%(message)s|%(name)s", "INFO    |m|prefect.x\n"),
        ("%(funcName)s %(message)s", "test_any_format_is_filled_in m\n"),
        ("%(message)s %(message)s", "m m\n"),
        ("%(flow_name)s %(message)s", "f m\n"),
        ("%(levelno)d %(message)s", "20 m\n"),
        ("%(message).1s", "m\n"),
    ],
)
def test_any_format_is_filled_in(told: io.StringIO, fmt: str, line: str) -> None:
    send_the_others_away()
    with formatter(fmt), context(flow_name="f"):
        get_logger("x").info("m")
    assert told.getvalue() == line


def test_a_level_of_the_handler_holds(told: io.StringIO) -> None:
    send_the_others_away()
    out_handler().setLevel(logging.WARNING)
    get_logger("x").info("quiet")
    get_logger("x").warning("loud")
    assert told.getvalue().endswith("loud\n")
    assert "quiet" not in told.getvalue()


def test_arguments_that_do_not_fit_are_told_as_ever(told: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    send_the_others_away()
    get_logger("x").info("%s and %s", "one")
    error = capsys.readouterr().err
    assert "--- Logging error ---" in error
    assert "not enough arguments" in error
    assert told.getvalue() == ""


def test_a_stream_that_breaks_is_told_as_ever(told: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    send_the_others_away()

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    out_handler().stream = Full()
    get_logger("x").info("m")
    assert "No space left on device" in capsys.readouterr().err


def test_a_stream_that_was_closed_gives_way_to_the_present_one(
    told: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    send_the_others_away()
    told.close()
    get_logger("x").info("m")
    assert capsys.readouterr().out.endswith("| m\n")
    assert out_handler().stream is sys.stdout


def test_the_text_of_the_time_moves_on(told: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    send_the_others_away()
    for now in (1_000_000_000.9, 1_000_000_001.0, 999_999_999.5, 1_000_000_001.2):
        monkeypatch.setattr(ours.time, "time", lambda now=now: now)
        with_utc = out_handler().formatter
        with_utc.converter = ours.time.gmtime
        get_logger("x").info("m")
    times = [line[12:20] for line in told.getvalue().splitlines()]
    assert times == ["01:46:40", "01:46:41", "01:46:39", "01:46:41"]
