"""Commands on other machines."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask, in_time

CONNECT_SECONDS = 30.0
# What stops a task of a thread gets through between two waits only.
LONGEST_WAIT_SECONDS = 1.0
_CHANNEL_REQUEST = bytes([98])


@contextmanager
def answering(task: DeclaredTask, where: str, seconds: float) -> Iterator[None]:
    """Say so when no SSH server answers in time.

    Raises:
        TimeoutError: names the task and the place.
    """
    with in_time(task, where, seconds):
        try:
            yield
        except task.module("paramiko").SSHException as error:
            # How the package tells that there was nothing to read, or something else than SSH; which of the two comes
            # depends on which of its own waits ends first.
            if not str(error).startswith(("Error reading SSH protocol banner", "No existing session")):
                raise
            raise TimeoutError from None


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
        timeout_seconds: without output; absent means as long as it takes. The command is told to end then, and when the
            run is cancelled (SIGTERM; OpenSSH does not pass that on to commands of root).
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
            TimeoutError: it does not answer, or the command wrote nothing for so long.
        """
        password = self.password
        if not password and self.password_secret:
            password = str(self.secret_value(self.password_secret, "password_secret"))
        with closing(self.module("paramiko").SSHClient()) as client:
            client.load_system_host_keys()
            if self.known_hosts:
                client.load_host_keys(self.known_hosts)
            with answering(self, f"{self.host}:{self.port}", CONNECT_SECONDS):
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
                channel = client.get_transport().open_session(timeout=CONNECT_SECONDS)
            channel.set_combine_stderr(True)
            channel.exec_command(self._text())
            try:
                lines = self._output(channel).decode("utf-8", "replace").splitlines()
                code = channel.recv_exit_status()
            except BaseException:
                # Servers let a command go on whose client has gone.
                self._end_command(channel)
                raise
        result = lines if self.return_all else (lines[-1] if lines else None)
        if code:
            from prefect.engine.signals import FAIL

            raise FAIL(f"Command failed with exit code {code}", result=result)
        return result

    def _output(self, channel: Any) -> bytes:
        """Read until the command closes its output.

        Raises:
            TimeoutError: it was silent for too long.
        """
        parts: list[bytes] = []
        heard = time.monotonic()
        while True:
            left = LONGEST_WAIT_SECONDS
            if self.timeout_seconds is not None:
                left = min(left, max(0.0, heard + self.timeout_seconds - time.monotonic()))
            channel.settimeout(left)
            try:
                part = channel.recv(1 << 16)
            except TimeoutError:
                if left < LONGEST_WAIT_SECONDS:
                    raise TimeoutError(
                        f"SshCommand: the command wrote nothing for {self.timeout_seconds:g} seconds; it was told to "
                        "end."
                    ) from None
                continue
            if not part:
                return b"".join(parts)
            parts.append(part)
            heard = time.monotonic()

    def _end_command(self, channel: Any) -> None:
        """Send the command SIGTERM; paramiko has no method for what RFC 4254, section 6.9, describes."""
        message = self.module("paramiko").Message()
        message.add_byte(_CHANNEL_REQUEST)
        message.add_int(channel.remote_chanid)
        message.add_string("signal")
        message.add_boolean(False)  # no answer is wanted
        message.add_string("TERM")
        try:
            channel.get_transport()._send_user_message(message)
        except Exception as error:  # whatever stopped the task counts more
            self.logger.warning("The command on %s could not be told to end: %s", self.host, error)

    def _text(self) -> str:
        command = self.command if isinstance(self.command, str) else shlex.join(self.command or ())
        given = (self.env or {}).items()
        for name, _ in given:
            if not name.isidentifier():
                raise ValueError(self.complaint(f"{name!r} is no name of a variable.", "env"))
        variables = " ".join(f"{name}={shlex.quote(str(value))}" for name, value in given)
        return f"export {variables}; {command}" if variables else command
