"""The address ``embedded``: the API in this process, on the SQLite file that a server of this home folder would use.

The one seam between this side and the server: ``BACKEND`` is loaded by name, when the first request is sent, so that a
program that speaks to a server loads nothing of it. ``embedded:/path/to/file.db`` names the file; blanks and ``#`` in
it are quoted as in an address.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Mapping
from importlib import import_module
from typing import NoReturn, Protocol
from urllib.parse import quote, unquote

from prefect.exceptions import EmbeddedUnusable
from prefect.utilities.context import context

ADDRESS = "embedded"
BACKEND = "prefect.server.embedded"


class Backend(Protocol):
    """What answers requests inside this process."""

    is_open: bool

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> tuple[int, dict[str, str], bytes]: ...

    def stop(self) -> None: ...


def is_embedded(address: str) -> bool:
    """Tell whether an address of the API, or of something there, means this process."""
    return address.partition(":")[0].partition("#")[0] == ADDRESS


def address_of(file: str | os.PathLike[str]) -> str:
    """Give the address of the API on a SQLite file."""
    return f"{ADDRESS}:{quote(os.path.abspath(file))}"


def url_of(address: str, path: str) -> str:
    """Give the address of something that the API has, as it is asked for."""
    return f"{address}#/{path.lstrip('/')}"


class _Open:
    """The files that this process has open, by home folder and path."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_file: dict[tuple[str, str], Backend] = {}

    def of(self, url: str) -> Backend:
        file = unquote(url.partition("#")[0].partition(":")[2])
        home = _home()
        with self.lock:
            found = self.by_file.get((home, file))
            if found is None or not found.is_open:
                found = self.by_file[home, file] = _open(file, home)
            return found

    def close(self, file: str | None = None) -> None:
        with self.lock:
            for key in [key for key in self.by_file if file in (None, key[1])]:
                self.by_file.pop(key).stop()


_open_files = _Open()


def _home() -> str:
    return os.path.abspath(os.path.expanduser(str(context.config.home_dir)))


def _open(file: str, home: str) -> Backend:
    try:
        module = import_module(BACKEND)
    except ImportError as error:
        _refuse(f"a part of the server is not installed: {error}")
    try:
        backend: Backend = module.open_backend(file, home)
    except module.StartUpError as error:
        _refuse(str(error))
    return backend


def open_fresh(file: str | os.PathLike[str]) -> str:
    """Make a new file of a test, in some milliseconds, have it open in this process, and give the API's address on it.

    Raises:
        FileExistsError: there is such a file.
    """
    backend = import_module(BACKEND).open_fresh(os.fspath(file), _home())
    with _open_files.lock:
        _open_files.by_file[_home(), os.path.abspath(file)] = backend
    return address_of(file)


def _refuse(reason: str) -> NoReturn:
    raise EmbeddedUnusable(
        f'The API of this process (server.endpoint = "{ADDRESS}") cannot be used: {reason}'
    ) from None


def ask(
    method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], timeout_seconds: float
) -> tuple[int, Mapping[str, str], bytes]:
    """Answer a request to an address of ``url_of``, or to the API itself; gives status, headers and body.

    Raises:
        EmbeddedUnusable: the file cannot be used.
        TimeoutError: no answer came in time.
    """
    path = url.partition("#")[2] or "/graphql"
    return _open_files.of(url).ask(method, path, headers, body, timeout_seconds)


def close(file: str | os.PathLike[str] | None = None) -> None:
    """Close a file that this process has open, or all of them; the next request opens it anew."""
    _open_files.close(None if file is None else os.path.abspath(file))


def refuse_elsewhere(kind: str) -> None:
    """Refuse what starts flow runs where this machine's files are not.

    Raises:
        EmbeddedUnusable: the API's address is ``embedded``.
    """
    if is_embedded(str(context.config.cloud.api)):
        raise EmbeddedUnusable(
            f'{kind} starts flow runs that cannot reach an API inside a process (server.endpoint = "{ADDRESS}"). Start '
            "a server (prefect server start) and give its address with --api."
        )


def _forget() -> None:
    # A forked child has no thread that answers, and opens the file anew. What its parent has open is never closed here:
    # the frames of the parent's threads, which nobody unwinds, hold it for as long as the child lives.
    global _open_files
    _open_files = _Open()


atexit.register(lambda: _open_files.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
