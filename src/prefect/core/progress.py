"""How far a flow is that runs in this process: a bar for whoever sits before it, in a terminal or a notebook.

Nobody who does not see it pays for it: without an interactive terminal or a notebook nothing here is loaded.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from html import escape
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.model.state import State

#: A run that is over by then needs no bar.
FIRST_SECONDS = 0.5
#: Between two pictures of it.
PAUSE_SECONDS = 0.1
WIDTH = 30
_ERASED = "\r\x1b[K"

Show = Callable[[str, int, int], None]


class Progress:
    """Counts the runs of tasks that are over, and shows it now and then.

    Args:
        show: called with the flow's name, how many are over, and how many there are as far as is known.
    """

    def __init__(self, name: str, count: int, show: Show) -> None:
        self._name = name
        self._count = count
        self._show = show
        self._done = 0
        self._lock = threading.Lock()
        self._next = time.monotonic() + FIRST_SECONDS

    def note(self, runner: Any, old_state: State, new_state: State) -> State:
        """Be a handler of the states of tasks."""
        if new_state.is_finished() and not new_state.is_looped():
            with self._lock:
                self._done += 1
                if new_state.is_mapped():
                    self._count += getattr(new_state, "n_map_states", 0) or 0
                now = time.monotonic()
                if now >= self._next:
                    self._next = now + PAUSE_SECONDS
                    self._show(self._name, min(self._done, self._count), self._count)
        return new_state


@contextmanager
def shown_for(flow: Flow, is_in_notebook: bool) -> Iterator[Callable[..., State]]:
    """Show a flow's progress while the block runs; gives the handler that is to hear of the states of its tasks."""
    from prefect.core.constants import Constant

    # Constants are taken as they are: nobody hears of their states.
    count = sum(not isinstance(task, Constant) for task in flow.tasks)
    with _in_notebook() if is_in_notebook else _in_terminal(sys.stderr) as show:
        yield Progress(flow.name, count, show).note


@contextmanager
def _in_terminal(stream: TextIO) -> Iterator[Show]:
    """Keep the bar on the last line: whatever else is written comes above it."""
    line = _LastLine(stream)
    former = sys.stdout, sys.stderr
    above = _Above(former[0], line), _Above(former[1], line)
    sys.stdout, sys.stderr = above
    moved = [handler for handler in _handlers() if getattr(handler, "stream", None) in former]
    for handler in moved:
        handler.setStream(above[former.index(handler.stream)])
    try:
        yield lambda name, done, count: line.draw(_bar(name, done, count))
    finally:
        line.end()
        for handler in moved:
            if handler.stream in above:
                handler.setStream(former[above.index(handler.stream)])
        # Unless somebody else has put another one in its place meanwhile.
        if sys.stdout is above[0]:
            sys.stdout = former[0]
        if sys.stderr is above[1]:
            sys.stderr = former[1]


def _handlers() -> list[Any]:
    import logging

    return [*logging.getLogger("prefect").handlers, *logging.getLogger().handlers]


def _bar(name: str, done: int, count: int) -> str:
    filled = WIDTH * done // max(count, 1)
    return f"{name[:24]} {'━' * filled}{'╌' * (WIDTH - filled)} {done}/{count}"


class _LastLine:
    """The line of the bar."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.RLock()
        self._text = ""
        self._is_there = False

    def draw(self, text: str) -> None:
        """Show this from now on."""
        import shutil

        with self._lock:
            self._text = text[: shutil.get_terminal_size().columns - 1]
            self._draw()

    def write(self, stream: TextIO, text: str) -> int:
        """Write something else, above the bar once its line is ended."""
        with self._lock:
            self._erase()
            written = stream.write(text)
            if self._text and text.endswith("\n"):
                stream.flush()
                self._draw()
            return written

    def end(self) -> None:
        """Leave nothing of it."""
        with self._lock:
            self._text = ""
            self._erase()

    def _draw(self) -> None:
        with suppress(OSError, UnicodeError, ValueError):
            self._stream.write(_ERASED + self._text)
            self._stream.flush()
            self._is_there = True

    def _erase(self) -> None:
        if self._is_there:
            with suppress(OSError, ValueError):
                self._stream.write(_ERASED)
                self._stream.flush()
            self._is_there = False


class _Above:
    """A stream whose text comes above the bar."""

    is_above_bar = True

    def __init__(self, stream: TextIO, line: _LastLine) -> None:
        self._stream = stream
        self._line = line

    def write(self, text: str) -> int:
        return self._line.write(self._stream, text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _in_notebook() -> Iterator[Show]:
    from IPython.display import HTML, display

    shown: list[Any] = []

    def show(name: str, done: int, count: int) -> None:
        picture = HTML(
            f"<div>{escape(name)} <progress max='{max(count, 1)}' value='{done}'></progress> {done}/{count}</div>"
        )
        if shown:
            shown[0].update(picture)
        else:
            shown.append(display(picture, display_id=True))

    try:
        yield show
    finally:
        if shown:
            with suppress(Exception):  # the page may be closed
                shown[0].update(HTML(""))
