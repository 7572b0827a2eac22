"""How a command fails: which text, on which stream, with which exit code.

Every failure is told on stderr: what went wrong, a line ``hint:`` with what to do, and a line ``code:`` with what
``prefect explain`` knows more of. Exit code 1: it could not be done, or there was nothing to do; 2: it was called
wrongly.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import click

from prefect.cli.colour import wanted_colour

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
_PASSED_OVER = ("<frozen runpy>", "<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")


class TerminalError(click.ClickException):
    """Ends the command with exit code 1 and its text, in red, on stderr.

    Args:
        message: empty when everything was said already.
        code: of the refusal; absent means the code of the error that it was raised from, if that has one.
        hint: what to do; absent means what that error, or else the page of the code, says.
    """

    usual_code = "COMMAND_FAILED"

    def __init__(self, message: str = "", *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint

    def show(self, file: Any = None) -> None:
        cause = self.__cause__
        code = self.code or getattr(cause, "code", None)
        if not isinstance(code, str):
            code = self.usual_code
        if self.message:
            _say(click.style(self.message, fg="red"))
        tell_more(code, self.hint or (getattr(cause, "hint", "") if self.code is None else "") or advice_of(cause))


class FlowUnreadable(TerminalError):
    """A file or module gives no flow, or not the one that was named."""

    usual_code = "FLOW_UNREADABLE"


class Failure(click.ClickException):
    """What stands for any other error that ends a command: ``Error: ...`` on stderr, with hint and code."""

    def __init__(self, message: str, code: str, hint: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.exit_code = exit_code  # type: ignore[misc]  # of the class to click, of each failure here

    def show(self, file: Any = None) -> None:
        _say(f"{click.style('Error:', fg='red')} {self.message}")
        tell_more(self.code, self.hint)


class _Misused(click.UsageError):
    """A wrong call, told as click tells it, with hint and code."""

    def show(self, file: Any = None) -> None:
        super().show(file)
        tell_more("BAD_USAGE", "" if self.ctx is None else f"`{self.ctx.command_path} --help` shows what it takes.")


def tell_more(code: str, hint: str = "") -> None:
    """Print the lines ``hint:`` and ``code:`` of a failure.

    Args:
        hint: empty means the one of the code's page.
    """
    from prefect import codes

    hint = hint or codes.hint(code)
    if hint:
        _say(f"{click.style('hint:', fg='cyan')} {hint}")
    _say(f"{click.style('code:', fg='cyan')} {code} (`prefect explain {code}`)")


def _say(text: str) -> None:
    # The command's context, which knows it, has been left.
    click.echo(text, err=True, color=wanted_colour())


def advice_of(error: BaseException | None) -> str:
    """Give what an unreachable server advises; empty for other errors."""
    from prefect.exceptions import ServerUnreachable

    return error.advice if isinstance(error, ServerUnreachable) else ""


def as_shown(error: Exception) -> Exception:
    """Give the failure that stands for an error; what steers click, or is a fault of ours, is given back as it is."""
    from prefect.cli.flow_run_process import NotAFlowRunProcess
    from prefect.exceptions import PrefectException, ServerUnreachable
    from prefect.utilities.importtools import MissingPackage

    if isinstance(error, NotAFlowRunProcess):
        return Failure(str(error), error.code)
    if isinstance(error, click.UsageError):
        return _as_misused(error)
    if isinstance(error, click.ClickException):
        known = isinstance(error, TerminalError | Failure)
        return error if known else Failure(error.format_message(), "COMMAND_FAILED", exit_code=error.exit_code)
    if isinstance(error, click.exceptions.Exit | click.Abort | EOFError | BrokenPipeError):
        return error
    if isinstance(error, ServerUnreachable):
        return Failure(error.trouble, error.code, error.advice)
    if isinstance(error, PrefectException):
        return Failure(error_text(error), error.code, error.hint)
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return Failure(f"{place}{error.strerror}", "FILE_UNUSABLE")
    if isinstance(error, MissingPackage):
        return Failure(str(error), error.code)
    if isinstance(error, ValueError | TypeError | AttributeError) and (told := _wrong_setting()):
        return Failure(told, "CONFIG_INVALID")
    if isinstance(error, ValueError) and str(error):
        return Failure(error_text(error), "INVALID_VALUE")
    return error


def _wrong_setting() -> str:
    """Give what a file says that no setting can be, which is what may have led to an error that does not say so."""
    from prefect.cli.environment import wrong_in_files

    try:
        return "\n".join(wrong_in_files())
    except ValueError:
        return ""


def _as_misused(error: click.UsageError) -> click.UsageError:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    if error.exit_code == 2:
        return _Misused(error.format_message(), error.ctx)
    return error


def tell_unexpected(error: BaseException) -> None:
    """Print what a fault of ours needs to be reported."""
    import traceback

    traceback.print_exception(error)
    _say(f"{click.style('Error:', fg='red')} prefect met something that it did not expect.")
    tell_more("UNEXPECTED")


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
    # Late: they take as long to import as all else that a command's help needs of this room.
    import textwrap
    import traceback

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

    A ``TerminalError`` shows its own text; any other error its text, or its traceback when ``traceback_of_any``.
    An API that cannot be reached is told the same way everywhere, by the group.

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
            click.echo(indented_traceback(error), err=True)
            raise TerminalError(code="FLOW_UNREADABLE") from error
        if isinstance(as_shown(error), click.ClickException):
            raise TerminalError(error_text(error)) from error
        raise TerminalError(typed_text(error), code="UNEXPECTED") from error
    if not quiet:
        click.secho(" Done", fg="green")
