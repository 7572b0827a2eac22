"""Loggers of this package: one tree under ``prefect``, set up from the settings when this module is loaded.

Two handlers stand on the root of the tree: one writes to stdout, one hands the records of a backend run to
``LOG_MANAGER``, which sends them to the API.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, TextIO

from prefect.utilities.context import current_content
from prefect.utilities.printing import LoggedText, real_stdout

if TYPE_CHECKING:
    from prefect.utilities.log_sending import LOG_MANAGER as LOG_MANAGER
    from prefect.utilities.log_sending import LOG_OVERHEAD as LOG_OVERHEAD
    from prefect.utilities.log_sending import MAX_BATCH_LOG_SIZE as MAX_BATCH_LOG_SIZE
    from prefect.utilities.log_sending import MAX_LOG_SIZE as MAX_LOG_SIZE
    from prefect.utilities.log_sending import LogManager as LogManager
    from prefect.utilities.log_sending import getlogsize as getlogsize

__all__ = [
    "LOG_MANAGER",
    "LOG_OVERHEAD",
    "MAX_BATCH_LOG_SIZE",
    "MAX_LOG_SIZE",
    "PREFECT_LOG_RECORD_ATTRIBUTES",
    "CloudHandler",
    "Formatter",
    "LogManager",
    "RedirectToLog",
    "configure_extra_loggers",
    "configure_logging",
    "create_agent_logger",
    "create_diagnostic_logger",
    "get_logger",
    "getlogsize",
    "temporary_logger_config",
]

# Values of the context that every record made inside a run has as attributes.
PREFECT_LOG_RECORD_ATTRIBUTES = ("flow_name", "flow_run_id", "task_name", "task_slug", "task_run_id")

_HAS_TASK_NAME = sys.version_info >= (3, 12)
_sample = logging.LogRecord("", 0, "", 0, "", None, None)
_started = _sample.created - _sample.relativeCreated / 1000

_MOST_FRAMES = 100
_setup_lock = threading.RLock()
_loggers: dict[str | None, logging.Logger] = {}


# Of the module that only a run with a backend needs.
_OF_SENDING = ("LOG_MANAGER", "LOG_OVERHEAD", "MAX_BATCH_LOG_SIZE", "MAX_LOG_SIZE", "LogManager", "getlogsize")


def __getattr__(name: str) -> Any:
    if name == "prefect_logger":
        return get_logger()
    if name in _OF_SENDING:
        from prefect.utilities import log_sending

        value = globals()[name] = getattr(log_sending, name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class PrefectLogger(logging.Logger):
    """A logger that finds its caller in one step: a run writes two records for each task, and walking frames costs."""

    def debug(self, msg: object, *args: Any, **kwargs: Any) -> None:
        if self.isEnabledFor(logging.DEBUG):
            self._write(logging.DEBUG, msg, args, kwargs)

    def info(self, msg: object, *args: Any, **kwargs: Any) -> None:
        if self.isEnabledFor(logging.INFO):
            self._write(logging.INFO, msg, args, kwargs)

    def warning(self, msg: object, *args: Any, **kwargs: Any) -> None:
        if self.isEnabledFor(logging.WARNING):
            self._write(logging.WARNING, msg, args, kwargs)

    def _write(self, level: int, msg: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if kwargs:
            # The standard search skips the frames of the standard module only; here are two more.
            self._log(level, msg, args, **{**kwargs, "stacklevel": kwargs.get("stacklevel", 1) + 2})
            return
        is_plain = not args or type(args[0]) is str
        if is_plain:
            listener = _only_listener(self, level)
            if listener is not None and listener.tell(self.name, level, msg, args):
                return
        frame = sys._getframe(2)
        code = frame.f_code
        make = logging.getLogRecordFactory()
        if make is _injector and is_plain and not (_HAS_TASK_NAME and "asyncio" in sys.modules):
            record = _standard_record(self.name, level, code.co_filename, frame.f_lineno, msg, args, code.co_name)
            _add_context(record)
        else:
            record = self.makeRecord(
                self.name, level, code.co_filename, frame.f_lineno, msg, args, None, code.co_name, None, None
            )
        self.handle(record)


# Packages that watch a process put functions of their own in the place of these.
_make_record, _handle, _call_handlers = logging.Logger.makeRecord, logging.Logger.handle, logging.Logger.callHandlers
_is_standard = {method.__code__.co_filename for method in (_make_record, _handle, _call_handlers)} == {logging._srcfile}


def _only_listener(logger: logging.Logger, level: int) -> _StdoutHandler | None:
    """Give the handler for stdout when nothing but it could see a record: then none has to be made.

    A handler or a filter anywhere on the way up, a record factory, a changed handler, a watched process or a run with a
    backend each need the record.
    """
    if (
        not _is_standard
        or PrefectLogger.callHandlers is not _call_handlers
        or PrefectLogger.handle is not _handle
        or PrefectLogger.makeRecord is not _make_record
        or logging.getLogRecordFactory() is not _injector
        or current_content().get("running_with_backend")
        or logger.filters
        or "handle" in logger.__dict__
    ):
        return None
    above = logger
    while not above.handlers:
        if not above.propagate or above.parent is None:
            return None
        above = above.parent
    if len(above.handlers) != 2:
        return None
    out, cloud = above.handlers
    if (
        type(out) is not _StdoutHandler
        or type(cloud) is not CloudHandler
        or out.level > level
        or out.filters
        or len(out.__dict__) != out.bare_size
    ):
        return None
    while above.propagate and above.parent is not None:
        above = above.parent
        if above.handlers:
            return None
    return out


class Formatter(logging.Formatter):
    """The standard formatter, keeping the text of the second at hand."""

    def __init__(self, fmt: str | None = None, datefmt: str | None = None, *, utc: bool = False) -> None:
        super().__init__(fmt, datefmt)
        if utc:
            self.converter = time.gmtime
        self._second_text: tuple[int, str] = (-1, "")
        self._names_time = self.usesTime()
        # What stands around a message, from when and until when, by the name of the logger and the level.
        self._frames: dict[tuple[str, int], tuple[str, str, int, int]] = {}
        # The format, when nothing but these four is needed to fill it in.
        self._simple: str | None = self._style._fmt if type(self._style) is logging.PercentStyle else None
        try:
            self._style._fmt % dict.fromkeys(("asctime", "levelname", "name", "message"), "")
        except (KeyError, TypeError, ValueError):
            self._simple = None

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info or record.exc_text or record.stack_info or type(self._style) is not logging.PercentStyle:
            return super().format(record)
        record.message = record.getMessage()
        if self._names_time:
            record.asctime = self.formatTime(record, self.datefmt)
        return self._style._fmt % record.__dict__

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        if not datefmt:
            return super().formatTime(record, datefmt)
        return self._text_of_time(record.created, datefmt)

    def _text_of_time(self, created: float, datefmt: str) -> str:
        second = int(created)
        known = self._second_text
        if known[0] != second:
            # One assignment of one tuple: threads may format at the same time.
            known = self._second_text = (second, time.strftime(datefmt, self.converter(second)))
        return known[1]

    def frame_of(self, name: str, level: int) -> tuple[Any, ...] | None:
        """Give what stands before and after the message of a record that nobody made; None: this format needs one."""
        now = time.time()
        frame = self._frames.get((name, level))
        if frame is not None and frame[2] <= now < frame[3]:
            return frame
        if self._simple is None or self._style._fmt is not self._simple or not self.datefmt:
            return None
        second = int(now)
        fields = {
            "asctime": self._text_of_time(second, self.datefmt),
            "levelname": logging.getLevelName(level),
            "name": name,
            "message": "\0",
        }
        before, mark, after = (self._simple % fields).partition("\0")
        if not mark or "\0" in after:
            return None
        if len(self._frames) > _MOST_FRAMES:
            self._frames = {}
        self._frames[name, level] = (before, after, second, second + 1)
        return before, after


class _StdoutHandler(logging.StreamHandler[TextIO]):
    """Writes to the stdout of the time of set-up: a task that redirects its own output must not take our records along.

    When that stream has been closed meanwhile, the present stdout takes its place.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.bare_size = 0
        # More attributes later: somebody put a method of their own in the place of one.
        self.bare_size = len(self.__dict__)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record) + self.terminator
            if self.stream.closed:
                self.stream = real_stdout()
            # Already behind this handler's lock: the standard ``emit`` takes it a second time to flush.
            self.stream.write(text)
            self.stream.flush()
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)

    def tell(self, name: str, level: int, msg: object, args: tuple[Any, ...]) -> bool:
        """Write what a record would say, without one; False: it takes one, and nothing was written."""
        formatter, stream = self.formatter, self.stream
        if type(formatter) is not Formatter or stream.closed:
            return False
        frame = formatter.frame_of(name, level)
        if frame is None:
            return False
        try:
            text = msg if type(msg) is str else str(msg)
            message = text % args if args else text
        except RecursionError:
            raise
        except Exception:
            return False  # the record that is made next tells of it
        with self.lock:  # type: ignore[union-attr]
            try:
                stream.write(frame[0] + message + frame[1] + self.terminator)
                stream.flush()
            except RecursionError:
                raise
            except Exception:
                self.handleError(logging.LogRecord(name, level, __file__, 0, msg, args, None))
        return True


