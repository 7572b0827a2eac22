"""The ``prefect`` command: what a person or a script asks for at a terminal.

``cli`` is the click group; it and every command load when they are used. This room parses, calls the rooms below, and
prints; it decides nothing that another caller of those rooms would have to decide again.
"""

from __future__ import annotations

import os
import sys

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(__name__, {"cli": "prefect.cli.group"})


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
        from prefect.cli.flow_run_process import execute

        try:
            execute()
        except KeyboardInterrupt:  # told as click tells it for all the other commands
            sys.stderr.write("\nAborted!\n")
            sys.exit(1)
    else:
        from prefect.cli.group import cli

        cli(prog_name="prefect")
