"""What the build backend asks before it makes a package: a wheel or source archive carries the built web UI.

An editable install needs none: its server says how to get it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebUi(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the UI if its sources changed and Node is on PATH; refuses a package without it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        tool = _tool(Path(self.root) / "tools" / "ui.py")
        if tool.is_built():
            return
        kind = "source archive" if self.target_name == "sdist" else self.target_name
        problem = "it is not built"
        # Installing Node is for `make ui`: whoever makes a package may not want that.
        if tool.find_node() is not None:
            try:
                tool.build(if_needed=True)
                return
            except (tool.CannotBuild, OSError) as reason:
                problem = str(reason)
        raise SystemExit(
            f"No {kind} is made without the web UI: {problem}. Run `make ui` first (it needs Node 20 or newer, or "
            "installs it by pip). An editable install (`pip install -e .`) works without."
        )


def _tool(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("proctor_ui_tool", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is missing: packages are made from a clone or a source archive.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
