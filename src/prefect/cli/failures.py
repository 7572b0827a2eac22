"""How a command fails: which text, on which stream, with which exit code."""

from __future__ import annotations

import os
import sys
import textwrap
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import click

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
_PASSED_OVER = ("<frozen runpy>", "<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")


class TerminalError(click.ClickException):
    """Ends the command with exit code 1 and its text, in red, on stdout, where 1.x commands print theirs."""

    def show(self, file: Any = None) -> None:
        if self.message:
            click.secho(self.message, fg="red")


def as_shown(error: Exception) -> Exception:
    """Give the one-line failure that stands for an error of the API; any other error is given back as it is."""
    from prefect.exceptions import ClientError

    if isinstance(error, ClientError):
        return click.ClickException(error_text(error))
    return error


def error_text(error: BaseException) -> str:
    """Put an error as text; errors that an API answered become their messages."""
    from prefect.exceptions import ClientError

    if isinstance(error, ClientError) and error.messages:
        return "\n".join(error.messages)
    answered = error.args[0] if len(error.args) == 1 else None
    if isinstance(answered, list | tuple) and answered and all(isinstance(item, dict) for item in answered):
        return "\n".join(str(item.get("message", item)) for item in answered)
    return str(error)


def typed_text(error: BaseException) -> str:
    """Put an error as ``Type: text``."""
    return f"{type(error).__name__}: {error_text(error)}"


def indented_traceback(error: BaseException, above: Iterable[str] = (), indent: int = 2) -> str:
    """Put an error with its traceback, indented; our own frames at its start are left out.

    Args:
        above: files whose leading frames are left out too.
        indent: by so many columns.
    """
    hidden = (_OWN_FOLDER, *above)
    shown = error.__traceback__
    while shown is not None and _is_hidden(shown, hidden):
        shown = shown.tb_next
    lines = traceback.format_exception(type(error), error, shown)
    return textwrap.indent("".join(lines), " " * indent, lambda line: bool(line.strip()))


def _is_hidden(frame: TracebackType, folders: tuple[str, ...]) -> bool:
    file = frame.tb_frame.f_code.co_filename
    return file in _PASSED_OVER or file == sys.modules["contextlib"].__file__ or file.startswith(folders)


@contextmanager
def step(announcement: str, *, quiet: bool = False, traceback_of_any: bool = False) -> Iterator[None]:
    """Announce what is done, then say `` Done`` or `` Error`` behind it.

    A ``TerminalError`` shows its own text; any other error its type and text, or its traceback when
    ``traceback_of_any``. An API that cannot be reached is told the same way everywhere, by the group.

    Raises:
        TerminalError: for each error but that one.
    """
    from prefect.exceptions import ServerUnreachable

    if not quiet:
        click.echo(announcement, nl=False)
    try:
        yield
    except ServerUnreachable:
        if not quiet:
            click.secho(" Error", fg="red")
        raise
    except Exception as error:
        if not quiet:
            click.secho(" Error", fg="red")
        if isinstance(error, TerminalError):
            raise
        if traceback_of_any:
            click.echo(indented_traceback(error))
            raise TerminalError("") from error
        raise TerminalError(typed_text(error)) from error
    if not quiet:
        click.secho(" Done", fg="green")
