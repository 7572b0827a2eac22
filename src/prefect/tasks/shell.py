"""Shell commands as tasks."""

from __future__ import annotations

import logging
import os
import subprocess
import tempfile
from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task
from prefect.utilities.descendants import end_with_descendants


class ShellTask(Task):
    """Runs a command, or a script, in a shell.

    Args:
        command: what to run; may be given at run time.
        env: variables added to the environment of the process.
        helper_script: shell text that is run before the command, in the same shell.
        shell: the program that gets the script.
        return_all: give all lines of the output, not only the last.
        log_stderr: log the output when the command fails.
        stream_output: log each line as it comes; True means INFO, else a level's name or number.

    Raises:
        TypeError: ``stream_output`` is no known level.
    """

    # Of the file with the script: some shells want one.
    suffix = ""

    def __init__(
        self,
        command: str | None = None,
        env: dict[str, str] | None = None,
        helper_script: str | None = None,
        shell: str = "bash",
        return_all: bool = False,
        log_stderr: bool = False,
        stream_output: bool | int | str = False,
        **kwargs: Any,
    ) -> None:
        self.command = command
        self.env = env
        self.helper_script = helper_script
        self.shell = shell
        self.return_all = return_all
        self.log_stderr = log_stderr
        self.stream_output = _level(stream_output)
        super().__init__(**kwargs)

    @defaults_from_attrs("command", "env", "helper_script")
    def run(self, command: str = None, env: dict = None, helper_script: str = None) -> Any:  # type: ignore[assignment,type-arg]  # noqa: RUF013
        """Run the command and give the last line of its output, stderr mixed in; all lines when ``return_all``.

        Returns:
            None when there is no output.

        Raises:
            TypeError: no command.
            FAIL: it ended with another exit code than 0; carries the output as its result.
        """
        if command is None:
            raise TypeError("run() missing required argument: 'command'")
        script = f"{helper_script}\n{command}" if helper_script else command
        with tempfile.NamedTemporaryFile("w", prefix="prefect-", suffix=self.suffix, encoding="utf-8") as file:
            file.write(script)
            file.flush()
            code, lines = self._run_script(file.name, {**os.environ, **(env or {})})
        output = lines if self.return_all else (lines[-1] if lines else None)
        if code:
            self._fail(code, lines, output)
        return output

    def _run_script(self, path: str, env: dict[str, str]) -> tuple[int, list[str]]:
        # A failed command needs all lines for its log, a successful one only what it gives back.
        keep_all = self.return_all or self.log_stderr
        lines: list[str] = []
        with subprocess.Popen([self.shell, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            try:
                for raw in process.stdout:
                    line = raw.decode("utf-8", "replace").rstrip()
                    if not keep_all:
                        lines.clear()
                    lines.append(line)
                    if self.stream_output is not None:
                        self.logger.log(self.stream_output, line)
                process.wait()
            except BaseException:
                # A cancelled run, or the task's time limit: leaving the block would wait for the command.
                end_with_descendants(process)
                raise
        return process.returncode, lines

    def _fail(self, code: int, lines: list[str], output: Any) -> None:
        from prefect.engine.signals import FAIL

        message = f"Command failed with exit code {code}"
        self.logger.error(message)
        if self.log_stderr and lines:
            self.logger.error("\n".join(lines))
        raise FAIL(message, result=output)


def _level(stream_output: bool | int | str) -> int | None:
    """Give the number of a log level; None means that nothing is logged."""
    if stream_output is False or stream_output is None:
        return None
    if stream_output is True:
        return logging.INFO
    if isinstance(stream_output, int):
        return stream_output
    level = logging.getLevelNamesMapping().get(str(stream_output))
    if level is None:
        raise TypeError(f"'stream_output': Level {stream_output} is not a valid log level")
    return level
