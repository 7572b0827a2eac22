"""Whether the command prints in colours."""

from __future__ import annotations

import os


def wanted_colour() -> bool | None:
    """Say whether there are to be colours: as NO_COLOR, FORCE_COLOR and TERM want it; None: where a terminal is.

    Source: no-color.org, force-color.org
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None