class CloudHandler(logging.Handler):
    """Hands the records of a run that has a backend to ``LOG_MANAGER``."""

    def handle(self, record: logging.LogRecord) -> bool:
        # Before the lock and the filters: most records are of local runs.
        if not current_content().get("running_with_backend"):
            return False
        return bool(super().handle(record))

    def emit(self, record: logging.LogRecord) -> None:
        content = current_content()
        config = content["config"]
        if not content.get("running_with_backend") or not config.cloud.send_flow_run_logs:
            return
        if record.levelno < _level_number(config.logging.level):
            return
        try:
            sending, ids = _of_a_run()
            sending.LOG_MANAGER.enqueue(
                {
                    "id": ids.following_id(),
                    "flow_run_id": content.get("flow_run_id"),
                    "task_run_id": content.get("task_run_id"),
                    "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
                    "name": record.name,
                    "level": record.levelname,
                    "message": sending.fitting_message(self.format(record)),
                }
            )
        except Exception:
            # What the standard handlers do: tell on stderr, never in the user's code.
            self.handleError(record)


@lru_cache(maxsize=1)
def _of_a_run() -> tuple[ModuleType, ModuleType]:
    """Give the modules that a run has loaded, and a script that only builds a flow need not."""
    from prefect.utilities import ids, log_sending

    return log_sending, ids


