"""Files of SFTP servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask
from prefect.tasks.ssh.command import answering

#: For connecting, and for each pause within a transfer.
TIMEOUT_SECONDS = 30.0


class SftpTask(DeclaredTask, args="host username password port_number remote_path local_path"):
    """A task for one file of one server.

    Args:
        port_number: 22 as a rule.
        remote_path: of the file there; local_path: of the file here.
    """

    packages: ClassVar[tuple[str, ...]] = ("paramiko",)
    needs: ClassVar[dict[str, str]] = {
        "host": "A host name must be provided",
        "port_number": "A port_number name must be provided",
        "username": "User name must be provided",
        "password": "A password must be provided",
        "remote_path": "A remote_path must be provided",
        "local_path": "A local_path must be provided",
    }
    host: str | None = None
    username: str | None = None
    password: str | None = None
    port_number: int | None = None
    remote_path: str | None = None
    local_path: str | None = None

    @contextmanager
    def sftp(self) -> Iterator[Any]:
        """Give a client of the server, closed afterwards."""
        import socket

        paramiko = self.module("paramiko")
        where = (str(self.host), int(self.port_number or 22))
        # Without a limit of time a server that takes the connection and says nothing would hold the task up for ever.
        with (
            answering(self, f"{where[0]}:{where[1]}", TIMEOUT_SECONDS),
            socket.create_connection(where, TIMEOUT_SECONDS) as line,
        ):
            transport = paramiko.Transport(line)
            try:
                transport.banner_timeout = transport.handshake_timeout = TIMEOUT_SECONDS
                transport.auth_timeout = transport.channel_timeout = TIMEOUT_SECONDS
                transport.connect(username=self.username, password=self.password)
                with paramiko.SFTPClient.from_transport(transport) as client:
                    client.get_channel().settimeout(TIMEOUT_SECONDS)
                    yield client
            finally:
                transport.close()


class SftpDownload(SftpTask):
    """Gets a file.

    Args:
        local_path: where it is written, replacing what is there.
    """

    def work(self) -> None:
        """Get the file.

        Raises:
            FileNotFoundError: it is not there.
        """
        with self.sftp() as client:
            client.stat(self.remote_path)  # before a file is made here
            client.get(self.remote_path, self.local_path)


class SftpUpload(SftpTask):
    """Puts a file there.

    Args:
        remote_path: where it is written, replacing what is there.
    """

    def work(self) -> None:
        """Put the file there, and see that it arrived whole."""
        with self.sftp() as client:
            client.put(localpath=self.local_path, remotepath=self.remote_path, confirm=True)
