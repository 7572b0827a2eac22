"""Commands on other machines."""

from __future__ import annotations

import shlex
from contextlib import closing
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask

CONNECT_SECONDS = 30


class SshCommand(
    DeclaredTask,
    args="command host username password password_secret key_filename port known_hosts env timeout_seconds return_all",
):
    """Runs a command on another machine and gives the last line of its output.

    The machine has to be known, from ``~/.ssh/known_hosts`` or the file ``known_hosts``: a stranger in its place gets
    neither password nor command.

    Args:
        command: a text for the shell there, or a list of program and arguments, which no shell takes apart.
        password: else the secret ``password_secret``, else keys: ``key_filename``, those of an agent, those of
            ``~/.ssh``.
        env: variables for the command.
        timeout_seconds: without output; absent means as long as it takes.
        return_all: give all lines.
    """

    packages: ClassVar[tuple[str, ...]] = ("paramiko",)
    needs: ClassVar[dict[str, str]] = {
        "command": "A command must be provided.",
        "host": "A host name must be provided.",
    }
    command: str | list[str] | None = None
    host: str | None = None
    username: str | None = None
    password: str | None = None
    password_secret: str | None = None
    key_filename: str | None = None
    port: int = 22
    known_hosts: str | None = None
    env: dict[str, str] | None = None
    timeout_seconds: float | None = None
    return_all: bool = False

    def work(self) -> Any:
        """Run the command.

        Raises:
            FAIL: it ended with another exit code than 0; carries the output as its result.
            paramiko.SSHException: the machine is not known, or does not let us in.
        """
        password = self.password
        if not password and self.password_secret:
            password = str(self.secret_value(self.password_secret, "password_secret"))
        with closing(self.module("paramiko").SSHClient()) as client:
            client.load_system_host_keys()
            if self.known_hosts:
                client.load_host_keys(self.known_hosts)
            client.connect(
                str(self.host),
                port=self.port,
                username=self.username,
                password=password,
                key_filename=self.key_filename,
                timeout=CONNECT_SECONDS,
                banner_timeout=CONNECT_SECONDS,
                auth_timeout=CONNECT_SECONDS,
            )
            channel = client.get_transport().open_session()
            channel.settimeout(self.timeout_seconds)
            channel.set_combine_stderr(True)
            channel.exec_command(self._text())
            with channel.makefile("rb") as output:
                lines = output.read().decode("utf-8", "replace").splitlines()
            code = channel.recv_exit_status()
        result = lines if self.return_all else (lines[-1] if lines else None)
        if code:
            from prefect.engine.signals import FAIL

            raise FAIL(f"Command failed with exit code {code}", result=result)
        return result

    def _text(self) -> str:
        command = self.command if isinstance(self.command, str) else shlex.join(self.command or ())
        given = (self.env or {}).items()
        for name, _ in given:
            if not name.isidentifier():
                raise ValueError(self.complaint(f"{name!r} is no name of a variable.", "env"))
        variables = " ".join(f"{name}={shlex.quote(str(value))}" for name, value in given)
        return f"export {variables}; {command}" if variables else command
