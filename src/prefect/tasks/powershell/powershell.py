"""Commands of PowerShell."""

from __future__ import annotations

from typing import Any

from prefect.tasks.shell import ShellTask


class PowershellTask(ShellTask):
    """Runs a command, or a script, in PowerShell; the program ``pwsh`` has to be there. See ``ShellTask``."""

    suffix = ".ps1"

    def __init__(
        self,
        command: str | None = None,
        env: dict[str, str] | None = None,
        helper_script: str | None = None,
        shell: str = "pwsh",
        return_all: bool = False,
        log_stderr: bool = False,
        stream_output: bool | int | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(command, env, helper_script, shell, return_all, log_stderr, stream_output, **kwargs)
