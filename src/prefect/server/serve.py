"""Runs one server in this process until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import gc
import json
import logging
import math
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from prefect.server.app import App, build
from prefect.server.connections import connection_class, raise_file_limit
from prefect.server.errors import StartUpError
from prefect.server.logs import JsonLines, Lines, OwnFiles
from prefect.server.origins import check_exposure
from prefect.server.settings import Settings, unknown_names
from prefect.server.store.database import DatabaseError
from prefect.utilities.filesystems import own_file

__all__ = ["PID_FILE", "running_server", "serve"]

logger = logging.getLogger("prefect.server")

PID_FILE = "server.pid"
BACKLOG = 2048
KEEP_ALIVE_SECONDS = 75
YOUNG_OBJECTS = 10_000


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to us and tells when it listens."""

    def __init__(self, config: uvicorn.Config, app: App, on_ready: Callable[[], None], before_stop: Callable[[], None]):
        super().__init__(config)
        self._before_stop = before_stop
        self._app = app
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _spare_collections()
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.to_thread(self._before_stop)
        # Whoever waits for something to happen is answered at once, so that nobody holds up the stop.
        self._app.live.close()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at the second signal without waiting for requests."""
        self.force_exit = self.should_exit
        self.should_exit = True


def serve(settings: Settings, on_ready: Callable[[str], None], before_stop: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGINT, SIGTERM or the end of the terminal; ``on_ready`` gets the address once requests are answered.

    Args:
        before_stop: called, in a thread, when the end was asked for and requests are still answered.

    Raises:
        StartUpError: in one line, why the server cannot start.
    """
    check_exposure(settings)
    _check_tls(settings)
    _set_up_log(settings)
    for name, meant in unknown_names(os.environ).items():
        logger.warning(
            "%s is no setting of this server and has no effect%s", name, f": did you mean {meant}?" if meant else ""
        )
    listener = _bind(settings.host, settings.port)
    try:
        with _pid_file(settings, listener):
            try:
                app = build(settings)
                with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                    runner.run(_run(app, listener, on_ready, before_stop))
            except (DatabaseError, ValueError, ModuleNotFoundError) as error:
                raise StartUpError(" ".join(str(error).split())) from error
    finally:
        listener.close()


async def _run(
    app: App, listener: socket.socket, on_ready: Callable[[str], None], before_stop: Callable[[], None]
) -> None:
    await app.start()
    try:
        config = uvicorn.Config(
            app,
            http=connection_class(raise_file_limit(app.settings.max_connections), app.settings.header_seconds),
            ws="auto",
            ws_max_size=app.settings.max_body_bytes,
            ws_max_queue=16,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the application reads them: it must know who is at the other end as well
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            ssl_certfile=app.settings.ssl_certfile or None,
            ssl_keyfile=app.settings.ssl_keyfile or None,
            timeout_graceful_shutdown=math.ceil(app.settings.stop_seconds),
        )
        server = _Server(config, app, lambda: on_ready(_address(listener, app.settings)), before_stop)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.handle_exit, number, None)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
            if _has_terminal():
                loop.add_signal_handler(signal.SIGHUP, server.handle_exit, signal.SIGHUP, None)
            else:
                loop.add_signal_handler(signal.SIGHUP, _read_anew, config, app.settings, OwnFiles())
        await server.serve(sockets=[listener])
    finally:
        await app.stop()


def _spare_collections() -> None:
    """Let the collector look at what requests leave behind, and not, again and again, at what stays for ever.

    A whole collection over what was imported takes some 30 ms, in which nobody is answered. A request makes a hundred
    objects, nearly none of them in a circle: they need not be looked for with each request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StartUpError(
                f"Port {port} on {host} is taken by another program. Stop it, or give another port with --port."
            ) from None
        raise StartUpError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from None
    listener.setblocking(False)
    return listener


def _address(listener: socket.socket, settings: Settings) -> str:
    host, port = listener.getsockname()[:2]
    return f"{settings.scheme()}://[{host}]:{port}" if ":" in host else f"{settings.scheme()}://{host}:{port}"


def _check_tls(settings: Settings) -> None:
    """Refuse certificate files that cannot be used, before anything listens."""
    certificate, key = settings.ssl_certfile, settings.ssl_keyfile
    if not certificate:
        if key:
            raise StartUpError("--ssl-keyfile needs the certificate that belongs to it: give --ssl-certfile as well.")
        return
    try:
        # A password would be asked for at the terminal, which a server may not have.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key or None, password="")
    except (OSError, ValueError) as error:
        files = f"{certificate} and {key}" if key else certificate
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
        raise StartUpError(f"The certificate in {files} cannot be used: {reason}.") from None


def _has_terminal() -> bool:
    """Whether a SIGHUP says that the terminal was closed; else somebody wants files to be read anew."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _read_anew(config: uvicorn.Config, settings: Settings, output: OwnFiles) -> None:
    """Write to log files that were moved away under their names again, and take a renewed certificate."""
    for problem in output.open_anew():
        logger.error("SIGHUP: %s", problem)
    if config.ssl is None:
        logger.info("SIGHUP: log files were opened anew.")
        return
    try:
        _check_tls(settings)
    except StartUpError as error:
        logger.error("SIGHUP: %s The former one is used further.", error)
        return
    # Connections that are open keep theirs.
    config.ssl.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile or None, password="")
    logger.info("SIGHUP: log files were opened anew, and the certificate was read again.")


def _set_up_log(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else Lines())
    for name in ("prefect.server", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(settings.log_level if name == "prefect.server" else logging.WARNING)


# ------------------------------------------------------------------------------------- the running server


@contextmanager
def _pid_file(settings: Settings, listener: socket.socket) -> Iterator[None]:
    """Tell ``prefect server stop`` which process to end, as long as this one lives.

    The file is locked by its server, so that one left behind by a crash is known to be stale.  A second server of the
    same home folder runs without one.
    """
    path = settings.home / PID_FILE
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(own_file(str(path), os.O_RDWR | os.O_CREAT | os.O_APPEND), "a+")
    except OSError as error:
        raise StartUpError(f"The folder {settings.home} cannot be written: {error.strerror or error}.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield
            return
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "address": _address(listener, settings)}, file)
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def running_server(home: Path) -> dict[str, Any] | None:
    """Give ``pid`` and ``address`` of the server that runs with this home folder, or None."""
    try:
        with (home / PID_FILE).open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                found: dict[str, Any] = json.load(file)
                return found
    except (OSError, ValueError):
        return None
    return None