class RedirectToLog(LoggedText):
    """A stream that writes each text to a logger, at INFO; blank texts are passed over."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        super().__init__(logger or get_logger("stdout"))


def get_logger(name: str | None = None) -> logging.Logger:
    """Give the logger ``prefect`` or, with a name, its child ``prefect.<name>``."""
    logger = _loggers.get(name)
    if logger is None:
        with _setup_lock:
            root = _loggers.get(None) or configure_logging()
            logger = root if name is None else _own(logging.getLogger(f"prefect.{name}"))
            _loggers[name] = logger
    return logger


def configure_logging(testing: bool = False) -> logging.Logger:
    """Set up the logger ``prefect`` (``prefect-test-logger`` when testing) from the settings, anew, and give it."""
    with _setup_lock:
        logger = _create_logger("prefect-test-logger" if testing else "prefect")
        if not testing:
            _loggers[None] = logger
            configure_extra_loggers()
        return logger


def configure_extra_loggers() -> None:
    """Give the loggers named in ``logging.extra_loggers`` our level and handlers."""
    from prefect.configuration import config

    for name in config.logging.extra_loggers:
        _create_logger(name)


def create_diagnostic_logger(name: str) -> logging.Logger:
    """Give a logger outside the tree ``prefect``: it writes to stdout and sends nothing to the API."""
    from prefect.configuration import config

    logger = logging.getLogger(name)
    logger.setLevel(config.logging.level)
    if not any(isinstance(handler, _StdoutHandler) for handler in logger.handlers):
        logger.addHandler(_stdout_handler())
    return logger


def create_agent_logger(name: str, level: str | int) -> logging.Logger:
    """Give the logger of an agent: its own name, stdout, times in UTC."""
    logger = logging.getLogger(name)
    logger.setLevel(level)
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(_stdout_handler(utc=True))
    return logger


@contextmanager
def temporary_logger_config(
    level: int | str | None = None, stream_fmt: str | None = None, stream_datefmt: str | None = None
) -> Iterator[logging.Logger]:
    """Change the level and the stream format of the logger ``prefect`` for the length of a ``with`` block.

    Meanwhile records go to the stdout of the time of entering, which may be another one than that of set-up. The
    settings change with it: processes that are started meanwhile for flow runs log in the same way.
    """
    from prefect.utilities.configuration import set_temporary_config

    changes = {"logging.level": level, "logging.format": stream_fmt, "logging.datefmt": stream_datefmt}
    given = {name: value for name, value in changes.items() if value is not None}
    logger = get_logger()
    former_level = logger.level
    former_formatters = [
        (handler, handler.formatter) for handler in logger.handlers if isinstance(handler, logging.StreamHandler)
    ]
    former_streams = [(own, own.stream) for own in logger.handlers if isinstance(own, _StdoutHandler)]
    for own, _ in former_streams:
        own.stream = real_stdout()
    if level is not None:
        logger.setLevel(level)
    if stream_fmt is not None or stream_datefmt is not None:
        for handler, formatter in former_formatters:
            handler.setFormatter(
                Formatter(
                    stream_fmt or (formatter._fmt if formatter else None),
                    stream_datefmt or (formatter.datefmt if formatter else None),
                )
            )
    try:
        with set_temporary_config(given):
            yield logger
    finally:
        logger.setLevel(former_level)
        for handler, formatter in former_formatters:
            handler.setFormatter(formatter)
        for own, stream in former_streams:
            own.stream = stream


def _create_logger(name: str) -> logging.Logger:
    from prefect.configuration import config

    _inject_context_into_records()
    logger = _own(logging.getLogger(name))
    for handler in list(logger.handlers):
        if isinstance(handler, _StdoutHandler | CloudHandler):
            logger.removeHandler(handler)
    logger.addHandler(_stdout_handler())
    logger.addHandler(CloudHandler())
    logger.setLevel(config.logging.level)
    return logger


def _own(logger: logging.Logger) -> logging.Logger:
    # Not setLoggerClass: that is one for the whole process, and other packages set it too.
    if type(logger) is logging.Logger:
        logger.__class__ = PrefectLogger
    return logger


def _stdout_handler(*, utc: bool = False) -> logging.Handler:
    from prefect.configuration import config

    handler = _StdoutHandler(real_stdout())
    handler.setFormatter(Formatter(config.logging.format, config.logging.datefmt, utc=utc))
    return handler


def _level_number(level: Any) -> int:
    if isinstance(level, int):
        return level
    number = logging.getLevelName(str(level).upper())
    return number if isinstance(number, int) else logging.INFO


# The record factory that is in place when nobody else has set one: standard records, with the context's values.
_injector: Callable[..., logging.LogRecord] | None = None


def _inject_context_into_records() -> None:
    """Wrap the process's record factory, once, so that records get the attributes that the context has."""
    global _injector
    make = logging.getLogRecordFactory()
    if getattr(make, "_is_prefect_injector", False):
        return

    def make_with_context(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        _add_context(record)
        return record

    make_with_context._is_prefect_injector = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_with_context)
    _injector = make_with_context if make is logging.LogRecord else None


