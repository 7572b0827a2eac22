"""What tasks print, logged: one stand-in for stdout that asks whose print it is.

``sys.stdout`` belongs to the whole process, while tasks that log what they print may overlap in threads. So it is
replaced once, by the first of them, and put back by the last; each text goes to the logger of the task that printed it.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from prefect.utilities.context import current_content

_underway = threading.local()


class LoggedText(io.TextIOBase):
    """A text file that hands each text to a logger, at INFO; blank texts are passed over."""

    encoding = "utf-8"
    errors = "replace"
    mode = "w"
    name = "<log>"
    line_buffering = True
    write_through = True

    def __init__(self, logger: logging.Logger) -> None:
        self.stdout_logger = logger
        self.buffer = _LoggedBytes(self)

    def write(self, s: str) -> int:
        if not isinstance(s, str):
            raise TypeError(f"string argument expected, got {type(s)}")
        if getattr(_underway, "is_logging", False):
            # A handler of some logger writes the record of a print to stdout: it is not printed once more.
            return real_stdout().write(s)
        if s.strip():
            _underway.is_logging = True
            try:
                self.stdout_logger.info(s)
            finally:
                _underway.is_logging = False
        return len(s)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Do nothing: a record is written when it is made."""

    def close(self) -> None:
        """Do nothing: whoever closes stdout means its own, and the log goes on."""

    def reconfigure(self, **how: Any) -> None:
        """Do nothing: a log has no encoding of its own."""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False


class _LoggedBytes(io.RawIOBase):
    """The bytes behind a text file: texts once they are decoded."""

    def __init__(self, text: Any) -> None:
        self._text = text

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._text.write(content.decode("utf-8", "replace"))
        return len(content)

    def close(self) -> None:
        """Do nothing, as the text does."""

    def writable(self) -> bool:
        return True


_printing_to: ContextVar[LoggedText | None] = ContextVar("prefect_printing_to", default=None)
_lock = threading.Lock()


class _Stdout(io.TextIOBase):
    """Stands in for stdout while tasks log what they print.

    A text of such a task goes to its logger; so does one of a thread that nobody's context reached, while there is just
    one such task. All else goes to the stdout of before.
    """

    def __init__(self, before: TextIO) -> None:
        self.before = before
        self.active: list[LoggedText] = []

    def write(self, text: str) -> int:
        return (self._target() or self._real()).write(text)

    @property
    def buffer(self) -> Any:
        return (self._target() or self._real()).buffer

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        real = self._real()
        if not real.closed:
            real.flush()

    def close(self) -> None:
        """Do nothing: the stdout of before is not this task's."""

    def reconfigure(self, **how: Any) -> None:
        """Change the stdout of before, unless a task asks: its log has nothing to change."""
        reconfigure = getattr(self._real(), "reconfigure", None)
        if reconfigure is not None and self._target() is None:
            reconfigure(**how)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._target() is None and self._real().isatty()

    def fileno(self) -> int:
        return self._real().fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._real(), "encoding", None) or "utf-8"

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return getattr(self._real(), "errors", None)

    @property
    def closed(self) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        if name in ("before", "active"):
            # Not made yet, or made by ``copy`` without ``__init__``.
            raise AttributeError(name)
        return getattr(self._real(), name)

    def _real(self) -> TextIO:
        return real_stdout(self.before)

    def _target(self) -> LoggedText | None:
        target = _printing_to.get()
        if target is not None or not self.active:
            return target
        only = self.active[0]
        is_of_nobody = len(self.active) == 1 and "flow_name" not in current_content()
        return only if is_of_nobody else None


def real_stdout(stream: Any = None) -> TextIO:
    """Give the stream behind every stand-in of ours; that of the process when it is closed or gone."""
    stream = sys.stdout if stream is None else stream
    while isinstance(stream, _Stdout):
        stream = stream.before
    if stream is None or isinstance(stream, LoggedText) or getattr(stream, "closed", False):
        return sys.__stdout__ or sys.stderr
    return stream  # type: ignore[no-any-return]


def printing_logger() -> logging.Logger | None:
    """Give the logger that prints of this context go to; None when they are plain prints."""
    text = _printing_to.get()
    return None if text is None else text.stdout_logger


@contextmanager
def prints_logged(logger: logging.Logger) -> Iterator[None]:
    """Log what is printed in a ``with`` block, in its context, to this logger."""
    text = LoggedText(logger)
    with _lock:
        stdout = sys.stdout if isinstance(sys.stdout, _Stdout) else _Stdout(sys.stdout)
        sys.stdout = stdout
        stdout.active.append(text)
    # Not ``reset(token)``: a generator may leave in another contextvars.Context than it entered.
    outer = _printing_to.get()
    _printing_to.set(text)
    try:
        yield
    finally:
        _printing_to.set(outer)
        with _lock:
            stdout.active.remove(text)
            if not stdout.active and sys.stdout is stdout:
                sys.stdout = stdout.before
