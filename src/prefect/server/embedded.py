"""The API inside another program: the same application, in a thread of its own, on the SQLite file, without a port.

``prefect.client.embedded`` loads this by name when the API's address is ``embedded``. Many such processes and one
server may use the file together: each transaction has the file to itself, and each commit is told to the others
(``store.bells``). No services run here: what is due, lost or over its limit is looked after by a server of this file.
Whoever may read and write the file is asked for no key: who owns it may make one.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import threading
from collections.abc import Mapping, MutableMapping
from concurrent.futures import Future, wait
from email.utils import formatdate
from pathlib import Path
from typing import Any

from prefect.server.app import App, build
from prefect.server.errors import StartUpError
from prefect.server.settings import Settings, load_settings
from prefect.server.store.addresses import file_of
from prefect.server.store.database import DatabaseError
from prefect.server.store.opening import is_up_to_date

__all__ = ["Backend", "open_backend"]

START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOG = logging.getLogger("prefect.server")


class Backend:
    """One open SQLite file and the thread that answers for it.

    Args:
        settings: of a server of this file.
        durable: a commit waits for the disk.
        migrated: its tables are known to be up to date.
        like: another one of this process, whose schema and documents serve here as well.

    Raises:
        StartUpError: the file cannot be used; says why.
    """

    def __init__(
        self, settings: Settings, *, durable: bool = True, migrated: bool = False, like: Backend | None = None
    ) -> None:
        self.settings = settings
        if LOG.level == logging.NOTSET:
            LOG.setLevel(logging.WARNING)  # what a server tells of its work is nothing to the program that it is in
        try:
            self._app: App = build(
                settings, migrated=migrated, durable=durable, like=None if like is None else like._app
            )
            self._loop = asyncio.new_event_loop()
            self._lock = threading.Lock()
            self._asked: set[Future[Any]] = set()
            # Nothing of the run that opens it: the thread stays when that has ended.
            thread = contextvars.Context().run(threading.Thread, target=self._live, name="embedded-api", daemon=True)
            self._thread: threading.Thread = thread
            self._thread.start()
            self._do(self._app.start()).result(START_SECONDS)
        except (DatabaseError, ValueError, TimeoutError) as error:
            self._end_loop()
            raise StartUpError(" ".join(str(error).split()) or "it did not answer in time") from error
        self.is_open = True

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one request as a server would; gives status, headers in lower case, and body.

        Raises:
            ConnectionResetError: the file was closed.
            TimeoutError: there was no answer within so many seconds.
        """
        with self._lock:
            if not self.is_open:
                raise ConnectionResetError
            answer: Future[tuple[int, dict[str, str], bytes]] = self._do(
                _call(self._app, method, path, headers, body or b"")
            )
            self._asked.add(answer)
        answer.add_done_callback(self._asked.discard)
        try:
            return answer.result(seconds)
        except BaseException:  # nobody waits for it any more
            answer.cancel()
            raise

    def stop(self) -> None:
        """Finish what was accepted and close the file."""
        with self._lock:
            if not self.is_open:
                return
            self.is_open = False
        try:
            self._loop.call_soon_threadsafe(self._app.live.close)  # who waits for something to happen waits no more
            wait(list(self._asked), STOP_SECONDS)
            self._do(self._app.stop()).result(STOP_SECONDS)
        finally:
            self._end_loop()

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _do(self, work: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _end_loop(self) -> None:
        if hasattr(self, "_thread"):
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_SECONDS)


def open_backend(file: str, home: str) -> Backend:
    """Open the SQLite file of this path; of the server with this home folder, when empty.

    Raises:
        StartUpError: it is another kind of database, or cannot be used; says why.
    """
    flags = {"services_enabled": False, "require_keys": False}
    given = {"database_url": f"sqlite:///{os.path.abspath(file)}"} if file else {}
    settings = load_settings({**flags, **given}, home=Path(home))
    path = file_of(settings.resolved_database_url()) if settings.resolved_database_url().startswith("sqlite") else None
    if path is None:
        raise StartUpError(
            "It works on a SQLite file, and database.connection_url names another database. Start a server for that "
            "one and use its address, or name a file: embedded:/path/to/file.db"
        )
    try:
        is_ready = is_up_to_date(path)
    except DatabaseError as error:
        raise StartUpError(str(error)) from error
    if not is_ready:
        _refuse_beside_server(settings)
    return Backend(settings)


# The first file of a test, closed, and its bytes: the next ones are copies.
_template: tuple[Backend, bytes] | None = None


def open_fresh(file: str, home: str) -> Backend:
    """Open a SQLite file that is made for this, in some milliseconds, and need not outlive a power cut: for a test.

    Raises:
        StartUpError: it cannot be made; says why.
        FileExistsError: it is there.
    """
    global _template
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = {"services_enabled": False, "require_keys": False, "database_url": f"sqlite:///{path.absolute()}"}
    settings = load_settings(flags, environment={}, home=Path(home))
    with path.open("xb") as sink:
        if _template is not None:
            sink.write(_template[1])
    if _template is None:
        first = Backend(settings, durable=False)
        first.stop()
        _template = first, path.read_bytes()
    return Backend(settings, durable=False, migrated=True, like=_template[0])


def _refuse_beside_server(settings: Settings) -> None:
    """Leave the tables of a file alone that a server of another version works on."""
    from prefect.server.serve import running_server

    found = running_server(settings.home)
    if found is not None:
        raise StartUpError(
            f"The server at {found['address']} uses this file with the tables of another version. Stop it first "
            "(prefect server stop), or use the version that it is."
        )


async def _call(
    app: App, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Call the application as a connection would, that stays open until the answer has come."""
    path, _, query = path.partition("?")
    parts = [body]
    never = asyncio.Event()
    status = 0
    answered = {"date": formatdate(usegmt=True)}
    content: list[bytes] = []

    async def receive() -> MutableMapping[str, Any]:
        if not parts:
            await never.wait()
        return {"type": "http.request", "body": parts.pop(), "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            answered.update(
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"]
            )
        else:
            content.append(message.get("body", b""))

    unpacked = {name.lower(): value for name, value in headers.items() if name.lower() != "accept-encoding"}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in unpacked.items()],
    }
    await app(scope, receive, send)
    return status, answered, b"".join(content)
