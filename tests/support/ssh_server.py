"""An SSH server with real commands and real files, by asyncssh: another implementation than the tasks' own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.beside_loop import serving

USER = "me"
PASSWORD = "ssh-passw0rd"


@dataclass
class SshServer:
    """A running server: where it is, and what it was asked."""

    folder: Path
    port: int = 0
    passwords: list[str] = field(default_factory=list)
    #: Of the commands that have ended: what was sent, and how it ended.
    ended: list[tuple[str, int | None]] = field(default_factory=list)
    #: Answer no request for a file any more.
    is_stuck: bool = False

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def user_key(self) -> Path:
        return self.folder / "user_key"

    @property
    def files(self) -> Path:
        return self.folder / "files"


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """Run a server for the length of a ``with`` block; it knows one user with a password and a key."""
    import asyncssh

    server = SshServer(folder)
    server.files.mkdir()
    host_key, user_key = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    user_key.write_private_key(str(server.user_key))
    user_key.write_public_key(str(folder / "authorized_keys"))

    connections: list[Any] = []

    class Accounts(asyncssh.SSHServer):
        def connection_made(self, connection: Any) -> None:
            connections.append(connection)

        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            server.passwords.append(password)
            return (username, password) == (USER, PASSWORD)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(server.files))

        async def stat(self, path: bytes) -> Any:
            if server.is_stuck:
                await asyncio.Event().wait()
            return super().stat(path)

    async def serve(ready: Callable[[], None], stop: asyncio.Event) -> None:
        listening = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            authorized_client_keys=str(folder / "authorized_keys"),
            server_factory=Accounts,
            process_factory=lambda process: _run(server, process),
            sftp_factory=Files,
            encoding=None,
        )
        server.port = listening.get_port()
        server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {host_key.export_public_key().decode()}")
        ready()
        await stop.wait()
        listening.close()
        for connection in connections:
            connection.abort()
            await connection.wait_closed()
        await listening.wait_closed()

    with serving(serve):
        yield server


async def _run(server: SshServer, process: Any) -> None:
    """Run what was sent in a shell, and give its output; a signal of the client reaches what runs."""
    import asyncssh

    running = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", process.command, stdin=asyncio.subprocess.DEVNULL, stdout=-1, stderr=-2, start_new_session=True
    )

    async def signals() -> None:
        while True:
            try:
                if not await process.stdin.read(1):
                    return
            except asyncssh.SignalReceived as sent:
                with suppress(ProcessLookupError):
                    _kill(running.pid, getattr(signal, f"SIG{sent.signal}"))
            except asyncssh.BreakReceived:
                continue

    listener = asyncio.ensure_future(signals())
    try:
        while part := await running.stdout.read(1 << 16):  # type: ignore[union-attr]
            with suppress(BrokenPipeError, OSError):
                process.stdout.write(part)
        code = await running.wait()
    finally:
        with suppress(ProcessLookupError):
            _kill(running.pid, signal.SIGKILL)
        listener.cancel()
        server.ended.append((process.command, running.returncode))
    process.exit(code if code >= 0 else 128 - code)


def _kill(pid: int, number: int) -> None:
    os.killpg(pid, number)
