"""The ``prefect`` command: what a person or a script asks for at a terminal.

``cli`` is the click group; it and every command load when they are used. This room parses, calls the rooms below, and
prints; it decides nothing that another caller of those rooms would have to decide again.
"""

from __future__ import annotations

import os
import sys

from prefect._lazy import lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from prefect.backend.forked import Origin

__getattr__, __dir__ = lazy(__name__, {"cli": "prefect.cli.group"})


class GoesOnAsFlowRun(BaseException):
    """Leaves the command in a fork of its process, which goes on as the process of a flow run.

    Attributes:
        is_expected: the command is this process's program; a caller of it from elsewhere would not know what to do.
    """

    is_expected = False

    def __init__(self, origin: Origin, environ: Mapping[str, str]) -> None:
        super().__init__()
        self.origin = origin
        self.environ = environ

    def go_on(self) -> None:
        """Be the process of the flow run, to its end."""
        self.origin.begin_anew(self.environ)
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:
            # The command has written by the line.
            reconfigure(line_buffering=sys.stdout.isatty())
        _execute_flow_run()


def main() -> None:
    """Run the command of this process's arguments.

    ``execute flow-run`` is what agents start for every run: it goes straight to its work, without loading click. A
    local agent with ``--warm`` starts it once, and has it forked for every run.
    """
    if sys.argv[1:] == ["execute", "flow-run"]:
        channel = os.environ.get("PREFECT_WARM_PARENT")
        if channel:
            from prefect.backend.warm_parent import serve_until_forked

            serve_until_forked(int(channel))
        _execute_flow_run()
        return
    from prefect.cli.group import cli

    cli(prog_name="prefect")


def _execute_flow_run() -> None:
    from prefect.cli.flow_run_process import NotAFlowRunProcess, execute

    try:
        execute()
    except NotAFlowRunProcess as error:
        from prefect import codes

        # As failures.py tells it, which would load click.
        hint = codes.hint(error.code)
        sys.stderr.write(f"Error: {error}\nhint: {hint}\ncode: {error.code} (`prefect explain {error.code}`)\n")
        sys.exit(1)
    except KeyboardInterrupt:  # told as click tells it for all the other commands
        sys.stderr.write("\nAborted!\n")
        sys.exit(1)
