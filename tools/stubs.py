"""Write the type stubs of the public packages whose names load on first use.

A type checker, and with it an editor, cannot follow those names. The stub beside such a package (``__init__.pyi``) says
the same as its table, in words that it can. Run after a change of a table: ``python tools/stubs.py``; a test compares.
"""

from __future__ import annotations

import sys
from importlib import import_module
from inspect import getclosurevars
from pathlib import Path
from types import ModuleType

SOURCE = Path(__file__).parents[1] / "src"
MODULES = (
    "prefect.backend",
    "prefect.client",
    "prefect.core",
    "prefect.engine.results",
    "prefect.executors",
    "prefect.run_configs",
    "prefect.schedules",
    "prefect.storage",
    "prefect.tasks.core",
    "prefect.utilities.edges",
    "prefect.utilities.executors",
    "prefect.utilities.notifications",
    "prefect.utilities.storage",
    "prefect.utilities.tasks",
)


def path_of(module: ModuleType) -> Path:
    assert module.__file__ is not None
    return Path(module.__file__).with_suffix(".pyi")


def stub_of(module: ModuleType) -> str:
    """Give the text of the stub of a module that has a table of lazy names and nothing else."""
    known = getclosurevars(module.__getattr__).nonlocals
    lines = [f"from {source} import {attribute} as {name}" for name, (source, attribute) in known["targets"].items()]
    rooms = [name for name in known.get("room_names", ()) if name not in known["targets"]]
    lines += [f"from {module.__name__} import {name} as {name}" for name in rooms]
    return "# Made by tools/stubs.py from the table in the module beside it.\n" + "\n".join(sorted(lines)) + "\n"


def main() -> None:
    for name in MODULES:
        module = import_module(name)
        path_of(module).write_text(stub_of(module))
        sys.stdout.write(f"{path_of(module).relative_to(SOURCE)}\n")


if __name__ == "__main__":
    main()