def _add_context(record: logging.LogRecord) -> None:
    content = current_content()
    fields = record.__dict__
    for name in PREFECT_LOG_RECORD_ATTRIBUTES:
        if name in content:
            fields[name] = content[name]
    config = content.get("config")
    if config is not None:
        for name in config["logging"]["log_attributes"]:
            fields[name] = content.get(name)


_file_names: dict[str, tuple[str, str]] = {}


def _standard_record(
    name: str, level: int, path: str, line: int, msg: object, args: tuple[Any, ...], function: str
) -> logging.LogRecord:
    """Give the record that ``logging.LogRecord`` would make outside of asyncio, without taking the path apart anew."""
    names = _file_names.get(path)
    if names is None:
        filename = os.path.basename(path)
        names = _file_names[path] = (filename, os.path.splitext(filename)[0])
    created = time.time()
    record: logging.LogRecord = object.__new__(logging.LogRecord)
    thread = threading.current_thread()
    processes = sys.modules.get("multiprocessing")
    record.__dict__.update(
        name=name,
        msg=msg,
        args=args,
        levelname=logging.getLevelName(level),
        levelno=level,
        pathname=path,
        filename=names[0],
        module=names[1],
        exc_info=None,
        exc_text=None,
        stack_info=None,
        lineno=line,
        funcName=function,
        created=created,
        msecs=int((created - int(created)) * 1000) + 0.0,
        relativeCreated=(created - _started) * 1000,
        thread=thread.ident if logging.logThreads else None,
        threadName=thread.name if logging.logThreads else None,
        processName=_process_name(processes) if logging.logMultiprocessing else None,
        process=os.getpid() if logging.logProcesses else None,
    )
    if _HAS_TASK_NAME:
        record.__dict__["taskName"] = None
    return record


def _process_name(multiprocessing: Any) -> str:
    return "MainProcess" if multiprocessing is None else multiprocessing.current_process().name


def _set_up_at_import() -> None:
    """Set up the logger ``prefect`` now, so that a script can change its level and handlers before it runs a flow."""
    level = logging.getLogger("prefect").level
    logger = configure_logging()
    if level != logging.NOTSET:
        # Chosen by a script that imported ``prefect`` alone, which loads nothing.
        logger.setLevel(level)


_set_up_at_import()
